// Calc answers questions such as "6 * 7": it reads them from its standard input, and writes the answers
// to its descriptor 3.
//
// usage: calc, started by boss
package main

import (
	"errors"
	"fmt"
	"os"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "calc:", err)
		os.Exit(1)
	}
}

// run answers until the questions end.
func run() error {
	// TODO 1: descriptor 3 was open when the program began. How do you make an *os.File of it?

	// TODO 2: read a question, however long; answer it. When does the answer leave your program?

	return errors.New("not written yet: see the TODOs in calc/main.go")
}

// answer works a question out.
func answer(question string) string {
	// TODO 3: what has to be told if the question makes no sense, or has no answer?

	return "error"
}
