package wall

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// request is an order to pid 1: one of its fields beside ID says which. Descriptors travel beside it.
type request struct {
	ID      int
	Plan    *Plan    `json:",omitempty"` // make the root
	Layout  *Layout  `json:",omitempty"` // make a folder and cells
	Cell    *Cell    `json:",omitempty"` // make one more cell
	Clear   bool     `json:",omitempty"` // end all, and forget the cells
	Kill    bool     `json:",omitempty"` // end all, and keep the cells
	Command *Command `json:",omitempty"` // start a program
	Socket  *Socket  `json:",omitempty"` // make a socket in the block's network
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

// link is one end of the socket pair.
type link struct{ *net.UnixConn }

func newLink(fd int) (link, error) {
	syscall.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, 2*maxMessage)
	f := os.NewFile(uintptr(fd), "link")
	defer f.Close()
	c, err := net.FileConn(f)
	if err != nil {
		return link{}, err
	}
	return link{c.(*net.UnixConn)}, nil
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
	_, _, err = l.WriteMsgUnix(b, rights, nil)
	return err
}

// receive reads one message into v. The descriptors are close-on-exec.
func (l link) receive(buf []byte, v any) ([]int, error) {
	rights := make([]byte, unix.CmsgSpace(16*4))
	n, m, flags, _, err := l.ReadMsgUnix(buf, rights)
	switch {
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
