// Writer numbers the lines of its standard input and leaves them in a file.
//
// usage: writer PATH
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: writer PATH")
		os.Exit(2)
	}
	lines, err := write(os.Stdin, os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "writer:", err)
		os.Exit(1)
	}
	fmt.Printf("wrote %d lines\n", lines)
}

// write puts the lines of r, numbered, into the file at path. It returns how many there were, when
// all of them are in the file.
func write(r io.Reader, path string) (lines int, err error) {
	f, err := os.Create(path) // an old file is emptied, so nothing of it shows behind the new end
	if err != nil {
		return 0, err
	}
	defer f.Close() // for the ways out by an error; the Close at the end is the one that counts

	in, out := bufio.NewReader(r), bufio.NewWriter(f)
	for {
		line, err := in.ReadBytes('\n') // of any length; the last one comes together with io.EOF
		if len(line) > 0 {
			lines++
			if _, err := fmt.Fprintf(out, "%d: %s\n", lines, bytes.TrimSuffix(line, []byte("\n"))); err != nil {
				return lines, err
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return lines, err
		}
	}

	// Until now much of it is still in our own memory. A full disk shows here, or in a Fprintf.
	if err := out.Flush(); err != nil {
		return lines, err
	}
	return lines, f.Close()
}
