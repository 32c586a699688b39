package room

import (
	"io/fs"
	"os"
	"runtime"
	"strings"
)

// Remedy says what to do where rooms do not work. THREATS.md has the same table.
type Remedy struct {
	Where, Why, Do string

	shows func(machine fs.FS) bool // whether this is the place; the machine's files from / on
}

// remedies are in the order in which they are tried: what explains most comes first.
type remedies []Remedy

// Remedies are all that are known.
var Remedies = remedies{
	{"macOS", "no namespaces", "tier none, for your own programs only, or a Linux virtual machine",
		func(fs.FS) bool { return runtime.GOOS != "linux" }},
	{"WSL 1", "it has no Linux kernel", "`wsl --set-version DISTRIBUTION 2`",
		func(m fs.FS) bool {
			v := content(m, "proc/version")
			return strings.Contains(v, "Microsoft") && !strings.Contains(v, "WSL2")
		}},
	{"Podman", "the container's seccomp profile, or its options, deny what rooms do",
		"`podman run --security-opt seccomp=unconfined`, or grade at tier landlock",
		func(m fs.FS) bool { return there(m, "run/.containerenv") || inContainer(m, "libpod") }},
	{"Docker", "the default profile denies namespaces",
		"`docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined`, or grade at tier landlock, which works in a container as it is",
		func(m fs.FS) bool {
			return there(m, ".dockerenv") || inContainer(m, "docker", "kubepods", "containerd")
		}},
	{"any Linux", "`/proc/sys/user/max_user_namespaces` is 0", "`sudo sysctl -w user.max_user_namespaces=15000`",
		func(m fs.FS) bool { return content(m, "proc/sys/user/max_user_namespaces") == "0" }},
	{"Debian", "`/proc/sys/kernel/unprivileged_userns_clone` is 0", "`sudo sysctl -w kernel.unprivileged_userns_clone=1`, or run under sudo",
		func(m fs.FS) bool {
			return os.Geteuid() != 0 && content(m, "proc/sys/kernel/unprivileged_userns_clone") == "0"
		}},
	{"runners of GitHub", "AppArmor allows the namespaces, then denies what is done in them",
		"a step before that runs `sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`",
		func(m fs.FS) bool { return os.Getenv("GITHUB_ACTIONS") == "true" && apparmor(m) }},
	{"Ubuntu 24.04", "AppArmor allows the namespaces, then denies what is done in them",
		"`sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`, or run under sudo", apparmor},
	{"WSL", "a kernel of one's own without namespaces", "`wsl --update`, and no `kernel=` in `.wslconfig`",
		func(m fs.FS) bool { return strings.Contains(content(m, "proc/version"), "WSL2") }},
}

// here gives the remedy for this machine, or nil if none is known.
func (all remedies) here() *Remedy { return all.on(os.DirFS("/")) }

func (all remedies) on(machine fs.FS) *Remedy {
	for i := range all {
		if all[i].shows(machine) {
			return &all[i]
		}
	}
	return nil
}

func apparmor(m fs.FS) bool {
	return content(m, "proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1"
}

// inContainer looks for a word in the names of the control groups of pid 1.
func inContainer(m fs.FS, words ...string) bool {
	groups := content(m, "proc/1/cgroup")
	for _, w := range words {
		if strings.Contains(groups, w) {
			return true
		}
	}
	return false
}

func content(m fs.FS, name string) string {
	b, _ := fs.ReadFile(m, name)
	return strings.TrimSpace(string(b))
}

func there(m fs.FS, name string) bool {
	_, err := fs.Stat(m, name)
	return err == nil
}
