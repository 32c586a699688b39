package room

import (
	"context"
	"time"
)

// Ending tells how a wait ended.
type Ending int

const (
	// Met: the condition holds.
	Met Ending = iota
	// Quiescent: it does not hold, and nothing will ever happen unless the judge acts. Every thread
	// of every process sleeps in a call that has no end in time, and no byte is on its way.
	Quiescent
	// OutOfPatience: it does not hold, and the processes had time enough (Patience).
	OutOfPatience
	// Cancelled: the caller's context ended.
	Cancelled
	// Overrun: the processes have become more than MaxProcesses. They have been killed.
	Overrun
	// Starved: the machine gave the processes too little time to tell. A fault of nobody here.
	Starved
)

// MaxProcesses is how many processes a room may hold. A program that starts itself again and again
// would otherwise take the machine down.
const MaxProcesses = 64

// How a wait looks at the processes: every lookEvery, and they are quiescent when lookAlike of time
// has passed between looks that found the same.
const (
	lookEvery = 15 * time.Millisecond
	lookAlike = 60 * time.Millisecond
	// Packets under way may be those of somebody else on this machine. When so many looks have found
	// the same (two seconds of them), no packet of ours is: the kernel hands it over much sooner.
	looksDespitePackets = 130
)

// Wait returns as soon as cond holds. The condition is called with the room locked, at every event
// and at every look; it must not call methods that lock the room.
func (r *Room) Wait(ctx context.Context, cond func() bool) Ending {
	return r.wait(ctx, nil, cond)
}

// WaitBlocked is Wait for a quiescence of one process with its descendants, whatever the others do.
func (r *Room) WaitBlocked(ctx context.Context, p *Process, cond func() bool) Ending {
	return r.wait(ctx, p, cond)
}

func (r *Room) wait(ctx context.Context, only *Process, cond func() bool) Ending {
	w := watch{room: r, only: only, last: time.Now(), begun: time.Now()}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		met, changed := r.ask(cond)
		switch {
		case met:
			return Met
		case ctx.Err() != nil:
			return Cancelled
		}
		select {
		case <-changed:
		case <-ctx.Done():
		case <-tick.C:
			switch e := w.look(); e {
			case Met:
			case Overrun:
				return e // what has come of killing them counts for nothing
			default:
				return r.settled(e, cond)
			}
		}
	}
}

// ask asks the condition, and gives the channel that tells of the next event.
func (r *Room) ask(cond func() bool) (met bool, changed chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return cond(), r.changed
}

// settled asks the condition a last time: what made it true may have come with the last look.
func (r *Room) settled(e Ending, cond func() bool) Ending {
	if met, _ := r.ask(cond); met {
		return Met
	}
	return e
}

// watch follows the processes of a room through one wait.
type watch struct {
	room *Room
	only *Process

	before  string    // what the last look found, if nothing could move
	looks   int       // how many since then found the same
	calm    int       // how many in a row found no packets besides
	since   time.Time // since when that is so
	begun   time.Time
	last    time.Time // time of the last look
	account account
	spent   time.Duration // of Patience
}

// look returns Met while there is reason to wait on.
func (w *watch) look() Ending {
	now := time.Now()
	gap := now.Sub(w.last)
	w.last = now
	sight := w.room.see(w.only)
	w.spent += w.account.charge(gap, sight.times)
	if sight.processes > MaxProcesses {
		w.room.killAll()
		return Overrun
	}
	if w.still(now, sight) {
		return Quiescent
	}
	switch {
	case w.spent >= Patience:
		return OutOfPatience
	case now.Sub(w.begun) >= wallPatience:
		return Starved
	}
	return Met
}

// still tells whether the same motionless picture has been seen for long enough. Three looks at
// least: a judge that was itself stopped for a while must not take two looks in a row for a pause.
func (w *watch) still(now time.Time, s sight) bool {
	if s.motionless == "" || s.motionless != w.before {
		w.before, w.looks, w.calm, w.since = s.motionless, 0, 0, now
	} else {
		w.looks++
		w.calm++
	}
	if s.packets {
		w.calm, w.since = 0, now
	}
	return w.calm >= 3 && now.Sub(w.since) >= lookAlike || w.looks >= looksDespitePackets
}

// sight is what one look at a room's processes found.
type sight struct {
	processes  int
	motionless string // a fingerprint if nothing can move by itself, else empty
	packets    bool   // some packet is on its way on this machine
	times      map[int]times
}

// times are a thread's running time and the time that it waited for a processor.
type times struct{ ran, queued time.Duration }

// account turns looks into the time for which the processes had the chance to run.
type account struct{ before map[int]times }

// charge gives the share of a gap between two looks that counts against the processes' patience:
// the gap less the longest time that a thread stood in the run queue, but no less than the longest
// time that a thread ran. A judge that looked late charges no more than it would have in time.
func (a *account) charge(gap time.Duration, now map[int]times) time.Duration {
	var ran, queued time.Duration
	for tid, t := range now {
		if b, ok := a.before[tid]; ok {
			ran = max(ran, t.ran-b.ran)
			queued = max(queued, t.queued-b.queued)
		}
	}
	a.before = now
	if gap > 4*lookEvery {
		gap = max(ran, min(gap, 4*lookEvery))
	}
	return max(ran, gap-queued, 0)
}
