package room

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestHasBacklog(t *testing.T) {
	assert.False(t, hasBacklog("00002a31 00000000 00000001 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000\n"))
	assert.True(t, hasBacklog("00002a31 00000000 00000001 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000002 00000000 00000000 00000000\n"))
	assert.False(t, hasBacklog("short\n\n"))
}

func TestHasUnacknowledged(t *testing.T) {
	const head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
	line := func(local, timer string) string {
		return head + "   0: " + local + ":1F90 0100007F:C350 01 00000005:00000000 " + timer + ":00000014 00000000     0        0 4711 2 0000000000000000 20 4 30 10 -1\n"
	}
	assert.True(t, hasUnacknowledged(line("0100007F", "01")), "127.0.0.1, retransmission timer")
	assert.True(t, hasUnacknowledged(line("0000000000000000FFFF00000100007F", "01")), "the same, mapped to IPv6")
	assert.True(t, hasUnacknowledged(line("00000000000000000000000001000000", "01")), "::1")
	assert.False(t, hasUnacknowledged(line("0100007F", "00")), "no timer")
	assert.False(t, hasUnacknowledged(line("0100007F", "04")), "the receiver's window is full")
	assert.False(t, hasUnacknowledged(line("0A00020A", "01")), "not on loopback")
	assert.False(t, hasUnacknowledged(head))
}

// What the kernel has acknowledged is not taken before the program has read it.
func TestTakenOverTCP(t *testing.T) {
	r := open(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	p, err := r.Dial(t.Context(), "peer", "tcp", l.Addr().String(), Manner{})
	require.NoError(t, err)
	program, err := l.Accept()
	require.NoError(t, err)
	defer program.Close()
	taken := func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return p.In.Taken()
	}
	assert.True(t, taken())
	require.NoError(t, p.In.Send([]byte("abc")))
	raw, err := program.(*net.TCPConn).SyscallConn()
	require.NoError(t, err)
	require.NoError(t, raw.Read(func(fd uintptr) bool { return ready(program.(*net.TCPConn), unix.POLLIN) })) // it has come, and stays
	assert.False(t, taken(), "nobody has read it")
	_, err = program.Read(make([]byte, 3))
	require.NoError(t, err)
	assert.Eventually(t, taken, 10*time.Second, time.Millisecond)
}
