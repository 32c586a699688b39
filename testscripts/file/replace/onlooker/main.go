// Onlooker opens a file, says "open", and prints what the file that was opened holds for each line of its
// input.
//
// usage: onlooker PATH
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fail("usage: onlooker PATH")
	}
	f, err := os.Open(os.Args[1])
	if err != nil {
		fail(err)
	}
	fmt.Println("open")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		if _, err := io.Copy(os.Stdout, io.NewSectionReader(f, 0, 1<<30)); err != nil {
			fail(err)
		}
	}
}

func fail(why any) {
	fmt.Fprintln(os.Stderr, "onlooker:", why)
	os.Exit(1)
}
