package main

import (
	"fmt"
	"strconv"

	"ipclab/grader"
	"ipclab/grader/report"

	"github.com/spf13/cobra"
)

func (a *app) hintCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "hint ID [LEVEL]",
		Short: "a hint for an exercise, in three levels",
		Long: `Shows a hint for an exercise. Level 1 is a question, level 2 a direction, level 3
names what to look up. None shows the solution. Without LEVEL it is the first.`,
		Example: `  ipclab hint pipe/filter
  ipclab hint pipe/filter 2`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return fmt.Errorf("usage: %s ID [LEVEL]", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := a.course()
			if err != nil {
				return err
			}
			x, err := c.Exercise(args[0])
			if err != nil {
				return err
			}
			level := "1"
			if len(args) == 2 {
				level = args[1]
			}
			return a.hint(c, x, level)
		},
	}
}

// hintNames say what the levels are.
var hintNames = [grader.HintLevels]string{"a question", "a direction", "what to look up"}

func (a *app) hint(c *grader.Course, x *grader.Exercise, level string) error {
	hints, err := c.Hints(x)
	if notExist(err) {
		return fmt.Errorf("%s has no hints", x.ID)
	}
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(level)
	if err != nil || n < 1 || n > len(hints) {
		return fmt.Errorf("%s has no hint %q: want a level from 1 to %d", x.ID, level, len(hints))
	}
	fmt.Fprintf(a.stdout, "%s, hint %d of %d: %s\n\n", x.ID, n, len(hints), hintNames[n-1])
	a.showLesson(hints[n-1] + "\n")
	next := []string{"grade", x.ID}
	if n < len(hints) {
		next = []string{"hint", x.ID, strconv.Itoa(n + 1)}
	}
	fmt.Fprintln(a.stdout, "\nNext:", report.CommandLine(grader.Given{Course: a.courseDir, Submission: a.submission}, next[0], next[1:]...))
	return nil
}
