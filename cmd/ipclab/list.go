package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"ipclab/grader"

	"github.com/spf13/cobra"
)

func (a *app) listCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "the exercises in their order, with stars, points and where you stand",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			c, s, err := a.where()
			if err != nil {
				return err
			}
			a.printList(c, s)
			return nil
		},
	}
}

// where loads the course and, if there is a submission here, tells how far it is.
func (a *app) where() (*grader.Course, *grader.Standing, error) {
	c, sub, err := a.open()
	if none := (*grader.NotASubmissionError)(nil); errors.As(err, &none) && a.submission == "" {
		return c, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	defer sub.Close()
	s, err := c.Standing(a.ctx, sub)
	return c, s, err
}

func (a *app) printList(c *grader.Course, s *grader.Standing) {
	row := func(format string, args ...any) {
		fmt.Fprintln(a.stdout, strings.TrimRight(fmt.Sprintf(format, args...), " "))
	}
	for _, ch := range c.Chapters {
		fmt.Fprintf(a.stdout, "%s: %s\n", ch.ID, ch.Title)
		for _, e := range ch.Exercises {
			row("  %-20s %-4s %4s  %-11s  %s", e.ID, strings.Repeat("*", e.Stars), points(e.Points), stateWord(s, e.ID), e.Title)
		}
	}
	if c.Quiz != nil {
		row("quiz: %d questions\n  %-20s %-4s %4s  %s", len(c.Quiz.Questions), "quiz", "", points(c.QuizPoints), quizWord(s))
	}
}

func points(p float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", p), ".0") + "p" }

func stateWord(s *grader.Standing, id string) string {
	if s == nil {
		return ""
	}
	return string(s.Exercises[id])
}

func quizWord(s *grader.Standing) string {
	if s == nil {
		return ""
	}
	return fmt.Sprintf("%d answered", s.Answered)
}

// standing is what ipclab alone prints: where you stand and what to type next.
func (a *app) standing() error {
	c, s, err := a.where()
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%s\n\n", c.Title)
	a.printList(c, s)
	if s == nil {
		fmt.Fprintf(a.stdout, "\nThere is no workspace in this folder. Make one:\n\n    ipclab init ipc-work\n")
		return nil
	}
	fmt.Fprintf(a.stdout, "\n%s\n", s.Summary(c))
	for _, next := range s.Next(c) {
		fmt.Fprintf(a.stdout, "    %s\n", next)
	}
	if goRun() {
		fmt.Fprint(a.stdout, howToInstall)
	}
	return nil
}

const howToInstall = `
Type go run ./cmd/ipclab for ipclab, or make it a command: go install ./cmd/ipclab
(it lies in $(go env GOPATH)/bin then, which has to be in your PATH).
`

// goRun tells whether this was started by go run, which leaves no command behind.
func goRun() bool {
	exe, err := os.Executable()
	return err == nil && strings.Contains(exe, "/go-build")
}
