package wall

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A wing is a pid namespace within a block. A block keeps its wings from layout to layout, and makes one
// when a layout has more cells with pids of their own than any before: to fork its pid 1 and to mount
// its /proc costs more than the rest of a cell.
//
// Without wings, cells could count each other's processes: kill with signal 0 and a dozen other calls
// tell whether a pid is there, and each new pid tells how many have been given away.
type wing struct {
	handle int    // pidfd of its pid 1, the reaper
	pid    int    // of the reaper, as pid 1 of the block sees it
	line   int    // where the reaper takes orders
	proc   string // where its /proc lies; empty if none is to be had
}

const wingRoot = "/wing"

// Orders to a reaper. It gives the byte back when it has obeyed.
const (
	orderKill  byte = 'k' // kill everything in the wing
	orderAwait byte = 'w' // wait until nothing is left in it, and count pids from the start again
)

// nextWing gives the first wing that no cell of the layout has yet.
func (w *warden) nextWing() (*wing, error) {
	if w.inUse == len(w.wings) {
		n, err := w.openWing(fmt.Sprintf("%s/%d", wingRoot, w.inUse))
		if err != nil {
			return nil, fmt.Errorf("wing %d: %w", w.inUse, err)
		}
		w.wings = append(w.wings, n)
	}
	w.inUse++
	return w.wings[w.inUse-1], nil
}

// openWing makes a pid namespace. Its pid 1 is a copy of this process that never leaves reaperLife, and
// mounts the namespace's /proc at a place.
func (w *warden) openWing(proc string) (*wing, error) {
	if err := os.MkdirAll(proc, 0o755); err != nil {
		return nil, err
	}
	line, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	pid, handle, e := forkReaper(newReaper(line[1], w.lastPid, proc))
	unix.Close(line[1])
	if e != 0 {
		return nil, errors.Join(e, unix.Close(line[0]))
	}
	g := &wing{handle: handle, pid: pid, line: line[0], proc: proc}
	mounted, err := g.obeyed()
	if err != nil {
		return nil, errors.Join(err, g.close())
	}
	if mounted != 0 {
		g.proc = ""
	}
	return g, nil
}

func (g *wing) order(order byte) error {
	if n, err := unix.Write(g.line, []byte{order}); n != 1 {
		return errors.Join(errReaper, err)
	}
	return nil
}

// obeyed waits for the reaper to say that it has done as told.
func (g *wing) obeyed() (byte, error) {
	got := []byte{0}
	for {
		n, err := unix.Read(g.line, got)
		switch {
		case err == unix.EINTR:
		case n != 1:
			return 0, errors.Join(errReaper, err)
		default:
			return got[0], nil
		}
	}
}

var errReaper = errors.New("the reaper of a wing is gone")

// close ends the wing and everything in it.
func (g *wing) close() error {
	unix.PidfdSendSignal(g.handle, unix.SIGKILL, nil, 0)
	_, err := unix.Wait4(g.pid, nil, unix.WALL, nil) // the kernel ends the others of the namespace first
	for err == unix.EINTR {
		_, err = unix.Wait4(g.pid, nil, unix.WALL, nil)
	}
	if g.proc != "" {
		err = errors.Join(err, unix.Unmount(g.proc, unix.MNT_DETACH))
	}
	return errors.Join(err, unix.Close(g.line), unix.Close(g.handle))
}

// tellWings gives an order to all wings, and waits until all have obeyed.
func (w *warden) tellWings(order byte) error {
	var errs []error
	for _, g := range w.wings[:w.inUse] {
		errs = append(errs, g.order(order))
	}
	for _, g := range w.wings[:w.inUse] {
		_, err := g.obeyed()
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// closeWings is for when the reapers have been killed with the rest.
func (w *warden) closeWings() error {
	var errs []error
	for _, g := range w.wings {
		errs = append(errs, g.close())
	}
	w.wings, w.inUse = nil, 0
	return errors.Join(errs...)
}

// enter puts what the calling thread forks from now on into the wing.
func (g *wing) enter() error {
	if err := unix.Setns(g.handle, unix.CLONE_NEWPID); err != nil {
		return fmt.Errorf("pid namespace: %w", err)
	}
	return nil
}

// reaper is what the pid 1 of a wing needs. It cannot allocate.
type reaper struct {
	line, lastPid                         uintptr
	proc, subset, pid, hidepid, invisible *byte
	place, empty, order, first            *byte
	signals                               uint64
	ignore                                [4]uintptr // a struct sigaction as the kernel has it
	handle                                int32
}

func newReaper(line, lastPid int, proc string) *reaper {
	text := func(s string) *byte { return &append([]byte(s), 0)[0] }
	const sigIgnore = 1
	return &reaper{
		line: uintptr(line), lastPid: uintptr(lastPid),
		proc: text("proc"), subset: text("subset"), pid: text("pid"), hidepid: text("hidepid"), invisible: text("invisible"),
		place: text(proc), empty: text(""), order: text(""), first: text("1"),
		signals: ^uint64(0), ignore: [4]uintptr{sigIgnore}}
}

// forkReaper forks, as the syscall package does: with all signals blocked, and in the child nothing but
// raw calls, since the runtime's other threads are not there. The child sends no signal when it ends, so
// that only a wait with WALL or WCLONE sees it: to warden.reap it is not there.
//
//go:norace
//go:nosplit
//go:noinline
func forkReaper(r *reaper) (pid, handle int, e syscall.Errno) {
	var before uint64
	syscall.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&r.signals)), uintptr(unsafe.Pointer(&before)), 8, 0, 0)
	child, _, e := syscall.RawSyscall6(unix.SYS_CLONE, unix.CLONE_NEWPID|unix.CLONE_PIDFD, 0, uintptr(unsafe.Pointer(&r.handle)), 0, 0, 0)
	if child == 0 && e == 0 {
		reaperLife(r)
	}
	syscall.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&before)), 0, 8, 0, 0)
	return int(child), int(r.handle), e
}

// reaperLife mounts /proc, says whether it could, and then does what it is told until nobody can tell it
// anything. The kernel reaps the children of who ignores SIGCHLD; all other signals stay blocked.
//
//go:norace
//go:nosplit
func reaperLife(r *reaper) {
	const line, lastPid = 0, 1
	syscall.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(unix.SIGCHLD), uintptr(unsafe.Pointer(&r.ignore)), 0, 8, 0, 0)
	syscall.RawSyscall(unix.SYS_DUP3, r.line, line, 0)
	syscall.RawSyscall(unix.SYS_DUP3, r.lastPid, lastPid, 0)
	syscall.RawSyscall(unix.SYS_CLOSE_RANGE, lastPid+1, ^uintptr(0), 0)
	*r.order = mountOwnProc(r)
	for {
		if n, _, _ := syscall.RawSyscall(unix.SYS_WRITE, line, uintptr(unsafe.Pointer(r.order)), 1); n != 1 {
			break
		}
		if n, _, _ := syscall.RawSyscall(unix.SYS_READ, line, uintptr(unsafe.Pointer(r.order)), 1); n != 1 {
			break
		}
		switch *r.order {
		case orderKill: // one call is enough: a process cannot fork once it has been sent SIGKILL
			syscall.RawSyscall(unix.SYS_KILL, ^uintptr(0), uintptr(unix.SIGKILL), 0)
		case orderAwait: // with SIGCHLD ignored the call returns when there are no children any more
			syscall.RawSyscall6(unix.SYS_WAIT4, ^uintptr(0), 0, unix.WALL, 0, 0, 0)
			for e := syscall.Errno(0); e == 0; { // nor is the last of them still about to leave
				syscall.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0)
				_, _, e = syscall.RawSyscall(unix.SYS_KILL, ^uintptr(0), 0, 0)
			}
			syscall.RawSyscall6(unix.SYS_PWRITE64, lastPid, uintptr(unsafe.Pointer(r.first)), 1, 0, 0, 0)
		}
	}
	syscall.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
}

// mountOwnProc does for the reaper what mountProc does, and puts the mount to its place. It returns 0 if
// that worked.
//
//go:norace
//go:nosplit
func mountOwnProc(r *reaper) byte {
	const set, create = unix.FSCONFIG_SET_STRING, unix.FSCONFIG_CMD_CREATE
	fs, _, e := syscall.RawSyscall(unix.SYS_FSOPEN, uintptr(unsafe.Pointer(r.proc)), unix.FSOPEN_CLOEXEC, 0)
	if e != 0 {
		return 1
	}
	syscall.RawSyscall6(unix.SYS_FSCONFIG, fs, set, uintptr(unsafe.Pointer(r.subset)), uintptr(unsafe.Pointer(r.pid)), 0, 0)
	syscall.RawSyscall6(unix.SYS_FSCONFIG, fs, set, uintptr(unsafe.Pointer(r.hidepid)), uintptr(unsafe.Pointer(r.invisible)), 0, 0)
	_, _, e = syscall.RawSyscall6(unix.SYS_FSCONFIG, fs, create, 0, 0, 0, 0)
	var mount uintptr
	if e == 0 {
		mount, _, e = syscall.RawSyscall(unix.SYS_FSMOUNT, fs, unix.FSMOUNT_CLOEXEC, unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV|unix.MOUNT_ATTR_NOEXEC)
	}
	syscall.RawSyscall(unix.SYS_CLOSE, fs, 0, 0)
	if e != 0 {
		return 1
	}
	const here = ^uintptr(-unix.AT_FDCWD - 1) // AT_FDCWD, without a sign
	_, _, e = syscall.RawSyscall6(unix.SYS_MOVE_MOUNT, mount, uintptr(unsafe.Pointer(r.empty)), here, uintptr(unsafe.Pointer(r.place)), unix.MOVE_MOUNT_F_EMPTY_PATH, 0)
	syscall.RawSyscall(unix.SYS_CLOSE, mount, 0, 0)
	if e != 0 {
		return 1
	}
	return 0
}
