// Giver hands an open file to everyone who comes to a Unix socket.
//
// usage: giver PATH FILE
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: giver PATH FILE")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "giver:", err)
		os.Exit(1)
	}
}

// run gives until SIGTERM or SIGINT. The file is opened once, before anybody can come: from then on its
// name plays no part.
func run(path, name string) error {
	stopping, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return err
	}
	defer l.Close()
	context.AfterFunc(stopping, func() { l.Close() }) // removes the socket and ends Accept
	fmt.Println("listening on", path)
	for {
		conn, err := l.AcceptUnix()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		give(conn, f)
	}
}

// give hands f over. What arrives is a descriptor of the taker's own; f stays open here. A taker that has
// vanished is no concern of the others. The message is short, so the write does not wait for the taker.
func give(conn *net.UnixConn, f *os.File) {
	defer conn.Close()
	line := filepath.Base(f.Name()) + "\n"
	conn.WriteMsgUnix([]byte(line), syscall.UnixRights(int(f.Fd())), nil)
}
