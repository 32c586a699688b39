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

// unacknowledged tells whether something has been sent on a TCP connection and is not acknowledged yet. The
// kernel goes through the connections of the whole machine for that, which takes it some milliseconds.
func (r *Room) unacknowledged() bool {
	if !r.config.Network {
		return false
	}
	return slices.ContainsFunc(r.connections(), hasUnacknowledged)
}

// connections gives the kernel's tables of TCP connections in the network of the room's programs. The judge's
// peers are in it too.
func (r *Room) connections() (tables []string) {
	all := r.keeper.networks()
	for _, file := range []string{"/tcp", "/tcp6"} {
		if table, err := readProc(all[len(all)-1].proc + file); err == nil {
			tables = append(tables, string(table))
		}
	}
	return tables
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

// hasUnacknowledged reads /proc/net/tcp. The field "tr" is 01 while the timer for a retransmission
// runs, that is, while something sent is not yet acknowledged. A receiver that does not read has its
// data acknowledged all the same, until its window is full; then the timer is another.
func hasUnacknowledged(table string) bool {
	for line := range strings.Lines(table) {
		if f := strings.Fields(line); len(f) > 5 && strings.HasPrefix(f[5], "01:") && loopback(f[1]) {
			return true
		}
	}
	return false
}

// unreadOverTCP counts the bytes of a TCP connection that lie in the kernel at the other end. What unread
// tells of the judge's own end is no more than what is not acknowledged, and the kernel acknowledges
// what nobody has read.
func (in *Input) unreadOverTCP() int {
	conn, ok := in.dst.(*net.TCPConn)
	if !ok {
		return 0
	}
	here, ok1 := conn.LocalAddr().(*net.TCPAddr)
	there, ok2 := conn.RemoteAddr().(*net.TCPAddr)
	if !ok1 || !ok2 {
		return 0
	}
	for _, table := range in.room.connections() {
		if n := receiveQueue(table, there.Port, here.Port); n > 0 {
			return n
		}
	}
	return 0
}

// receiveQueue finds in /proc/net/tcp how many bytes lie unread at the end with this port of a connection on
// loopback, whose other end has that one.
func receiveQueue(table string, port, other int) int {
	local, remote := fmt.Sprintf(":%04X", port), fmt.Sprintf(":%04X", other)
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) < 5 || !strings.HasSuffix(f[1], local) || !strings.HasSuffix(f[2], remote) || !loopback(f[1]) {
			continue
		}
		_, queue, _ := strings.Cut(f[4], ":")
		n, _ := strconv.ParseUint(queue, 16, 32)
		return int(n)
	}
	return 0
}

// loopback tells whether an address of the table, in hexadecimal and network order as the machine
// keeps it, is 127.0.0.0/8, ::1 or one of these mapped to IPv6.
func loopback(address string) bool {
	host, _, _ := strings.Cut(address, ":")
	switch len(host) {
	case 8:
		return strings.HasSuffix(host, "7F") || strings.HasPrefix(host, "7F") // by byte order
	case 32:
		return host == "00000000000000000000000001000000" || host == "00000000000000000000000000000001" ||
			strings.HasPrefix(host, "0000000000000000FFFF0000") && strings.HasSuffix(host, "7F")
	}
	return false
}
