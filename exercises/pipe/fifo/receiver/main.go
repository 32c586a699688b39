// Receiver prints the lines that come through a FIFO, from one sender after another.
//
// usage: receiver FIFO
package main

import (
	"errors"
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: receiver FIFO")
		os.Exit(2)
	}
	err := run(os.Args[1])
	fmt.Fprintln(os.Stderr, "receiver:", err)
	os.Exit(1)
}

// run takes one sender after another, for ever.
func run(path string) error {
	// TODO 1: is there a FIFO? If so, say that you are ready. Does that come before or after the call
	// that waits for a sender?

	for {
		n, err := receive(path)
		if err != nil {
			return err
		}
		// TODO 4: say that a sender has gone. From now on the next one may come and go, however long
		// these words take: is there anything of its that could get lost?
		_ = n
	}
}

// receive prints what the next sender sends, to its end, and tells how many lines there were.
func receive(path string) (n int, err error) {
	// TODO 2: open the FIFO. Who waits for whom here?

	// TODO 3: print each line as soon as it has come. What does the end of the input mean at a FIFO, and
	// what would another read bring after it?

	return 0, errors.New("not written yet: see the TODOs in receiver/main.go")
}
