package main

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

func init() {
	ways = append(ways,
		way{name: "pipe from the judge", wide: true,
			send: func(_ *side, n uint64) error { return writeNumber(3, n) },
			look: func(*side) (uint64, error) { return readNumber(3) }},
		way{name: "FIFO from the judge", wide: true, open: openFIFO, send: sendFD, look: lookFD},
		way{name: "file", wide: true, send: sendFile(room("file")), look: lookFile(room("file"))},
		way{name: "file of the judge", wide: true, send: overwrite(room("given")), look: lookFile(room("given"))},
		way{name: "file in /tmp", wide: true, send: sendFile("/tmp/file"), look: lookFile("/tmp/file")},
		way{name: "file in /dev/shm", wide: true, send: sendFile("/dev/shm/file"), look: lookFile("/dev/shm/file")},
		way{name: "file in /etc", wide: true, send: sendFile("/etc/file"), look: lookFile("/etc/file")},
		way{name: "shared mapping", wide: true, open: mapFile, send: sendMapped, look: lookMapped},
		naming("file name", func(p string) error { return os.WriteFile(p, nil, 0o644) }),
		naming("folder name", func(p string) error { return os.Mkdir(p, 0o755) }),
		naming("FIFO name", func(p string) error { return unix.Mkfifo(p, 0o644) }),
		naming("socket name", func(p string) error { return bindPath(p) }),
		naming("socket made by mknod", func(p string) error { return unix.Mknod(p, unix.S_IFSOCK|0o644, 0) }),
		naming("rename", func(p string) error {
			old := strings.Split(p, "=")[0]
			return errors.Join(makeCommon(old), os.Rename(old, p))
		}),
		way{name: "symbolic link", wide: true,
			send: func(s *side, n uint64) error {
				os.Remove(s.path())
				return os.Symlink(fmt.Sprint(n), s.path())
			},
			look: func(s *side) (uint64, error) {
				to, err := os.Readlink(s.path())
				if err != nil {
					return 0, err
				}
				return strconv.ParseUint(to, 10, 64)
			}},
		marking("hard link", func(p string, bit uint64) error {
			os.Remove(p + "2")
			if bit == 0 {
				return nil
			}
			return os.Link(p, p+"2")
		}, func(st *unix.Stat_t) int64 { return int64(st.Nlink) - 1 }),
		marking("mode", func(p string, bit uint64) error { return os.Chmod(p, os.FileMode(0o700+bit)) },
			func(st *unix.Stat_t) int64 { return int64(st.Mode & 1) }),
		marking("modification time", func(p string, bit uint64) error {
			return unix.UtimesNanoAt(unix.AT_FDCWD, p, []unix.Timespec{{Nsec: unix.UTIME_OMIT}, {Sec: int64(bit)}}, 0)
		}, func(st *unix.Stat_t) int64 { return st.Mtim.Sec }),
		marking("access time", func(p string, bit uint64) error {
			return unix.UtimesNanoAt(unix.AT_FDCWD, p, []unix.Timespec{{Sec: int64(bit)}, {Nsec: unix.UTIME_OMIT}}, 0)
		}, func(st *unix.Stat_t) int64 { return st.Atim.Sec }),
		marking("size", func(p string, bit uint64) error { return unix.Truncate(p, int64(bit)) },
			func(st *unix.Stat_t) int64 { return st.Size }),
		touching("change time by chown", func(p string) error { return unix.Chown(p, -1, -1) },
			func(st *unix.Stat_t) unix.Timespec { return st.Ctim }, ""),
		touching("times of a device", func(p string) error { return unix.UtimesNanoAt(unix.AT_FDCWD, p, nil, 0) },
			func(st *unix.Stat_t) unix.Timespec { return st.Mtim }, "/dev/null"),
		touching("modes of a device", func(p string) error { return unix.Chmod(p, 0o666) },
			func(st *unix.Stat_t) unix.Timespec { return st.Ctim }, "/dev/null"),
		touching("access time of the binary", readAll, func(st *unix.Stat_t) unix.Timespec { return st.Atim }, program),
		touching("access time of a device", readSome, func(st *unix.Stat_t) unix.Timespec { return st.Atim }, "/dev/zero"),
		touching("times of the binary", func(p string) error { return unix.UtimesNanoAt(unix.AT_FDCWD, p, nil, 0) },
			func(st *unix.Stat_t) unix.Timespec { return st.Mtim }, program),
		way{name: "extended attribute", wide: true,
			open: openCommon,
			send: func(s *side, n uint64) error { return unix.Setxattr(common(s.path()), "user.n", fmt.Append(nil, n), 0) },
			look: func(s *side) (uint64, error) {
				b := make([]byte, 64)
				k, err := unix.Getxattr(common(s.path()), "user.n", b)
				if err != nil {
					return 0, err
				}
				return strconv.ParseUint(string(b[:k]), 10, 64)
			}},
		way{name: "extended attribute removed", open: openXattr, send: removeXattr, look: lookXattr},
		way{name: "inode flags", open: openCommonFD,
			send: func(s *side, bit uint64) error {
				return unix.IoctlSetPointerInt(s.fd, unix.FS_IOC_SETFLAGS, int(bit)<<6) // no dump
			},
			look: func(s *side) (uint64, error) {
				v, err := unix.IoctlGetInt(s.fd, unix.FS_IOC_GETFLAGS)
				return uint64(v >> 6 & 1), err
			}},
		way{name: "inode flags by file_setattr", open: openCommon,
			send: func(s *side, bit uint64) error {
				flags := [3]uint64{bit << 7} // no dump
				at, err := unix.BytePtrFromString(common(s.path()))
				if err != nil {
					return err
				}
				const fileSetattr = 469
				_, _, e := unix.Syscall6(fileSetattr, uintptr(^uint(99)), uintptr(unsafe.Pointer(at)), uintptr(unsafe.Pointer(&flags)), unsafe.Sizeof(flags), 0, 0)
				return errno(e)
			},
			look: func(s *side) (uint64, error) {
				fd, err := unix.Open(common(s.path()), unix.O_RDONLY|unix.O_NONBLOCK, 0)
				if err != nil {
					return 0, err
				}
				defer unix.Close(fd)
				v, err := unix.IoctlGetInt(fd, unix.FS_IOC_GETFLAGS)
				return uint64(v >> 6 & 1), err
			}},
		way{name: "free space", open: func(s *side) error { _, err := freeSpace(s); return err },
			send: func(s *side, bit uint64) error {
				if bit == 0 {
					return nil
				}
				s.last++
				return makeCommon(fmt.Sprint(s.path(), "-", s.last))
			}, look: freeSpace},
		way{name: "page cache of the binary", open: openProgram, send: evict, look: cachedByRead},
		way{name: "page cache by mincore", open: openProgram, send: evict, look: cachedByMincore},
		way{name: "page cache by cachestat", open: openProgram, send: evict, look: cachedByCachestat},
		way{name: "write hint of the binary", open: openProgram,
			send: func(s *side, bit uint64) error {
				v := bit + 1
				return fcntl(s.fd, unix.F_SET_RW_HINT, unsafe.Pointer(&v))
			},
			look: func(s *side) (uint64, error) {
				var v uint64
				err := fcntl(s.fd, unix.F_GET_RW_HINT, unsafe.Pointer(&v))
				return v - 1, err
			}},
	)
}

func errno(e unix.Errno) error {
	if e != 0 {
		return e
	}
	return nil
}

func fcntl(fd, cmd int, arg unsafe.Pointer) error {
	_, _, e := unix.Syscall(unix.SYS_FCNTL, uintptr(fd), uintptr(cmd), uintptr(arg))
	return errno(e)
}

func writeNumber(fd int, n uint64) error {
	_, err := unix.Write(fd, binary.LittleEndian.AppendUint64(nil, n))
	return err
}

func readNumber(fd int) (uint64, error) {
	b := make([]byte, 8)
	n, err := unix.Read(fd, b)
	if err == nil && n != 8 {
		err = errors.New("no number")
	}
	return binary.LittleEndian.Uint64(b), err
}

func sendFD(s *side, n uint64) error  { return writeNumber(s.fd, n) }
func lookFD(s *side) (uint64, error)  { return readNumber(s.fd) }
func openProgram(s *side) (err error) { s.fd, err = unix.Open(program, unix.O_RDONLY, 0); return err }
func openFIFO(s *side) (err error) {
	s.fd, err = unix.Open(room("fifo"), unix.O_RDWR|unix.O_NONBLOCK, 0)
	return err
}
func sendFile(p string) func(*side, uint64) error {
	return func(_ *side, n uint64) error { return os.WriteFile(p, fmt.Append(nil, n), 0o644) }
}

func overwrite(p string) func(*side, uint64) error {
	return func(_ *side, n uint64) error {
		f, err := os.OpenFile(p, os.O_WRONLY|os.O_TRUNC, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = fmt.Fprint(f, n)
		return err
	}
}

func lookFile(p string) func(*side) (uint64, error) {
	return func(*side) (uint64, error) {
		b, err := os.ReadFile(p)
		if err != nil {
			return 0, err
		}
		return strconv.ParseUint(string(b), 10, 64)
	}
}

var mapped []byte

func mapFile(s *side) error {
	fd, err := unix.Open(s.path(), unix.O_RDWR|unix.O_CREAT, 0o644)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.Ftruncate(fd, 8); err != nil {
		return err
	}
	mapped, err = unix.Mmap(fd, 0, 8, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	return err
}

func sendMapped(_ *side, n uint64) error { binary.LittleEndian.PutUint64(mapped, n); return nil }
func lookMapped(*side) (uint64, error)   { return binary.LittleEndian.Uint64(mapped), nil }

// naming sends a number as the name of something.
func naming(name string, make func(path string) error) way {
	return way{name: name, wide: true,
		send: func(s *side, n uint64) error { return make(fmt.Sprint(s.path(), "=", n)) },
		look: func(s *side) (uint64, error) {
			names, err := os.ReadDir(room(""))
			for _, e := range names {
				if n, ok := strings.CutPrefix(room(e.Name()), s.path()+"="); ok {
					os.Remove(room(e.Name()))
					return strconv.ParseUint(n, 10, 64)
				}
			}
			return 0, errors.Join(err, errors.New("no such name"))
		}}
}

func bindPath(p string) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	return unix.Bind(fd, &unix.SockaddrUnix{Name: p})
}

// makeCommon makes something at a path that both sides can see: a file, or else a socket.
func makeCommon(p string) error {
	f, err := os.OpenFile(p, os.O_CREATE|os.O_WRONLY, 0o644) // not truncated: that would leave a mark
	if err != nil {
		return bindPath(p)
	}
	return f.Close()
}

// common is what both sides try to mark: what has been made for it, a file of the judge's, or the folder.
func common(p string) string {
	for _, at := range []string{p, room("given")} {
		if _, err := os.Lstat(at); err == nil {
			return at
		}
	}
	return room("")
}

func openCommon(s *side) error {
	makeCommon(s.path()) // where nothing can be made, something else is common
	return nil
}

func openCommonFD(s *side) (err error) {
	openCommon(s)
	if s.fd, err = unix.Open(common(s.path()), unix.O_RDWR|unix.O_NONBLOCK, 0); err != nil {
		s.fd, err = unix.Open(common(s.path()), unix.O_RDONLY|unix.O_NONBLOCK, 0)
	}
	if err != nil { // a socket cannot be opened
		s.fd, err = unix.Open(room(""), unix.O_RDONLY, 0)
	}
	return err
}

// marking sends a bit as what stat tells of something.
func marking(name string, mark func(path string, bit uint64) error, read func(*unix.Stat_t) int64) way {
	return way{name: name, open: openCommon,
		send: func(s *side, bit uint64) error { return mark(common(s.path()), bit) },
		look: func(s *side) (uint64, error) {
			var st unix.Stat_t
			err := unix.Lstat(common(s.path()), &st)
			return uint64(read(&st)), err
		}}
}

// touching sends a bit as whether a time has changed since the last look.
func touching(name string, touch func(path string) error, read func(*unix.Stat_t) unix.Timespec, at string) way {
	look := func(s *side) (uint64, error) {
		var st unix.Stat_t
		err := unix.Stat(cmp.Or(at, common(s.path())), &st)
		return s.changed(unix.TimespecToNsec(read(&st))), err
	}
	return way{name: name,
		open: func(s *side) error {
			if at == "" {
				openCommon(s)
			}
			_, err := look(s)
			return err
		},
		send: func(s *side, bit uint64) error {
			if at := cmp.Or(at, common(s.path())); bit == 1 {
				return touchVisibly(at, touch, read)
			}
			return nil
		}, look: look}
}

// touchVisibly touches until the time, which the kernel keeps in coarse steps, has changed.
func touchVisibly(at string, touch func(string) error, read func(*unix.Stat_t) unix.Timespec) error {
	var before, now unix.Stat_t
	err := unix.Stat(at, &before)
	for begun := time.Now(); err == nil && time.Since(begun) < 20*time.Millisecond && (now.Ino == 0 || read(&now) == read(&before)); {
		err = errors.Join(touch(at), unix.Stat(at, &now))
	}
	return err
}

func readAll(p string) error { _, err := os.ReadFile(p); return err }

func readSome(p string) error {
	f, err := os.Open(p)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.Read(make([]byte, 8))
	return err
}

func openXattr(s *side) error {
	openCommon(s)
	unix.Setxattr(common(s.path()), "user.n", []byte("x"), 0)
	return nil
}

func removeXattr(s *side, bit uint64) error {
	if bit == 0 {
		unix.Removexattr(common(s.path()), "user.n")
		return nil
	}
	return unix.Setxattr(common(s.path()), "user.n", []byte("x"), 0)
}

func lookXattr(s *side) (uint64, error) {
	_, err := unix.Getxattr(common(s.path()), "user.n", make([]byte, 8))
	if err == unix.ENODATA {
		return 0, nil
	}
	return 1, err
}

func freeSpace(s *side) (uint64, error) {
	var st unix.Statfs_t
	err := unix.Statfs(room(""), &st)
	return s.changed(int64(st.Bfree) + int64(st.Ffree)<<32), err
}

// tail is a place in the binary that no process has mapped: the symbols at its end. Only unmapped pages
// leave the cache when they are told to.
func tail(fd int) int64 {
	var st unix.Stat_t
	unix.Fstat(fd, &st)
	return (st.Size - 64<<10) &^ (1<<16 - 1)
}

func evict(s *side, bit uint64) error {
	at := tail(s.fd)
	if bit == 1 {
		_, err := unix.Pread(s.fd, make([]byte, 4096), at)
		return err
	}
	return unix.Fadvise(s.fd, at, 64<<10, unix.FADV_DONTNEED)
}

func cachedByRead(s *side) (uint64, error) {
	_, err := unix.Preadv2(s.fd, [][]byte{make([]byte, 512)}, tail(s.fd), unix.RWF_NOWAIT)
	if err == unix.EAGAIN {
		return 0, nil
	}
	return 1, err
}

func cachedByMincore(s *side) (uint64, error) {
	m, err := unix.Mmap(s.fd, tail(s.fd), 4096, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return 0, err
	}
	defer unix.Munmap(m)
	var in byte
	_, _, e := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(&m[0])), 4096, uintptr(unsafe.Pointer(&in)))
	return uint64(in & 1), errno(e)
}

func cachedByCachestat(s *side) (uint64, error) {
	at := [2]uint64{uint64(tail(s.fd)), 4096}
	var found [5]uint64
	_, _, e := unix.Syscall6(unix.SYS_CACHESTAT, uintptr(s.fd), uintptr(unsafe.Pointer(&at)), uintptr(unsafe.Pointer(&found)), 0, 0, 0)
	return min(found[0], 1), errno(e)
}
