package room

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// shrink makes a pipe as small as it gets.
func shrink(f *os.File) error {
	raw, err := f.SyscallConn() // Fd would have the file wait
	if err != nil {
		return err
	}
	controlErr := raw.Control(func(fd uintptr) { _, err = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, 4096) })
	return errors.Join(controlErr, err)
}

// maxFiles is how many open files one message of a Unix socket may bring.
const maxFiles = 16

// takeFiles is one read from a Unix socket that takes open files too. Those beyond maxFiles are closed.
func (o *Output) takeFiles(fd int, b []byte) (int, error) {
	oob := make([]byte, unix.CmsgSpace(4*maxFiles))
	n, m, _, _, err := unix.Recvmsg(fd, b, oob, unix.MSG_CMSG_CLOEXEC)
	if err != nil || m == 0 {
		return n, err
	}
	messages, _ := unix.ParseSocketControlMessage(oob[:m])
	o.room.mu.Lock()
	defer o.room.mu.Unlock()
	for i := range messages {
		fds, _ := unix.ParseUnixRights(&messages[i])
		for _, fd := range fds {
			if len(o.files) < maxFiles {
				o.files = append(o.files, os.NewFile(uintptr(fd), "received"))
			} else {
				unix.Close(fd)
			}
		}
	}
	if len(o.files) > 0 {
		o.room.note(o.who, "file", []byte("an open file came"))
	}
	return n, nil
}
