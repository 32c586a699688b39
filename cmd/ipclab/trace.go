package main

import (
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"syscall"

	"ipclab/grader"
	"ipclab/grader/report"
	"ipclab/grader/script"
	"ipclab/grader/spell"

	"github.com/spf13/cobra"
)

// traceFlags say what to trace and how to show it.
type traceFlags struct {
	json bool
	svg  string // the file of the picture
	cast int    // from 1; 0 for all
	seed string

	isolation string
}

func (a *app) traceCommand() *cobra.Command {
	var f traceFlags
	cmd := &cobra.Command{
		Use:   "trace ID/CHECK",
		Short: "the timeline of one check: who sent what, and when",
		Long: `Runs one check, whether it passes or not, and tells all that happens in it, in
one timeline. With several casts there is one timeline each.

Exit status: 0 the check passes; 1 it does not; 2 wrong usage; 3 the grader itself
is at fault.`,
		Example: `  ipclab trace pipe/filter/streams
  ipclab trace pipe/filter/streams --svg streams.svg
  ipclab trace pipe/filter/streams --json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("name one check: ipclab trace ID/CHECK (ipclab trace ID lists the checks of an exercise)")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return a.trace(args[0], f) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.json, "json", false, "write the timeline as JSON")
	flags.StringVar(&f.svg, "svg", "", "also draw a sequence diagram to `FILE`, for a browser")
	flags.StringVar(&f.seed, "seed", "", "of all random data (default: a new one, told in the timeline)")
	flags.StringVar(&f.isolation, "isolation", "auto", isolationUsage)
	flags.IntVar(&f.cast, "cast", 0, "show and judge only the cast with this number `N` (default: all)")
	return cmd
}

func (a *app) trace(name string, f traceFlags) error {
	c, sub, err := a.open()
	if err != nil {
		return err
	}
	defer sub.Close()
	e, s, err := findCheck(c, name)
	if err != nil {
		return err
	}
	if n := len(script.Casts(s.Programs)); f.cast < 0 || f.cast > n {
		return fmt.Errorf("--cast %d: %s/%s has %s", f.cast, e.ID, s.ID, numbered(n))
	}
	p := newProgress(a.stderr)
	o := grader.Options{Seed: f.seed, Progress: p.show}
	if err := takeIsolation(f.isolation, &o); err != nil {
		return err
	}
	t, err := c.Trace(a.ctx, sub, e, s.ID, o)
	p.clear()
	if err != nil {
		return err
	}
	t.Given = grader.Given{Course: a.courseDir, Submission: a.submission, Seed: f.seed}
	if f.cast > 0 {
		t.Casts = t.Casts[f.cast-1 : f.cast]
	}
	if err := a.showTrace(t, f); err != nil {
		return err
	}
	return traceVerdict(t)
}

func numbered(casts int) string {
	if casts == 1 {
		return "one cast only"
	}
	return fmt.Sprintf("the casts 1 to %d", casts)
}

// showTrace writes the picture first: if that fails, the reason stands last.
func (a *app) showTrace(t *grader.Trace, f traceFlags) error {
	if f.svg != "" {
		if err := report.TraceSVGFile(f.svg, t); err != nil {
			return err
		}
	}
	write := func(w io.Writer) error { return report.TraceText(w, t, report.ScreenOptions(a.stdout.w)) }
	if f.json {
		write = func(w io.Writer) error { return report.TraceJSON(w, t) }
	}
	if err := write(a.stdout.w); err != nil && !errors.Is(err, syscall.EPIPE) {
		return fmt.Errorf("cannot write to stdout: %w", err)
	}
	return nil
}

func traceVerdict(t *grader.Trace) error {
	has := func(o grader.Outcome) bool {
		return slices.ContainsFunc(t.Casts, func(c grader.CastTrace) bool { return c.Outcome == o })
	}
	switch {
	case has(grader.Broken):
		return verdictError(exitBroken)
	case has(grader.Fail), has(grader.NotRun):
		return verdictError(exitFail)
	}
	return nil
}

// findCheck finds the check that is named ID/CHECK, or as its script is.
func findCheck(c *grader.Course, name string) (*grader.Exercise, *script.Script, error) {
	id := strings.Trim(strings.TrimPrefix(strings.TrimPrefix(name, "exercises/"), "testscripts/"), "/")
	id, _, _ = strings.Cut(id, ".txtar")
	for _, e := range c.Exercises() {
		if e.ID == id {
			return nil, nil, fmt.Errorf("%s is an exercise: name one of its checks\n%s", id, checkList(e))
		}
		if e.ID != path.Dir(id) {
			continue
		}
		for _, s := range e.Checks {
			if s.ID == path.Base(id) {
				return e, s, nil
			}
		}
		return nil, nil, unknownCheck(e, path.Base(id))
	}
	return nil, nil, unknownTrace(c, id)
}

func unknownCheck(e *grader.Exercise, check string) error {
	var ids []string
	for _, s := range e.Checks {
		ids = append(ids, s.ID)
	}
	near := ""
	if n := spell.Nearest(check, ids); n != "" {
		near = ": did you mean " + n + "?"
	}
	return fmt.Errorf("%s has no check %q%s\n%s", e.ID, check, near, checkList(e))
}

// checkList has a line a check, with the command that traces it.
func checkList(e *grader.Exercise) string {
	width := 0
	for _, s := range e.Checks {
		width = max(width, len(s.ID))
	}
	var lines []string
	for _, s := range e.Checks {
		lines = append(lines, fmt.Sprintf("  ipclab trace %s/%-*s  %s", e.ID, width, s.ID, s.Title))
	}
	return strings.Join(lines, "\n")
}

// unknownTrace says that there is no such exercise. Somebody may have left its chapter out, or its
// check.
func unknownTrace(c *grader.Course, id string) error {
	for _, e := range c.Exercises() {
		for _, s := range e.Checks {
			full := e.ID + "/" + s.ID
			if strings.HasSuffix(full, "/"+id) && strings.Contains(id, "/") {
				return fmt.Errorf("unknown exercise %q: did you mean ipclab trace %s?", path.Dir(id), full)
			}
		}
	}
	exercise := id
	if strings.Count(id, "/") > 1 {
		exercise = path.Dir(id)
	}
	if _, err := c.Exercise(exercise); err != nil {
		return err
	}
	return fmt.Errorf("unknown exercise %q: ipclab list shows them all", exercise)
}
