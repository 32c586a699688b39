package wall

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// network is a network namespace: a descriptor of it. That of a layout ends with the layout, and with it all
// that connections leave behind.
//
// The first thread of pid 1 is in it as long as the layout stands, since /proc/PID/net shows that thread's.
type network int

// connections is the size of the kernel's table of TCP connections in a layout's network. With the machine's
// own table, which is a thousand times as large, each look at /proc/net/tcp takes milliseconds.
const connections = "256"

// shareNoTable makes networks that are opened from now on have tables of their own. It is there since Linux
// 6.1, and where /proc/sys cannot be written to it is not: then all is as it was, and slower.
func shareNoTable() {
	os.WriteFile("/proc/sys/net/ipv4/tcp_child_ehash_entries", []byte(connections), 0)
}

// openNetwork makes the layout's network.
func (w *warden) openNetwork() (err error) {
	w.onFirst(func() {
		if err = unix.Unshare(unix.CLONE_NEWNET); err != nil {
			err = fmt.Errorf("network: %w", err)
		} else if err = loopbackUp(); err != nil {
			err = fmt.Errorf("loopback: %w", err)
		} else {
			w.network, err = presentNetwork()
		}
	})
	return err
}

// closeNetwork takes the first thread back to the block's own network. That of the layout ends with the
// last socket in it.
func (w *warden) closeNetwork() (err error) {
	if w.network == w.home {
		return nil
	}
	w.onFirst(func() { err = w.home.enter() })
	unix.Close(int(w.network))
	w.network = w.home
	return err
}

// onFirst has the first thread call a function, and waits.
func (w *warden) onFirst(f func()) {
	done := make(chan struct{})
	w.first <- func() {
		defer close(done)
		f()
	}
	<-done
}

// sockDiag is a socket to ask the kernel about those of a network: see sock_diag(7).
var sockDiag = Socket{unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_SOCK_DIAG}

// socket makes a socket in the layout's network.
func (w *warden) socket(s Socket) (fd int, err error) {
	w.onFirst(func() { fd, err = s.open() })
	return fd, err
}

// open makes the socket in the calling thread's network.
func (s Socket) open() (int, error) {
	return unix.Socket(s.Domain, s.Type|unix.SOCK_CLOEXEC, s.Protocol)
}

// presentNetwork gives the network of the calling thread, by a socket in it: pid 1 has no /proc that would show
// it as a file.
func presentNetwork() (network, error) {
	s, err := sockDiag.open()
	if err != nil {
		return -1, fmt.Errorf("sock_diag: %w", err)
	}
	defer unix.Close(s)
	fd, err := unix.IoctlRetInt(s, unix.SIOCGSKNS)
	if err != nil {
		return -1, fmt.Errorf("network of a socket: %w", err)
	}
	unix.CloseOnExec(fd)
	return network(fd), nil
}

// enter takes the calling thread into the network.
func (n network) enter() error {
	if err := unix.Setns(int(n), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("network: %w", err)
	}
	return nil
}

// loopbackUp brings the loopback interface up, which a new network namespace has down.
func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, lo); err != nil {
		return err
	}
	lo.SetUint16(lo.Uint16() | unix.IFF_UP)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo)
}
