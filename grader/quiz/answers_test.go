package quiz

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ipclab/grader/strictyaml"
)

func TestParse(t *testing.T) {
	q := smallQuiz(t)
	b := Answers{"pipe-what": {"b"}}
	tests := []struct {
		name, text string
		want       Answers
	}{
		{"the stub", string(q.Stub()), Answers{}},
		{"an empty file", "", Answers{}},
		{"only comments", "# nothing\n\n   # yet", Answers{}},
		{"an empty document", "---\n", Answers{}},
		{"a letter", "pipe-what: b", b},
		{"a capital", "pipe-what: B", b},
		{"quoted", `"pipe-what": ' b '`, b},
		{"a list", "pipe-what: [b]", b},
		{"a list on lines", "pipe-what:\n- B\n", b},
		{"an empty list", "pipe-what: []", Answers{}},
		{"an empty text", `pipe-what: ""`, Answers{}},
		{"null", "pipe-what: ~", Answers{}},
		{"carriage returns", "# hi\r\npipe-what: b\r\nsig-kill: \r\n", b},
		{"a byte order mark", "\ufeffpipe-what: b", b},
		{"only a byte order mark", "\ufeff# hi", Answers{}},
		{"another order", "sig-kill: a\npipe-what: b", Answers{"pipe-what": {"b"}, "sig-kill": {"a"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := q.Parse("answers.yaml", []byte(tt.text))
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

// badAnswers are files that nobody can mark.
var badAnswers = []struct{ name, text string }{
	{"an unknown option", "# mine\npipe-what: e"},
	{"a number", "pipe-what: 2"},
	{"two letters", "pipe-what: ab"},
	{"a text for a letter", "pipe-what: It carries bytes in one direction, as everybody knows who has ever used one"},
	{"an option of a list", "pipe-what:\n- b\n- x\n"},
	{"two options", "pipe-what: [a, b]"},
	{"an option twice", "pipe-what: [a, a]"},
	{"a list in a list", "pipe-what: [[a]]"},
	{"an empty place in a list", "pipe-what: [a, ]\nsig-kill: [~]"},
	{"a mapping", "pipe-what: {a: b}"},
	{"a question misspelt", "pipe-waht: b"},
	{"a question unheard of", "what-is-the-meaning-of-it-all: b"},
	{"a question twice", "pipe-what: b\nsig-kill: a\npipe-what: c"},
	{"two faults", "sig-kill: z\npipe-what: y"},
	{"no space", "sig-kill: a\npipe-what:b\n"},
	{"a list of answers", "- b\n- a\n"},
	{"a letter", "b"},
	{"two documents", "pipe-what: b\n---\nsig-kill: a\n"},
	{"no YAML", "pipe-what: b\n}\n"},
	{"a tab", "pipe-what:\n\tb\n"},
	{"a terminal's command", "pipe-what: b\nsig-kill: \x1b[2J\n"},
	{"quoted control characters", `pipe-what: "\e[2J\u202e"`},
	{"a NUL", "pipe-what: b\x00\n"},
	{"Latin-1", "# r\xe9ponse\npipe-what: b\n"},
	{"old line ends", "pipe-what: b\rsig-kill: a\r"},
	{"many faults", manyFaults(20)},
	{"far too many entries", manyFaults(200)},
	{"far too large", strings.Repeat("#", 70000)},
	{"an alias to itself", "pipe-what: &a [*a]"},
}

func manyFaults(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "question-number-%d: a\n", i)
	}
	return b.String()
}

func TestMessages(t *testing.T) {
	q := smallQuiz(t)
	var b strings.Builder
	for _, bad := range badAnswers {
		_, err := q.Mark("quiz/answers.yaml", []byte(bad.text))
		require.Error(t, err, bad.name)
		fmt.Fprintf(&b, "== %s\n%v\n", bad.name, err)
	}
	golden(t, "messages", b.String())
}

func TestMark(t *testing.T) {
	q := smallQuiz(t)
	r, err := q.Mark("answers.yaml", []byte("pipe-what: b\nsig-kill: c\npipe-eof:\n"))
	require.NoError(t, err)
	assert.Equal(t, Result{[]Answer{
		{"pipe-what", Right, []string{"b"}, "Bytes go in at one end and come out at the other.", ""},
		{"pipe-eof", Unanswered, nil, "", ""},
		{"sig-kill", Wrong, []string{"c"}, "It ends a process.\n\nWhat is \x1b[31mprinted\x1b[0m is escaped.", "kill-is-catchable"},
		{"sock-unix", Unanswered, nil, "", ""},
	}}, r)
	assert.Equal(t, 1, r.Count(Right))
	assert.Equal(t, 1, r.Count(Wrong))
	assert.Equal(t, 2, r.Count(Unanswered))
}

// TestMarkKey marks the key of the course's quiz itself, and each wrong option.
func TestMarkKey(t *testing.T) {
	q := courseQuiz(t)
	for i := range q.Questions {
		question := &q.Questions[i]
		for _, o := range question.Options {
			a := q.Judge(Answers{question.ID: {o.ID}}).Answers[i]
			assert.Equal(t, o.Correct, a.Outcome == Right, question.ID)
			assert.Equal(t, o.Misconception, a.Misconception)
			assert.Contains(t, a.Why, question.Why)
			assert.Contains(t, a.Why, o.Why)
		}
	}
}

// FuzzMark: whatever a student hands in, it is marked whole or refused with the name of the file, and
// an answer can then be filled in without touching the others, or is refused.
func FuzzMark(f *testing.F) {
	q := smallQuiz(f)
	f.Add(q.Stub(), "b")
	f.Add([]byte("pipe-what: b # because\r\n\"sig-kill\" : [a]\r\n"), "c")
	f.Add([]byte("pipe-what:\n- b\n# more\n- a"), "")
	f.Add([]byte("{pipe-what: b, sig-kill: a}"), "a")
	f.Add([]byte("<<: {pipe-what: b}\n"), "d")
	for _, bad := range badAnswers {
		if len(bad.text) < 1000 {
			f.Add([]byte(bad.text), "a")
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, option string) {
		r, err := q.Mark("answers.yaml", data)
		if err != nil {
			var place *strictyaml.Error
			require.True(t, errors.As(err, &place), "%v", err)
			require.Equal(t, "answers.yaml", place.File)
			require.Empty(t, r)
			return
		}
		require.Len(t, r.Answers, len(q.Questions))
		for _, a := range r.Answers {
			require.Equal(t, a.Outcome == Unanswered, len(a.Picked) == 0)
			require.Equal(t, a.Outcome == Unanswered, a.Why == "")
		}
		if q.Questions[0].Option(option) == nil {
			return
		}
		before, err := q.Parse("answers.yaml", data)
		require.NoError(t, err)
		text, err := q.fillIn("answers.yaml", data, Answers{"pipe-what": {option}})
		if err != nil {
			return
		}
		after, err := q.Parse("answers.yaml", text)
		require.NoError(t, err)
		before["pipe-what"] = []string{option}
		require.Equal(t, before, after)
	})
}
