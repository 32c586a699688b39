// Receiver prints the messages that senders send it over TCP, and tells each sender how many came.
//
// usage: receiver ADDR
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
		fmt.Fprintln(os.Stderr, "usage: receiver ADDR")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "receiver:", err)
		os.Exit(1)
	}
}

// run serves until it is killed.
func run(addr string) error {
	// TODO 1: listen on addr, and say "listening on" with the address that it has become: port 0
	// means any free one, and others want to know which.

	// TODO 2: serve the senders, all of them at once. If something goes wrong with one of them, whose end
	// is it?

	return errors.New("not written yet: see the TODOs in receiver/main.go")
}

// serve prints the messages of one sender, and answers at the end.
func serve(conn net.Conn) error {
	defer conn.Close()

	// TODO 3: print each message as soon as it is whole. A second sender prints at the same time.

	// TODO 4: the sender has said all: answer "got N", in a frame. What if it has stopped in the
	// middle of a frame?

	return nil
}

// readFrame reads one message.
func readFrame(r io.Reader) ([]byte, error) {
	// TODO 5: first the length. Four bytes are on their way: does one Read bring all four?

	// TODO 6: who says that the length is true? What do you do before you believe it?

	// TODO 7: the message itself. How does your caller tell a good end from one in the middle?

	return nil, errors.New("not written yet")
}
