// Server is a chat: what one client says, all hear.
//
// usage: server ADDR
package main

import (
	"errors"
	"fmt"
	"net"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: server ADDR")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

// run serves until SIGTERM or SIGINT.
func run(addr string) error {
	// TODO 1: listen at addr, and say where. Which port is it if addr says 0?

	// TODO 2: serve the clients, all at once, until a signal comes.

	return errors.New("not written yet: see the TODOs in server/main.go")
}

// member is a client that is in.
type member struct {
	name string
	conn net.Conn
	// TODO 3: who writes to conn? A write may wait for as long as this client does not read. Who
	// must not wait meanwhile? What has to be kept for it, and how much of that?
}

// serve has one client from its name to its end.
func serve(conn net.Conn) {
	// TODO 4: the first line is its name. How long may you wait for it, and who waits with you?

	// TODO 5: each further line goes to all. What makes sure that all see the same order?

	// TODO 6: it has gone, in good order or not. What is to be done, and in which order? Think of the
	// others, of what is still on its way to it, and of the connection.
}
