package quiz

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLint(t *testing.T) {
	const (
		q = "exercises/quiz/questions.yaml"
		k = "testscripts/quiz/key.yaml"
		a = "exercises/quiz/answers.yaml"
	)
	tests := []struct {
		name  string
		edits []edit
		want  []string
	}{
		{"nothing", nil, nil},
		{
			"an option about others",
			[]edit{{questions, "It rings", "All of the above"}},
			[]string{q + `:14: option d of pipe-what says "All of the above": options are shuffled and stand each for itself`},
		}, {
			"nothing but others",
			[]edit{{questions, "It rings", "None of the above"}},
			[]string{q + `:14: option d of pipe-what says "None of the above": options are shuffled and stand each for itself`},
		}, {
			"another option by its letter",
			[]edit{{questions, "It rings", "The same as option a"}},
			[]string{q + `:14: option d of pipe-what says "option a": options are shuffled and stand each for itself`},
		}, {
			"two questions in one",
			[]edit{{questions, "What does a pipe do?", "What does a pipe do? And what does a socket do?"}},
			[]string{q + `:9: pipe-what asks 2 questions: want one, on one idea`},
		}, {
			"no question",
			[]edit{{questions, "What does a pipe do?", "A pipe and what it does (`?`)"}},
			[]string{q + `:9: pipe-what asks 0 questions: want one, on one idea`},
		}, {
			"the same question twice",
			[]edit{{questions, "Which one is *true* of a Unix-domain socket?", "What does a  pipe do?"}},
			[]string{q + `:43: sock-unix asks what pipe-what asks`},
		}, {
			"one misconception for two options",
			[]edit{{key, "mis: sockets-are-remote", "mis: socket-means-network"}},
			[]string{k + `:32: wrong options a and b of sock-unix have the same misconception socket-means-network: want one each`},
		}, {
			"no other option",
			[]edit{{questions, "It needs a port", "Rather none of these things"}},
			[]string{q + `:45: option a of sock-unix says "none of these": options are shuffled and stand each for itself`},
		}, {
			"an option of two lines",
			[]edit{{questions, "It rings", `It\nrings`}},
			[]string{q + ":14: option d of pipe-what has more than one line"},
		}, {
			"the same why twice",
			[]edit{{key, "A pipe carries data.", "the  bytes are in memory."}},
			[]string{k + ":11: wrong option d of pipe-what has the why of option c: say what is wrong with this one"},
		}, {
			"the general why again",
			[]edit{{key, "The file holds no data.", "The kernel moves the bytes."}},
			[]string{k + ":33: wrong option d of sock-unix has the why of the question itself: say what is wrong with this one"},
		}, {
			"long keys",
			[]edit{{questions, "None of them, as it is not obeyed", "This, which is the very longest of all, since it is right"}},
			[]string{k + ": the key is the longest option in 2 of 4 questions: want 1 at most, as by chance"},
		}, {
			"short keys",
			[]edit{{questions, "It carries bytes in one direction", "It runs"}, {questions, "Its path is a name", "A name"}},
			[]string{k + ": the key is the shortest option in 2 of 4 questions: want 1 at most, as by chance"},
		}, {
			"letters",
			[]edit{
				{key, "key: b", "key: c"}, {key, "    c: {mis: pipe-is-a-file", "    b: {mis: pipe-is-a-file"},
				{key, "key: d", "key: c"}, {key, "    c: {mis: epipe-on-read", "    d: {mis: epipe-on-read"},
			},
			[]string{k + ": c is the key of 3 of 4 questions: want about 1"},
		}, {
			"answers filled in",
			[]edit{{answers, "pipe-eof: \n", "pipe-eof: d\n"}},
			[]string{a + `:12: this is not the stub: want "pipe-eof: ", got "pipe-eof: d"`},
		}, {
			"answers cut short",
			[]edit{{answers, "\n# socket\nsock-unix: \n", ""}},
			[]string{a + `:16: the file ends too early: want "# socket" next`},
		}, {
			"answers too many",
			[]edit{{answers, "sock-unix: \n", "sock-unix: \n# more\n"}},
			[]string{a + `:19: this is not the stub: want "", got "# more"`},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			exercises, testscripts := edited(t, tt.edits...)
			quiz, err := Load(exercises, testscripts)
			require.NoError(t, err)
			var got []string
			for _, err := range quiz.Lint() {
				got = append(got, err.Error())
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestLintWithoutStub(t *testing.T) {
	exercises, testscripts := edited(t)
	delete(exercises, answers)
	q, err := Load(exercises, testscripts)
	require.NoError(t, err)
	faults := q.Lint()
	require.Len(t, faults, 1)
	assert.EqualError(t, faults[0], "exercises/quiz/answers.yaml: the file is missing")
}
