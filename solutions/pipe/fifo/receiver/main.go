// Receiver prints the lines that come through a FIFO, from one sender after another.
//
// usage: receiver FIFO
package main

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: receiver FIFO")
		os.Exit(2)
	}
	err := run(os.Args[1])
	fmt.Fprintln(os.Stderr, "receiver:", err)
	os.Exit(1)
}

// run takes one sender after another, for ever. It says "ready" before it opens the FIFO, since that
// call waits for a sender, and a sender may be waiting for the word.
func run(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeNamedPipe {
		return fmt.Errorf("%s is not a FIFO", path)
	}
	fmt.Println("ready")
	for {
		n, err := receive(path)
		if err != nil {
			return err
		}
		fmt.Println("-- lines:", n)
	}
}

// receive prints lines until nobody has the FIFO open for writing any more, and tells how many there
// were. When it returns it has closed its end: who comes after that waits in its own open for the
// next receive. One who came earlier would find this end, write, go, and be forgotten with the close.
func receive(path string) (n int, err error) {
	f, err := os.Open(path) // waits for a sender
	if err != nil {
		return 0, err
	}
	defer f.Close()
	in := bufio.NewReader(f)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 0 {
			if line[len(line)-1] != '\n' {
				line = append(line, '\n')
			}
			if _, err := os.Stdout.Write(line); err != nil {
				return n, err
			}
			n++
		}
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}
