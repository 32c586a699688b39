// Sender sends the lines of its standard input through a FIFO.
//
// usage: sender FIFO
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: sender FIFO")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "sender:", err)
		os.Exit(1)
	}
}

// run sends the lines of r into the FIFO at path.
func run(path string, r io.Reader) error {
	// TODO 1: open the FIFO for writing. Which call makes an ordinary file if nothing is there?

	// TODO 2: send each line as soon as it has come. If others write there at the same time, what
	// keeps your line in one piece, and up to which length?

	// TODO 3: the receiver may go away. Who tells you, and when?

	return errors.New("not written yet: see the TODOs in sender/main.go")
}
