package wall

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Where the grader can make control groups, each block has one. It bounds what no other limit reaches:
// the memory of all processes together, whatever kind it is, and the number of processes and threads.

// hierarchy is one tree of control groups in which this process may make a group.
type hierarchy struct {
	Dir     string // below which a group can be made
	Version int
	Memory  bool // it bounds memory
	Pids    bool // it bounds processes and threads
}

// Hierarchies are those that can be used here; none in most containers, and for most ordinary users.
var Hierarchies = sync.OnceValue(func() []hierarchy {
	own, _ := os.ReadFile("/proc/self/cgroup")
	mounts, _ := os.ReadFile("/proc/self/mountinfo")
	var usable []hierarchy
	for _, h := range findHierarchies(string(own), string(mounts)) {
		if h.usable() {
			usable = append(usable, h)
			h.sweep()
		}
	}
	return usable
})

// findHierarchies reads /proc/self/cgroup and /proc/self/mountinfo. A group is to be made beside the
// grader's own in version 2, where a group that holds processes has no groups below it that bound
// anything, and below it in version 1.
func findHierarchies(own, mounts string) []hierarchy {
	paths := map[string]string{} // controller, or "" for version 2 -> path of the grader's group
	for line := range strings.Lines(own) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(f) == 3 {
			for c := range strings.SplitSeq(f[1], ",") {
				paths[c] = f[2]
			}
		}
	}
	var all []hierarchy
	for line := range strings.Lines(mounts) {
		before, after, ok := strings.Cut(line, " - ")
		at, kind := strings.Fields(before), strings.Fields(after)
		if !ok || len(at) < 5 || len(kind) < 3 {
			continue
		}
		root, point, options := at[3], at[4], ","+kind[2]+","
		has := func(c string) bool { return strings.Contains(options, ","+c+",") }
		switch {
		case kind[0] == "cgroup2":
			all = append(all, hierarchy{filepath.Dir(inMount(point, root, paths[""])), 2, true, true})
		case kind[0] == "cgroup" && has("memory"):
			all = append(all, hierarchy{inMount(point, root, paths["memory"]), 1, true, has("pids")})
		case kind[0] == "cgroup" && has("pids"):
			all = append(all, hierarchy{inMount(point, root, paths["pids"]), 1, false, true})
		}
	}
	return all
}

// inMount is where a group lies, given the mount of its tree, whose root may itself be a group.
func inMount(point, root, path string) string {
	if rest, ok := strings.CutPrefix(path, strings.TrimSuffix(root, "/")); ok {
		path = rest
	}
	return filepath.Join(point, path)
}

// usable tries to make a group that bounds what it should.
func (h *hierarchy) usable() bool {
	g, err := h.make("try")
	if err != nil {
		return false
	}
	defer os.Remove(g)
	has := func(file string) bool { return unix.Access(filepath.Join(g, file), unix.W_OK) == nil }
	memory, pids := memoryFile[h.Version], "pids.max"
	h.Memory, h.Pids = h.Memory && has(memory), h.Pids && has(pids)
	return has("cgroup.procs") && (h.Memory || h.Pids)
}

var (
	memoryFile = map[int]string{1: "memory.limit_in_bytes", 2: "memory.max"}
	killsFile  = map[int]string{1: "memory.oom_control", 2: "memory.events"}
)

const groupPrefix = "ipclab-"

// make makes a group whose name tells whose it is.
func (h hierarchy) make(name string) (string, error) {
	dir := filepath.Join(h.Dir, fmt.Sprintf("%s%d-%s", groupPrefix, os.Getpid(), name))
	return dir, os.Mkdir(dir, 0o755)
}

// sweep removes the groups of graders that were killed. The kernel removes none in which something lives.
func (h hierarchy) sweep() {
	left, _ := filepath.Glob(filepath.Join(h.Dir, groupPrefix+"*"))
	for _, dir := range left {
		owner, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), groupPrefix), "-")
		if pid, err := strconv.Atoi(owner); err == nil && unix.Kill(pid, 0) == unix.ESRCH {
			unix.Rmdir(dir)
		}
	}
}

// group is the control group of a block, in each hierarchy. The zero value bounds nothing.
type group struct{ dirs map[string]hierarchy }

var groups atomic.Int64

// newGroup makes a group as far as that can be had; without bounds, none.
func newGroup(b Bounds) (group, error) {
	g := group{map[string]hierarchy{}}
	if b == (Bounds{}) {
		return g, nil
	}
	name := strconv.FormatInt(groups.Add(1), 10)
	for _, h := range Hierarchies() {
		dir, err := h.make(name)
		if err != nil {
			return g, errors.Join(err, g.remove())
		}
		g.dirs[dir] = h
		if h.Memory {
			err = write(dir, memoryFile[h.Version], b.Memory)
		}
		if h.Pids {
			err = errors.Join(err, write(dir, "pids.max", b.Tasks))
		}
		if err != nil {
			return g, errors.Join(err, g.remove())
		}
	}
	return g, nil
}

// enter puts a process, with all that it will start, into the group.
func (g group) enter(pid int) error {
	for dir := range g.dirs {
		if err := write(dir, "cgroup.procs", pid); err != nil {
			return err
		}
	}
	return nil
}

func write(dir, file string, n int) error {
	return os.WriteFile(filepath.Join(dir, file), strconv.AppendInt(nil, int64(n), 10), 0)
}

// kills counts the processes of the group that the kernel has killed for want of memory.
func (g group) kills() int {
	total := 0
	for dir, h := range g.dirs {
		if !h.Memory {
			continue
		}
		b, _ := os.ReadFile(filepath.Join(dir, killsFile[h.Version]))
		for line := range strings.Lines(string(b)) {
			if n, ok := strings.CutPrefix(strings.TrimSpace(line), "oom_kill "); ok {
				k, _ := strconv.Atoi(n)
				total += k
			}
		}
	}
	return total
}

// remove removes the group, in which nothing may live any more.
func (g group) remove() error {
	var errs []error
	for dir := range g.dirs {
		if err := unix.Rmdir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("remove the control group %s: %w", dir, err))
		}
	}
	return errors.Join(errs...)
}
