// Pipeline runs cat and grep, joined by a pipe, as the shell does for "cat FILE | grep WORD".
//
// usage: pipeline FILE WORD
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: pipeline FILE WORD")
		os.Exit(2)
	}
	status, err := run(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, "pipeline:", err)
		os.Exit(1)
	}
	os.Exit(status)
}

// run runs "cat file | grep word", and gives the status of grep.
func run(file, word string) (status int, err error) {
	cat, grep := exec.Command("cat", file), exec.Command("grep", word)
	if err := start(cat, grep); err != nil {
		return 1, err
	}
	// How cat ended is its own affair: it fails, too, when grep has seen enough and it writes on.
	catErr, grepErr := cat.Wait(), grep.Wait()
	var exit *exec.ExitError
	for _, err := range []error{catErr, grepErr} {
		if err != nil && !errors.As(err, &exit) {
			return 1, err
		}
	}
	return grep.ProcessState.ExitCode(), nil
}

// start starts a writer and a reader with a pipe between them, of which it keeps no end: the reader
// would never read the end of its input, and the writer never learn that its reader has gone.
func start(writer, reader *exec.Cmd) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	defer w.Close()
	writer.Stdin, writer.Stdout, writer.Stderr = os.Stdin, w, os.Stderr
	reader.Stdin, reader.Stdout, reader.Stderr = r, os.Stdout, os.Stderr

	// The reader first: if then the writer cannot be started, it reads the end at once, and ends.
	if err := reader.Start(); err != nil {
		return err
	}
	if err := writer.Start(); err != nil {
		w.Close()
		return errors.Join(err, reader.Wait())
	}
	return nil
}
