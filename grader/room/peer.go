package room

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// Peer is a connection of the judge's own: a scripted client or server.
type Peer struct {
	Name string
	room *Room

	// Guarded by the room's lock, and nil until there is a connection.
	In  *Input
	Out *Output

	conn channel
	held bool // it does not read before it is released
	err  error

	listener *os.File    // a descriptor of the listening socket
	addr     string      // its address
	busy     atomic.Bool // a connection is between the kernel and the room
}

// Manner says how a peer behaves.
type Manner struct {
	Held bool // it does not read before Output.Release
	// ReceiveBuffer, if not 0, is the size of what the kernel keeps for it of a TCP connection, in
	// bytes; the kernel takes double that, and some 2,300 at the least.
	ReceiveBuffer int
}

// control sets a socket's options before it is connected.
func (m Manner) control(_, _ string, c syscall.RawConn) (err error) {
	if m.ReceiveBuffer == 0 {
		return nil
	}
	controlErr := c.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, m.ReceiveBuffer) })
	return errors.Join(controlErr, err)
}

// Dial connects a scripted client. Network is "unix", "tcp" or "udp"; a Unix path is relative to
// the room's folder.
func (r *Room) Dial(ctx context.Context, name, network, address string, m Manner) (*Peer, error) {
	where, done, err := r.address(network, address)
	if err != nil {
		return nil, err
	}
	defer done()
	conn, err := r.keeper.dial(ctx, network, where, m.control)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) {
			err = op.Err
		}
		return nil, fmt.Errorf("%s %s: %w", network, address, err)
	}
	p := &Peer{Name: name, room: r, held: m.Held}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		conn.Close()
		return nil, errClosed
	}
	r.note(name, "dial", []byte(network+" "+address))
	p.connected(conn.(channel))
	return p, nil
}

// Listen makes a scripted server. Over "unix" and "tcp" it takes one connection; over "udp" it takes
// datagrams from all, and sends to whom the last one came from. Addr gives its address.
func (r *Room) Listen(name, network, address string, m Manner) (*Peer, error) {
	if network == "udp" {
		return r.listenUDP(name, address, m)
	}
	where, done, err := r.address(network, address)
	if err != nil {
		return nil, err
	}
	defer done()
	l, err := r.keeper.listen(network, where, m.control)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	if u, ok := l.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false)
	}
	f, err := l.(interface{ File() (*os.File, error) }).File()
	if err != nil {
		return nil, err
	}
	p := &Peer{Name: name, room: r, listener: f, addr: l.Addr().String(), held: m.Held}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		f.Close()
		return nil, errClosed
	}
	r.ends = append(r.ends, p)
	r.note(name, "listen", []byte(network+" "+address))
	r.running.Go(p.accept)
	return p, nil
}

func (r *Room) listenUDP(name, address string, m Manner) (*Peer, error) {
	conn, err := r.keeper.listenPacket("udp", address)
	if err != nil {
		return nil, err
	}
	p := &Peer{Name: name, room: r, addr: conn.LocalAddr().String(), held: m.Held}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		conn.Close()
		return nil, errClosed
	}
	r.note(name, "listen", []byte("udp "+address))
	p.connected(&everybody{UDPConn: conn.(*net.UDPConn)})
	return p, nil
}

// everybody is a socket that takes datagrams from all, and answers the last one.
type everybody struct {
	*net.UDPConn
	last atomic.Pointer[unix.Sockaddr]
}

func (e *everybody) take(fd int, b []byte) (int, error) {
	n, from, err := unix.Recvfrom(fd, b, 0)
	if err == nil {
		e.last.Store(&from)
	}
	return n, err
}

func (e *everybody) give(fd int, b []byte) (int, error) {
	to := e.last.Load()
	if to == nil {
		return 0, errors.New("nobody has sent it a datagram that it could answer")
	}
	return len(b), unix.Sendto(fd, b, 0, *to)
}

func (p *Peer) accept() {
	defer p.listener.Close()
	conn, err := p.take()
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	defer p.busy.Store(false)
	if err == nil && p.room.closed {
		conn.Close()
		err = errClosed
	}
	if err != nil {
		p.err = err
		return
	}
	p.room.note(p.Name, "accept", nil)
	p.connected(conn.(channel))
}

// take accepts one connection, with busy set whenever it is neither in the kernel's queue nor
// entered into the room (see Output.read).
func (p *Peer) take() (net.Conn, error) {
	raw, err := p.listener.SyscallConn()
	if err != nil {
		return nil, err
	}
	fd := -1
	waitErr := raw.Read(func(l uintptr) bool {
		p.busy.Store(true)
		// As in os/exec: no child may be forked before the descriptor is marked.
		syscall.ForkLock.RLock()
		defer syscall.ForkLock.RUnlock()
		if fd, _, err = unix.Accept(int(l)); err == nil {
			unix.CloseOnExec(fd)
		}
		if err == unix.EAGAIN {
			p.busy.Store(false)
			return false
		}
		return true
	})
	if err := errors.Join(waitErr, err); err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), p.Name)
	defer f.Close()
	return net.FileConn(f)
}

// connected starts the two directions. The room is locked.
func (p *Peer) connected(c channel) {
	p.conn = c
	p.Out = p.room.output(p.Name, "received", c, p.room.config.Limits.Output, 0, p.held)
	p.In = p.room.input(p.Name, c)
}

// Connected tells whether somebody is at the other end. The room must be locked.
func (p *Peer) Connected() bool { return p.conn != nil }

// Addr gives the address of a listening peer.
func (p *Peer) Addr() string { return p.addr }

// Reset closes a TCP connection without farewell: the other side sees "connection reset". On a Unix
// socket it is a plain close.
func (p *Peer) Reset() error {
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	if p.conn == nil {
		return fmt.Errorf("%s is not connected", p.Name)
	}
	if t, ok := p.conn.(*net.TCPConn); ok {
		t.SetLinger(0)
	}
	p.room.note(p.Name, "closed", nil)
	return p.conn.Close()
}

func (p *Peer) inFlight() bool {
	return p.conn == nil && p.err == nil && (ready(p.listener, unix.POLLIN) || p.busy.Load())
}

func (p *Peer) shut() { p.listener.Close() }

// address makes the path of a Unix socket short: it has to fit into 107 bytes, which the way to the
// room's folder may exceed. Call done when the address has been used.
func (r *Room) address(network, address string) (where string, done func(), err error) {
	if !strings.HasPrefix(network, "unix") || strings.HasPrefix(address, "@") {
		return address, func() {}, nil
	}
	path := address
	if !filepath.IsAbs(path) {
		path = filepath.Join(r.config.Dir, path)
	}
	return shortPath(path)
}
