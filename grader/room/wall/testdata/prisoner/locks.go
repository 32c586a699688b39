package main

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

func init() {
	for _, at := range []struct{ what, path string }{{"a file", ""}, {"the binary", program}, {"a device", "/dev/null"}} {
		ways = append(ways, locking("flock on "+at.what, at.path, flock, flocked),
			locking("process lock on "+at.what, at.path, fcntlLock(unix.F_SETLK), fcntlLocked(unix.F_SETLK, unix.F_GETLK)),
			locking("open file lock on "+at.what, at.path, fcntlLock(unix.F_OFD_SETLK), fcntlLocked(unix.F_OFD_SETLK, unix.F_OFD_GETLK)))
	}
	ways = append(ways,
		way{name: "lease", open: openCommon,
			send: func(s *side, bit uint64) (err error) {
				unix.Close(s.fd)
				if s.fd, err = unix.Open(common(s.path()), unix.O_RDONLY|unix.O_NONBLOCK, 0); err != nil || bit == 0 {
					return err
				}
				_, err = unix.FcntlInt(uintptr(s.fd), unix.F_SETLEASE, unix.F_RDLCK)
				return err
			},
			look: func(s *side) (uint64, error) {
				fd, err := unix.Open(common(s.path()), unix.O_WRONLY|unix.O_NONBLOCK, 0)
				if err == unix.EWOULDBLOCK {
					return 1, nil
				}
				unix.Close(fd)
				return 0, err
			}},
		watching("inotify on the binary", program), watching("inotify on a device", "/dev/null"), watching("inotify on the folder", room("")),
		way{name: "directory notification", open: openNotification,
			send: func(s *side, bit uint64) error {
				if bit == 1 {
					return os.Chmod(s.path(), 0o640)
				}
				s.last++
				return makeCommon(fmt.Sprint(s.path(), "-", s.last))
			},
			look: lookSignals},
		way{name: "fanotify", does: func(*side) error {
			_, err := unix.FanotifyInit(unix.FAN_REPORT_FID, 0)
			return err
		}},
	)
}

// locking sends a bit as a lock that is held or not. A path of "" is that of a common file.
func locking(name, path string, lock func(fd int, on bool) error, locked func(fd int) (uint64, error)) way {
	return way{name: name,
		open: func(s *side) (err error) {
			if path == "" {
				return openCommonFD(s)
			}
			s.fd, err = unix.Open(path, unix.O_RDONLY, 0)
			return err
		},
		send: func(s *side, bit uint64) error { return lock(s.fd, bit == 1) },
		look: func(s *side) (uint64, error) { return locked(s.fd) }}
}

func flock(fd int, on bool) error {
	if on {
		return unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
	}
	return unix.Flock(fd, unix.LOCK_UN)
}

func flocked(fd int) (uint64, error) {
	err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
	if err == unix.EWOULDBLOCK {
		return 1, nil
	}
	unix.Flock(fd, unix.LOCK_UN)
	return 0, err
}

func fcntlLock(set int) func(int, bool) error {
	return func(fd int, on bool) error {
		lock := unix.Flock_t{Type: unix.F_UNLCK}
		if on {
			lock.Type = unix.F_RDLCK
		}
		return unix.FcntlFlock(uintptr(fd), set, &lock)
	}
}

func fcntlLocked(set, get int) func(int) (uint64, error) {
	return func(fd int) (uint64, error) {
		lock := unix.Flock_t{Type: unix.F_WRLCK}
		err := unix.FcntlFlock(uintptr(fd), get, &lock)
		if lock.Type == unix.F_UNLCK {
			return 0, err
		}
		return 1, err
	}
}

func watching(name, path string) way {
	return way{name: name,
		open: func(s *side) (err error) {
			if s.sender {
				return nil
			}
			if s.fd, err = unix.InotifyInit1(unix.IN_NONBLOCK); err != nil {
				return err
			}
			_, err = unix.InotifyAddWatch(s.fd, path, unix.IN_OPEN)
			return err
		},
		send: func(_ *side, bit uint64) error {
			if bit == 0 {
				return nil
			}
			fd, err := unix.Open(path, unix.O_RDONLY, 0)
			unix.Close(fd)
			return err
		},
		look: lookPoll}
}

// lookPoll says whether there is anything to be read, and takes it away.
func lookPoll(s *side) (uint64, error) {
	_, err := unix.Read(s.fd, make([]byte, 4096))
	if err == unix.EAGAIN {
		return 0, nil
	}
	return 1, err
}

// openNotification asks for one signal when a name appears in the folder, and another when a mode changes.
func openNotification(s *side) error {
	makeCommon(s.path())
	if s.sender {
		return nil
	}
	if err := catch(s); err != nil {
		return err
	}
	for sig, what := range map[unix.Signal]int{unix.SIGUSR1: dnCreate, unix.SIGUSR2: dnAttribute} {
		dir, err := unix.Open(room(""), unix.O_RDONLY, 0)
		if err != nil {
			return err
		}
		if _, err = unix.FcntlInt(uintptr(dir), unix.F_SETSIG, int(sig)); err != nil {
			return err
		}
		if _, err := unix.FcntlInt(uintptr(dir), unix.F_NOTIFY, what|dnMultishot); err != nil {
			return err
		}
	}
	return nil
}

const (
	dnCreate    = 4
	dnAttribute = 32
	dnMultishot = 1 << 31
)
