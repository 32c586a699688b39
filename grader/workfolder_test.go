package grader

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The folder of a grader that was killed is removed by the next; that of a living one is not, nor one that is
// to stay, nor what is no folder.
func TestWorkFolder(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	dead := filepath.Join(tmp, "ipclab.work-dead")
	require.NoError(t, os.MkdirAll(dead+"/1/deep", 0o777))
	require.NoError(t, os.Chmod(dead+"/1", 0))
	outside := filepath.Join(t.TempDir(), "outside")
	require.NoError(t, os.MkdirAll(outside+"/x", 0o777))
	require.NoError(t, os.Symlink(outside, filepath.Join(tmp, "ipclab.work-link")))
	require.NoError(t, os.WriteFile(filepath.Join(tmp, "ipclab.work-file"), nil, 0o666))

	kept, _, err := workFolder(true)
	require.NoError(t, err)
	living, release, err := workFolder(false)
	require.NoError(t, err)
	assert.NoDirExists(t, dead)
	other, releaseOther, err := workFolder(false)
	require.NoError(t, err)
	for _, dir := range []string{living, other, kept, outside + "/x"} {
		assert.DirExists(t, dir)
	}
	assert.FileExists(t, filepath.Join(tmp, "ipclab.work-file"))
	assert.Nil(t, claimFolder(living))

	release()
	releaseOther()
	sweepFolders(tmp)
	assert.NoDirExists(t, living)
	assert.NoDirExists(t, other)
	assert.DirExists(t, kept)
}
