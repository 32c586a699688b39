package room

import (
	"testing"

	"github.com/stretchr/testify/assert"
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
