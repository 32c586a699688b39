//go:build !linux

package room

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// What follows is the fallback for systems without /proc: there is no quiescence, so that waits end
// by patience; limits are not set; and what leaves its process group escapes the sweep.

func adoptOrphans() {}

func (y *yard) enter() {}

func (y *yard) left() (mine, perhaps []int) { return nil, nil }

func (y *yard) killAll(procs []*Process) {
	for _, p := range procs {
		syscall.Kill(-p.Pid, syscall.SIGKILL)
	}
}

// GiveToInmates has nobody to give to.
func GiveToInmates(string) error { return nil }

// ActAsInmate has nobody to act as.
func ActAsInmate(string) error { return nil }

// ActAsFenced has nobody to act as.
func ActAsFenced(string) error { return nil }

func enclose(Fence, string) (keeper, error) { return nil, errors.New("Landlock needs Linux") }

// network cannot be looked at here.
type network struct {
	proc string
	diag int
}

// House cannot stand here.
type House struct{}

// OpenHouse gives one in which nothing can be raised.
func OpenHouse(...string) *House { return &House{} }

// Close has nothing to do.
func (*House) Close() error { return nil }

func raiseWorkshop(Workshop, string, Limits) (keeper, error) {
	return nil, errors.New("walls need Linux")
}

func raise(Walls, Limits) (keeper, string, error) {
	return nil, "", errors.New("walls need Linux")
}

// Limit is not to be had here.
func (p *Process) Limit(string, uint64) error {
	return errors.New("limits can be set on Linux only")
}

// SoftLimit is not to be had here.
func (p *Process) SoftLimit(string, uint64) error {
	return errors.New("limits can be set on Linux only")
}

// Unlimited stands for no limit.
const Unlimited = ^uint64(0)

func (r *Room) see(*Process, bool) sight { return sight{} }

func (r *Room) underWay() bool { return false }

// pendingSignals cannot be told here: none counts as taken.
func pendingSignals(int) uint64 { return ^uint64(0) }

func timed([]int) bool { return false }

func (y *yard) end(procs []*Process) error {
	for _, p := range procs {
		syscall.Kill(-p.Pid, syscall.SIGKILL)
	}
	for _, p := range procs {
		select {
		case <-p.done:
		case <-time.After(30 * time.Second):
			return errors.New("room: " + p.Name + " would not die")
		}
	}
	return nil
}

func fill(*os.File) (int, error) { return 0, errors.New("a held start needs Linux") }

func shortPath(path string) (string, func(), error) { return path, func() {}, nil }

func unread(descriptor) int { return 0 }

func (in *Input) unreadOverTCP() int { return 0 }

// Stopped cannot be told here.
func (p *Process) Stopped() bool { return p.frozen }

// CountLocked cannot be told here.
func (p *Process) CountLocked() int { return 0 }

func start(command func() *exec.Cmd, _ Limits) (*exec.Cmd, error) {
	cmd := command()
	return cmd, cmd.Start()
}

func (p *Process) holdEnds() func() { return func() {} }

func (p *Process) quit() { syscall.Kill(p.Pid, syscall.SIGQUIT) }

// awaitDump waits for the end of a process that was asked for its goroutines.
func (p *Process) awaitDump() {
	select {
	case <-p.done:
	case <-time.After(3 * time.Second):
	}
}

func (r *Room) names() map[int]string { return nil }

// view sees nothing here.
type view struct {
	room  *Room
	names map[int]string
}

func (view) inspect(int) (bool, []Wait) { return false, nil }

func (view) descendants(*Process) []Diagnosis { return nil }

// Holders cannot be told here.
func (r *Room) Holders(*Output) []string { return nil }

// Zombies cannot be told here.
func (p *Process) Zombies() int { return 0 }

// DescriptorKinds are those that Descriptors tells apart.
var DescriptorKinds = []string{"pipe", "fifo", "socket", "listener", "file", "folder"}

// Descriptors cannot be told here.
func (p *Process) Descriptors() map[string]int { return nil }

// SendFile is not to be had here.
func (p *Peer) SendFile(_, _ []byte) error { return errors.New("open files can be sent on Linux only") }

// Moment is something that a process does to a file.
type Moment int

// The moments.
const (
	Writes Moment = iota
	Unlocks
	Misses
	Opens
	Replaces
)

// Steps is not to be had here.
type Steps struct{}

// Follow is not to be had here.
func (p *Process) Follow(string, Moment) (*Steps, error) {
	return nil, errors.New("following a process needs Linux")
}

// Reached is never so here.
func (*Steps) Reached() bool { return false }

// End has nothing to end here.
func (*Steps) End() {}

func awaitEnd(int) {}

// Descendant is not to be had here.
type Descendant struct{ Pid int }

// Below cannot be told here.
func (p *Process) Below(string) []int { return nil }

// Take is not to be had here.
func (p *Process) Take(int) (*Descendant, error) { return nil, errors.New("children need Linux") }

// Signal is not to be had here.
func (d *Descendant) Signal(syscall.Signal) error { return errors.New("children need Linux") }

// StoppedPid cannot be told here.
func StoppedPid(int) bool { return true }

// SignalGroup sends a signal to all processes of the group in which the process was started.
func (p *Process) SignalGroup(s syscall.Signal) error { return syscall.Kill(-p.Pid, s) }

// Lockers cannot be told here.
func (r *Room) Lockers(string) []string { return nil }

// LockersNow cannot be told here.
func (r *Room) LockersNow(string) []string { return nil }

// queued cannot be told here.
func queued(*os.File) bool { return true }

func shrink(*os.File) error { return nil }

func (o *Output) takeFiles(fd int, b []byte) (int, error) { return unix.Read(fd, b) }

func refill(descriptor) (int, error) { return 0, errors.New("holding an output needs Linux") }

// Strangers cannot be told here.
func (p *Process) Strangers() []string { return nil }

// Unpiped cannot be told here.
func (p *Process) Unpiped() []string { return nil }

// guard is not to be had here: what a killed grader leaves running, it leaves.
type guard struct{}

func startGuard(string) *guard { return nil }

func (*guard) dismiss() {}

func killBelow(string) {}
