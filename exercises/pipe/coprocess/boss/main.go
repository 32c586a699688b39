// Boss asks a child what it is asked, through one pipe, and hears the answers through another.
//
// usage: boss CALC [ARG...]
package main

import (
	"errors"
	"fmt"
	"os"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: boss CALC [ARG...]")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "boss:", err)
		os.Exit(1)
	}
}

// run passes the lines of stdin to the program name as questions, and prints its answers.
func run(name string, args []string) error {
	// TODO 1: two pipes: one to the child's standard input, and one from its descriptor 3. What does
	// the child print on its stdout and stderr, and where should that go?

	// TODO 2: start it. Which ends are left with you, and which of them do you need?

	// TODO 3: question after question: pass it on, hear the answer, print both. Is everything under
	// way that the other one waits for?

	// TODO 4: no answer comes, or half of one. How do you notice, and what do you say?

	// TODO 5: no more questions. How does the child learn that, and how do you learn its end?

	return errors.New("not written yet: see the TODOs in boss/main.go")
}
