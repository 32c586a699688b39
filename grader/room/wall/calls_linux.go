package wall

import (
	"slices"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// rule denies a call, whatever its arguments, or if one of them, under a mask, is (or is not) among values.
// Of an argument only the lower 32 bits are looked at: for an int the kernel ignores the others, so a
// filter must too.
type rule struct {
	call     uint32
	verdict  uint32
	argument int // -1 for none
	mask     uint32
	values   []uint32
	unless   bool
}

const (
	notPermitted   = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	notImplemented = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
	noSuchFamily   = unix.SECCOMP_RET_ERRNO | uint32(unix.EAFNOSUPPORT)
	noSuchProtocol = unix.SECCOMP_RET_ERRNO | uint32(unix.EPROTONOSUPPORT)
	wholeWord      = ^uint32(0)
)

func deny(verdict uint32, calls ...uint32) []rule {
	var out []rule
	for _, c := range calls {
		out = append(out, rule{call: c, verdict: verdict, argument: -1})
	}
	return out
}

func family(domain uint32, calls ...uint32) []rule {
	var out []rule
	for _, c := range calls {
		out = append(out, rule{c, noSuchFamily, 0, wholeWord, []uint32{domain}, false})
	}
	return out
}

// onlySelf denies a call on other processes than the caller, which it names by 0.
func onlySelf(argument int, calls ...uint32) []rule {
	var out []rule
	for _, c := range calls {
		out = append(out, rule{c, notPermitted, argument, wholeWord, []uint32{0}, true})
	}
	return out
}

// argument denies a call with one of some values as its argument n.
func argument(n int, call uint32, values ...uint32) []rule {
	return []rule{{call, notPermitted, n, wholeWord, values, false}}
}

// bit denies some calls if the bit is set in their argument n.
func bit(n int, bit uint32, calls ...uint32) []rule {
	var out []rule
	for _, c := range calls {
		out = append(out, rule{c, notPermitted, n, bit, []uint32{bit}, false})
	}
	return out
}

// onlySockets denies those of another type, and of other protocols.
func onlySockets(kind uint32, protocols ...uint32) []rule {
	const kinds = 0xf // the other bits are flags
	return []rule{{unix.SYS_SOCKET, noSuchProtocol, 1, kinds, []uint32{kind}, true}, {unix.SYS_SOCKET, noSuchProtocol, 2, wholeWord, protocols, true}}
}

// newNamespaces are the flags of clone that would give a process privileges over a world of its own.
const newNamespaces = unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP

// Calls and orders of ioctl and fcntl that golang.org/x/sys/unix does not name on all machines.
const (
	getExtendedAttributeAt = 464 // setxattrat is the one before, listxattrat and removexattrat those after
	setFileAttributes      = 469 // file_setattr
	openTreeAttr           = 467
	listNamespaces         = 470
	setFlags32             = 0x40046602 // FS_IOC32_SETFLAGS
	setVersion             = 0x40087602 // FS_IOC_SETVERSION
	setAttributes          = 0x401c5820 // FS_IOC_FSSETXATTR
	setOwnerEx             = 15         // F_SETOWN_EX
	setFileHint            = 1038       // F_SET_FILE_RW_HINT
	whoUser                = 3          // IOPRIO_WHO_USER
)

// everywhere is what no cell may do. Namespaces confine; this closes what has none (keyrings, vsock), what
// tells of other processes or leaves a mark with what cells have in common, and what only attackers use.
// clone3 hides its flags from a filter, so it does not exist here: the C library and Go fall back to
// clone. The list follows ioi/isolate 2 and Docker's default profile, and the matrix of TestCovert.
var everywhere = slices.Concat(
	deny(notPermitted,
		unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PIDFD_GETFD, unix.SYS_KCMP, unix.SYS_PROCESS_MADVISE,
		unix.SYS_PROCESS_MRELEASE, unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD,
		unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT, unix.SYS_MOVE_MOUNT, unix.SYS_FSOPEN, unix.SYS_FSMOUNT,
		unix.SYS_FSCONFIG, unix.SYS_FSPICK, unix.SYS_OPEN_TREE, openTreeAttr, unix.SYS_MOUNT_SETATTR, unix.SYS_SETNS, unix.SYS_UNSHARE, listNamespaces,
		unix.SYS_SWAPON, unix.SYS_SWAPOFF, unix.SYS_KEXEC_LOAD, unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE,
		unix.SYS_REBOOT, unix.SYS_ACCT, unix.SYS_QUOTACTL, unix.SYS_QUOTACTL_FD, unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_NAME_TO_HANDLE_AT, unix.SYS_MBIND,
		unix.SYS_MIGRATE_PAGES, unix.SYS_MOVE_PAGES, unix.SYS_SYSLOG, unix.SYS_FANOTIFY_INIT, unix.SYS_PERSONALITY, unix.SYS_VMSPLICE,
		unix.SYS_MEMFD_SECRET, unix.SYS_MEMFD_CREATE, unix.SYS_LOOKUP_DCOOKIE, unix.SYS_VHANGUP, unix.SYS_GET_ROBUST_LIST),
	deny(notImplemented, unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER, unix.SYS_CLONE3),
	[]rule{{unix.SYS_CLONE, notPermitted, 0, newNamespaces, []uint32{0}, true}},
	argument(1, unix.SYS_IOCTL, unix.TIOCSTI, unix.TIOCLINUX),
	[]rule{{unix.SYS_SOCKET, noSuchFamily, 0, wholeWord, []uint32{unix.AF_UNIX, unix.AF_INET, unix.AF_INET6}, true},
		{unix.SYS_SOCKETPAIR, noSuchFamily, 0, wholeWord, []uint32{unix.AF_UNIX}, true}},
	onlySelf(0, unix.SYS_PRLIMIT64, unix.SYS_SCHED_SETAFFINITY, unix.SYS_SCHED_SETSCHEDULER, unix.SYS_SCHED_SETPARAM, unix.SYS_SCHED_SETATTR,
		unix.SYS_SCHED_GETAFFINITY, unix.SYS_SCHED_GETSCHEDULER, unix.SYS_SCHED_GETPARAM, unix.SYS_SCHED_GETATTR, unix.SYS_SCHED_RR_GET_INTERVAL),
	onlySelf(1, unix.SYS_SETPRIORITY, unix.SYS_IOPRIO_SET, unix.SYS_GETPRIORITY, unix.SYS_IOPRIO_GET),
	// All processes of the user, in whatever cell.
	argument(0, unix.SYS_SETPRIORITY, unix.PRIO_USER), argument(0, unix.SYS_GETPRIORITY, unix.PRIO_USER),
	argument(0, unix.SYS_IOPRIO_SET, whoUser), argument(0, unix.SYS_IOPRIO_GET, whoUser),
	// A clock with the highest bit set is that of the processor time of a process.
	bit(0, 1<<31, unix.SYS_CLOCK_GETTIME, unix.SYS_CLOCK_GETRES, unix.SYS_CLOCK_NANOSLEEP, unix.SYS_TIMER_CREATE),
	deny(notPermitted, // shared between cells: System V and POSIX objects that have no folder
		unix.SYS_SHMGET, unix.SYS_MSGGET, unix.SYS_SEMGET, unix.SYS_MQ_OPEN),
	// What the kernel counts for the machine or the user: one cell can use it up, and another can see that.
	deny(notPermitted, unix.SYS_SYSINFO, unix.SYS_TIMER_CREATE),
	deny(notImplemented, unix.SYS_IO_SETUP),
	argument(1, unix.SYS_FCNTL, unix.F_SETPIPE_SZ, unix.F_SETOWN, setOwnerEx, unix.F_SET_RW_HINT, setFileHint),
	// Through the shared binary's inode they tell who runs it, and which of its pages have been read.
	deny(notPermitted, unix.SYS_INOTIFY_INIT1, unix.SYS_MINCORE, unix.SYS_CACHESTAT, unix.SYS_FADVISE64, unix.SYS_READAHEAD),
	argument(2, unix.SYS_MADVISE, unix.MADV_COLD, unix.MADV_PAGEOUT),
	bit(5, unix.RWF_NOWAIT, unix.SYS_PREADV2),
)

// attributes are the calls that mark a file, modes excepted.
var attributes = slices.Concat(
	deny(notPermitted, unix.SYS_UTIMENSAT, unix.SYS_FCHOWN, unix.SYS_FCHOWNAT,
		unix.SYS_SETXATTR, unix.SYS_LSETXATTR, unix.SYS_FSETXATTR, getExtendedAttributeAt-1,
		unix.SYS_REMOVEXATTR, unix.SYS_LREMOVEXATTR, unix.SYS_FREMOVEXATTR, getExtendedAttributeAt+2, setFileAttributes),
	argument(1, unix.SYS_IOCTL, unix.FS_IOC_SETFLAGS, setFlags32, setVersion, setAttributes),
)

// denied are the rules of each kind.
var denied = map[Denied][]rule{
	Unix: family(unix.AF_UNIX, unix.SYS_SOCKET, unix.SYS_SOCKETPAIR),
	Inet: slices.Concat(family(unix.AF_INET, unix.SYS_SOCKET), family(unix.AF_INET6, unix.SYS_SOCKET)),
	UDP:  onlySockets(unix.SOCK_STREAM, 0, unix.IPPROTO_TCP, unix.IPPROTO_MPTCP),
	TCP:  onlySockets(unix.SOCK_DGRAM, 0, unix.IPPROTO_UDP),
	Locks: slices.Concat(deny(notPermitted, unix.SYS_FLOCK),
		argument(1, unix.SYS_FCNTL, unix.F_SETLK, unix.F_SETLKW, unix.F_OFD_SETLK, unix.F_OFD_SETLKW, unix.F_SETLEASE, unix.F_NOTIFY)),
	Attributes: attributes,
	Links:      deny(notPermitted, unix.SYS_LINKAT, unix.SYS_SYMLINKAT),
	Names:      deny(notPermitted, unix.SYS_MKDIRAT, unix.SYS_RENAMEAT2, unix.SYS_FCHMOD, unix.SYS_FCHMODAT, unix.SYS_FCHMODAT2),
	Special:    deny(notPermitted, unix.SYS_MKNODAT),
}

// Offsets in struct seccomp_data.
const (
	offsetCall      = 0
	offsetArch      = 4
	offsetArguments = 16 // the lower half first, on every machine that we build for
)

// filter makes the program that the kernel runs at each call.
func filter(d Denied) []bpf.Instruction {
	program := []bpf.Instruction{
		bpf.LoadAbsolute{Off: offsetArch, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: auditArch, SkipTrue: 1},
		bpf.RetConstant{Val: unix.SECCOMP_RET_KILL_PROCESS},
		bpf.LoadAbsolute{Off: offsetCall, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpGreaterOrEqual, Val: 0x40000000, SkipFalse: 1}, // the second table of calls of x86
		bpf.RetConstant{Val: notImplemented},
	}
	rules := slices.Concat(everywhere, everywhereOld)
	for kind := Denied(1); kind <= d; kind <<= 1 {
		if d&kind != 0 {
			rules = slices.Concat(rules, denied[kind], deniedOld[kind])
		}
	}
	for _, r := range rules {
		program = append(program, r.program()...)
	}
	return append(program, bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW})
}

func (r rule) program() []bpf.Instruction {
	verdict := bpf.RetConstant{Val: r.verdict}
	if r.argument < 0 {
		return []bpf.Instruction{bpf.JumpIf{Cond: bpf.JumpEqual, Val: r.call, SkipFalse: 1}, verdict}
	}
	program := []bpf.Instruction{
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: r.call, SkipFalse: uint8(len(r.values) + 6)},
		bpf.LoadAbsolute{Off: offsetArguments + 8*uint32(r.argument), Size: 4},
		bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: r.mask},
	}
	for i, v := range r.values {
		program = append(program, bpf.JumpIf{Cond: bpf.JumpEqual, Val: v, SkipTrue: uint8(len(r.values) - i)})
	}
	none, found := uint32(2), uint32(0) // instructions to skip
	if r.unless {
		none, found = 1, 1
	}
	return append(program, bpf.Jump{Skip: none}, bpf.Jump{Skip: found}, verdict, bpf.LoadAbsolute{Off: offsetCall, Size: 4})
}

// filterCalls puts the calling thread, and all that it forks, behind a filter. It needs
// PR_SET_NO_NEW_PRIVS.
func filterCalls(d Denied) error {
	raw, err := bpf.Assemble(filter(d))
	if err != nil {
		return err
	}
	program := make([]unix.SockFilter, len(raw))
	for i, in := range raw {
		program[i] = unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	fprog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	if _, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&fprog))); e != 0 {
		return e
	}
	return nil
}
