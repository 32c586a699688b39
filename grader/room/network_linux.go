package room

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
)

// On loopback the kernel hands a packet from sender to receiver in a soft interrupt. On a loaded
// machine that may have to wait for a processor while both programs already sleep. Pipes and Unix
// sockets know no such moment.

// packetsWait tells whether the kernel has packets in the backlog of a processor.
func packetsWait() bool {
	backlog, err := readProc("/proc/net/softnet_stat")
	return err == nil && hasBacklog(string(backlog))
}

// underWay tells whether something that was sent over TCP is still to arrive. Outside rooms the kernel goes
// through its table for the whole machine, which takes it some milliseconds.
func (r *Room) underWay() bool {
	return r.config.Network && underWay(r.connections())
}

// connections gives the ends of TCP connections in the network of the room's programs. The judge's peers are
// in it too.
func (r *Room) connections() []connection {
	networks := r.keeper.networks()
	return networks[len(networks)-1].connections()
}

// hasBacklog reads /proc/net/softnet_stat: a line a processor, the twelfth number is the length of its
// backlog.
func hasBacklog(stat string) bool {
	for line := range strings.Lines(stat) {
		if f := strings.Fields(line); len(f) > 11 {
			if n, err := strconv.ParseUint(f[11], 16, 32); err == nil && n > 0 {
				return true
			}
		}
	}
	return false
}

// connection is one end of a TCP connection, or a listening socket.
type connection struct {
	local, remote string // addresses in hexadecimal, as the kernel's table has them, but those of IPv4 all alike
	listening     bool
	unsent        uint64 // bytes that the other end has not acknowledged, sent or not
	unread        uint64 // bytes that have come and were not read
	timer         string // which one runs
	inode         uint32
}

// retransmission is the timer that runs while something sent is not acknowledged. A receiver that does not
// read has its data acknowledged all the same, until its window is full; then the timer is another.
const retransmission = "01"

// connections reads the tables of TCP.
func (n network) connections() (all []connection) {
	for _, file := range []string{"/tcp", "/tcp6"} {
		if table, err := readProc(n.proc + file); err == nil {
			all = append(all, parseConnections(string(table))...)
		}
	}
	return all
}

// parseConnections reads /proc/net/tcp or /proc/net/tcp6.
func parseConnections(table string) (all []connection) {
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) < 10 || f[0] == "sl" {
			continue
		}
		c := connection{local: plainAddress(f[1]), remote: plainAddress(f[2]), listening: f[3] == "0A", inode: inode(f[9])}
		c.timer, _, _ = strings.Cut(f[5], ":")
		sent, came, _ := strings.Cut(f[4], ":")
		c.unsent, _ = strconv.ParseUint(sent, 16, 64)
		c.unread, _ = strconv.ParseUint(came, 16, 64)
		all = append(all, c)
	}
	return all
}

// plainAddress writes an address of IPv4 that is mapped to IPv6 as one of IPv4: the two ends of a connection
// may be of both kinds.
func plainAddress(a string) string {
	if rest, ok := strings.CutPrefix(a, "0000000000000000FFFF0000"); ok {
		return rest
	}
	return a
}

// otherEnds gives the other ends of connections, by the two addresses as the ends themselves have them.
func otherEnds(all []connection) map[[2]string]connection {
	ends := map[[2]string]connection{}
	for _, c := range all {
		if !c.listening {
			ends[[2]string{c.remote, c.local}] = c
		}
	}
	return ends
}

// underWay tells whether on loopback something will arrive though nobody does anything. That is so while it is
// not acknowledged; and while something waits to be sent to who has read all that came: the receiver's window
// was full, and the word that there is room again may come with no more than the sender's next question, for
// which a timer runs.
func underWay(all []connection) bool {
	ends := otherEnds(all)
	return slices.ContainsFunc(all, func(c connection) bool {
		other, there := ends[[2]string{c.local, c.remote}]
		return loopback(c.local) && (c.timer == retransmission || c.unsent > 0 && there && other.unread == 0)
	})
}

// unreadOverTCP counts the bytes of a TCP connection that lie in the kernel at the other end. What unread
// tells of the judge's own end is no more than what is not acknowledged, and the kernel acknowledges
// what nobody has read.
func (in *Input) unreadOverTCP() int {
	conn, ok := in.dst.(*net.TCPConn)
	if !ok {
		return 0
	}
	local, ok1 := conn.LocalAddr().(*net.TCPAddr)
	remote, ok2 := conn.RemoteAddr().(*net.TCPAddr)
	if !ok1 || !ok2 { // it was reset before the judge took it over
		return 0
	}
	here, there := fmt.Sprintf(":%04X", local.Port), fmt.Sprintf(":%04X", remote.Port)
	for _, c := range in.room.connections() {
		if strings.HasSuffix(c.local, there) && strings.HasSuffix(c.remote, here) && loopback(c.local) {
			return int(c.unread)
		}
	}
	return 0
}

// loopback tells whether an address of the table, in hexadecimal and network order as the machine
// keeps it, is 127.0.0.0/8 or ::1.
func loopback(address string) bool {
	host, _, _ := strings.Cut(address, ":")
	switch len(host) {
	case 8:
		return strings.HasSuffix(host, "7F") || strings.HasPrefix(host, "7F") // by byte order
	case 32:
		return host == "00000000000000000000000001000000" || host == "00000000000000000000000000000001"
	}
	return false
}
