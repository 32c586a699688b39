package room

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"ipclab/grader/room/wall"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// outlaw is a program that tries what it should not, built once: without C, since no libraries can be
// reached.
var outlaw = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "outlaw-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "outlaw")
	cmd := exec.Command("go", "build", "-o", program, "./testdata/outlaw")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, &exec.Error{Name: string(out), Err: err}
	}
	return os.ReadFile(program)
})

// openFenced opens a room with a fence, for programs of two roles, in a folder that everybody may enter.
func openFenced(t testing.TB, channel string, roles ...string) *Room {
	t.Helper()
	require.NoError(t, Probe(t.Context(), Landlock), "tier landlock works here")
	data, err := outlaw()
	require.NoError(t, err)
	top := t.TempDir()
	for dir := top; dir != os.TempDir(); dir = filepath.Dir(dir) {
		require.NoError(t, os.Chmod(dir, 0o755))
	}
	programs := map[string]string{}
	for _, r := range roles {
		programs[r] = filepath.Join(top, r)
		require.NoError(t, os.WriteFile(programs[r], data, 0o755))
	}
	work := filepath.Join(top, "work")
	require.NoError(t, os.Mkdir(work, 0o755))
	var r *Room
	done := make(chan struct{})
	go func() { // whose thread acts as another
		defer close(done)
		if assert.NoError(t, ActAsFenced(work)) && assert.NoError(t, os.Mkdir(filepath.Join(work, "room"), 0o755)) {
			r, err = Open(Config{Dir: filepath.Join(work, "room"), Fence: &Fence{Channel: channel, Programs: programs, Own: filepath.Join(work, "own")}})
		}
	}()
	<-done
	require.NoError(t, err)
	require.NotNil(t, r)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

// tries has the outlaw try something, and gives what came of it.
func tries(t testing.TB, r *Room, role, what, on string) string {
	t.Helper()
	p, err := r.Start(Command{Name: role + "-" + what, Cell: role, Args: []string{what, on}})
	require.NoError(t, err)
	wait(t, r, "tries "+what, func() bool { return p.ExitedLocked() != nil })
	return strings.TrimSpace(p.Out.Text(0))
}

// What the fence stops, and what it does not, is what THREATS.md says of the tier landlock: each line of both
// lists there that names a deed is tried here.
func TestFenceAndThreats(t *testing.T) {
	text, err := os.ReadFile("THREATS.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(text), "## Tier landlock")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	stops, lets, found := strings.Cut(section, "It does not stop:")
	require.True(t, found)
	unwrap := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	stops, lets = unwrap(stops), unwrap(lets)

	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte("secret"), 0o666))
	for dir := filepath.Dir(secret); dir != os.TempDir(); dir = filepath.Dir(dir) {
		require.NoError(t, os.Chmod(dir, 0o777))
	}
	require.NoError(t, os.Chmod(secret, 0o666))
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer tcp.Close()
	socket, err := net.Listen("unix", filepath.Join(filepath.Dir(secret), "s"))
	require.NoError(t, err)
	defer socket.Close()
	require.NoError(t, os.Chmod(socket.Addr().String(), 0o777))
	abstract, err := net.Listen("unix", "@outlaw"+strconv.Itoa(os.Getpid()))
	require.NoError(t, err)
	defer abstract.Close()
	self := strconv.Itoa(os.Getpid())

	for _, x := range []struct {
		deed, channel, what, on string
		stopped                 bool
	}{
		{"reading files of the host", "file", "read", secret, true},
		{"listing its folders", "file", "list", filepath.Dir(secret), true},
		{"making files in them", "file", "make", filepath.Dir(secret), true},
		{"changing files", "file", "change", secret, true},
		{"removing them", "file", "remove", secret, true},
		{"changing their modes", "file", "chmod", secret, true},
		{"starting other programs", "file", "run", "/bin/true", true},
		{"signals to other processes", "pipe", "signal", self, true},
		{"tracing them", "pipe", "trace", self, true},
		{"reading what /proc tells of them", "pipe", "read", "/proc/" + self + "/cmdline", true},
		{"new namespaces", "pipe", "namespace", "", true},
		{"TCP, UDP and Unix sockets in exercises on other channels", "pipe", "tcp", tcp.Addr().String(), true},
		{"TCP, UDP and Unix sockets in exercises on other channels", "file", "unix", socket.Addr().String(), true},
		{"TCP, UDP and Unix sockets in exercises on other channels", "unix", "tcp", tcp.Addr().String(), true},
		{"abstract Unix sockets of the host", "unix", "unix", abstract.Addr().String(), true},
		{"asking whether a file exists", "pipe", "stat", secret, false},
		{"asking whether a process exists", "pipe", "stat", "/proc/" + self, false},
		{"the machine's network, in exercises on TCP", "tcp", "tcp", tcp.Addr().String(), false},
		{"and on UDP", "udp", "udp", "127.0.0.1:9", false},
		{"the host's Unix sockets that have a path, in exercises on Unix sockets", "unix", "unix", socket.Addr().String(), false},
		{"reading /etc/hosts", "pipe", "read", "/etc/hosts", false},
	} {
		t.Run(x.channel+" "+x.what+" "+x.deed, func(t *testing.T) {
			r := openFenced(t, x.channel, "one")
			said := tries(t, r, "one", x.what, x.on)
			if x.stopped {
				assert.Regexp(t, "^stopped: ", said)
				assert.Contains(t, stops, x.deed)
			} else {
				assert.Equal(t, "done", said)
				assert.Contains(t, lets, x.deed)
			}
		})
	}
	assert.FileExists(t, secret)
}

// Two programs of one check cannot reach each other but by their channel, and what both must share.
func TestFenceBetweenRoles(t *testing.T) {
	r := openFenced(t, "file", "one", "two")
	assert.Equal(t, "done", tries(t, r, "one", "make", r.Dir()), "the shared folder")
	assert.Equal(t, "done", tries(t, r, "two", "read", filepath.Join(r.Dir(), "made")))
	own := filepath.Join(filepath.Dir(r.Dir()), "own")
	assert.Equal(t, "done", tries(t, r, "one", "make", filepath.Join(own, "one")), "its own temporary files")
	assert.Regexp(t, "^stopped: .*permission denied", tries(t, r, "two", "read", filepath.Join(own, "one", "made")))
	assert.Regexp(t, "^stopped: .*permission denied", tries(t, r, "two", "make", filepath.Join(own, "one")))
}

// With an older Landlock the fence stands, with less: what THREATS.md says of older kernels.
func TestFenceOfOldKernels(t *testing.T) {
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer tcp.Close()
	abstract, err := net.Listen("unix", "@old"+strconv.Itoa(os.Getpid()))
	require.NoError(t, err)
	defer abstract.Close()
	dir := t.TempDir()
	require.NoError(t, os.Chmod(filepath.Dir(dir), 0o755))
	require.NoError(t, os.Chmod(dir, 0o755))
	secret, open := filepath.Join(dir, "secret"), filepath.Join(dir, "open")
	require.NoError(t, os.WriteFile(secret, []byte("secret"), 0o400))
	require.NoError(t, os.WriteFile(open, []byte("open"), 0o666))
	require.NoError(t, os.Chmod(open, 0o666))
	for abi := 1; abi <= wall.LandlockABI(); abi++ {
		t.Run(strconv.Itoa(abi), func(t *testing.T) {
			r := limited(t, "pipe", abi)
			assert.Regexp(t, "^stopped: .*permission denied", tries(t, r, "one", "list", "/"))
			stopped := strings.HasPrefix(tries(t, r, "one", "signal", strconv.Itoa(os.Getpid())), "stopped")
			assert.Equal(t, abi >= scopesABI || os.Geteuid() == 0, stopped, "signals: another user's are held back in any case")
			for _, x := range []struct {
				channel, what, on string
				since             int // the version that stops it
			}{
				{"unix", "unix", abstract.Addr().String(), scopesABI},
				{"udp", "tcp", tcp.Addr().String(), 1},
				{"pipe", "tcp", tcp.Addr().String(), 1},
				{"pipe", "cut", secret, 1}, // by its mode
				{"pipe", "change", open, 1},
				{"pipe", "cut", open, 3},
			} {
				said := tries(t, limited(t, x.channel, abi), "one", x.what, x.on)
				assert.Equal(t, abi >= x.since, strings.HasPrefix(said, "stopped"), "%s in exercises on %s: %s", x.what, x.channel, said)
			}
		})
	}
}

// limited opens a room with a fence of some version of Landlock at the most.
func limited(t *testing.T, channel string, abi int) *Room {
	r := openFenced(t, channel, "one")
	k := r.keeper.(*fenced)
	f := k.fences["one"]
	f.ABI = abi
	k.fences["one"] = f
	return r
}

// Whom programs are, if the grader is root, is nobody who owns anything; and only programs of the room start.
func TestFencedUser(t *testing.T) {
	r := openFenced(t, "file", "one")
	require.Equal(t, "done", tries(t, r, "one", "make", r.Dir()))
	info, err := os.Stat(filepath.Join(r.Dir(), "made"))
	require.NoError(t, err)
	owner := int(info.Sys().(*syscall.Stat_t).Uid)
	if os.Geteuid() == 0 {
		assert.Greater(t, owner, 1000)
	} else {
		assert.Equal(t, os.Geteuid(), owner)
	}
	_, err = r.Start(Command{Name: "p", Cell: "nobody"})
	assert.ErrorContains(t, err, "no program nobody")
}

func BenchmarkStart(b *testing.B) {
	data, err := outlaw()
	require.NoError(b, err)
	program := filepath.Join(b.TempDir(), "one")
	require.NoError(b, os.WriteFile(program, data, 0o755))
	for _, tier := range []Tier{None, Landlock, Rooms} {
		b.Run(string(tier), func(b *testing.B) {
			var r *Room
			switch tier {
			case None:
				r = openWith(b, Config{})
			case Landlock:
				r = openFenced(b, "pipe", "one")
			case Rooms:
				r = openWith(b, Config{Walls: &Walls{Channel: "pipe", Programs: map[string]string{"one": program}}})
			}
			for b.Loop() {
				p, err := r.Start(Command{Name: "p", Cell: "one", Path: program, Args: []string{"list", "/"}})
				require.NoError(b, err)
				<-p.done
			}
		})
	}
}
