package room

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// socket is what the kernel tells of one socket.
type socket struct {
	inode     uint32
	peer      uint32 // inode of the other end; 0 if there is none
	listening bool
	waiting   []uint32 // of a listening one: inodes of clients that nobody has accepted
	name      string   // path or address; may be empty
}

// sockets gives all Unix and TCP sockets of the judge's network and the room's, by inode.
func (r *Room) sockets() map[uint32]socket {
	all := map[uint32]socket{}
	for _, n := range r.keeper.networks() {
		n.addUnix(all)
		n.addTCP(all)
	}
	return all
}

// network is a view of one network namespace.
type network struct {
	proc string // its folder of /proc, such as /proc/net
	diag int    // a socket of it for sock_diag(7); negative for a new one of our own
}

// Request and answer of sock_diag(7) for Unix sockets.
const (
	sockDiagByFamily = 20
	showName         = 1 << 0
	showPeer         = 1 << 2
	showWaiting      = 1 << 3
	attrName         = 0
	attrPeer         = 2
	attrWaiting      = 3
	tcpListen        = 10
)

func (n network) addUnix(all map[uint32]socket) {
	fd := n.diag
	if fd < 0 {
		var err error
		if fd, err = unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG); err != nil {
			return
		}
		defer unix.Close(fd)
	}
	e := binary.NativeEndian
	req := make([]byte, 16+24)
	e.PutUint32(req[0:], uint32(len(req)))
	e.PutUint16(req[4:], sockDiagByFamily)
	e.PutUint16(req[6:], unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	req[16] = unix.AF_UNIX
	e.PutUint32(req[20:], ^uint32(0)) // all states
	e.PutUint32(req[28:], showName|showPeer|showWaiting)
	if unix.Sendto(fd, req, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}) != nil {
		return
	}
	buf := make([]byte, 64<<10)
	for {
		n, _, err := unix.Recvfrom(fd, buf, 0)
		if err != nil || !addMessages(all, buf[:n]) {
			return
		}
	}
}

// addMessages reads netlink messages, and tells whether more are to come.
func addMessages(all map[uint32]socket, b []byte) bool {
	e := binary.NativeEndian
	for len(b) >= 16 {
		size, kind := int(e.Uint32(b)), e.Uint16(b[4:])
		if size < 16 || size > len(b) || kind == unix.NLMSG_DONE || kind == unix.NLMSG_ERROR {
			return false
		}
		if m := b[16:size]; len(m) >= 16 {
			s := socket{inode: e.Uint32(m[4:]), listening: m[2] == tcpListen}
			s.attributes(m[16:])
			all[s.inode] = s
		}
		b = b[min((size+3)&^3, len(b)):]
	}
	return true
}

func (s *socket) attributes(b []byte) {
	e := binary.NativeEndian
	for len(b) >= 4 {
		size, kind := int(e.Uint16(b)), e.Uint16(b[2:])
		if size < 4 || size > len(b) {
			return
		}
		v := b[4:size]
		switch {
		case kind == attrName:
			s.name = strings.TrimRight(string(v), "\x00")
		case kind == attrPeer && len(v) >= 4:
			s.peer = e.Uint32(v)
		case kind == attrWaiting:
			for ; len(v) >= 4; v = v[4:] {
				s.waiting = append(s.waiting, e.Uint32(v))
			}
		}
		b = b[min((size+3)&^3, len(b)):]
	}
}

func (n network) addTCP(all map[uint32]socket) {
	connections := n.connections()
	ends := otherEnds(connections)
	for _, c := range connections {
		all[c.inode] = socket{inode: c.inode, peer: ends[[2]string{c.local, c.remote}].inode, listening: c.listening}
	}
}

func inode(s string) uint32 {
	n, _ := strconv.ParseUint(s, 10, 32)
	return uint32(n)
}

// socketWait says what a wait at a socket is for, and who is at the other end.
func socketWait(link string, names map[int]string, all map[uint32]socket) (Wait, bool) {
	s, ok := all[inode(strings.TrimSuffix(strings.TrimPrefix(link, "socket:["), "]"))]
	if !ok {
		return Wait{}, false
	}
	if s.listening {
		return Wait{"accept", "its listening socket", nil}, len(s.waiting) == 0
	}
	for _, l := range all {
		for _, w := range l.waiting {
			if w == s.inode {
				return Wait{"unaccepted", "its connection", socketHolders(l.inode, names)}, true
			}
		}
	}
	if s.peer == 0 {
		return Wait{}, false
	}
	return Wait{"receive", "its connection", socketHolders(s.peer, names)}, true
}

func socketHolders(inode uint32, names map[int]string) []string {
	want := fmt.Sprintf("socket:[%d]", inode)
	var out []string
	for pid, name := range names {
		fds, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
		for _, fd := range fds {
			if l, _ := os.Readlink(fd); l == want {
				out = append(out, name)
				break
			}
		}
	}
	return out
}
