package wall

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestOwnPids: each cell counts from its own pid 1 on, /proc agrees, and a new layout finds nothing left.
func TestOwnPids(t *testing.T) {
	cells := func() []Cell { return []Cell{{Name: "a", OwnPids: true}, {Name: "b", OwnPids: true}, {Name: "c"}} }
	b := build(t, cells()...)
	program, err := prisoner()
	require.NoError(t, err)
	for range 3 {
		for _, cell := range []string{"a", "b"} {
			p, out := start(t, b, cell, "pid")
			var pid, proc int
			_, err := fmt.Fscan(out, &pid, &proc)
			require.NoError(t, err)
			_, err = p.Wait()
			require.NoError(t, err)
			assert.Equal(t, 2, pid)
			assert.Equal(t, pid, proc)
			said, _ := run(t, b, cell, "orphan")
			assert.Contains(t, said, "true <nil>")
		}
		require.NoError(t, b.Clear())
		require.NoError(t, b.Furnish(layout(program, cells()...)))
	}
}

// TestDevices: that their mounts are read-only keeps marks away, and no writing.
func TestDevices(t *testing.T) {
	said, _ := run(t, build(t, Cell{Name: "a"}), "a", "null")
	assert.Equal(t, "<nil>", said)
}

func BenchmarkOwnPids(b *testing.B) {
	program, err := prisoner()
	require.NoError(b, err)
	block, err := Build(Plan{Sources: []string{filepath.Dir(program)}})
	require.NoError(b, err)
	defer block.Close()
	for _, own := range []bool{false, true} {
		b.Run(fmt.Sprint(own), func(b *testing.B) {
			for b.Loop() {
				require.NoError(b, block.Furnish(layout(program, Cell{Name: "a", OwnPids: own}, Cell{Name: "b", OwnPids: own})))
				require.NoError(b, block.Clear())
			}
		})
	}
}
