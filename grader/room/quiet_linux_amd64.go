package room

import "golang.org/x/sys/unix"

// oldCalls judges the calls that only older architectures still have.
func oldCalls(n int, arg func(int) uint64) bool {
	switch n {
	case unix.SYS_OPEN, unix.SYS_PAUSE:
		return true
	case unix.SYS_EPOLL_WAIT:
		return int32(arg(3)) < 0
	case unix.SYS_POLL:
		return int32(arg(2)) < 0
	case unix.SYS_SELECT:
		return arg(4) == 0
	}
	return false
}
