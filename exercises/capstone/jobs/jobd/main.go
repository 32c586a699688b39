// Jobd is a job server. Clients bring it jobs over a Unix socket, workers behind pipes do them, signals tell it to read
// its settings again or to go, and a file keeps what it has promised.
//
// usage: jobd DIR
package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: jobd DIR")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "jobd:", err)
		os.Exit(1)
	}
}

// run serves until it has been drained.
func run(dir string) error {
	// TODO 1: what must be true before you say ready? A start may follow a crash, and another jobd may be alive.

	// TODO 2: clients come at any time, and so do signals, and workers end. Who owns the list of jobs?

	// TODO 3: SIGHUP: what do new settings change, and when? SIGTERM: what is left to do, and who still waits?

	return errors.New("not written yet: see the TODOs in jobd/main.go")
}

// serve answers one request, if a whole one comes. (This much of the protocol is a gift.)
func serve(conn net.Conn) {
	defer conn.Close()
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return
	}
	text, err := answer(strings.TrimSuffix(line, "\n"))
	if err != nil {
		fmt.Fprintf(conn, "error %v\n", err)
		return
	}
	fmt.Fprintf(conn, "ok %s\n", text)
}

// answer does what a request asks for.
func answer(request string) (text string, err error) {
	// TODO 4: add, status, wait. What must have happened before you return from each?

	return "", errors.New("not written yet")
}

// save puts what must outlive this process into the file state.
func save(dir string) error {
	// TODO 5: replace it in one step. What if there is no room for it?

	return errors.New("not written yet")
}

// work has a job done by a worker.
func work(text string) (result string, err error) {
	// TODO 6: a pipe each way. How do you know that a worker has died, and who waits for it?

	return "", errors.New("not written yet")
}
