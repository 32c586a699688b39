package room

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// guard is a process that outlives a grader which is killed, to end what that has started: this same binary,
// executed again, with one end of a pipe whose other end only the grader has.
type guard struct {
	cmd   *exec.Cmd
	alive *os.File
}

// guardName is the name under which this binary is executed as a guard, with the work folder as its argument.
const guardName = "ipclab-guard"

func init() {
	if len(os.Args) == 2 && os.Args[0] == guardName {
		standGuard(os.Args[1])
		os.Exit(0)
	}
}

// standGuard waits for the end of the grader. If that has removed its folder, nothing is left to do.
func standGuard(dir string) {
	alive := os.NewFile(3, "grader")
	alive.Read(make([]byte, 1))
	sweepOne(dir, 0) // the kernel may close the pipe before it gives up the lock
}

// startGuard starts a guard. Without one the next grader does its work.
func startGuard(dir string) *guard {
	spawning.RLock()
	defer spawning.RUnlock()
	theirs, alive, err := os.Pipe()
	if err != nil {
		return nil
	}
	defer theirs.Close()
	cmd := exec.Command("/proc/self/exe", dir)
	cmd.Args[0] = guardName
	cmd.Dir = "/"
	cmd.Env = []string{"GOMAXPROCS=1", "TMPDIR=" + os.TempDir()}
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // what kills the grader's group may spare it
	if err := cmd.Start(); err != nil {
		alive.Close()
		return nil
	}
	known.add(cmd.Process.Pid, cmd)
	return &guard{cmd, alive}
}

// dismiss ends the guard.
func (g *guard) dismiss() {
	if g == nil {
		return
	}
	g.cmd.Process.Kill()
	g.cmd.Wait()
	known.remove(g.cmd.Process.Pid, g.cmd)
	g.alive.Close()
}

// killBelow kills all processes that a grader with this work folder has left. A process is one of them that
// runs a program from the folder, or that has the mark of a room, and temporary files in the folder, in its
// environment. No stranger has either.
func killBelow(dir string) {
	scan := func() int { return killThose(dir) }
	if os.Geteuid() == 0 { // who may lack the right to look at processes of others
		scan = func() int { return killThose(dir) + asInmate(func() int { return killThose(dir) }) }
	}
	for begun, clear := time.Now(), 0; clear < 2 && time.Since(begun) < deathLimit; clear++ {
		if scan() > 0 {
			clear = -1
			time.Sleep(time.Millisecond) // the kernel is about to end them
		}
	}
}

// asInmate calls a function on a thread that handles files as the user whom programs are.
func asInmate(do func() int) int {
	who, err := fencedUser()
	if err != nil || who == nil {
		return 0
	}
	n := make(chan int)
	go func() {
		runtime.LockOSThread() // and never unlocked
		unix.SetfsgidRetGid(who.GID)
		unix.SetfsuidRetUid(who.UID)
		n <- do()
	}()
	return <-n
}

func killThose(dir string) int {
	n := 0
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range all {
		pid, _ := strconv.Atoi(filepath.Base(p))
		if pid == os.Getpid() || !leftBy(pid, dir) {
			continue
		}
		handle, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			continue
		}
		if leftBy(pid, dir) { // and not another that got its pid
			unix.PidfdSendSignal(handle, unix.SIGKILL, nil, 0)
			n++
		}
		unix.Close(handle)
	}
	return n
}

// leftBy tells whether a process was started by the grader with a work folder.
func leftBy(pid int, dir string) bool {
	if exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)); err == nil && isBelow(exe, dir) {
		return true
	}
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	marked, within := false, false
	for v := range bytes.SplitSeq(b, []byte{0}) {
		name, value, _ := bytes.Cut(v, []byte("="))
		marked = marked || string(name) == tokenVar
		within = within || string(name) == "TMPDIR" && isBelow(string(value), dir)
	}
	return marked && within
}
