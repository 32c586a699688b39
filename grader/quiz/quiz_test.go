package quiz

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// testdata is the folder of that name, also for a test that changes the current one.
var testdata, _ = filepath.Abs("testdata")

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with testdata/name.golden.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join(testdata, name+".golden")
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

// courseQuiz is the quiz of the course in this repository.
func courseQuiz(t testing.TB) *Quiz {
	t.Helper()
	return load(t, "../../exercises", "../../testscripts")
}

// smallQuiz is one for tests of the machinery, whose texts stay as they are.
func smallQuiz(t testing.TB) *Quiz {
	t.Helper()
	return load(t, filepath.Join(testdata, "exercises"), filepath.Join(testdata, "testscripts"))
}

func load(t testing.TB, exercises, testscripts string) *Quiz {
	t.Helper()
	q, err := Load(os.DirFS(exercises), os.DirFS(testscripts))
	require.NoError(t, err)
	return q
}

func TestLoad(t *testing.T) {
	q := smallQuiz(t)
	assert.Equal(t, "small", q.ID)
	assert.Equal(t, 3, q.Version)
	assert.Equal(t, "A small quiz", q.Title)
	require.Len(t, q.Questions, 4)
	assert.Equal(t, Question{
		ID: "pipe-what", Topic: "pipe", Type: Choice, Original: 4, Stem: "What does a pipe do?",
		Why: "Bytes go in at one end and come out at the other.",
		Options: []Option{
			{"a", "It lets two programs send bytes to each other", false, "pipe-is-two-way", "That would take two pipes."},
			{"b", "It carries bytes in one direction", true, "", ""},
			{"c", "It keeps messages on disk", false, "pipe-is-a-file", "The bytes are in memory."},
			{"d", "It rings", false, "pipe-is-a-signal", "A pipe carries data."},
		},
	}, q.Questions[0])
	assert.Equal(t, Trace, q.Questions[1].Type)
	assert.Equal(t, "own-write-end", q.Questions[1].Program)
	assert.Equal(t, "d", q.Question("pipe-eof").Key().ID)
	assert.Nil(t, q.Question("pipe"))
	assert.Nil(t, q.Questions[0].Option("e"))
}

func TestCourseQuiz(t *testing.T) {
	q := courseQuiz(t)
	assert.Empty(t, q.Lint())
	assert.Len(t, q.Questions, 40)
	originals := map[int]string{}
	for i := range q.Questions {
		if n := q.Questions[i].Original; n > 0 {
			originals[n] = q.Questions[i].ID
		}
	}
	assert.Equal(t, map[int]string{1: "iso-why", 2: "sig-carry", 3: "sock-twoway", 4: "pipe-what"}, originals)
}

// TestCourseGivesNothingAway looks at what is handed out.
func TestCourseGivesNothingAway(t *testing.T) {
	q := courseQuiz(t)
	for _, name := range []string{"questions.yaml", "answers.yaml", "README.md"} {
		text, err := os.ReadFile("../../exercises/quiz/" + name)
		require.NoError(t, err)
		for i := range q.Questions {
			assert.NotContains(t, string(text), q.Questions[i].Why)
			for _, o := range q.Questions[i].Options {
				if !o.Correct {
					assert.NotContains(t, string(text), o.Misconception+"\n")
					assert.NotContains(t, string(text), o.Why)
				}
			}
		}
	}
}
