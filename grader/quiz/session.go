package quiz

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Session asks the quiz: at a terminal, or over a pipe with one answer a line. The options come in an
// order of their own, and the letters stand for positions; what is saved is the option's own id.
//
// Every answer is saved before its mark is shown. Questions that are answered in the file are not
// asked, unless Again is set. Wrong ones come again at the end, until they are right; the first try
// counts and stays saved.
type Session struct {
	Quiz   *Quiz
	Path   string // of answers.yaml; made if it is not there
	Seed   string // of the order of the options; empty for SeedFor(Path)
	Again  bool   // ask answered questions too; the new first try replaces the saved answer
	In     io.Reader
	Out    io.Writer
	Screen Screen
	Resume string // the command line that goes on with this quiz; empty for "ipclab quiz"
	Next   string // the command line when all is answered; empty for "ipclab grade quiz"
	// Read, if set, gives the command line that shows what a lesson says on a misconception; "" if none
	// says anything.
	Read func(misconception string) string
}

// End tells how a session ended.
type End string

// The ends of a session.
const (
	Done        End = "done"         // nothing is left to ask
	Quit        End = "quit"         // asked to stop
	EndOfInput  End = "end of input" // also Ctrl+D
	Interrupted End = "interrupted"  // the context ended, as by Ctrl+C
)

// Summary tells where the quiz stands after a session, over all answers in the file.
type Summary struct {
	End       End
	Questions int
	Answered  int
	Right     int
}

// Run asks until nothing is left, the input ends, the user stops or ctx is done. An error means that
// answers could not be read or saved, or the screen not written; what was saved before stays.
//
// A Read of In that waits when Run returns goes on waiting, since a terminal's cannot be called off;
// it takes at most one line that nobody gets. So a program runs one session on its input.
func (s *Session) Run(ctx context.Context) (Summary, error) {
	answers, err := s.open()
	if err != nil {
		return Summary{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := &run{Session: s, printer: printer{screen: s.Screen, out: s.Out}, answers: answers, seed: s.Seed, lines: readLines(ctx, s.In)}
	if r.seed == "" {
		r.seed = SeedFor(s.Path)
	}
	end, err := r.ask(ctx)
	if err != nil {
		return r.summary(end), errors.Join(err, r.flush())
	}
	return r.close(end)
}

// open reads the answers that are there. It looks for the folder as well, so that the first answer is
// not the first to find it missing.
func (s *Session) open() (Answers, error) {
	folder := filepath.Dir(s.Path)
	info, err := os.Stat(folder)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return nil, fmt.Errorf("there is no folder %s to save answers in", folder)
	}
	if err != nil {
		return nil, err
	}
	return s.Quiz.Read(s.Path)
}

// run is a session under way.
type run struct {
	*Session
	printer
	answers Answers
	seed    string
	lines   <-chan input
}

// ask goes through the questions, and then again through those that were answered wrongly.
func (r *run) ask(ctx context.Context) (End, error) {
	var todo []int
	for i := range r.Quiz.Questions {
		if r.Again || len(r.answers[r.Quiz.Questions[i].ID]) == 0 {
			todo = append(todo, i)
		}
	}
	r.intro(len(todo))
	for try := 0; len(todo) > 0; try++ {
		if try > 0 {
			r.paragraph("", fmt.Sprintf("Once more, what was wrong: %s. Your first answers stay as they are.", count(len(todo), "question")))
			r.blank()
		}
		var wrong []int
		for _, i := range todo {
			outcome, end, err := r.question(ctx, i, try)
			if err != nil || end != "" {
				return end, err
			}
			if outcome == Wrong {
				wrong = append(wrong, i)
			}
		}
		todo = wrong
	}
	return Done, nil
}

// question asks one question, saves a first answer to it and explains. With an End there is no outcome.
func (r *run) question(ctx context.Context, i, try int) (Outcome, End, error) {
	q := &r.Quiz.Questions[i]
	shown := order(r.seed, r.Quiz.ID, q, try)
	r.show(i, q, shown)
	picked, end, err := r.pick(ctx, q)
	if err != nil || end != "" {
		return "", end, err
	}
	if picked < 0 {
		r.line("", "Skipped.")
		r.blank()
		return Unanswered, "", nil
	}
	option := shown[picked]
	if try == 0 {
		if err := r.Quiz.Save(r.Path, Answers{q.ID: {option.ID}}); err != nil {
			return "", "", err
		}
		r.answers[q.ID] = []string{option.ID}
	}
	r.explain(q, picked, option)
	if option.Correct {
		return Right, "", nil
	}
	return Wrong, "", nil
}

// pick reads lines until one says something: the position of an option, or -1 to skip the question.
func (r *run) pick(ctx context.Context, q *Question) (int, End, error) {
	letters := q.choices()
	for {
		if r.Screen.Prompt {
			r.print("Your answer (" + letters + "; s skips, q stops): ")
		}
		if err := r.flush(); err != nil {
			return 0, "", err
		}
		line, end, err := r.read(ctx)
		if err != nil || end != "" {
			if r.Screen.Prompt {
				r.print("\n") // the end of the prompt's line
			}
			return 0, end, err
		}
		word := strings.ToLower(strings.TrimRight(strings.TrimSpace(line), ".)"))
		switch {
		case word == "s" || word == "skip":
			return -1, "", nil
		case word == "q" || word == "quit":
			return 0, Quit, nil
		case len(word) == 1 && word[0] >= 'a' && int(word[0]-'a') < len(q.Options):
			return int(word[0] - 'a'), "", nil
		}
		r.paragraph("", fmt.Sprintf("%s is no choice here. Type %s and then Enter, or s to skip this question, or q to stop.", quoteLine(line), letters))
	}
}

// read waits for a line. One that has come counts, even if the interrupt comes with it.
func (r *run) read(ctx context.Context) (string, End, error) {
	if ctx.Err() != nil {
		return "", Interrupted, nil
	}
	select {
	case <-ctx.Done():
		return "", Interrupted, nil
	case in, ok := <-r.lines:
		if !ok {
			return "", EndOfInput, nil
		}
		return in.line, "", in.err
	}
}

func (r *run) intro(open int) {
	r.line(bold, r.Quiz.Title)
	r.blank()
	if open == 0 {
		return
	}
	r.paragraph("", fmt.Sprintf(introText, count(len(r.Quiz.Questions), "question"), open, r.seed))
	r.blank()
}

func (r *run) show(i int, q *Question, shown []Option) {
	// Without the topic, which can be the answer.
	r.line(bold, fmt.Sprintf("Question %d of %d", i+1, len(r.Quiz.Questions)))
	r.blank()
	r.markdown(q.Stem)
	r.blank()
	for at, o := range shown {
		r.paragraph(fmt.Sprintf("  %c) ", 'a'+at), o.Text)
	}
	r.blank()
}

func (r *run) explain(q *Question, picked int, option Option) {
	r.paragraph("", fmt.Sprintf("You chose %c: %s", 'a'+picked, option.Text))
	if option.Correct {
		r.line(green, "Right.")
	} else {
		r.line(red, "Not right.")
		r.markdown(option.Why)
	}
	r.markdown(q.Why)
	if r.Read != nil && !option.Correct {
		if command := r.Read(option.Misconception); command != "" {
			r.line("", "read: "+command)
		}
	}
	r.blank()
}

func (r *run) summary(end End) Summary {
	result := r.Quiz.Judge(r.answers)
	n := len(result.Answers)
	return Summary{End: end, Questions: n, Answered: n - result.Count(Unanswered), Right: result.Count(Right)}
}

// close says where the quiz stands, and last what to type next.
func (r *run) close(end End) (Summary, error) {
	sum := r.summary(end)
	switch end {
	case Quit:
		r.line("", "Stopped.")
	case EndOfInput:
		r.line("", "The input has ended.")
	case Interrupted:
		r.line("", "Interrupted.")
	}
	r.paragraph("", fmt.Sprintf("%d of %s answered, %d right at the first try.", sum.Answered, count(sum.Questions, "question"), sum.Right))
	if sum.Answered > 0 {
		r.line("", "The answers are saved in "+r.Path)
	}
	resume, next := orElse(r.Resume, "ipclab quiz"), orElse(r.Next, "ipclab grade quiz")
	switch {
	case sum.Answered < sum.Questions:
		r.line("", "To go on, type: "+resume)
	default:
		r.line("", "To be asked again from the start, type: "+resume+" --again")
		r.line("", "To see the marks, type: "+next)
	}
	return sum, r.flush()
}

// input is one line, or the error after the last.
type input struct {
	line string
	err  error
}

// maxInput bounds a line; the rest of a longer one is dropped.
const maxInput = 1024

// readLines reads r line by line in the background, so that waiting for a line can be called off.
func readLines(ctx context.Context, r io.Reader) <-chan input {
	lines := make(chan input)
	go func() {
		defer close(lines)
		br := bufio.NewReaderSize(r, maxInput)
		for {
			line, err := readLine(br)
			if err == io.EOF && line == "" {
				return
			}
			if err == io.EOF {
				err = nil
			}
			select {
			case lines <- input{line, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return lines
}

// readLine gives io.EOF together with a last line that lacks its end.
func readLine(br *bufio.Reader) (string, error) {
	line, err := br.ReadSlice('\n')
	text := string(line)
	for err == bufio.ErrBufferFull {
		_, err = br.ReadSlice('\n')
	}
	return text, err
}

func quoteLine(line string) string {
	if blank(line) {
		return "An empty line"
	}
	return quote(strings.TrimSpace(line))
}

// count says how many: "1 question", "2 questions".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

const introText = "%s, %d to ask. Type the letter of your answer and then Enter; s skips a question, q stops. " +
	"Your first answer counts and is saved at once. The options are in an order of their own (seed %s)."
