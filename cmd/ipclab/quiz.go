package main

import (
	"errors"
	"os"
	"path/filepath"

	"ipclab/grader/quiz"

	"github.com/spf13/cobra"
)

func (a *app) quizCommand() *cobra.Command {
	var s quiz.Session
	var file string
	cmd := &cobra.Command{
		Use:   "quiz",
		Short: "ask the questions of the quiz, and explain each answer",
		Long: `Asks what is not answered yet. The first try counts, and is saved at once in
quiz/answers.yaml, which is graded with the rest. Wrong ones come again at the end.`,
		Example: "  ipclab quiz\n  printf 'b\\na\\n' | ipclab quiz",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return a.quiz(s, file)
		},
	}
	f := cmd.Flags()
	f.StringVar(&file, "answers", "", "the `FILE` to fill in (default: quiz/answers.yaml of the submission)")
	f.StringVar(&s.Seed, "seed", "", "of the order of the options (default: from the file's place)")
	f.BoolVar(&s.Again, "again", false, "ask answered questions too; the new first try counts")
	return cmd
}

func (a *app) quiz(s quiz.Session, file string) error {
	c, err := a.course()
	if err != nil {
		return err
	}
	if c.Quiz == nil {
		return errors.New("this course has no quiz")
	}
	switch { // the commands that go on from here
	case file != "":
		s.Resume = "ipclab quiz --answers " + file
	case a.submission != "":
		s.Resume, s.Next = "ipclab quiz -C "+a.submission, "ipclab grade -C "+a.submission+" quiz"
	}
	if file == "" {
		_, sub, err := a.open()
		if err != nil {
			return err
		}
		defer sub.Close()
		file = filepath.Join(sub.Dir, "quiz", "answers.yaml")
	}
	s.Quiz, s.Path, s.In, s.Out = c.Quiz, file, a.stdin, a.stdout.w
	s.Read = a.readCommandLine(c)
	s.Screen = quiz.ScreenOf(a.stdin, a.stdout.w, os.Getenv)
	sum, err := s.Run(a.ctx)
	switch {
	case err != nil:
		return err
	case sum.End == quiz.Interrupted:
		return verdictError(130)
	case sum.Right < sum.Questions:
		return verdictError(exitFail)
	}
	return nil
}
