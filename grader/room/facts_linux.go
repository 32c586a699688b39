package room

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"ipclab/grader/room/wall"

	"golang.org/x/sys/unix"
)

// Facts looks at the machine.
func Facts(ctx context.Context) []Fact {
	_, why := Best(ctx)
	why[Landlock] = Probe(ctx, Landlock)
	return []Fact{
		tierFact(Rooms, why[Rooms]), tierFact(Landlock, why[Landlock]),
		landlockFact(wall.LandlockABI()), seccompFact(), userNamespaces(), cgroups(), ownProc(),
		limitFact("open files", unix.RLIMIT_NOFILE, 1024, "ulimit -n 4096"), limitFact("processes", unix.RLIMIT_NPROC, 1024, "ulimit -u 4096"),
	}
}

// scopesABI is the first version of Landlock that keeps signals in.
const scopesABI = 6

func landlockFact(abi int) Fact {
	switch {
	case abi == 0:
		return Fact{"Landlock", "not there", Less, "a kernel from 5.13 on that has landlock in its list of security modules (lsm=landlock,... on its command line)"}
	case abi < scopesABI:
		return Fact{"Landlock", fmt.Sprintf("ABI %d: signals and abstract sockets are not held back", abi), Less, "a kernel from 6.12 on"}
	}
	return Fact{Name: "Landlock", Found: fmt.Sprintf("ABI %d", abi), Level: Good}
}

func seccompFact() Fact {
	b, _ := os.ReadFile("/proc/sys/kernel/seccomp/actions_avail")
	if strings.Contains(string(b), "errno") {
		return Fact{Name: "seccomp", Found: "there", Level: Good}
	}
	return Fact{"seccomp", "not seen in /proc/sys/kernel/seccomp", Less, "a kernel with CONFIG_SECCOMP_FILTER: without it neither rooms nor landlock work"}
}

// userNamespaces reads the settings that may forbid them.
func userNamespaces() Fact {
	f := Fact{Name: "user namespaces", Level: Good}
	var found []string
	for _, name := range []string{"user/max_user_namespaces", "kernel/unprivileged_userns_clone", "kernel/apparmor_restrict_unprivileged_userns"} {
		if b, err := os.ReadFile("/proc/sys/" + name); err == nil {
			found = append(found, filepath.Base(name)+" "+strings.TrimSpace(string(b)))
		}
	}
	if f.Found = strings.Join(found, ", "); f.Found == "" {
		f.Found, f.Level = "the kernel has none", Less
	}
	return f
}

// cgroups tells which control groups there are, and whether the grader could make its own.
func cgroups() Fact {
	f := Fact{Name: "control groups", Level: Good}
	const at = "/sys/fs/cgroup"
	v2, v1 := isCgroup2(at), versionOne(at)
	switch {
	case v2:
		b, _ := os.ReadFile(filepath.Join(at, "cgroup.controllers"))
		f.Found = "version 2, controllers: " + strings.TrimSpace(string(b))
	case len(v1) > 0 && isCgroup2(at+"/unified"):
		f.Found = "hybrid, version 1 controllers: " + strings.Join(v1, " ")
	case len(v1) > 0:
		f.Found = "version 1, controllers: " + strings.Join(v1, " ")
	default:
		return Fact{"control groups", "none", Less, "nothing need be done: memory and the number of processes are bounded less exactly"}
	}
	if own := ownGroup(at, v2, v1); own != "" && unix.Access(own, unix.W_OK) == nil {
		f.Found += "; writable"
		return f
	}
	f.Found, f.Level = f.Found+"; not writable by this user", Less
	f.Do = "nothing need be done; with systemd, `systemd-run --user --scope -p Delegate=yes ipclab ...` gives a group of one's own"
	return f
}

func isCgroup2(dir string) bool {
	var st unix.Statfs_t
	return unix.Statfs(dir, &st) == nil && st.Type == unix.CGROUP2_SUPER_MAGIC
}

// versionOne lists the controllers of version 1 that are mounted.
func versionOne(at string) []string {
	var out []string
	entries, _ := os.ReadDir(at)
	for _, e := range entries {
		var st unix.Statfs_t
		if e.IsDir() && unix.Statfs(filepath.Join(at, e.Name()), &st) == nil && st.Type == unix.CGROUP_SUPER_MAGIC {
			out = append(out, e.Name())
		}
	}
	return out
}

// ownGroup is the folder of the grader's own group: in version 1 that of the controller of memory, or else
// of the first.
func ownGroup(at string, v2 bool, v1 []string) string {
	controller, dir := "", at
	if !v2 {
		controller = v1[0]
		if slices.Contains(v1, "memory") {
			controller = "memory"
		}
		dir = filepath.Join(at, controller)
	}
	b, _ := os.ReadFile("/proc/self/cgroup")
	for line := range strings.Lines(string(b)) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(f) == 3 && slices.Contains(strings.Split(f[1], ","), controller) {
			return filepath.Join(dir, f[2])
		}
	}
	return ""
}

// ownProc tells whether a room can have a /proc of its own. Parts of /proc that are hidden from a container
// keep the kernel from giving another one.
func ownProc() Fact {
	b, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return Fact{"/proc", "not mounted", Missing, "mount -t proc proc /proc: without it the grader cannot see what programs wait for"}
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 4 && strings.HasPrefix(f[4], "/proc/") && f[4] != "/proc/sys/fs/binfmt_misc" {
			return Fact{"/proc", f[4] + " is hidden, so that rooms have no /proc of their own", Less, "nothing need be done: rooms do without"}
		}
	}
	return Fact{Name: "/proc", Found: "nothing of it is hidden: rooms can have their own", Level: Good}
}

func limitFact(name string, resource int, want uint64, command string) Fact {
	var l unix.Rlimit
	if err := unix.Getrlimit(resource, &l); err != nil {
		return Fact{"limit of " + name, err.Error(), Less, ""}
	}
	f := Fact{Name: "limit of " + name, Found: fmt.Sprint(l.Cur), Level: Good}
	if l.Cur == unix.RLIM_INFINITY {
		f.Found = "none"
	} else if l.Cur < want {
		f.Level, f.Do = Less, fmt.Sprintf("%s, or grade with --jobs 2", command)
	}
	return f
}
