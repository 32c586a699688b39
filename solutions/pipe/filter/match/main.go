// Match prints the lines of its standard input that contain a word.
//
// usage: match WORD
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
		fmt.Fprintln(os.Stderr, "usage: match WORD")
		os.Exit(2)
	}
	found, err := match(os.Stdin, os.Stdout, []byte(os.Args[1]))
	if err != nil {
		fmt.Fprintln(os.Stderr, "match:", err)
		os.Exit(1)
	}
	if !found {
		os.Exit(1)
	}
}

// match copies the lines that contain word, each as soon as it has come. ReadBytes takes lines of
// any length, and gives a last line without newline together with the end of file.
func match(r io.Reader, w io.Writer, word []byte) (found bool, err error) {
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 0 && bytes.Contains(line, word) {
			found = true
			if line[len(line)-1] != '\n' {
				line = append(line, '\n')
			}
			if _, err := w.Write(line); err != nil {
				return found, err
			}
		}
		if err == io.EOF {
			return found, nil
		}
		if err != nil {
			return found, err
		}
	}
}
