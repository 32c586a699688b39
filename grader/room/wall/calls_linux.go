package wall

import (
	"slices"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// rule denies a call, whatever its arguments, or if one of them, under a mask, is (or is not) a value.
// Of an argument only the lower 32 bits are looked at: for an int the kernel ignores the others, so a
// filter must too.
type rule struct {
	call     uint32
	verdict  uint32
	argument int // -1 for none
	mask     uint32
	value    uint32
	unless   bool
}

const (
	notPermitted   = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	notImplemented = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
	noSuchFamily   = unix.SECCOMP_RET_ERRNO | uint32(unix.EAFNOSUPPORT)
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
		out = append(out, rule{c, noSuchFamily, 0, wholeWord, domain, false})
	}
	return out
}

// onlySelf denies a call on other processes than the caller, which it names by 0.
func onlySelf(argument int, calls ...uint32) []rule {
	var out []rule
	for _, c := range calls {
		out = append(out, rule{c, notPermitted, argument, wholeWord, 0, true})
	}
	return out
}

func argument(n int, value uint32, calls ...uint32) []rule {
	var out []rule
	for _, c := range calls {
		out = append(out, rule{c, notPermitted, n, wholeWord, value, false})
	}
	return out
}

// newNamespaces are the flags of clone that would give a process privileges over a world of its own.
const newNamespaces = unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP

// everywhere is what no cell may do. Namespaces confine; this closes what has none (keyrings, vsock), and
// what only attackers use. clone3 hides its flags from a filter, so it does not exist here: the C
// library and Go fall back to clone. The list follows ioi/isolate 2 and Docker's default profile.
var everywhere = slices.Concat(
	deny(notPermitted,
		unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PIDFD_GETFD, unix.SYS_KCMP, unix.SYS_PROCESS_MADVISE,
		unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD,
		unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT, unix.SYS_MOVE_MOUNT, unix.SYS_FSOPEN, unix.SYS_FSMOUNT,
		unix.SYS_FSCONFIG, unix.SYS_FSPICK, unix.SYS_OPEN_TREE, unix.SYS_MOUNT_SETATTR, unix.SYS_SETNS, unix.SYS_UNSHARE,
		unix.SYS_SWAPON, unix.SYS_SWAPOFF, unix.SYS_KEXEC_LOAD, unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE,
		unix.SYS_REBOOT, unix.SYS_ACCT, unix.SYS_QUOTACTL, unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_NAME_TO_HANDLE_AT, unix.SYS_MBIND,
		unix.SYS_MIGRATE_PAGES, unix.SYS_MOVE_PAGES, unix.SYS_SYSLOG, unix.SYS_FANOTIFY_INIT, unix.SYS_PERSONALITY, unix.SYS_VMSPLICE,
		unix.SYS_MEMFD_SECRET, unix.SYS_LOOKUP_DCOOKIE, unix.SYS_VHANGUP, unix.SYS_GET_ROBUST_LIST),
	deny(notImplemented, unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER, unix.SYS_CLONE3),
	[]rule{{unix.SYS_CLONE, notPermitted, 0, newNamespaces, 0, true}},
	argument(1, unix.TIOCSTI, unix.SYS_IOCTL),
	family(unix.AF_VSOCK, unix.SYS_SOCKET), family(unix.AF_ALG, unix.SYS_SOCKET), family(unix.AF_PACKET, unix.SYS_SOCKET),
	family(unix.AF_NETLINK, unix.SYS_SOCKET), family(unix.AF_TIPC, unix.SYS_SOCKET), family(unix.AF_KEY, unix.SYS_SOCKET),
	onlySelf(0, unix.SYS_PRLIMIT64, unix.SYS_SCHED_SETAFFINITY, unix.SYS_SCHED_SETSCHEDULER, unix.SYS_SCHED_SETPARAM, unix.SYS_SCHED_SETATTR),
	onlySelf(1, unix.SYS_SETPRIORITY, unix.SYS_IOPRIO_SET),
	deny(notPermitted, // shared between cells: System V and POSIX objects that have no folder
		unix.SYS_SHMGET, unix.SYS_MSGGET, unix.SYS_SEMGET, unix.SYS_MQ_OPEN),
	deny(notPermitted, unix.SYS_INOTIFY_INIT1), // on the shared binary's inode it tells who runs it
)

// denied are the rules of each kind.
var denied = map[Denied][]rule{
	Unix: family(unix.AF_UNIX, unix.SYS_SOCKET, unix.SYS_SOCKETPAIR),
	Inet: slices.Concat(family(unix.AF_INET, unix.SYS_SOCKET), family(unix.AF_INET6, unix.SYS_SOCKET)),
	UDP: {{unix.SYS_SOCKET, notPermitted, 1, 0xf, unix.SOCK_DGRAM, false}, {unix.SYS_SOCKET, notPermitted, 1, 0xf, unix.SOCK_RAW, false},
		{unix.SYS_SOCKET, notPermitted, 1, 0xf, unix.SOCK_SEQPACKET, false}},
	Locks: slices.Concat(deny(notPermitted, unix.SYS_FLOCK),
		argument(1, unix.F_SETLK, unix.SYS_FCNTL), argument(1, unix.F_SETLKW, unix.SYS_FCNTL), argument(1, unix.F_OFD_SETLK, unix.SYS_FCNTL),
		argument(1, unix.F_OFD_SETLKW, unix.SYS_FCNTL), argument(1, unix.F_SETLEASE, unix.SYS_FCNTL), argument(1, unix.F_NOTIFY, unix.SYS_FCNTL)),
	Names: deny(notPermitted, unix.SYS_MKDIRAT, unix.SYS_RENAMEAT2, unix.SYS_LINKAT, unix.SYS_SYMLINKAT, unix.SYS_FCHMOD, unix.SYS_FCHMODAT,
		unix.SYS_FCHMODAT2, unix.SYS_UTIMENSAT, unix.SYS_SETXATTR, unix.SYS_LSETXATTR, unix.SYS_FSETXATTR),
	Special: deny(notPermitted, unix.SYS_MKNODAT),
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
	hit := bpf.JumpIf{Cond: bpf.JumpEqual, Val: r.value, SkipFalse: 1}
	if r.unless {
		hit = bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: r.value, SkipFalse: 1}
	}
	return []bpf.Instruction{
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: r.call, SkipFalse: 5},
		bpf.LoadAbsolute{Off: offsetArguments + 8*uint32(r.argument), Size: 4},
		bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: r.mask},
		hit,
		verdict,
		bpf.LoadAbsolute{Off: offsetCall, Size: 4},
	}
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
