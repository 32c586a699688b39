// Match prints the lines of its standard input that contain a word.
//
// usage: match WORD
package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: match WORD")
		os.Exit(2)
	}
	found, err := match(os.Stdin, os.Stdout, []byte(os.Args[1]))
	if err != nil {
		fmt.Fprintln(os.Stderr, "match:", err)
		os.Exit(1)
	}
	// TODO 3: say with the exit status whether a line was found.
	_ = found
}

// match copies the lines of r that contain word to w, and tells whether there was any.
func match(r io.Reader, w io.Writer, word []byte) (found bool, err error) {
	// TODO 1: read line by line, until the end of the input. How long may a line be for the call that
	// you use, what does it do to the bytes, and what if the last line has no newline?

	// TODO 2: write each line that contains word before you wait for the next one.

	return false, fmt.Errorf("not written yet: see the TODOs in match/main.go")
}
