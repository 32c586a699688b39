package script

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ipclab/grader/room"

	"golang.org/x/sys/unix"
)

// symptom is what a failure shows of its cause: what the script asked of whom, and what became of that
// one. All but where is taken before the processes are asked where they stand, since that ends them.
type symptom struct {
	verb     string
	neg      bool
	answer   bool       // it waits for output that is the program's answer, and not what it tells people
	none     bool       // it allows none of what it counts
	running  bool       // some process of the script still runs
	sent     []string   // to the process or peer that was asked, in the words of a message
	exit     *room.Exit // of the process that was asked; nil while it runs
	stderr   string     // of that process
	unread   string     // of its output
	held     bool       // it has ended, but somebody holds its output open
	hungUp   bool       // nobody reads its output any more
	fileFull bool       // no file of its may grow beyond a limit
	message  string     // as it is told, without the whereabouts
	patience bool       // the wait took until patience ended
	where    []room.Diagnosis
	name     string // of who was asked
	mine     bool   // that is a program of the student's
	end      string // see Failure.End
}

// symptom looks at a failure of this call.
func (c *call) symptom(f *Failure) symptom {
	s := symptom{verb: c.verb.Name, neg: c.neg, message: f.Message, patience: f.Patience}
	s.answer = strings.HasPrefix(s.verb, "expect") && !c.has("stderr")
	s.running = slices.ContainsFunc(c.room.Processes(), func(p *room.Process) bool { return p.Exited() == nil })
	if len(c.args) == 0 {
		return s
	}
	s.none = c.args[len(c.args)-1] == "0"
	a := c.actors[c.args[0]]
	if a == nil {
		return s
	}
	s.name, s.sent, s.mine = a.name, a.sent, a.mine
	s.hungUp = c.before("closeoutput", a.name)
	s.fileFull = c.before("limit", a.name, "fsize")
	if a.process == nil {
		return s
	}
	s.exit, s.stderr, s.unread = a.process.Exited(), a.process.Err.Text(0), a.process.Out.Text(a.read[0])
	s.end = c.ownEnd(a)
	if s.exit != nil && c.waited { // or else the end of its output may just be on its way
		ended, _ := c.ended(a.process.Out)
		s.held = !ended
	}
	return s
}

// ownEnd gives Failure.End. Where the script asks how a program ends, that is the check's own matter.
func (c *call) ownEnd(a *actor) string {
	e, said := a.process.Exited(), a.stderr()
	crashed := strings.Contains(a.process.Err.Text(0), "\ngoroutine ")
	if e == nil || e.Code == 0 || said == "" || crashed || !a.mine || c.verb.Name == "exits" {
		return ""
	}
	return e.String() + ", " + said
}

// before tells whether a line above the present one consists of these words, or begins with them.
func (r *run) before(words ...string) bool {
	for _, l := range r.lines[:r.line-1] {
		if got, err := split(l.text); err == nil && len(got) >= len(words) && slices.Equal(got[:len(words)], words) {
			return true
		}
	}
	return false
}

// cause is a misconception, by its id, and the symptom that shows it.
type cause struct {
	id    string
	shows func(symptom) bool
	// guess: the symptom makes it likely, and no more than that. What the script says that it shows comes
	// first: a check of zombies, say, may be about who has to wait, or about how often.
	guess bool
}

// causes lead from a symptom to the misconception behind it; the first that fits is told. What a
// program says itself, or dies of, comes before what it waits for. The lessons have a paragraph on
// each, under its id (see grader.Course.Paragraph).
var causes = []cause{
	{"scanner-limit", func(s symptom) bool { return strings.Contains(s.stderr, "token too long") }, false},
	{"client-holds-name", func(s symptom) bool { return strings.Contains(s.stderr, "address already in use") }, false},
	{"dial-before-listen", func(s symptom) bool { return dialFailed.MatchString(s.stderr) }, false},
	{"descriptors-are-free", descriptorsGone, false},
	{"notify-keeps-default", killedByRequest, false},
	{"writer-just-blocks", readerGone, false},
	{"disk-is-never-full", func(s symptom) bool { return s.fileFull }, false},
	{"exit-needs-no-wait", func(s symptom) bool { return s.verb == "zombies" }, true},
	{"exit-cleans-up", leftBehind, false},
	{"child-exit-is-eof", func(s symptom) bool { return s.held }, true},
	{"scanner-limit", func(s symptom) bool { return s.exit != nil && slices.ContainsFunc(s.sent, isLongLine) }, false},
	{"eof-comes-alone", lastLineLost, false},
	{"poll-for-events", func(s symptom) bool { return s.patience || s.anybody(sleeps) }, false},
	{"read-hears-signals", func(s symptom) bool { return s.lastSent(isSignal) && slices.ContainsFunc(s.asked(), mainReads) }, false},
	{"read-write-fifo", func(s symptom) bool { return s.anyWait("read", ownFIFO) }, false},
	{"own-write-end", func(s symptom) bool { return s.anyWait("read", heldByItself) }, false},
	{"lock-per-process", func(s symptom) bool { return s.anyWait("flock", heldByItself) }, false},
	{"locks-end-by-themselves", func(s symptom) bool { return s.anyWait("flock", heldByAnother) }, false},
	{"open-does-not-wait", func(s symptom) bool { return s.anyWait("open", isFIFO) }, false},
	{"pipe-is-unbounded", func(s symptom) bool { return s.anyWait("write", heldByAnother) }, true},
	{"one-client-at-a-time", func(s symptom) bool { return s.anyWait("unaccepted", s.servesAnother) }, false},
	{"dial-waits-for-accept", func(s symptom) bool { return s.anyWait("unaccepted", anyHolder) }, false},
	{"child-guesses-the-end", func(s symptom) bool { return s.endOrAnswer() && s.anyWait("wait", s.readsFromWaiter) }, false},
	{"both-wait-to-read", func(s symptom) bool { return s.answer && cycle(s.where) != "" }, false},
	{"close-is-both-ways", func(s symptom) bool { return s.anybody(receivesToTheEnd) }, false},
	{"written-is-sent", keptBack, false},
	// A process that was sent a signal and waits at a channel may have lost it, as those do whose channel has
	// no buffer, or may have taken it and thrown it away.
	{"unbuffered-holds-one", func(s symptom) bool { return s.anybody(lostSignal) }, true},
}

// Misconceptions gives the ids that a failure may name, each once.
func Misconceptions() []string {
	var ids []string
	for _, c := range causes {
		if !slices.Contains(ids, c.id) {
			ids = append(ids, c.id)
		}
	}
	return ids
}

// misconception finds the one that a symptom points to; "" if it points to none. What the script
// says that it shows, or "", comes before a mere guess.
func (s symptom) misconception(scripts string) string {
	for _, c := range causes {
		switch {
		case !c.shows(s):
		case c.guess && scripts != "":
			return scripts
		default:
			return c.id
		}
	}
	return scripts
}

// dialFailed matches what Go says when nobody listens at an address.
var dialFailed = regexp.MustCompile(`dial .*connect: (connection refused|no such file or directory)`)

func descriptorsGone(s symptom) bool {
	return s.verb == "descriptors" && s.exit == nil && !s.none || strings.Contains(s.stderr, "accept") && strings.Contains(s.stderr, "too many open files")
}

// killedByRequest tells whether a signal of the judge's killed a process that could have caught it.
func killedByRequest(s symptom) bool {
	if s.exit == nil || s.exit.Signal == 0 || s.exit.Signal == unix.SIGKILL {
		return false
	}
	return slices.Contains(s.sent, unix.SignalName(s.exit.Signal))
}

// readerGone tells whether a process fails over its standard output, which nobody reads any more.
func readerGone(s symptom) bool {
	died := s.exit != nil && s.exit.Signal == unix.SIGPIPE
	return died || strings.Contains(s.stderr, "/dev/stdout: broken pipe") || s.hungUp && (s.verb == "exits" || s.verb == "ends")
}

// leftBehind tells whether something is there that should be gone, now that its owner is.
func leftBehind(s symptom) bool {
	if s.running {
		return false
	}
	return s.verb == "leftovers" && strings.HasPrefix(s.message, "expected: nothing is left behind") ||
		s.verb == "file" && s.neg && strings.HasSuffix(s.message, "it is there")
}

// lastLineLost tells whether the answer to a last line without newline is missing, or lacks its own.
func lastLineLost(s symptom) bool {
	n := len(s.sent)
	if s.exit == nil || n < 2 || s.sent[n-1] != endOfInput || !s.answer {
		return false
	}
	open := strings.HasSuffix(s.sent[n-2], `"`) && !strings.HasSuffix(s.sent[n-2], `\n"`)
	return open && !strings.HasSuffix(s.unread, "\n")
}

// scannerLimit is the length from which on bufio.Scanner gives a line up.
const scannerLimit = 64 << 10

// inAll finds the size of a text that a message quotes in part.
var inAll = regexp.MustCompile(`\(([\d,]+) bytes in all\)$`)

// isLongLine tells of a text, in the words of a message, whether it is a line beyond the limit of
// bufio.Scanner: it is long, and the part that is shown has no newline.
func isLongLine(sent string) bool {
	m := inAll.FindStringSubmatch(sent)
	if m == nil || strings.Contains(sent, `\n`) {
		return false
	}
	n, _ := strconv.Atoi(strings.ReplaceAll(m[1], ",", ""))
	return n >= scannerLimit
}

func isSignal(sent string) bool { return strings.HasPrefix(sent, "SIG") }
func isText(sent string) bool   { return strings.HasPrefix(sent, `"`) }

// lastSent asks for a property of what was sent last.
func (s symptom) lastSent(is func(string) bool) bool {
	return len(s.sent) > 0 && is(s.sent[len(s.sent)-1])
}

// endOrAnswer tells whether the script waits for what a program can give only when its children have ended.
func (s symptom) endOrAnswer() bool { return s.answer || s.verb == "exits" || s.verb == "ends" }

// asked gives the whereabouts of the process that the script asked, if they are known.
func (s symptom) asked() []room.Diagnosis {
	return slices.DeleteFunc(slices.Clone(s.where), func(d room.Diagnosis) bool { return d.Process != s.name })
}

func (s symptom) anybody(is func(room.Diagnosis) bool) bool {
	return slices.ContainsFunc(s.where, is)
}

// anyWait asks for a call in which some process waits.
func (s symptom) anyWait(call string, is func(room.Diagnosis, room.Wait) bool) bool {
	return s.anybody(func(d room.Diagnosis) bool {
		return slices.ContainsFunc(d.Waits, func(w room.Wait) bool { return w.Call == call && is(d, w) })
	})
}

func heldByItself(_ room.Diagnosis, w room.Wait) bool { return slices.Contains(w.Holders, "itself") }
func anyHolder(room.Diagnosis, room.Wait) bool        { return true }

func heldByAnother(_ room.Diagnosis, w room.Wait) bool {
	return slices.ContainsFunc(w.Holders, func(h string) bool { return h != "itself" && h != theJudge })
}

func isFIFO(_ room.Diagnosis, w room.Wait) bool { return strings.HasPrefix(w.Object, "the FIFO ") }

// ownFIFO tells whether a process waits at a FIFO to which it could itself write.
func ownFIFO(d room.Diagnosis, w room.Wait) bool { return isFIFO(d, w) && heldByItself(d, w) }

// theJudge is the name that the room has for who holds the other ends of a program's own streams.
const theJudge = "the judge"

// servesAnother tells whether the one who does not accept a connection waits at another connection.
func (s symptom) servesAnother(_ room.Diagnosis, w room.Wait) bool {
	return s.anybody(func(d room.Diagnosis) bool {
		return slices.Contains(w.Holders, d.Process) && slices.ContainsFunc(d.Waits, func(w room.Wait) bool { return w.Call == "receive" })
	})
}

// readsFromWaiter tells whether a child that somebody waits for reads from that very one.
func (s symptom) readsFromWaiter(parent room.Diagnosis, w room.Wait) bool {
	return s.anyWait("read", func(child room.Diagnosis, r room.Wait) bool {
		return slices.Contains(w.Holders, child.Process) && slices.Contains(r.Holders, parent.Process)
	})
}

// receivesToTheEnd tells whether a process reads from a connection all that will ever come.
func receivesToTheEnd(d room.Diagnosis) bool {
	return slices.ContainsFunc(d.Waits, func(w room.Wait) bool { return w.Call == "receive" }) &&
		slices.ContainsFunc(d.Goroutines, func(g room.Goroutine) bool { return g.Main && g.In == "io.ReadAll" })
}

func sleeps(d room.Diagnosis) bool {
	return slices.ContainsFunc(d.Goroutines, func(g room.Goroutine) bool { return stateKey(g.State) == "sleep" })
}

// mainReads tells whether the main goroutine sits in a read of the standard input.
func mainReads(d room.Diagnosis) bool {
	if len(d.Goroutines) == 0 || !d.Goroutines[0].Main || d.Goroutines[0].In == "" {
		return false
	}
	state := stateKey(d.Goroutines[0].State)
	return (state == "syscall" || state == "IO wait") && slices.ContainsFunc(d.Waits, isOpenInput)
}

func isOpenInput(w room.Wait) bool {
	return w.Call == "read" && w.Object == "its standard input" && slices.Contains(w.Holders, theJudge)
}

// keptBack tells whether a process has taken what it was sent, says nothing, and waits for more.
func keptBack(s symptom) bool {
	if !s.answer || !s.mine || s.exit != nil || s.unread != "" || !s.lastSent(isText) {
		return false
	}
	return slices.ContainsFunc(s.asked(), func(d room.Diagnosis) bool { return slices.ContainsFunc(d.Waits, isOpenInput) })
}
