package quiz

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The trace questions: each is put to the machine here, and what is found there must be the key.
//
// A trace names everything that could be found, with the text of the option that says so. So no
// option can be reworded, nor change places with another, without a look at what the machine says.
type trace struct {
	find func(t *testing.T) string
	says map[string]string // what is found -> the text of the option
}

var traces = map[string]trace{
	"two-copies": {findTwoCopies, map[string]string{
		"1":       "1, the value that it set itself",
		"99":      "99, the value that was set last",
		"depends": "1 or 99, depending on which process runs faster",
		"0":       "0, as the exit of the child frees the variable",
	}},
	"own-offsets": {findOwnOffsets, map[string]string{
		"100 lines":   "100",
		"200 lines":   "200",
		"1 lines":     "1",
		"cannot open": "None: the second open fails",
	}},
	"advisory-lock": {findAdvisoryLock, map[string]string{
		"written, still locked": "It succeeds at once, and A keeps its lock",
		"written, lock lost":    "It succeeds, and A loses the lock",
		"permission denied":     "It fails with `permission denied`",
		"waits":                 "It waits until A unlocks",
	}},
	"pending-bit": {findPendingBit, map[string]string{
		"1 times":  "Once, as the ten merge into one",
		"10 times": "Ten times, one after the other",
		"0 times":  "Never, as it was not running",
		"varies":   "From one to ten times, at random",
	}},
	"no-buffer": {findNoBuffer, map[string]string{
		"dropped": "`<-ch` waits for ever: the signal was dropped",
		"kept":    "`<-ch` returns it at once after the sleep",
		"killed":  "The program is killed by `SIGUSR1`",
		"awake":   "The sleep ends early and `<-ch` returns it",
	}},
	"listen-only": {findListenOnly, map[string]string{
		"written":     "Dial and write succeed without waiting",
		"refused":     "Dial fails with `connection refused`",
		"dial waits":  "Dial waits until the server calls `Accept`",
		"write fails": "Dial succeeds, but the write fails",
	}},
	"half-close": {findHalfClose, map[string]string{
		"EOF, reply":    "The server reads EOF, and its reply arrives",
		"EOF, no reply": "The server reads EOF, and its reply fails",
		"reset":         "The server's read fails with `connection reset`",
		"waits":         "The server's read waits until the client exits",
	}},
	"stale-path": {findStalePath, map[string]string{
		"the path":    "The name `/tmp/s` is still in the file system",
		"the time":    "The kernel keeps the address for a few minutes",
		"the process": "The dead process still holds its descriptors",
		"the client":  "A client is still connected to the old server",
	}},
	"own-write-end": {findOwnWriteEnd, map[string]string{
		"waits":       "It hangs in `ReadAll`",
		"hi":          "It prints `hi`",
		"broken pipe": "`ReadAll` fails with `broken pipe`",
		"nothing":     "It prints nothing, as the child is gone",
	}},
	"reader-gone": {findReaderGone, map[string]string{
		"SIGPIPE": "`SIGPIPE`, at its next write into the pipe",
		"killed":  "The shell kills the rest once one command ends",
		"exited":  "It reads EOF from its standard output",
		"asleep":  "Nothing: it stays asleep with a full pipe",
	}},
	"full-pipe": {findFullPipe, map[string]string{
		"waits with 65536": "The writer waits after 64 KiB",
		"holds 1048576":    "The pipe grows until all of it fits",
		"bytes lost":       "The oldest bytes are thrown away",
		"no space":         "The write fails with `no space left`",
	}},
	"lonely-fifo": {findLonelyFIFO, map[string]string{
		"waits in open": "The command hangs until a reader opens `p`",
		"stored":        "`hi` is stored in `p` for a later reader",
		"failed":        "It fails with `broken pipe`",
		"thrown away":   "`hi` is thrown away and the prompt returns",
	}},
}

func TestTraceKeys(t *testing.T) {
	used := map[string]bool{}
	for _, q := range courseQuiz(t).Questions {
		if q.Type != Trace {
			continue
		}
		used[q.Program] = true
		t.Run(q.ID, func(t *testing.T) {
			require.Contains(t, traces, q.Program, "no such program")
			checkTrace(t, &q, traces[q.Program])
		})
	}
	for program := range traces {
		assert.True(t, used[program], "no question uses %s", program)
	}
}

func checkTrace(t *testing.T, q *Question, tr trace) {
	var texts, said []string
	for _, o := range q.Options {
		texts = append(texts, o.Text)
	}
	for _, text := range tr.says {
		said = append(said, text)
	}
	require.ElementsMatch(t, texts, said, "the options and what could be found")
	found := tr.find(t)
	require.Contains(t, tr.says, found, "no option says this")
	assert.Equal(t, tr.says[found], q.Key().Text, "the key, when %q is what happens", found)
}
