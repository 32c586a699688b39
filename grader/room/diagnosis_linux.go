package room

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// quit asks for a dump. The runtime can show the stack of a goroutine that is running only on the
// thread that runs it, so a busy process is asked there.
func (p *Process) quit() {
	busiest, most := p.Pid, time.Duration(-1)
	for _, t := range threads(p.Pid) {
		if statState(t.dir+"/stat") != 'R' {
			continue
		}
		if ran := t.readTimes().ran; ran > most {
			busiest, most = t.tid, ran
		}
	}
	unix.Tgkill(p.Pid, busiest, unix.SIGQUIT)
}

// holdEnds takes a copy of each descriptor of a process: its pipes, sockets and locks outlive it, so
// that its peers do not notice its end until the function returned is called. Where the kernel does not
// give them, they do. Stdout and stderr are not among them, since their end is to be seen.
func (p *Process) holdEnds() (letGo func()) {
	handle, err := unix.PidfdOpen(p.Pid, 0)
	if err != nil {
		return func() {}
	}
	defer unix.Close(handle)
	entries, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.Pid))
	var held []int
	for _, e := range entries[:min(len(entries), 100)] {
		fd, err := strconv.Atoi(e.Name())
		if err != nil || fd == 1 || fd == 2 {
			continue
		}
		if copied, err := unix.PidfdGetfd(handle, fd, 0); err == nil {
			held = append(held, copied)
		}
	}
	return func() {
		for _, fd := range held {
			unix.Close(fd)
		}
	}
}

// awaitDump returns when the process has printed its goroutines and ended. One that catches SIGQUIT
// never does: then it returns when the process is blocked again, or its patience ends.
func (p *Process) awaitDump() {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	w := p.room.watch(p)
	for {
		select {
		case <-p.done:
			return
		case <-tick.C:
		}
		if w.look() != Met {
			return
		}
	}
}

// view is what the judge knows of a room when it looks at what a process waits in.
type view struct {
	room  *Room
	names map[int]string // by pid
}

// inspect reads from /proc what the threads of a process wait in.
func (v view) inspect(pid int) (stopped bool, waits []Wait) {
	var seen []string
	tasks, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	for _, t := range tasks {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/syscall", pid, t.Name()))
		if err != nil {
			continue
		}
		for _, w := range v.describe(pid, strings.Fields(string(b))) {
			if key := w.Call + w.Object; !slices.Contains(seen, key) {
				seen = append(seen, key)
				waits = append(waits, w)
			}
		}
	}
	return processState(pid) == 'T', waits
}

// descendants looks at the processes that a program has started. They are not asked for their
// goroutines: their output is the program's own affair.
func (v view) descendants(p *Process) []Diagnosis {
	var out []Diagnosis
	for _, pid := range descend(nil, p.Pid) {
		if processState(pid) == 'Z' {
			continue
		}
		d := Diagnosis{Process: v.names[pid], Pid: pid}
		d.Stopped, d.Waits = v.inspect(pid)
		out = append(out, d)
	}
	return out
}

// names gives the room's living processes and the judge by pid. A descendant goes by the name of its
// command and whose child it is.
func (r *Room) names() map[int]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.namesLocked()
}

// namesLocked is names for who has locked the room.
func (r *Room) namesLocked() map[int]string {
	names := map[int]string{os.Getpid(): "the judge"}
	for _, p := range r.procs {
		for _, pid := range descend(nil, p.Pid) {
			names[pid] = fmt.Sprintf("%s (child of %s)", command(pid), p.Name)
		}
		names[p.Pid] = p.Name
	}
	mine, _ := r.keeper.left()
	for _, pid := range mine {
		names[pid] = command(pid) + " (an orphan)"
	}
	return names
}

func command(pid int) string {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	return strings.TrimSpace(string(b))
}

// fdCalls are calls that wait at the descriptor which is their first argument.
var fdCalls = map[int]string{
	unix.SYS_READ: "read", unix.SYS_READV: "read", unix.SYS_RECVFROM: "read", unix.SYS_RECVMSG: "read",
	unix.SYS_WRITE: "write", unix.SYS_WRITEV: "write", unix.SYS_SENDTO: "write", unix.SYS_SENDMSG: "write",
	unix.SYS_ACCEPT: "accept", unix.SYS_ACCEPT4: "accept", unix.SYS_CONNECT: "connect",
	unix.SYS_FLOCK: "flock", unix.SYS_FCNTL: "fcntl",
}

// describe tells what a line of /proc/PID/syscall waits for. Sleeping in the scheduler's futex or
// poller is told by the goroutines, better than by the kernel.
func (v view) describe(pid int, f []string) []Wait {
	if len(f) < 7 {
		return nil
	}
	n, _ := strconv.Atoi(f[0])
	arg := func(i int) uint64 {
		a, _ := strconv.ParseUint(strings.TrimPrefix(f[i+1], "0x"), 16, 64)
		return a
	}
	if call, ok := fdCalls[n]; ok {
		fd := int(int32(arg(0)))
		object, link := object(pid, fd)
		if strings.HasPrefix(link, "socket:") {
			if w, ok := socketWait(link, v.names, v.room.sockets()); ok {
				return []Wait{w}
			}
		}
		if regular(pid, fd) && (call == "read" || call == "write") {
			call = "file " + call
		}
		return []Wait{{call, object, otherEnd(call, pid, fd, link, v.names)}}
	}
	switch {
	case n == unix.SYS_OPENAT:
		path := stringAt(pid, arg(1))
		return []Wait{{"open", "the FIFO " + filepath.Base(path), nil}}
	case n == unix.SYS_WAIT4, n == unix.SYS_WAITID:
		return []Wait{{"wait", "the end of a child", childNames(pid, v.names)}}
	case n == unix.SYS_EPOLL_PWAIT && int32(arg(3)) < 0:
		return v.polled(pid)
	}
	return nil
}

// object names what a descriptor stands for, and gives the kernel's own name of it.
func object(pid, fd int) (name, link string) {
	link, _ = os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", pid, fd))
	std := map[int]string{0: "its standard input", 1: "its standard output", 2: "its standard error"}
	switch {
	case std[fd] != "":
		return std[fd], link
	case strings.HasPrefix(link, "pipe:"):
		return "a pipe", link
	case strings.HasPrefix(link, "socket:"):
		return "a socket", link
	}
	// Not by the name: the process may see other files under it than the judge does.
	if info, err := os.Stat(fmt.Sprintf("/proc/%d/fd/%d", pid, fd)); err == nil && info.Mode()&os.ModeNamedPipe != 0 {
		return "the FIFO " + filepath.Base(link), link
	}
	return filepath.Base(link), link
}

// regular tells whether a descriptor is an ordinary file, at which nobody waits for anybody: who is found in a
// read or write of it has been stopped there.
func regular(pid, fd int) bool {
	info, err := os.Stat(fmt.Sprintf("/proc/%d/fd/%d", pid, fd))
	return err == nil && info.Mode().IsRegular()
}

// otherEnd tells who could end a wait at a pipe, a FIFO or a lock.
func otherEnd(call string, pid, fd int, link string, names map[int]string) []string {
	switch {
	case call == "flock" || call == "fcntl":
		return lockHolders(pid, fd, names)
	case strings.HasPrefix(link, "pipe:"), call == "read" || call == "write":
		return pipeHolders(link, call == "read", pid, names)
	}
	return nil
}

// pipeHolders finds who has the writing (or reading) end of a pipe open.
func pipeHolders(link string, writers bool, me int, names map[int]string) []string {
	var out []string
	for pid, name := range names {
		fds, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
		for _, e := range fds {
			if l, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", pid, e.Name())); l != link {
				continue
			}
			mode := accessMode(pid, e.Name())
			if mode == unix.O_RDWR || (mode == unix.O_WRONLY) == writers {
				if pid == me {
					name = "itself"
				}
				out = append(out, name)
				break
			}
		}
	}
	slices.Sort(out)
	return out
}

// accessMode reads whether a descriptor was opened for reading, writing or both.
func accessMode(pid int, fd string) int {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/%s", pid, fd))
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, "flags:"); ok {
			n, _ := strconv.ParseInt(strings.TrimSpace(v), 8, 64)
			return int(n) & unix.O_ACCMODE
		}
	}
	return -1
}

// lockHolders finds in /proc/locks who holds a lock on the file that a process waits for.
func lockHolders(me, fd int, names map[int]string) []string {
	var st unix.Stat_t
	if unix.Stat(fmt.Sprintf("/proc/%d/fd/%d", me, fd), &st) != nil {
		return nil
	}
	file := fmt.Sprintf("%02x:%02x:%d", unix.Major(st.Dev), unix.Minor(st.Dev), st.Ino)
	var out []string
	b, _ := os.ReadFile("/proc/locks")
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) < 6 || f[1] == "->" || f[5] != file {
			continue
		}
		pid, _ := strconv.Atoi(f[4])
		switch name := names[pid]; {
		case pid == me:
			out = append(out, "itself")
		case name != "":
			out = append(out, name)
		default:
			out = append(out, fmt.Sprintf("process %d", pid))
		}
	}
	return out
}

func childNames(pid int, names map[int]string) []string {
	var out []string
	for _, c := range children(pid) {
		out = append(out, names[c])
	}
	return out
}

// polled tells what Go's poller watches: that is what the process waits at, if it is not too much to
// tell.
func (v view) polled(pid int) []Wait {
	var waits []Wait
	all := v.room.sockets()
	for _, fd := range watched(pid) {
		name, link := object(pid, fd)
		switch {
		case strings.HasPrefix(link, "socket:"):
			if w, ok := socketWait(link, v.names, all); ok {
				waits = append(waits, w)
			}
		case strings.HasPrefix(link, "pipe:"), strings.HasPrefix(link, "/"):
			call := map[bool]string{true: "write", false: "read"}[accessMode(pid, strconv.Itoa(fd)) == unix.O_WRONLY]
			if call == "read" || full(pid, fd) {
				waits = append(waits, Wait{call, name, pipeHolders(link, call == "read", pid, v.names)})
			}
		}
	}
	if len(waits) > 3 {
		return nil
	}
	// What can be told for certain comes first: a full pipe. Of pipes to read from it is not known
	// which one the program means.
	slices.SortStableFunc(waits, func(a, b Wait) int { return strings.Compare(b.Call, a.Call) })
	return waits
}

// watched gives the descriptors that are registered with a poller.
func watched(pid int) []int {
	var out []int
	fds, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fdinfo", pid))
	for _, e := range fds {
		b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/%s", pid, e.Name()))
		for line := range strings.Lines(string(b)) {
			if f := strings.Fields(line); len(f) >= 2 && f[0] == "tfd:" {
				if fd, err := strconv.Atoi(f[1]); err == nil {
					out = append(out, fd)
				}
			}
		}
	}
	slices.Sort(out)
	return out
}

// full tells whether a pipe takes no more. The judge asks through a descriptor of its own.
func full(pid, fd int) bool {
	own, err := unix.Open(fmt.Sprintf("/proc/%d/fd/%d", pid, fd), unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer unix.Close(own)
	p := []unix.PollFd{{Fd: int32(own), Events: unix.POLLOUT}}
	n, err := unix.Poll(p, 0)
	return err == nil && n == 0
}

// stringAt reads a text of the process's memory.
func stringAt(pid int, address uint64) string {
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		return ""
	}
	defer mem.Close()
	b := make([]byte, 256)
	n, _ := mem.ReadAt(b, int64(address))
	s, _, _ := bytes.Cut(b[:n], []byte{0})
	return string(s)
}

// Holders names the processes that could still write to an output.
func (r *Room) Holders(o *Output) []string {
	raw, err := o.src.SyscallConn()
	if err != nil {
		return nil
	}
	link := ""
	raw.Control(func(fd uintptr) { link, _ = os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd)) })
	if link == "" {
		return nil
	}
	return pipeHolders(link, true, 0, r.names())
}
