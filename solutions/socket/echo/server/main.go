// Server sends every line that a client sends it back in upper case.
//
// usage: server PATH
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: server PATH")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

// run serves until SIGTERM or SIGINT. The signals are minded before anybody can read that the
// server listens: who has read it may send one at once.
func run(path string) error {
	stopping, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()
	l, err := listen(path)
	if err != nil {
		return err
	}
	defer l.Close()
	context.AfterFunc(stopping, func() { l.Close() }) // removes the socket and ends Accept
	fmt.Println("listening on", path)
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		go serve(conn)
	}
}

// maxPath is how long the path of a socket may be on Linux: the kernel has 108 bytes for it, and
// the last must be 0.
const maxPath = 107

// listen makes the socket. A name that is taken may be left over from a server that was killed. Only
// a dial tells: where nobody listens, it is refused. That holds for an ordinary file, too, so look at
// what it is before you remove it.
func listen(path string) (net.Listener, error) {
	if len(path) > maxPath {
		return nil, fmt.Errorf("the path is too long: %d bytes, at most %d will do", len(path), maxPath)
	}
	l, err := net.Listen("unix", path)
	if !errors.Is(err, syscall.EADDRINUSE) {
		return l, err
	}
	conn, dialErr := net.Dial("unix", path)
	if dialErr == nil {
		conn.Close()
		return nil, fmt.Errorf("%s: another server is listening there", path)
	}
	info, statErr := os.Lstat(path)
	if !errors.Is(dialErr, syscall.ECONNREFUSED) || statErr != nil || info.Mode().Type() != os.ModeSocket {
		return nil, err
	}
	if err := os.Remove(path); err != nil {
		return nil, err
	}
	return net.Listen("unix", path)
}

// serve answers one client until its input ends. A client that vanishes ends it, too; that is no
// concern of the others.
func serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 0 {
			if line[len(line)-1] != '\n' {
				line = append(line, '\n')
			}
			upper(line)
			if _, err := conn.Write(line); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// upper turns the letters a to z into capitals, and leaves all other bytes alone.
func upper(line []byte) {
	for i, c := range line {
		if 'a' <= c && c <= 'z' {
			line[i] = c - 'a' + 'A'
		}
	}
}
