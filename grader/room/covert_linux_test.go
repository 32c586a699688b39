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
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
	"ipclab/grader/room/wall"
)

// prisoner is the program of ./wall/testdata/prisoner, built without C, since a cell has no libraries.
var prisoner = sync.OnceValues(func() (string, error) {
	if given := os.Getenv(prisonerGiven); given != "" {
		return given, nil
	}
	dir, err := os.MkdirTemp("", "prisoner-")
	if err != nil {
		return "", err
	}
	program := filepath.Join(dir, "prisoner")
	cmd := exec.Command("go", "build", "-o", program, "./wall/testdata/prisoner")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return program, os.Chmod(dir, 0o755)
})

// prisonerGiven names a variable with the path of a prisoner that another process has built.
const prisonerGiven = "IPCLAB_TEST_PRISONER"

// TestCovert tries every way to talk that the prisoner knows in the rooms of every kind of exercise, and
// finds open what is taught, and no more.
func TestCovert(t *testing.T) {
	program, err := prisoner()
	require.NoError(t, err)
	out, err := exec.Command(program, "ways").Output()
	require.NoError(t, err)
	var ways [][2]string
	for line := range strings.Lines(string(out)) {
		kind, name, _ := strings.Cut(strings.TrimSpace(line), "\t")
		ways = append(ways, [2]string{kind, name})
	}
	for _, channel := range []string{"pipe", "fifo", "file", "signal", "unix", "tcp", "udp", "all"} {
		t.Run(channel, func(t *testing.T) {
			x := confine(t, channel, program)
			var open []string
			for _, w := range ways {
				if err := x.try(w[0], w[1]); err == nil {
					open = append(open, w[1])
				} else {
					t.Logf("%s: %v", w[1], err)
				}
			}
			fmt.Println("MATRIX", channel, len(open), strings.Join(open, ", "))
		})
	}
}

// exchange is two processes in the rooms of an exercise.
type exchange struct {
	t       *testing.T
	block   *wall.Block
	cells   [2]string
	random  *rand.Rand
	channel string
}

func confine(t *testing.T, channel, program string) *exchange {
	x := &exchange{t: t, cells: [2]string{"a", "b"}, random: rand.New(rand.NewPCG(1, 2)), channel: channel}
	plan := wall.Plan{FolderSize: folderSize, Inodes: folderFiles, Limits: DefaultLimits().list()}
	for _, name := range x.cells {
		c := cellOf(channel, len(x.cells))
		c.Name, c.Program = name, program
		plan.Cells = append(plan.Cells, c)
	}
	if channel == "all" { // one room for all
		x.cells[1] = "a"
		plan.Cells = plan.Cells[:1]
	}
	var err error
	x.block, err = wall.Build(plan)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, x.block.Close()) })
	x.prepare()
	return x
}

// prepare makes what the judge would: a FIFO, and a file.
func (x *exchange) prepare() {
	done := make(chan struct{})
	go func() { // the thread is the inmate's from now on
		defer close(done)
		require.NoError(x.t, ActAsInmate(x.block.FolderPath()))
		if x.channel == "fifo" {
			require.NoError(x.t, unix.Mkfifo(filepath.Join(x.block.FolderPath(), "fifo"), 0o666))
		}
		require.NoError(x.t, os.WriteFile(filepath.Join(x.block.FolderPath(), "given"), []byte("0"), 0o666))
	}()
	<-done
}

// talker is one of the two processes, and the judge's ends of its input and output.
type talker struct {
	*wall.Process
	in  *os.File
	out *bufio.Reader
}

func (x *exchange) start(cell, way string, more ...*os.File) *talker {
	in, w, err := os.Pipe()
	require.NoError(x.t, err)
	r, out, err := os.Pipe()
	require.NoError(x.t, err)
	p, err := x.block.Start(wall.Command{Cell: cell, Path: "/bin/prisoner", Args: []string{"talk", way}, Dir: wall.Folder},
		append([]*os.File{in, out, out}, more...)...)
	require.NoError(x.t, err)
	in.Close()
	out.Close()
	return &talker{p, w, bufio.NewReader(r)}
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

func (k *talker) stop() {
	k.in.Close()
	k.Signal(syscall.SIGKILL)
	k.Wait()
}

// try says by its error why a way is closed.
func (x *exchange) try(kind, way string) error {
	var pipe [2]*os.File
	if x.channel == "pipe" {
		r, w, err := os.Pipe()
		require.NoError(x.t, err)
		defer r.Close()
		defer w.Close()
		pipe = [2]*os.File{w, r}
	}
	more := func(i int) []*os.File { return slices.DeleteFunc(pipe[i:i+1:i+1], func(f *os.File) bool { return f == nil }) }
	sender, receiver := x.start(x.cells[0], way, more(0)...), x.start(x.cells[1], way, more(1)...)
	defer sender.stop()
	defer receiver.stop()
	return x.talk(kind, sender, receiver)
}

func (x *exchange) talk(kind string, sender, receiver *talker) error {
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
		got, err := receiver.ask("look")
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

var _ = assert.Equal
