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
		link, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", p.Pid, fd))
		kind := descriptorKind(link)
		if kind == "socket" {
			if all == nil {
				all = sockets()
			}
			if all[inode(strings.TrimSuffix(strings.TrimPrefix(link, "socket:["), "]"))].listening {
				kind = "listener"
			}
		}
		count[kind]++
	}
	return count
}

func descriptorKind(link string) string {
	switch {
	case strings.HasPrefix(link, "pipe:"):
		return "pipe"
	case strings.HasPrefix(link, "socket:"):
		return "socket"
	case !strings.HasPrefix(link, "/"): // anon_inode:[eventpoll] and the like
		return "other"
	}
	info, err := os.Stat(link)
	switch {
	case err == nil && info.Mode()&os.ModeNamedPipe != 0:
		return "fifo"
	case err == nil && info.IsDir():
		return "folder"
	case err == nil && info.Mode()&os.ModeDevice != 0, strings.HasPrefix(link, "/sys/"), strings.HasPrefix(link, "/proc/"):
		return "other"
	}
	return "file"
}
