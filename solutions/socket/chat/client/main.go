// Client brings its user into a chat.
//
// usage: client ADDR NAME
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
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: client ADDR NAME")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "client:", err)
		os.Exit(1)
	}
}

// run copies both ways at once: neither direction ever waits for the other.
func run(addr, name string) error {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := fmt.Fprintln(conn, name); err != nil {
		return err
	}
	var done atomic.Bool // all is sent
	go func() {
		if _, err := io.Copy(conn, os.Stdin); err != nil {
			return // the server is gone; the other direction notices
		}
		done.Store(true) // first, for the server may hang up as soon as it sees the end
		conn.(*net.TCPConn).CloseWrite()
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
