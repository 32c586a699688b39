package room

import (
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// SendFile sends bytes over a Unix socket, and with them an open file that holds content. The file has no
// name, and nobody can change it.
func (p *Peer) SendFile(text, content []byte) error {
	conn, ok := p.conn.(*net.UnixConn)
	if !ok {
		return errors.New("open files pass over Unix sockets only")
	}
	f, err := sealed(content)
	if err != nil {
		return err
	}
	defer f.Close()
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var sendErr error
	err = raw.Write(func(fd uintptr) bool {
		sendErr = unix.Sendmsg(int(fd), text, unix.UnixRights(int(f.Fd())), nil, 0)
		return sendErr != unix.EAGAIN
	})
	if err = errors.Join(err, sendErr); err == nil {
		p.room.Note(p.Name, "stdin", fmt.Sprintf("%s, with an open file of %d bytes", text, len(content)))
	}
	return err
}

// sealed gives a file in memory that can be read only.
func sealed(content []byte) (*os.File, error) {
	fd, err := unix.MemfdCreate("file", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "file")
	if _, err = f.Write(content); err == nil {
		_, err = f.Seek(0, 0)
	}
	if err == nil {
		_, err = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_WRITE|unix.F_SEAL_GROW|unix.F_SEAL_SHRINK|unix.F_SEAL_SEAL)
	}
	if err != nil {
		f.Close()
	}
	return f, err
}
