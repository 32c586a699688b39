package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

func init() {
	for _, kind := range []struct {
		name string
		kind int
	}{{"stream", unix.SOCK_STREAM}, {"datagram", unix.SOCK_DGRAM}, {"sequenced", unix.SOCK_SEQPACKET}} {
		for _, where := range []struct {
			name string
			path string
		}{{"Unix ", room("s-" + kind.name)}, {"abstract ", "\x00ipclab-test-" + kind.name}} {
			ways = append(ways, speaking(where.name+kind.name+" socket", unix.AF_UNIX, kind.kind, 0, &unix.SockaddrUnix{Name: where.path}))
		}
	}
	v4 := func(port int) unix.Sockaddr { return &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}} }
	v6 := func(port int) unix.Sockaddr { return &unix.SockaddrInet6{Port: port, Addr: [16]byte{15: 1}} }
	const udplite = 136
	ways = append(ways,
		speaking("TCP over IPv4", unix.AF_INET, unix.SOCK_STREAM, 0, v4(4001)),
		speaking("TCP over IPv6", unix.AF_INET6, unix.SOCK_STREAM, 0, v6(4002)),
		speaking("MPTCP", unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_MPTCP, v4(4003)),
		speaking("UDP over IPv4", unix.AF_INET, unix.SOCK_DGRAM, 0, v4(4004)),
		speaking("UDP over IPv6", unix.AF_INET6, unix.SOCK_DGRAM, 0, v6(4005)),
		speaking("UDP-Lite", unix.AF_INET, unix.SOCK_DGRAM, udplite, v4(4006)),
		speaking("SCTP", unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_SCTP, v4(4007)),
		occupying("TCP port in use", unix.AF_INET, unix.SOCK_STREAM, v4(4008)),
		occupying("UDP port in use", unix.AF_INET, unix.SOCK_DGRAM, v4(4009)),
		occupying("abstract name in use", unix.AF_UNIX, unix.SOCK_STREAM, &unix.SockaddrUnix{Name: "\x00ipclab-test-used"}),
		way{name: "abstract name in /proc", wide: true,
			send: func(s *side, n uint64) (err error) {
				unix.Close(s.fd)
				if s.fd, err = unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0); err != nil {
					return err
				}
				return unix.Bind(s.fd, &unix.SockaddrUnix{Name: fmt.Sprint("\x00ipclab-test=", n)})
			},
			look: func(*side) (n uint64, err error) {
				b, err := os.ReadFile("/proc/self/net/unix")
				if err != nil {
					return 0, err
				}
				_, after, _ := strings.Cut(string(b), "@ipclab-test=")
				_, err = fmt.Sscan(after, &n)
				return n, err
			}},
		making("ping socket", unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_ICMP),
		making("raw socket", unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP),
		making("netlink socket", unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_USERSOCK),
		making("packet socket", unix.AF_PACKET, unix.SOCK_RAW, 0),
		making("vsock socket", unix.AF_VSOCK, unix.SOCK_STREAM, 0),
		making("crypto socket", unix.AF_ALG, unix.SOCK_SEQPACKET, 0),
		way{name: "socket of another family", does: func(*side) error {
			var refused error
			for f := range 64 {
				if f == unix.AF_UNIX || f == unix.AF_INET || f == unix.AF_INET6 {
					continue
				}
				for kind := unix.SOCK_STREAM; kind <= unix.SOCK_SEQPACKET; kind++ {
					if _, refused = unix.Socket(f, kind, 0); refused == nil {
						return nil
					}
				}
			}
			return refused
		}},
		way{name: "UDP by the net package", wide: true, open: listenUDP, send: sendUDP, look: lookUDP},
		way{name: "TCP by the net package", wide: true, open: listenTCP, send: sendTCP, look: lookTCP},
	)
}

// speaking sends a number through a socket: the receiver binds it, the sender connects to it.
func speaking(name string, family, kind, protocol int, at unix.Sockaddr) way {
	return way{name: name, wide: true,
		open: func(s *side) (err error) {
			if s.fd, err = unix.Socket(family, kind, protocol); err != nil {
				return err
			}
			if s.sender {
				return unix.Connect(s.fd, at)
			}
			if err := unix.Bind(s.fd, at); err != nil || kind == unix.SOCK_DGRAM {
				return err
			}
			return unix.Listen(s.fd, 1)
		},
		send: sendFD,
		look: func(s *side) (_ uint64, err error) {
			if kind != unix.SOCK_DGRAM && s.last == 0 {
				if err := arrived(s.fd); err != nil {
					return 0, err
				}
				if s.fd, _, err = unix.Accept(s.fd); err != nil {
					return 0, err
				}
				s.last = 1
			}
			if err := arrived(s.fd); err != nil {
				return 0, err
			}
			return readNumber(s.fd)
		}}
}

// longest is how long, in milliseconds, a receiver waits for what may never come.
var longest int

func arrived(fd int) error {
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, longest)
	if err == nil && n == 0 {
		return errors.New("nothing came")
	}
	return err
}

// occupying sends a bit as an address that is taken or not.
func occupying(name string, family, kind int, at unix.Sockaddr) way {
	bind := func() (int, error) {
		fd, err := unix.Socket(family, kind, 0)
		if err != nil {
			return -1, err
		}
		if err := unix.Bind(fd, at); err != nil {
			unix.Close(fd)
			return -1, err
		}
		return fd, nil
	}
	return way{name: name,
		send: func(s *side, bit uint64) (err error) {
			unix.Close(s.fd)
			s.fd = -1
			if bit == 1 {
				s.fd, err = bind()
			}
			return err
		},
		look: func(*side) (uint64, error) {
			fd, err := bind()
			if err == unix.EADDRINUSE {
				return 1, nil
			}
			unix.Close(fd)
			return 0, err
		}}
}

func making(name string, family, kind, protocol int) way {
	return way{name: name, does: func(*side) error {
		_, err := unix.Socket(family, kind, protocol)
		return err
	}}
}

// The ways of honest programs, which use the net package: it looks first which kinds of sockets there are.
var (
	listener net.Listener
	packets  net.PacketConn
	dialled  net.Conn
)

func listenUDP(s *side) (err error) {
	if s.sender {
		dialled, err = net.Dial("udp", "localhost:4010")
	} else {
		packets, err = net.ListenPacket("udp", ":4010")
	}
	return err
}

func sendUDP(_ *side, n uint64) error { _, err := fmt.Fprint(dialled, n); return err }

func lookUDP(*side) (n uint64, err error) {
	b := make([]byte, 100)
	k, _, err := packets.ReadFrom(b)
	if err != nil {
		return 0, err
	}
	_, err = fmt.Sscan(string(b[:k]), &n)
	return n, err
}

func listenTCP(s *side) (err error) {
	if s.sender {
		dialled, err = net.Dial("tcp", "localhost:4011")
	} else {
		listener, err = net.Listen("tcp", ":4011")
	}
	return err
}

func sendTCP(_ *side, n uint64) error { _, err := fmt.Fprintln(dialled, n); return err }

func lookTCP(*side) (n uint64, err error) {
	if dialled == nil {
		if dialled, err = listener.Accept(); err != nil {
			return 0, err
		}
	}
	_, err = fmt.Fscanln(dialled, &n)
	return n, err
}
