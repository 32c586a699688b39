package wall

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// FenceName is the name under which this binary is executed to put a fence around itself and to become a
// program then. It must be a process of its own: what a thread of the grader takes upon itself it would
// share with the programs that it starts, and a program may signal whoever is in its Landlock domain.
const FenceName = "ipclab-fence"

// FenceVar names the variable in which the launcher finds its orders, see Fence.Order. It is taken out of
// the environment again. Everything else there, and the arguments, are the program's.
const FenceVar = "IPCLAB_FENCE"

// Report is the descriptor on which the launcher says why it could not become the program; it is closed
// without a word when it has.
const Report = 3

// Fence says what is put around a process where namespaces are denied: Landlock, seccomp, and, if the grader
// is root, a user of its own. Of the cell, Folder, Deny and Signals count.
type Fence struct {
	Cell
	Program string    // what it is to become
	Runs    []string  // what else it may execute: files, or folders with all that is below them
	Work    string    // the path of its working folder
	Own     string    // of its folder for temporary files
	User    *Identity // whom it is to become; nil: it stays who it is
	TCP     bool      // TCP connections are not denied
	ABI     int       // the version of Landlock to use at the most; 0: what there is
}

// Identity is somebody without privileges.
type Identity struct{ UID, GID int }

// Order is the entry in the environment that tells the launcher of the fence.
func (f Fence) Order() string {
	b, _ := json.Marshal(f) // of strings and numbers
	return FenceVar + "=" + string(b)
}

func init() {
	if order := os.Getenv(FenceVar); order != "" && os.Args[0] == FenceName {
		runtime.LockOSThread() // the kernel's thread 1 becomes the program, with what it took upon itself
		err := launch(order)
		unix.Write(Report, []byte(err.Error()))
		os.Exit(127)
	}
}

// launch does not return if all goes well.
func launch(order string) error {
	unix.CloseRange(Report, ^uint(0), unix.CLOSE_RANGE_CLOEXEC)
	unix.Umask(0o022)
	var f Fence
	if err := json.Unmarshal([]byte(order), &f); err != nil {
		return err
	}
	// Nothing that a program does is worth more than the grader when memory runs short.
	os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0)
	rules, err := f.ruleset() // while the paths can be reached
	if err != nil {
		return fmt.Errorf("landlock: %w", err)
	}
	if err := f.become(); err != nil {
		return err
	}
	if rules >= 0 {
		if _, _, e := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(rules), 0, 0); e != 0 {
			return fmt.Errorf("landlock: %w", e)
		}
	}
	if f.User == nil { // else it owns no files
		f.Deny |= Modes
	}
	if err := filterCalls(f.Deny); err != nil {
		return fmt.Errorf("seccomp: %w", err)
	}
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, FenceVar+"=") {
			env = append(env, v)
		}
	}
	return fmt.Errorf("exec %s: %w", f.Program, syscall.Exec(f.Program, append([]string{f.Program}, os.Args[1:]...), env))
}

// become gives up every privilege, for good.
func (f Fence) become() error {
	for c := uintptr(0); unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0) == nil; c++ { // where it may
	}
	if u := f.User; u != nil {
		if err := u.assume(); err != nil {
			return fmt.Errorf("become user %d: %w", u.UID, err)
		}
	}
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return fmt.Errorf("capabilities: %w", err)
	}
	var none [2]unix.CapUserData
	if err := unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &none[0]); err != nil {
		return fmt.Errorf("capabilities: %w", err)
	}
	return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
}

// assume makes the calling thread act as somebody else, and leaves Go's other threads what they are: none of
// them outlives the exec, and to ask them all takes long.
func (u Identity) assume() error {
	for _, c := range [][4]int{{unix.SYS_SETGROUPS}, {unix.SYS_SETRESGID, u.GID, u.GID, u.GID}, {unix.SYS_SETRESUID, u.UID, u.UID, u.UID}} {
		if _, _, e := unix.RawSyscall(uintptr(c[0]), uintptr(c[1]), uintptr(c[2]), uintptr(c[3])); e != 0 {
			return e
		}
	}
	return nil
}

// needs are the files of the host, read-only, that a Go program without C may want: names of hosts, time
// zones, and what Go's runtime asks the kernel about.
var needs = []string{
	"/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/localtime", "/usr/share/zoneinfo",
	"/proc/sys/net/core/somaxconn", "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size",
}

// The attributes of a ruleset, and of a rule about a port, as of ABI 6.
type rulesetAttr struct{ files, net, scoped uint64 }

// ruleset makes the rules: nothing of the host but what is named here.
func (f Fence) ruleset() (int, error) {
	abi := LandlockABI()
	if f.ABI > 0 {
		abi = min(abi, f.ABI)
	}
	if abi == 0 {
		return -1, errors.New("the kernel does not offer it")
	}
	attr := rulesetAttr{files: known(abi)}
	size := unsafe.Sizeof(attr.files)
	if abi >= 4 {
		size += unsafe.Sizeof(attr.net)
		if !f.TCP {
			attr.net = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
		}
	}
	if abi >= 6 {
		size += unsafe.Sizeof(attr.scoped)
		attr.scoped = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET
		if !f.Signals {
			attr.scoped |= unix.LANDLOCK_SCOPE_SIGNAL
		}
	}
	fd, _, e := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), size, 0)
	if e != 0 {
		return -1, e
	}
	for path, rights := range f.paths() {
		var st unix.Stat_t
		if err := unix.Stat(path, &st); err != nil {
			if path == f.Program || path == f.Work || path == f.Own {
				return -1, fmt.Errorf("%s: %w", path, err)
			}
			continue // what this host lacks nobody can use
		}
		if st.Mode&unix.S_IFMT != unix.S_IFDIR { // rights about folders are refused for files
			rights &= seeFiles&^unix.LANDLOCK_ACCESS_FS_READ_DIR | runFiles | useFiles
		}
		if err := allow(int(fd), path, rights&known(abi)); err != nil {
			return -1, fmt.Errorf("%s: %w", path, err)
		}
	}
	return int(fd), nil
}

// paths says what may be done below each path.
func (f Fence) paths() map[string]uint64 {
	all := map[string]uint64{}
	for _, p := range needs {
		all[p] = seeFiles
	}
	for _, d := range devices {
		all["/dev/"+d] = seeFiles | useFiles
	}
	for _, p := range append(f.Runs, f.Program) {
		all[p] = seeFiles | runFiles
	}
	all[f.Own] = f.ownRights()
	all[f.Work] = f.rights()
	return all
}

// FreeUser gives a user who owns nothing on the machine, for programs that a grader who is root starts. In a
// container only some users exist, and it is the last of those then; nil, if there are no others: root is an
// ordinary user by another name there.
func FreeUser() (*Identity, error) {
	var ids [2]int
	for i, file := range []string{"/proc/self/uid_map", "/proc/self/gid_map"} {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if ids[i] = lastOf(string(b)); ids[i] < 0 {
			return nil, nil
		}
	}
	return &Identity{ids[0], ids[1]}, nil
}

// lastOf reads a map of ids: lines of first id inside, first id outside, and how many. It gives -1 if there
// are only those that belong to the system.
func lastOf(idMap string) int {
	last := -1
	for line := range strings.Lines(idMap) {
		f := strings.Fields(line)
		if len(f) < 3 {
			continue
		}
		first, _ := strconv.Atoi(f[0])
		n, _ := strconv.Atoi(f[2])
		if first <= nobodyElse && nobodyElse < first+n {
			return nobodyElse
		}
		last = max(last, first+n-1)
	}
	if last < 1000 {
		return -1
	}
	return last
}
