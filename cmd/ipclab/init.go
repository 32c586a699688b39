package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) initCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "init DIR",
		Short:   "make a fresh workspace: stubs, lessons, answers of the quiz, a workflow for CI",
		Example: "  ipclab init ipc-work",
		Args:    exactly("DIR"),
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := a.course()
			if err != nil {
				return err
			}
			if err := c.Init(args[0]); err != nil {
				return err
			}
			first := c.Exercises()[0]
			fmt.Fprintf(a.stdout, initWord, args[0], args[0], c.Chapters[0].ID, first.ID, first.ID)
			return nil
		},
	}
}

const initWord = `%s is your workspace. Each exercise is a folder with a README.md and stubs to fill in.

Next:
    cd %s
    ipclab read %-20s the first lesson
    ipclab read %-20s the first exercise
    ipclab grade %-19s when you have written something
`

func (a *app) resetCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "reset ID",
		Short:   "bring the stubs of an exercise back, and keep your files beside them",
		Example: "  ipclab reset pipe/filter",
		Args:    exactly("ID"),
		RunE: func(_ *cobra.Command, args []string) error {
			c, sub, err := a.open()
			if err != nil {
				return err
			}
			defer sub.Close()
			changes, err := c.Reset(sub, args[0])
			for _, ch := range changes {
				fmt.Fprintln(a.stdout, ch)
			}
			if err != nil {
				return err
			}
			if len(changes) == 0 {
				fmt.Fprintf(a.stdout, "%s is as it was given out already\n", args[0])
			}
			fmt.Fprintf(a.stdout, "\nNext: ipclab read %s\n", args[0])
			return nil
		},
	}
}
