package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

func init() {
	ways = append(ways,
		signalling("signal", unix.Kill),
		signalling("signal by a handle", func(pid int, sig unix.Signal) error {
			return handleOf(pid, func(fd int) error { return unix.PidfdSendSignal(fd, sig, nil, 0) })
		}),
		signalling("queued signal", queue),
		signalling("signal to a thread", func(pid int, sig unix.Signal) error { return unix.Tgkill(pid, pid, sig) }),
		signalling("signal to all", func(_ int, sig unix.Signal) error { return unix.Kill(-1, sig) }),
		signalling("signal to a group", func(pid int, sig unix.Signal) error { return unix.Kill(-pid, sig) }),
		signalling("signal of a pipe's owner", own),
		way{name: "count of pids", open: func(s *side) error { _, err := countPids(s); return err },
			send: func(_ *side, bit uint64) error {
				for range 20 * bit {
					if _, err := child(); err != nil {
						return err
					}
				}
				return nil
			}, look: countPids},
		way{name: "name in /proc", wide: true,
			send: func(_ *side, n uint64) error {
				runtime.LockOSThread()
				name := fmt.Append(nil, "n=", n, "\x00")
				return unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(&name[0])), 0, 0, 0)
			},
			look: func(s *side) (uint64, error) {
				threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/comm", s.peer))
				for _, t := range threads {
					b, _ := os.ReadFile(t)
					if n, ok := bytes.CutPrefix(bytes.TrimSpace(b), []byte("n=")); ok {
						return strconv.ParseUint(string(n), 10, 64)
					}
				}
				return 0, errors.Join(err, errors.New("no such thread"))
			}},
		way{name: "memfd through /proc", wide: true,
			send: func(s *side, n uint64) (err error) {
				if s.fd < 0 {
					if s.fd, err = unix.MemfdCreate("n", 0); err == nil {
						err = unix.Dup3(s.fd, 100, 0)
					}
				}
				_, err2 := unix.Pwrite(s.fd, fmt.Append(nil, n), 0)
				return errors.Join(err, err2)
			},
			look: func(s *side) (uint64, error) { return lookFile(fmt.Sprintf("/proc/%d/fd/100", s.peer))(s) }},
		way{name: "count of timers", send: takeTimers, look: lookTimers},
		way{name: "count of pipes", send: takePipes, look: lookPipes},
	)
	for name, sees := range telling {
		ways = append(ways, way{name: name, sees: sees})
	}
	for name, does := range attempts {
		ways = append(ways, way{name: name, does: does})
	}
}

// signalling sends a bit as one of two signals.
func signalling(name string, send func(pid int, sig unix.Signal) error) way {
	return way{name: name,
		open: func(s *side) error {
			if s.sender {
				signal.Ignore(unix.SIGUSR1, unix.SIGUSR2) // what goes to all comes to the sender too
				return nil
			}
			return catch(s)
		},
		send: func(s *side, bit uint64) error {
			return send(s.peer, []unix.Signal{unix.SIGUSR1, unix.SIGUSR2}[bit])
		},
		look: lookSignals}
}

// catch makes s.fd give a byte for each signal.
func catch(s *side) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	s.fd = int(r.Fd())
	got := make(chan os.Signal, 64)
	signal.Notify(got, unix.SIGUSR1, unix.SIGUSR2)
	go func() {
		for sig := range got {
			if sig == unix.SIGUSR2 {
				w.Write([]byte{1})
			} else {
				w.Write([]byte{0})
			}
		}
	}()
	return nil
}

// lookSignals takes the signals that have come: the last of them counts.
func lookSignals(s *side) (uint64, error) {
	if err := arrived(s.fd); err != nil {
		return 0, err
	}
	b := make([]byte, 1)
	_, err := unix.Read(s.fd, b)
	return uint64(b[0]), err
}

// info is a siginfo_t.
type info struct {
	signo, errno, code, _ int32
	pid, uid              int32
	value                 uint64
	_                     [96]byte
}

func queue(pid int, sig unix.Signal) error {
	i := info{signo: int32(sig), code: -1, pid: int32(os.Getpid()), value: 1}
	_, _, e := unix.Syscall(unix.SYS_RT_SIGQUEUEINFO, uintptr(pid), uintptr(sig), uintptr(unsafe.Pointer(&i)))
	return errno(e)
}

// own makes another process the owner of a pipe, which is sent a signal when there is something in it.
func own(pid int, sig unix.Signal) error {
	var p [2]int
	if err := unix.Pipe2(p[:], 0); err != nil {
		return err
	}
	defer unix.Close(p[0])
	defer unix.Close(p[1])
	if _, err := unix.FcntlInt(uintptr(p[0]), unix.F_SETOWN, pid); err != nil {
		return err
	}
	if _, err := unix.FcntlInt(uintptr(p[0]), unix.F_SETSIG, int(sig)); err != nil {
		return err
	}
	if _, err := unix.FcntlInt(uintptr(p[0]), unix.F_SETFL, unix.O_ASYNC); err != nil {
		return err
	}
	return writeNumber(p[1], 1)
}

// child starts and ends a child, and gives its pid.
func child() (int, error) {
	p, err := os.StartProcess(program, []string{program, "exit", "0"}, &os.ProcAttr{})
	if err != nil {
		return 0, err
	}
	_, err = p.Wait()
	return p.Pid, err
}

// countPids takes a pid, and says whether many have been given away since the last.
func countPids(s *side) (uint64, error) {
	now, err := child()
	before := s.last
	s.last = int64(now)
	if s.last-before > 40 {
		return 1, err
	}
	return 0, err
}

var timers []int32

func takeTimers(_ *side, bit uint64) error {
	for len(timers) < 100_000 && bit == 1 {
		id, e := timer()
		if e != 0 {
			break
		}
		timers = append(timers, id)
	}
	if bit == 1 && len(timers) == 0 {
		return errors.New("no timers")
	}
	for bit == 0 && len(timers) > 0 {
		unix.Syscall(unix.SYS_TIMER_DELETE, uintptr(timers[len(timers)-1]), 0, 0)
		timers = timers[:len(timers)-1]
	}
	return nil
}

func timer() (id int32, e unix.Errno) {
	_, _, e = unix.Syscall(unix.SYS_TIMER_CREATE, unix.CLOCK_MONOTONIC, 0, uintptr(unsafe.Pointer(&id)))
	return id, e
}

func lookTimers(*side) (uint64, error) {
	id, e := timer()
	if e == unix.EAGAIN {
		return 1, nil
	}
	unix.Syscall(unix.SYS_TIMER_DELETE, uintptr(id), 0, 0)
	return 0, errno(e)
}

var pipes []int

// takePipes uses up what the kernel lets a user's pipes hold. Then new pipes are made smaller.
func takePipes(_ *side, bit uint64) error {
	for len(pipes) < 200 && bit == 1 {
		var p [2]int
		if unix.Pipe2(p[:], 0) != nil {
			break
		}
		unix.FcntlInt(uintptr(p[0]), unix.F_SETPIPE_SZ, 1<<20)
		pipes = append(pipes, p[:]...)
	}
	if bit == 0 {
		for _, fd := range pipes {
			unix.Close(fd)
		}
		pipes = nil
	}
	return nil
}

func lookPipes(*side) (uint64, error) {
	var p [2]int
	if err := unix.Pipe2(p[:], 0); err != nil {
		return 0, err
	}
	defer unix.Close(p[0])
	defer unix.Close(p[1])
	size, err := unix.FcntlInt(uintptr(p[0]), unix.F_GETPIPE_SZ, 0)
	if size < 65536 {
		return 1, err
	}
	return 0, err
}

func call(number uintptr, args ...int) (any, error) {
	var a [6]uintptr
	for i, v := range args {
		a[i] = uintptr(v)
	}
	v, _, e := unix.Syscall6(number, a[0], a[1], a[2], a[3], a[4], a[5])
	return v, errno(e)
}

// telling are calls that may tell whether a process is there, and what it is like.
var telling = map[string]func(pid int) (any, error){
	"kill with 0":            func(pid int) (any, error) { return nil, unix.Kill(pid, 0) },
	"tgkill with 0":          func(pid int) (any, error) { return nil, unix.Tgkill(pid, pid, 0) },
	"kill of a group with 0": func(pid int) (any, error) { return nil, unix.Kill(-pid, 0) },
	"pidfd_open": func(pid int) (any, error) {
		fd, err := unix.PidfdOpen(pid, 0)
		unix.Close(fd)
		return nil, err
	},
	"getpgid":                func(pid int) (any, error) { return unix.Getpgid(pid) },
	"getsid":                 func(pid int) (any, error) { return unix.Getsid(pid) },
	"setpgid of another":     func(pid int) (any, error) { return nil, unix.Setpgid(pid, pid) },
	"getpriority":            func(pid int) (any, error) { return unix.Getpriority(unix.PRIO_PROCESS, pid) },
	"getpriority of a group": func(pid int) (any, error) { return unix.Getpriority(unix.PRIO_PGRP, pid) },
	"ioprio_get":             func(pid int) (any, error) { return call(unix.SYS_IOPRIO_GET, 1, pid) },
	"sched_getaffinity": func(pid int) (any, error) {
		var set unix.CPUSet
		err := unix.SchedGetaffinity(pid, &set)
		return set.Count(), err
	},
	"sched_getscheduler": func(pid int) (any, error) { return call(unix.SYS_SCHED_GETSCHEDULER, pid) },
	"sched_getparam": func(pid int) (any, error) {
		var p [8]int32
		_, err := call(unix.SYS_SCHED_GETPARAM, pid, int(uintptr(unsafe.Pointer(&p))))
		return p, err
	},
	"sched_getattr": func(pid int) (any, error) { a, err := unix.SchedGetAttr(pid, 0); return fmt.Sprint(a), err },
	"sched_rr_get_interval": func(pid int) (any, error) {
		var t unix.Timespec
		_, err := call(unix.SYS_SCHED_RR_GET_INTERVAL, pid, int(uintptr(unsafe.Pointer(&t))))
		return t, err
	},
	"processor clock of another": func(pid int) (any, error) {
		var t unix.Timespec
		err := unix.ClockGettime(int32(^pid<<3|2), &t)
		return t != unix.Timespec{}, err
	},
	"owner of a pipe": func(pid int) (any, error) {
		var p [2]int
		if err := unix.Pipe2(p[:], 0); err != nil {
			return nil, err
		}
		defer unix.Close(p[0])
		defer unix.Close(p[1])
		return unix.FcntlInt(uintptr(p[0]), unix.F_SETOWN, pid)
	},
	"get_robust_list": func(pid int) (any, error) {
		var head, size uintptr
		_, err := call(unix.SYS_GET_ROBUST_LIST, pid, int(uintptr(unsafe.Pointer(&head))), int(uintptr(unsafe.Pointer(&size))))
		return head, err
	},
	"prlimit": func(pid int) (any, error) {
		var l unix.Rlimit
		return nil, unix.Prlimit(pid, unix.RLIMIT_NOFILE, nil, &l)
	},
	"kcmp": func(pid int) (any, error) { return call(unix.SYS_KCMP, os.Getpid(), pid, 0) },
	"waitid": func(pid int) (any, error) {
		return nil, unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOHANG, nil)
	},
	"ptrace":        func(pid int) (any, error) { return nil, unix.PtraceAttach(pid) },
	"migrate_pages": func(pid int) (any, error) { return call(unix.SYS_MIGRATE_PAGES, pid, 0, 0, 0) },
	"move_pages":    func(pid int) (any, error) { return call(unix.SYS_MOVE_PAGES, pid, 0, 0, 0, 0) },
	"core cookie": func(pid int) (any, error) {
		return call(unix.SYS_PRCTL, unix.PR_SCHED_CORE, unix.PR_SCHED_CORE_SHARE_FROM, pid, 0, 0)
	},
	"entry in /proc": func(pid int) (any, error) {
		_, err := os.Stat(fmt.Sprint("/proc/", pid))
		return nil, errors.Unwrap(err)
	},
	"command line": func(pid int) (any, error) {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		return len(b), errors.Unwrap(err)
	},
}

// handleOf opens a pidfd and uses it.
func handleOf(pid int, use func(fd int) error) error {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return use(fd)
}

func second(_ any, err error) error { return err }

// attempts are calls that carry something, or make a way that does, if they are allowed at all.
var attempts = map[string]func(*side) error{
	"setpriority of another": func(s *side) error { return unix.Setpriority(unix.PRIO_PROCESS, s.peer, 1) },
	"setpriority of a group": func(s *side) error { return unix.Setpriority(unix.PRIO_PGRP, s.peer, 1) },
	"setpriority of a user":  func(*side) error { return unix.Setpriority(unix.PRIO_USER, 0, 1) },
	"getpriority of a user":  func(*side) error { return second(unix.Getpriority(unix.PRIO_USER, 0)) },
	"ioprio_set of another":  func(s *side) error { return second(call(unix.SYS_IOPRIO_SET, 1, s.peer, 2<<13|7)) },
	"ioprio_set of a user":   func(*side) error { return second(call(unix.SYS_IOPRIO_SET, 3, 0, 2<<13|7)) },
	"ioprio_get of a user":   func(*side) error { return second(call(unix.SYS_IOPRIO_GET, 3, 0)) },
	"sched_setaffinity":      func(s *side) error { var c unix.CPUSet; c.Set(0); return unix.SchedSetaffinity(s.peer, &c) },
	"sched_setscheduler": func(s *side) error {
		var p [8]int32
		return second(call(unix.SYS_SCHED_SETSCHEDULER, s.peer, unix.SCHED_BATCH, int(uintptr(unsafe.Pointer(&p)))))
	},
	"setting another's limits": func(s *side) error {
		return unix.Prlimit(s.peer, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 77, Max: 77}, nil)
	},
	"process_vm_readv": func(s *side) error {
		b := make([]byte, 8)
		local := unix.Iovec{Base: &b[0], Len: 8}
		_, err := unix.ProcessVMReadv(s.peer, []unix.Iovec{local}, []unix.RemoteIovec{{Base: uintptr(unsafe.Pointer(&b[0])), Len: 8}}, 0)
		return err
	},
	"pidfd_getfd": func(s *side) error {
		return handleOf(s.peer, func(fd int) error { _, err := unix.PidfdGetfd(fd, 0, 0); return err })
	},
	"process_madvise": func(s *side) error {
		return handleOf(s.peer, func(fd int) error { return second(call(unix.SYS_PROCESS_MADVISE, fd, 0, 0, 0, 0)) })
	},
	"process_mrelease": func(s *side) error {
		return handleOf(s.peer, func(fd int) error { return second(call(unix.SYS_PROCESS_MRELEASE, fd, 0)) })
	},
	"memory of another": func(s *side) error {
		_, err := os.OpenFile(fmt.Sprintf("/proc/%d/mem", s.peer), os.O_RDWR, 0)
		return err
	},
	"environment of another":            func(s *side) error { return readAll(fmt.Sprintf("/proc/%d/environ", s.peer)) },
	"sysinfo":                           func(*side) error { return unix.Sysinfo(new(unix.Sysinfo_t)) },
	"load average":                      func(*side) error { return readAll("/proc/loadavg") },
	"free memory":                       func(*side) error { return readAll("/proc/meminfo") },
	"list of locks":                     func(*side) error { return readAll("/proc/locks") },
	"last pid":                          func(*side) error { return readAll("/proc/sys/kernel/ns_last_pid") },
	"kernel settings":                   func(*side) error { return os.WriteFile("/proc/sys/kernel/hostname", []byte("x"), 0) },
	"host name":                         func(*side) error { return unix.Sethostname([]byte("x")) },
	"domain name":                       func(*side) error { return unix.Setdomainname([]byte("x")) },
	"clock":                             func(*side) error { return unix.ClockSettime(unix.CLOCK_REALTIME, &unix.Timespec{Sec: 1e9}) },
	"shared memory of System V":         func(*side) error { return second(unix.SysvShmGet(77, 4096, unix.IPC_CREAT|0o666)) },
	"private shared memory of System V": func(*side) error { return second(unix.SysvShmGet(unix.IPC_PRIVATE, 4096, unix.IPC_CREAT|0o666)) },
	"semaphores of System V":            func(*side) error { return second(call(unix.SYS_SEMGET, 77, 1, unix.IPC_CREAT|0o666)) },
	"messages of System V":              func(*side) error { return second(call(unix.SYS_MSGGET, 77, unix.IPC_CREAT|0o666)) },
	"message queue of POSIX": func(*side) error {
		name := []byte("queue\x00")
		return second(call(unix.SYS_MQ_OPEN, int(uintptr(unsafe.Pointer(&name[0]))), unix.O_CREAT|unix.O_RDWR, 0o666, 0))
	},
	"session keyring": func(*side) error { return second(unix.AddKey("user", "n", []byte("x"), unix.KEY_SPEC_SESSION_KEYRING)) },
	"user keyring":    func(*side) error { return second(unix.AddKey("user", "n", []byte("x"), unix.KEY_SPEC_USER_KEYRING)) },
	"persistent keyring": func(*side) error {
		return second(unix.KeyctlInt(unix.KEYCTL_GET_PERSISTENT, -1, unix.KEY_SPEC_PROCESS_KEYRING, 0, 0))
	},
	"requested key": func(*side) error { return second(unix.RequestKey("user", "n", "", unix.KEY_SPEC_SESSION_KEYRING)) },
	"userfaultfd":   func(*side) error { return second(call(unix.SYS_USERFAULTFD, 1)) },
	"io_uring": func(*side) error {
		var p [120]byte
		return second(call(unix.SYS_IO_URING_SETUP, 4, int(uintptr(unsafe.Pointer(&p)))))
	},
	"asynchronous I/O": func(*side) error {
		var ctx uintptr
		return second(call(unix.SYS_IO_SETUP, 1, int(uintptr(unsafe.Pointer(&ctx)))))
	},
	"perf": func(*side) error {
		return second(unix.PerfEventOpen(&unix.PerfEventAttr{Type: unix.PERF_TYPE_SOFTWARE, Size: uint32(unsafe.Sizeof(unix.PerfEventAttr{})), Bits: unix.PerfBitExcludeKernel}, 0, -1, -1, 0))
	},
	"bpf": func(*side) error {
		a := [8]uint32{2, 4, 4, 1}
		return second(call(unix.SYS_BPF, 0, int(uintptr(unsafe.Pointer(&a))), 32))
	},
	"typing into a terminal": func(*side) error {
		c := byte('x')
		_, _, e := unix.Syscall(unix.SYS_IOCTL, 0, unix.TIOCSTI, uintptr(unsafe.Pointer(&c)))
		return errno(e)
	},
	"new terminal":  func(*side) error { _, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0); return err },
	"mount":         func(*side) error { return unix.Mount("none", "/tmp", "tmpfs", 0, "") },
	"new namespace": func(*side) error { return unix.Unshare(unix.CLONE_NEWUSER) },
	"joining namespaces": func(s *side) error {
		return handleOf(s.peer, func(fd int) error { return unix.Setns(fd, unix.CLONE_NEWNS) })
	},
	"file handle":        func(*side) error { _, _, err := unix.NameToHandleAt(unix.AT_FDCWD, program, 0); return err },
	"quota":              func(*side) error { return second(call(unix.SYS_QUOTACTL, 0x800007<<8, 0, 0, 0)) },
	"kernel log":         func(*side) error { return second(call(unix.SYS_SYSLOG, 10, 0, 0)) },
	"device node":        func(*side) error { return unix.Mknod("/tmp/node", unix.S_IFCHR|0o666, 0x103) },
	"writing the binary": func(*side) error { _, err := os.OpenFile(program, os.O_WRONLY, 0); return err },
	"capabilities": func(*side) error {
		var d [2]unix.CapUserData
		if err := unix.Capget(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &d[0]); err != nil {
			return err
		}
		if d[0].Effective|d[0].Permitted|d[1].Effective == 0 {
			return errors.New("none")
		}
		return nil
	},
}
