package room

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// refill makes an empty pipe as small as it gets and fills it. The judge has only the reading end;
// the kernel opens the other one anew. It returns the number of bytes.
func refill(r descriptor) (n int, err error) {
	spawning.Lock() // a child started now would hold a copy of the writing end
	defer spawning.Unlock()
	raw, err := r.SyscallConn()
	if err != nil {
		return 0, err
	}
	controlErr := raw.Control(func(fd uintptr) { n, err = refillPipe(fmt.Sprintf("/proc/self/fd/%d", fd)) })
	return n, errors.Join(controlErr, err)
}

func refillPipe(path string) (int, error) {
	w, err := unix.Open(path, unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(w)
	size, err := unix.FcntlInt(uintptr(w), unix.F_SETPIPE_SZ, 4096)
	if err != nil {
		return 0, err
	}
	n, err := unix.Write(w, make([]byte, size))
	if err == nil && n < size {
		err = errors.New("the pipe was not empty")
	}
	return max(n, 0), err
}

// Strangers names the living descendants of the process that run another program than it does. The
// room must be locked.
func (p *Process) Strangers() []string {
	own, err := program(p.Pid)
	if err != nil {
		return nil // it has ended
	}
	var names []string
	for _, pid := range p.living() {
		if other, err := program(pid); err != nil || !os.SameFile(own, other) {
			names = append(names, command(pid))
		}
	}
	return names
}

// program gives the file that a process runs.
func program(pid int) (os.FileInfo, error) { return os.Stat(fmt.Sprintf("/proc/%d/exe", pid)) }

// Unpiped tells where the standard output of the living descendants goes, of those whose standard
// output is no pipe to the process. The room must be locked.
func (p *Process) Unpiped() []string {
	own, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/1", p.Pid))
	var objects []string
	for _, pid := range p.living() {
		switch object, kind := descriptorKind(pid, 1); {
		case object == "":
			objects = append(objects, "closed")
		case object == os.DevNull:
			objects = append(objects, object)
		case object == own:
			objects = append(objects, "the standard output of "+p.Name+" itself")
		case kind != "pipe":
			objects = append(objects, "a "+kind)
		case !p.holds(object):
			objects = append(objects, "a pipe to somebody else")
		}
	}
	return objects
}

// holds tells whether the process has an object open, beside stdin, stdout and stderr.
func (p *Process) holds(object string) bool {
	dir := fmt.Sprintf("/proc/%d/fd/", p.Pid)
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if link, _ := os.Readlink(dir + e.Name()); link == object && !slices.Contains([]string{"0", "1", "2"}, e.Name()) {
			return true
		}
	}
	return false
}

// living gives the descendants that have not ended.
func (p *Process) living() []int {
	var pids []int
	for _, pid := range descend(nil, p.Pid) {
		if s := processState(pid); s != 'Z' && s != 0 {
			pids = append(pids, pid)
		}
	}
	return pids
}
