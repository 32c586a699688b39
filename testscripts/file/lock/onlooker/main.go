// Onlooker has an eye on a file that others lock and change.
//
// usage: onlooker read|share PATH
//
// To read is to open the file, say "open", and print what the file that was opened holds for each line
// of the input. To share is to take the shared lock, say "shared", and keep it until the input ends.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"syscall"
)

func main() {
	if len(os.Args) != 3 {
		fail("usage: onlooker read|share PATH")
	}
	f, err := os.Open(os.Args[2])
	if err != nil {
		fail(err)
	}
	if os.Args[1] == "share" {
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH); err != nil {
			fail(err)
		}
		fmt.Println("shared")
		io.Copy(io.Discard, os.Stdin)
		return
	}
	fmt.Println("open")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		if _, err := io.Copy(os.Stdout, io.NewSectionReader(f, 0, 1<<20)); err != nil {
			fail(err)
		}
	}
}

func fail(why any) {
	fmt.Fprintln(os.Stderr, "onlooker:", why)
	os.Exit(1)
}
