// Client sends its standard input to a server and prints what comes back.
//
// usage: client PATH
package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync/atomic"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: client PATH")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "client:", err)
		os.Exit(1)
	}
}

// run copies both ways at once: neither direction ever waits for the other.
func run(path string) error {
	conn, err := dial(path)
	if err != nil {
		return err
	}
	defer conn.Close()
	var done atomic.Bool // all is sent
	go func() {
		if _, err := io.Copy(conn, os.Stdin); err != nil {
			return // the server is gone; the other direction notices
		}
		done.Store(true) // first, for the server may hang up as soon as it sees the end
		conn.CloseWrite()
	}()
	// Copy would use splice(2) on a bare os.Stdout, and spin while nobody reads that: go.dev/issue/75304.
	if _, err := io.Copy(struct{ io.Writer }{os.Stdout}, conn); err != nil {
		return err
	}
	if !done.Load() {
		return errors.New("the server went away before the input ended")
	}
	return nil
}

// maxPath is how long the path of a socket may be on Linux.
const maxPath = 107

func dial(path string) (*net.UnixConn, error) {
	if len(path) > maxPath {
		return nil, fmt.Errorf("the path is too long: %d bytes, at most %d will do", len(path), maxPath)
	}
	return net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
}
