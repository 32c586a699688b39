package room

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"ipclab/grader/room/wall"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// resident is a program without C, since a room has no libraries; built once.
var resident = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "resident-")
	if err != nil {
		return "", err
	}
	program := filepath.Join(dir, "resident")
	cmd := exec.Command("go", "build", "-o", program, "./testdata/resident")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", &exec.Error{Name: string(out), Err: err}
	}
	return program, os.Chmod(dir, 0o755)
})

// walledRoom is a room for one program.
func walledRoom(t testing.TB, h *House, channel string, l Limits) *Room {
	t.Helper()
	program, err := resident()
	require.NoError(t, err)
	if h == nil {
		h = OpenHouse(filepath.Dir(program))
		t.Cleanup(func() { require.NoError(t, h.Close()) })
	}
	return openWith(t, Config{Limits: l, Network: channel == "tcp" || channel == "udp",
		Walls: &Walls{House: h, Channel: channel, Programs: map[string]string{"resident": program}}})
}

func inhabit(t testing.TB, r *Room, args ...string) *Process {
	t.Helper()
	p, err := r.Start(Command{Name: "resident", Cell: "resident", Args: args})
	require.NoError(t, err)
	return p
}

func line(t testing.TB, r *Room, o *Output) string {
	t.Helper()
	wait(t, r, "a line", func() bool { return strings.Contains(string(o.Bytes()), "\n") })
	first, _, _ := strings.Cut(string(o.Bytes()), "\n")
	return first
}

func TestPeersReachTheNetworkOfARoom(t *testing.T) {
	for _, x := range []struct{ network, address string }{{"tcp", "127.0.0.1:0"}, {"tcp", "[::1]:0"}, {"udp", "127.0.0.1:0"}} {
		t.Run(x.network+" "+x.address, func(t *testing.T) {
			r := walledRoom(t, nil, x.network, DefaultLimits())
			p := inhabit(t, r, "echo", x.network, x.address)
			address := strings.TrimPrefix(line(t, r, p.Out), "listening on ")
			c, err := r.Dial(t.Context(), "client", x.network, address, Manner{})
			require.NoError(t, err)
			c.In.Send([]byte("hello\n"))
			assert.Equal(t, "hello", line(t, r, c.Out))
		})
	}
	t.Run("the judge listens", func(t *testing.T) {
		r := walledRoom(t, nil, "tcp", DefaultLimits())
		server, err := r.Listen("server", "tcp", "127.0.0.1:0", Manner{})
		require.NoError(t, err)
		inhabit(t, r, "dial", "tcp", server.Addr())
		wait(t, r, "a connection", server.Connected)
		assert.Equal(t, "hello", line(t, r, server.Out))
	})
	t.Run("nobody listens", func(t *testing.T) {
		r := walledRoom(t, nil, "tcp", DefaultLimits())
		_, err := r.Dial(t.Context(), "client", "tcp", "127.0.0.1:9", Manner{})
		assert.ErrorContains(t, err, "connection refused")
	})
}

// What one room has done is gone from the next one, though it stands in the same namespaces.
func TestNothingOutlivesARoom(t *testing.T) {
	program, err := resident()
	require.NoError(t, err)
	h := OpenHouse(filepath.Dir(program))
	t.Cleanup(func() { require.NoError(t, h.Close()) })
	var init []int
	for range 3 {
		r := walledRoom(t, h, "file", Limits{Disk: 2 << 20})
		entries, err := os.ReadDir(r.Dir())
		require.NoError(t, err)
		assert.Empty(t, entries)
		line(t, r, inhabit(t, r, "fill", "left").Out)
		p := inhabit(t, r, "multiply")
		r.Wait(t.Context(), func() bool { return p.CountLocked() > 3 }) // or more than the room may have
		block := r.keeper.(*walled).block
		init = append(init, block.Init())
		require.NoError(t, r.Close())
		assert.Empty(t, children(block.Init()))
	}
	assert.Equal(t, init[0], init[2], "the block should have been kept")
}

// TestOrphansBehindWalls: what a program leaves behind is the room's, whoever its parent is now, and no more
// than that is; and when it rests the room does. A block that serves again has forgotten it.
func TestOrphansBehindWalls(t *testing.T) {
	program, err := resident()
	require.NoError(t, err)
	for _, channel := range []string{"unix", "signal"} { // with pids of their own for each cell, and without
		t.Run(channel, func(t *testing.T) {
			h := OpenHouse(filepath.Dir(program))
			t.Cleanup(func() { require.NoError(t, h.Close()) })
			var init []int
			for range 3 {
				r := openWith(t, Config{Walls: &Walls{House: h, Channel: channel, Programs: map[string]string{"resident": program, "other": program}}})
				k := r.keeper.(*walled)
				mine, perhaps := k.left()
				assert.Empty(t, append(mine, perhaps...))
				p := inhabit(t, r, "desert")
				line(t, r, p.Out)
				wait(t, r, "the end of the parent", func() bool { return p.ExitedLocked() != nil })
				assert.Equal(t, Quiescent, r.Wait(t.Context(), never))
				mine, _ = k.left()
				require.Len(t, mine, 1)
				orphan, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", mine[0]))
				require.NoError(t, err)
				assert.Equal(t, "/bin/resident\x00stay\x00", string(orphan))
				assert.Equal(t, 1, r.see(nil, true).processes)
				init = append(init, k.block.Init())
				require.NoError(t, r.Close())
				assert.NoDirExists(t, fmt.Sprintf("/proc/%d", mine[0]))
			}
			assert.Equal(t, init[0], init[2], "the block should have been kept")
		})
	}
}

// TestStorm: no signal from within ends pid 1, not even one that comes in the midst of a fork; and what pid 1
// does against that is its own: programs begin as they would anywhere.
func TestStorm(t *testing.T) {
	r := walledRoom(t, nil, "all", DefaultLimits())
	storm := inhabit(t, r, "storm")
	line(t, r, storm.Out)
	for range 100 {
		p := inhabit(t, r, "signals")
		assert.Equal(t, "SigIgn:\t0000000280000000", line(t, r, p.Out), "nothing but what Go leaves to the C library")
		<-p.done
	}
}

func TestLimitsAreToldAsSuch(t *testing.T) {
	for _, x := range []struct {
		name   string
		limits Limits
		args   []string
		want   string
	}{
		{"memory", Limits{Memory: 64 << 20}, []string{"eat", "1000"}, "stopped: used more than 64 MiB of memory"},
		{"shared memory", Limits{Memory: 64 << 20}, []string{"eat", "s1000"}, "stopped: used more than 64 MiB of memory"},
		{"processes", Limits{Processes: 20}, []string{"multiply"}, "stopped: used more than 20 processes"},
		{"processor time", Limits{CPU: 1}, []string{"compute"}, "stopped: used more than 1s of processor time"},
	} {
		t.Run(x.name, func(t *testing.T) {
			r := walledRoom(t, nil, "file", x.limits)
			p := inhabit(t, r, x.args...)
			e := r.Wait(t.Context(), func() bool { return p.ExitedLocked() != nil })
			if e == Overrun {
				assert.Equal(t, x.want, "stopped: used "+r.Excess())
			}
			<-p.done
			assert.Equal(t, x.want, p.Exited().String(), "%s", p.Exited().CPU)
		})
	}
	t.Run("memory, while nobody looks", func(t *testing.T) {
		r := walledRoom(t, nil, "file", Limits{Memory: 64 << 20, Disk: 8 << 20})
		p := inhabit(t, r, "eat", "s1000")
		if len(wall.Hierarchies()) == 0 { // nothing but our looks bounds shared memory then
			r.Wait(t.Context(), never)
		}
		<-p.done
		assert.Equal(t, "stopped: used more than 64 MiB of memory", p.Exited().String())
	})
	t.Run("disk", func(t *testing.T) {
		r := walledRoom(t, nil, "file", Limits{Disk: 8 << 20})
		p := inhabit(t, r, "fill", "full")
		assert.Regexp(t, regexp.MustCompile(`^[78] MiB: .*no space left on device`), line(t, r, p.Out))
	})
}
