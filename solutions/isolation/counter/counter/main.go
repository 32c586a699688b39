// Counter starts itself a second time, as a child, and shows that each of the two processes has a
// variable of its own.
//
// usage: counter N
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
)

// mark is the variable in the environment by which the child knows that it is the child.
const mark = "COUNTER_CHILD"

// counter stands here once, and there are two of it: one in each process.
var counter = 0

func main() {
	if len(os.Args) != 2 {
		usage()
	}
	n, err := strconv.Atoi(os.Args[1])
	if err != nil {
		usage()
	}
	if os.Getenv(mark) != "" {
		err = child(n)
	} else {
		err = parent(n)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "counter:", err)
		os.Exit(1)
	}
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: counter N")
	os.Exit(2)
}

// parent never adds anything. What it knows of the child's variable it knows from the pipe.
func parent(n int) error {
	fmt.Println("parent before:", counter)

	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, strconv.Itoa(n))
	cmd.Env = append(os.Environ(), mark+"=1")
	cmd.Stdin = os.Stdin // a file is handed down as it is: the child reads it, and we keep off
	cmd.Stderr = os.Stderr
	report, err := cmd.Output() // reads the pipe to its end, and only then waits for the child
	if err != nil {
		return fmt.Errorf("the child: %w", err)
	}

	fmt.Println("parent after:", counter)
	fmt.Printf("child reported: %s\n", bytes.TrimSpace(report))
	return nil
}

// child adds to its own copy. A line without newline comes together with the end of the input, so it
// is what was read that counts, and not the error.
func child(n int) error {
	line, err := bufio.NewReader(os.Stdin).ReadBytes('\n')
	if err != nil && err != io.EOF {
		return err
	}
	if len(line) > 0 {
		counter += n
	}
	_, err = fmt.Println(counter)
	return err
}
