package room

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Command says what to start.
type Command struct {
	Name   string   // what the transcript and the messages call it
	Path   string   // the binary
	Cell   string   // of the room's walls, where there are any: the binary is the cell's then
	Args   []string // without the program's own name
	Dir    string   // relative to the room's folder
	Env    []string // added to the room's
	Limits *Limits  // default: the room's
	// Held starts it with a full pipe as its standard output, which nobody reads until
	// Output.Release: its first write waits.
	Held bool
}

// Process is a program that runs, or ran, in a room.
type Process struct {
	Name string
	Pid  int     // as the judge sees it
	Self int     // as the process itself sees it
	In   *Input  // its standard input
	Out  *Output // its standard output
	Err  *Output // its standard error

	room   *Room
	child  child
	limits Limits
	exit   *Exit         // set with the room locked
	done   chan struct{} // closed when exit is set
	frozen bool

	signalled bool             // the judge sent a signal that can be caught
	pending   []syscall.Signal // of these, those not known to have been taken
}

// Exit is how a process ended.
type Exit struct {
	Code   int            // the exit status, when Signal is 0
	Signal syscall.Signal // what killed it
	CPU    time.Duration  // user and system time that it used
	// Excess says of which limit it, or its room, used more; empty if it did not end by that.
	Excess string
}

// String gives "exit status 1", "killed by SIGTERM" or "stopped: used more than 64 processes".
func (e Exit) String() string {
	if e.Excess != "" {
		return "stopped: used " + e.Excess
	}
	if e.Signal != 0 {
		return "killed by " + unix.SignalName(e.Signal)
	}
	return fmt.Sprintf("exit status %d", e.Code)
}

// Word gives the form in which scripts name an end: "1" or "SIGTERM".
func (e Exit) Word() string {
	if e.Signal != 0 {
		return unix.SignalName(e.Signal)
	}
	return fmt.Sprint(e.Code)
}

// Start runs a command in a session and process group of its own, with three pipes to the judge.
func (r *Room) Start(c Command) (*Process, error) {
	stdin, judgeIn, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer stdin.Close()
	judgeOut, stdout, err := os.Pipe()
	if err != nil {
		judgeIn.Close()
		return nil, err
	}
	defer stdout.Close()
	filler := 0
	if c.Held {
		if filler, err = fill(stdout); err != nil {
			judgeIn.Close()
			judgeOut.Close()
			return nil, err
		}
	}
	judgeErr, stderr, err := os.Pipe()
	if err != nil {
		judgeIn.Close()
		judgeOut.Close()
		return nil, err
	}
	defer stderr.Close()

	limits := r.config.Limits
	if c.Limits != nil {
		limits = *c.Limits
		if limits.Output == 0 {
			limits.Output = r.config.Limits.Output
		}
	}
	p := &Process{Name: c.Name, room: r, limits: limits, done: make(chan struct{})}
	err = r.spawn(p, c, [3]*os.File{stdin, stdout, stderr}, limits, func() {
		r.note(c.Name, "start", []byte(strings.Join(append([]string{c.Name}, c.Args...), " ")))
		p.In = r.input(c.Name, judgeIn)
		p.Out = r.output(c.Name, "stdout", judgeOut, limits.Output, filler, c.Held)
		p.Err = r.output(c.Name, "stderr", judgeErr, limits.Output, 0, false)
		r.running.Go(p.wait)
	})
	if err != nil {
		judgeIn.Close()
		judgeOut.Close()
		judgeErr.Close()
		return nil, err
	}
	return p, nil
}

// spawn starts the process and enters it into the room, with its streams, in one step as far as
// others can see. The function streams is called with the room locked.
func (r *Room) spawn(p *Process, c Command, files [3]*os.File, limits Limits, streams func()) error {
	spawning.RLock()
	defer spawning.RUnlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return errClosed
	}
	c.Env = environment(r.config.Env, c.Env)
	var err error
	if p.child, err = r.keeper.start(c, r.config.Dir, files, limits); err != nil {
		return err
	}
	p.Pid, p.Self = p.child.pids()
	streams()
	r.procs = append(r.procs, p)
	return nil
}

// environment adds variables to others. One that is there already is replaced: of two of the same name
// programs would see the first.
func environment(base, more []string) []string {
	name := func(v string) string { n, _, _ := strings.Cut(v, "="); return n }
	kept := slices.DeleteFunc(slices.Clone(base), func(v string) bool {
		return slices.ContainsFunc(more, func(m string) bool { return name(m) == name(v) })
	})
	return append(kept, more...)
}

// wait notices the end of the process. The exit becomes visible only after all that the process
// itself wrote has been read, so that who sees the exit sees the whole output. What a grandchild
// still writes into the same pipe comes later.
func (p *Process) wait() {
	ws, cpu := p.child.wait()
	p.Out.settle()
	p.Err.settle()
	p.In.hangUp()

	e := Exit{Code: ws.ExitStatus(), CPU: cpu}
	if ws.Signaled() {
		e = Exit{Signal: ws.Signal(), CPU: cpu}
	}
	e.Excess = p.limits.excess(e)
	if e.Signal == unix.SIGKILL && p.room.keeper.outOfMemory() {
		e.Excess = tooMuchMemory(p.room.config.Limits)
	}
	p.room.mu.Lock()
	if e.Signal == unix.SIGKILL && p.room.excess != "" {
		e.Excess = p.room.excess
	}
	p.exit = &e
	p.room.note(p.Name, "exit", []byte(e.String()))
	p.room.mu.Unlock()
	close(p.done)
}

// Exited gives the end of the process, or nil while it runs.
func (p *Process) Exited() *Exit {
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	return p.exit
}

// ExitedLocked is Exited for conditions given to Room.Wait, which run with the room locked.
func (p *Process) ExitedLocked() *Exit { return p.exit }

// Signal sends a signal to the process alone, not to its group.
func (p *Process) Signal(s syscall.Signal) error {
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	if p.exit != nil {
		return fmt.Errorf("%s has ended: %s", p.Name, p.exit)
	}
	switch err := p.child.signal(s); {
	case errors.Is(err, os.ErrProcessDone): // its end is about to be entered
		return fmt.Errorf("%s has ended", p.Name)
	case err != nil:
		return err
	}
	p.entered(s)
	p.room.note(p.Name, "signal", []byte(unix.SignalName(s)))
	return nil
}

// entered remembers a signal that the process was sent. The room is locked.
func (p *Process) entered(s syscall.Signal) {
	switch s {
	case unix.SIGSTOP:
		p.frozen = true
	case unix.SIGCONT:
		p.frozen = false
	default:
		p.signalled = true
		p.pending = append(p.pending, s)
	}
}

// State tells in a few words what the process is doing.
func (p *Process) State() string {
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	switch {
	case p.exit != nil:
		return "ended with " + p.exit.String()
	case p.frozen:
		return "is stopped"
	}
	return "is still running"
}

// Look finds a command in the grader's PATH.
func Look(command string) (string, error) {
	path, err := exec.LookPath(command)
	if err != nil {
		return "", err
	}
	return filepath.Abs(path)
}
