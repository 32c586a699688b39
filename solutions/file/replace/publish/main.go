// Publish puts its standard input in the place of a file, in one step.
//
// usage: publish PATH
package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: publish PATH")
		os.Exit(2)
	}
	n, err := publish(os.Stdin, os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "publish:", err)
		os.Exit(1)
	}
	fmt.Println("published", n, "bytes")
}

// publish replaces the file at path by what r holds. It returns how many bytes that was.
func publish(r io.Reader, path string) (n int64, err error) {
	path, mode, err := target(path)
	if err != nil {
		return 0, err
	}
	signals := make(chan os.Signal, 1) // before there is anything to clean up
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)

	// In the same folder, for a rename does not reach another disk; under a name that nobody else has.
	f, err := os.CreateTemp(filepath.Dir(path), ".publish-*")
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name()) // after the rename there is nothing of that name
	go func() {
		fmt.Fprintln(os.Stderr, "publish: stopped by", <-signals)
		os.Remove(f.Name()) // os.Exit runs nothing that was deferred
		os.Exit(1)
	}()

	n, err = fill(f, r, mode)
	if err != nil {
		return 0, err
	}
	return n, os.Rename(f.Name(), path)
}

// target follows symbolic links to the file that is to be replaced, and tells the permissions that the
// new one is to have.
func target(path string) (string, fs.FileMode, error) {
	real, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, 0o644, nil
	}
	if err != nil {
		return "", 0, err
	}
	info, err := os.Stat(real)
	if err != nil {
		return "", 0, err
	}
	if !info.Mode().IsRegular() {
		return "", 0, fmt.Errorf("%s is not a regular file", path)
	}
	return real, info.Mode().Perm(), nil
}

// fill writes all of r to the new file and closes it. Each of its steps can find the disk full.
func fill(f *os.File, r io.Reader, mode fs.FileMode) (n int64, err error) {
	defer f.Close() // for the ways out by an error
	if n, err = io.Copy(f, r); err != nil {
		return n, err
	}
	if err := f.Chmod(mode); err != nil { // CreateTemp lets only the owner in
		return n, err
	}
	if err := f.Sync(); err != nil { // or the new name could be on the disk before the bytes are
		return n, err
	}
	return n, f.Close()
}
