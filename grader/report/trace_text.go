package report

import (
	"fmt"
	"io"
	"strings"

	"ipclab/grader"

	"github.com/rivo/uniseg"
)

// TraceText writes a trace as a screen for the student: one timeline a cast, and why it failed. Each
// line names its process, so that it can be read without seeing the columns. Of the options, Details
// does not count.
func TraceText(w io.Writer, t *grader.Trace, o TextOptions) error {
	if o.Width == 0 {
		o.Width = defaultWidth
	}
	p := &page{width: max(o.Width, leastWidth), color: o.Color, quote: 40, given: t.Given}
	p.entry(0, checkID(t)+":", bold, " %s", t.Title)
	p.prose(0, "%s", legend(t))
	for i, c := range t.Casts {
		p.gap()
		p.entry(0, word(c.Outcome), outcomeStyle(c.Outcome), " %s", castTitle(t, i))
		p.gap()
		p.timeline(newTimeline(c))
		p.castFailure(c)
	}
	p.traceSum(t)
	_, err := io.WriteString(w, p.String())
	return err
}

func legend(t *grader.Trace) string {
	words := "<- from the judge, -> to the judge, times in milliseconds"
	if t.Seed != "" {
		words = "seed " + t.Seed + "; " + words
	}
	return words
}

// most and least columns of the parts of a timeline.
const (
	timeWidth   = 6
	laneGap     = 2
	leastLane   = 22
	mostLanes   = 3
	mostName    = 16
	stepIndent  = timeWidth + laneGap
	linesOfStep = 3
)

// timeline writes one line a step: a column a process where they fit, else a column of names.
func (p *page) timeline(t timeline) {
	if len(t.steps) == 0 {
		p.prose(2, "Nothing has happened.")
		return
	}
	n := len(t.lanes)
	if n > 0 && n <= mostLanes {
		if w := (p.width - stepIndent - laneGap*(n-1)) / n; w >= leastLane || n == 1 {
			p.columns(t, max(w, 1))
			return
		}
	}
	p.nameColumn(t)
}

// columns gives each process a lane.
func (p *page) columns(t timeline, width int) {
	at := map[string]int{}
	head := pad(strings.Repeat(" ", timeWidth-2)+"ms", stepIndent)
	for i, l := range t.lanes {
		at[l.name] = stepIndent + i*(width+laneGap)
		head = pad(head, at[l.name]) + shorten(Line(l.title()), width)
	}
	p.row(0, p.paint(bold, strings.TrimRight(head, " ")))
	for _, s := range t.steps {
		if s.lane == "" {
			p.step(s, stepIndent, s.who(), p.room(stepIndent))
			continue
		}
		p.step(s, at[s.lane], shorten(Line(s.lane), mostName), width)
	}
}

// nameColumn writes the names of all processes one below the other.
func (p *page) nameColumn(t timeline) {
	width := len("judge")
	for _, l := range t.lanes {
		width = max(width, uniseg.StringWidth(shorten(Line(l.name), mostName)))
	}
	p.row(0, p.paint(bold, strings.Repeat(" ", timeWidth-2)+"ms  who"))
	for _, s := range t.steps {
		p.step(s, stepIndent, pad(shorten(Line(s.who()), mostName), width), p.room(stepIndent))
	}
}

// step writes a line: the time, and from a column on the name and what happened. What does not fit
// goes on below, a little deeper.
func (p *page) step(s step, at int, name string, width int) {
	hang := 2
	time := fmt.Sprintf("%*d", timeWidth, s.at)
	for i, l := range s.lines(name+" "+s.arrowed(), width, max(width-hang, 1), linesOfStep*(width-hang)) {
		l = p.paint(s.style, strings.TrimRight(l, " "))
		if i == 0 {
			p.row(0, p.paint(dim, time)+strings.Repeat(" ", max(1, at-len(time)))+l)
			continue
		}
		p.row(at+hang, l)
	}
}

// castFailure says where and why a cast failed.
func (p *page) castFailure(c grader.CastTrace) {
	if c.Outcome == grader.Broken {
		p.gap()
		p.prose(2, "%s", notYourFault)
	}
	if c.Failure == nil {
		return
	}
	p.gap()
	p.failure(2, grader.CheckReport{Failure: c.Failure})
}

// traceSum ends the screen with the command to type.
func (p *page) traceSum(t *grader.Trace) {
	passed, broken := 0, false
	for _, c := range t.Casts {
		if c.Outcome == grader.Pass {
			passed++
		}
		broken = broken || c.Outcome == grader.Broken
	}
	if len(t.Casts) > 1 {
		p.gap()
		p.prose(0, "%d of %s.", passed, count(len(t.Casts), "cast passes", "casts pass"))
	}
	p.gap()
	switch {
	case broken:
		p.prose(0, "%s", howToReport)
		p.row(2, p.commandLine("grade", "--report", "json=broken.json", t.Exercise))
	case passed < len(t.Casts):
		p.command(0, "Fix it, then:", p.commandLine("grade", t.Exercise))
	default:
		p.command(0, "Next:", p.commandLine("grade", t.Exercise))
	}
}
