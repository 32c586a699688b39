package script

import (
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestManualIsNotStale(t *testing.T) {
	const file = "manual.md"
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(Manual()), 0o666))
	}
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, Manual(), string(b), "go test ./grader/script -run Manual -update writes it anew")
}

func TestReferenceIsComplete(t *testing.T) {
	table, err := Describe(nil)
	require.NoError(t, err)
	for _, v := range Verbs {
		text, err := Describe([]string{v.Name})
		require.NoError(t, err)
		assert.Contains(t, text, v.Usage())
		assert.Contains(t, text, v.Summary)
		assert.Contains(t, text, v.Detail)
		assert.Contains(t, table, v.Name+" ")
		assert.Contains(t, table, v.Summary)
		assert.Contains(t, Manual(), "### "+v.Name+"\n\n    "+v.Usage()+"\n")
		for _, f := range v.Flags {
			assert.Contains(t, text, "    -"+f.Name)
			assert.Contains(t, text, f.Summary)
			assert.Contains(t, Manual(), "- `-"+f.Name)
			assert.Contains(t, Manual(), f.Summary)
		}
		assert.NotEmpty(t, v.Summary)
		assert.NotRegexp(t, `\.$`, v.Summary)
	}
	for name, summary := range builtins {
		assert.Contains(t, table, name)
		assert.Contains(t, Manual(), "- `"+name+"`: "+summary)
	}
}

func TestDescribe(t *testing.T) {
	text, err := Describe([]string{"alive", "ends"})
	require.NoError(t, err)
	assert.Equal(t, "alive NAME\n    NAME has not ended by now\n    Whether it is about to end is not asked: silent and blocked tell that it goes on.\n\nends [-stderr] NAME\n    NAME's output ends, and nothing is unread; for a peer: the other side closed\n    -stderr         its stderr, not its stdout\n", text)
	_, err = Describe([]string{"expct"})
	assert.EqualError(t, err, `unknown verb "expct" (did you mean "expect"?)`)
}

// The script that the manual shows is one.
func TestManualsExample(t *testing.T) {
	_, err := Parse("example", "manual.md", []byte(example), Ensemble{Programs: []string{"server", "client"}})
	require.NoError(t, err)
}
