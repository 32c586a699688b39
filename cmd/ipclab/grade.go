package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"ipclab/grader"
	"ipclab/grader/report"

	"github.com/spf13/cobra"
)

func (a *app) gradeCommand() *cobra.Command {
	var o grader.Options
	var reports []string
	var isolation string
	var keep bool
	cmd := &cobra.Command{
		Use:   "grade [ID|CHAPTER|quiz...]",
		Short: "grade exercises and the quiz",
		Long: `Builds your programs, runs them together under the scripts of the course, and
says what passes and what does not, and why. Without arguments it grades all.

Exit status: 0 everything passes; 1 something does not; 2 wrong usage, or nothing
could be graded; 3 the grader itself is at fault.`,
		Example: `  ipclab grade
  ipclab grade pipe/filter socket
  ipclab grade -C ../alice --report junit=alice.xml --report text
  ipclab grade pipe/filter --repeat 50`,
		RunE: func(_ *cobra.Command, ids []string) error {
			targets, err := parseTargets(reports)
			if err != nil {
				return err
			}
			if err := takeIsolation(isolation, &o); err != nil {
				return err
			}
			o.Keep = a.keeper(keep)
			return a.grade(ids, o, targets)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&reports, "report", nil, "write the report as `FORMAT[=FILE]`; repeatable (default text)")
	f.StringVar(&isolation, "isolation", "auto", isolationUsage)
	f.IntVar(&o.Jobs, "jobs", 0, "checks to run at once (default: what suits the machine)")
	f.IntVar(&o.Repeat, "repeat", 1, "run each check so many times")
	f.StringVar(&o.Seed, "seed", "", "of all random data (default: a new one, told in the report)")
	f.BoolVar(&o.NoCache, "no-cache", false, "run also what has passed before in the very same form")
	f.BoolVar(&keep, "keep", false, "keep the work folder, and say where it is")
	return cmd
}

// isolationUsage names the tiers.
const isolationUsage = "how to shut programs in: auto (the best that works here), rooms, landlock or none"

// parseTargets reads the values of --report; without any it is the text on stdout.
func parseTargets(values []string) ([]report.Target, error) {
	if len(values) == 0 {
		values = []string{"text"}
	}
	var targets []report.Target
	for _, v := range values {
		t, err := report.Parse(v)
		if err != nil {
			return nil, err
		}
		targets = append(targets, t)
	}
	return targets, nil
}

func takeIsolation(tier string, o *grader.Options) error {
	if !slices.Contains(grader.Tiers, grader.Tier(tier)) {
		return fmt.Errorf("--isolation %q: want auto, rooms, landlock or none", tier)
	}
	o.Isolation = grader.Tier(tier)
	return nil
}

func (a *app) grade(ids []string, o grader.Options, targets []report.Target) error {
	if o.Jobs < 0 || o.Repeat < 1 {
		return fmt.Errorf("--jobs and --repeat want positive numbers")
	}
	c, sub, err := a.open()
	if err != nil {
		return err
	}
	defer sub.Close()
	if o.Select, err = c.Select(ids); err != nil {
		return err
	}
	p := newProgress(a.stderr)
	o.Progress, o.Version = p.show, version()
	rep, err := c.Grade(a.ctx, sub, o)
	p.clear()
	if err != nil {
		return err
	}
	rep.Given = grader.Given{Course: a.courseDir, Submission: a.submission, Seed: o.Seed}
	var out io.Writer = a.stdout
	if tty, _ := isTerminal(a.stdout); tty {
		out = a.stdout.w // whose width and colours the writer finds out
	}
	if err := report.Write(rep, targets, out); err != nil {
		return err
	}
	if toFile := func(t report.Target) bool { return t.File != "" }; a.stdout.unread() && !slices.ContainsFunc(targets, toFile) {
		return fmt.Errorf("nobody has read the report: %w", a.stdout.err)
	}
	switch {
	case rep.IsBroken():
		return verdictError(exitBroken)
	case !rep.Passed():
		return verdictError(exitFail)
	}
	return nil
}

// keeper tells where the work folder is that --keep keeps.
func (a *app) keeper(keep bool) func(string) {
	if !keep {
		return nil
	}
	return func(dir string) { fmt.Fprintf(a.stderr, "ipclab: the work folder is kept: %s\n", dir) }
}

// progress shows what is going on in one line that it overwrites, at a terminal only.
type progress struct {
	w     io.Writer
	tty   bool
	width int
	shown bool
}

func newProgress(w io.Writer) *progress {
	tty, width := isTerminal(w)
	return &progress{w: w, tty: tty, width: width}
}

func (p *progress) show(text string) {
	if !p.tty {
		return
	}
	fmt.Fprintf(p.w, "\r%-*.*s", p.width-1, p.width-1, text)
	p.shown = true
}

func (p *progress) clear() {
	if p.shown {
		fmt.Fprintf(p.w, "\r%s\r", strings.Repeat(" ", p.width-1))
	}
}
