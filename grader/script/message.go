package script

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"ipclab/grader/room"
)

// A message has several parts, each on a line of its own: what the program was sent, what was expected
// of it, what came, why it will not come any more, what the program says of it for people, and the wall
// of its room that it has run into.

// shown is how much of a text a message quotes.
const shown = 100

// quote shows bytes as a Go string, cut where it is long.
func quote(s string) string {
	if len(s) <= shown {
		return strconv.Quote(s)
	}
	n := shown // not in the middle of a letter
	for n > shown-utf8.UTFMax && !utf8.RuneStart(s[n]) {
		n--
	}
	return fmt.Sprintf("%s... (%s bytes in all)", strconv.Quote(s[:n]), thousands(len(s)))
}

// printable escapes what does not show, or acts on a terminal, except the letters to be kept. The
// result is valid UTF-8.
func printable(s, keep string) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		if strconv.IsPrint(r) || strings.ContainsRune(keep, r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
}

// clean makes printable what a diagnosis took from the program: names of commands and files, and
// dumps of goroutines, which a program may as well have made up.
func clean(d *room.Diagnosis) {
	texts := []*string{&d.Process}
	for i := range d.Waits {
		w := &d.Waits[i]
		texts = append(texts, &w.Call, &w.Object)
		for j := range w.Holders {
			texts = append(texts, &w.Holders[j])
		}
	}
	for i := range d.Goroutines {
		g := &d.Goroutines[i]
		texts = append(texts, &g.State, &g.File, &g.Function, &g.In)
	}
	for _, t := range texts {
		*t = printable(*t, "")
	}
}

func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// mismatch composes the message on one actor.
func (c *call) mismatch(a *actor, expected, came, why string) error {
	var b strings.Builder
	part := func(label, text string) {
		if text != "" {
			fmt.Fprintf(&b, "%-10s%s\n", label+":", strings.ReplaceAll(text, "\n", "\n          "))
		}
	}
	part("sent", a.sentWords())
	part("expected", expected)
	part("came", came)
	part("why", why)
	if a.process != nil { // what it wrote there before may still be in the pipe
		c.room.Wait(c.ctx, a.process.Err.Drained)
	}
	if text := a.stderr(); text != "" {
		part("stderr", text)
		part("wall", wallMet(c.walled(), a.process.Err.Text(0)))
		part("limit", limitMet(c.Options, a.process.Err.Text(0)))
	}
	return &mismatch{strings.TrimRight(b.String(), "\n")}
}

// sentWords tells the last things that the actor was sent.
func (a *actor) sentWords() string {
	if len(a.sent) == 0 {
		return ""
	}
	last := a.sent[max(0, len(a.sent)-3):]
	words := strings.Join(last, ", then ")
	if len(last) < len(a.sent) {
		words = "..., then " + words
	}
	if a.process != nil && a.sent[len(a.sent)-1] != endOfInput {
		words += " (its input is still open)"
	}
	return words
}

const endOfInput = "the end of its input"

// stderr gives the last lines that a process wrote there, for people.
func (a *actor) stderr() string {
	if a.process == nil {
		return ""
	}
	text, _, _ := strings.Cut("\n"+a.process.Err.Text(0), "\ngoroutine ") // where: tells the rest
	text = strings.Trim(text, "\n")
	if text == "" {
		return ""
	}
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = quote(l)
	}
	if n := len(lines); n > 6 {
		lines = append([]string{fmt.Sprintf("(%d lines)", n)}, append(lines[:3:3], "...", lines[n-1])...)
	}
	return strings.Join(lines, "\n")
}

// why says for what reason a wait for output ended in vain.
func (c *call) why(a *actor, e room.Ending) string {
	if a.process != nil && a.process.Exited() != nil && e != room.Met {
		if ended, _ := c.ended(a.process.Out); !ended {
			return fmt.Sprintf("%s %s, but its output is still held open by %s: the end of the output comes when every holder has closed it or ended", a.name, a.process.State(), orSomebody(strings.Join(c.room.Holders(a.process.Out), " and ")))
		}
	}
	switch e {
	case room.Quiescent:
		return "nothing more will ever come: " + c.stuck()
	case room.OutOfPatience:
		return fmt.Sprintf("%s of running time passed without it; %s", room.Patience, a.state())
	}
	return a.state()
}

// ended asks for the end of an output.
func (c *call) ended(out *room.Output) (ended bool, err error) {
	c.room.Wait(c.ctx, func() bool { ended, err = out.Ended(); return true })
	return ended, err
}

// stuck tells who waits, when all do.
func (c *call) stuck() string {
	var names []string
	for _, p := range c.room.Processes() {
		if p.Exited() == nil {
			names = append(names, p.Name)
		}
	}
	switch len(names) {
	case 0:
		return "no process of this check runs any more"
	case 1:
		return names[0] + " waits, and nothing that could wake it is under way"
	}
	all := " all"
	if len(names) == 2 {
		all = " both"
	}
	return strings.Join(names, " and ") + all + " wait, and nothing that could wake them is under way"
}

// state tells what the actor is doing.
func (a *actor) state() string {
	if a.process == nil {
		return "the connection of " + a.name + " has ended"
	}
	return a.name + " " + a.process.State()
}
