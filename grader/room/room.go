// Package room starts every process that the grader ever runs, listens to it, and ends it.
//
// A Room is the world of one check: its processes, the judge's ends of their pipes, the scripted
// peers that talk to them, and one transcript of all that happened. Nobody outside this package
// starts a process. A room is closed exactly once, by Close, which kills what still runs, waits for
// it, and leaves nothing behind.
//
// Nothing here sleeps to give a program time. Whoever waits calls Room.Wait with a condition; the
// wait ends when the condition holds, when every process of the room is blocked for good
// (quiescence, see Ending), when the caller's context ends, or, last of all, when the processes have
// had Patience to run and did not get there.
//
// How far a process is shut in is the room's tier, see Tier. What differs between the tiers is a keeper:
// how processes are started, signalled and ended.
package room

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Patience is how long a wait lasts at the most, counted only while the processes of the room
// could have run: time that they spent in the run queue of a loaded machine is taken off.
const Patience = 10 * time.Second

// wallPatience ends a wait on a machine so loaded that Patience never runs out.
const wallPatience = 5 * time.Minute

// Config says what a room is like.
type Config struct {
	Dir    string   // the working folder of its processes
	Env    []string // what its processes find in their environment, beside what the room itself sets
	Limits Limits
	// Network says that its processes may talk over TCP or UDP, so that packets count as data on
	// the way. Looking for them is slow.
	Network bool
	// Walls, if set, are put around its processes. Dir does not count then: see Room.Dir.
	Walls *Walls
	// Workshop, if set, is a room for one tool of the host. Command.Cell is "workshop" then.
	Workshop *Workshop
	// Fence, if set, is put around each of its processes.
	Fence *Fence
}

// Room holds the processes and peers of one check. Its methods may be called by several
// goroutines.
type Room struct {
	config Config
	keeper keeper
	opened time.Time

	mu      sync.Mutex
	changed chan struct{} // closed, and replaced, at every event
	epoch   int           // counts the events
	procs   []*Process
	ends    []end // the judge's ends of all pipes and connections
	events  []Event
	excess  string // of which limit too much was used
	closed  bool

	running sync.WaitGroup // the goroutines that listen, write and wait
}

// Event is one line of the transcript.
type Event struct {
	At      time.Duration // since the room was opened
	Process string        // the process or peer; empty for the judge
	Kind    string        // start, stdin, stdout, stderr, received, eof, signal, taken, limit, blocked, exit, listen, dial, accept, closed, error
	Text    []byte        // the bytes, or a word about it

	apart bool // a packet: what comes after it is not joined to it
}

// end is the judge's end of a channel: something that may hold data in flight.
type end interface {
	inFlight() bool // called with the room locked
	shut()
}

var errClosed = errors.New("the room is closed")

// Open gives an empty room. The folder must exist, unless there are walls.
func Open(c Config) (*Room, error) {
	catchIgnored()
	c.Limits = c.Limits.orDefault()
	r := &Room{opened: time.Now(), changed: make(chan struct{})}
	var err error
	if c.Walls != nil {
		r.keeper, c.Dir, err = raise(*c.Walls, c.Limits)
	} else if c.Workshop != nil {
		r.keeper, err = raiseWorkshop(*c.Workshop, c.Dir, c.Limits)
	} else if _, err = os.Stat(c.Dir); err == nil && c.Fence != nil {
		r.keeper, err = enclose(*c.Fence, c.Dir)
	} else if err == nil {
		r.keeper = openYard()
	}
	if err != nil {
		return nil, fmt.Errorf("room: %w", err)
	}
	r.config = c
	return r, nil
}

// Dir is the working folder of the room's processes, for the judge: a path that holds while the room
// is open.
func (r *Room) Dir() string { return r.config.Dir }

// Close kills every process of the room with all its descendants, waits until they are gone, and
// closes the judge's ends. It returns an error if something would not die.
func (r *Room) Close() error {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return nil
	}
	r.closed = true
	procs, ends := r.procs, r.ends
	r.mu.Unlock()

	err := r.keeper.end(procs)
	for _, e := range ends {
		e.shut()
	}
	if err == nil { // else somebody would be waited for who does not die
		r.running.Wait()
	}
	return err
}

// Processes gives the processes started so far, in order.
func (r *Room) Processes() []*Process {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]*Process(nil), r.procs...)
}

// Transcript gives a copy of all events so far. Neighbouring output of one stream is joined.
func (r *Room) Transcript() []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]Event, len(r.events))
	for i, e := range r.events {
		e.Text = bytes.Clone(e.Text)
		out[i] = e
	}
	return out
}

// Note puts a line of the judge's own into the transcript.
func (r *Room) Note(process, kind, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.note(process, kind, []byte(text))
}

// transcriptBytes is how much of one event's text the transcript keeps.
const transcriptBytes = 4096

// note records an event and wakes all who wait. The room is locked.
func (r *Room) note(process, kind string, text []byte) {
	if kind == "stdout" || kind == "stderr" {
		for _, p := range r.procs {
			if p.Name == process && p.exit == nil {
				r.noteTaken(p)
			}
		}
	}
	at := time.Since(r.opened)
	if n := len(r.events); n > 0 && len(text) > 0 && (kind == "stdout" || kind == "stderr" || kind == "received") {
		last := &r.events[n-1]
		if last.Process == process && last.Kind == kind && !last.apart && len(last.Text)+len(text) <= transcriptBytes {
			last.Text = append(last.Text, text...)
			r.wake()
			return
		}
	}
	if len(text) > transcriptBytes {
		text = text[:transcriptBytes]
	}
	if len(r.events) < maxEvents {
		r.events = append(r.events, Event{At: at, Process: process, Kind: kind, Text: bytes.Clone(text)})
	}
	r.wake()
}

// noteTaken records which of the signals that the judge sent to a process have been handed to it by now.
// One that waits behind a stop, or that is blocked, has not. The room is locked.
func (r *Room) noteTaken(p *Process) {
	if len(p.pending) == 0 {
		return
	}
	waiting := pendingSignals(p.Pid)
	taken := func(s syscall.Signal) bool { return waiting&(1<<(s-1)) == 0 }
	for _, s := range p.pending {
		if taken(s) {
			r.note(p.Name, "taken", []byte(unix.SignalName(s)))
		}
	}
	p.pending = slices.DeleteFunc(p.pending, taken)
}

// maxEvents bounds the transcript of a program that never stops talking.
const maxEvents = 5000

func (r *Room) wake() {
	r.epoch++
	close(r.changed)
	r.changed = make(chan struct{})
}

// Run starts one command in a room of its own, feeds it nothing, waits for its end and closes the
// room. It is how the toolchain is called. The output is cut at limits.Output bytes.
func Run(ctx context.Context, config Config, c Command) (stdout, stderr []byte, exit Exit, err error) {
	r, err := Open(config)
	if err != nil {
		return nil, nil, Exit{}, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	p, err := r.Start(c)
	if err != nil {
		return nil, nil, Exit{}, err
	}
	p.In.Close()
	if err := r.guard(ctx, p); err != nil {
		return nil, nil, Exit{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return bytes.Clone(p.Out.buf), bytes.Clone(p.Err.buf), *p.exit, nil
}

// guard waits for the end of a process, however long that takes, and ends all if they use too much.
func (r *Room) guard(ctx context.Context, p *Process) error {
	look := time.NewTicker(thoroughEvery)
	defer look.Stop()
	for {
		select {
		case <-p.done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-look.C:
			if s := r.see(nil, true); r.exceeded(s.processes, s.memory) {
				r.keeper.killAll(r.Processes())
			}
		}
	}
}
