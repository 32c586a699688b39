// Work is a worker of the judge's. It reads jobs from its standard input, one a line, and answers each with a line on its
// standard output: the job in capitals (the letters a to z). It ends when its input does. Both must be pipes.
//
// Some jobs make it do what a worker might do:
//
//	gate FILE    it waits until FILE, a FIFO, gives it a line, and answers with that in capitals
//	crash        it ends with status 3, and gives no answer
//	late TEXT    it answers with TEXT, and ends with status 3
//	linger FILE  it answers, and waits for a line of FILE, a FIFO, before it does anything else
//	stream TEXT  it answers while it reads
//	half         it ends with status 0 in the midst of its answer
//
// usage: work
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	if len(os.Args) != 1 {
		fail(errors.New("usage: work (jobs come as lines of its standard input)"))
	}
	for _, f := range []*os.File{os.Stdin, os.Stdout} {
		if info, err := f.Stat(); err != nil || info.Mode().Type() != os.ModeNamedPipe {
			fail(errors.New("its standard input and output must be pipes"))
		}
	}
	in := bufio.NewReader(os.Stdin)
	for {
		text, err := next(in)
		if err == io.EOF && text == "" {
			return
		}
		if err != nil {
			fail(fmt.Errorf("a job without its newline: %w", err))
		}
		if strings.HasPrefix(text, "linger ") {
			fmt.Println(upper(strings.TrimSuffix(text, "\n")))
			pass(strings.TrimSuffix(strings.TrimPrefix(text, "linger "), "\n"))
			continue
		}
		if _, err := fmt.Println(upper(do(strings.TrimSuffix(text, "\n")))); err != nil {
			fail(err)
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "work:", err)
	os.Exit(1)
}

// next reads a job, one line. If it is to be streamed, all has been answered but what is returned.
func next(in *bufio.Reader) (text string, err error) {
	streams := false
	for {
		piece, err := in.ReadSlice('\n')
		text += string(piece)
		if err != bufio.ErrBufferFull {
			return text, err
		}
		if streams = streams || strings.HasPrefix(text, "stream "); streams {
			fmt.Print(upper(text))
			text = ""
		}
	}
}

// do does a job, and gives what its answer is made of.
func do(text string) string {
	switch {
	case text == "crash":
		os.Exit(3)
	case strings.HasPrefix(text, "late "):
		fmt.Println(upper(strings.TrimPrefix(text, "late ")))
		os.Exit(3)
	case text == "half":
		fmt.Print("HAL")
		os.Exit(0)
	case strings.HasPrefix(text, "gate "):
		return pass(strings.TrimPrefix(text, "gate "))
	}
	return text
}

// pass waits for a line of a file. A FIFO may end without one, since the judge looks whether it is open; then it waits on.
func pass(name string) string {
	for {
		line, err := first(name)
		if err != nil && err != io.EOF {
			fail(err)
		}
		if info, err := os.Stat(name); line != "" || err != nil || info.Mode().Type() != os.ModeNamedPipe {
			return strings.TrimSuffix(line, "\n")
		}
	}
}

func first(name string) (line string, err error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return bufio.NewReader(f).ReadString('\n')
}

func upper(text string) string {
	all := []byte(text)
	for i, c := range all {
		if 'a' <= c && c <= 'z' {
			all[i] = c - 'a' + 'A'
		}
	}
	return string(all)
}
