package main

import (
	"fmt"
	"strings"

	"ipclab/grader"
	"ipclab/grader/report"

	"github.com/spf13/cobra"
)

func (a *app) readCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "read [CHAPTER|ID]",
		Short:   "the lesson of a chapter, or the text of an exercise",
		Example: "  ipclab read pipe\n  ipclab read pipe/filter\n  ipclab read quiz",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := a.course()
			if err != nil {
				return err
			}
			if len(args) == 0 {
				a.printContents(c)
				return nil
			}
			return a.read(c, grader.CleanID(args[0]))
		},
	}
}

func (a *app) printContents(c *grader.Course) {
	for _, ch := range c.Chapters {
		fmt.Fprintf(a.stdout, "ipclab read %-20s %s\n", ch.ID, ch.Title)
		for _, e := range ch.Exercises {
			fmt.Fprintf(a.stdout, "ipclab read %-20s   %s\n", e.ID, e.Title)
		}
	}
}

func (a *app) read(c *grader.Course, id string) error {
	if _, err := c.Select([]string{id}); err != nil {
		return err
	}
	text, err := c.Lesson(id)
	if notExist(err) {
		return fmt.Errorf("%s has no text", id)
	}
	if err != nil {
		return err
	}
	bold := colour(a.stdout)
	for line := range strings.Lines(report.Terminal(string(text))) {
		if strings.HasPrefix(line, "<a id=") { // a mark for links, of no use here
			continue
		}
		if bold && strings.HasPrefix(line, "#") {
			line = "\x1b[1m" + strings.TrimRight(line, "\n") + "\x1b[0m\n"
		}
		fmt.Fprint(a.stdout, line)
	}
	fmt.Fprintln(a.stdout, "\nNext:", a.afterReading(c, id))
	return nil
}

// afterReading is the next command to type.
func (a *app) afterReading(c *grader.Course, id string) string {
	for _, ch := range c.Chapters {
		if ch.ID == id && len(ch.Exercises) > 0 {
			return "ipclab read " + ch.Exercises[0].ID
		}
	}
	if id == "quiz" {
		return "ipclab quiz"
	}
	return "ipclab grade " + id
}
