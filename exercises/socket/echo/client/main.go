// Client sends its standard input to a server and prints what comes back.
//
// usage: client PATH
package main

import (
	"errors"
	"fmt"
	"net"
	"os"
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

// run talks with the server until both have said all.
func run(path string) error {
	conn, err := dial(path)
	if err != nil {
		return err
	}
	defer conn.Close()

	// TODO 2: send what comes on stdin, as it comes. When it ends, tell the server so, and keep
	// listening: a *net.UnixConn has two directions. Can you close just one?

	// TODO 3: print what the server sends, as it comes, while TODO 2 goes on.

	// TODO 4: the server hangs up. Was it time, or did it go too early?

	return nil
}

// dial connects to the server.
func dial(path string) (*net.UnixConn, error) {
	// TODO 1: connect. Say clearly if the path is too long.

	return nil, errors.New("not written yet: see the TODOs in client/main.go")
}
