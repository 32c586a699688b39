package report

import (
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"

	"ipclab/grader"

	"github.com/rivo/uniseg"
	"golang.org/x/term"
)

// TextOptions say how a screen of text looks. The zero value is plain text of 80 columns.
type TextOptions struct {
	Color   bool
	Width   int // columns; 0: 80, and never fewer than 20
	Details int // how many exercises that do not pass are explained; 0: 3, less than 0: all
}

// ScreenOptions finds the options that fit where the text goes: the width and, unless NO_COLOR is
// set, the colours of a terminal; plain text of 80 columns for anything else.
func ScreenOptions(w io.Writer) TextOptions {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return TextOptions{}
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		width = 0
	}
	color := os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return TextOptions{Color: color, Width: width}
}

func writeText(w io.Writer, rep *grader.Report) error { return Text(w, rep, ScreenOptions(w)) }

// Text writes a report as a screen for the student: the exercises, what is wrong with the first that
// do not pass, the sum, and the command to type next.
func Text(w io.Writer, rep *grader.Report, o TextOptions) error {
	s := newScreen(rep, o)
	switch {
	case len(s.items) == 0:
		s.prose(0, "Nothing was graded.")
		s.then("Next:", s.commandLine("list"))
	case s.untouched():
		s.welcome()
	default:
		s.list()
		s.details()
		s.sum()
		s.shown()
		s.next()
	}
	_, err := io.WriteString(w, s.String())
	return err
}

// screen is a report on its way to a terminal.
type screen struct {
	page
	rep     *grader.Report
	items   []item
	explain int // how many items are explained at most
}

// item is one line of the list: an exercise or the quiz.
type item struct {
	id, title  string
	outcome    grader.Outcome
	score, max float64
	exercise   *grader.ExerciseReport // nil for the quiz
}

const defaultWidth, leastWidth, defaultDetails = 80, 20, 3

func newScreen(rep *grader.Report, o TextOptions) *screen {
	s := &screen{rep: rep, explain: o.Details}
	if s.explain == 0 {
		s.explain = defaultDetails
	}
	if o.Width == 0 {
		o.Width = defaultWidth
	}
	s.page = page{width: max(o.Width, leastWidth), color: o.Color, quote: 40, given: rep.Given}
	for i := range rep.Exercises {
		e := &rep.Exercises[i]
		s.items = append(s.items, item{Line(e.ID), Line(e.Title), e.Outcome, e.Score, e.MaxScore, e})
	}
	if q := rep.Quiz; q != nil {
		s.items = append(s.items, item{"quiz", "", q.Outcome, q.Score, q.MaxScore, nil})
	}
	return s
}

// untouched says whether this looks like somebody's first look: a single exercise does not.
func (s *screen) untouched() bool {
	return len(s.rep.Exercises) > 1 && s.first(func(it item) bool { return it.outcome != grader.NotStarted }) == nil
}

// first gives the first item of a kind, or nil.
func (s *screen) first(is func(item) bool) *item {
	for i := range s.items {
		if is(s.items[i]) {
			return &s.items[i]
		}
	}
	return nil
}

func outcomeIs(o grader.Outcome) func(item) bool {
	return func(it item) bool { return it.outcome == o }
}

func (s *screen) welcome() {
	s.prose(0, "Welcome to ipclab: here you write small programs that talk to one another.")
	s.gap()
	s.list()
	s.gap()
	and := ""
	if s.rep.Quiz != nil {
		and = " and a quiz"
	}
	s.prose(0, "%s%s, %s. Nothing is started yet: begin where you like, the order above is a good one.",
		count(len(s.rep.Exercises), "exercise", "exercises"), and, points(s.rep.MaxScore))
	s.then("Begin here:", s.commandLine("read", s.items[0].id))
}

// columns are the widths of the list, where 0 leaves a column out.
type columns struct{ indent, word, id, title, score int }

const leastTitle = 16

// columns fits the list into the page: what a reader can do without goes first.
func (s *screen) columns() columns {
	var c columns
	for _, it := range s.items {
		c.word = max(c.word, uniseg.StringWidth(word(it.outcome)))
		c.id = max(c.id, uniseg.StringWidth(it.id))
		c.title = max(c.title, uniseg.StringWidth(it.title))
		c.score = max(c.score, len(it.marks()))
	}
	if s.width >= 60 {
		c.indent = 2
	}
	left := s.width - (c.indent + c.word + 2 + c.id)
	if left < 2+c.score {
		c.score, c.title = 0, 0
		return c
	}
	left -= 2 + c.score
	if left < 2+min(c.title, leastTitle) {
		c.title = 0
	}
	c.title = min(c.title, left-2)
	return c
}

// list writes one line an item.
func (s *screen) list() {
	c := s.columns()
	for _, it := range s.items {
		w := word(it.outcome)
		line := s.paint(outcomeStyle(it.outcome), w) + pad(w, c.word)[len(w):] + "  " + pad(it.id, c.id)
		if c.title > 0 {
			line += "  " + pad(shorten(it.title, c.title), c.title)
		}
		if c.score > 0 {
			line += "  " + strings.Repeat(" ", c.score-len(it.marks())) + it.marks()
		}
		s.row(c.indent, line)
	}
}

func outcomeStyle(o grader.Outcome) style {
	switch o {
	case grader.Pass:
		return green
	case grader.Fail:
		return red
	case grader.NotStarted, grader.NotRun:
		return dim
	}
	return yellow
}

// marks is an item's score: "1.5 of 2".
func (it item) marks() string {
	if it.outcome == grader.Broken {
		return "not scored"
	}
	return number(it.score) + " of " + number(it.max)
}

func (it item) marksInWords() string {
	if it.outcome == grader.Broken {
		return it.marks()
	}
	return number(it.score) + " of " + points(it.max)
}

// number writes points with two decimals at most. It rounds down, so that what is nearly full marks
// does not look full, but takes a sum of thirds for whole.
func number(x float64) string {
	return strconv.FormatFloat(math.Floor(x*100+1e-6)/100, 'f', -1, 64)
}

func points(x float64) string {
	if number(x) == "1" {
		return "1 point"
	}
	return number(x) + " points"
}

// details explains the first items that do not pass.
func (s *screen) details() {
	explained, hidden := 0, []item{}
	for _, it := range s.items {
		switch {
		case it.outcome == grader.Pass || it.outcome == grader.NotStarted:
		case explained == s.explain:
			hidden = append(hidden, it)
		default:
			explained++
			s.gap()
			s.item(it)
		}
	}
	if len(hidden) > 0 {
		s.gap()
		s.prose(0, "%s not pass either. To see why, grade one by itself:", count(len(hidden), "more does", "more do"))
		s.row(2, s.commandLine("grade", hidden[0].id))
	}
}

func (s *screen) item(it item) {
	name := it.id
	if it.title != "" {
		name += ": " + it.title
	}
	s.entry(0, word(it.outcome), outcomeStyle(it.outcome), " %s, %s", name, it.marksInWords())
	s.gap()
	if it.exercise == nil {
		s.quiz(s.rep.Quiz)
		return
	}
	s.exercise(it.exercise)
}

func (s *screen) exercise(e *grader.ExerciseReport) {
	if e.Outcome == grader.Broken {
		s.prose(2, "%s", notYourFault)
	}
	if e.Problem != "" {
		s.message(4, e.Problem)
	}
	if e.Build != nil && len(e.Build.Errors) > 0 {
		s.prose(2, "It does not build:")
		s.buildErrors(4, e.Build.Errors)
	}
	s.checks(e)
}

// checks writes one line a check, and explains the first that did not pass; all of them if the
// exercise was graded by itself.
func (s *screen) checks(e *grader.ExerciseReport) {
	explained, idle := 0, 0
	ends := sharedEnds(e.Checks)
	told := map[string]string{} // how a program ended -> the check that it was told of
	for _, c := range e.Checks {
		end := ends[c.ID]
		switch {
		case c.Outcome == grader.NotRun:
			idle++
		case end != "" && told[end] != "":
			s.check(c)
			first, _, _ := strings.Cut(end, "\n")
			s.prose(4, "as in %s: %s", Line(told[end]), Line(first))
			s.gap()
		case c.Outcome == grader.Pass, explained == s.explain && len(s.items) > 1:
			s.check(c)
		default:
			explained++
			s.check(c)
			if end != "" {
				told[end] = c.ID
				c.Failure = withoutHint(c.Failure, e.Checks, func(other grader.CheckReport) bool { return ends[other.ID] == end })
			}
			s.failure(4, c)
			if c.Failure != nil && len(c.Failure.Transcript) > 0 {
				given := s.given
				if c.Failure.Seed != "" { // only with that does it fail again
					given.Seed = c.Failure.Seed
				}
				s.command(4, "timeline:", CommandLine(given, "trace", e.ID+"/"+c.ID))
			}
			s.gap()
		}
	}
	if idle > 0 {
		s.prose(2, "%s not run: a program that is needed does not build.", count(idle, "check was", "checks were"))
	}
	if explained > 0 && e.Outcome == grader.Fail && e.Hinted {
		s.gap()
		s.command(2, "Stuck?", s.commandLine("hint", e.ID))
	}
}

func (s *screen) check(c grader.CheckReport) {
	s.entry(2, word(c.Outcome), outcomeStyle(c.Outcome), " %s: %s", c.ID, c.Title)
}

func (s *screen) quiz(q *grader.QuizReport) {
	if q.Outcome == grader.Broken {
		s.prose(2, "%s", notYourFault)
	}
	if q.Problem != "" {
		s.message(4, q.Problem)
	}
	unanswered := 0
	for _, a := range q.Answers {
		switch a.Outcome {
		case "right":
		case "unanswered":
			unanswered++
		default:
			s.answer(a)
		}
	}
	if unanswered > 0 {
		s.prose(2, "%s no answer yet.", count(unanswered, "question has", "questions have"))
	}
}

func (s *screen) answer(a grader.AnswerReport) {
	s.entry(2, a.Question+":", bold, " %s", picked(a))
	if a.Why != "" {
		s.message(4, a.Why)
	}
	s.read(4, a.Wrong)
}

// sum writes the totals, and what is needed to grade the same way again.
func (s *screen) sum() {
	s.gap()
	s.entry(0, s.passing(), bold, ", %s of %s", number(s.rep.Score), points(s.rep.MaxScore))
	s.prose(0, "%s", s.conditions())
	s.open()
	if s.allPass() {
		s.gap()
		s.entry(0, "All pass.", green, " Well done.")
	}
}

// passing says how many exercises pass: "3 of 5 exercises pass".
func (s *screen) passing() string {
	n, broken := 0, 0
	for _, e := range s.rep.Exercises {
		switch e.Outcome {
		case grader.Pass:
			n++
		case grader.Broken:
			broken++
		}
	}
	all := len(s.rep.Exercises)
	switch {
	case all == 0:
		return "Quiz"
	case broken > 0:
		return fmt.Sprintf("%d of %s, %d could not be judged", n, count(all, "exercise passes", "exercises pass"), broken)
	}
	return fmt.Sprintf("%d of %s", n, count(all, "exercise passes", "exercises pass"))
}

func (s *screen) conditions() string {
	var facts []string
	for _, f := range [][2]string{{"submission", s.rep.Submission.Name}, {"isolation", s.rep.Isolation}, {"seed", s.rep.Seed}} {
		if f[1] != "" {
			facts = append(facts, f[0]+" "+f[1])
		}
	}
	if r := s.rep.Runs; r != nil {
		facts = append(facts, fmt.Sprintf("passed %d of %d runs", r.Passed, r.All))
	}
	elapsed := strconv.FormatFloat(float64(s.rep.ElapsedMS)/1000, 'f', 1, 64) + " s"
	return strings.Join(append(facts, elapsed), ", ")
}

// open tells what the isolation does not stop, where that is less than can be had.
func (s *screen) open() {
	if s.rep.Lets != "" {
		s.prose(0, "isolation %s: %s (ipclab doctor says why)", s.rep.Isolation, s.rep.Lets)
	}
}

func (s *screen) allPass() bool {
	return s.first(func(it item) bool { return it.outcome != grader.Pass }) == nil
}

// shown is what there is to say on what passes. The page of a single exercise that has not passed before
// stands here; to others the command leads.
func (s *screen) shown() {
	var passed []*grader.ExerciseReport
	for i := range s.rep.Exercises {
		if e := &s.rep.Exercises[i]; e.Shown != "" && (!e.Cached || len(s.items) == 1) {
			passed = append(passed, e)
		}
	}
	switch {
	case len(passed) == 0:
	case len(s.items) == 1 && !passed[0].Cached:
		s.gap()
		s.markdown(passed[0].Shown)
	case len(passed) == 1:
		s.then("What you have shown:", s.commandLine("shown", passed[0].ID))
	default:
		s.then("What you have shown:", s.commandLine("shown"))
	}
}

// markdown writes the paragraphs of a text of ours, wrapped anew, and its headings.
func (s *screen) markdown(text string) {
	for _, block := range strings.Split(strings.TrimSpace(text), "\n\n") {
		block = strings.ReplaceAll(strings.TrimSpace(block), "\n", " ")
		if strings.HasPrefix(block, "#") {
			s.row(0, s.paint(bold, Line(block)))
		} else {
			s.prose(0, "%s", block)
		}
		s.gap()
	}
}

// next ends the screen with the command to type: what fails comes before what is new.
func (s *screen) next() {
	failing, broken, fresh := s.first(outcomeIs(grader.Fail)), s.first(outcomeIs(grader.Broken)), s.first(outcomeIs(grader.NotStarted))
	if broken != nil {
		s.gap()
		s.prose(0, "%s", howToReport)
		s.row(2, s.commandLine("grade", "--report", "json=broken.json", broken.id))
	}
	switch {
	case failing != nil && failing.exercise != nil:
		s.then("Fix it, then:", s.commandLine("grade", failing.id))
	case fresh != nil && fresh.exercise != nil:
		s.then("Next:", s.commandLine("read", fresh.id))
	case failing != nil || fresh != nil:
		s.then("Next:", s.commandLine("quiz"))
	case broken == nil:
		s.then("What comes next:", "ipclab")
	}
}

// then is the last line of the screen.
func (s *screen) then(lead, command string) {
	s.gap()
	s.command(0, lead, command)
}

const (
	notYourFault = "The grader itself broke here. It is not your fault."
	howToReport  = "The grader broke. Please send this screen to your instructor, with the file broken.json, which you make with:"
)
