package room

import (
	"bytes"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/maruel/panicparse/v2/stack"
)

// Diagnosis tells what a process was doing when a check failed.
type Diagnosis struct {
	Process    string
	Pid        int
	Ended      bool        // it has ended; Goroutines are those of its crash, if it crashed
	Stopped    bool        // by SIGSTOP
	Signalled  bool        // the judge sent it a signal that programs can catch
	Waits      []Wait      // what its threads wait in, as the kernel sees it
	Goroutines []Goroutine // from the dump that Go's runtime prints on SIGQUIT or in a crash
}

// Wait is a call in which a thread sleeps.
type Wait struct {
	Call    string   // read, write, open, flock, fcntl, wait, accept, receive (from a socket), unaccepted, file read, file write
	Object  string   // what it waits at: "its standard input", "the FIFO jobs", "the lock on counter"
	Holders []string // who could end the wait: names of processes, "itself", "the judge"; empty if unknown
}

// Goroutine is one goroutine in code of the program's own.
type Goroutine struct {
	Main     bool   // it runs main.main
	State    string // as the runtime says: "IO wait", "chan receive", "syscall", "running"
	File     string // PROGRAM/FILE
	Line     int
	Function string // main.serve
	In       string // what it called there: "os.(*File).Read"; empty if nothing
}

// Diagnose looks at every process of the room and its descendants: first, without touching them, by
// what the kernel tells, then by asking Go programs for their goroutines with SIGQUIT, which ends
// them.
func (r *Room) Diagnose() []Diagnosis {
	out := r.PostMortem()
	v := view{r, r.names()}
	var below []Diagnosis
	for i, p := range r.Processes() {
		if !out[i].Ended {
			out[i].Stopped, out[i].Waits = v.inspect(p.Pid)
			below = append(below, v.descendants(p)...)
		}
	}
	// The end of one must not wake another before that has told where it stands.
	marks := map[*Process]int{}
	for i, p := range r.Processes() {
		if out[i].asked() {
			defer p.holdEnds()()
		}
	}
	for i, p := range r.Processes() {
		if out[i].asked() {
			marks[p] = len(p.Err.Text(0))
			p.quit()
		}
	}
	for i, p := range r.Processes() {
		if out[i].asked() {
			p.awaitDump()
			out[i].Goroutines = ParseDump([]byte(p.Err.Text(marks[p])))
		}
	}
	return append(out, below...)
}

// asked tells whether a process can be asked for its goroutines. A stopped one would have to go on
// first, and then be somewhere else.
func (d Diagnosis) asked() bool { return !d.Ended && !d.Stopped }

// PostMortem is Diagnose for processes that have ended; it leaves the others alone.
func (r *Room) PostMortem() []Diagnosis {
	var out []Diagnosis
	for _, p := range r.Processes() {
		d := Diagnosis{Process: p.Name, Pid: p.Pid, Signalled: p.signalled}
		if p.Exited() != nil {
			d.Ended = true
			d.Goroutines = ParseDump([]byte(p.Err.Text(0)))
		}
		out = append(out, d)
	}
	return out
}

// What the runtime adds to a dump in which its own frames are shown; the parser does not know it.
var (
	headerExtra = regexp.MustCompile(`(?m)^(goroutine \d+) gp=\S+ m=\S+(?: mp=\S+)? \[`)
	frameExtra  = regexp.MustCompile(`(?m) fp=0x[0-9a-f]+ sp=0x[0-9a-f]+ pc=0x[0-9a-f]+$`)
)

// ParseDump finds the goroutines of the program's own code in what Go's runtime printed. The main
// goroutine comes first.
func ParseDump(dump []byte) []Goroutine {
	dump = headerExtra.ReplaceAll(dump, []byte("$1 ["))
	dump = frameExtra.ReplaceAll(dump, nil)
	var out []Goroutine
	var in io.Reader = bytes.NewReader(dump)
	for {
		s, suffix, err := stack.ScanSnapshot(in, io.Discard, &stack.Opts{})
		if s != nil {
			for _, g := range s.Goroutines {
				if w, ok := own(g); ok {
					out = append(out, w)
				}
			}
		}
		if err != nil || s == nil {
			break
		}
		in = io.MultiReader(bytes.NewReader(suffix), in)
	}
	slices.SortStableFunc(out, func(a, b Goroutine) int {
		switch {
		case a.Main == b.Main:
			return 0
		case a.Main:
			return -1
		}
		return 1
	})
	return out
}

// own finds the innermost frame of package main, and what it called.
func own(g *stack.Goroutine) (Goroutine, bool) {
	calls := g.Stack.Calls
	i := slices.IndexFunc(calls, func(c stack.Call) bool { return c.Func.ImportPath == "main" || c.Func.IsPkgMain })
	if i < 0 {
		return Goroutine{}, false
	}
	w := Goroutine{State: g.State, Line: calls[i].Line, File: programFile(calls[i].RemoteSrcPath), Function: calls[i].Func.Complete}
	for _, c := range calls {
		w.Main = w.Main || c.Func.Complete == "main.main"
	}
	// The outermost call into a library, past the runtime's own.
	for j := i - 1; j >= 0; j-- {
		if f := calls[j].Func; f.ImportPath != "runtime" {
			w.In = f.Complete
			break
		}
	}
	return w, true
}

// programFile makes PROGRAM/FILE of the path under which a program was compiled:
// submission/student.chapter.exercise.PROGRAM/FILE.
func programFile(p string) string {
	folder := path.Base(path.Dir(p))
	if i := strings.LastIndexByte(folder, '.'); i >= 0 {
		folder = folder[i+1:]
	}
	return folder + "/" + path.Base(p)
}
