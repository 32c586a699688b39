package room

import "sync"

// spawning is held, shared, while a child is being started. Between fork and the end of exec a child
// holds a copy of every descriptor of the grader: a pipe that the grader has closed is still open
// then, its other end reads no end of file and gets no SIGPIPE. On a loaded machine that moment lasts
// long enough to be taken for a verdict.
var spawning sync.RWMutex

// awaitSpawns returns when no child is in that moment that was in it at the time of the call.
func awaitSpawns() {
	spawning.Lock()
	defer spawning.Unlock()
}
