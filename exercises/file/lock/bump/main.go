// Bump adds 1 to the number in a file, again and again, also while others do the same.
//
// usage: bump PATH N
package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
)

func main() {
	times := 0
	if len(os.Args) == 3 {
		times, _ = strconv.Atoi(os.Args[2])
	}
	if times < 1 {
		fmt.Fprintln(os.Stderr, "usage: bump PATH N")
		os.Exit(2)
	}
	for range times {
		n, err := bump(os.Args[1])
		if err != nil {
			fmt.Fprintln(os.Stderr, "bump:", err)
			os.Exit(1)
		}
		fmt.Println(n)
	}
}

// bump adds 1 to the number in the file at path, and returns what it is then.
func bump(path string) (uint64, error) {
	// TODO 1: open the file, or make it. May anything in it change already here?

	// TODO 2: wait until the lock on it is yours.

	// TODO 3: read the number. What if the file is empty, or holds something else?

	// TODO 4: write the number that comes next. What would the file hold if you were killed right now?

	// TODO 5: give the lock back. What must be done by then, and what can wait?

	return 0, errors.New("not written yet: see the TODOs in bump/main.go")
}
