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

func TestUnderWay(t *testing.T) {
	const head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
	line := func(local, remote, unsent, unread, timer string) string {
		return "   0: " + local + " " + remote + " 01 " + unsent + ":" + unread + " " + timer + ":00000014 00000000     0        0 4711 2 0000000000000000 20 4 30 10 -1\n"
	}
	const none, some, a, b, mapped, v6, far = "00000000", "00000005", "0100007F:1F90", "0100007F:C350", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000", "0A00020A"
	const port = ":1F90"
	tests := []struct {
		name, table string
		want        bool
	}{
		{"127.0.0.1, retransmission timer", line(a, b, some, none, "01"), true},
		{"the same, mapped to IPv6", line(mapped+port, b, some, none, "01"), true},
		{"::1", line(v6+port, v6+":C350", some, none, "01"), true},
		{"a connection half made", line(a, b, none, none, "01"), true},
		{"no timer", line(a, b, some, some, "00"), false},
		{"not on loopback", line(far+port, b, some, none, "01"), false},
		{"the receiver does not read", line(a, b, some, none, "04") + line(b, a, none, some, "00"), false},
		{"it has read all, and the sender does not know yet", line(a, b, some, none, "04") + line(b, a, none, none, "00"), true},
		{"the same, before the sender asks", line(a, b, some, none, "00") + line(b, a, none, none, "00"), true},
		{"the same, with one end mapped to IPv6", line(mapped+port, mapped+":C350", some, none, "04") + line(b, a, none, none, "00"), true},
		{"the other end is in no table", line(a, b, some, none, "04"), false},
		{"all has been read", line(a, b, none, none, "00") + line(b, a, none, none, "00"), false},
		{"a listening socket", "   1: " + a + " 00000000:0000 0A 00000005:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 100 0 0 10 0\n", false},
		{"nothing", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, underWay(parseConnections(head+tt.table)))
		})
	}
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
