// Tally tells whose lines a log holds: for each NAME whether its lines are those of FILE, whole and in
// their order. A line that is not the next one of anybody is printed.
//
// usage: tally LOG NAME=FILE ...
package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

// writer is one of those who wrote the log.
type writer struct {
	name  string
	lines [][]byte // what it was to write
	found int      // how many of them have come
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: tally LOG NAME=FILE ...")
		os.Exit(2)
	}
	var writers []*writer
	for _, arg := range os.Args[2:] {
		name, file, _ := strings.Cut(arg, "=")
		writers = append(writers, &writer{name: name, lines: lines(file)})
	}
	for i, line := range lines(os.Args[1]) {
		if !take(writers, line) {
			fmt.Printf("line %d of %s is not the next line of anybody: %.60q\n", i+1, os.Args[1], line)
			os.Exit(1)
		}
	}
	for _, w := range writers {
		fmt.Printf("%s: %d of %d lines\n", w.name, w.found, len(w.lines))
	}
}

// take finds the one whose next line it is.
func take(writers []*writer, line []byte) bool {
	for _, w := range writers {
		text, ok := bytes.CutPrefix(line, []byte(w.name+": "))
		if ok && w.found < len(w.lines) && bytes.Equal(text, w.lines[w.found]) {
			w.found++
			return true
		}
	}
	return false
}

// lines gives the lines of a file, each with its newline.
func lines(file string) [][]byte {
	all, err := os.ReadFile(file)
	if err != nil {
		fmt.Fprintln(os.Stderr, "tally:", err)
		os.Exit(1)
	}
	var out [][]byte
	for line := range bytes.Lines(all) {
		out = append(out, line)
	}
	return out
}
