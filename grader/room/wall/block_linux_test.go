package wall

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// prisoner is a program that does as it is told by its arguments, built once: without C, since a cell
// has no libraries.
var prisoner = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "prisoner-")
	if err != nil {
		return "", err
	}
	program := filepath.Join(dir, "prisoner")
	cmd := exec.Command("go", "build", "-o", program, "./testdata/prisoner")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", &exec.Error{Name: string(out), Err: err}
	}
	return program, os.Chmod(dir, 0o755)
})

func TestMain(m *testing.M) {
	code := m.Run()
	if program, err := prisoner(); err == nil {
		os.RemoveAll(filepath.Dir(program))
	}
	os.Exit(code)
}

func build(t testing.TB, cells ...Cell) *Block {
	t.Helper()
	program, err := prisoner()
	require.NoError(t, err)
	b, err := Build(Plan{Sources: []string{filepath.Dir(program)}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	require.NoError(t, b.Furnish(layout(program, cells...)))
	return b
}

func layout(program string, cells ...Cell) Layout {
	for i := range cells {
		cells[i].Programs = map[string]string{"prisoner": program}
	}
	return Layout{Cells: cells, FolderSize: 1 << 20, Inodes: 100}
}

// run starts the prisoner in a cell, feeds it nothing, and gives what it says and how it ends.
func run(t testing.TB, b *Block, cell string, args ...string) (string, unix.WaitStatus) {
	t.Helper()
	p, out := start(t, b, cell, args...)
	said, err := io.ReadAll(out)
	require.NoError(t, err)
	e, err := p.Wait()
	require.NoError(t, err)
	return strings.TrimSpace(string(said)), unix.WaitStatus(e.Status)
}

func start(t testing.TB, b *Block, cell string, args ...string) (*Process, *os.File) {
	t.Helper()
	in, _, err := os.Pipe()
	require.NoError(t, err)
	out, w, err := os.Pipe()
	require.NoError(t, err)
	p, err := b.Start(Command{Cell: cell, Path: "/bin/prisoner", Args: args, Dir: Folder, Env: []string{"HOME=/tmp"}}, in, w, w)
	in.Close()
	w.Close()
	require.NoError(t, err)
	t.Cleanup(func() { out.Close() })
	return p, out
}

func TestStart(t *testing.T) {
	b := build(t, Cell{Name: "a", Shared: true, Folder: FilesFolder})
	said, status := run(t, b, "a", "say", "hello")
	assert.Equal(t, "hello", said)
	assert.Zero(t, status.ExitStatus())
	_, status = run(t, b, "a", "exit", "3")
	assert.Equal(t, 3, status.ExitStatus())
}

func BenchmarkBlock(b *testing.B) {
	program, err := prisoner()
	require.NoError(b, err)
	for b.Loop() {
		block, err := Build(Plan{Sources: []string{filepath.Dir(program)}})
		require.NoError(b, err)
		require.NoError(b, block.Furnish(layout(program, Cell{Name: "a"})))
		require.NoError(b, block.Close())
	}
}

// BenchmarkFurnish is what each further check of a block costs.
func BenchmarkFurnish(b *testing.B) {
	program, err := prisoner()
	require.NoError(b, err)
	block, err := Build(Plan{Sources: []string{filepath.Dir(program)}})
	require.NoError(b, err)
	defer block.Close()
	for b.Loop() {
		require.NoError(b, block.Furnish(layout(program, Cell{Name: "a"})))
		require.NoError(b, block.Clear())
	}
}

func BenchmarkStart(b *testing.B) {
	block := build(b, Cell{Name: "a"})
	for b.Loop() {
		run(b, block, "a", "say", "x")
	}
}

func BenchmarkExec(b *testing.B) {
	program, err := prisoner()
	require.NoError(b, err)
	for b.Loop() {
		require.NoError(b, exec.Command(program, "say", "x").Run())
	}
}
