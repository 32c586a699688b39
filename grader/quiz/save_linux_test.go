package quiz

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSaveLosesNothing fills the disk, as far as a process is concerned: its files may not grow. It is a
// process of its own, since go test itself writes to a file from this one.
func TestSaveLosesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "answers.yaml")
	before := "# " + strings.Repeat("a long comment ", 20) + "\npipe-what: \n"
	require.NoError(t, os.WriteFile(path, []byte(before), 0o600))
	cmd := exec.Command("/proc/self/exe", path)
	cmd.Env = append(os.Environ(), programEnv+"=save-small")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Contains(t, string(out), syscall.EFBIG.Error())
	assert.Contains(t, string(out), "saving the answers, which stand as they were")
	assert.Equal(t, before, read(t, path))
	assertAlone(t, path)
}

// saveSmall saves an answer to a file that may not grow beyond 64 bytes, and prints what has come of it.
func saveSmall(args []string) {
	q := must(Load(os.DirFS(filepath.Join(testdata, "exercises")), os.DirFS(filepath.Join(testdata, "testscripts"))))
	must(0, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 64, Max: 64}))
	err := q.Save(args[0], Answers{"pipe-what": {"b"}})
	fmt.Println(err)
}
