package room

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Zombies counts the descendants of the process that have ended and were never waited for. The room
// must be locked.
func (p *Process) Zombies() int {
	n := 0
	for _, pid := range descend(nil, p.Pid) {
		if processState(pid) == 'Z' {
			n++
		}
	}
	return n
}

// DescriptorKinds are those that Descriptors tells apart.
var DescriptorKinds = []string{"pipe", "fifo", "socket", "listener", "file", "folder"}

// Descriptors counts the open descriptors of the process by kind. Standard input, output and error,
// and what Go's runtime opens for itself, do not count. A listening socket is a listener, not a
// socket. The room must be locked.
func (p *Process) Descriptors() map[string]int {
	count := map[string]int{}
	entries, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.Pid))
	var all map[uint32]socket
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil || fd <= 2 {
			continue
		}
		link, kind := descriptorKind(p.Pid, fd)
		if kind == "socket" {
			if all == nil {
				all = p.room.sockets()
			}
			if all[inode(strings.TrimSuffix(strings.TrimPrefix(link, "socket:["), "]"))].listening {
				kind = "listener"
			}
		}
		count[kind]++
	}
	return count
}

// descriptorKind gives the kind of a descriptor, and the kernel's name for it.
func descriptorKind(pid, fd int) (link, kind string) {
	file := fmt.Sprintf("/proc/%d/fd/%d", pid, fd)
	link, _ = os.Readlink(file)
	switch {
	case strings.HasPrefix(link, "pipe:"):
		return link, "pipe"
	case strings.HasPrefix(link, "socket:"):
		return link, "socket"
	case !strings.HasPrefix(link, "/"): // anon_inode:[eventpoll] and the like
		return link, "other"
	}
	info, err := os.Stat(file)
	switch {
	case err == nil && info.Mode()&os.ModeNamedPipe != 0:
		return link, "fifo"
	case err == nil && info.IsDir():
		return link, "folder"
	case err == nil && info.Mode()&os.ModeDevice != 0, strings.HasPrefix(link, "/sys/"), strings.HasPrefix(link, "/proc/"):
		return link, "other"
	}
	return link, "file"
}
