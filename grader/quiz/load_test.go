package quiz

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// edit is a change to one of the files of the small quiz.
type edit struct{ file, from, to string }

const (
	questions = "quiz/questions.yaml"
	key       = "quiz/key.yaml"
	answers   = "quiz/answers.yaml"
)

// edited gives the small quiz with changes. Each must have something to change, once.
func edited(t testing.TB, edits ...edit) (exercises, testscripts fstest.MapFS) {
	t.Helper()
	text := map[string]string{}
	for file, dir := range map[string]string{questions: "testdata/exercises/", key: "testdata/testscripts/"} {
		data, err := os.ReadFile(dir + file)
		require.NoError(t, err)
		text[file] = string(data)
	}
	text[answers] = string(smallQuiz(t).Stub())
	for _, e := range edits {
		require.Equal(t, 1, strings.Count(text[e.file], e.from), "%q in %s", e.from, e.file)
		text[e.file] = strings.Replace(text[e.file], e.from, e.to, 1)
	}
	file := func(name string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text[name])} }
	return fstest.MapFS{questions: file(questions), answers: file(answers)}, fstest.MapFS{key: file(key)}
}

func TestLoadFaults(t *testing.T) {
	const (
		q = "exercises/quiz/questions.yaml"
		k = "testscripts/quiz/key.yaml"
	)
	tests := []struct {
		name string
		edit edit
		want string
	}{
		{"unknown field", edit{questions, "original: 4", "origin: 4"}, q + `:8: unknown field "origin"`},
		{"key among the questions", edit{questions, "  original: 4", "  key: b"}, q + `:8: unknown field "key"`},
		{"doubled field", edit{questions, "  original: 4", "  topic: pipe"}, q + `:8: mapping key "topic" already defined at line 7`},
		{"other schema", edit{questions, "quiz/v1", "quiz/v2"}, q + `:1: unknown schema "ipclab.quiz/v2": want ipclab.quiz/v1`},
		{"no quiz id", edit{questions, "id: small\n", ""}, q + `:1: the quiz has no valid id (got ""): want small letters`},
		{"no version", edit{questions, "version: 3", "version: 0"}, q + ":3: version 0: want 1 or more"},
		{"version in words", edit{questions, "version: 3", "version: three"}, q + ":3: `three` is not a whole number"},
		{"no title", edit{questions, "A small quiz", " "}, q + ":4: the quiz has no title"},
		{"two documents", edit{questions, "- id: pipe-eof", "---\n- id: pipe-eof"}, q + ": more than one document"},
		{"duplicate question", edit{questions, "id: pipe-eof", "id: pipe-what"}, q + `:15: question id "pipe-what" twice: the first is on line 6`},
		{"bad question id", edit{questions, "id: pipe-eof", "id: Pipe EOF"}, q + `:15: question 2 has no valid id (got "Pipe EOF"): want small letters`},
		{"no topic", edit{questions, "  topic: socket\n", ""}, q + `:41: sock-unix has no valid topic (got "")`},
		{"unknown type", edit{questions, "type: trace", "type: essay"}, q + `:17: pipe-eof has the unknown type "essay": want choice or trace`},
		{"no stem", edit{questions, "What does a pipe do?", ""}, q + ":9: pipe-what has no stem"},
		{"original below 1", edit{questions, "original: 4", "original: -4"}, q + ":8: pipe-what: original is a number of the lesson's own quiz, from 1"},
		{"original twice", edit{questions, "type: trace", "original: 4"}, q + ":17: pipe-what and pipe-eof are both original 4"},
		{"three options", edit{questions, "    d: \"It rings\"\n", ""}, q + ":11: pipe-what has 3 options: want four, a, b, c and d"},
		{"five options", edit{questions, "    d: \"It rings\"\n", "    d: \"It rings\"\n    e: \"It sings\"\n"}, q + ":11: pipe-what has 5 options: want four, a, b, c and d"},
		{"option of another name", edit{questions, "    d: \"It rings\"", "    e: \"It rings\""}, q + `:14: pipe-what has an option "e": want a, b, c and d`},
		{"option twice", edit{questions, "    d: \"It rings\"", "    c: \"It rings\""}, q + `:14: mapping key "c" already defined at line 13`},
		{"option without text", edit{questions, "It rings", ""}, q + ":14: option d of pipe-what has no text"},
		{"two options alike", edit{questions, "It rings", "It keeps messages on disk"}, q + ":14: options c and d of pipe-what say the same"},
		{"question without key", edit{key, "- id: sock-unix", "- id: sock-tcp"}, q + `:41: question "sock-unix" has no key in ` + k},
		{"key without question", edit{questions, "- id: sock-unix", "- id: sock-tcp"}, k + `:27: a key for "sock-unix", which is no question of ` + q},
		{"second key", edit{key, "- id: sock-unix", "- id: sig-kill"}, k + `:27: a second key for "sig-kill": the first is on line 20`},
		{"unknown field of the key", edit{key, "program:", "programme:"}, k + `:14: unknown field "programme"`},
		{"other key schema", edit{key, "quiz-key/v1", "quiz/v1"}, k + `:1: unknown schema "ipclab.quiz/v1": want ipclab.quiz-key/v1`},
		{"key of another quiz", edit{key, "id: small", "id: big"}, k + `:2: this is the key of quiz "big", and the questions are of quiz "small"`},
		{"key of another version", edit{key, "version: 3", "version: 2"}, k + ":3: the key has version 2 and the questions have 3"},
		{"no right option", edit{key, "key: d", "key:"}, k + `:13: unknown key "" for pipe-eof: want a, b, c or d`},
		{"unknown right option", edit{key, "key: d", "key: e"}, k + `:13: unknown key "e" for pipe-eof: want a, b, c or d`},
		{"two right options", edit{key, "key: d", "key: [b, d]"}, k + ":13: a list is not a text"},
		{"right option among the wrong", edit{key, "key: d", "key: c"}, k + ":19: option c of pipe-eof is the key and cannot be wrong"},
		{"right option without why", edit{key, "Bytes go in at one end and come out at the other.", ""}, k + ":7: pipe-what has no why"},
		{"wrong option left out", edit{key, "    d: {mis: pipe-is-a-signal, why: \"A pipe carries data.\"}\n", ""}, k + ":9: pipe-what does not say why option d is wrong"},
		{"wrong option unknown", edit{key, "    d: {mis: pipe-is-a-signal", "    e: {mis: pipe-is-a-signal"}, k + `:11: pipe-what has a wrong option "e": want three of a, b, c and d`},
		{"wrong option twice", edit{key, "    d: {mis: pipe-is-a-signal", "    c: {mis: pipe-is-a-signal"}, k + `:11: mapping key "c" already defined at line 10`},
		{"no misconception", edit{key, "{mis: pipe-is-a-signal, ", "{"}, k + `:11: wrong option d of pipe-what has no valid misconception (got ""): want small letters`},
		{"no why", edit{key, `, why: "A pipe carries data."`, ""}, k + ":11: wrong option d of pipe-what has no why"},
		{"empty why", edit{key, "A pipe carries data.", " "}, k + ":11: wrong option d of pipe-what has no why"},
		{"trace without program", edit{key, "  program: own-write-end\n", ""}, k + `:12: pipe-eof is a trace question and names no valid program (got "")`},
		{"program without trace", edit{questions, "  type: trace\n", ""}, k + ":14: pipe-eof names a program and is not a trace question"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			exercises, testscripts := edited(t, tt.edit)
			quiz, err := Load(exercises, testscripts)
			assert.Nil(t, quiz)
			require.Error(t, err)
			assert.Contains(t, "\n"+err.Error(), "\n"+tt.want)
		})
	}
}

// TestLoadTellsAllFaults: an author sees everything in one run, in the order of the files.
func TestLoadTellsAllFaults(t *testing.T) {
	exercises, testscripts := edited(t,
		edit{questions, "topic: socket", "topic: Socket"},
		edit{questions, "It rings", ""},
		edit{key, "A pipe carries data.", ""},
	)
	_, err := Load(exercises, testscripts)
	require.Error(t, err)
	lines := strings.Split(err.Error(), "\n")
	require.Len(t, lines, 3)
	for i, place := range []string{"exercises/quiz/questions.yaml:14:", "exercises/quiz/questions.yaml:42:", "testscripts/quiz/key.yaml:11:"} {
		assert.True(t, strings.HasPrefix(lines[i], place), lines[i])
	}
}

func TestLoadWithoutFiles(t *testing.T) {
	_, err := Load(fstest.MapFS{}, fstest.MapFS{})
	require.ErrorIs(t, err, fs.ErrNotExist)
	assert.EqualError(t, err, "exercises/quiz/questions.yaml: file does not exist\ntestscripts/quiz/key.yaml: file does not exist")

	_, err = Load(fstest.MapFS{questions: {}}, fstest.MapFS{key: {}})
	assert.EqualError(t, err, "exercises/quiz/questions.yaml: the file is empty\ntestscripts/quiz/key.yaml: the file is empty")
}

// TestLoadLeavesAnswersAlone: in a clone of the course the answers are a student's, and what is wrong
// with them is no fault of the course.
func TestLoadLeavesAnswersAlone(t *testing.T) {
	exercises, testscripts := edited(t, edit{answers, "pipe-what: \n", "pipe-what: b\n}broken\n"})
	q, err := Load(exercises, testscripts)
	require.NoError(t, err)
	assert.NotContains(t, string(q.Stub()), "broken")
	delete(exercises, answers)
	_, err = Load(exercises, testscripts)
	assert.NoError(t, err)
}

// FuzzLoad: whatever stands in the files, Load neither panics nor lets a broken quiz pass.
func FuzzLoad(f *testing.F) {
	exercises, testscripts := edited(f)
	f.Add(exercises[questions].Data, testscripts[key].Data)
	f.Add([]byte("questions: [null]"), []byte("questions: [{wrong: {a: null}}]"))
	f.Add([]byte("a: &a [*a]"), []byte("? {}\n: []"))
	f.Fuzz(func(t *testing.T, qs, ks []byte) {
		q, err := Load(fstest.MapFS{questions: {Data: qs}}, fstest.MapFS{key: {Data: ks}})
		if err != nil {
			return
		}
		for i := range q.Questions {
			checkSound(t, &q.Questions[i])
		}
		q.Lint()
		_, err = q.Mark("stub", q.Stub())
		require.NoError(t, err)
	})
}

func checkSound(t *testing.T, q *Question) {
	t.Helper()
	require.Len(t, q.Options, 4)
	right := 0
	for _, o := range q.Options {
		require.NotEmpty(t, o.Text)
		if o.Correct {
			right++
			continue
		}
		require.NotEmpty(t, o.Misconception)
		require.NotEmpty(t, o.Why)
	}
	require.Equal(t, 1, right)
	require.NotEmpty(t, q.Why)
}
