package main

import (
	"flag"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ipclab/solutions"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	killSeed = flag.Uint64("kill-seed", 0, "where the grader is killed; 0 for a new one")
	kills    = flag.Int("kills", 50, "how often it is killed")
)

// TestKilledGrader kills the grader in the midst of its work, again and again, at moments that are drawn
// from a seed: after so many looks at it. Nothing survives it, and the next run is clean.
func TestKilledGrader(t *testing.T) {
	seed := *killSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-kill-seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	k := newKilling(t)
	whole := k.run(t, -1)
	require.Empty(t, processesOf(k.tmp))
	require.Empty(t, k.folders(t))
	for i := range *kills {
		at := random.IntN(whole)
		k.run(t, at)
		for begun := time.Now(); len(processesOf(k.tmp)) > 0; { // the kernel takes a moment to end them
			require.Less(t, time.Since(begun), time.Minute, "kill %d, after %d of %d looks: processes are left: %q", i, at, whole, processesOf(k.tmp))
		}
	}
	k.run(t, -1)
	assert.Empty(t, processesOf(k.tmp))
	assert.Empty(t, k.folders(t), "folders of graders that were killed are left after the next run")
}

// killing is a submission to be graded over and over, and a folder for temporary files.
type killing struct{ dir, tmp string }

func newKilling(t *testing.T) killing {
	k := killing{dir: filepath.Join(t.TempDir(), "mine"), tmp: filepath.Join(t.TempDir(), "tmp")}
	require.NoError(t, os.CopyFS(k.dir, solutions.Files))
	require.NoError(t, os.Mkdir(k.tmp, 0o777))
	require.NoError(t, os.Chmod(filepath.Dir(filepath.Dir(k.tmp)), 0o755)) // the user of rooms has to reach it
	return k
}

// run grades and kills the grader after so many looks at it; never, if that is negative. It tells how
// often it has looked.
func (k killing) run(t *testing.T, after int) (looks int) {
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(exe)
	cmd.Args = []string{"ipclab", "grade", "-C", k.dir, "--isolation", "rooms", "--no-cache", "pipe", "socket", "signal", "isolation", "file"}
	cmd.Env = append(os.Environ(), "TMPDIR="+k.tmp)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	over := make(chan []byte, 1)
	go func() {
		said, _ := io.ReadAll(out)
		over <- said
	}()
	for ; ; looks++ {
		if looks == after {
			require.NoError(t, cmd.Process.Kill())
		}
		select {
		case said := <-over:
			err := cmd.Wait()
			if after < 0 {
				require.NoError(t, err, "%s", said)
				require.Contains(t, string(said), "5 of 5 exercises pass")
			}
			return looks
		default:
			os.ReadDir("/proc")
		}
	}
}

// folders are what lies in the folder for temporary files.
func (k killing) folders(t *testing.T) (names []string) {
	entries, err := os.ReadDir(k.tmp)
	require.NoError(t, err)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "ipclab") {
			names = append(names, e.Name())
		}
	}
	return names
}
