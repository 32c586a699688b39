// Post puts each line of its input into a mailbox as a message.
//
// usage: post DIR
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: post DIR")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "post:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	in := bufio.NewReader(os.Stdin)
	for {
		line, err := in.ReadString('\n')
		if line != "" {
			name, err := post(dir, strings.TrimSuffix(line, "\n")+"\n")
			if err != nil {
				return err
			}
			fmt.Println("posted", name)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// post writes a message where nobody looks for it, and puts it, when it is whole, in one step where
// the collectors do.
func post(dir, message string) (name string, err error) {
	f, err := create(filepath.Join(dir, "tmp"))
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name()) // on every way out: a second name of the message, or a part of it
	_, err = f.WriteString(message)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", err
	}
	name = filepath.Base(f.Name())
	// A link, unlike a rename, never takes the place of something that is there.
	return name, os.Link(f.Name(), filepath.Join(dir, "new", name))
}

// create makes a new file under a name that no message has or had. The time alone will not do, since two may
// post at one moment, nor will the pid, which comes again; so the pid, the time and chance make the name.
func create(dir string) (*os.File, error) {
	pattern := fmt.Sprintf("%d.%d.*", time.Now().UnixNano(), os.Getpid())
	return os.CreateTemp(dir, pattern)
}
