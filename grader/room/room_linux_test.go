package room

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"ipclab/grader/room/wall"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func open(t testing.TB) *Room { return openWith(t, Config{}) }

func openWith(t testing.TB, c Config) *Room {
	t.Helper()
	if c.Dir == "" {
		c.Dir = t.TempDir()
	}
	r, err := Open(c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

func play(t testing.TB, r *Room, part string, args ...string) *Process {
	t.Helper()
	return start1(t, r, Command{Name: part}, part, args...)
}

func start1(t testing.TB, r *Room, c Command, part string, args ...string) *Process {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	c.Path, c.Args = exe, append([]string{"play", part}, args...)
	p, err := r.Start(c)
	require.NoError(t, err)
	return p
}

// wait waits for a condition that must come true.
func wait(t testing.TB, r *Room, what string, cond func() bool) {
	t.Helper()
	e := r.Wait(t.Context(), cond)
	require.Equal(t, Met, e, "%s: %v", what, r.Transcript())
}

// never is the condition of a wait that only quiescence ends.
func never() bool { return false }

func says(t testing.TB, r *Room, o *Output, text string) {
	t.Helper()
	wait(t, r, "says "+text, func() bool { return bytes.Contains(o.Bytes(), []byte(text)) })
}

func exits(t testing.TB, r *Room, p *Process, word string) {
	t.Helper()
	wait(t, r, "exits", func() bool { return p.ExitedLocked() != nil })
	require.Equal(t, word, p.Exited().Word(), "stderr: %s", p.Err.Text(0))
}

func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

func TestAllOutputIsThereAtTheExit(t *testing.T) {
	t.Run("1 MiB", func(t *testing.T) {
		for range 5 {
			r := open(t)
			p := play(t, r, "flood", strconv.Itoa(1<<20))
			n := 0
			wait(t, r, "exit", func() bool { n = len(p.Out.Bytes()); return p.ExitedLocked() != nil })
			assert.Equal(t, 1<<20, n)
			assert.Equal(t, "exit status 3", p.Exited().String())
		}
	})
	t.Run("while a child holds stdout", func(t *testing.T) {
		r := open(t)
		p := play(t, r, "parent", "stay")
		exits(t, r, p, "4")
		assert.Contains(t, p.Out.Text(0), "last words")
		says(t, r, p.Out, "ready") // the child's
		require.Equal(t, Quiescent, r.Wait(t.Context(), func() bool { ended, _ := p.Out.Ended(); return ended }))
	})
	t.Run("while a child floods stdout", func(t *testing.T) {
		r := openWith(t, Config{Limits: Limits{Output: 1000}})
		p := play(t, r, "parent", "flood-forever")
		exits(t, r, p, "4")
	})
}

// The judge is kept from reading until the process has ended: even then the output comes first.
func TestOutputComesBeforeTheExit(t *testing.T) {
	for range 20 {
		r := open(t)
		p := play(t, r, "floods-late")
		says(t, r, p.Out, "ready")
		fd, err := unix.PidfdOpen(p.Pid, 0)
		require.NoError(t, err)
		require.NoError(t, p.Signal(unix.SIGUSR1))
		r.mu.Lock()
		ended := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		for n := 0; n == 0 || err == unix.EINTR; {
			n, err = unix.Poll(ended, -1)
		}
		for known.has(p.Pid) { // until it has been reaped
			runtime.Gosched()
		}
		r.mu.Unlock()
		unix.Close(fd)
		require.NoError(t, err)
		n := 0
		wait(t, r, "exit", func() bool { n = len(p.Out.Bytes()); return p.ExitedLocked() != nil })
		assert.Equal(t, len("ready\n")+60_000, n)
	}
}

func TestExits(t *testing.T) {
	tests := []struct {
		part, arg    string
		word, String string
	}{
		{"exit", "0", "0", "exit status 0"},
		{"exit", "1", "1", "exit status 1"},
		{"exit", "255", "255", "exit status 255"},
		{"die", "SIGKILL", "SIGKILL", "killed by SIGKILL"},
		{"die", "SIGTERM", "SIGTERM", "killed by SIGTERM"},
	}
	for _, tt := range tests {
		t.Run(tt.part+tt.arg, func(t *testing.T) {
			r := open(t)
			p := play(t, r, tt.part, tt.arg)
			exits(t, r, p, tt.word)
			assert.Equal(t, tt.String, p.Exited().String())
			assert.Equal(t, "ended with "+tt.String, p.State())
			assert.ErrorContains(t, p.Signal(unix.SIGTERM), "has ended")
			assert.Zero(t, p.CountLocked())
		})
	}
}

func TestStartErrors(t *testing.T) {
	r := open(t)
	_, err := r.Start(Command{Name: "x", Path: "/no/such/program"})
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = r.Start(Command{Name: "x", Path: "/no/such/program", Held: true})
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.Empty(t, r.Processes())
	require.NoError(t, r.Close())
	_, err = r.Start(Command{Name: "x", Path: "/proc/self/exe"})
	require.ErrorIs(t, err, errClosed)
	_, err = r.Listen("x", "tcp", "127.0.0.1:0", Manner{})
	require.ErrorIs(t, err, errClosed)
	require.NoError(t, r.Close(), "a second Close does nothing")
	_, err = Open(Config{Dir: filepath.Join(t.TempDir(), "missing")})
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestQuiescentWaits(t *testing.T) {
	for _, part := range []string{"wait-stdin", "wait-pipe", "wait-fifo", "wait-channel", "wait-mutex", "wait-accept", "wait-tcp", "wait-child", "wait-flock", "wait-select", "stay"} {
		t.Run(part, func(t *testing.T) {
			r := open(t)
			p := play(t, r, part)
			says(t, r, p.Out, "ready")
			require.Equal(t, Quiescent, r.Wait(t.Context(), func() bool { return p.ExitedLocked() != nil }))
		})
	}
	t.Run("several", func(t *testing.T) {
		r := open(t)
		for _, part := range []string{"wait-stdin", "wait-channel", "stay"} {
			says(t, r, play(t, r, part).Out, "ready")
		}
		require.Equal(t, Quiescent, r.Wait(t.Context(), never))
	})
	t.Run("nothing runs", func(t *testing.T) {
		require.Equal(t, Quiescent, open(t).Wait(t.Context(), never))
	})
}

func TestNotQuiescent(t *testing.T) {
	for _, part := range []string{"sleeper", "ticker", "computer", "ring", "orphan-sleeper"} {
		t.Run(part, func(t *testing.T) {
			r := open(t)
			p := play(t, r, part, "3000")
			says(t, r, p.Out, "ready")
			says(t, r, p.Out, "done")
		})
	}
	t.Run("an orphan that may be another room's", func(t *testing.T) {
		open(t)
		r := open(t)
		p := play(t, r, "orphan-sleeper")
		says(t, r, p.Out, "ready")
		says(t, r, p.Out, "done")
	})
	t.Run("data from a peer", func(t *testing.T) {
		for _, network := range []string{"unix", "tcp"} {
			r := open(t)
			peer, err := r.Listen("peer", network, map[string]string{"unix": "s", "tcp": "127.0.0.1:0"}[network], Manner{})
			require.NoError(t, err)
			addr := peer.Addr()
			if network == "unix" {
				addr = "s"
			}
			play(t, r, "big-client", network, addr, strconv.Itoa(2<<20))
			wait(t, r, "connects", peer.Connected)
			wait(t, r, "2 MiB", func() bool { return len(peer.Out.Bytes()) == 2<<20 })
		}
	})
	t.Run("a slow reader", func(t *testing.T) {
		r := open(t)
		p := play(t, r, "slow-reader")
		require.NoError(t, p.In.Send(make([]byte, 1<<20)))
		wait(t, r, "taken", p.In.Taken)
		p.In.Close()
		exits(t, r, p, "0")
	})
}

func TestStoppedCountsAsBlocked(t *testing.T) {
	r := open(t)
	p := play(t, r, "chatter")
	says(t, r, p.Out, "la")
	require.NoError(t, p.Signal(unix.SIGSTOP))
	wait(t, r, "stops", p.Stopped)
	assert.Equal(t, "is stopped", p.State())
	require.Equal(t, Quiescent, r.Wait(t.Context(), never))
	require.NoError(t, p.Signal(unix.SIGCONT))
	n := len(p.Out.Text(0))
	wait(t, r, "goes on", func() bool { return len(p.Out.Bytes()) > n })
	assert.Equal(t, "is still running", p.State())
}

// After SIGCONT the sleep of Go's monitor thread shows as restart_syscall.
func TestQuiescentAfterStop(t *testing.T) {
	r := open(t)
	p := play(t, r, "wait-channel")
	says(t, r, p.Out, "ready")
	require.Equal(t, Quiescent, r.Wait(t.Context(), never))
	for range 3 {
		require.NoError(t, p.Signal(unix.SIGSTOP))
		wait(t, r, "stops", p.Stopped)
		require.NoError(t, p.Signal(unix.SIGCONT))
		require.Equal(t, Quiescent, r.Wait(t.Context(), never))
	}
}

func TestWaitBlocked(t *testing.T) {
	for _, noise := range []string{"chatter", "tcp-chatter", "flood-forever"} {
		t.Run("beside "+noise, func(t *testing.T) {
			r := openWith(t, Config{Limits: Limits{Output: 1000}})
			n := play(t, r, noise)
			wait(t, r, "speaks", func() bool { return len(n.Out.Bytes()) > 0 })
			p := play(t, r, "stay")
			says(t, r, p.Out, "ready")
			require.Equal(t, Quiescent, r.WaitBlocked(t.Context(), p, func() bool { return p.ExitedLocked() != nil }))
		})
	}
	t.Run("not the one that speaks", func(t *testing.T) {
		r := open(t)
		says(t, r, play(t, r, "stay").Out, "ready")
		p := play(t, r, "sleeper")
		require.Equal(t, Met, r.WaitBlocked(t.Context(), p, func() bool { return p.ExitedLocked() != nil }))
	})
}

func TestCancelledWait(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := open(t)
	require.Equal(t, Cancelled, r.Wait(ctx, never))
	require.Equal(t, Met, r.Wait(ctx, func() bool { return true }), "what holds, holds")
}

func TestPanickingConditionLeavesTheRoomUnlocked(t *testing.T) {
	r := open(t)
	require.Panics(t, func() { r.Wait(t.Context(), func() bool { panic("oh") }) })
	r.Note("", "note", "")
}

var daemonRE = regexp.MustCompile(`daemon (\d+)\n`)

func daemonPid(t *testing.T, r *Room, p *Process) int {
	t.Helper()
	var m [][]byte
	wait(t, r, "daemon", func() bool { m = daemonRE.FindSubmatch(p.Out.Bytes()); return m != nil && p.ExitedLocked() != nil })
	pid, err := strconv.Atoi(string(m[1]))
	require.NoError(t, err)
	require.True(t, alive(pid))
	return pid
}

func TestDaemonIsGoneAfterClose(t *testing.T) {
	r := open(t)
	pid := daemonPid(t, r, play(t, r, "daemon"))
	require.NoError(t, r.Close())
	assert.False(t, alive(pid))
}

// A daemon without an environment cannot be told apart from those of other rooms that are open. It
// must not survive them, nor harm them.
func TestDaemonBesideAnotherRoom(t *testing.T) {
	other := open(t)
	theirs := daemonPid(t, other, play(t, other, "daemon"))
	r := open(t)
	mine := daemonPid(t, r, play(t, r, "daemon"))
	require.NoError(t, r.Close())
	assert.True(t, alive(theirs), "the other room is open")
	later := open(t)
	p := play(t, later, "echo")
	require.NoError(t, other.Close())
	assert.False(t, alive(mine))
	assert.False(t, alive(theirs))
	require.NoError(t, p.In.Send([]byte("still here")))
	says(t, later, p.Out, "still here")
}

func TestCloseEndsTheStubborn(t *testing.T) {
	r := open(t)
	p := play(t, r, "stubborn")
	says(t, r, p.Out, "ready")
	for _, s := range []syscall.Signal{unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGQUIT, unix.SIGUSR1} {
		require.NoError(t, p.Signal(s))
	}
	require.Equal(t, Quiescent, r.Wait(t.Context(), func() bool { return p.ExitedLocked() != nil }))
	require.NoError(t, r.Close())
	assert.Equal(t, "SIGKILL", p.Exited().Word())
	assert.False(t, alive(p.Pid))
}

func TestHeld(t *testing.T) {
	t.Run("release", func(t *testing.T) {
		r := open(t)
		p := start1(t, r, Command{Name: "p", Held: true}, "flood", "100000")
		require.Equal(t, Quiescent, r.Wait(t.Context(), func() bool { return len(p.Out.Bytes()) > 0 || p.ExitedLocked() != nil }))
		p.Out.Release()
		exits(t, r, p, "3")
		assert.Equal(t, strings.Repeat("x", 100000), p.Out.Text(0), "and nothing of the judge's own")
	})
	t.Run("close", func(t *testing.T) {
		r := open(t)
		p := start1(t, r, Command{Name: "p", Held: true}, "flood", "100000")
		require.Equal(t, Quiescent, r.Wait(t.Context(), never))
		require.NoError(t, r.Close())
		assert.Equal(t, "SIGKILL", p.Exited().Word())
	})
	t.Run("abandon", func(t *testing.T) {
		r := open(t)
		p := start1(t, r, Command{Name: "p", Held: true}, "flood", "100000")
		require.Equal(t, Quiescent, r.Wait(t.Context(), never))
		p.Out.Abandon()
		exits(t, r, p, "SIGPIPE")
		assert.Empty(t, p.Out.Text(0))
	})
	t.Run("silent", func(t *testing.T) { // one that never writes
		r := open(t)
		exits(t, r, start1(t, r, Command{Name: "p", Held: true}, "exit", "0"), "0")
	})
}

func TestRun(t *testing.T) {
	exe, err := os.Executable()
	require.NoError(t, err)
	dir := t.TempDir()
	config := Config{Dir: dir, Limits: Limits{Output: 10}}
	stdout, stderr, exit, err := Run(t.Context(), config, Command{Name: "p", Path: exe, Args: []string{"play", "flood", "50000"}})
	require.NoError(t, err)
	assert.Equal(t, "xxxxxxxxxx", string(stdout), "cut at the limit")
	assert.Empty(t, stderr)
	assert.Equal(t, 3, exit.Code)

	_, _, _, err = Run(t.Context(), config, Command{Name: "p", Path: "/no/such/program"})
	require.ErrorIs(t, err, os.ErrNotExist)

	l, err := net.Listen("unix", filepath.Join(dir, "notify"))
	require.NoError(t, err)
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error)
	go func() {
		_, _, _, err := Run(ctx, config, Command{Name: "p", Path: exe, Args: []string{"play", "notifier"}})
		result <- err
	}()
	c, err := l.Accept() // it runs
	require.NoError(t, err)
	defer c.Close()
	cancel()
	require.ErrorIs(t, <-result, context.Canceled)
}

func TestOutputLimit(t *testing.T) {
	r := openWith(t, Config{Limits: Limits{Output: 1000}})
	p := play(t, r, "flood", strconv.Itoa(1<<20))
	exits(t, r, p, "3")
	assert.Len(t, p.Out.Text(0), 1000)
	over, own := false, false
	wait(t, r, "asked", func() bool { over, own = p.Out.Overflowed(), p.Err.Overflowed(); return true })
	assert.True(t, over)
	assert.False(t, own)
	assert.Equal(t, 1000, p.Out.Limit())

	own2 := start1(t, r, Command{Name: "p", Limits: &Limits{Output: 2000}}, "flood", "5000")
	exits(t, r, own2, "3")
	assert.Len(t, own2.Out.Text(0), 2000)

	assert.Equal(t, DefaultLimits().Output, play(t, open(t), "exit", "0").Out.Limit(), "zero means the default")
}

func TestLimitsHoldFromTheFirstInstruction(t *testing.T) {
	for range 5 {
		r := openWith(t, Config{Limits: Limits{OpenFiles: 77, FileSize: 12345}})
		p := play(t, r, "born")
		exits(t, r, p, "0")
		assert.Equal(t, "77 77 12345 12345\n", p.Out.Text(0))
	}
}

func TestLimit(t *testing.T) {
	r := open(t)
	p := play(t, r, "stay")
	says(t, r, p.Out, "ready")
	require.NoError(t, p.Limit("nofile", 33))
	var l unix.Rlimit
	require.NoError(t, unix.Prlimit(p.Pid, unix.RLIMIT_NOFILE, nil, &l))
	assert.Equal(t, unix.Rlimit{Cur: 33, Max: 33}, l)
	assert.ErrorContains(t, p.Limit("files", 1), `unknown limit "files": want one of [cpu data fsize nofile]`)
}

// A process behind walls may be gone before its pid is known. What is asked of it then must not be asked
// of the grader itself, for which 0 stands.
func TestAProcessWithoutAPid(t *testing.T) {
	pid, _ := inmate{Process: &wall.Process{Self: 7}}.pids()
	assert.NoDirExists(t, fmt.Sprintf("/proc/%d", pid))
	for _, pid := range []int{0, pid} {
		p := &Process{Name: "gone", Pid: pid, room: open(t), done: make(chan struct{})}
		var before, after unix.Rlimit
		require.NoError(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &before))
		assert.NoError(t, p.Limit("nofile", before.Max-1))
		assert.NoError(t, p.SoftLimit("nofile", before.Cur-1))
		require.NoError(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &after))
		assert.Equal(t, before, after)
	}
	p := &Process{Name: "gone", Pid: pid, room: open(t)}
	assert.ErrorIs(t, p.SignalGroup(0), unix.ESRCH)
	assert.Empty(t, p.living())
	_, err := p.Take(os.Getpid())
	assert.ErrorIs(t, err, os.ErrProcessDone)
}

func TestInput(t *testing.T) {
	t.Run("in order, to the end", func(t *testing.T) {
		r := open(t)
		p := play(t, r, "echo")
		for i := range 100 {
			require.NoError(t, p.In.Send([]byte(strconv.Itoa(i)+" ")))
		}
		says(t, r, p.Out, "99 ")
		wait(t, r, "taken", p.In.Taken)
		p.In.Close()
		require.ErrorContains(t, p.In.Send([]byte("x")), "closed already")
		exits(t, r, p, "0")
		assert.True(t, strings.HasPrefix(p.Out.Text(0), "0 1 2 3 4 5 6 7 8 9 10 "))
	})
	t.Run("pending until it reads", func(t *testing.T) {
		r := open(t)
		p := play(t, r, "reads-late")
		says(t, r, p.Out, "ready")
		require.NoError(t, p.In.Send([]byte("small")))
		done := func() bool { pending, _ := p.In.Pending(); return !pending }
		wait(t, r, "in the pipe", done)
		require.Equal(t, Quiescent, r.Wait(t.Context(), p.In.Taken))
		require.NoError(t, p.In.Send(make([]byte, 1<<20)))
		require.Equal(t, Quiescent, r.Wait(t.Context(), done))
		p.In.Close()
		require.NoError(t, p.Signal(unix.SIGUSR1))
		wait(t, r, "all", done)
		exits(t, r, p, "0")
		assert.Contains(t, p.Out.Text(0), strconv.Itoa(1<<20+5))
	})
	t.Run("closed by the program", func(t *testing.T) {
		r := open(t)
		p := play(t, r, "closes-stdin")
		says(t, r, p.Out, "closed")
		require.NoError(t, p.In.Send([]byte("x")))
		var err error
		wait(t, r, "error", func() bool { _, err = p.In.Pending(); return err != nil })
		require.ErrorIs(t, err, syscall.EPIPE)
		require.EqualError(t, p.In.Send([]byte("x")), "closes-stdin no longer reads: broken pipe")
	})
}

func TestAbandon(t *testing.T) {
	r := open(t)
	p := play(t, r, "writes-late")
	p.Out.Abandon()
	require.NoError(t, p.In.Send([]byte("now\n")))
	exits(t, r, p, "SIGPIPE")

	p = play(t, r, "writes-late-ignoring")
	p.Out.Abandon()
	require.NoError(t, p.In.Send([]byte("now\n")))
	exits(t, r, p, "0")
	assert.Equal(t, "true\n", p.Err.Text(0), "EPIPE")
}

// deep gives a folder below which no Unix socket has a path of 107 bytes.
func deep(t *testing.T) string {
	dir := filepath.Join(t.TempDir(), strings.Repeat("d", 100), strings.Repeat("e", 100))
	require.NoError(t, os.MkdirAll(dir, 0o777))
	return dir
}

func TestPeerListens(t *testing.T) {
	for _, network := range []string{"unix", "tcp"} {
		t.Run(network, func(t *testing.T) {
			r := openWith(t, Config{Dir: deep(t)})
			peer, err := r.Listen("peer", network, map[string]string{"unix": "s", "tcp": "127.0.0.1:0"}[network], Manner{})
			require.NoError(t, err)
			require.ErrorContains(t, peer.Reset(), "not connected")
			addr := peer.Addr()
			if network == "unix" {
				addr = "s"
			}
			p := play(t, r, "client", network, addr)
			wait(t, r, "connects", peer.Connected)
			says(t, r, peer.Out, "hello\n")
			require.NoError(t, peer.In.Send([]byte("answer")))
			peer.In.Close()
			exits(t, r, p, "0")
			assert.Equal(t, "\"answer\" false\n", p.Out.Text(0))
			wait(t, r, "end", func() bool { ended, err := peer.Out.Ended(); return ended && err == nil })
		})
	}
}

func TestPeerDials(t *testing.T) {
	for _, network := range []string{"unix", "tcp"} {
		t.Run(network, func(t *testing.T) {
			r := openWith(t, Config{Dir: deep(t)})
			p := play(t, r, "server", network, map[string]string{"unix": "s", "tcp": "127.0.0.1:0"}[network])
			says(t, r, p.Out, "\n")
			addr := "s"
			if network == "tcp" {
				addr = strings.TrimSpace(p.Out.Text(0))
			}
			peer, err := r.Dial(t.Context(), "peer", network, addr, Manner{})
			require.NoError(t, err)
			require.NoError(t, peer.In.Send([]byte("question")))
			peer.In.Close() // half: the answer still comes
			says(t, r, peer.Out, "bye\n")
			wait(t, r, "end", func() bool { ended, err := peer.Out.Ended(); return ended && err == nil })
			exits(t, r, p, "0")
			assert.Contains(t, p.Out.Text(0), "\"question\" false\n")
		})
	}
}

func TestPeerResets(t *testing.T) {
	r := open(t)
	peer, err := r.Listen("peer", "tcp", "127.0.0.1:0", Manner{})
	require.NoError(t, err)
	p := play(t, r, "client", "tcp", peer.Addr())
	wait(t, r, "connects", peer.Connected)
	says(t, r, peer.Out, "hello\n")
	require.NoError(t, peer.Reset())
	exits(t, r, p, "0")
	assert.Equal(t, "\"\" true\n", p.Out.Text(0), "connection reset by peer")
	wait(t, r, "end", func() bool { ended, err := peer.Out.Ended(); return ended && err == nil })
}

func TestPeerIsReset(t *testing.T) {
	r := open(t)
	p := play(t, r, "resetting-server")
	says(t, r, p.Out, "\n")
	peer, err := r.Dial(t.Context(), "peer", "tcp", strings.TrimSpace(p.Out.Text(0)), Manner{})
	require.NoError(t, err)
	require.NoError(t, peer.In.Send([]byte("x\n")))
	wait(t, r, "reset", func() bool { ended, err := peer.Out.Ended(); return ended && err == syscall.ECONNRESET })
}

func TestPeerOverUDP(t *testing.T) {
	r := open(t)
	p := play(t, r, "udp-server")
	says(t, r, p.Out, "\n")
	peer, err := r.Dial(t.Context(), "peer", "udp", strings.TrimSpace(p.Out.Text(0)), Manner{})
	require.NoError(t, err)
	require.NoError(t, peer.In.Send([]byte("ping\n")))
	says(t, r, peer.Out, "ping\n")
}

func TestDialNobody(t *testing.T) {
	r := openWith(t, Config{Dir: deep(t)})
	_, err := r.Dial(t.Context(), "peer", "unix", "s", Manner{})
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.EqualError(t, err, "unix s: connect: no such file or directory")
	_, err = r.Dial(t.Context(), "peer", "unix", "no/folder/s", Manner{})
	require.ErrorIs(t, err, os.ErrNotExist)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	_, err = r.Dial(t.Context(), "peer", "tcp", l.Addr().String(), Manner{})
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
}

func TestTranscript(t *testing.T) {
	r := open(t)
	p := play(t, r, "echo")
	for _, s := range []string{"a", "b", "c"} {
		require.NoError(t, p.In.Send([]byte(s)))
		says(t, r, p.Out, s)
	}
	q := play(t, r, "say", "from another")
	exits(t, r, q, "0")
	r.Note("", "note", "of the judge's own")
	p.In.Close()
	exits(t, r, p, "0")

	var lines []string
	for _, e := range r.Transcript() {
		if e.Kind != "eof" { // of the two streams, in either order
			lines = append(lines, fmt.Sprintf("%s %s %s", e.Process, e.Kind, e.Text))
		}
	}
	assert.Equal(t, []string{
		"echo start echo play echo", "echo stdin a", "echo stdout a", "echo stdin b", "echo stdout b", "echo stdin c", "echo stdout c",
		"say start say play say from another", "say stdout from another", "say exit exit status 0",
		" note of the judge's own", "echo stdin (end of input)", "echo exit exit status 0",
	}, lines)
	events := r.Transcript()
	for i := range events[1:] {
		assert.LessOrEqual(t, events[i].At, events[i+1].At)
	}
	events[0].Text[0] = '!'
	assert.Equal(t, "echo play echo", string(r.Transcript()[0].Text), "a copy")
}

func TestTranscriptJoinsNeighbours(t *testing.T) {
	r := open(t)
	r.Note("p", "stdout", "one ")
	r.Note("p", "stdout", "two")
	r.Note("p", "stderr", "three")
	r.Note("p", "stdout", strings.Repeat("x", transcriptBytes+1))
	r.Note("q", "stdout", "y")
	r.Note("q", "stdin", "z")
	r.Note("q", "stdin", "z")
	var texts []string
	for _, e := range r.Transcript() {
		texts = append(texts, string(e.Text))
	}
	assert.Equal(t, []string{"one two", "three", strings.Repeat("x", transcriptBytes), "y", "z", "z"}, texts)
	for range maxEvents {
		r.Note("q", "stdin", "z")
	}
	assert.Len(t, r.Transcript(), maxEvents)
}

func TestNoGoroutineAndNoDescriptorIsLeft(t *testing.T) {
	before := descriptors(t)
	r := open(t)
	peer, err := r.Listen("peer", "unix", "s", Manner{})
	require.NoError(t, err)
	_, err = r.Listen("lonely", "tcp", "127.0.0.1:0", Manner{})
	require.NoError(t, err)
	play(t, r, "client", "unix", "s")
	wait(t, r, "connects", peer.Connected)
	p := play(t, r, "reads-late")
	require.NoError(t, p.In.Send(make([]byte, 1<<20)))
	start1(t, r, Command{Name: "held", Held: true}, "flood", "100000")
	play(t, r, "parent", "stay")
	require.NoError(t, r.Close())

	// A goroutine whose function has returned may take a moment to be gone.
	var left string
	for range 1_000_000 {
		if left = roomGoroutines(); left == "" {
			break
		}
		runtime.Gosched()
	}
	assert.Empty(t, left)
	assert.Equal(t, before, descriptors(t))
	registry.Lock()
	defer registry.Unlock()
	assert.Empty(t, registry.open)
	assert.Empty(t, registry.strays)
}

// roomGoroutines gives the stacks in which a room's own goroutine occurs.
func roomGoroutines() string {
	var b bytes.Buffer
	pprof.Lookup("goroutine").WriteTo(&b, 2)
	var out []string
	for s := range strings.SplitSeq(b.String(), "\n\n") {
		if regexp.MustCompile(`room\.\(\*(Output\)\.collect|Input\)\.pump|Peer\)\.accept|Process\)\.wait)\(`).MatchString(s) {
			out = append(out, s)
		}
	}
	return strings.Join(out, "\n\n")
}

func descriptors(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return len(entries)
}

// Whoever closes a room while another goroutine starts processes in it leaves none behind.
func TestCloseWhileStarting(t *testing.T) {
	exe, err := os.Executable()
	require.NoError(t, err)
	for range 20 {
		r := open(t)
		var started sync.WaitGroup
		started.Add(1)
		var wg sync.WaitGroup
		wg.Go(func() {
			for i := range 10 {
				_, err := r.Start(Command{Name: "p", Path: exe, Args: []string{"play", "stay"}})
				if i == 0 {
					started.Done()
				}
				if err != nil {
					assert.ErrorIs(t, err, errClosed)
				}
			}
		})
		started.Wait()
		require.NoError(t, r.Close())
		wg.Wait()
		for _, p := range r.Processes() {
			assert.NotNil(t, p.Exited())
			assert.False(t, alive(p.Pid))
		}
	}
}

func TestManyRoomsAtOnce(t *testing.T) {
	rooms := 200
	if testing.Short() {
		rooms = 40
	}
	exe, err := os.Executable()
	require.NoError(t, err)
	dir := t.TempDir()
	var wg sync.WaitGroup
	for i := range rooms {
		wg.Go(func() {
			r, err := Open(Config{Dir: dir})
			if !assert.NoError(t, err) {
				return
			}
			defer func() { assert.NoError(t, r.Close()) }()
			p, err := r.Start(Command{Name: "echo", Path: exe, Args: []string{"play", "echo"}})
			if !assert.NoError(t, err) {
				return
			}
			want := fmt.Sprintf("room %d\n", i)
			assert.NoError(t, p.In.Send([]byte(want)))
			assert.Equal(t, Met, r.Wait(t.Context(), func() bool { return string(p.Out.Bytes()) == want }), "the line comes back")
			p.In.Close()
			assert.Equal(t, Met, r.Wait(t.Context(), func() bool { return p.ExitedLocked() != nil }), "and it ends")
			assert.Equal(t, "0", p.Exited().Word())
		})
	}
	wg.Wait()
}

func BenchmarkRoom(b *testing.B) {
	exe, err := os.Executable()
	require.NoError(b, err)
	dir := b.TempDir()
	for b.Loop() {
		r, err := Open(Config{Dir: dir})
		require.NoError(b, err)
		p, err := r.Start(Command{Name: "p", Path: exe, Args: []string{"play", "exit", "0"}})
		require.NoError(b, err)
		if e := r.Wait(b.Context(), func() bool { return p.ExitedLocked() != nil }); e != Met {
			b.Fatal(e)
		}
		require.NoError(b, r.Close())
	}
}
