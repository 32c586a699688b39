// Reader prints a file, and how many lines it has.
//
// usage: reader PATH
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: reader PATH")
		os.Exit(2)
	}
	lines, err := show(os.Stdout, os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "reader:", err)
		os.Exit(1)
	}
	fmt.Printf("%d lines\n", lines)
}

// show copies the file at path to w, and returns how many lines that were.
func show(w io.Writer, path string) (lines int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()

	in := bufio.NewReader(f)
	for {
		line, err := in.ReadBytes('\n') // of any length; the last one comes together with io.EOF
		if len(line) > 0 {
			lines++
			if line[len(line)-1] != '\n' {
				line = append(line, '\n')
			}
			if _, err := w.Write(line); err != nil {
				return lines, err
			}
		}
		if err == io.EOF {
			return lines, nil
		}
		if err != nil {
			return lines, err
		}
	}
}
