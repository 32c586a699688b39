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
	// Overrun: the processes have used more than the room's limits allow (see Room.Excess). They have
	// been killed.
	Overrun
	// Starved: the machine gave the processes too little time to tell. A fault of nobody here.
	Starved
)

// How a wait looks at the processes: every lookEvery, sooner when the last look found nothing that
// moves, and now and then thoroughly. They are quiescent when three looks after the first, over
// lookAlike of time at the least, have found the same.
const (
	lookEvery     = 10 * time.Millisecond
	lookAgain     = 5 * time.Millisecond
	lookAlike     = 20 * time.Millisecond
	thoroughEvery = 45 * time.Millisecond
	// Packets under way may be those of somebody else on this machine. When looks have found the same for so
	// long, and so many of them, no packet of ours is: the kernel hands it over much sooner.
	alikeDespitePackets = 2 * time.Second
	// In what number of looks, after the first, the kernel is asked for timers, and TCP whether all has arrived.
	looksToAsk          = 2
	looksDespitePackets = 40
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
	w := r.watch(only)
	next := time.NewTimer(lookEvery)
	defer next.Stop()
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
		case <-next.C:
			switch e := w.look(); e {
			case Met:
				next.Reset(w.pace())
			case Overrun:
				return e // what has come of killing them counts for nothing
			default:
				return r.settled(e, only, cond)
			}
		}
	}
}

// Restless names the processes that wait for nobody at this moment: they compute, poll or sleep.
func (r *Room) Restless() (names []string) {
	for _, p := range r.Processes() {
		if s := r.see(p, false); p.Exited() == nil && (s.motionless == "" || timed(s.pids)) {
			names = append(names, p.Name)
		}
	}
	return names
}

// ask asks the condition, and gives the channel that tells of the next event.
func (r *Room) ask(cond func() bool) (met bool, changed chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return cond(), r.changed
}

// settled asks the condition a last time: what made it true may have come with the last look.
func (r *Room) settled(e Ending, only *Process, cond func() bool) Ending {
	r.mu.Lock()
	defer r.mu.Unlock()
	if cond() {
		return Met
	}
	if e != Quiescent {
		return e
	}
	for _, p := range r.procs {
		if p.exit == nil && !p.frozen && (only == nil || p == only) {
			r.noteTaken(p)
			r.note(p.Name, "blocked", nil)
		}
	}
	return e
}

// watch follows the processes of a room through one wait.
type watch struct {
	room     *Room
	only     *Process
	underWay func() bool      // tells whether something that was sent over TCP is still to arrive
	timed    func([]int) bool // tells whether a timer of one of these processes runs

	before   string    // what the last look found, if nothing could move
	looks    int       // how many since then found the same
	alike    time.Time // since when they do
	calm     int       // how many in a row found no packets besides
	arrived  bool      // nothing was under way at one of them
	since    time.Time // since when that is so
	begun    time.Time
	last     time.Time // time of the last thorough look
	account  account
	spent    time.Duration // of Patience
	memory   int           // bytes, at the last thorough look
	forgiven time.Duration // of what was spent
}

// After a program of Go has used much memory, its runtime gives it back piece by piece, with pauses of up to a
// second: for seconds it does not rest, though the program waits. On a slow machine that may take longer than
// Patience, which therefore begins anew when memory has shrunk by a piece, mostForgiven in all.
const (
	aPiece       = 64 << 10 // bytes, as in runtime/mgcscavenge.go
	mostForgiven = 3 * Patience
)

// charge counts the time between two thorough looks against the patience.
func (w *watch) charge(gap time.Duration, s sight) {
	w.spent += w.account.charge(gap, s)
	if w.memory-s.memory >= aPiece && w.forgiven < mostForgiven {
		w.forgiven += w.spent
		w.spent = 0
	}
	w.memory = s.memory
}

// watch begins to follow one process with its descendants, or all if that is nil.
func (r *Room) watch(only *Process) watch {
	now := time.Now()
	return watch{room: r, only: only, underWay: r.underWay, timed: timed, last: now, begun: now}
}

// pace is how long to wait for the next look.
func (w *watch) pace() time.Duration {
	if w.before != "" {
		return lookAgain
	}
	return lookEvery
}

// look returns Met while there is reason to wait on.
func (w *watch) look() Ending {
	now := time.Now()
	gap := now.Sub(w.last)
	sight := w.room.see(w.only, gap >= thoroughEvery)
	if gap >= thoroughEvery {
		w.last = now
		w.charge(gap, sight)
	}
	if w.room.exceeded(sight.processes, sight.memory) {
		w.room.keeper.killAll(w.room.Processes())
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
		w.before, w.looks, w.calm, w.arrived, w.since, w.alike = s.motionless, 0, 0, false, now, now
	} else {
		w.looks++
		w.calm++
	}
	// Once is enough for what is slow to ask, and it must not be at the last look: if no timer runs then, and if
	// all has arrived, whoever was to be woken by it has been, and the next look sees that.
	if w.looks == looksToAsk && w.timed(s.pids) {
		w.before = ""
		return false
	}
	if w.calm == looksToAsk && !w.arrived {
		w.arrived = !w.underWay()
		s.packets = s.packets || !w.arrived
	}
	if s.packets {
		w.calm, w.arrived, w.since = 0, false, now
	}
	despite := w.looks >= looksDespitePackets && now.Sub(w.alike) >= alikeDespitePackets
	return w.calm > looksToAsk && now.Sub(w.since) >= lookAlike || despite
}

// sight is what one look at a room's processes found.
type sight struct {
	processes  int
	memory     int           // of a thorough look: bytes that all of them use, beside their binaries
	pids       []int         // of the processes looked at
	motionless string        // a fingerprint if nothing can move by itself, else empty
	packets    bool          // some packet is on its way on this machine
	times      map[int]times // of a thorough look, by thread
	ending     bool          // of a thorough look: the end of a process is still to be entered
}

// times are a thread's running time and the time that it waited for a processor, and the kernel's letter for
// its state.
type times struct {
	ran, queued time.Duration
	state       byte
}

// owed tells whether the thread would go on if it were let: it stands at a call that the judge follows, or it
// has not run since an earlier look, for want of a processor or of what lies on a disk. The kernel tells how
// long a thread stood in the run queue only when it has got a processor.
func (t times) owed(earlier times) bool {
	return t.state == 't' || (t.state == 'R' || t.state == 'D') && t.ran == earlier.ran
}

// account turns looks into the time for which the processes had the chance to run.
type account struct{ before map[int]times }

// charge gives the share of a gap between two looks that counts against the processes' patience: the gap
// less the longest time that a thread stood in the run queue, but no less than the longest time that a thread
// ran. A judge that looked late charges no more than it would have in time; where the next step is owed to
// them, only what they ran counts.
func (a *account) charge(gap time.Duration, s sight) time.Duration {
	var ran, queued time.Duration
	owed := s.ending
	for tid, now := range s.times {
		if a.before == nil {
			break // a thread that is new later on has lived in the gap only
		}
		earlier := a.before[tid]
		ran = max(ran, now.ran-earlier.ran)
		queued = max(queued, now.queued-earlier.queued)
		owed = owed || now.owed(earlier)
	}
	a.before, ran = s.times, min(ran, gap)
	if owed {
		return ran
	}
	return max(ran, min(gap, 2*thoroughEvery)-queued)
}
