package room

import (
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// Request is the judge's wait for a flock, in the same queue as the programs that wait for one.
type Request struct {
	file *os.File

	mu      sync.Mutex
	granted bool
	err     error // why it could not be granted
	dropped bool
}

// Ask has a thread of the judge's ask for a flock on an open file; how is unix.LOCK_EX or unix.LOCK_SH. The
// file is the request's from now on.
func (r *Room) Ask(f *os.File, how int) *Request {
	q := &Request{file: f}
	r.mu.Lock()
	r.ends = append(r.ends, q)
	r.mu.Unlock()
	go func() {
		var err error
		for err = unix.EINTR; err == unix.EINTR; {
			err = unix.Flock(int(f.Fd()), how)
		}
		q.grant(err)
	}()
	return q
}

func (q *Request) grant(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.granted, q.err = true, err
	if q.dropped {
		q.file.Close()
	}
}

// Granted tells whether the judge has the lock; if the kernel would not give it, why.
func (q *Request) Granted() (bool, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.granted, q.err
}

// Waits tells whether the request stands in the queue.
func (q *Request) Waits() bool {
	granted, _ := q.Granted()
	return !granted && queued(q.file)
}

// Drop lets go of the lock, or of the request. Who waits for a lock can only be freed by getting it: a request
// that still waits is left to its thread, which lets go at once when it is granted.
func (q *Request) Drop() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.dropped = true; !q.granted {
		return nil
	}
	return q.file.Close()
}

// inFlight tells whether the judge's thread is on its way into the queue, or out of it: the kernel may have
// given it the lock before it has run again.
func (q *Request) inFlight() bool {
	granted, _ := q.Granted()
	return !granted && !q.Waits()
}

func (q *Request) shut() {}
