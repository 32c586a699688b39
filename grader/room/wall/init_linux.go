package wall

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// initName is the name under which this binary is executed as pid 1 of a block.
const initName = "ipclab-room"

// Whoever imports this package can be executed as pid 1: it is decided before main begins.
func init() {
	if len(os.Args) == 1 && os.Args[0] == initName && os.Getpid() == 1 {
		// A cell's thread ends with its cell, which the first thread of a process cannot. It is this one.
		runtime.LockOSThread()
		first := make(chan func())
		go func() {
			serve(first)
			os.Exit(0)
		}()
		for f := range first {
			f()
		}
	}
}

// warden is pid 1 of a block.
type warden struct {
	link    link
	sources []string // of the host; number n lies at sourceAt(n)
	cells   map[string]*cell
	// outside: not all of the layout's cells have wings.
	outside bool
	wings   []*wing
	inUse   int           // so many wings, the first ones, are the present layout's
	lastPid int           // a descriptor of /proc/sys/kernel/ns_last_pid; -1 if there is none
	first   chan<- func() // what the first thread is to do
	home    network       // the block's own, in which there is nothing to connect to
	network network       // the present layout's, or home

	starting sync.WaitGroup // programs that cells have been told to fork
	mu       sync.Mutex
	children map[int]bool // started by request, and not reaped yet
	some     *sync.Cond   // there are children, of whatever kind
	none     *sync.Cond   // there are none
	idle     bool         // that is so
}

// serve does what the grader asks, until the grader is gone. Then it exits, and the kernel kills
// everything in the block.
func serve(first chan<- func()) {
	// Nothing in the block is worth more than the grader when memory runs short. Written before the
	// process is closed to the rest, which takes its own /proc away from it.
	os.WriteFile("/proc/self/oom_score_adj", []byte("900"), 0)
	unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) // nobody in the block may look into it
	ignoreSignals()
	unix.CloseRange(3, ^uint(0), unix.CLOSE_RANGE_CLOEXEC)
	unix.Umask(0o022)
	l := newLink(3)
	w := &warden{link: l, cells: map[string]*cell{}, children: map[int]bool{}, lastPid: -1, first: first}
	w.some, w.none = sync.NewCond(&w.mu), sync.NewCond(&w.mu)
	go w.reap()
	buf := make([]byte, maxMessage)
	for {
		var q request
		fds, err := l.receive(buf, &q)
		if err != nil {
			return
		}
		w.obey(q, fds)
	}
}

// ignoreSignals gives all signals up that Go's runtime handles, but for the one with which it interrupts
// goroutines: some of its handlers exit. And to be told of signals, through package signal, costs two
// switches of threads for each.
//
// The default action will not do. The kernel spares it pid 1 if the signal comes from within; but it looks
// whether the first thread would take the signal, and while that one blocks all signals, as it does in every
// fork, a signal that ends processes ends pid 1 too (complete_signal in kernel/signal.c).
//
// What is ignored is inherited by every program, but not what the runtime believes it handles: syscall.ForkExec
// gives that its default action. Signals 32 and 34, which it leaves to the C library, stay ignored.
func ignoreSignals() {
	const last = 64
	const byDefault, ignored = 0, 1 // SIG_DFL, SIG_IGN
	for n := unix.Signal(1); n <= last; n++ {
		var before [4]uintptr // a struct sigaction as the kernel has it
		action := [4]uintptr{ignored}
		switch n {
		case unix.SIGURG, unix.SIGKILL, unix.SIGSTOP:
			continue
		case unix.SIGCHLD, unix.SIGCONT, unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU, unix.SIGWINCH: // by default they end nothing
			action[0] = byDefault
		}
		unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(n), 0, uintptr(unsafe.Pointer(&before)), 8, 0, 0)
		if before[0] == ignored && action[0] == ignored { // the grader was started so: the runtime has to be told that it handles this one
			signal.Notify(make(chan os.Signal, 1), n)
		}
		unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(n), uintptr(unsafe.Pointer(&action)), 0, 8, 0, 0)
	}
}

func (w *warden) obey(q request, fds []int) {
	var out []int
	var err error
	switch {
	case q.Command != nil:
		w.start(q, fds)
		return
	case q.Plan != nil:
		err = w.setUp(q.Plan, fds)
	case q.Layout != nil:
		out, err = w.furnish(q.Layout)
	case q.Cell != nil:
		err = w.addCells(*q.Cell)
	case q.Clear:
		err = w.clear()
	case q.Kill:
		err = w.killAll()
	case q.Socket != nil:
		var fd int
		fd, err = w.socket(*q.Socket)
		out = []int{fd}
	}
	if err != nil {
		w.answer(answer{ID: q.ID, Err: err.Error()})
		return
	}
	w.answer(answer{ID: q.ID}, out...)
	for _, fd := range out {
		unix.Close(fd)
	}
}

// answer speaks to the grader. Only whole messages are sent, so that several threads may.
func (w *warden) answer(a answer, fds ...int) {
	if w.link.send(a, fds...) != nil {
		os.Exit(3)
	}
}

// start has a cell fork a program.
func (w *warden) start(q request, fds []int) {
	c := w.cells[q.Command.Cell]
	if c == nil {
		w.answer(answer{ID: q.ID, Err: "no cell " + q.Command.Cell})
		return
	}
	w.starting.Add(1)
	c.do(func() {
		defer w.starting.Done()
		w.mu.Lock() // a child that ends at once is reaped after it has been entered
		pid, handle, err := c.fork(q.Command, fds)
		if err == nil {
			w.children[pid] = true
			w.idle = false
			w.some.Signal()
		}
		w.mu.Unlock()
		for _, fd := range fds {
			unix.Close(fd)
		}
		if err != nil {
			w.answer(answer{ID: q.ID, Err: fmt.Sprintf("start %s: %v", q.Command.Path, err)})
			return
		}
		w.answer(answer{ID: q.ID, Pid: pid}, handle)
		unix.Close(handle)
	})
}

// killAll kills everything but pid 1 itself, and the reapers if it can. One call is enough: a process
// cannot fork once it has been sent SIGKILL.
func (w *warden) killAll() error {
	w.starting.Wait() // what is not there yet could not be killed
	if !w.outside {
		return w.tellWings(orderKill)
	}
	if err := unix.Kill(-1, unix.SIGKILL); err != unix.ESRCH {
		return err
	}
	return nil
}

// clear kills all and returns when they are reaped, and the cells' threads have been told to end.
//
// What was started by request is waited for first: an orphan is its wing's reaper's to wait for from the
// moment in which its parent ends, and no sooner.
func (w *warden) clear() error {
	err := w.killAll()
	for _, c := range w.cells {
		c.do(nil)
	}
	for _, c := range w.cells {
		<-c.ready
	}
	clear(w.cells)
	w.mu.Lock()
	for !w.idle {
		w.none.Wait()
	}
	w.mu.Unlock()
	if w.outside {
		err = errors.Join(err, w.closeWings())
	} else if err == nil {
		err = w.tellWings(orderAwait)
	}
	w.outside, w.inUse = false, 0
	err = errors.Join(err, w.closeNetwork())
	if e := unix.Unmount(Folder, unix.MNT_DETACH); e != nil {
		err = errors.Join(err, fmt.Errorf("let go of the folder: %w", e))
	}
	return err
}

// reap takes the ends of all processes that are, or have become, children of pid 1, and tells of those
// that were started by request.
func (w *warden) reap() {
	for {
		err := unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if err == unix.EINTR {
			continue
		}
		w.mu.Lock()
		if err == unix.ECHILD {
			for len(w.children) == 0 {
				w.idle = true
				w.none.Signal()
				w.some.Wait()
			}
			w.mu.Unlock()
			continue
		}
		var status unix.WaitStatus
		var used unix.Rusage
		pid, err := unix.Wait4(-1, &status, unix.WNOHANG, &used)
		known := w.children[pid]
		delete(w.children, pid)
		w.mu.Unlock()
		if err == nil && known {
			w.answer(answer{Pid: pid, Exit: &Exit{Status: uint32(status), CPU: time.Duration(used.Utime.Nano() + used.Stime.Nano())}})
		}
	}
}

// cell is a thread with a view of its own.
type cell struct {
	Cell
	sources []string
	wing    *wing // nil if its processes' pids are the block's
	network network
	ready   chan error // what has come of settle; closed when the cell has ended
	work    chan func()
	bell    int // an eventfd that counts what is in work
}

// run is the life of a cell's thread. It never runs another goroutine, since what it has given up
// cannot be had again; it ends with the cell, and the cell's mounts with it.
//
// It waits in a call to the kernel, which wakes it at once: between goroutines, the scheduler would first
// wake another thread to find that this one is to run.
func (c *cell) run() {
	runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
	var err error
	if c.bell, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_SEMAPHORE); err != nil {
		c.ready <- err
		return
	}
	defer close(c.ready)
	defer unix.Close(c.bell)
	err = c.settle()
	c.ready <- err
	if err != nil {
		return
	}
	for count := make([]byte, 8); ; {
		if n, err := unix.Read(c.bell, count); n != len(count) {
			if err == unix.EINTR {
				continue
			}
			return
		}
		f := <-c.work
		if f == nil {
			return
		}
		f()
	}
}

// do has the cell's thread call a function; nil ends the cell.
func (c *cell) do(f func()) {
	c.work <- f
	unix.Write(c.bell, binary.NativeEndian.AppendUint64(nil, 1))
}

// settle takes the thread into its own mount namespace and gives all privileges up.
func (c *cell) settle() error {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("mount namespace: %w", err)
	}
	if c.wing != nil {
		if err := c.wing.enter(); err != nil {
			return err
		}
	}
	if err := c.network.enter(); err != nil {
		return err
	}
	if err := c.buildRoot(); err != nil {
		return err
	}
	if err := dropCapabilities(); err != nil {
		return fmt.Errorf("capabilities: %w", err)
	}
	if err := c.restrictFiles(); err != nil {
		return fmt.Errorf("landlock: %w", err)
	}
	if err := filterCalls(c.Deny); err != nil {
		return fmt.Errorf("seccomp: %w", err)
	}
	return nil
}

// fork starts a program on the cell's thread.
func (c *cell) fork(q *Command, fds []int) (pid, handle int, err error) {
	files := make([]uintptr, len(fds))
	for i, fd := range fds {
		files[i] = uintptr(fd)
	}
	handle = -1
	pid, err = syscall.ForkExec(q.Path, append([]string{q.Path}, q.Args...), &syscall.ProcAttr{
		Dir: q.Dir, Env: q.Env, Files: files, Sys: &syscall.SysProcAttr{Setsid: true, PidFD: &handle}})
	if err == nil && handle < 0 {
		err = syscall.ENOSYS
	}
	return pid, handle, err
}
