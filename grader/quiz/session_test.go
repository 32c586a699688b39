package quiz

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// newSession gives a session over a pipe on a fresh file, in a folder that is the current one, so that
// transcripts hold no path of a machine.
func newSession(t *testing.T, input string) (*Session, *strings.Builder) {
	t.Helper()
	t.Chdir(t.TempDir())
	out := new(strings.Builder)
	return &Session{
		Quiz: smallQuiz(t), Path: "answers.yaml", Seed: "7",
		In: strings.NewReader(input), Out: out, Screen: Screen{Width: 60},
	}, out
}

// letter is what to type for an option of a question at its n-th try, from 0.
func letter(s *Session, question, option string, try int) string {
	q := s.Quiz.Question(question)
	for i, o := range order(s.Seed, s.Quiz.ID, q, try) {
		if o.ID == option {
			return string(rune('a'+i)) + "\n"
		}
	}
	panic("no option " + option)
}

func TestSessionTranscript(t *testing.T) {
	s, out := newSession(t, "")
	s.In = strings.NewReader(
		letter(s, "pipe-what", "a", 0) + // wrong
			"\nZ\x1b[2J\n" + strings.ToUpper(letter(s, "pipe-eof", "d", 0)) +
			letter(s, "sig-kill", "b", 0) + // wrong
			"  " + strings.Replace(letter(s, "sock-unix", "c", 0), "\n", ")\r\n", 1) +
			letter(s, "pipe-what", "b", 1) +
			letter(s, "sig-kill", "c", 1) + // wrong again
			strings.TrimSuffix(letter(s, "sig-kill", "a", 2), "\n"))
	s.Read = func(misconception string) string {
		if misconception == s.Quiz.Question("sig-kill").Option("c").Misconception {
			return "" // no lesson speaks of it
		}
		return "ipclab read " + misconception
	}
	sum, err := s.Run(t.Context())
	require.NoError(t, err)
	assert.Equal(t, Summary{End: Done, Questions: 4, Answered: 4, Right: 2}, sum)
	golden(t, "session", out.String())
	saved, err := s.Quiz.Read(s.Path)
	require.NoError(t, err)
	assert.Equal(t, Answers{"pipe-what": {"a"}, "pipe-eof": {"d"}, "sig-kill": {"b"}, "sock-unix": {"c"}}, saved, "the first tries")
}

// TestSessionAtTerminal has colour and prompts. Its input does not echo, unlike a terminal's.
func TestSessionAtTerminal(t *testing.T) {
	s, out := newSession(t, "")
	s.Screen = Screen{Prompt: true, Color: true, Width: 40}
	s.Resume, s.Next = "ipclab quiz -C alice", "ipclab grade -C alice quiz"
	s.In = strings.NewReader("x\n" + letter(s, "pipe-what", "b", 0) + "s\n" + letter(s, "sig-kill", "d", 0))
	sum, err := s.Run(t.Context())
	require.NoError(t, err)
	assert.Equal(t, Summary{End: EndOfInput, Questions: 4, Answered: 2, Right: 1}, sum)
	golden(t, "session.terminal", out.String())
}

func TestSessionEnds(t *testing.T) {
	tests := []struct {
		name, input string
		want        Summary
		says        []string
		not         string
	}{
		{
			"no input", "",
			Summary{EndOfInput, 4, 0, 0},
			[]string{"The input has ended.\n0 of 4 questions answered, 0 right at the first try.\nTo go on, type: ipclab quiz\n"},
			"saved in",
		}, {
			"stopped", "q\na\n",
			Summary{Quit, 4, 0, 0},
			[]string{"Stopped.\n0 of 4 questions answered", "type: ipclab quiz\n"},
			"saved in",
		}, {
			"all skipped", "s\nskip\nS\ns\n",
			Summary{Done, 4, 0, 0},
			[]string{"Skipped.\n\n0 of 4 questions answered", "type: ipclab quiz\n"},
			"Once more",
		}, {
			"nothing but noise", "hello\n" + strings.Repeat("x", 5000) + "\n\n",
			Summary{EndOfInput, 4, 0, 0},
			[]string{`"hello" is no choice here. Type a, b, c or d and then Enter`, `"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..." is no choice`, "An empty line is no choice"},
			"You chose",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, out := newSession(t, tt.input)
			s.Screen.Width = 1000
			sum, err := s.Run(t.Context())
			require.NoError(t, err)
			assert.Equal(t, tt.want, sum)
			for _, text := range tt.says {
				assert.Contains(t, out.String(), text)
			}
			assert.NotContains(t, out.String(), tt.not)
			assert.NoFileExists(t, s.Path)
		})
	}
}

// TestSessionGoesOn: a second session asks what the first has left, and nothing else.
func TestSessionGoesOn(t *testing.T) {
	s, out := newSession(t, "")
	s.In = strings.NewReader(letter(s, "pipe-what", "a", 0))
	_, err := s.Run(t.Context())
	require.NoError(t, err)
	assert.Contains(t, out.String(), "1 of 4 questions answered, 0 right at the first try.\nThe answers are saved in answers.yaml\nTo go on, type: ipclab quiz\n")

	out.Reset()
	s.In = strings.NewReader(letter(s, "pipe-eof", "d", 0) + letter(s, "sig-kill", "a", 0) + letter(s, "sock-unix", "c", 0))
	sum, err := s.Run(t.Context())
	require.NoError(t, err)
	assert.Equal(t, Summary{Done, 4, 4, 3}, sum)
	assert.NotContains(t, out.String(), "What does a pipe do?")
	assert.Contains(t, out.String(), "To see the marks, type: ipclab grade quiz\n")

	out.Reset()
	s.In = strings.NewReader("a\n")
	sum, err = s.Run(t.Context())
	require.NoError(t, err)
	assert.Equal(t, Summary{Done, 4, 4, 3}, sum)
	assert.NotContains(t, out.String(), "Question 1")
	assert.Contains(t, out.String(), "To be asked again from the start, type: ipclab quiz --again\n")
}

// TestSessionAgain asks everything anew; the new first try replaces the old answer.
func TestSessionAgain(t *testing.T) {
	s, _ := newSession(t, "")
	require.NoError(t, s.Quiz.Save(s.Path, Answers{"pipe-what": {"a"}, "sig-kill": {"a"}}))
	s.Again = true
	s.In = strings.NewReader(letter(s, "pipe-what", "b", 0))
	sum, err := s.Run(t.Context())
	require.NoError(t, err)
	assert.Equal(t, Summary{EndOfInput, 4, 2, 2}, sum)
}

// TestSessionInterrupted cancels while the session waits for a line: what was answered is saved.
func TestSessionInterrupted(t *testing.T) {
	s, out := newSession(t, "")
	ctx, cancel := context.WithCancel(t.Context())
	waits := make(chan struct{})
	defer close(waits)
	s.In = io.MultiReader(
		strings.NewReader(letter(s, "pipe-what", "b", 0)),
		readFunc(func([]byte) (int, error) {
			cancel()
			<-waits // a terminal at which nobody types
			return 0, io.EOF
		}),
	)
	sum, err := s.Run(ctx)
	require.NoError(t, err)
	assert.Equal(t, Interrupted, sum.End)
	assert.Contains(t, out.String(), "\nInterrupted.\n")
	saved, err := s.Quiz.Read(s.Path)
	require.NoError(t, err)
	assert.Equal(t, Answers{"pipe-what": {"b"}}, saved)
	assert.Equal(t, 1, sum.Answered)
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(b []byte) (int, error) { return f(b) }

type writeFunc func([]byte) (int, error)

func (f writeFunc) Write(b []byte) (int, error) { return f(b) }

func TestSessionErrors(t *testing.T) {
	broken := errors.New("broken")
	t.Run("reading", func(t *testing.T) {
		s, _ := newSession(t, "")
		s.In = readFunc(func([]byte) (int, error) { return 0, broken })
		_, err := s.Run(t.Context())
		assert.ErrorIs(t, err, broken)
	})
	t.Run("writing", func(t *testing.T) {
		s, _ := newSession(t, "a\n")
		s.Out = writeFunc(func([]byte) (int, error) { return 0, broken })
		_, err := s.Run(t.Context())
		assert.ErrorIs(t, err, broken)
		assert.NoFileExists(t, s.Path)
	})
	t.Run("a folder that is not there", func(t *testing.T) {
		s, out := newSession(t, "a\n")
		s.Path = "no/answers.yaml"
		_, err := s.Run(t.Context())
		assert.EqualError(t, err, "there is no folder no to save answers in")
		assert.Empty(t, out.String())
	})
	t.Run("answers that cannot be read", func(t *testing.T) {
		s, out := newSession(t, "a\n")
		require.NoError(t, os.WriteFile(s.Path, []byte("pipe-what: x\n"), 0o600))
		_, err := s.Run(t.Context())
		assert.EqualError(t, err, `answers.yaml:1: unknown option "x" for pipe-what: want a, b, c or d`)
		assert.Empty(t, out.String())
	})
	t.Run("an answer that cannot be saved", func(t *testing.T) {
		s, out := newSession(t, "")
		begun := readFunc(func([]byte) (int, error) { // the first read is when the session is under way
			require.NoError(t, os.Symlink("elsewhere", s.Path))
			return 0, io.EOF
		})
		s.In = io.MultiReader(begun, strings.NewReader("a\n"))
		_, err := s.Run(t.Context())
		assert.ErrorContains(t, err, "is a symbolic link")
		assert.NotContains(t, out.String(), "You chose")
	})
}

func TestOrder(t *testing.T) {
	q := courseQuiz(t)
	first := map[string]int{}
	for i := range q.Questions {
		question := &q.Questions[i]
		shown := order("seed", q.ID, question, 0)
		assert.ElementsMatch(t, question.Options, shown)
		assert.Equal(t, shown, order("seed", q.ID, question, 0))
		first[shown[0].ID]++
	}
	assert.Len(t, first, 4, "every letter comes first somewhere")
	assert.NotEqual(t, ids(order("seed", q.ID, &q.Questions[0], 0)), ids(order("seed", q.ID, &q.Questions[0], 1)))
	assert.NotEqual(t, ids(order("seed", q.ID, &q.Questions[0], 0)), ids(order("other", q.ID, &q.Questions[0], 0)))
	// These letters may stand in somebody's script: they are not to change.
	assert.Equal(t, "badc", ids(order("7", "small", smallQuiz(t).Question("pipe-what"), 0)))
}

func ids(options []Option) string {
	s := ""
	for _, o := range options {
		s += o.ID
	}
	return s
}

func TestSeedFor(t *testing.T) {
	t.Chdir(t.TempDir())
	dir, err := os.Getwd()
	require.NoError(t, err)
	assert.Equal(t, SeedFor("answers.yaml"), SeedFor(filepath.Join(dir, "x", "..", "answers.yaml")))
	assert.NotEqual(t, SeedFor("answers.yaml"), SeedFor("other/answers.yaml"))
	assert.Len(t, SeedFor("answers.yaml"), 8)
}
