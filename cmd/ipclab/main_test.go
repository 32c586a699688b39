package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"ipclab/grader"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/rogpeppe/go-internal/txtar"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"ipclab": main})
}

// TestScripts runs the real command under testdata/*.txtar.
//
// Each script finds the course for tests in course/, has a folder for temporary files and a cache of
// its own (but for what Go has compiled), and in the end nothing may be left: no temporary file, no
// process.
func TestScripts(t *testing.T) {
	deadline, _ := t.Deadline()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		Deadline:            deadline,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("BIN", filepath.SplitList(env.Getenv("PATH"))[0]) // where ipclab is, and nothing else
			env.Setenv("XDG_CACHE_HOME", filepath.Join(env.WorkDir, ".cache"))
			return errors.Join(writeCourse(filepath.Join(env.WorkDir, "course")), linkCache(filepath.Join(env.WorkDir, ".cache", "ipclab")))
		},
		Condition: condition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": status, "unprivileged": unprivileged, "tmpfs": tmpfs, "replace": replace, "clean": clean, "lines": lines,
		},
	})
}

// writeCourse unpacks the course for tests. Files that a script brings along stay.
func writeCourse(dir string) error {
	a, err := txtar.ParseFile("../../grader/testdata/course.txtar")
	if err != nil {
		return err
	}
	for _, f := range a.Files {
		to := filepath.Join(dir, f.Name)
		if _, err := os.Stat(to); err == nil {
			continue
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o777), os.WriteFile(to, f.Data, 0o666)); err != nil {
			return err
		}
	}
	return grader.WriteStubs(grader.Files{Exercises: os.DirFS(filepath.Join(dir, "exercises"))}, filepath.Join(dir, "testscripts", "stubs.txtar"))
}

// linkCache makes a cache that shares nothing with the user's but the packages that Go has compiled.
func linkCache(dir string) error {
	base, err := os.UserCacheDir()
	if err != nil {
		return err
	}
	compiled := filepath.Join(base, "ipclab", "go-build")
	return errors.Join(os.MkdirAll(compiled, 0o700), os.MkdirAll(dir, 0o700), os.Symlink(compiled, filepath.Join(dir, "go-build")))
}

// condition knows [mount]: file systems can be mounted; [drop]: privileges can be dropped, or there
// are none; [root]: the user is root, on Linux.
func condition(name string) (bool, error) {
	switch name {
	case "mount":
		dir, err := os.MkdirTemp("", "mount")
		if err != nil {
			return false, err
		}
		defer os.Remove(dir)
		if mount(dir, "4k") != nil {
			return false, nil
		}
		return true, unmount(dir)
	case "root":
		return os.Geteuid() == 0 && runtime.GOOS == "linux", nil
	case "drop":
		_, err := exec.LookPath("setpriv")
		return err == nil || os.Geteuid() != 0, nil
	}
	return false, errors.New("unknown condition " + name)
}

// status N COMMAND ARGS... runs a command that must end with the status N.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N COMMAND ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got, exit := 0, (*exec.ExitError)(nil)
	if errors.As(err, &exit) {
		got, err = exit.ExitCode(), nil
	}
	ts.Check(err)
	if got != want {
		ts.Fatalf("%s ended with status %d, want %d", args[1], got, want)
	}
}

// unprivileged N COMMAND ARGS... is status for a user who may not read everything.
func unprivileged(ts *testscript.TestScript, neg bool, args []string) {
	if os.Geteuid() == 0 {
		args = slices.Insert(args, 1, "setpriv", "--bounding-set=-dac_override,-dac_read_search", "--")
	}
	status(ts, neg, args)
}

// tmpfs DIR SIZE mounts a file system of its own.
func tmpfs(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o777))
	ts.Check(mount(dir, args[1]))
	ts.Defer(func() { unmount(dir) })
}

// replace OLD NEW FILE replaces a passage that must be there. In both, \n is a new line.
func replace(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[2])
	unquote := strings.NewReplacer(`\n`, "\n", `\t`, "\t")
	before := unquote.Replace(args[0])
	if !strings.Contains(text, before) {
		ts.Fatalf("%s does not hold %q", args[2], before)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(strings.Replace(text, before, unquote.Replace(args[1]), 1)), 0o666))
}

// lines stdout|stderr N wants as many lines.
func lines(ts *testscript.TestScript, _ bool, args []string) {
	if got := strings.Count(ts.ReadFile(args[0]), "\n"); strconv.Itoa(got) != args[1] {
		ts.Fatalf("%s has %d lines, want %s", args[0], got, args[1])
	}
}

// clean wants nothing to be left of what ran: no process, no temporary file.
func clean(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) > 0 {
		ts.Fatalf("usage: clean")
	}
	work := ts.Getenv("WORK")
	for _, tmp := range []string{ts.Getenv("TMPDIR"), filepath.Join(work, ".tmp")} {
		left, err := os.ReadDir(tmp)
		ts.Check(err)
		for _, e := range left {
			ts.Fatalf("a temporary file is left: %s", filepath.Join(tmp, e.Name()))
		}
	}
	for _, pid := range processesOf(work) {
		ts.Fatalf("a process is left: %s", pid)
	}
}

// processesOf finds the processes that run a program from a folder, stand in it, or have it in their
// environment.
func processesOf(dir string) []string {
	var found []string
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range all {
		exe, _ := os.Readlink(p + "/exe")
		cwd, _ := os.Readlink(p + "/cwd")
		env, _ := os.ReadFile(p + "/environ")
		if strings.HasPrefix(exe, dir) || strings.HasPrefix(cwd, dir) || strings.Contains(string(env), dir) {
			found = append(found, strings.Join([]string{p, exe, cwd}, " "))
		}
	}
	return found
}

// The test of clean: it finds a process, by its folder, that has a parent and an environment of its
// own.
func TestProcessesOf(t *testing.T) {
	dir := t.TempDir()
	if _, err := os.Stat("/proc/self/exe"); errors.Is(err, fs.ErrNotExist) {
		t.Skip("no /proc")
	}
	cmd := exec.Command("sh", "-c", "echo; read x")
	cmd.Dir, cmd.Env = dir, []string{}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out.Read(make([]byte, 1)) // it has started
	if found := processesOf(dir); len(found) != 1 {
		t.Errorf("found %q, want the one process", found)
	}
	in.Close()
	cmd.Wait()
	if found := processesOf(dir); len(found) != 0 {
		t.Errorf("found %q after the end", found)
	}
}
