package main

import (
	"errors"
	"fmt"
	"strings"

	"ipclab/grader"
	"ipclab/grader/report"

	"github.com/spf13/cobra"
)

func (a *app) readCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "read [CHAPTER|ID|MISCONCEPTION]",
		Short: "the lesson of a chapter, the text of an exercise, or what a lesson says on a misconception",
		Example: `  ipclab read pipe
  ipclab read pipe/filter
  ipclab read quiz
  ipclab read pipe-is-unbounded`,
		Args: cobra.MaximumNArgs(1),
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
		return a.readParagraph(c, id, err)
	}
	text, err := c.Lesson(id)
	if notExist(err) {
		return fmt.Errorf("%s has no text", id)
	}
	if err != nil {
		return err
	}
	a.showLesson(grader.PlainLesson(string(text)))
	fmt.Fprintln(a.stdout, "\nNext:", a.afterReading(c, id))
	return nil
}

// readParagraph shows what a lesson says on a misconception, under the heading where it stands. If id is
// none, the error tells what it may have been meant to be.
func (a *app) readParagraph(c *grader.Course, id string, unknown error) error {
	p, ok := c.Paragraph(id)
	if !ok {
		var u *grader.UnknownError
		if near := c.NearestMisconception(id); near != "" && errors.As(unknown, &u) && u.Likely == "" {
			return fmt.Errorf("nothing to read under %q: did you mean ipclab read %s?", id, near)
		}
		return unknown
	}
	a.showLesson(p.Heading + "\n\n" + p.Text)
	fmt.Fprintln(a.stdout, "\nThe whole lesson: ipclab read", p.Chapter.ID)
	return nil
}

func (a *app) showLesson(text string) {
	bold := colour(a.stdout)
	for line := range strings.Lines(report.Terminal(text)) {
		if bold && strings.HasPrefix(line, "#") {
			line = "\x1b[1m" + strings.TrimRight(line, "\n") + "\x1b[0m\n"
		}
		fmt.Fprint(a.stdout, line)
	}
}

// readCommandLine gives the command that shows what a lesson says on a misconception, if one does.
func (a *app) readCommandLine(c *grader.Course) func(misconception string) string {
	return func(misconception string) string {
		if _, ok := c.Paragraph(misconception); !ok {
			return ""
		}
		return report.CommandLine(grader.Given{Course: a.courseDir}, "read", misconception)
	}
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
