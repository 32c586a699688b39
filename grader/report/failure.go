package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"ipclab/grader"
)

// failure explains why a check did not pass: the place in the script, what happened, and what helps
// to find the fault. The transcript is not part of it.
func (p *page) failure(indent int, c grader.CheckReport) {
	f := c.Failure
	if f == nil {
		p.prose(indent, "the report gives no reason")
		return
	}
	p.place(indent, f)
	if strings.TrimSpace(f.Message) != "" {
		p.gap()
		p.message(indent, f.Message)
		p.gap()
	}
	if !strings.Contains(f.Message, "\nwhere:") { // the message may tell it already, and more
		p.whereabouts(indent, f.Where)
	}
	p.label(indent, "side", f.Side)
	p.casts(indent, c.Casts)
	p.label(indent, "hint", f.Hint)
	p.read(indent, f.Wrong)
}

// sharedEnds finds the checks, by id, that failed since a program ended in the same way as in others. Such
// an end is most likely nothing that any of these checks is about: it need be told only once.
func sharedEnds(checks []grader.CheckReport) map[string]string {
	ends, count := map[string]string{}, map[string]int{}
	for _, c := range checks {
		if c.Failure != nil && c.Failure.End != "" {
			ends[c.ID] = c.Failure.End
			count[c.Failure.End]++
		}
	}
	maps.DeleteFunc(ends, func(_, end string) bool { return count[end] == 1 })
	return ends
}

// withoutHint takes the hint from a failure that some checks share, and the misconception, unless all of them
// name the same one: a hint is on what its check is about, and that end is hardly about all of it.
func withoutHint(f *grader.Failure, checks []grader.CheckReport, shares func(grader.CheckReport) bool) *grader.Failure {
	for _, c := range checks {
		if shares(c) && (f.Wrong == "" || c.Failure.Wrong != f.Wrong) {
			bare := *f
			bare.Hint, bare.Wrong = "", ""
			return &bare
		}
	}
	return f
}

// read names the command that shows what a lesson says on a misconception.
func (p *page) read(indent int, misconception string) {
	if misconception != "" {
		p.command(indent, "read:", p.commandLine("read", misconception))
	}
}

func (p *page) place(indent int, f *grader.Failure) {
	if f.Script != "" {
		p.entry(indent, "", plain, "%s", strings.TrimSuffix(position(f.Script, f.Line, 0)+": "+f.Command, ": "))
	}
	p.label(indent, "while", f.Phase)
}

// label writes a named fact, unless there is none.
func (p *page) label(indent int, name, text string) {
	if text = strings.ReplaceAll(strings.TrimSpace(text), "\n", " "); text != "" {
		p.entry(indent, name+":", bold, " %s", clipBytes(text))
	}
}

// mostPlaces is how many processes a failure shows; the first ones are the nearest to the fault.
const mostPlaces = 8

func (p *page) whereabouts(indent int, places []grader.Place) {
	for i, at := range places {
		if i == mostPlaces {
			p.prose(indent, "... %s more", count(len(places)-i, "place", "places"))
			return
		}
		p.label(indent, "where", whereabout(at))
	}
}

// whereabout says where a process stands: "match is at match/main.go:18 in main.main (IO wait)".
func whereabout(at grader.Place) string {
	s := at.Process
	if at.File != "" {
		s += " is at " + position(at.File, at.Line, 0)
	}
	if at.Function != "" {
		s += " in " + at.Function
	}
	if at.State != "" {
		s += " (" + at.State + ")"
	}
	return s
}

// position writes file:line:col as far as it is known.
func position(file string, line, col int) string {
	switch {
	case line == 0:
		return file
	case col == 0:
		return fmt.Sprintf("%s:%d", file, line)
	}
	return fmt.Sprintf("%s:%d:%d", file, line, col)
}

// casts says with which partners the programs were run, where there was a choice.
func (p *page) casts(indent int, casts []grader.CastReport) {
	if len(casts) < 2 {
		return
	}
	for _, c := range casts {
		p.label(indent, "cast", fmt.Sprintf("%s, %s", castName(c.Roles), word(c.Outcome)))
	}
}

// castName says who plays: "your client with the reference server".
func castName(roles map[string]string) string {
	var yours, reference []string
	for _, program := range slices.Sorted(maps.Keys(roles)) {
		if roles[program] == "student" {
			yours = append(yours, program)
		} else {
			reference = append(reference, program)
		}
	}
	parts := []string{"your " + strings.Join(yours, " and ")}
	if len(yours) == 0 {
		parts = nil
	}
	if len(reference) > 0 {
		parts = append(parts, "the reference "+strings.Join(reference, " and "))
	}
	return strings.Join(parts, " with ")
}

// buildErrors lists what keeps programs from being built, as compilers do.
func (p *page) buildErrors(indent int, errs []grader.BuildError) {
	for i, e := range errs {
		if i == p.quote {
			p.prose(indent, "... %s more", count(len(errs)-i, "error", "errors"))
			return
		}
		first, rest, _ := strings.Cut(strings.TrimSpace(e.Message), "\n")
		place := position(cmp.Or(e.File, e.Program), e.Line, e.Col)
		p.entry(indent, "", plain, "%s: %s", place, clipBytes(first))
		if rest != "" {
			p.message(indent, rest)
		}
	}
}

// picked says what was answered: "wrong: you picked b, c".
func picked(a grader.AnswerReport) string {
	if len(a.Picked) == 0 {
		return Line(a.Outcome)
	}
	return Line(clipBytes(a.Outcome + ": you picked " + strings.Join(a.Picked, ", ")))
}

// word is an outcome in words that do not need a colour.
func word(o grader.Outcome) string {
	switch o {
	case grader.Fail:
		return "FAIL"
	case grader.NotStarted:
		return "not started"
	case grader.NotRun:
		return "not run"
	}
	return shorten(Line(string(o)), longestWord)
}

// longestWord bounds an outcome that is not one of ours: "not started" is the longest of those.
const longestWord = 11
