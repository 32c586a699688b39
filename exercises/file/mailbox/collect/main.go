// Collect prints the messages that are new in a mailbox. Any number of collectors may be at work.
//
// usage: collect DIR
package main

import (
	"errors"
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: collect DIR")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "collect:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	// TODO 1: list what is new, in the order of the names, and deal with one message after the other.

	return errors.New("not written yet: see the TODOs in collect/main.go")
}

// collect deals with one message.
func collect(dir, name string) error {
	// TODO 2: take it in hand. What tells another collector that you have it, and tells that no more if you are killed?

	// TODO 3: somebody else may have it in hand, or have collected it since you made the list.

	// TODO 4: print it, and put it into cur. In which order?

	return nil
}
