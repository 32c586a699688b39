// Sender sends each line of its standard input as a message over TCP, and waits for the receiver to
// say how many have come.
//
// usage: sender ADDR
package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: sender ADDR")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "sender:", err)
		os.Exit(1)
	}
}

// run sends all lines, and waits for the answer.
func run(addr string) error {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()

	// TODO 1: send each line of stdin as soon as it has come. How long may one be? How short?

	// TODO 2: how does the receiver learn that this was all, while you still wait for its answer?

	// TODO 3: read the answer. It comes in a frame, and it may be wrong, cut short, or not come at
	// all. Print it only if it is "got N" with the number that you sent.

	return errors.New("not written yet: see the TODOs in sender/main.go")
}

// writeFrame writes one message.
func writeFrame(w io.Writer, message []byte) error {
	// TODO 4: the length in 4 bytes, the most significant first, and then the message.

	return errors.New("not written yet")
}
