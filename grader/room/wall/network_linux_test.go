package wall

import (
	"net"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestNetworkEndsWithLayout: what listens in the network of one layout is not there in the next one's, and
// its port is free, even while the socket lives.
func TestNetworkEndsWithLayout(t *testing.T) {
	program, err := prisoner()
	require.NoError(t, err)
	b, err := Build(Plan{Sources: []string{filepath.Dir(program)}})
	require.NoError(t, err)
	defer func() { require.NoError(t, b.Close()) }()
	l := layout(program, Cell{Name: "a", Deny: Unix | UDP}, Cell{Name: "b", Deny: Unix | UDP, OwnPids: true})
	l.Network = true
	here := &unix.SockaddrInet4{Port: 7001, Addr: [4]byte{127, 0, 0, 1}}
	for range 3 {
		require.NoError(t, b.Furnish(l))
		first := stream(t, b)
		assert.Equal(t, unix.ECONNREFUSED, unix.Connect(first, here))
		second := stream(t, b)
		require.NoError(t, unix.Bind(second, here))
		require.NoError(t, unix.Listen(second, 8))
		require.NoError(t, unix.Connect(stream(t, b), here))
		for _, cell := range []string{"a", "b"} {
			said, _ := run(t, b, cell, "dial", "127.0.0.1:7001")
			assert.Equal(t, "connected", said)
		}
		require.NoError(t, b.Clear())
	}
}

// TestNetworkIsNotTheHosts: nothing of the host's can be reached, with a network or without.
func TestNetworkIsNotTheHosts(t *testing.T) {
	host, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer host.Close()
	b := build(t, Cell{Name: "a"})
	said, _ := run(t, b, "a", "dial", host.Addr().String())
	assert.Equal(t, "network is unreachable", said)
	require.NoError(t, b.Clear())
	program, err := prisoner()
	require.NoError(t, err)
	l := layout(program, Cell{Name: "a"})
	l.Network = true
	require.NoError(t, b.Furnish(l))
	said, _ = run(t, b, "a", "dial", host.Addr().String())
	assert.Equal(t, "connection refused", said)
}

// stream gives a TCP socket in the layout's network.
func stream(t *testing.T, b *Block) int {
	t.Helper()
	fd, err := b.Socket(Socket{Domain: unix.AF_INET, Type: unix.SOCK_STREAM})
	require.NoError(t, err)
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}
