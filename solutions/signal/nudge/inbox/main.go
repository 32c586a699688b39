// Inbox prints the messages that lie in a folder, and removes them, whenever SIGUSR1 tells it to look.
//
// usage: inbox DIR
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: inbox DIR")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "inbox:", err)
		os.Exit(1)
	}
}

// run looks once for each nudge. It ends only by an error.
func run(dir string) error {
	// Room for one is enough: a nudge in the channel means that a look is still to come, and that look
	// will find all that is there by then.
	nudges := make(chan os.Signal, 1)
	signal.Notify(nudges, syscall.SIGUSR1)

	if _, err := os.ReadDir(dir); err != nil {
		return err
	}
	fmt.Println("ready", os.Getpid())
	for range nudges { // first out of the channel, then look: a nudge that comes now brings another look
		if err := look(dir); err != nil {
			return err
		}
	}
	return nil
}

// look prints and removes all the messages that are in the folder now, in the order of their names.
func look(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue // somebody is still writing it
		}
		path := filepath.Join(dir, e.Name())
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if _, err := fmt.Printf("%s: %s\n", e.Name(), bytes.TrimSuffix(text, []byte("\n"))); err != nil {
			return err
		}
		if err := os.Remove(path); err != nil { // only now that it has been printed
			return err
		}
	}
	return nil
}
