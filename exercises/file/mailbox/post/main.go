// Post puts each line of its input into a mailbox as a message.
//
// usage: post DIR
package main

import (
	"errors"
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: post DIR")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "post:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	// TODO 1: read lines, however long, and post each when it is there.

	return errors.New("not written yet: see the TODOs in post/main.go")
}

// post puts one message into the mailbox and gives its name.
func post(dir, message string) (name string, err error) {
	// TODO 2: a name that no message has or had. Who else may post at this moment, and what of it may be the same?

	// TODO 3: write the message where nobody looks for it. What may fail, and what is left then?

	// TODO 4: bring it to new in one step. What if there is such a name already?

	return name, nil
}
