package room

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"ipclab/grader/room/wall"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// prisoner builds the program of ./wall/testdata/prisoner, without C, since a cell has no libraries, where
// any user can read it.
func prisoner(t *testing.T) string {
	if given := os.Getenv(prisonerGiven); given != "" {
		return given
	}
	dir, err := os.MkdirTemp("", "prisoner-")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o755))
	program := filepath.Join(dir, "prisoner")
	cmd := exec.Command("go", "build", "-o", program, "./wall/testdata/prisoner")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return program
}

// prisonerGiven names a variable with the path of a prisoner that another process has built.
const prisonerGiven = "IPCLAB_TEST_PRISONER"

// groups are the ways that belong together: a name, and the ways. That of existence is open where cells
// share a pid namespace.
var groups = [][]string{
	{"existence", "count of pids", "getpgid", "getsid", "kill of a group with 0", "kill with 0", "pidfd_open", "tgkill with 0"},
	{"signals", "queued signal", "signal", "signal by a handle", "signal to a group", "signal to a thread", "signal to all"},
	{"files", "file", "file of the judge", "shared mapping", "file name", "folder name", "rename", "symbolic link", "hard link", "mode", "size", "modification time", "access time", "change time by chown", "extended attribute", "extended attribute removed", "inode flags", "inode flags by file_setattr", "free space", "lease", "directory notification"},
	{"locks", "flock on a file", "process lock on a file", "open file lock on a file", "flock on the binary", "process lock on the binary", "open file lock on the binary", "flock on a device", "process lock on a device", "open file lock on a device"},
	{"Unix sockets", "Unix stream socket", "Unix datagram socket", "Unix sequenced socket"},
	{"names of sockets", "socket name", "rename", "mode", "abstract name in use", "abstract name in /proc", "free space"},
	{"abstract sockets", "abstract stream socket", "abstract datagram socket", "abstract sequenced socket"},
	{"TCP", "TCP over IPv4", "TCP over IPv6", "TCP by the net package", "TCP port in use", "MPTCP"},
	{"UDP", "UDP over IPv4", "UDP over IPv6", "UDP by the net package", "UDP port in use"},
	{"the judge's pipe", "pipe from the judge"},
	{"the judge's FIFO", "FIFO from the judge"},
	{"one program", "FIFO name", "socket made by mknod", "file in /tmp", "name in /proc", "entry in /proc", "command line", "environment of another"},
}

// allowed is what the channel of each kind of exercise inevitably carries: the channel, and groups. No
// more is open.
var allowed = [][]string{
	{"pipe", "the judge's pipe"},
	{"fifo", "the judge's FIFO"},
	{"file", "files", "locks"},
	{"signal", "signals", "existence"},
	{"unix", "Unix sockets", "names of sockets"},
	{"tcp", "TCP"},
	{"udp", "UDP"},
	{"all", "files", "locks", "signals", "Unix sockets", "names of sockets", "abstract sockets", "one program", "existence"},
}

// among gives the ways in the groups of these names.
func among(names ...string) (ways []string) {
	for _, g := range groups {
		if slices.Contains(names, g[0]) {
			ways = append(ways, g[1:]...)
		}
	}
	return ways
}

// TestThreats holds the documentation to what TestCovert shows.
func TestThreats(t *testing.T) {
	text, err := os.ReadFile("THREATS.md")
	require.NoError(t, err)
	program := prisoner(t)
	assert.Contains(t, string(text), fmt.Sprintf("\n%d ways are tried ", len(waysOf(t, program))))
	for _, row := range slices.Concat(allowed, groups) {
		assert.Contains(t, string(text), fmt.Sprintf("| %s | %s |\n", row[0], strings.Join(row[1:], ", ")))
	}
}

// TestCovert tries every way to talk that the prisoner knows in the rooms of every kind of exercise, and
// finds open what is taught, and no more; as whoever runs the test, and then as an ordinary user.
func TestCovert(t *testing.T) {
	program := prisoner(t)
	ways := waysOf(t, program)
	for _, row := range allowed {
		t.Run(row[0], func(t *testing.T) {
			wanted := among(row[1:]...)
			x := confine(t, row[0], program)
			for _, w := range ways {
				expected := slices.Contains(wanted, w.name)
				err := x.try(w, expected)
				assert.Equal(t, expected, err == nil, "%s: %v", w.name, err)
				t.Logf("%s: %v", w.name, err)
			}
		})
	}
	if os.Geteuid() == 0 {
		t.Run("as an ordinary user", func(t *testing.T) { runAsOther(t, program) })
	}
}

// TestCovertWays tries the ways between two processes in one cell in which nothing is denied that is not
// everywhere: a way that is closed there too would prove nothing elsewhere.
func TestCovertWays(t *testing.T) {
	program := prisoner(t)
	x := raiseBoth(t, "fifo", wall.Cell{Name: "a", Shared: true, Folder: wall.FilesFolder, Signals: true, Programs: map[string]string{"prisoner": program}})
	x.cells[1] = "a"
	x.pipe = true
	carriers := []string{"UDP-Lite"}
	for _, g := range groups {
		carriers = append(carriers, g[1:]...)
	}
	for _, w := range waysOf(t, program) {
		if slices.Contains(carriers, w.name) {
			assert.NoError(t, x.try(w, true), w.name)
		}
	}
}

// runAsOther runs this test once more, as a user without any rights.
func runAsOther(t *testing.T, program string) {
	dir, err := os.MkdirTemp("", "covert-")
	require.NoError(t, err)
	defer os.RemoveAll(dir)
	require.NoError(t, os.Chmod(dir, 0o755))
	self, err := os.ReadFile("/proc/self/exe")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "room.test"), self, 0o755))
	home := filepath.Join(dir, "home")
	require.NoError(t, os.Mkdir(home, 0o755))
	own, err := os.ReadFile(program) // the program is the other's own, as a student's is the grader's
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(home, "prisoner"), own, 0o755))
	const nobody = 65534
	for _, p := range []string{home, filepath.Join(home, "prisoner")} {
		require.NoError(t, os.Chown(p, nobody, nobody))
	}
	cmd := exec.Command(filepath.Join(dir, "room.test"), "-test.run", "^TestCovert$")
	cmd.Dir = home
	cmd.Env = append(os.Environ(), "HOME="+home, "TMPDIR="+home, prisonerGiven+"="+filepath.Join(home, "prisoner"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// way is one of the prisoner's.
type way struct{ kind, name string }

func waysOf(t *testing.T, program string) (all []way) {
	out, err := exec.Command(program, "ways").Output()
	require.NoError(t, err)
	for line := range strings.Lines(string(out)) {
		kind, name, _ := strings.Cut(strings.TrimSpace(line), "\t")
		all = append(all, way{kind, name})
	}
	return all
}

// exchange is two processes in the rooms of an exercise.
type exchange struct {
	t      *testing.T
	cells  [2]string
	random *rand.Rand
	block  *wall.Block
	pipe   bool // the judge lays one from the one to the other
}

func confine(t *testing.T, channel, program string) *exchange {
	var cells []wall.Cell
	for _, name := range []string{"a", "b"} {
		c := cellOf(channel, 2, true)
		c.Name, c.Programs = name, map[string]string{"prisoner": program}
		cells = append(cells, c)
	}
	if channel == "all" { // one room for all
		cells = cells[:1]
	}
	x := raiseBoth(t, channel, cells...)
	x.cells[1] = cells[len(cells)-1].Name
	x.pipe = channel == "pipe"
	return x
}

// raiseBoth raises the walls, and makes what the judge would: a file, and a FIFO where that is the channel. A
// network is there in any case: who is not to use it is kept from it by the calls denied as well.
func raiseBoth(t *testing.T, channel string, cells ...wall.Cell) *exchange {
	x := &exchange{t: t, cells: [2]string{"a", "b"}, random: rand.New(rand.NewPCG(1, 2))}
	var err error
	x.block, err = wall.Build(wall.Plan{Sources: []string{filepath.Dir(cells[0].Programs["prisoner"])}, Limits: DefaultLimits().list()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, x.block.Close()) })
	require.NoError(t, x.block.Furnish(wall.Layout{FolderSize: 64 << 20, Inodes: folderFiles, Cells: cells, Network: true}))
	done := make(chan struct{})
	go func() { // its thread is the inmate's from now on
		defer close(done)
		folder := x.block.FolderPath()
		assert.NoError(t, ActAsInmate(folder))
		assert.NoError(t, os.WriteFile(filepath.Join(folder, "given"), []byte("0"), 0o666))
		if channel == "fifo" {
			assert.NoError(t, unix.Mkfifo(filepath.Join(folder, "fifo"), 0o666))
		}
	}()
	<-done
	return x
}

// talker is one of the two processes, and the judge's ends of its input and output.
type talker struct {
	in   *os.File
	out  *bufio.Reader
	stop func()
}

func (x *exchange) start(cell string, w way, more ...*os.File) *talker {
	theirs, in, err := os.Pipe()
	require.NoError(x.t, err)
	defer theirs.Close()
	r, out, err := os.Pipe()
	require.NoError(x.t, err)
	defer out.Close()
	k := &talker{in: in, out: bufio.NewReader(r)}
	files := append([]*os.File{theirs, out, out}, more...)
	p, err := x.block.Start(wall.Command{Cell: cell, Path: "/bin/prisoner", Args: []string{"talk", w.name}, Dir: wall.Folder}, files...)
	require.NoError(x.t, err)
	k.stop = func() {
		p.Signal(syscall.SIGKILL)
		p.Wait()
		in.Close()
		r.Close()
	}
	return k
}

// ask says a line, and gives the answer.
func (k *talker) ask(line string, args ...any) (n int, err error) {
	fmt.Fprintf(k.in, line+"\n", args...)
	answer, err := k.out.ReadString('\n')
	if err != nil {
		return 0, fmt.Errorf("it ended: %w", err)
	}
	if _, err := fmt.Sscanf(answer, "got %d", &n); err != nil && answer != "ok\n" {
		rest := ""
		if !strings.HasPrefix(answer, "no: ") {
			b, _ := io.ReadAll(k.out)
			rest = string(b)
		}
		return 0, fmt.Errorf("%s: %s", strings.Fields(line)[0], strings.TrimSpace(answer)+rest)
	}
	return n, nil
}

// try says by its error why a way is closed.
func (x *exchange) try(w way, expected bool) error {
	var pipe [2][]*os.File
	if x.pipe {
		r, w, err := os.Pipe()
		require.NoError(x.t, err)
		defer r.Close()
		defer w.Close()
		pipe = [2][]*os.File{{w}, {r}}
	}
	sender := x.start(x.cells[0], w, pipe[0]...)
	defer sender.stop()
	receiver := x.start(x.cells[1], w, pipe[1]...)
	defer receiver.stop()
	return x.talk(w.kind, sender, receiver, expected)
}

func (x *exchange) talk(kind string, sender, receiver *talker, expected bool) error {
	patience := 20 // ms for what is not to come
	if expected {
		patience = 60_000
	}
	from, err := sender.ask("pid")
	require.NoError(x.t, err)
	to, err := receiver.ask("pid")
	require.NoError(x.t, err)
	if _, err := receiver.ask("hear-from %d", from); err != nil {
		return err
	}
	if _, err := sender.ask("send-to %d", to); err != nil {
		return err
	}
	switch kind {
	case "does":
		_, err := sender.ask("do")
		return err
	case "sees":
		_, err := receiver.ask("see")
		return err
	}
	for _, n := range x.numbers(kind) {
		if _, err := sender.ask("send %d", n); err != nil {
			return err
		}
		got, err := receiver.ask("look %d", patience)
		if err != nil {
			return err
		}
		if got != n {
			return fmt.Errorf("sent %d, got %d", n, got)
		}
	}
	return nil
}

// numbers are what is sent: two of 16 bits, or 16 of one bit, among them both.
func (x *exchange) numbers(kind string) []int {
	if kind == "wide" {
		return []int{1 + x.random.IntN(1<<16), 1 + x.random.IntN(1<<16)}
	}
	n := []int{0, 1}
	for range 14 {
		n = append(n, x.random.IntN(2))
	}
	return n
}
