package main

import (
	"fmt"

	"ipclab/grader"
	"ipclab/grader/report"

	"github.com/spf13/cobra"
)

func (a *app) shownCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "shown [ID]",
		Short: "what you have shown with an exercise that passes",
		Long: `Shows what there is to say on an exercise once it passes: the idea, the trap that
most fall into, and where it is met. ipclab grade ID shows it too, when the exercise
passes for the first time. Without ID it lists the exercises that pass.

An exercise passes if ipclab grade has said so, and it was not changed since.

Exit status: 0 it was shown; 1 the exercise does not pass yet; 2 wrong usage.`,
		Example: `  ipclab shown
  ipclab shown pipe/filter`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			c, s, err := a.where()
			if err != nil {
				return err
			}
			if len(args) == 0 {
				return a.listShown(c, s)
			}
			x, err := c.Exercise(args[0])
			if err != nil {
				return err
			}
			return a.shown(c, s, x)
		},
	}
}

func (a *app) listShown(c *grader.Course, s *grader.Standing) error {
	found := false
	for _, x := range c.Exercises() {
		if s != nil && s.Exercises[x.ID] == grader.StatePassed {
			fmt.Fprintf(a.stdout, "ipclab shown %-20s %s\n", x.ID, x.Title)
			found = true
		}
	}
	if !found {
		fmt.Fprintln(a.stderr, "ipclab: no exercise passes yet: ipclab says what to do next")
		return verdictError(exitFail)
	}
	return nil
}

func (a *app) shown(c *grader.Course, s *grader.Standing, x *grader.Exercise) error {
	if s == nil || s.Exercises[x.ID] != grader.StatePassed {
		grade := report.CommandLine(grader.Given{Course: a.courseDir, Submission: a.submission}, "grade", x.ID)
		fmt.Fprintf(a.stderr, "ipclab: %s does not pass yet, or was changed since it did: %s\n", x.ID, grade)
		return verdictError(exitFail)
	}
	text, err := c.Shown(x)
	if notExist(err) {
		return fmt.Errorf("%s has nothing to show", x.ID)
	}
	if err != nil {
		return err
	}
	a.showLesson(text)
	fmt.Fprintln(a.stdout, "\nWhat comes next:", "ipclab")
	return nil
}
