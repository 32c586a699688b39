package room

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"

	"ipclab/grader/room/wall"

	"golang.org/x/sys/unix"
)

// The judge's peers talk to programs that have a network of their own through sockets that pid 1 makes
// in that network: a socket belongs to the network in which it was made, whoever uses it.

func (k *walled) dial(ctx context.Context, network, address string, c control) (net.Conn, error) {
	if !inet(network) {
		return judgesDial(ctx, network, address, c)
	}
	f, to, err := k.socket(network, address, c)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := connect(ctx, f, to); err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	return net.FileConn(f)
}

func (k *walled) listen(network, address string, c control) (net.Listener, error) {
	if !inet(network) {
		return judgesListen(network, address, c)
	}
	f, at, err := k.socket(network, address, c)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	fd := int(f.Fd()) // as long as f stands
	unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	if err := errors.Join(unix.Bind(fd, at), unix.Listen(fd, 128)); err != nil {
		return nil, err
	}
	return net.FileListener(f)
}

func (k *walled) listenPacket(network, address string) (net.PacketConn, error) {
	f, at, err := k.socket(network, address, nil)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := unix.Bind(int(f.Fd()), at); err != nil {
		return nil, err
	}
	return net.FilePacketConn(f)
}

func inet(network string) bool {
	return strings.HasPrefix(network, "tcp") || strings.HasPrefix(network, "udp")
}

// socket makes a socket for an address in the room's network.
func (k *walled) socket(network, address string, c control) (*os.File, unix.Sockaddr, error) {
	a, err := netip.ParseAddrPort(strings.Replace(address, "localhost:", "127.0.0.1:", 1))
	if err != nil {
		return nil, nil, fmt.Errorf("address %q: want an IP address and a port", address)
	}
	s := wall.Socket{Domain: unix.AF_INET6, Type: unix.SOCK_STREAM | unix.SOCK_NONBLOCK}
	var to unix.Sockaddr = &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}
	if a.Addr().Unmap().Is4() {
		s.Domain, to = unix.AF_INET, &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().Unmap().As4()}
	}
	if strings.HasPrefix(network, "udp") {
		s.Type = unix.SOCK_DGRAM | unix.SOCK_NONBLOCK
	}
	fd, err := k.block.Socket(s)
	if err != nil {
		return nil, nil, err
	}
	f := os.NewFile(uintptr(fd), network+" "+address)
	if c == nil {
		return f, to, nil
	}
	raw, err := f.SyscallConn()
	if err == nil {
		err = c(network, address, raw)
	}
	if err != nil {
		f.Close()
	}
	return f, to, err
}

// connect connects a socket that does not block, and waits for it.
func connect(ctx context.Context, f *os.File, to unix.Sockaddr) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { f.Close() })
	defer stop()
	begun := false
	waited := raw.Write(func(fd uintptr) bool {
		if !begun {
			begun = true
			err = unix.Connect(int(fd), to)
			return err != unix.EINPROGRESS
		}
		var code int
		if code, err = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR); err == nil && code != 0 {
			err = unix.Errno(code)
		}
		return true
	})
	return errors.Join(ctx.Err(), waited, err)
}
