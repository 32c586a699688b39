package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"

	"ipclab/exercises"
	"ipclab/grader"

	"github.com/spf13/cobra"
)

func (a *app) checkCommand() *cobra.Command {
	var o grader.Options
	var writeStubs, isolation, format string
	var keep bool
	cmd := &cobra.Command{
		Use:   "check [ID|CHAPTER...]",
		Short: "check the course itself: solutions pass, stubs fail, wrong programs are caught",
		Long: `Checks what an author has written: every stub builds and fails for a stated
reason; every solution, and every program that is right in another manner, passes;
every wrong program fails in the check that is named for it; texts are complete,
and each misconception that a failure or the quiz can name has its paragraph.

With --matrix every wrong program runs under all checks of its exercise, and the
matrix says who catches what. It warns of checks that no wrong program needs, and of
wrong programs that one check alone catches, and that not in every run. Below it
stands the table of bugs of the whole course, with what covers each.`,
		Example: `  ipclab check
  ipclab check pipe/filter --repeat 50
  ipclab check pipe/filter --matrix
  ipclab check --matrix --report json
  ipclab check --course . --write-stubs testscripts/stubs.txtar`,
		RunE: func(_ *cobra.Command, ids []string) error {
			if writeStubs != "" {
				return a.writeStubs(writeStubs)
			}
			if err := takeIsolation(isolation, &o); err != nil {
				return err
			}
			print, ok := map[string]func(*grader.Audit) error{"text": a.printAudit, "json": a.printAuditJSON}[format]
			if !ok {
				return fmt.Errorf("--report %q: want text or json", format)
			}
			o.Keep = a.keeper(keep)
			return a.check(ids, o, print)
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.Repeat, "repeat", 1, "run right programs so many times, and with --matrix wrong ones too")
	f.BoolVar(&o.Matrix, "matrix", false, "run wrong programs under all checks, and show who catches what")
	f.StringVar(&format, "report", "text", "how to write the result: text or json")
	f.IntVar(&o.Jobs, "jobs", 0, "checks to run at once (default: what suits the machine)")
	f.StringVar(&isolation, "isolation", "auto", isolationUsage)
	f.StringVar(&o.Seed, "seed", "", "of all random data (default: a new one)")
	f.BoolVar(&keep, "keep", false, "keep the work folder, and say where it is")
	f.StringVar(&writeStubs, "write-stubs", "", "after a change to stubs: write them all to the archive `FILE`, and check nothing")
	return cmd
}

func (a *app) check(ids []string, o grader.Options, print func(*grader.Audit) error) error {
	if o.Jobs < 0 || o.Repeat < 1 {
		return fmt.Errorf("--jobs and --repeat want positive numbers")
	}
	c, err := a.course()
	if err != nil {
		return err
	}
	if o.Select, err = c.Select(ids); err != nil {
		return err
	}
	p := newProgress(a.stderr)
	o.Progress = p.show
	audit, err := c.Verify(a.ctx, o)
	p.clear()
	if err != nil {
		return err
	}
	if err := print(audit); err != nil {
		return err
	}
	if len(audit.Problems) > 0 {
		return verdictError(exitFail)
	}
	return nil
}

func (a *app) printAuditJSON(audit *grader.Audit) error {
	e := json.NewEncoder(a.stdout)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(audit)
}

func (a *app) printAudit(audit *grader.Audit) error {
	a.printRows(audit)
	if len(audit.Matrix) > 0 {
		for _, m := range audit.Matrix {
			a.printMatrix(m)
		}
		fmt.Fprint(a.stdout, matrixLegend)
		a.printBugs(audit)
	}
	for _, p := range audit.Problems {
		fmt.Fprintf(a.stdout, "\nproblem: %s\n", p)
	}
	for _, w := range audit.Warnings {
		fmt.Fprintf(a.stdout, "\nwarning: %s\n", w)
	}
	switch len(audit.Problems) {
	case 0:
		fmt.Fprintln(a.stdout, "\nThe course is sound.")
	case 1:
		fmt.Fprintln(a.stdout, "\n1 problem.")
	default:
		fmt.Fprintf(a.stdout, "\n%d problems.\n", len(audit.Problems))
	}
	return nil
}

func (a *app) printRows(audit *grader.Audit) {
	t := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "exercise\tchecks\tstub\tsolution\tright\twrong")
	var sum grader.AuditRow
	for _, r := range audit.Rows {
		stub := "fails"
		if !r.Stub {
			stub = "PROBLEM"
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%d of %d\t%d of %d\t%d of %d\n", r.Exercise, r.Checks, stub, r.SolutionPassed, r.SolutionRuns, r.RightPassed, r.RightRuns, r.WrongCaught, r.Wrong)
		sum.Checks += r.Checks
		sum.SolutionPassed, sum.SolutionRuns = sum.SolutionPassed+r.SolutionPassed, sum.SolutionRuns+r.SolutionRuns
		sum.RightPassed, sum.RightRuns = sum.RightPassed+r.RightPassed, sum.RightRuns+r.RightRuns
		sum.WrongCaught, sum.Wrong = sum.WrongCaught+r.WrongCaught, sum.Wrong+r.Wrong
	}
	fmt.Fprintf(t, "total\t%d\t\t%d of %d\t%d of %d\t%d of %d\n", sum.Checks, sum.SolutionPassed, sum.SolutionRuns, sum.RightPassed, sum.RightRuns, sum.WrongCaught, sum.Wrong)
	t.Flush()
	fmt.Fprintln(a.stdout, "\nsolution, right: runs that passed; wrong: programs that were caught")
}

func (a *app) writeStubs(to string) error {
	files := grader.Files{Exercises: exercises.Files}
	if a.courseDir != "" {
		files.Exercises = os.DirFS(filepath.Join(a.courseDir, "exercises"))
	}
	if err := grader.WriteStubs(files, to); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%s holds the stubs as they are now\n\nNext: ipclab check\n", to)
	return nil
}
