package room

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// see takes one look at all threads of the room, or of one process and its descendants. A look that
// need not be thorough ends at the first thing that moves; a thorough one counts the processes and
// reads all running times besides.
//
// Only what the kernel itself says counts: the state of each thread, the call that it waits in, and
// how often it was switched. A thread that was woken is "running" for the kernel from that moment
// on, however long it then queues for a processor, so a loaded machine makes nothing look still.
func (r *Room) see(only *Process, thorough bool) sight {
	awaitSpawns() // what the judge has closed is open as long as a child half started holds it too
	e := eye{room: r, thorough: thorough, still: true}
	if e.own(only); !e.still && !thorough {
		return e.sight
	}
	if only == nil {
		e.left()
	}
	if e.still {
		e.motionless = e.print.String()
	}
	return e.sight
}

// eye is one look in the making.
type eye struct {
	room     *Room
	thorough bool
	sight

	still bool            // nothing has been found that could move
	print strings.Builder // what all threads have been found to wait in
}

// own looks at the judge's ends, and at the processes that the judge started, with what they started.
func (e *eye) own(only *Process) {
	r := e.room
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, end := range r.ends {
		if o, ok := end.(*Output); ok && only != nil && o != only.Out && o != only.Err {
			continue // what the others say is nothing to it
		}
		e.still = e.still && !end.inFlight()
	}
	if only == nil {
		fmt.Fprintf(&e.print, "%d:", r.epoch)
	}
	for _, p := range r.procs {
		if only != nil && p != only || p.exit != nil {
			continue
		}
		e.processes += e.process(p.Pid)
		// A process that has ended, and whose end is not yet entered, is an event about to come.
		if e.still || e.thorough {
			state := processState(p.Pid)
			ended := state == 0 || state == 'Z' || state == 'X'
			e.still = e.still && !ended
			e.ending = e.ending || ended
		}
	}
	// Asked last: what a packet becomes in between is seen by the next look.
	e.packets = e.still && r.config.Network && packetsWait()
}

// left looks at what the room's processes have left behind. What may be of another room is looked at,
// and not counted.
func (e *eye) left() {
	mine, perhaps := e.room.keeper.left()
	for _, pid := range mine {
		e.processes += e.process(pid)
	}
	for _, pid := range perhaps {
		e.process(pid)
	}
}

// process looks at the threads of a process and at its descendants, and counts these processes.
func (e *eye) process(pid int) int {
	e.pids = append(e.pids, pid)
	if e.thorough {
		e.memory += memoryOf(pid)
	}
	all := threads(pid)
	for _, t := range all {
		if e.still {
			t.look()
			e.still = t.waits
			fmt.Fprintf(&e.print, "%d/%d %c%s;", pid, t.tid, t.state, t.switches)
		}
		if e.thorough {
			e.account(t)
		}
	}
	fmt.Fprintf(&e.print, "%d,", pid)
	n := 1
	for _, t := range all {
		if !e.still && !e.thorough || n > e.room.config.Limits.Processes {
			break
		}
		for _, child := range t.children() {
			n += e.process(child)
		}
	}
	return n
}

func (e *eye) account(t *thread) {
	if e.times == nil {
		e.times = map[int]times{}
	}
	if t.state == 0 {
		t.state = statState(t.dir + "/stat")
	}
	now := t.readTimes()
	now.state = t.state
	e.times[t.tid] = now
}

func descend(out []int, pid int) []int {
	for _, c := range children(pid) {
		out = descend(append(out, c), c)
	}
	return out
}

// Stopped tells whether all threads of the process stand still after SIGSTOP.
func (p *Process) Stopped() bool { return StoppedPid(p.Pid) }

// CountLocked counts the process and its living descendants. The room must be locked.
func (p *Process) CountLocked() int {
	n := 0
	if p.exit != nil {
		return 0
	}
	for _, pid := range descend([]int{p.Pid}, p.Pid) {
		if s := processState(pid); s != 'Z' && s != 0 {
			n++
		}
	}
	return n
}

// children gives the processes that a process started and that live, or wait to be reaped.
func children(pid int) []int {
	var out []int
	for _, t := range threads(pid) {
		out = append(out, t.children()...)
	}
	return out
}

// thread is one thread as the kernel shows it.
type thread struct {
	pid, tid int
	dir      string

	// What look finds.
	waits    bool   // it sleeps in a call that only somebody else can end, or is stopped
	state    byte   // as the kernel's letter
	switches string // how often it was switched
}

func threads(pid int) []*thread {
	var out []*thread
	for _, tid := range tasks(pid) {
		out = append(out, &thread{pid: pid, tid: tid, dir: fmt.Sprintf("/proc/%d/task/%d", pid, tid)})
	}
	return out
}

// children reads /proc/PID/task/TID/children, which needs no walk over all of /proc.
func (t *thread) children() []int {
	var out []int
	b, _ := readProc(t.dir + "/children")
	for f := range strings.FieldsSeq(string(b)) {
		if n, err := strconv.Atoi(f); err == nil {
			out = append(out, n)
		}
	}
	return out
}

func (t *thread) readTimes() times {
	b, err := readProc(t.dir + "/schedstat")
	if err != nil {
		return times{}
	}
	ran, rest, _ := strings.Cut(string(b), " ")
	queued, _, _ := strings.Cut(rest, " ")
	r, _ := strconv.ParseInt(ran, 10, 64)
	q, _ := strconv.ParseInt(queued, 10, 64)
	return times{ran: time.Duration(r), queued: time.Duration(q)}
}

func (t *thread) look() {
	t.state, t.switches = status(t.dir + "/status")
	switch t.state {
	case 'T', 't', 'Z', 'X': // stopped by the judge, or dead
		t.waits = true
	case 'S':
		b, err := readProc(t.dir + "/syscall")
		t.waits = err == nil && endless(t.pid, string(b))
	}
}

// statState reads the state letter after the last parenthesis of a stat file, 0 if there is none.
func statState(file string) byte {
	b, _ := readProc(file)
	if i := bytes.LastIndexByte(b, ')'); i > 0 && i+2 < len(b) {
		return b[i+2]
	}
	return 0
}

// memoryOf reads how many bytes of memory a process has that are no copy of a file's.
func memoryOf(pid int) int {
	b, _ := readProc(fmt.Sprintf("/proc/%d/status", pid))
	total := 0
	for _, field := range []string{"\nRssAnon:", "\nRssShmem:"} {
		if _, after, ok := bytes.Cut(b, []byte(field)); ok {
			kib, _, _ := bytes.Cut(bytes.TrimLeft(after, " \t"), []byte(" "))
			n, _ := strconv.Atoi(string(kib))
			total += n << 10
		}
	}
	return total
}

func processState(pid int) byte { return statState(fmt.Sprintf("/proc/%d/stat", pid)) }

// status reads a thread's state letter, and how often it was switched.
func status(file string) (state byte, switches string) {
	b, _ := readProc(file)
	if _, after, ok := bytes.Cut(b, []byte("\nState:\t")); ok && len(after) > 0 {
		state = after[0]
	}
	i := bytes.Index(b, []byte("voluntary_ctxt_switches"))
	if i < 0 {
		return state, "?"
	}
	return state, string(b[i:])
}

// pendingSignals are the signals that were sent to a process and that no thread has taken, bit by bit.
func pendingSignals(pid int) uint64 {
	b, _ := readProc(fmt.Sprintf("/proc/%d/status", pid))
	var all uint64
	for _, field := range []string{"\nSigPnd:\t", "\nShdPnd:\t"} {
		if _, after, ok := bytes.Cut(b, []byte(field)); ok {
			mask, _, _ := bytes.Cut(after, []byte("\n"))
			n, _ := strconv.ParseUint(string(mask), 16, 64)
			all |= n
		}
	}
	return all
}

// endless tells whether a line of /proc/PID/syscall shows a wait without an end in time.
func endless(pid int, line string) bool {
	f := strings.Fields(line)
	if len(f) < 7 { // "running", or "-1 ..." outside any call
		return false
	}
	n, err := strconv.Atoi(f[0])
	if err != nil {
		return false
	}
	arg := func(i int) uint64 {
		v, _ := strconv.ParseUint(strings.TrimPrefix(f[i+1], "0x"), 16, 64)
		return v
	}
	switch n {
	case unix.SYS_FUTEX:
		return arg(3) == 0 || longFutex(pid, arg(1), arg(3))
	case unix.SYS_RESTART_SYSCALL:
		// Goes on after SIGCONT with what it did before SIGSTOP; the registers still tell what. Of
		// calls with a limit in time only the sleep of Go's monitor thread is of interest.
		return arg(1) == futexWaitPrivate && longFutex(pid, arg(1), arg(3))
	case unix.SYS_EPOLL_PWAIT:
		// Go's runtime may sleep here for a timer that was stopped long ago: crypto/rand, say, sets
		// one of a minute at its first use. What lies beyond all patience is no limit.
		limit := time.Duration(int32(arg(3))) * time.Millisecond
		return limit < 0 || limit > 2*Patience
	case unix.SYS_EPOLL_PWAIT2:
		return arg(3) == 0
	case unix.SYS_PPOLL:
		return arg(2) == 0
	case unix.SYS_PSELECT6:
		return arg(4) == 0
	case unix.SYS_RT_SIGTIMEDWAIT:
		return arg(2) == 0
	}
	return waitingCalls[n] || oldCalls(n, arg)
}

// waitingCalls are the calls that, once asleep, sleep until somebody else acts.
var waitingCalls = map[int]bool{
	unix.SYS_READ: true, unix.SYS_WRITE: true, unix.SYS_READV: true, unix.SYS_WRITEV: true,
	unix.SYS_OPENAT: true, unix.SYS_WAIT4: true, unix.SYS_WAITID: true, unix.SYS_FLOCK: true,
	unix.SYS_FCNTL: true, unix.SYS_ACCEPT: true, unix.SYS_ACCEPT4: true, unix.SYS_CONNECT: true,
	unix.SYS_RECVFROM: true, unix.SYS_RECVMSG: true, unix.SYS_SENDTO: true, unix.SYS_SENDMSG: true,
	unix.SYS_SPLICE: true, unix.SYS_SENDFILE: true, unix.SYS_COPY_FILE_RANGE: true,
	unix.SYS_RT_SIGSUSPEND: true, unix.SYS_MSGRCV: true, unix.SYS_MSGSND: true,
}

// futexWaitPrivate is FUTEX_WAIT|FUTEX_PRIVATE_FLAG.
const futexWaitPrivate = 128

// longFutex tells whether a futex's limit is so far away that it is none. The monitor thread of Go's
// runtime sleeps like that, up to a minute, when nothing runs and no timer is set; a timer of the
// program itself shows as a limit of epoll_pwait.
func longFutex(pid int, op, address uint64) bool {
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		return false
	}
	defer mem.Close()
	var b [16]byte
	if _, err := mem.ReadAt(b[:], int64(address)); err != nil {
		return false
	}
	limit := time.Duration(binary.NativeEndian.Uint64(b[:8]))*time.Second + time.Duration(binary.NativeEndian.Uint64(b[8:]))
	const waitBitset, realtime = 9, 256 // absolute times
	if op&0x7f == waitBitset {
		clock := int32(unix.CLOCK_MONOTONIC)
		if op&realtime != 0 {
			clock = unix.CLOCK_REALTIME
		}
		var now unix.Timespec
		unix.ClockGettime(clock, &now)
		limit -= time.Duration(now.Nano())
	}
	return limit > 2*Patience
}
