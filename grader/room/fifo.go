package room

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// fifo is the judge's end of a named pipe.
type fifo struct{ *os.File }

// take is one read. Before the first writer has come, a FIFO that was opened without waiting reads as if
// it had ended; it has not. Nor has it if a writer came after that read, wrote and went.
func (f *fifo) take(fd int, b []byte) (int, error) {
	for {
		n, err := unix.Read(fd, b)
		if n != 0 || err != nil {
			return n, err
		}
		switch now := events(fd); {
		case now&unix.POLLIN != 0:
		case now&unix.POLLHUP != 0: // a writer was there, and none is any more
			return 0, nil
		default:
			return 0, unix.EAGAIN
		}
	}
}

func events(fd int) int16 {
	p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	unix.Poll(p, 0)
	return p[0].Revents
}

// OpenFIFO opens one end of a named pipe without waiting. The writing end of one that nobody reads cannot
// be had: the error is ENXIO then.
func OpenFIFO(path string, write bool) (*os.File, error) {
	awaitSpawns() // a child half started may hold an end that the judge has closed, and would be taken for a writer
	mode := unix.O_RDONLY
	if write {
		mode = unix.O_WRONLY
	}
	fd, err := unix.Open(path, mode|unix.O_NONBLOCK|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	var st unix.Stat_t
	if err = unix.Fstat(fd, &st); err == nil && st.Mode&unix.S_IFMT != unix.S_IFIFO {
		err = errors.New("it is not a FIFO")
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), path), nil
}

// FIFO makes a peer of an end that OpenFIFO gave. A held reader has the kernel keep as little for it as
// it can: 4,096 bytes on most machines.
func (r *Room) FIFO(name, path string, f *os.File, write bool, m Manner) (*Peer, error) {
	if m.Held && !write {
		if err := shrink(f); err != nil {
			return nil, err
		}
	}
	p := &Peer{Name: name, room: r, held: m.Held}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		f.Close()
		return nil, errClosed
	}
	end := &fifo{f}
	p.conn = end
	if write {
		r.note(name, "dial", []byte("fifo "+path+", to write"))
		p.In = r.input(name, end)
	} else {
		r.note(name, "dial", []byte("fifo "+path+", to read"))
		p.Out = r.output(name, "received", end, r.config.Limits.Output, 0, m.Held)
	}
	return p, nil
}
