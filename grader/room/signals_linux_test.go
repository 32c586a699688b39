package room

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ignoring is set where the test runs once more, under a shell that ignores signals as nohup does.
const ignoring = "IPCLAB_TEST_IGNORING"

func TestProgramsIgnoreNoSignal(t *testing.T) {
	if os.Getenv(ignoring) == "" {
		cmd := exec.Command("sh", "-c", `trap "" HUP INT PIPE; exec "$0" -test.run '^TestProgramsIgnoreNoSignal$' -test.v`, os.Args[0])
		cmd.Env = append(os.Environ(), ignoring+"=1")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		assert.Contains(t, string(out), "--- PASS: TestProgramsIgnoreNoSignal")
		return
	}
	r := open(t)
	grep, err := exec.LookPath("grep")
	require.NoError(t, err)
	p, err := r.Start(Command{Name: "grep", Path: grep, Args: []string{"^SigIgn", "/proc/self/status"}})
	require.NoError(t, err)
	require.Equal(t, Met, r.Wait(t.Context(), func() bool { ended, _ := p.Out.Ended(); return ended }))
	assert.Equal(t, "SigIgn:\t0000000000000000\n", p.Out.Text(0))
}
