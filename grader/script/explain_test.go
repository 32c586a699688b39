package script

import (
	"testing"

	"ipclab/grader/room"

	"github.com/stretchr/testify/assert"
)

// What holds a process up comes first, and what many goroutines have in common is told once.
func TestExplainWhatHoldsUp(t *testing.T) {
	accepts := room.Goroutine{Main: true, State: "IO wait", File: "server/main.go", Line: 9, Function: "main.main", In: "net.(*UnixListener).Accept"}
	reads := room.Goroutine{State: "IO wait", File: "server/main.go", Line: 20, Function: "main.serve", In: "bufio.(*Reader).ReadBytes"}
	signals := room.Goroutine{State: "select", File: "server/main.go", Line: 30, Function: "main.signals"}
	locks := room.Goroutine{State: "sync.Mutex.Lock", File: "server/main.go", Line: 40, Function: "main.tell", In: "sync.(*Mutex).Lock"}
	got := explain([]room.Diagnosis{{Process: "server", Goroutines: []room.Goroutine{accepts, reads, signals, reads, locks, reads, locks}}})
	assert.Equal(t, "server: server/main.go:40 in tell, in sync.(*Mutex).Lock (somebody else holds the lock) (2 goroutines); "+
		"server/main.go:9 in main, in net.(*UnixListener).Accept (waits for bytes, for a connection, or for room to write); "+
		"server/main.go:20 in serve, in bufio.(*Reader).ReadBytes (waits for bytes, for a connection, or for room to write) (3 goroutines); "+
		"server/main.go:30 in signals (none of the cases is ready)", got)
}
