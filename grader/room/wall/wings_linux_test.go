package wall

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// lines counts the lines of a file of /proc, or the entries of a folder of it. Pid 1 is closed to everybody
// but root: it is 0 for others.
func lines(t *testing.T, path string) int {
	t.Helper()
	if entries, err := os.ReadDir(path); err == nil {
		return len(entries)
	}
	b, err := os.ReadFile(path)
	if os.Geteuid() != 0 && errors.Is(err, fs.ErrPermission) {
		return 0
	}
	require.NoError(t, err)
	return strings.Count(string(b), "\n")
}

// traces tells what a process has: descriptors, mounts, and descendants.
func traces(t *testing.T, pid int) string {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/", pid)
	return fmt.Sprintf("%d descriptors, %d mounts, children %v", lines(t, dir+"fd"), lines(t, dir+"mountinfo"), offspring(pid))
}

// offspring gives the children of a process, and theirs.
func offspring(pid int) []string {
	var all []string
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, l := range lists {
		b, _ := os.ReadFile(l)
		for _, c := range strings.Fields(string(b)) {
			all = append(all, c)
			var n int
			fmt.Sscan(c, &n)
			all = append(all, offspring(n)...)
		}
	}
	return all
}

// TestChecksLeaveNothing: after 200 checks pid 1 has what it had after the first one, and so have the wings'
// reapers; no process has survived, though each check leaves some that would not end.
func TestChecksLeaveNothing(t *testing.T) {
	for _, own := range []bool{false, true} {
		t.Run(fmt.Sprint("own pids ", own), func(t *testing.T) {
			cells := func() []Cell { return []Cell{{Name: "a", OwnPids: own}, {Name: "b", OwnPids: own}} }
			b := build(t, cells()...)
			program, err := prisoner()
			require.NoError(t, err)
			var first string
			var reapers []string
			for range 200 {
				p, out := start(t, b, "b", "family")
				_, err := bufio.NewReader(out).ReadString('\n')
				require.NoError(t, err)
				out.Close()
				require.NoError(t, b.Clear())
				_, err = p.Wait()
				require.NoError(t, err)
				if first == "" {
					first, reapers = traces(t, b.Init()), offspring(b.Init())
				}
				require.Equal(t, first, traces(t, b.Init()))
				require.NoError(t, b.Furnish(layout(program, cells()...)))
			}
			if own {
				require.Len(t, reapers, 2)
				assert.LessOrEqual(t, lines(t, "/proc/"+reapers[0]+"/fd"), 2)
			} else {
				assert.Empty(t, reapers)
			}
			// Threads of cells end in their own time, but none is kept.
			assert.Less(t, lines(t, fmt.Sprintf("/proc/%d/task", b.Init())), 40)
		})
	}
}

// TestPidsAreCountedAnew: a check cannot tell the next one anything by how many pids it uses up.
func TestPidsAreCountedAnew(t *testing.T) {
	if unix.Access("/proc/sys/kernel/ns_last_pid", unix.W_OK) != nil {
		t.Log("/proc/sys cannot be written here: pids go on from check to check")
		return
	}
	b := build(t, Cell{Name: "a", OwnPids: true})
	program, err := prisoner()
	require.NoError(t, err)
	for range 3 {
		said, _ := run(t, b, "a", "pid")
		assert.Equal(t, "2 2 <nil>", said)
		run(t, b, "a", "orphan")
		require.NoError(t, b.Clear())
		require.NoError(t, b.Furnish(layout(program, Cell{Name: "a", OwnPids: true})))
	}
}

// TestKill kills what runs in the wings, and leaves the cells, in which more can be started.
func TestKill(t *testing.T) {
	b := build(t, Cell{Name: "a", OwnPids: true})
	for range 3 {
		p, out := start(t, b, "a", "family")
		_, err := bufio.NewReader(out).ReadString('\n')
		require.NoError(t, err)
		require.NoError(t, b.Kill())
		e, err := p.Wait()
		require.NoError(t, err)
		assert.Equal(t, unix.SIGKILL, unix.WaitStatus(e.Status).Signal())
	}
}

// TestDeadReaper: a block whose reaper is gone says so, and is of no use any more.
func TestDeadReaper(t *testing.T) {
	b := build(t, Cell{Name: "a", OwnPids: true})
	reapers := offspring(b.Init())
	require.Len(t, reapers, 1)
	var pid int
	fmt.Sscan(reapers[0], &pid)
	require.True(t, IsReaper(pid))
	require.NoError(t, unix.Kill(pid, unix.SIGKILL))
	assert.ErrorContains(t, b.Clear(), errReaper.Error())
}

// judge is a grader that is to be killed: it says which processes there are in its block, and waits.
const judgeVar = "WALL_TEST_JUDGE"

// TestTheGraderIsKilled: with the grader goes all that is in its blocks, wings and all.
func TestTheGraderIsKilled(t *testing.T) {
	if program := os.Getenv(judgeVar); program != "" {
		judge(t, program)
		return
	}
	program, err := prisoner()
	require.NoError(t, err)
	cmd := exec.Command(os.Args[0], "-test.run=^TestTheGraderIsKilled$")
	cmd.Env = append(os.Environ(), judgeVar+"="+program)
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	defer in.Close()
	said, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	pids := strings.Fields(said)
	require.Len(t, pids, 5, "pid 1, the reaper, the program, an orphan of it and its child")
	var ends []unix.PollFd
	for _, p := range pids {
		var pid int
		fmt.Sscan(p, &pid)
		fd, err := unix.PidfdOpen(pid, 0)
		require.NoError(t, err)
		defer unix.Close(fd)
		ends = append(ends, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
	}
	require.NoError(t, cmd.Process.Kill())
	assert.Error(t, cmd.Wait())
	for i := range ends { // each gets readable when its process has ended
		for {
			if _, err := unix.Poll(ends[i:i+1], -1); err != unix.EINTR {
				require.NoError(t, err)
				break
			}
		}
	}
}

func judge(t *testing.T, program string) {
	b, err := Build(Plan{Sources: []string{filepath.Dir(program)}})
	require.NoError(t, err)
	require.NoError(t, b.Furnish(layout(program, Cell{Name: "a", OwnPids: true})))
	_, out := start(t, b, "a", "family")
	_, err = bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	fmt.Println(b.Init(), strings.Join(offspring(b.Init()), " "))
	os.Stdin.Read(make([]byte, 1))
}
