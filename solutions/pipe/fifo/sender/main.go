// Sender sends the lines of its standard input through a FIFO.
//
// usage: sender FIFO
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
		fmt.Fprintln(os.Stderr, "usage: sender FIFO")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "sender:", err)
		os.Exit(1)
	}
}

// pipeBuf is how much Linux writes into a pipe in one piece, whoever else writes there.
const pipeBuf = 4096

// run sends each line with one write as soon as it has come.
func run(path string, r io.Reader) error {
	f, err := open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	in := bufio.NewReader(r)
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if len(line) > 0 {
			if line[len(line)-1] != '\n' {
				line = append(line, '\n')
			}
			if len(line) > pipeBuf {
				return fmt.Errorf("line %d is too long: %d bytes, at most %d stay in one piece", n, len(line), pipeBuf)
			}
			if _, err := f.Write(line); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// open waits for a receiver. Without O_CREATE it makes nothing, and what is no FIFO it does not touch.
func open(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Type() != fs.ModeNamedPipe {
		return nil, fmt.Errorf("%s is not a FIFO", path)
	}
	return os.OpenFile(path, os.O_WRONLY, 0)
}
