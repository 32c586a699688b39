// Bump adds 1 to the number in a file, again and again, also while others do the same.
//
// usage: bump PATH N
package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
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
		fmt.Println(n) // the lock is free again: this may take as long as it likes
	}
}

// bump adds 1 to the number in the file at path, and returns what it is then.
func bump(path string) (uint64, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return 0, err
	}
	defer f.Close() // and the lock goes with it
	if err := lock(f); err != nil {
		return 0, err
	}
	n, err := read(f)
	if err != nil {
		return 0, err
	}
	n++
	return n, write(f, n)
}

// lock waits until nobody else has a lock on the file.
func lock(f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if err != syscall.EINTR { // a signal came while it waited
			return err
		}
	}
}

// read takes the number from the file. Nothing at all counts as 0.
func read(f *os.File) (uint64, error) {
	text, err := io.ReadAll(f)
	if err != nil || len(text) == 0 {
		return 0, err
	}
	return strconv.ParseUint(strings.TrimSuffix(string(text), "\n"), 10, 64)
}

// write puts n into the file, over the number before it, which is never longer. Were the file emptied first,
// it would hold no number at all if we did not come to write the new one.
func write(f *os.File, n uint64) error {
	before, err := f.Stat()
	if err != nil {
		return err
	}
	_, err = f.WriteAt(fmt.Appendln(nil, n), 0)
	if err != nil { // a part of it may be there, for it can be one digit longer: back to what there was
		f.WriteAt(fmt.Appendln(nil, n-1), 0)
		f.Truncate(before.Size())
	}
	return err
}
