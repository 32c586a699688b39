// Collect prints the messages that are new in a mailbox. Any number of collectors may be at work.
//
// usage: collect DIR
package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: collect DIR")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "collect:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	entries, err := os.ReadDir(filepath.Join(dir, "new"))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := collect(dir, e.Name()); err != nil {
			return err
		}
	}
	return nil
}

// collect deals with one message: takes it in hand, prints it and puts it into cur. It leaves alone what another
// collector has in hand, or has collected since the list was made.
func collect(dir, name string) error {
	path := filepath.Join(dir, "new", name)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close() // lets go of the lock
	mine, err := take(f, path)
	if err != nil || !mine {
		return err
	}
	message, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	if _, err := fmt.Printf("%s: %s\n", name, strings.TrimSuffix(string(message), "\n")); err != nil {
		return err
	}
	return os.Rename(path, filepath.Join(dir, "cur", name)) // only now that it has been printed
}

// take takes a message in hand by a lock on it, which ends with its holder, however that ends. It does not
// wait: who holds the lock deals with the message.
func take(f *os.File, path string) (mine bool, err error) {
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	// Between the opening and the lock another may have collected it: then it is no longer there.
	_, err = os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
