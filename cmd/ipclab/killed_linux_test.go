package main

import (
	"flag"
	"fmt"
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
	kills    = flag.Int("kills", 3, "how often it is killed at each tier")
)

// TestKilledGrader kills the grader in the midst of its work, again and again, at moments that are drawn
// from a seed: after so many looks at it. Nothing survives it, and the next run is clean. For more moments
// than a few:
//
//	go test ./cmd/ipclab -run KilledGrader -timeout 30m -v -args -kills 50
func TestKilledGrader(t *testing.T) {
	seed := *killSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-kill-seed %d", seed)
	if testing.Short() {
		*kills = 1
	}
	for _, tier := range []string{"rooms", "landlock", "none"} {
		t.Run(tier, func(t *testing.T) { killAtMoments(t, tier, rand.New(rand.NewPCG(seed, 0))) })
	}
}

func killAtMoments(t *testing.T, tier string, random *rand.Rand) {
	k := newKilling(t, tier)
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
	t.Logf("killed at %d moments, out of %d looks at a whole run", *kills, whole)
	k.run(t, -1)
	assert.Empty(t, processesOf(k.tmp))
	assert.Empty(t, k.folders(t), "folders of graders that were killed are left after the next run")
}

// killing is a submission to be graded over and over at a tier, and a folder for temporary files.
type killing struct {
	tier, dir, tmp string
	exercises      []string
}

func newKilling(t *testing.T, tier string) killing {
	k := killing{tier: tier, dir: filepath.Join(t.TempDir(), "mine"), tmp: filepath.Join(t.TempDir(), "tmp"),
		exercises: []string{"pipe/filter", "socket/echo", "signal/stop", "isolation/counter", "file/report"}}
	if testing.Short() { // the race detector makes each run a long one
		k.exercises = k.exercises[:2]
	}
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
	cmd.Args = append([]string{"ipclab", "grade", "-C", k.dir, "--isolation", k.tier, "--no-cache"}, k.exercises...)
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
				require.Contains(t, string(said), fmt.Sprintf("%[1]d of %[1]d exercises pass", len(k.exercises)))
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
