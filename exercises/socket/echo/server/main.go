// Server sends every line that a client sends it back in upper case.
//
// usage: server PATH
package main

import (
	"errors"
	"fmt"
	"net"
	"os"
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

// run serves until SIGTERM or SIGINT.
func run(path string) error {
	l, err := listen(path)
	if err != nil {
		return err
	}
	defer l.Close()

	// TODO 3: say "listening on PATH". What must be true by then? Think of the signals as well.

	// TODO 4: serve the clients, all of them at once, until a signal comes.

	return nil
}

// listen makes the socket.
func listen(path string) (net.Listener, error) {
	// TODO 1: try it with a path that is too long. What does the error say? What would you like
	// to be told?

	// TODO 2: the path may be taken. By a server that lives, by one that was killed, or by what is no
	// socket at all? How do you find out without harm to any of them?

	return nil, errors.New("not written yet: see the TODOs in server/main.go")
}

// serve answers one client.
func serve(conn net.Conn) {
	defer conn.Close()

	// TODO 5: read lines and send them back, each as soon as it is whole. A line may be 1 MiB long,
	// and the last one may lack its newline. Does the call that you read with leave all bytes alone?
	// What should happen if the client vanishes?
}

// upper turns the letters a to z into capitals, and leaves all other bytes alone.
func upper(line []byte) {
	for i, c := range line {
		if 'a' <= c && c <= 'z' {
			line[i] = c - 'a' + 'A'
		}
	}
}
