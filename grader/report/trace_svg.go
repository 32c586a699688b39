package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"ipclab/grader"

	"github.com/rivo/uniseg"
)

// TraceSVGFile draws a trace into a file. The file appears whole or not at all, and an error names it
// and the reason.
func TraceSVGFile(name string, t *grader.Trace) error {
	if err := writeFile(name, func(w io.Writer) error { return TraceSVG(w, t) }); err != nil {
		return fmt.Errorf("write the picture to %s: %w", name, reason(err))
	}
	return nil
}

// TraceSVG draws a trace as a sequence diagram: a lane for the judge and one for each process, time
// going down in the order of the events, an arrow for all that goes from one to the other. It needs
// nothing but itself, and holds no script. What a label cuts is told where the pointer rests on it.
func TraceSVG(w io.Writer, t *grader.Trace) error {
	d := &drawing{width: leastPicture}
	var all []timeline
	for _, c := range t.Casts {
		l := newTimeline(c)
		all = append(all, l)
		d.width = max(d.width, laneX(len(l.lanes), laneStep(l))+laneStep(l)/2+margin)
	}
	d.head(t)
	for i, c := range t.Casts {
		d.y += sectionGap
		d.heading(word(c.Outcome), outcomeClass(c.Outcome), castTitle(t, i))
		d.timeline(all[i])
		d.failure(c)
	}
	_, err := io.WriteString(w, d.document(t))
	return err
}

// Measures of the picture, in pixels. Letters are 12 pixels high, and 7.3 wide in any of the fonts
// that a browser is offered.
const (
	margin       = 24
	leastPicture = 760
	timeX        = 84  // where times end
	judgeX       = 130 // the judge's lane
	lineHeight   = 16
	rowGap       = 14
	sectionGap   = 20
	laneHead     = 26
	boxPadding   = 6
	letter       = 7.3
)

// laneStep is how far lanes are apart: the fewer there are, the more room has a label.
func laneStep(t timeline) int {
	switch len(t.lanes) {
	case 0, 1:
		return 440
	case 2:
		return 340
	}
	return 270
}

// laneX gives the middle of lane i; 0 is the judge's.
func laneX(i, step int) int { return judgeX + i*step }

// drawing is a picture that grows downwards.
type drawing struct {
	strings.Builder
	width, y int
}

func (d *drawing) document(t *grader.Trace) string {
	var b strings.Builder
	height := d.y + margin
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img" aria-labelledby="title desc">`+"\n", d.width, height)
	fmt.Fprintf(&b, "<title id=\"title\">%s</title>\n<desc id=\"desc\">%s</desc>\n", escaped(checkID(t)+": "+t.Title), escaped(described(t)))
	b.WriteString(pictureStyle)
	fmt.Fprintf(&b, "<rect class=\"paper\" width=\"%d\" height=\"%d\"/>\n", d.width, height)
	b.WriteString(d.String())
	b.WriteString("</svg>\n")
	return b.String()
}

// described is the picture in words.
func described(t *grader.Trace) string {
	parts := []string{"Sequence diagram, time goes down."}
	for i, c := range t.Casts {
		parts = append(parts, fmt.Sprintf("%s: %s.", word(c.Outcome), castTitle(t, i)))
	}
	return strings.Join(parts, " ") + " As text: ipclab trace " + checkID(t)
}

func escaped(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(Line(s)))
	return b.String()
}

func outcomeClass(o grader.Outcome) string {
	switch o {
	case grader.Pass:
		return "good"
	case grader.Fail:
		return "bad"
	}
	return "odd"
}

func (s step) class() string {
	switch s.style {
	case red:
		return " bad"
	case yellow:
		return " odd"
	case dim:
		return " pale"
	}
	return ""
}

// letters is how many letters fit into a width.
func letters(pixels int) int { return int(float64(pixels) / letter) }

// line writes a line of text at y.
func (d *drawing) line(x, y int, class, text string) {
	fmt.Fprintf(d, "<text x=\"%d\" y=\"%d\" class=\"%s\" xml:space=\"preserve\">%s</text>\n", x, y, class, escaped(text))
}

// prose writes wrapped lines below what is there.
func (d *drawing) prose(class, text string, letters int) {
	for _, l := range wrap(Line(text), letters, letters) {
		d.y += lineHeight
		d.line(margin, d.y, class, l)
	}
}

func (d *drawing) head(t *grader.Trace) {
	d.y = margin
	d.prose("title", checkID(t)+": "+clipBytes(t.Title), letters(d.width-2*margin)*4/5)
	seed := "arrows in the order of the events, times in milliseconds"
	if t.Seed != "" {
		seed = "seed " + clipBytes(t.Seed) + "; " + seed
	}
	d.prose("text pale", seed, letters(d.width-2*margin))
}

func (d *drawing) heading(outcome, class, text string) {
	width := letters(d.width-2*margin) * 4 / 5 // its letters are larger
	for _, l := range wrap(Line(outcome+" "+clipBytes(text)), width, width) {
		d.y += lineHeight + 4
		d.line(margin, d.y, "title "+class, l)
	}
	d.y += rowGap
}

// timeline draws the lanes first: all else lies upon them.
func (d *drawing) timeline(t timeline) {
	step := laneStep(t)
	top := d.y
	names := []string{"the judge"}
	for _, l := range t.lanes {
		names = append(names, l.title())
	}
	rows := &drawing{width: d.width, y: top + laneHead + rowGap}
	at := map[string]int{}
	for i, l := range t.lanes {
		at[l.name] = laneX(i+1, step)
	}
	for _, s := range t.steps {
		rows.step(s, at[s.lane], step)
	}
	for i, name := range names {
		x := laneX(i, step)
		fmt.Fprintf(d, "<line class=\"lane\" x1=\"%[1]d\" y1=\"%[2]d\" x2=\"%[1]d\" y2=\"%[3]d\"/>\n", x, top+laneHead, rows.y)
		d.box(x, top, "head", []string{shorten(Line(clipBytes(name)), letters(min(step, 2*(judgeX-margin))-40))})
	}
	d.WriteString(rows.String())
	d.y = rows.y
}

// step draws an arrow, a box upon the lane, or a line across all lanes.
func (d *drawing) step(s step, x, width int) {
	fmt.Fprintf(d, "<g><title>%s</title>\n", escaped(s.whole()))
	time := fmt.Sprintf("%d ms", s.at)
	switch {
	case s.lane == "":
		d.line(timeX, d.y+lineHeight-4, "time", time)
		d.across(s)
	case s.arrow == within:
		lines := s.label(width - 80)
		mid := d.y + (len(lines)*lineHeight+boxPadding)/2
		d.y += d.box(x, d.y, "note"+s.class(), lines) + rowGap
		d.line(timeX, mid+4, "time", time)
	default:
		d.arrow(s, x, width)
		d.line(timeX, d.y-rowGap+4, "time", time)
	}
	d.WriteString("</g>\n")
}

// label is a step in the lines that a width allows.
func (s step) label(pixels int) []string {
	n := letters(pixels)
	lines := s.lines("", n, n, linesOfStep*n-4)
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}

// box draws lines in a frame, and returns its height.
func (d *drawing) box(x, y int, class string, lines []string) int {
	w, h := int(float64(widest(lines))*letter)+24, len(lines)*lineHeight+boxPadding
	fmt.Fprintf(d, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"5\"/>\n", class, x-w/2, y, w, h)
	for i, l := range lines {
		d.line(x, y+lineHeight*(i+1)-1, "mid "+class, l)
	}
	return h
}

func widest(lines []string) int {
	columns := 0
	for _, l := range lines {
		columns = max(columns, uniseg.StringWidth(l))
	}
	return columns
}

// arrow draws a label and below it the way from one lane to the other. The label stands at the
// process's end: what lies between two lanes belongs to the right one.
func (d *drawing) arrow(s step, x, width int) {
	class := s.class()
	lines := s.label(width - 30)
	left := x - 14 - int(float64(widest(lines))*letter)
	for _, l := range lines {
		d.y += lineHeight
		d.line(left, d.y-4, "halo"+class, l)
	}
	from, to, tip := judgeX, x-1, x-9
	if s.arrow == forJudge {
		from, to, tip = x, judgeX+1, judgeX+9
	}
	fmt.Fprintf(d, "<line class=\"arrow%[1]s\" x1=\"%[2]d\" y1=\"%[3]d\" x2=\"%[4]d\" y2=\"%[3]d\"/>\n", class, from, d.y+3, tip)
	fmt.Fprintf(d, "<path class=\"tip%[1]s\" d=\"M%[2]d %[3]d L%[4]d %[5]d L%[4]d %[6]d Z\"/>\n", class, to, d.y+3, tip, d.y-1, d.y+7)
	d.y += 3 + rowGap
}

// across draws what concerns no single process.
func (d *drawing) across(s step) {
	for _, l := range s.label(d.width - judgeX - margin) {
		d.y += lineHeight
		d.line(judgeX+10, d.y-4, "halo"+s.class(), l)
	}
	d.y += rowGap
}

// failure writes why a cast failed into a frame.
func (d *drawing) failure(c grader.CastTrace) {
	if c.Failure == nil {
		return
	}
	d.y += sectionGap
	p := &page{width: letters(d.width - 2*margin - 24), quote: 40}
	if c.Outcome == grader.Broken {
		p.prose(0, "%s", notYourFault)
	}
	p.failure(0, grader.CheckReport{Failure: c.Failure})
	lines := strings.Split(p.text(), "\n")
	height := len(lines)*lineHeight + 2*boxPadding
	fmt.Fprintf(d, "<rect class=\"frame %s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"5\"/>\n", outcomeClass(c.Outcome), margin, d.y, d.width-2*margin, height)
	for i, l := range lines {
		if l != "" {
			d.line(margin+12, d.y+boxPadding+lineHeight*(i+1)-4, "text", l)
		}
	}
	d.y += height
}

// pictureStyle has no colour that carries a meaning alone.
const pictureStyle = `<style>
.paper { fill: #ffffff }
text { font: 12px "DejaVu Sans Mono", Menlo, Consolas, "Liberation Mono", monospace; fill: #24292f }
text.title { font-size: 15px; font-weight: bold }
text.mid { text-anchor: middle }
text.time { text-anchor: end }
text.halo { paint-order: stroke; stroke: #ffffff; stroke-width: 5px; stroke-linejoin: round }
text.head { font-weight: bold }
text.time, text.pale { fill: #57606a }
text.good { fill: #116329 }
text.bad { fill: #b3121d }
text.odd { fill: #7d4e00 }
rect.head { fill: #eaeef2; stroke: #8c959f }
rect.note { fill: #f6f8fa; stroke: #8c959f }
rect.note.bad { fill: #fff0ee; stroke: #b3121d }
rect.note.odd { fill: #fff8e1; stroke: #9a6700 }
rect.frame { fill: #ffffff; stroke: #9a6700 }
rect.frame.bad { stroke: #b3121d }
.lane { stroke: #afb8c1; stroke-dasharray: 3 4 }
.arrow { stroke: #24292f; stroke-width: 1.3 }
.tip { fill: #24292f }
.arrow.bad { stroke: #b3121d }
.tip.bad { fill: #b3121d }
.arrow.pale { stroke: #57606a; stroke-dasharray: 5 4 }
.tip.pale { fill: #57606a }
</style>
`
