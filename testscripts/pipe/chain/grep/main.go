// Grep is the judge's own grep: it prints the lines of its standard input that match WORD, a regular
// expression, as they come. It ends with status 0 if a line matched, 1 if none did, and 2 if it could
// not look. It takes one WORD and no options.
//
// Some lines of its input make it do what any program might do. They are not printed.
//
//	%grep exit N    it ends with status N, however much input there is
//	%grep leave     it leaves a child behind that holds its standard output and its stderr for ever, and goes on
//	%grep tell      it says on stderr what its standard input is
//	%grep parent    it says on stderr what program its parent runs
//
// usage: grep WORD
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
)

// sleeper is the argument of the child that is left behind.
const sleeper = "--left-behind"

func main() {
	if len(os.Args) == 2 && os.Args[1] == sleeper {
		r, w, _ := os.Pipe()
		r.Read(make([]byte, 1))
		w.Close()
	}
	if len(os.Args) != 2 {
		fail(fmt.Errorf("%d arguments: want one", len(os.Args)-1))
	}
	word, err := regexp.Compile(os.Args[1])
	if err != nil {
		fail(err)
	}
	if matched := search(word); !matched {
		os.Exit(1)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "grep:", err)
	os.Exit(2)
}

func search(word *regexp.Regexp) (matched bool) {
	in := bufio.NewReader(os.Stdin)
	for {
		line, err := in.ReadBytes('\n')
		line = bytes.TrimSuffix(line, []byte("\n"))
		if order, ok := strings.CutPrefix(string(line), "%grep "); ok {
			obey(order)
		} else if (len(line) > 0 || err == nil) && word.Match(line) {
			matched = true
			if _, err := os.Stdout.Write(append(line, '\n')); err != nil {
				fail(err)
			}
		}
		if err == io.EOF {
			return matched
		}
		if err != nil {
			fail(err)
		}
	}
}

func obey(order string) {
	switch order {
	case "tell":
		info, err := os.Stdin.Stat()
		if err != nil {
			fail(err)
		}
		fmt.Fprintln(os.Stderr, "grep: the standard input is", kind(info.Mode())+manner(os.Stdin))
	case "parent":
		fmt.Fprintln(os.Stderr, "grep: the parent is", parent())
	case "leave":
		leave()
	default:
		status, err := strconv.Atoi(strings.TrimPrefix(order, "exit "))
		if err != nil {
			fail(fmt.Errorf("%%grep %s: want exit N, leave, tell or parent", order))
		}
		os.Exit(status)
	}
}

func kind(m fs.FileMode) string {
	switch {
	case m&fs.ModeNamedPipe != 0:
		return "a pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m.IsRegular():
		return "a file"
	}
	return "a device"
}

// manner says whether a call at f comes back at once where it would have to wait.
func manner(f *os.File) (text string) {
	c, err := f.SyscallConn()
	if err != nil {
		fail(err)
	}
	c.Control(func(fd uintptr) {
		flags, _, _ := syscall.Syscall(syscall.SYS_FCNTL, fd, syscall.F_GETFL, 0)
		if flags&syscall.O_NONBLOCK != 0 {
			text = " at which nobody can wait (O_NONBLOCK)"
		}
	})
	return text
}

// parent gives the name of the program that the parent runs. Where the system has no /proc, it gives the one
// that should be there.
func parent() string {
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", os.Getppid()))
	if err != nil {
		return "pipeline"
	}
	return strings.TrimSpace(string(name))
}

// leave starts a child that keeps the standard output and stderr open for ever.
func leave() {
	self, err := os.Executable()
	if err != nil {
		fail(err)
	}
	child := exec.Command(self, sleeper)
	child.Stdout, child.Stderr = os.Stdout, os.Stderr
	if err := child.Start(); err != nil {
		fail(err)
	}
}
