package quiz

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// How the machine is asked. Nothing here waits for a clock: every step follows an event, and what
// waits is found waiting in the kernel or the runtime. patience only ends a test that has gone wrong.

const patience = time.Minute

// process is one of the programs, or another command, under way.
type process struct {
	*exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func startProgram(t *testing.T, program string, args ...string) *process {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := command(t, self, args...)
	cmd.Env = environment(program)
	p := &process{Cmd: cmd}
	p.in, err = cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	p.out = bufio.NewReader(out)
	start(t, cmd)
	return p
}

// environment makes a program of the test binary. Under the race detector it would sleep for a second
// before it exits.
func environment(program string) []string {
	return append(os.Environ(), programEnv+"="+program, "GORACE=atexit_sleep_ms=0")
}

func command(t *testing.T, name string, args ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stderr = os.Stderr
	return cmd
}

// start starts cmd and sees to it that it ends with the test.
func start(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			cmd.Process.Kill()
			cmd.Wait()
		}
	})
}

// line gives the next line that the process says; "" when it says no more.
func (p *process) line() string {
	line, _ := p.out.ReadString('\n')
	return strings.TrimSuffix(line, "\n")
}

func (p *process) expect(t *testing.T, want string) {
	t.Helper()
	require.Equal(t, want, p.line())
}

func (p *process) send(t *testing.T) {
	t.Helper()
	_, err := io.WriteString(p.in, "\n")
	require.NoError(t, err)
}

func (p *process) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	require.NoError(t, p.Process.Signal(s))
}

func findTwoCopies(t *testing.T) string {
	p := startProgram(t, "variable")
	var during, after int
	_, err := fmt.Sscan(p.line(), &during, &after)
	require.NoError(t, err)
	if during != after && after != 0 {
		return "depends"
	}
	return strconv.Itoa(after)
}

func findOwnOffsets(t *testing.T) string {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	a, b := startProgram(t, "lines", "A", file), startProgram(t, "lines", "B", file)
	a.expect(t, "open")
	if line := b.line(); line != "open" {
		return line
	}
	for range 100 {
		for _, p := range []*process{a, b} {
			p.send(t)
			p.expect(t, "written")
		}
	}
	for _, p := range []*process{a, b} {
		p.in.Close()
		require.NoError(t, p.Wait())
	}
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	return fmt.Sprintf("%d lines", bytes.Count(text, []byte("\n")))
}

func findAdvisoryLock(t *testing.T) string {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	a := startProgram(t, "lock", file)
	a.expect(t, "locked")
	b := startProgram(t, "write", file)
	if line := b.line(); line != "written" {
		return line
	}
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return "written, lock lost"
	}
	require.ErrorIs(t, err, syscall.EWOULDBLOCK)
	return "written, still locked"
}

// findPendingBit sends an eleventh signal when the first has been seen. Whatever had been queued in
// front of it would have been counted, too.
func findPendingBit(t *testing.T) string {
	p := startProgram(t, "count")
	p.expect(t, "ready")
	p.signal(t, syscall.SIGSTOP)
	var status syscall.WaitStatus
	_, err := syscall.Wait4(p.Process.Pid, &status, syscall.WUNTRACED, nil)
	require.NoError(t, err)
	require.True(t, status.Stopped())
	for range 10 {
		p.signal(t, syscall.SIGUSR1)
	}
	p.signal(t, syscall.SIGCONT)
	p.expect(t, "1")
	p.signal(t, syscall.SIGUSR1)
	p.expect(t, "2")
	p.in.Close()
	var n int
	_, err = fmt.Sscanf(lastLine(p), "%d times", &n)
	require.NoError(t, err)
	return fmt.Sprintf("%d times", n-1)
}

func lastLine(p *process) string {
	last := ""
	for line := p.line(); line != ""; line = p.line() {
		last = line
	}
	return last
}

// findNoBuffer sends a second signal once the program waits: that one, and nothing before it, ends
// the waiting.
func findNoBuffer(t *testing.T) string {
	p := startProgram(t, "notify")
	p.expect(t, "ready")
	p.signal(t, syscall.SIGUSR1)
	switch line := p.line(); line {
	case "awake":
		return line
	case "":
		return "killed"
	default:
		require.Equal(t, "asleep", line)
	}
	if p.line() == "returned" {
		return "kept"
	}
	p.signal(t, syscall.SIGUSR1)
	p.expect(t, "returned")
	require.NoError(t, p.Wait())
	return "dropped"
}

func findListenOnly(t *testing.T) string {
	p := startProgram(t, "listen")
	c, err := net.DialTimeout("tcp", p.line(), patience)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case err != nil:
		return "dial waits"
	}
	defer c.Close()
	if _, err := c.Write([]byte("bytes")); err != nil {
		return "write fails"
	}
	require.NoError(t, c.(*net.TCPConn).CloseWrite())
	p.send(t) // only now may it accept
	p.expect(t, "got bytes")
	return "written"
}

func findHalfClose(t *testing.T) string {
	p := startProgram(t, "reply")
	c, err := net.DialTimeout("tcp", p.line(), patience)
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.SetDeadline(time.Now().Add(patience)))
	_, err = c.Write([]byte("request"))
	require.NoError(t, err)
	require.NoError(t, c.(*net.TCPConn).CloseWrite())
	reply, err := io.ReadAll(c)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return "waits"
	}
	if line := p.line(); line != `request "request", <nil>` {
		return "reset"
	}
	if p.line() != "reply <nil>" || string(reply) != "reply" {
		return "EOF, no reply"
	}
	return "EOF, reply"
}

// findStalePath takes away, one after the other, all that could hold the address. The folder is the
// current one, as the path of a socket must be short.
func findStalePath(t *testing.T) string {
	t.Chdir(t.TempDir())
	p := startProgram(t, "unix", "s")
	p.expect(t, "ready")
	c, err := net.Dial("unix", "s")
	require.NoError(t, err)
	p.expect(t, "accepted")
	p.signal(t, syscall.SIGKILL)
	p.Wait() // from here on it has no descriptors
	require.False(t, listens(t), "there is nothing to explain: the address is free")
	c.Close()
	if listens(t) {
		return "the client"
	}
	require.NoError(t, os.Remove("s"))
	if listens(t) {
		return "the path"
	}
	return "the time"
}

func listens(t *testing.T) bool {
	t.Helper()
	l, err := net.Listen("unix", "s")
	if err != nil {
		require.ErrorIs(t, err, syscall.EADDRINUSE)
		return false
	}
	l.Close()
	return true
}

func findOwnWriteEnd(t *testing.T) string {
	p := startProgram(t, "readall")
	switch line := p.line(); line {
	case "waits":
	case `"hi\n", <nil>`:
		return "hi"
	case `"", <nil>`:
		return "nothing"
	default:
		return "broken pipe"
	}
	p.send(t)
	p.expect(t, "closing w")
	p.expect(t, `"hi\n", <nil>`)
	return "waits"
}

// findReaderGone plays the shell for `yes | head -1`, and kills nobody.
func findReaderGone(t *testing.T) string {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	yes, head := command(t, "yes"), command(t, "head", "-1")
	yes.Stdout, head.Stdin = w, r
	start(t, yes)
	start(t, head)
	w.Close()
	r.Close()
	require.NoError(t, head.Wait())
	yes.Wait()
	status := yes.ProcessState.Sys().(syscall.WaitStatus)
	switch {
	case status.Signaled() && status.Signal() == syscall.SIGPIPE:
		return "SIGPIPE"
	case status.Signaled():
		return "asleep" // and killed when patience ended
	}
	return "exited"
}

func findFullPipe(t *testing.T) string {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	size, err := unix.FcntlInt(w.Fd(), unix.F_GETPIPE_SZ, 0)
	require.NoError(t, err)
	if os.Getpagesize() != 4096 || size != 16*4096 {
		t.Skip("pipes have another size on this machine")
	}
	self, err := os.Executable()
	require.NoError(t, err)
	p := &process{Cmd: command(t, self)}
	p.Env = environment("megabyte")
	p.ExtraFiles = []*os.File{w}
	out, err := p.StdoutPipe()
	require.NoError(t, err)
	p.out = bufio.NewReader(out)
	start(t, p.Cmd)
	w.Close()
	if !waitsIn(t, p.Process.Pid, syscall.SYS_WRITE) {
		return afterMegabyte(t, p, r)
	}
	held, err := unix.IoctlGetInt(int(r.Fd()), unix.TIOCINQ)
	require.NoError(t, err)
	read, err := io.Copy(io.Discard, r)
	require.NoError(t, err)
	p.expect(t, "wrote 1048576, <nil>")
	require.EqualValues(t, 1<<20, read)
	return fmt.Sprintf("waits with %d", held)
}

// afterMegabyte tells what became of a write that did not wait.
func afterMegabyte(t *testing.T, p *process, r *os.File) string {
	if line := p.line(); line != "wrote 1048576, <nil>" {
		return "no space"
	}
	read, err := io.Copy(io.Discard, r)
	require.NoError(t, err)
	if read < 1<<20 {
		return "bytes lost"
	}
	return fmt.Sprintf("holds %d", read)
}

func findLonelyFIFO(t *testing.T) string {
	folder := t.TempDir()
	fifo := filepath.Join(folder, "p")
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	sh := command(t, "sh", "-c", "echo hi > p")
	sh.Dir = folder
	start(t, sh)
	waited := waitsIn(t, sh.Process.Pid, openCalls...)
	// A reader that does not wait for a writer lets the shell go on, and is itself the event missed.
	fd, err := syscall.Open(fifo, syscall.O_RDONLY|syscall.O_NONBLOCK, 0)
	require.NoError(t, err)
	r := os.NewFile(uintptr(fd), fifo)
	defer r.Close()
	ended := sh.Wait()
	text, err := io.ReadAll(r)
	require.NoError(t, err)
	switch {
	case ended != nil:
		return "failed"
	case waited:
		require.Equal(t, "hi\n", string(text))
		return "waits in open"
	case len(text) > 0:
		return "stored"
	}
	return "thrown away"
}

// openCalls are the system calls that open a file; the second is known to amd64 only, which is where
// some shells still use it.
var openCalls = map[bool][]int{false: {syscall.SYS_OPENAT}, true: {syscall.SYS_OPENAT, 2}}[runtime.GOARCH == "amd64"]

// waitsIn tells whether a thread of a process comes to sleep in one of these system calls; false when
// the process ends instead. The kernel says so in /proc (see proc_pid_syscall(5)).
func waitsIn(t *testing.T, pid int, calls ...int) bool {
	t.Helper()
	if _, err := os.ReadFile("/proc/self/syscall"); err != nil {
		t.Skip("this kernel does not tell system calls: ", err)
	}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); runtime.Gosched() {
		tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
		alive := false
		for _, task := range tasks {
			state := taskState(task)
			alive = alive || state != "Z" && state != "X" && state != ""
			if state == "S" && sleepsIn(task, calls) {
				return true
			}
		}
		if !alive {
			return false
		}
	}
	t.Fatal("the process neither waits nor ends")
	return false
}

// taskState reads the state letter, which follows the command's name in brackets.
func taskState(task string) string {
	stat, err := os.ReadFile(task + "/stat")
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(stat[bytes.LastIndexByte(stat, ')')+1:]), " ")
	state, _, _ := strings.Cut(rest, " ")
	return state
}

func sleepsIn(task string, calls []int) bool {
	text, err := os.ReadFile(task + "/syscall")
	if err != nil {
		return false
	}
	number, _, _ := strings.Cut(string(text), " ")
	for _, call := range calls {
		if number == strconv.Itoa(call) {
			return true
		}
	}
	return false
}
