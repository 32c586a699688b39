package strictyaml

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type course struct {
	Title  string
	Points int
	Done   bool
	Ratio  float64
	Tags   []string
	Part   struct{ Name string }
	Parts  []struct{ Name string }
	Env    map[string]string
}

func TestDecode(t *testing.T) {
	var c course
	d, err := Decode("c.yaml", []byte("title: x\npoints: 3\ndone: true\nratio: 0.5\ntags: [a, b]\npart: {name: n}\nparts:\n  - name: m\nenv: {A: b}\n"), &c)
	require.NoError(t, err)
	want := course{Title: "x", Points: 3, Done: true, Ratio: 0.5, Tags: []string{"a", "b"}, Env: map[string]string{"A": "b"}}
	want.Part.Name = "n"
	want.Parts = []struct{ Name string }{{"m"}}
	assert.Equal(t, want, c)
	assert.Equal(t, "c.yaml", d.File)
}

func TestDecodeErrors(t *testing.T) {
	tests := []struct{ name, yaml, want string }{
		{"empty", "", "c.yaml: the file is empty"},
		{"comments only", "# nothing\n\n", "c.yaml: the file is empty"},
		{"an empty document", "---\n", "c.yaml: the file is empty"},
		{"null", "null\n", "c.yaml: the file is empty"},
		{"two documents", "title: x\n---\ntitle: y\n", "c.yaml: more than one document (a line of ---)"},
		{"a second document that is broken", "title: x\n---\n[\n", "c.yaml: more than one document (a line of ---)"},
		{"unknown field", "title: x\npoint: 3\n", `c.yaml:2: unknown field "point"`},
		{"unknown field with a blank", "title: x\nthe points: 3\n", `c.yaml:2: unknown field "the points"`},
		{"unknown field with a line end", "title: x\n\"a\\nb\": 3\n", `c.yaml:2: unknown field "a\nb"`},
		{"unknown field below", "parts:\n- name: x\n- nme: y\n", `c.yaml:3: unknown field "nme"`},
		{"duplicate key", "title: x\npoints: 1\ntitle: y\n", `c.yaml:3: mapping key "title" already defined at line 1`},
		{"text for a number", "title: x\npoints: many\n", "c.yaml:2: `many` is not a whole number"},
		{"text of two lines for a number", "points: \"a\\nb\"\n", "c.yaml:1: `a\nb` is not a whole number"},
		{"number for a list", "tags: 3\n", "c.yaml:1: `3` is not a list"},
		{"mapping for a list", "tags: {a: b}\n", "c.yaml:1: a mapping is not a list"},
		{"list for a text", "title: [a]\n", "c.yaml:1: a list is not a text"},
		{"text for a truth", "done: perhaps\n", "c.yaml:1: `perhaps` is not true or false"},
		{"text for a ratio", "ratio: half\n", "c.yaml:1: `half` is not a number"},
		{"text for a mapping", "part: x\n", "c.yaml:1: `x` is not a mapping"},
		{"list for the whole", "- a\n", "c.yaml:1: a list is not a mapping"},
		{"no YAML", "title: x\n\tpoints: 3\n", "c.yaml:2: found a tab character that violates indentation"},
		{"open bracket", "title: x\ntags: [a\n", "c.yaml:"},
		{"not UTF-8", "title: \xff\n", "c.yaml:"},
		{"unknown alias", "title: *x\n", "c.yaml: unknown anchor 'x' referenced"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Decode("c.yaml", []byte(tt.yaml), new(course))
			if tt.want == "c.yaml:" {
				require.ErrorContains(t, err, tt.want)
			} else {
				require.EqualError(t, err, tt.want)
			}
			var e *Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, "c.yaml", e.File)
			assert.NotContains(t, e.Err.Error(), "yaml: ", "the library does not speak")
			assert.NotContains(t, err.Error(), "strictyaml.")
		})
	}
}

func TestErrorf(t *testing.T) {
	d, err := Decode("c.yaml", []byte("title: x\nparts: # those\n  - name: a\n  - &b\n    name: b\n  - *b\ntags:\n  [t,\n   u]\n"), new(course))
	require.NoError(t, err)
	tests := []struct {
		path []any
		line int
	}{
		{nil, 1},
		{[]any{"title"}, 1},
		{[]any{"parts"}, 3},
		{[]any{"parts", 1}, 4},
		{[]any{"parts", 1, "name"}, 5},
		{[]any{"parts", 2, "name"}, 5}, // through the alias
		{[]any{"parts", 0, "missing"}, 3},
		{[]any{"parts", 99, "name"}, 3},
		{[]any{"parts", -1}, 3},
		{[]any{"tags", 1}, 9},
		{[]any{"missing", "below"}, 1},
		{[]any{"title", "below"}, 1},
		{[]any{0}, 1},
		{[]any{3.5}, 1},
	}
	cause := errors.New("oh")
	for _, tt := range tests {
		err := d.Errorf(tt.path, "bad %d: %w", 7, cause)
		assert.Equal(t, tt.line, d.Line(tt.path...), "%v", tt.path)
		assert.ErrorIs(t, err, cause)
		var e *Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, tt.line, e.Line)
	}
	assert.EqualError(t, d.Errorf([]any{"parts", 1}, "bad"), "c.yaml:4: bad")
	assert.EqualError(t, &Error{"f", 0, cause}, "f: oh")
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{"title: x\n", "parts:\n- name: x\n", "a: &a [*a]\n", "a: &a {b: *a}\n", "---\n---\n", "? x\n", "!!int x", "<<: {title: x}\n", "\xff", "%YAML 9\n---\n", "title: |\n x\n", "tags: [a,\n", "&x\n", "- *x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Decode("c.yaml", []byte(text), new(course))
		if err != nil {
			var e *Error
			require.ErrorAs(t, err, &e)
			require.GreaterOrEqual(t, e.Line, 0)
			return
		}
		d.Line("parts", 0, "name")
		d.Line(0, "x", -1)
	})
}
