package report

import (
	"bytes"
	"testing"

	"ipclab/grader"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func text(t *testing.T, rep *grader.Report) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, Text(&b, rep, TextOptions{}))
	return b.String()
}

// The page after a pass stands in the report of a single exercise that has not passed before, and
// nowhere else; the command that shows it again is named once for all that is new.
func TestShown(t *testing.T) {
	const page, one, all = "# What you have just shown\n", "What you have shown: ipclab shown file/copy\n", "What you have shown: ipclab shown\n"
	single := text(t, alone(allPass()))
	assert.Contains(t, single, page)
	assert.NotContains(t, single, "ipclab shown")

	again := alone(allPass())
	again.Exercises[0].Cached = true
	assert.NotContains(t, text(t, again), page)
	assert.Contains(t, text(t, again), one)

	assert.NotContains(t, text(t, allPass()), page)
	assert.Contains(t, text(t, allPass()), all)

	rest := allPass()
	rest.Exercises[1].Cached = true
	assert.Contains(t, text(t, rest), one)
	rest.Exercises[0].Cached = true
	assert.NotContains(t, text(t, rest), "shown")
}

// Hints are named where a check failed: not by who does not build, and not where there are none.
func TestStuck(t *testing.T) {
	const command = "  Stuck? ipclab hint "
	rep := mixed()
	assert.Contains(t, text(t, rep), command+"pipe/filter\n")
	assert.NotContains(t, text(t, rep), command+"pipe/count")
	assert.NotContains(t, text(t, rep), command+"socket/echo")
	for i := range rep.Exercises {
		rep.Exercises[i].Hinted = false
	}
	assert.NotContains(t, text(t, rep), command)
}
