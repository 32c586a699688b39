package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"ipclab/grader"

	"github.com/rivo/uniseg"
)

// TraceJSON writes a trace as JSON. What the model holds twice, the transcript of a failure beside
// the events of its cast, is written once.
func TraceJSON(w io.Writer, t *grader.Trace) error {
	doc := *t
	doc.Casts = slices.Clone(t.Casts)
	for i := range doc.Casts {
		c := &doc.Casts[i]
		c.Events = append([]grader.TranscriptEvent{}, c.Events...)
		c.Roles = maps.Clone(c.Roles)
		if c.Roles == nil {
			c.Roles = map[string]string{}
		}
		if c.Failure != nil {
			f := *c.Failure
			f.Transcript = nil
			c.Failure = &f
		}
	}
	if doc.Casts == nil {
		doc.Casts = []grader.CastTrace{}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return err
	}
	_, err := w.Write(asciiControls(b.Bytes()))
	return err
}

// timeline is one cast of a trace, in the words that the text and the picture share.
type timeline struct {
	lanes []lane
	steps []step
}

// lane is a process or a scripted peer.
type lane struct {
	name string
	peer bool
	role string // whose program it is: "yours" or "reference"; empty if that is not known
}

// title names a lane, and says who is behind it.
func (l lane) title() string {
	switch {
	case l.peer:
		return l.name + " (the judge)"
	case l.role != "":
		return l.name + " (" + l.role + ")"
	}
	return l.name
}

// step is one line of a timeline. Its texts may come from anywhere: who shows them escapes them.
type step struct {
	at    int64  // milliseconds since the room was opened
	lane  string // empty for what the judge does to no process in particular
	arrow arrow
	words string
	data  string // bytes that went one way or the other, if moved is set
	moved bool
	style style // red for errors, yellow for an end that was no success
}

// arrow tells which way something goes.
type arrow string

const (
	within   arrow = ""
	byJudge  arrow = "<-" // the judge sends it, or does it to the process
	forJudge arrow = "->" // it comes from the process
)

// lines says what happens, after a lead, in lines of two widths, and in about so many columns in all.
// Words are broken between them. Bytes are quoted, and nothing is left out where their lines break.
func (s step) lines(lead string, first, rest, budget int) []string {
	text := clip(Line(clipBytes(lead+s.words)), max(budget, leastQuote))
	if !s.moved {
		return wrap(text, first, rest)
	}
	text = strings.TrimLeft(strings.TrimRight(text, " ")+" ", " ")
	quote, missing := quoted(s.data, max(leastQuote, budget-uniseg.StringWidth(text)))
	lines := fold(text+quote, first, rest)
	last := len(lines) - 1
	if last > 0 {
		first = rest
	}
	if uniseg.StringWidth(lines[last]+missing) <= first {
		lines[last] += missing
		return lines
	}
	return append(lines, wrap(missing, rest, rest)...)
}

// fold breaks a line that holds a quoted text, and keeps all of it: after a newline, which is written
// \n, or before a blank, if there is one in the second half of a line, and never within an escape.
func fold(s string, first, rest int) []string {
	var lines []string
	for width := first; ; width = rest {
		n := foldAt(s, width)
		lines = append(lines, s[:n])
		if s = s[n:]; s == "" {
			return lines
		}
	}
}

func foldAt(s string, width int) int {
	newline, blank, state := 0, 0, -1
	for n, used := 0, 0; n < len(s); {
		size := escapeSize(s[n:])
		columns := size
		if size > 0 {
			state = -1
		} else {
			var cluster string
			cluster, _, columns, state = uniseg.FirstGraphemeClusterInString(s[n:], state)
			size = len(cluster)
		}
		if used += columns; used > width && n > 0 {
			best := max(newline, blank)
			if newline > n/2 {
				best = newline
			}
			if best > n/2 {
				return best
			}
			return n
		}
		if s[n] == ' ' {
			blank = n
		}
		if n += size; s[n-size:n] == `\n` {
			newline = n
		}
	}
	return len(s)
}

// escapeSize is the length of the escape with which a text begins; 0 if it begins with none.
func escapeSize(s string) int {
	if len(s) < 2 || s[0] != '\\' {
		return 0
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[s[1]]
	end := min(2+digits, len(s))
	if s[1] >= utf8.RuneSelf || strings.Trim(s[2:end], "0123456789abcdef") != "" {
		return 0 // a backslash that means itself
	}
	return end
}

// whole is a step in one line, with more of its bytes than there is room for in a label.
func (s step) whole() string {
	return fmt.Sprintf("%d ms %s", s.at, strings.Join(s.lines(clipBytes(s.who())+" "+s.arrowed(), longest, longest, longest), " "))
}

// who does it.
func (s step) who() string {
	if s.lane == "" {
		return "judge"
	}
	return s.lane
}

// arrowed is the arrow with the blank that follows it.
func (s step) arrowed() string {
	if s.arrow == within {
		return ""
	}
	return string(s.arrow) + " "
}

// leastQuote has room for a few letters and for the word on how many more there are.
const leastQuote = 40

// mostSteps is how much of a timeline is shown: its beginning and its end.
const mostSteps = 200

// newTimeline puts the events of a cast into words.
func newTimeline(c grader.CastTrace) timeline {
	events := c.Events
	t := timeline{lanes: lanes(c)}
	peers := map[string]bool{}
	for _, l := range t.lanes {
		peers[l.name] = l.peer
	}
	if c.Failure != nil {
		t.steps = withoutDumps(events, peers)
	} else {
		for _, e := range events {
			t.steps = append(t.steps, newStep(e, peers[e.Process]))
		}
	}
	if cut := len(t.steps) - mostSteps; cut > 0 {
		tail := t.steps[len(t.steps)-mostSteps/2:]
		gap := step{at: tail[0].at, words: fmt.Sprintf("... %s not shown: --json shows them", count(cut, "step is", "steps are"))}
		t.steps = slices.Concat(t.steps[:mostSteps/2], []step{gap}, tail)
	}
	return t
}

// lanes gives the processes and peers of a cast in the order in which they appear.
func lanes(c grader.CastTrace) []lane {
	var all []lane
	at := map[string]int{"": -1}
	for _, e := range c.Events {
		i, known := at[e.Process]
		if !known {
			i = len(all)
			at[e.Process] = i
			all = append(all, lane{name: e.Process, role: roleWord(c.Roles[e.Process])})
		}
		if i >= 0 {
			all[i].peer = all[i].peer || slices.Contains([]string{"listen", "dial", "accept", "received"}, e.Event)
		}
	}
	return all
}

func roleWord(side string) string {
	switch side {
	case "student":
		return "yours"
	case "reference":
		return "the reference"
	}
	return ""
}

// newStep puts one event into words.
func newStep(e grader.TranscriptEvent, peer bool) step {
	s := step{at: e.AtMS, lane: e.Process}
	move := func(a arrow, words string) step {
		s.arrow, s.words, s.data, s.moved = a, words, e.Text, true
		return s
	}
	say := func(a arrow, st style, format string, args ...any) step {
		s.arrow, s.style, s.words = a, st, fmt.Sprintf(format, args...)
		return s
	}
	switch e.Event {
	case "start":
		return say(within, plain, "starts: %s", e.Text)
	case "stdin":
		return sent(s, e.Text, peer)
	case "stdout":
		return move(forJudge, "")
	case "stderr":
		return move(forJudge, "stderr")
	case "received":
		return move(forJudge, "receives")
	case "eof":
		if peer {
			return say(forJudge, plain, "receives end of file")
		}
		return say(forJudge, plain, "end of %s", e.Text)
	case "signal", "limit":
		return say(byJudge, plain, "%s %s", e.Event, e.Text)
	case "taken":
		return say(within, plain, "takes %s", e.Text)
	case "blocked":
		return say(within, dim, "is blocked")
	case "exit":
		return ended(s, e.Text)
	case "listen":
		return say(within, plain, "listens on %s", e.Text)
	case "dial":
		return say(within, plain, "dials %s", e.Text)
	case "accept":
		return say(within, plain, "accepts a connection")
	case "closed":
		return say(within, plain, "closes the connection at once")
	case "error":
		return say(within, red, "error: %s", e.Text)
	}
	return say(within, plain, "%s: %s", e.Event, e.Text)
}

// endOfInput is the text by which the transcript tells that the judge closed an input.
const endOfInput = "(end of input)"

func sent(s step, text string, peer bool) step {
	s.arrow = byJudge
	if text == endOfInput {
		s.words = "end of input"
	} else {
		s.data, s.moved = text, true
	}
	if peer {
		s.words = strings.TrimRight("sends "+s.words, " ")
	}
	return s
}

func ended(s step, how string) step {
	s.words = "ends: " + how
	if code, ok := strings.CutPrefix(how, "exit status "); ok {
		s.words = "exits with status " + code
	} else if strings.HasPrefix(how, "killed by ") {
		s.words = "is " + how
	}
	if how != "exit status 0" {
		s.style = yellow
	}
	return s
}

// withoutDumps puts the events of a cast that failed into words. When a check has failed, the judge
// asks Go programs for their goroutines by SIGQUIT. What they print then, and their end, is the
// judge's doing and not theirs: one line says so. What the answer was stands in the failure.
func withoutDumps(events []grader.TranscriptEvent, peers map[string]bool) []step {
	var steps []step
	asked := map[string]bool{}
	over := map[string]bool{} // what these still do is an answer
	for i, e := range events {
		dumped := false
		switch {
		case over[e.Process]:
			continue
		case e.Event == "signal" && e.Text == "SIGQUIT":
			asked[e.Process] = true // by the script: what comes is a part of the check
		case e.Event == "stderr" && !asked[e.Process]:
			e.Text, dumped = cutDump(e.Text)
		}
		if !dumped || e.Text != "" {
			steps = append(steps, newStep(e, peers[e.Process]))
		}
		if dumped {
			over[e.Process] = true
			steps = append(steps, step{at: timeOfDump(e, events[i+1:]), lane: e.Process, arrow: byJudge, words: askedWord, style: dim})
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Compare(a.at, b.at) })
	return steps
}

// timeOfDump is not that of an event that begins with something else, but that of what follows.
func timeOfDump(e grader.TranscriptEvent, later []grader.TranscriptEvent) int64 {
	i := slices.IndexFunc(later, func(l grader.TranscriptEvent) bool { return l.Process == e.Process })
	if e.Text == "" || i < 0 {
		return e.AtMS
	}
	return later[i].AtMS
}

const askedWord = "asked where it stands, which ends it (SIGQUIT)"

// cutDump takes the beginning of a dump off a text. The transcript may have joined the two.
func cutDump(text string) (own string, dumped bool) {
	i := strings.Index("\n"+text+"\n", "\n"+dumpBegins+"\n")
	if i < 0 {
		return text, false
	}
	return text[:i], true
}

// dumpBegins is the first line of what Go's runtime prints on SIGQUIT.
const dumpBegins = "SIGQUIT: quit"

// quoted shows bytes as a Go string. Where it would be wider than width columns it is cut, and the
// second result says how much is missing; together they are not wider.
func quoted(s string, width int) (quote, rest string) {
	var b strings.Builder
	used, kept, keptAt := 2, 0, 0 // the quotes; bytes of s that fit beside a word on the rest, and of b
	reserve := len(missing(s, s))
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		piece := string(r)
		if r == utf8.RuneError {
			piece = s[i : i+n]
		}
		piece = strconv.Quote(piece)
		piece = Line(piece[1 : len(piece)-1])
		if used += max(1, uniseg.StringWidth(piece)); used > width {
			return `"` + b.String()[:keptAt] + `"`, missing(s, s[kept:])
		}
		b.WriteString(piece)
		i += n
		if used+reserve <= width {
			kept, keptAt = i, b.Len()
		}
	}
	return `"` + b.String() + `"`, ""
}

// transcriptBytes is how much of one event's text a transcript keeps at most.
const transcriptBytes = 4096

// missing says how much of a text is not shown. Where the transcript itself has cut the text, or put
// U+FFFD for what is not UTF-8, the number is not exact, and the words admit it.
func missing(all, rest string) string {
	size := count(len(rest), "byte", "bytes")
	switch {
	case strings.ContainsRune(all, utf8.RuneError):
		return "... about " + size + " more"
	case len(all) >= transcriptBytes:
		return "... at least " + size + " more"
	}
	return "... " + size + " more"
}

// checkID is how commands name the check of a trace.
func checkID(t *grader.Trace) string { return Line(t.Exercise + "/" + t.Check) }

// castTitle says who plays: "cast 1 of 3: your client with the reference server".
func castTitle(t *grader.Trace, i int) string {
	who := castName(t.Casts[i].Roles)
	if len(t.Casts) == 1 {
		return who
	}
	return fmt.Sprintf("cast %d of %d: %s", i+1, len(t.Casts), who)
}
