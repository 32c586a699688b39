package wall

import (
	"errors"
	"fmt"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ownPids puts what the calling thread forks from now on into a pid namespace of its own. Its pid 1 is a
// copy of this process that never leaves reaperLife. It returns a detached /proc of that namespace, or -1
// if there is none to be had.
//
// Without it, cells can count each other's processes: kill with signal 0 and a dozen other calls tell
// whether a pid is there, and each new pid tells how many have been given away.
func ownPids() (proc int, err error) {
	if err := unix.Unshare(unix.CLONE_NEWPID); err != nil {
		return -1, fmt.Errorf("pid namespace: %w", err)
	}
	var told [2]int
	if err := unix.Pipe2(told[:], unix.O_CLOEXEC); err != nil {
		return -1, err
	}
	defer unix.Close(told[0])
	defer unix.Close(told[1])
	// The reaper shares our descriptors, but not our memory: it puts /proc where this one is.
	place, err := unix.FcntlInt(uintptr(told[0]), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if e := forkReaper(newReaper(place, told[1])); e != 0 {
		return -1, errors.Join(fmt.Errorf("pid 1 of a cell: %w", e), unix.Close(place))
	}
	got := make([]byte, 1)
	if n, err := unix.Read(told[0], got); err != nil || n != 1 || got[0] != 0 {
		return -1, errors.Join(err, unix.Close(place))
	}
	return place, nil
}

// reaper is what the pid 1 of a cell needs. It cannot allocate.
type reaper struct {
	place, tell                               uintptr
	proc, subset, pid, hidepid, invisible, ok *byte
	signals                                   uint64
	ignore                                    [4]uintptr // a struct sigaction as the kernel has it
}

func newReaper(place, tell int) *reaper {
	text := func(s string) *byte { return &append([]byte(s), 0)[0] }
	const sigIgnore = 1
	return &reaper{uintptr(place), uintptr(tell), text("proc"), text("subset"), text("pid"), text("hidepid"), text("invisible"), &[]byte{0}[0],
		^uint64(0), [4]uintptr{sigIgnore}}
}

// forkReaper forks, as the syscall package does: with all signals blocked, and in the child nothing but
// raw calls, since the runtime's other threads are not there.
//
//go:norace
//go:nosplit
//go:noinline
func forkReaper(r *reaper) syscall.Errno {
	var before uint64
	syscall.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&r.signals)), uintptr(unsafe.Pointer(&before)), 8, 0, 0)
	pid, _, e := syscall.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD)|unix.CLONE_FILES, 0, 0, 0, 0, 0)
	if pid == 0 && e == 0 {
		reaperLife(r)
	}
	syscall.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&before)), 0, 8, 0, 0)
	return e
}

// reaperLife mounts /proc, and then waits to be killed: the kernel reaps the children of who ignores
// SIGCHLD. All other signals stay blocked.
//
//go:norace
//go:nosplit
func reaperLife(r *reaper) {
	syscall.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(unix.SIGCHLD), uintptr(unsafe.Pointer(&r.ignore)), 0, 8, 0, 0)
	fs, _, e := syscall.RawSyscall(unix.SYS_FSOPEN, uintptr(unsafe.Pointer(r.proc)), unix.FSOPEN_CLOEXEC, 0)
	if e == 0 {
		const set, create = unix.FSCONFIG_SET_STRING, unix.FSCONFIG_CMD_CREATE
		syscall.RawSyscall6(unix.SYS_FSCONFIG, fs, set, uintptr(unsafe.Pointer(r.subset)), uintptr(unsafe.Pointer(r.pid)), 0, 0)
		syscall.RawSyscall6(unix.SYS_FSCONFIG, fs, set, uintptr(unsafe.Pointer(r.hidepid)), uintptr(unsafe.Pointer(r.invisible)), 0, 0)
		_, _, e = syscall.RawSyscall6(unix.SYS_FSCONFIG, fs, create, 0, 0, 0, 0)
	}
	var mount uintptr
	if e == 0 {
		mount, _, e = syscall.RawSyscall(unix.SYS_FSMOUNT, fs, unix.FSMOUNT_CLOEXEC, unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV|unix.MOUNT_ATTR_NOEXEC)
	}
	if e == 0 {
		_, _, e = syscall.RawSyscall(unix.SYS_DUP3, mount, r.place, unix.O_CLOEXEC)
	}
	syscall.RawSyscall(unix.SYS_CLOSE, mount, 0, 0)
	syscall.RawSyscall(unix.SYS_CLOSE, fs, 0, 0)
	if e != 0 {
		*r.ok = 1
	}
	syscall.RawSyscall(unix.SYS_WRITE, r.tell, uintptr(unsafe.Pointer(r.ok)), 1)
	syscall.RawSyscall(unix.SYS_CLOSE_RANGE, 0, ^uintptr(0), unix.CLOSE_RANGE_UNSHARE)
	for {
		syscall.RawSyscall6(unix.SYS_PPOLL, 0, 0, 0, 0, 0, 0)
	}
}
