package room

import (
	"fmt"
	"os"
	"strings"
)

// timed tells whether one of the processes has a timer that runs and that no thread shows by the call
// it sleeps in: one of timer_create, or a timerfd. One of setitimer or alarm cannot be seen from
// outside; Go's own timers are limits of the calls that its threads sleep in.
func timed(pids []int) bool {
	for _, pid := range pids {
		if b, err := readProc(fmt.Sprintf("/proc/%d/timers", pid)); err == nil && len(b) > 0 || timerDescriptor(pid) {
			return true
		}
	}
	return false
}

// timerDescriptor looks for a timerfd that is set.
func timerDescriptor(pid int) bool {
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if to, _ := os.Readlink(dir + "/" + e.Name()); to != "anon_inode:[timerfd]" {
			continue
		}
		info, err := readProc(fmt.Sprintf("/proc/%d/fdinfo/%s", pid, e.Name()))
		if err == nil && !strings.Contains(string(info), "it_value: (0, 0)") {
			return true
		}
	}
	return false
}
