package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"ipclab/grader"

	"github.com/spf13/cobra"
)

func (a *app) doctorCommand() *cobra.Command {
	format := "text"
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "what this machine has, and what to do about what is missing",
		Long: `Looks at what the grader needs and uses: the Go toolchain, the cache, disk, and how
far programs can be shut in. Each line begins with ok, less (it works, with something
less) or missing.

Exit status: 0 the course can be graded here; 1 something must be mended first.`,
		Args: exactly(),
		RunE: func(*cobra.Command, []string) error {
			if format != "text" && format != "json" {
				return fmt.Errorf("--report %q: want text or json", format)
			}
			return a.doctor(format == "json")
		},
	}
	cmd.Flags().StringVar(&format, "report", format, "write the findings as `FORMAT`: text or json")
	return cmd
}

func (a *app) doctor(asJSON bool) error {
	all, err := grader.Examine(a.ctx)
	if err != nil {
		return err
	}
	all = append(all, a.terminal())
	missing := 0
	for _, f := range all {
		if f.Level == grader.Missing {
			missing++
		}
	}
	if asJSON {
		err = json.NewEncoder(a.stdout).Encode(all)
	} else {
		a.printFindings(all, missing)
	}
	if err == nil && missing > 0 {
		return verdictError(exitFail)
	}
	return err
}

func (a *app) printFindings(all []grader.Finding, missing int) {
	for _, f := range all {
		fmt.Fprintf(a.stdout, "%s: %s: %s\n", f.Level, f.Name, strings.ReplaceAll(f.Found, "\n", " "))
		if f.Do != "" {
			fmt.Fprintf(a.stdout, "    what to do: %s\n", f.Do)
		}
	}
	if missing == 0 {
		fmt.Fprintln(a.stdout, "\nThe course can be graded here.")
	} else {
		fmt.Fprintf(a.stdout, "\nMend first what is missing: %d of these.\n", missing)
	}
}

// terminal tells what the screens will look like.
func (a *app) terminal() grader.Finding {
	f := grader.Finding{Name: "terminal", Level: grader.Good, Found: "none: output is plain text, 80 columns wide"}
	if tty, width := isTerminal(a.stdout); tty {
		f.Found = fmt.Sprintf("%d columns, TERM %s, colours: %v", width, os.Getenv("TERM"), colour(a.stdout))
	}
	return f
}
