// Mode tells whether a file that somebody made is for all to read, as far as the umask lets them, and for
// nobody to run. It has the same umask as the one who made the file.
//
// usage: mode FILE
package main

import (
	"fmt"
	"os"
	"syscall"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: mode FILE")
		os.Exit(2)
	}
	info, err := os.Stat(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "mode:", err)
		os.Exit(1)
	}
	kept := os.FileMode(0o777 &^ syscall.Umask(0))
	got := info.Mode().Perm()
	if got != 0o666&kept && got != 0o644&kept {
		fmt.Printf("%s is made with mode %04o, where 0666 would give %04o and 0644 %04o\n", os.Args[1], got, 0o666&kept, 0o644&kept)
		return
	}
	fmt.Println(os.Args[1], "is for all to read")
}
