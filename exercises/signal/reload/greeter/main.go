// Greeter greets guests with the words of its settings, and reads the settings again when it gets SIGHUP.
//
// usage: greeter CONFIG
package main

import (
	"errors"
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: greeter CONFIG")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "greeter:", err)
		os.Exit(1)
	}
}

func run(config string) error {
	// TODO 1: let SIGHUP come to you. From when on, and where does it stay while you are busy?

	if _, err := load(config); err != nil {
		return err
	}
	// TODO 2: say ready, pass the lines of the standard input on as they come, and serve.

	return errors.New("not written yet: see the TODOs in greeter/main.go")
}

// settings are what a config file says.
type settings struct{ hello, bye string }

// load reads a config file. It gives all of the settings or an error, never a part of them.
func load(config string) (*settings, error) {
	// TODO 3: read the file, take it apart. What makes it broken?

	return &settings{}, nil
}

// serve greets those who come, until the lines end.
func serve(config string, now *settings, lines <-chan string, hangups <-chan os.Signal) {
	// TODO 4: wait for a line and for a signal at the same time.

	// TODO 5: a signal: which settings hold from now on, and for whom? What if the file is broken?

	// TODO 6: a line: greet, or say goodbye. With which settings?
}
