// Generous gives several open files at once to the first who comes to a Unix socket.
//
// usage: generous PATH FILE...
package main

import (
	"fmt"
	"net"
	"os"
	"syscall"
)

func main() {
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "generous:", err)
		os.Exit(1)
	}
}

func run(path string, names []string) error {
	var fds []int
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		fds = append(fds, int(f.Fd()))
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return err
	}
	defer l.Close()
	fmt.Println("listening on", path)
	conn, err := l.AcceptUnix()
	if err != nil {
		return err
	}
	defer conn.Close()
	_, _, err = conn.WriteMsgUnix([]byte("notes.txt\n"), syscall.UnixRights(fds...), nil)
	return err
}
