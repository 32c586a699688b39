// Logger adds the lines of its standard input to a file that it shares with other loggers.
//
// usage: logger PATH NAME
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: logger PATH NAME")
		os.Exit(2)
	}
	if err := log(os.Stdin, os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "logger:", err)
		os.Exit(1)
	}
}

// log adds each line of r to the file at path, after name, and says so.
func log(r io.Reader, path, name string) error {
	// O_APPEND: the kernel looks for the end of the file anew at each write, in one step with it.
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	defer f.Close()

	in := bufio.NewReader(r)
	for {
		line, err := in.ReadBytes('\n') // of any length; the last one comes together with io.EOF
		if len(line) > 0 {
			if err := add(f, name, line); err != nil {
				return err
			}
			fmt.Println("ok")
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// add writes the whole entry with one call: what others write can come before it or after it, but
// not into it.
func add(f *os.File, name string, line []byte) error {
	entry := append([]byte(name+": "), line...)
	if entry[len(entry)-1] != '\n' {
		entry = append(entry, '\n')
	}
	_, err := f.Write(entry) // what did not go out whole is an error here
	return err
}
