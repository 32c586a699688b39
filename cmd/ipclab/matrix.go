package main

import (
	"fmt"
	"slices"
	"strings"

	"ipclab/grader"
)

// columnNames name the checks of a matrix by a letter each. An exercise with more checks begins anew.
const columnNames = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

func columnName(i int) string { return string(columnNames[i%len(columnNames)]) }

// printMatrix writes who catches what, a line a wrong program and a column a check.
func (a *app) printMatrix(m grader.Matrix) {
	fmt.Fprintf(a.stdout, "\n%s: wrong program by check\n", m.Exercise)
	var names, letters []string
	for i, id := range m.Checks {
		names = append(names, columnName(i)+" "+id)
		letters = append(letters, columnName(i))
	}
	a.printWrapped("  ", "  ", names)
	width := 0
	for _, r := range m.Rows {
		width = max(width, len(r.Wrong))
	}
	fmt.Fprintf(a.stdout, "  %-*s  %s\n", width, "", strings.Join(letters, " "))
	for _, r := range m.Rows {
		cells, n := make([]string, len(m.Checks)), 0
		for i, id := range m.Checks {
			if cells[i] = cell(r, id); r.Cells[id].Failed > 0 {
				n++
			}
		}
		fmt.Fprintf(a.stdout, "  %-*s  %s  %d\n", width, r.Wrong, strings.Join(cells, " "), n)
	}
}

// cell is one place of the matrix; matrixLegend explains it.
func cell(r grader.MatrixRow, check string) string {
	c, named := r.Cells[check], r.CaughtBy == check
	switch {
	case named && c.Failed == 0:
		return "!"
	case named:
		return "X"
	case c.Failed == 0:
		return "."
	case c.Failed < c.Runs:
		return "o"
	}
	return "x"
}

// printWrapped writes words in lines of 80 columns. All lines after the first stand two columns deeper.
func (a *app) printWrapped(indent, gap string, words []string) {
	line := indent + words[0]
	for _, w := range words[1:] {
		if len(line)+len(gap)+len(w) > 80 {
			fmt.Fprintln(a.stdout, line)
			line = indent + "  " + w
			continue
		}
		line += gap + w
	}
	fmt.Fprintln(a.stdout, line)
}

// printBugs writes the table of bugs, with what covers each.
func (a *app) printBugs(audit *grader.Audit) {
	if len(audit.Bugs) == 0 {
		return
	}
	fmt.Fprintln(a.stdout, "\nThe table of bugs: who must catch it, and with which wrong programs")
	for _, b := range audit.Bugs {
		missing := ""
		if len(b.Covers) == 0 {
			missing = ": MISSING"
		}
		fmt.Fprintf(a.stdout, "%3d  %s%s\n", b.Number, b.Bug, missing)
		for _, check := range checksOf(b) {
			a.printWrapped("       ", " ", slices.Concat([]string{check + ":"}, wrongsOf(b, check)))
		}
	}
	missing := audit.Missing()
	fmt.Fprintf(a.stdout, "\n%d of %d bugs are covered.\n", len(audit.Bugs)-len(missing), len(audit.Bugs))
	if len(missing) > 0 {
		words := []string{"Missing:"}
		for _, n := range missing {
			words = append(words, fmt.Sprint(n))
		}
		a.printWrapped("", " ", words)
	}
}

// checksOf gives the checks that must catch a bug, each once, as chapter/exercise/check.
func checksOf(b grader.Bug) []string {
	var checks []string
	for _, c := range b.Covers {
		if id := c.Exercise + "/" + c.Check; !slices.Contains(checks, id) {
			checks = append(checks, id)
		}
	}
	return checks
}

func wrongsOf(b grader.Bug, check string) []string {
	var wrongs []string
	for _, c := range b.Covers {
		if c.Exercise+"/"+c.Check == check {
			wrongs = append(wrongs, c.Wrong)
		}
	}
	return wrongs
}

const matrixLegend = `
X caught by the check named for it; ! it should be, and is not; x caught by this
check too; o in some of its runs only; . not caught. Last: checks that catch it.
`
