package wall

import (
	"encoding/json"
	"errors"
	"io"
	"syscall"

	"golang.org/x/sys/unix"
)

// request is an order to pid 1: one of its fields beside ID says which. Descriptors travel beside it.
type request struct {
	ID      int
	Plan    *Plan    `json:",omitempty"` // make the root
	Layout  *Layout  `json:",omitempty"` // make a folder, a network and cells
	Cell    *Cell    `json:",omitempty"` // make one more cell
	Clear   bool     `json:",omitempty"` // end all, and forget the cells
	Kill    bool     `json:",omitempty"` // end all, and keep the cells
	Command *Command `json:",omitempty"` // start a program
	Socket  *Socket  `json:",omitempty"` // make a socket in the layout's network
}

// Socket is a kind of socket, as for socket(2).
type Socket struct{ Domain, Type, Protocol int }

// answer is what pid 1 says: to a request, or, without an ID, of the end of a process.
type answer struct {
	ID   int
	Err  string `json:",omitempty"`
	Pid  int    `json:",omitempty"` // within the block
	Exit *Exit  `json:",omitempty"`
}

// maxMessage bounds a message, in bytes. Arguments and environments are the largest parts.
const maxMessage = 512 << 10

// link is one end of the socket pair. Its calls block in the kernel: whoever is told something runs at
// once, and needs no other thread that waits for many.
type link int

func newLink(fd int) link {
	syscall.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, 2*maxMessage)
	return link(fd)
}

func (l link) send(v any, fds ...int) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if len(b) > maxMessage {
		return syscall.E2BIG
	}
	var rights []byte
	if len(fds) > 0 {
		rights = unix.UnixRights(fds...)
	}
	for {
		if err = unix.Sendmsg(int(l), b, rights, nil, unix.MSG_NOSIGNAL); err != unix.EINTR {
			return err
		}
	}
}

// hangUp ends what waits at either end.
func (l link) hangUp() { unix.Shutdown(int(l), unix.SHUT_RDWR) }

func (l link) close() error { return unix.Close(int(l)) }

// receive reads one message into v. The descriptors are close-on-exec.
func (l link) receive(buf []byte, v any) ([]int, error) {
	rights := make([]byte, unix.CmsgSpace(16*4))
	n, m, flags, _, err := unix.Recvmsg(int(l), buf, rights, unix.MSG_CMSG_CLOEXEC)
	switch {
	case err == unix.EINTR:
		return l.receive(buf, v)
	case err != nil:
		return nil, err
	case n == 0:
		return nil, io.EOF
	case flags&(unix.MSG_TRUNC|unix.MSG_CTRUNC) != 0:
		return nil, errors.New("a message was cut off")
	}
	var fds []int
	if messages, err := unix.ParseSocketControlMessage(rights[:m]); err == nil {
		for i := range messages {
			if got, err := unix.ParseUnixRights(&messages[i]); err == nil {
				fds = append(fds, got...)
			}
		}
	}
	return fds, json.Unmarshal(buf[:n], v)
}
