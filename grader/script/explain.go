package script

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ipclab/grader/room"
)

// An explanation says where each process stands and why that does not end. Its words come from what
// the kernel and Go's runtime tell of the process, by the tables below.

// explain gives the lines that a message ends with, one process after the other.
func explain(all []room.Diagnosis) string {
	var lines []string
	for _, d := range all {
		if text := explainOne(d); text != "" {
			lines = append(lines, text)
		}
	}
	if text := cycle(all); text != "" {
		lines = append(lines, text)
	}
	return strings.Join(lines, "\n")
}

// cycle finds processes that wait for one another in a ring.
func cycle(all []room.Diagnosis) string {
	waitsFor := map[string][]string{}
	for _, d := range all {
		for _, w := range d.Waits {
			waitsFor[d.Process] = append(waitsFor[d.Process], w.Holders...)
		}
	}
	for _, d := range all {
		if ring := ringFrom(d.Process, waitsFor, nil); ring != nil {
			var parts []string
			for i, name := range ring {
				parts = append(parts, fmt.Sprintf("%s waits for %s", name, ring[(i+1)%len(ring)]))
			}
			return "a cycle: " + strings.Join(parts, ", and ")
		}
	}
	return ""
}

// ringFrom follows the waits from a process until it comes back to where it began.
func ringFrom(name string, waitsFor map[string][]string, path []string) []string {
	if len(path) > 0 && path[0] == name {
		if len(path) > 1 {
			return path
		}
		return nil
	}
	if slices.Contains(path, name) {
		return nil
	}
	for _, next := range waitsFor[name] {
		if ring := ringFrom(next, waitsFor, append(path[:len(path):len(path)], name)); ring != nil {
			return ring
		}
	}
	return nil
}

func explainOne(d room.Diagnosis) string {
	var parts []string
	for _, g := range shownGoroutines(d.Goroutines) {
		parts = append(parts, goroutineWords(g.Goroutine, d)+g.times())
	}
	for _, w := range d.Waits {
		parts = append(parts, waitWords(w))
	}
	if d.Stopped {
		parts = append(parts, "it was stopped by SIGSTOP, and nobody lets it go on")
	}
	if lostSignal(d) {
		parts = append(parts, "it was sent a signal and takes none from a channel now: was it taken and thrown away, or did it never get there? signal.Notify does not wait for a receiver, so a channel without a buffer loses what comes while nobody receives")
	}
	if len(parts) == 0 {
		return ""
	}
	return d.Process + ": " + strings.Join(parts, "; ")
}

// lostSignal tells whether a process was sent a signal and yet waits to receive from a channel.
func lostSignal(d room.Diagnosis) bool {
	return d.Signalled && len(d.Goroutines) > 0 && d.Goroutines[0].Main && d.Goroutines[0].In == "" && stateKey(d.Goroutines[0].State) == "chan receive"
}

// alike are goroutines that stand at the same place for the same reason.
type alike struct {
	room.Goroutine
	count int
}

func (a alike) times() string {
	if a.count == 1 {
		return ""
	}
	return fmt.Sprintf(" (%d goroutines)", a.count)
}

// mostGoroutines is how many places within a process a message tells.
const mostGoroutines = 4

// shownGoroutines gives those that say most about why a process is stuck. What waits for its own
// process, or by the clock, comes before what waits for others, as servers do that are in order.
func shownGoroutines(gs []room.Goroutine) []alike {
	var groups []alike
	for _, g := range gs {
		i := slices.IndexFunc(groups, func(a alike) bool { return a.Goroutine == g })
		if i < 0 {
			groups = append(groups, alike{g, 1})
		} else {
			groups[i].count++
		}
	}
	slices.SortStableFunc(groups, func(a, b alike) int { return cmp.Compare(idle(a.State), idle(b.State)) })
	return groups[:min(len(groups), mostGoroutines)]
}

// idle is 0 for goroutines that cannot be waiting for another process, or 1.
func idle(state string) int {
	switch stateKey(state) {
	case "IO wait", "syscall", "chan receive", "select", "select (no cases)", "sync.Cond.Wait":
		return 1
	}
	return 0
}

func goroutineWords(g room.Goroutine, d room.Diagnosis) string {
	text := fmt.Sprintf("%s:%d in %s", g.File, g.Line, strings.TrimPrefix(g.Function, "main."))
	if g.In != "" {
		text += ", in " + g.In
	}
	key := stateKey(g.State)
	switch {
	case (key == "syscall" || key == "IO wait") && len(d.Waits) > 0: // the kernel says it better
	case key == "running" && d.Ended, key == "running" && d.Stopped, key == "runnable" && d.Stopped:
	case stateWords[key] != "":
		text += " (" + stateWords[key] + ")"
	default:
		text += " (" + g.State + ")"
	}
	return text
}

// stateKey strips what the runtime adds to a state: "chan receive (nil chan)", "select (no cases)".
func stateKey(s string) string {
	if _, ok := stateWords[s]; ok {
		return s
	}
	key, _, _ := strings.Cut(s, " (")
	return key
}

// stateWords say what the runtime's words mean.
var stateWords = map[string]string{
	"IO wait":                 "waits for bytes, for a connection, or for room to write",
	"syscall":                 "waits in a call of the kernel",
	"chan receive":            "nobody sends on the channel",
	"chan send":               "nobody receives from the channel",
	"chan receive (nil chan)": "the channel is nil: nothing ever comes",
	"chan send (nil chan)":    "the channel is nil: nothing ever receives",
	"select":                  "none of the cases is ready",
	"select (no cases)":       "waits for ever by intention",
	"sync.Mutex.Lock":         "somebody else holds the lock",
	"sync.RWMutex.Lock":       "somebody else holds the lock",
	"sync.RWMutex.RLock":      "somebody holds the lock for writing",
	"sync.WaitGroup.Wait":     "some Done is missing",
	"sync.Cond.Wait":          "nobody signals the condition",
	"semacquire":              "waits for a lock",
	"sleep":                   "sleeps: waiting by the clock instead of for the event",
	"running":                 "is busy",
	"runnable":                "is busy",
}

// waitWords say what a wait in the kernel is for, and who could end it.
func waitWords(w room.Wait) string {
	held := strings.Join(w.Holders, " and ")
	switch w.Call {
	case "read":
		return readWords(w.Object, w.Holders)
	case "write":
		if held == "" {
			return fmt.Sprintf("it writes to %s, which is full", w.Object)
		}
		return fmt.Sprintf("it writes to %s, which is full: the reading end is held by %s, who does not read", w.Object, held)
	case "file read":
		return "it is in a read of " + w.Object
	case "file write":
		return "it is in a write to " + w.Object
	case "open":
		return fmt.Sprintf("it opens %s: that waits until somebody opens the other end", w.Object)
	case "flock", "fcntl":
		if held == "" {
			return "it waits for the lock on " + w.Object
		}
		if held == "itself" {
			return fmt.Sprintf("it waits for the lock on %s, which it holds itself through another descriptor", w.Object)
		}
		return fmt.Sprintf("it waits for the lock on %s, which %s holds", w.Object, held)
	case "wait":
		if held == "" {
			return "it waits for the end of a child"
		}
		return "it waits for the end of " + held
	case "accept":
		return "it waits for a client to connect"
	case "unaccepted":
		return fmt.Sprintf("its connection waits to be accepted by %s, who does not call Accept", orSomebody(held))
	case "receive":
		return fmt.Sprintf("it waits at its connection, whose other end is held by %s", orSomebody(held))
	}
	return fmt.Sprintf("it waits in %s at %s", w.Call, w.Object)
}

func orSomebody(held string) string {
	if held == "" {
		return "somebody outside"
	}
	return held
}

func readWords(object string, holders []string) string {
	text := fmt.Sprintf("it reads %s", object)
	switch {
	case object == "its standard input" && len(holders) == 1 && holders[0] == "the judge":
		return text + ", which the check keeps open"
	case len(holders) == 0:
		return text
	case len(holders) == 1 && holders[0] == "itself":
		return text + ", whose writing end it holds itself: the end of input comes only when every holder has closed it"
	}
	text += ", whose writing end is held by " + strings.Join(holders, " and ")
	for _, h := range holders {
		if h == "itself" {
			return text + ": the end of input comes only when every holder has closed it, and it is one of them"
		}
	}
	return text
}
