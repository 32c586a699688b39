package report

import (
	"os/exec"
	"testing"

	"ipclab/grader"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCommandLine(t *testing.T) {
	all := grader.Given{Course: "my course", Submission: "../alice", Seed: "7"}
	for _, x := range []struct {
		given grader.Given
		args  []string
		want  string
	}{
		{grader.Given{}, []string{"trace", "pipe/filter/streams"}, "ipclab trace pipe/filter/streams"},
		{all, []string{"trace", "pipe/filter/streams"}, "ipclab trace pipe/filter/streams --course 'my course' -C ../alice --seed 7"},
		{all, []string{"grade", "pipe/filter"}, "ipclab grade pipe/filter --course 'my course' -C ../alice"},
		{all, []string{"quiz"}, "ipclab quiz --course 'my course' -C ../alice"},
		{all, []string{"read", "own-write-end"}, "ipclab read own-write-end --course 'my course'"},
		{all, []string{"list"}, "ipclab list --course 'my course'"},
	} {
		assert.Equal(t, x.want, CommandLine(x.given, x.args[0], x.args[1:]...))
	}
}

// What a shell makes of a command is what was meant, whatever the words.
func TestShellWord(t *testing.T) {
	for _, s := range []string{"plain", "a b", "it's", "''", "$HOME", "`id`", "a;b", "~", "*", `\`, "", "ü", "#", "-x", `"`, "!"} {
		out, err := exec.Command("sh", "-c", "printf '<%s>' "+shellWord(s)).Output()
		require.NoError(t, err)
		assert.Equal(t, "<"+s+">", string(out))
	}
	assert.Equal(t, `'a\x1b[2J\nb'`, shellWord("a\x1b[2J\nb"))
}
