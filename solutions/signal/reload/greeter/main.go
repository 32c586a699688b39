// Greeter greets guests with the words of its settings, and reads the settings again when it gets SIGHUP.
//
// usage: greeter CONFIG
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
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
	// Before anybody can learn the pid. Room for one is enough: a reload that is still to come will see
	// whatever has changed until then.
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)

	first, err := load(config)
	if err != nil {
		return err
	}
	fmt.Println("ready", os.Getpid())
	serve(config, first, read(os.Stdin), hangups)
	return nil
}

// settings are what a config file says. They are never changed, only replaced as a whole.
type settings struct{ hello, bye string }

// load reads a config file. It gives all of the settings or an error, never a part of them.
func load(config string) (*settings, error) {
	text, err := os.ReadFile(config)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if len(lines) != 2 {
		return nil, fmt.Errorf("%s: %d lines: want hello and bye", config, len(lines))
	}
	hello, isHello := strings.CutPrefix(lines[0], "hello ")
	bye, isBye := strings.CutPrefix(lines[1], "bye ")
	if !isHello || !isBye || hello == "" || bye == "" {
		return nil, errors.New(config + ": want a line hello WORDS, then a line bye WORDS")
	}
	return &settings{hello, bye}, nil
}

// serve greets those who come, until the lines end. Each guest keeps the settings that held at the door.
func serve(config string, now *settings, lines <-chan string, hangups <-chan os.Signal) {
	guests := make(map[string]*settings)
	for {
		select {
		case <-hangups: // first out of the channel, then read: a hangup that comes now is the next one
			if next, err := load(config); err != nil {
				fmt.Fprintln(os.Stderr, "greeter:", err)
				fmt.Println("not reloaded")
			} else {
				now = next
				fmt.Println("reloaded")
			}
		case line, ok := <-lines:
			if !ok {
				return
			}
			verb, name, _ := strings.Cut(line, " ")
			theirs := guests[name]
			switch {
			case name == "" || strings.ContainsAny(name, " \t"): // not one word
			case verb == "enter" && theirs == nil:
				guests[name] = now
				fmt.Println(now.hello, name)
			case verb == "leave" && theirs != nil:
				delete(guests, name)
				fmt.Println(theirs.bye, name)
			}
		}
	}
}

// read passes lines on as they come, and closes the channel when there are no more.
func read(r io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		in := bufio.NewReader(r)
		for {
			line, err := in.ReadString('\n')
			if line != "" {
				lines <- strings.TrimSuffix(line, "\n")
			}
			if err != nil {
				return
			}
		}
	}()
	return lines
}
