package script

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	s, err := Parse("echo", "a/echo.txtar", []byte("# what goes in\n# comes out\n# hint: look\n# hint: there\n# points: 3\n\nstart b x\n\n# a phase\nstart -as two a\nexits two # comment\n-- f --\nstart nothing\n"), Ensemble{Programs: []string{"a", "b", "c"}})
	require.NoError(t, err)
	assert.Equal(t, "echo", s.ID)
	assert.Equal(t, "what goes in comes out", s.Title)
	assert.Equal(t, "look there", s.Hint)
	assert.Equal(t, 3, s.Points)
	assert.Equal(t, []string{"a", "b"}, s.Programs)
	assert.Equal(t, line{"exits two # comment", "a phase"}, s.lines[10])

	s, err = Parse("x", "x", []byte("# title\nstart a"), Ensemble{Programs: []string{"a"}})
	require.NoError(t, err)
	assert.Equal(t, 1, s.Points)
	assert.Empty(t, s.Hint)
}

func TestParseErrors(t *testing.T) {
	const head = "# title\n\nstart prog\n"
	tests := []struct{ name, script, want string }{
		{"empty", "", "f.txtar:1: the script has no title: its first line must be a comment that says what it checks"},
		{"no title", "start prog\n# late\n", "f.txtar:1: the script has no title"},
		{"no program", "# title\n\nmkdir x\n", "f.txtar:1: the script starts no program"},
		{"unknown program", "# title\n\nstart nobody\n", `f.txtar:3: start: the exercise has no program "nobody": it has other, prog`},
		{"unknown verb", head + "expct prog x\n", `f.txtar:4: unknown verb "expct" (did you mean "expect"?)`},
		{"unknown verb, nothing near", head + "xyzzyxyzzy prog\n", `f.txtar:4: unknown verb "xyzzyxyzzy" (ipclab verbs lists them)`},
		{"quoted verb", head + "'exec' x\n", `f.txtar:4: unknown verb "exec" (a command of testscript`},
		{"verb by variable", head + "$V x\n", `f.txtar:4: unknown verb "$V"`},
		{"our own line counter", head + "@line 7\n", `f.txtar:4: unknown verb "@line"`},
		{"condition", head + "[linux] exits prog\n", "f.txtar:4: conditions such as [linux] are not allowed"},
		{"condition with a blank", head + "[exec: sh] exits prog\n", "f.txtar:4: conditions such as [exec: are not allowed"},
		{"condition after !", head + "! [linux] exits prog\n", `f.txtar:4: unknown verb "[linux]"`},
		{"! alone", head + "!\n", "f.txtar:4: ! stands alone on its line"},
		{"not to be negated", head + "! exits prog\n", "f.txtar:4: exits cannot be negated"},
		{"unknown flag", head + "expect -foo prog x\n", "f.txtar:4: expect has no flag -foo\nusage: expect [-stderr] [-any] [-text] NAME 'RE'|'TEXT'"},
		{"flag without value", head + "start -as\n", "f.txtar:4: start: the flag -as needs a value"},
		{"flag with value", head + "expect -any=1 prog x\n", "f.txtar:4: expect: the flag -any takes no value"},
		{"too few arguments", head + "expect prog\n", "f.txtar:4: usage: expect"},
		{"too many arguments", head + "alive prog x\n", "f.txtar:4: usage: alive NAME"},
		{"open quote", head + "expect prog 'x\n", "f.txtar:4: a quote is not closed"},
		{"points", "# title\n# points: many\n", `f.txtar:2: points: "many" is not a positive whole number`},
		{"no points", "# title\n# points: 0\n", `f.txtar:2: points: "0" is not a positive whole number`},
		{"no misconception", "# title\n# shows: Two Words\n", `f.txtar:2: shows: "Two Words" is no id of a misconception`},
		{"phase after the hint", "# title\n# hint: look\n# a phase\n", "f.txtar:3: a comment follows the hint"},
		{"exit status", head + "exits prog 256\n", `f.txtar:4: exits: "256" is neither an exit status nor a signal such as SIGTERM`},
		{"exit status, spelt wrongly", head + "exits prog 0,SIGPIP\n", `f.txtar:4: exits: "SIGPIP" is neither`},
		{"exit status, not as it shows", head + "exits prog 01\n", `f.txtar:4: exits: "01" is neither`},
		{"signal", head + "signal prog SIGTREM\n", `f.txtar:4: signal: unknown signal "SIGTREM"`},
		{"a variable that nobody sets", head + "send prog $AA\n", "f.txtar:4: no line above sets the variable AA"},
		{"a variable that is set below", head + "send prog 'a'$A\nrandom A\n", "f.txtar:4: no line above sets the variable A"},
		{"a file of the judge's", head + "! file out\n", "f.txtar:4: file: out is no file of the programs: want room/out"},
		{"cp from the room", head + "cp room/out mine\n", "f.txtar:4: cp: room/out is the programs' own: compare it with the verb file"},
		{"cp from the room by variable", head + "cp mine $WORK/room/out d\n", "f.txtar:4: cp: $WORK/room/out is the programs' own"},
	}
	for name, instead := range banned {
		tests = append(tests, struct{ name, script, want string }{"banned " + name, head + name + " x\n",
			`f.txtar:4: unknown verb "` + name + `" (a command of testscript that scripts may not use here: write ` + instead + ")"})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("f", "f.txtar", []byte(tt.script), Ensemble{Programs: []string{"other", "prog"}})
			require.ErrorContains(t, err, tt.want)
			assert.True(t, strings.HasPrefix(err.Error(), tt.want))
			assert.Error(t, errors.Unwrap(err))
		})
	}
}

// No command of testscript gets past the lint, unless it is allowed.
func TestBannedAreUnknown(t *testing.T) {
	for name := range builtins {
		_, ok := verbByName(name)
		assert.False(t, ok, "testscript's %s would win over ours", name)
	}
	for name := range banned {
		assert.NotContains(t, builtins, name)
	}
}

var splits = []string{
	"", "   ", "a", "a b\tc\r", "a # b", "a#b", "# a", "'a b' c", "a'b c'd", "'it''s'", "''", "a ''", "'''a'''", "a''b", "'a'#b",
	"'#' a", "'a", "a'", "'''", "a '''' b", "! send x 'y z'", "[x] a", "é 'ü ñ'", "a\vb", "\x00'\x00'", "a\\ b", `"a b"`,
}

// record runs a line in testscript itself.
func record(t *testing.T, text string) (words []string, ok bool) {
	dir := t.TempDir()
	file := filepath.Join(dir, "s.txtar")
	require.NoError(t, os.WriteFile(file, []byte("record "+text+"\n"), 0o600))
	o := &outcome{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		testscript.RunT(o, testscript.Params{Files: []string{file}, WorkdirRoot: dir,
			Cmds: map[string]func(*testscript.TestScript, bool, []string){
				"record": func(_ *testscript.TestScript, _ bool, args []string) { words = args },
			}})
	}()
	<-done
	require.NoError(t, o.panicked)
	return words, !o.failed
}

func TestSplitIsTestscripts(t *testing.T) {
	for _, text := range splits {
		t.Run(text, func(t *testing.T) {
			want, ok := record(t, text)
			got, err := split("record " + text)
			require.Equal(t, ok, err == nil, "%v", err)
			if ok {
				assert.Equal(t, append([]string{"record"}, want...), got)
			}
			same, okSame := reference(text)
			assert.Equal(t, ok, okSame)
			if ok {
				assert.Equal(t, append([]string(nil), want...), append([]string(nil), same...))
			}
		})
	}
}

// reference is testscript's parse (testscript.go, v1.16.0) without the variables.
func reference(line string) (args []string, ok bool) {
	arg, start, quoted := "", -1, false
	for i := 0; ; i++ {
		if !quoted && (i >= len(line) || line[i] == ' ' || line[i] == '\t' || line[i] == '\r' || line[i] == '#') {
			if start >= 0 {
				args, start, arg = append(args, arg+line[start:i]), -1, ""
			}
			if i >= len(line) || line[i] == '#' {
				return args, true
			}
			continue
		}
		if i >= len(line) {
			return nil, false
		}
		if line[i] == '\'' {
			if !quoted {
				if start >= 0 {
					arg += line[start:i]
				}
				start, quoted = i+1, true
				continue
			}
			arg += line[start:i]
			start = i + 1
			if i+1 < len(line) && line[i+1] == '\'' {
				i++
				continue
			}
			quoted = false
			continue
		}
		if start < 0 {
			start = i
		}
	}
}

func FuzzSplit(f *testing.F) {
	for _, s := range splits {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "\n") {
			t.Skip()
		}
		want, ok := reference(text)
		got, err := split(text)
		if ok != (err == nil) {
			t.Fatalf("%q: %v, want %v", text, err, ok)
		}
		if ok {
			assert.Equal(t, want, got)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range splits {
		f.Add("# title\n\nstart prog\n" + s)
	}
	for _, file := range []string{"testdata/passes.txtar", "testdata/fails.txtar"} {
		b, err := os.ReadFile(file)
		require.NoError(f, err)
		for s := range strings.SplitSeq(string(b), "\n-- ") {
			f.Add("# title\n# " + s)
		}
	}
	f.Add("# title\n# points: 2\n# hint: x\nstart prog\n-- a --\nb\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse("f", "f.txtar", []byte(text), Ensemble{Programs: []string{"prog"}})
		if err != nil {
			var e *Error
			require.ErrorAs(t, err, &e)
			require.Positive(t, e.Line)
			return
		}
		require.NotEmpty(t, s.Title)
		require.Equal(t, []string{"prog"}, s.Programs)
		// What testscript is given says the same, and can be taken apart again.
		again, err := Parse("f", "f.txtar", []byte("# "+"title\n"+strings.Join(commands(s), "\n")), Ensemble{Programs: []string{"prog"}})
		require.NoError(t, err)
		require.Equal(t, commands(s), commands(again))
	})
}

func commands(s *Script) (out []string) {
	for _, l := range s.lines {
		if l.text != "" && !strings.HasPrefix(l.text, "#") {
			out = append(out, l.text)
		}
	}
	return out
}

func TestCasts(t *testing.T) {
	tests := []struct {
		programs []string
		want     []string
	}{
		{[]string{"a"}, []string{"your a"}},
		{[]string{"a", "b"}, []string{"your a with the reference b", "your b with the reference a", "your a with your b"}},
		{[]string{"a", "b", "c"}, []string{"your a with the reference b, c", "your b with the reference a, c", "your c with the reference a, b", "your a with your b with your c"}},
	}
	for _, tt := range tests {
		var got []string
		for _, c := range Casts(tt.programs) {
			got = append(got, c.String())
			assert.Len(t, c, len(tt.programs))
			assert.NotEmpty(t, c.Students())
		}
		assert.Equal(t, tt.want, got)
	}
	assert.Equal(t, "the reference a, b", Cast{"a": Reference, "b": Reference}.String())
}

func TestBlame(t *testing.T) {
	two := []string{"a", "b"}
	c := Casts(two) // a alone, b alone, both
	tests := []struct {
		name     string
		programs []string
		failed   []Cast
		want     string
	}{
		{"one program", []string{"a"}, Casts([]string{"a"}), ""},
		{"none failed", two, nil, ""},
		{"a", two, []Cast{c[0], c[2]}, "your a is at fault: it fails with the reference b too, while the rest of yours works"},
		{"b", two, []Cast{c[1]}, "your b is at fault: it fails with the reference a too, while the rest of yours works"},
		{"each", two, []Cast{c[0], c[1]}, "your a and your b are each at fault: each fails with the reference in the other parts"},
		{"only together", two, []Cast{c[2]}, "each of your programs passed with the reference, and they failed together: look at what a and b assume of one another, or, if a second run passes, for what one of them leaves to chance"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, Blame(tt.programs, tt.failed)) })
	}
}

func TestQuote(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"short", "a\n", `"a\n"`},
		{"control", "\x1b[2J\x00", `"\x1b[2J\x00"`},
		{"no UTF-8", "\xff\xfe", `"\xff\xfe"`},
		{"as long as shown", strings.Repeat("x", 100), `"` + strings.Repeat("x", 100) + `"`},
		{"longer", strings.Repeat("x", 1234), `"` + strings.Repeat("x", 100) + `"... (1,234 bytes in all)`},
		{"letters of three bytes", "a" + strings.Repeat("世", 40), `"a` + strings.Repeat("世", 33) + `"... (121 bytes in all)`},
		{"letters of two bytes", "a" + strings.Repeat("é", 60), `"a` + strings.Repeat("é", 49) + `"... (121 bytes in all)`},
		{"continuation bytes only", strings.Repeat("\x80", 200), `"` + strings.Repeat(`\x80`, 96) + `"... (200 bytes in all)`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, quote(tt.in)) })
	}
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		assert.Equal(t, want, thousands(n))
	}
}

func FuzzQuote(f *testing.F) {
	f.Add("a\xff世", "\n")
	f.Fuzz(func(t *testing.T, s, keep string) {
		for _, q := range []string{quote(s), printable(s, "\n"), came(s), panicWords("panic: " + s)} {
			require.True(t, utf8.ValidString(q))
			require.NotContains(t, q, "\x1b")
			require.NotContains(t, q, "\r")
		}
		require.NotContains(t, printable(s, ""), "\n")
	})
}

func TestReadable(t *testing.T) {
	for re, want := range map[string]string{
		"plain":                   `"plain"`,
		`listening on echo\.sock`: `"listening on echo.sock"`,
		`\d+`:                     `a line that matches \d+`,
		`a|b`:                     `a line that matches a|b`,
		`f\(x\)`:                  `"f(x)"`,
	} {
		assert.Equal(t, want, readable(re))
	}
}

func TestBuiltinMessage(t *testing.T) {
	log := "> start p\n> exists out\nFAIL: /w/check.txtar:4: $WORK/room/out does not exist\n"
	assert.Equal(t, "out does not exist", builtinMessage(log, "/w/check.txtar"))
	assert.Equal(t, "the command failed", builtinMessage("", "/w/check.txtar"))
}
