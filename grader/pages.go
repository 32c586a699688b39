package grader

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// The pages of an exercise that a student is shown in their time. They lie among the testscripts, so
// that a workspace does not hold them.
const (
	hintsFile = "hints.md" // what helps before an exercise passes
	shownFile = "shown.md" // what there is to say once it has passed
)

// HintLevels is how many hints each exercise has: a question, a direction, the call to look up.
const HintLevels = 3

// shownTitle and shownParagraphs are what shown.md consists of, in this order.
const shownTitle = "# What you have just shown"

var shownParagraphs = []string{"**The idea.**", "**The trap.**", "**Where it is met.**"}

// PageError is a fault of a page, with its place.
type PageError struct {
	File string // testscripts/chapter/exercise/hints.md
	Line int    // from 1; 0 if there is no place
	Err  error
}

func (e *PageError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err)
}

func (e *PageError) Unwrap() error { return e.Err }

// Hints gives the hints of an exercise, the least telling first, in Markdown. Without any the error is
// fs.ErrNotExist; a fault is a PageError.
func (c *Course) Hints(x *Exercise) ([]string, error) {
	text, file, err := c.page(x, hintsFile)
	if err != nil {
		return nil, err
	}
	return parseHints(file, text)
}

// HasHints tells whether there are hints to an exercise.
func (c *Course) HasHints(x *Exercise) bool {
	hints, err := c.Hints(x)
	return err == nil && len(hints) > 0
}

// Shown gives the page that is shown when an exercise has passed, in Markdown. Whether it has is the
// caller's to know. Without one the error is fs.ErrNotExist.
func (c *Course) Shown(x *Exercise) (string, error) {
	text, _, err := c.page(x, shownFile)
	return text, err
}

// addPages puts into a report what of the pages there is to show.
func (c *Course) addPages(e *entry) {
	e.report.Hinted = c.HasHints(e.Exercise)
	if e.report.Outcome == Pass {
		e.report.Shown, _ = c.Shown(e.Exercise) // ipclab check tells what is missing
	}
}

func (c *Course) page(x *Exercise, name string) (text, file string, err error) {
	name = path.Join(x.dir, name)
	data, err := fs.ReadFile(c.files.Testscripts, name)
	if err != nil {
		err = &PageError{File: "testscripts/" + name, Err: reason(err)}
	}
	return string(data), "testscripts/" + name, err
}

var hintHeading = regexp.MustCompile(`^## ([0-9]+)$`)

// parseHints cuts hints.md at its headings, which number the levels from 1.
func parseHints(file, text string) ([]string, error) {
	fault := func(line int, format string, args ...any) error {
		return &PageError{file, line, fmt.Errorf(format, args...)}
	}
	var hints []string
	var at []int // the line of each heading
	for i, line := range strings.Split(text, "\n") {
		switch n := len(hints); {
		case strings.HasPrefix(line, "#"):
			if m := hintHeading.FindStringSubmatch(line); m == nil || m[1] != fmt.Sprint(n+1) || n == HintLevels {
				return nil, fault(i+1, "heading %.60q: want ## 1 to ## %d, each once and in this order", line, HintLevels)
			}
			hints, at = append(hints, ""), append(at, i+1)
		case n > 0:
			hints[n-1] += line + "\n"
		case strings.TrimSpace(line) != "":
			return nil, fault(i+1, "a text above the first heading: want ## 1 first")
		}
	}
	for i := range hints {
		if hints[i] = strings.TrimSpace(hints[i]); hints[i] == "" {
			return nil, fault(at[i], "hint %d has no text", i+1)
		}
	}
	if n := len(hints); n < HintLevels {
		return nil, fault(strings.Count(text, "\n"), "it ends too early: want ## %d next", n+1)
	}
	return hints, nil
}

// lintShown wants the title, and then just the three paragraphs, with something in each.
func lintShown(file, text string) error {
	want := append([]string{shownTitle}, shownParagraphs...)
	got := blocksAt(text)
	for i := range max(len(got), len(want)) {
		fault := func(format string, args ...any) error {
			return &PageError{file, got[i].line, fmt.Errorf(format, args...)}
		}
		switch {
		case i >= len(got):
			return &PageError{file, strings.Count(text, "\n"), fmt.Errorf("it ends too early: want %q next", want[i])}
		case i >= len(want):
			return fault("one paragraph too many: want %s", strings.Join(shownParagraphs, " "))
		case i == 0 && got[i].text != want[i]+"\n", !strings.HasPrefix(got[i].text, want[i]):
			first, _, _ := strings.Cut(got[i].text, "\n")
			return fault("%.60q: want %q here", first, want[i])
		case i > 0 && strings.TrimSpace(got[i].text[len(want[i]):]) == "":
			return fault("%s says nothing", want[i])
		}
	}
	return nil
}

// block is a paragraph with the line on which it begins.
type block struct {
	text string
	line int
}

// blocksAt cuts a text at its blank lines.
func blocksAt(text string) []block {
	var all []block
	open := false
	for i, line := range strings.Split(text, "\n") {
		switch {
		case strings.TrimSpace(line) == "":
			open = false
		case !open:
			all, open = append(all, block{line + "\n", i + 1}), true
		default:
			all[len(all)-1].text += line + "\n"
		}
	}
	return all
}

// pages checks hints.md and shown.md of an exercise.
func (v *verification) pages(x *Exercise) {
	if _, err := v.Hints(x); err != nil {
		v.problem("%v", err)
	}
	text, file, err := v.page(x, shownFile)
	if err == nil {
		err = lintShown(file, text)
	}
	if err != nil {
		v.problem("%v", err)
	}
}
