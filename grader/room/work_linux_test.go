package room

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// killed is a grader, in a process of its own, with a program in its work folder that waits for ever and has
// left its session and its parent. It says the pids of the program and of the guard.
func killedPart([]string) {
	w := must(NewWork(false))
	tmp := filepath.Join(w.Dir, "1")
	must(0, os.Mkdir(tmp, 0o777))
	r := must(Open(Config{Dir: tmp, Env: []string{"TMPDIR=" + tmp}}))
	p := must(r.Start(Command{Name: "p", Path: must(os.Executable()), Args: []string{"play", "stay"}}))
	r.Wait(context.Background(), func() bool { return len(p.Out.Bytes()) > 0 })
	fmt.Println(w.Dir, p.Pid, w.guard.cmd.Process.Pid)
	stay()
}

// graderToKill starts such a grader.
func graderToKill(t *testing.T) (grader *exec.Cmd, dir string, program, guard int) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", "play", "killed")
	cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	_, err = fmt.Sscan(line, &dir, &program, &guard)
	require.NoError(t, err, line)
	return cmd, dir, program, guard
}

// gone waits for the end of a process that is no child.
func gone(t *testing.T, handle int) {
	t.Helper()
	defer unix.Close(handle)
	for {
		_, err := unix.Poll([]unix.PollFd{{Fd: int32(handle), Events: unix.POLLIN}}, -1)
		if err != unix.EINTR {
			require.NoError(t, err)
			return
		}
	}
}

func handleOf(t *testing.T, pid int) int {
	t.Helper()
	h, err := unix.PidfdOpen(pid, 0)
	require.NoError(t, err)
	return h
}

// When a grader is killed, its guard ends what it has started and removes its folder.
func TestGuard(t *testing.T) {
	grader, dir, program, guard := graderToKill(t)
	p, g := handleOf(t, program), handleOf(t, guard)
	require.DirExists(t, dir)
	require.NoError(t, grader.Process.Kill())
	grader.Wait()
	gone(t, p)
	gone(t, g)
	assert.NoDirExists(t, dir)
}

// When the guard is killed too, the next grader does it. It spares the folders of graders that live, folders
// without a lock, and those of others.
func TestSweep(t *testing.T) {
	grader, dir, program, guard := graderToKill(t)
	t.Setenv("TMPDIR", filepath.Dir(dir))
	p := handleOf(t, program)
	require.NoError(t, unix.Kill(guard, unix.SIGKILL))
	Sweep()
	assert.DirExists(t, dir, "its grader lives")
	assert.NoError(t, unix.Kill(program, 0))
	kept, err := NewWork(true)
	require.NoError(t, err)
	link := filepath.Join(filepath.Dir(dir), "ipclab-link")
	elsewhere := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(elsewhere, lockName), nil, 0o600))
	require.NoError(t, os.Symlink(elsewhere, link))
	stranger := exec.Command("/proc/self/exe", "play", "stay") // has no mark, and no program from the folder
	stranger.Env = []string{"TMPDIR=" + dir}
	out, err := stranger.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, stranger.Start())
	out.Read(make([]byte, 1))

	require.NoError(t, grader.Process.Kill())
	grader.Wait()
	Sweep()
	gone(t, p)
	assert.NoDirExists(t, dir)
	assert.DirExists(t, kept.Dir)
	assert.FileExists(t, filepath.Join(elsewhere, lockName), "links are not followed")
	assert.NotEqual(t, byte('Z'), processState(stranger.Process.Pid), "a stranger lives")
	stranger.Process.Kill()
	stranger.Wait()
}

// What ends as it should leaves neither folder nor guard.
func TestWorkRemove(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	w, err := NewWork(false)
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Join(w.Dir, "a", "b"), 0o700))
	require.NoError(t, os.Chmod(filepath.Join(w.Dir, "a"), 0))
	guard := w.guard.cmd.Process.Pid
	require.NoError(t, w.Remove())
	assert.NoDirExists(t, w.Dir)
	assert.Error(t, unix.Kill(guard, 0), "the guard has been dismissed")
}

// A process that threw its environment away is found by the program that it runs.
func TestLeftBy(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "program")
	self, err := os.ReadFile("/proc/self/exe")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(program, self, 0o755))
	cmd := exec.Command(program, "play", "stay")
	cmd.Env = []string{}
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	out.Read(make([]byte, 1))
	assert.True(t, leftBy(cmd.Process.Pid, dir))
	assert.False(t, leftBy(cmd.Process.Pid, strings.TrimSuffix(dir, "1")), "a folder whose name is only the beginning")
	assert.False(t, leftBy(os.Getpid(), dir))
	killBelow(dir)
	assert.Error(t, cmd.Wait(), "it was killed")
}
