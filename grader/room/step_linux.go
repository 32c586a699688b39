package room

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Moment is something that a process does to a file.
type Moment int

// The moments.
const (
	Writes   Moment = iota // it has written to the file, or to a file below the folder, for the first time
	Unlocks                // it has let go of its lock on the file
	Misses                 // it has looked for the file, and found that there is none
	Opens                  // it has the file open, or has opened a file below the folder
	Replaces               // the name stands for another file than before, or for none
)

// Steps follows a process from one call of the kernel to the next, and stops it right after the one that
// brings a moment. It is traced meanwhile, and then no more.
type Steps struct {
	p      *Process
	moment Moment
	path   string

	reached atomic.Bool
	ended   atomic.Bool // no more is to be followed
	done    chan struct{}

	// Of the tracing thread alone.
	threads map[int]*call // by tid
	had     bool          // it held the lock
	before  os.FileInfo   // what the name stood for; nil if for nothing
}

// call is what a thread does in the kernel.
type call struct {
	number uint64
	args   [6]uint64
}

// Follow begins to follow a process. One that was stopped goes on.
func (p *Process) Follow(path string, m Moment) (*Steps, error) {
	s := &Steps{p: p, moment: m, path: path, done: make(chan struct{}), threads: map[int]*call{}}
	attached := make(chan error)
	go onThreadOfItsOwn(func() {
		defer close(s.done)
		err := s.attach()
		attached <- err
		if err == nil {
			s.follow()
		}
	})
	if err := <-attached; err != nil {
		return nil, fmt.Errorf("%s cannot be followed: %w", p.Name, err)
	}
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	p.room.ends = append(p.room.ends, s)
	return s, nil
}

// inFlight tells whether a thread stands at a call of the kernel, for the follower to let it go on: it does
// not wait for anybody else.
func (s *Steps) inFlight() bool {
	select {
	case <-s.done:
		return false
	default:
	}
	return slices.ContainsFunc(threads(s.p.Pid), func(t *thread) bool { return statState(t.dir+"/stat") == 't' })
}

func (s *Steps) shut() { s.ended.Store(true) }

// onThreadOfItsOwn runs a function on a thread that ends with it: the kernel lets go then of all that the
// thread has traced. The first thread of a program never ends, so it is not taken.
func onThreadOfItsOwn(f func()) {
	runtime.LockOSThread()
	if unix.Gettid() != os.Getpid() {
		f()
		return
	}
	defer runtime.UnlockOSThread()
	done := make(chan struct{})
	go func() {
		defer close(done)
		onThreadOfItsOwn(f)
	}()
	<-done
}

// Reached tells whether the moment has come: the process is stopped then, or about to be.
func (s *Steps) Reached() bool { return s.reached.Load() }

// End lets the process go on without being followed, unless it was stopped at the moment.
func (s *Steps) End() {
	s.ended.Store(true)
	<-s.done
	if s.Reached() {
		s.p.room.mu.Lock()
		defer s.p.room.mu.Unlock()
		s.p.frozen = true
		s.p.room.note(s.p.Name, "signal", []byte("SIGSTOP"))
	}
}

const followed = unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACECLONE

// attach takes hold of all threads, those too that are made meanwhile, and lets them go to their next call.
func (s *Steps) attach() error {
	for {
		all, grown := tasks(s.p.Pid), false
		for _, tid := range all {
			if s.threads[tid] != nil {
				continue
			}
			err := ptrace(unix.PTRACE_SEIZE, tid, 0, followed)
			if err == nil {
				err = ptrace(unix.PTRACE_INTERRUPT, tid, 0, 0)
			}
			if err != nil && err != unix.ESRCH && err != unix.EPERM || err == unix.EPERM && tid == s.p.Pid {
				return err
			}
			if err == nil {
				s.threads[tid], grown = &call{}, true
			}
		}
		if !grown {
			break
		}
	}
	if len(s.threads) == 0 {
		return os.ErrProcessDone
	}
	for tid := range s.threads {
		for begun := time.Now(); ; pause() {
			if _, stopped, gone := state(tid); stopped || gone {
				break
			}
			if time.Since(begun) > deathLimit {
				return errors.New("it does not come to a stop")
			}
		}
	}
	if file, err := os.Stat(s.path); err == nil {
		s.had, s.before = locks(s.p.Pid, file), file
		if s.moment == Opens && hasOpen(s.p.Pid, file) {
			unix.Kill(s.p.Pid, unix.SIGSTOP) // it stays where it is, also when it is let go of
			s.reached.Store(true)
			return nil
		}
	}
	s.p.room.mu.Lock()
	if s.p.frozen {
		s.p.frozen = false
		unix.Kill(s.p.Pid, unix.SIGCONT)
	}
	s.p.room.mu.Unlock()
	for tid := range s.threads {
		ptrace(unix.PTRACE_SYSCALL, tid, 0, 0)
	}
	return nil
}

// pause is between two looks at threads that run: to sleep in a wait for one would be to miss the others,
// and a wait for all would take the ends of other children of the grader.
func pause() { time.Sleep(50 * time.Microsecond) }

func (s *Steps) follow() {
	for !s.Reached() && !s.ended.Load() && len(s.threads) > 0 {
		for tid := range s.threads {
			status, stopped, gone := state(tid)
			switch {
			case gone:
				if tid != s.p.Pid { // the end of the process itself is for who waits for it
					unix.Wait4(tid, nil, unix.WNOHANG|unix.WALL, nil)
				}
				delete(s.threads, tid)
			case stopped && s.stopped(tid, status):
				unix.Tgkill(s.p.Pid, tid, unix.SIGSTOP) // taken before the thread leaves the kernel
				s.reached.Store(true)
				ptrace(unix.PTRACE_DETACH, tid, 0, 0)
				return
			}
		}
		pause()
	}
}

// stopped deals with the stop of a thread and lets it go on, unless the moment has come.
func (s *Steps) stopped(tid, status int) (reached bool) {
	sig, event := unix.Signal(status&0xff), status>>8
	pass := uintptr(0)
	switch {
	case sig == unix.SIGTRAP|0x80:
		if s.step(tid) {
			return true
		}
	case event == unix.PTRACE_EVENT_CLONE:
		var child uint64
		ptrace(unix.PTRACE_GETEVENTMSG, tid, 0, uintptr(unsafe.Pointer(&child)))
		s.threads[int(child)] = &call{}
	case event == unix.PTRACE_EVENT_STOP && sig != unix.SIGTRAP: // stopped with its group
		ptrace(unix.PTRACE_LISTEN, tid, 0, 0)
		return false
	case event == 0:
		pass = uintptr(sig)
	}
	ptrace(unix.PTRACE_SYSCALL, tid, 0, pass)
	return false
}

// syscallInfo is struct ptrace_syscall_info.
type syscallInfo struct {
	op     uint8 // 1 at the begin of a call, 2 at its end
	_      [3]uint8
	arch   uint32
	ip, sp uint64
	data   [8]uint64 // number and arguments; or the result
}

// step is the begin or the end of a call.
func (s *Steps) step(tid int) bool {
	var info syscallInfo
	const getSyscallInfo = 0x420e
	if ptrace(getSyscallInfo, tid, unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info))) != nil {
		return false
	}
	c := s.threads[tid]
	if info.op == 1 {
		c.number = info.data[0]
		copy(c.args[:], info.data[1:7])
		return false
	}
	return info.op == 2 && s.came(c, int64(info.data[0]))
}

// came tells whether a call that has just ended with a result has brought the moment.
func (s *Steps) came(c *call, result int64) bool {
	switch s.moment {
	case Writes:
		arg, writes := writingCalls[c.number]
		return writes && result > 0 && s.concerns(int(int32(c.args[arg])))
	case Opens:
		return openingCalls[c.number] && result >= 0 && s.concerns(int(result))
	case Replaces:
		return namingCalls[c.number] && result >= 0 && s.replaced()
	case Unlocks:
		if !unlockingCalls[c.number] {
			return false
		}
		file, err := os.Stat(s.path)
		if err != nil {
			return false
		}
		had := s.had
		s.had = locks(s.p.Pid, file)
		return had && !s.had
	}
	return lookingCalls[c.number] && result == -int64(unix.ENOENT) && filepath.Base(stringAt(s.p.Pid, c.args[1])) == filepath.Base(s.path)
}

// replaced tells whether the name stands for another file than at the begin.
func (s *Steps) replaced() bool {
	now, err := os.Stat(s.path)
	if err != nil || s.before == nil {
		return (err == nil) != (s.before != nil)
	}
	return !os.SameFile(s.before, now)
}

// hasOpen tells whether a process has a file open. A folder does not count.
func hasOpen(pid int, file os.FileInfo) bool {
	entries, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	return file.Mode().IsRegular() && slices.ContainsFunc(entries, func(e os.DirEntry) bool {
		info, err := os.Stat(fmt.Sprintf("/proc/%d/fd/%s", pid, e.Name()))
		return err == nil && os.SameFile(info, file)
	})
}

// concerns tells whether a descriptor is one of the file, or of one below the folder. One that was made on
// the folder's disk and has no name yet (O_TMPFILE) counts as well.
func (s *Steps) concerns(fd int) bool {
	file, err := os.Stat(fmt.Sprintf("/proc/%d/fd/%d", s.p.Pid, fd))
	if err != nil || !file.Mode().IsRegular() {
		return false
	}
	where, err := os.Stat(s.path)
	switch {
	case err != nil:
		return false
	case !where.IsDir():
		return os.SameFile(where, file)
	case nameless(file):
		return device(where) == device(file)
	}
	found := false
	// The room itself may be a link; a walk would not follow it.
	filepath.WalkDir(s.path+"/.", func(_ string, e fs.DirEntry, err error) error {
		if err != nil {
			return nil // it has just been removed
		}
		if info, err := e.Info(); err == nil && os.SameFile(info, file) {
			found = true
			return fs.SkipAll
		}
		return nil
	})
	return found
}

func nameless(file os.FileInfo) bool { return file.Sys().(*syscall.Stat_t).Nlink == 0 }

func device(file os.FileInfo) uint64 { return uint64(file.Sys().(*syscall.Stat_t).Dev) }

// writingCalls write to the descriptor that stands at this place of their arguments.
var writingCalls = map[uint64]int{
	unix.SYS_WRITE: 0, unix.SYS_WRITEV: 0, unix.SYS_PWRITE64: 0, unix.SYS_PWRITEV: 0, unix.SYS_PWRITEV2: 0,
	unix.SYS_SENDFILE: 0, unix.SYS_COPY_FILE_RANGE: 2, unix.SYS_SPLICE: 2,
}

var openingCalls = map[uint64]bool{unix.SYS_OPENAT: true, unix.SYS_OPENAT2: true}

// namingCalls make a name, take it away, or give it to another file.
var namingCalls = map[uint64]bool{unix.SYS_RENAMEAT: true, unix.SYS_RENAMEAT2: true, unix.SYS_LINKAT: true, unix.SYS_UNLINKAT: true,
	unix.SYS_SYMLINKAT: true, unix.SYS_OPENAT: true, unix.SYS_OPENAT2: true}

var unlockingCalls = map[uint64]bool{unix.SYS_FLOCK: true, unix.SYS_FCNTL: true, unix.SYS_CLOSE: true, unix.SYS_CLOSE_RANGE: true, unix.SYS_DUP3: true}

// lookingCalls have a path as their second argument.
var lookingCalls = map[uint64]bool{unix.SYS_OPENAT: true, unix.SYS_OPENAT2: true, sysFstatat: true, unix.SYS_STATX: true,
	unix.SYS_FACCESSAT: true, unix.SYS_FACCESSAT2: true, unix.SYS_READLINKAT: true}

// state tells whether a traced thread has stopped, which is told once, or is gone.
func state(tid int) (status int, stopped, gone bool) {
	var info [32]int32 // siginfo_t
	ask := func(options int) error {
		info = [32]int32{}
		_, _, errno := unix.Syscall6(unix.SYS_WAITID, unix.P_PID, uintptr(tid), uintptr(unsafe.Pointer(&info)), uintptr(options|unix.WNOHANG|unix.WALL), 0, 0)
		if errno != 0 {
			return errno
		}
		return nil
	}
	const codeAt, pidAt, statusAt, trapped = 2, 4, 6, 4 // on machines of 64 bits; from CLD_TRAPPED on it has stopped
	if err := ask(unix.WSTOPPED); err == nil && info[pidAt] != 0 {
		return int(info[statusAt]), true, false
	}
	err := ask(unix.WEXITED | unix.WNOWAIT) // which tells of a stop too, if there has just been one
	return 0, false, err == unix.ECHILD || err == nil && info[pidAt] != 0 && info[codeAt] < trapped
}

// awaitEnd returns when a child has ended, without taking its end. A wait of the kernel's would take the
// stops of one that is being followed, too.
func awaitEnd(pid int) {
	handle, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return
	}
	defer unix.Close(handle)
	for p := []unix.PollFd{{Fd: int32(handle), Events: unix.POLLIN}}; ; {
		if _, err := unix.Poll(p, -1); err != unix.EINTR {
			return
		}
	}
}

func ptrace(request, pid int, addr, data uintptr) error {
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, uintptr(request), uintptr(pid), addr, data, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}
