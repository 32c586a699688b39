// Server is a small web server: it gives the files of a folder to who asks for them.
//
// usage: server ADDR DIR
package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: server ADDR DIR")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

// run serves until SIGTERM or SIGINT.
func run(addr, dir string) error {
	// TODO 1: is there such a folder? Listen, and say where, when all is prepared.

	// TODO 2: serve the connections, all at once, until a signal comes.

	return errors.New("not written yet: see the TODOs in server/main.go")
}

// request is what the head of a request says.
type request struct {
	method string
	path   string
	// TODO 3: what else must you know to answer it, and to know whether it is the last one?
}

// serve answers the requests of one connection.
func serve(conn net.Conn) {
	defer conn.Close()

	// TODO 6: one request after another. Which one is the last? What if there is none, or no good one?
}

// readRequest reads the head of a request.
func readRequest(in *bufio.Reader) (*request, error) {
	// TODO 4: where does it end? How long may it be? What can be wrong with it?

	return nil, errors.New("not written yet")
}

// answer sends the file that was asked for, or says why there is none.
func answer(conn net.Conn, req *request) error {
	// TODO 5: which file is it? Can it be one that is nobody's business? Where does the answer end?

	return errors.New("not written yet")
}
