package room

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// adoptOrphans makes the grader the parent of every process whose own parent dies, so that a
// program which detaches itself stays in sight.
var adoptOrphans = sync.OnceFunc(func() {
	unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
})

// orphans are the children of the grader that it did not start. With the spawning lock held these
// are all; else there may be some among them that are being started, and bear no token yet.
func orphans() []int {
	var out []int
	for _, pid := range children(os.Getpid()) {
		if !known.has(pid) {
			out = append(out, pid)
		}
	}
	return out
}

// registry knows the rooms that are open in this grader, by token, and the strays: orphans that
// threw their environment away, so that nobody can tell whose they are. Each is kept with the tokens
// of the rooms that were open when it was first seen, one of which is its own.
var registry = struct {
	sync.Mutex
	open   map[string]bool
	strays map[int]map[string]bool
}{open: map[string]bool{}, strays: map[int]map[string]bool{}}

func (y *yard) enter() {
	registry.Lock()
	defer registry.Unlock()
	registry.open[y.token] = true
}

// forget takes a pid from the strays that is free to be given to another process.
func forget(pid int) {
	registry.Lock()
	defer registry.Unlock()
	delete(registry.strays, pid)
}

func (y *yard) leave() {
	registry.Lock()
	defer registry.Unlock()
	delete(registry.open, y.token)
}

// left gives the processes whose parents have ended: those that are of this room for certain, and those
// that may be of another. It looks at a moment in which no child is being started.
func (y *yard) left() (mine, perhaps []int) {
	spawning.Lock()
	all := orphans()
	spawning.Unlock()
	for _, pid := range all {
		switch y.claim(pid) {
		case ours:
			mine = append(mine, pid)
		case shared:
			perhaps = append(perhaps, pid)
		}
	}
	return mine, perhaps
}

// claim says what an orphan is to a room.
type claim int

const (
	foreign claim = iota // of another room
	shared               // a stray of this room or of others that are open
	ours                 // of this room
	nobodys              // dead, or of rooms that are all closed
)

func (y *yard) claim(pid int) claim {
	token, ok := tokenOf(pid)
	state := processState(pid)
	registry.Lock()
	defer registry.Unlock()
	if !ok && (state == 0 || state == 'X') { // gone since it was listed
		delete(registry.strays, pid)
		return foreign
	}
	if ok || state == 'Z' {
		delete(registry.strays, pid)
		switch {
		case ok && token == y.token:
			return ours
		case ok && registry.open[token]:
			return foreign
		}
		return nobodys
	}
	rooms := registry.strays[pid]
	if rooms == nil {
		rooms = maps.Clone(registry.open)
		registry.strays[pid] = rooms
	}
	others := false
	for t := range rooms {
		others = others || t != y.token && registry.open[t]
	}
	switch mine := rooms[y.token]; {
	case mine && others:
		return shared
	case mine:
		return ours
	case others:
		return foreign
	}
	return nobodys
}

// tokenOf reads the token of the room in which a process was started.
func tokenOf(pid int) (string, bool) {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	for v := range bytes.SplitSeq(b, []byte{0}) {
		if token, ok := bytes.CutPrefix(v, []byte(tokenVar+"=")); ok {
			return string(token), true
		}
	}
	return "", false
}

// end kills until nothing of the room is left: first the groups of the processes that were
// started, then their descendants and orphans, round after round, since a dying process may have
// left children that only now become ours.
func (y *yard) end(procs []*Process) error {
	defer y.leave()
	for _, p := range procs {
		p.kill()
	}
	for _, p := range procs {
		if err := p.awaitDeath(); err != nil {
			return err
		}
	}
	y.leave()
	// Twice nothing: the kernel's list of children may skip one while another leaves it.
	for begun, clear := time.Now(), 0; clear < 2; {
		left := y.killOrphans()
		if left == 0 {
			clear++
			continue
		}
		if clear = 0; time.Since(begun) > deathLimit {
			return fmt.Errorf("room: %d processes would not die", left)
		}
		time.Sleep(time.Millisecond)
	}
	return nil
}

// killAll kills what runs in the room, and leaves the rest to Close. Who starts processes faster than
// they can be counted is met by killing the groups first.
func (y *yard) killAll(procs []*Process) {
	for _, p := range procs {
		p.kill()
	}
	y.killOrphans()
}

// deathLimit is how long the kernel may take to end a process that was sent SIGKILL, and the grader to hear of it.
const deathLimit = 2 * time.Minute

// kill ends the process, its group, and all its descendants.
func (p *Process) kill() {
	select {
	case <-p.done: // what is left of its group are orphans by now
		return
	default:
	}
	below := descend(nil, p.Pid)
	unix.Kill(-p.Pid, unix.SIGKILL)
	p.child.signal(unix.SIGKILL)
	for _, pid := range below {
		unix.Kill(pid, unix.SIGKILL)
	}
}

func (p *Process) awaitDeath() error {
	select {
	case <-p.done:
		return nil
	case <-time.After(deathLimit):
		return errors.New("room: " + p.Name + " would not die")
	}
}

// killOrphans kills and reaps what the room's processes left behind, and tells how many there were.
func (y *yard) killOrphans() int {
	spawning.Lock()
	defer spawning.Unlock()
	n := 0
	for _, pid := range orphans() {
		if c := y.claim(pid); c != ours && c != nobodys {
			continue
		}
		n++
		for _, c := range descend(nil, pid) {
			unix.Kill(c, unix.SIGKILL)
		}
		unix.Kill(pid, unix.SIGKILL)
		if reaped, _ := unix.Wait4(pid, nil, unix.WNOHANG, nil); reaped == pid {
			forget(pid)
		}
	}
	return n
}
