package room

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"

	"golang.org/x/sys/unix"
)

// resources are the limits that are set, by the kernel's numbers. Core files are always off.
func (l Limits) resources() map[int]int {
	all := map[int]int{unix.RLIMIT_CPU: l.CPU, unix.RLIMIT_FSIZE: l.FileSize, unix.RLIMIT_NOFILE: l.OpenFiles}
	maps.DeleteFunc(all, func(_, n int) bool { return n == 0 })
	all[unix.RLIMIT_CORE] = 0
	return all
}

// apply sets the limits of a process that has just been started.
func (l Limits) apply(pid int) error {
	for what, n := range l.resources() {
		// Where the grader itself has less, that holds.
		var own unix.Rlimit
		err := unix.Prlimit(pid, what, nil, &own)
		if err == nil {
			limit := min(uint64(n), own.Max)
			err = unix.Prlimit(pid, what, &unix.Rlimit{Cur: limit, Max: limit}, nil)
		}
		if err != nil && err != unix.ESRCH {
			return fmt.Errorf("limit of process %d: %w", pid, err)
		}
	}
	return nil
}

// limitNames are the limits that can be set while a process runs.
var limitNames = map[string]int{"cpu": unix.RLIMIT_CPU, "fsize": unix.RLIMIT_FSIZE, "nofile": unix.RLIMIT_NOFILE, "data": unix.RLIMIT_DATA}

// Limit sets one limit of a running process: cpu (seconds), fsize (bytes), nofile (descriptors),
// data (bytes). Of one that has ended there is nothing to limit, and that is no error.
func (p *Process) Limit(what string, n uint64) error { return p.limit(what, n, false) }

// SoftLimit is Limit for one that can be lifted again, by another one.
func (p *Process) SoftLimit(what string, n uint64) error { return p.limit(what, n, true) }

// Unlimited stands for as much as there is to be had.
const Unlimited = uint64(unix.RLIM_INFINITY)

func (p *Process) limit(what string, n uint64, soft bool) error {
	res, ok := limitNames[what]
	if !ok {
		return fmt.Errorf("unknown limit %q: want one of %v", what, slices.Sorted(maps.Keys(limitNames)))
	}
	err := p.prlimit(res, n, soft)
	if err == unix.ESRCH {
		return nil
	}
	if err == nil {
		p.room.Note(p.Name, "limit", limitWords(what, n))
	}
	return err
}

func (p *Process) prlimit(res int, n uint64, soft bool) error {
	if p.Pid <= 0 { // to the kernel this is the grader itself
		return unix.ESRCH
	}
	set := func() error {
		limit := unix.Rlimit{Cur: n, Max: n}
		if soft {
			if err := unix.Prlimit(p.Pid, res, nil, &limit); err != nil {
				return err
			}
			limit.Cur = min(n, limit.Max)
		}
		return unix.Prlimit(p.Pid, res, &limit, nil)
	}
	err := set()
	if err == unix.EPERM {
		err = asUserOf(p.Pid, set)
	}
	return err
}

func limitWords(what string, n uint64) string {
	if n == Unlimited {
		return what + " as before"
	}
	return fmt.Sprintf("%s %d", what, n)
}

// asUserOf calls a function on a thread whose real user is that of a process. Root in a container may lack
// the right over limits of others, and the kernel asks for the real user then.
func asUserOf(pid int, do func() error) error {
	var st unix.Stat_t
	if err := unix.Stat(fmt.Sprintf("/proc/%d", pid), &st); err != nil {
		return err
	}
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		uid, gid := os.Getuid(), os.Getgid()
		err := withRealUser(int(st.Uid), int(st.Gid), do)
		if e := setReal(uid, gid); e != nil {
			done <- errors.Join(err, e)
			return // and the thread ends
		}
		runtime.UnlockOSThread()
		done <- err
	}()
	return <-done
}

func withRealUser(uid, gid int, do func() error) error {
	if err := setReal(uid, gid); err != nil {
		return err
	}
	return do()
}

// setReal sets the real ids of the calling thread alone.
func setReal(uid, gid int) error {
	if _, _, e := unix.RawSyscall(unix.SYS_SETRESGID, uintptr(gid), ^uintptr(0), ^uintptr(0)); e != 0 {
		return e
	}
	if _, _, e := unix.RawSyscall(unix.SYS_SETRESUID, uintptr(uid), ^uintptr(0), ^uintptr(0)); e != 0 {
		return e
	}
	return nil
}

// fill makes a pipe as small as it gets and fills it. It returns the number of bytes.
func fill(w *os.File) (int, error) {
	size, err := unix.FcntlInt(w.Fd(), unix.F_SETPIPE_SZ, 4096)
	if err != nil {
		return 0, err
	}
	return w.Write(make([]byte, size))
}

// unread asks how many bytes of a pipe or a Unix socket the other side has not read yet.
func unread(c descriptor) int {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0
	}
	n := 0
	raw.Control(func(fd uintptr) {
		if _, pipe := c.(interface{ Fd() uintptr }); pipe {
			n, _ = unix.IoctlGetInt(int(fd), unix.TIOCINQ) // FIONREAD
		} else {
			n, _ = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
		}
	})
	return n
}
