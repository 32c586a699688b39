// Cat is the judge's own cat: it prints a file, or its standard input if FILE is "-", to its standard
// output, as it comes. It takes one FILE and no options.
//
// Some lines of a file make it do what any program might do. They are not printed.
//
//	%cat exit N    it ends with status N
//	%cat leave     it ends with status 0, and leaves a child behind that goes on in its place
//	%cat input     it prints its standard input then, and the rest of the file after that
//	%cat tell      it says on stderr what its standard output is
//	%cat parent    it says on stderr what program its parent runs
//	%cat sigpipe   it says on stderr how its parent takes SIGPIPE, and so how a child of that one does at first
//	%cat signals   from now on it says on stderr what signal somebody sends it, and ends
//
// usage: cat FILE
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintf(os.Stderr, "cat: %d arguments: want one\n", len(os.Args)-1)
		os.Exit(1)
	}
	in := os.Stdin
	if name := os.Args[1]; name != "-" {
		f, err := os.Open(name)
		if err != nil {
			fail(err)
		}
		in = f
	}
	pass(in)
}

// fail says what went wrong as cat does: "cat: NAME: No such file or directory".
func fail(err error) {
	var at *os.PathError
	if errors.As(err, &at) {
		text := at.Err.Error()
		err = fmt.Errorf("%s: %s", at.Path, strings.ToUpper(text[:1])+text[1:])
	}
	fmt.Fprintln(os.Stderr, "cat:", err)
	os.Exit(1)
}

// pass copies lines. What has come is passed on before it waits for more.
func pass(f *os.File) {
	in, out := bufio.NewReaderSize(f, 64<<10), bufio.NewWriterSize(os.Stdout, 64<<10)
	for {
		line, err := in.ReadSlice('\n')
		if order, ok := strings.CutPrefix(string(line), "%cat "); ok {
			out.Flush()
			obey(strings.TrimSpace(order), f)
		}
		if _, err := out.Write(line); err != nil {
			fail(err)
		}
		if in.Buffered() == 0 {
			if err := out.Flush(); err != nil {
				fail(err)
			}
		}
		if err == io.EOF {
			return
		}
		if err != nil && err != bufio.ErrBufferFull {
			fail(err)
		}
	}
}

func obey(order string, f *os.File) {
	switch order {
	case "tell":
		info, err := os.Stdout.Stat()
		if err != nil {
			fail(err)
		}
		fmt.Fprintln(os.Stderr, "cat: the standard output is", kind(info.Mode())+manner(os.Stdout))
	case "parent":
		fmt.Fprintln(os.Stderr, "cat: the parent is", parent())
	case "sigpipe":
		fmt.Fprintln(os.Stderr, "cat: SIGPIPE is", sigpipe())
	case "signals":
		signals()
	case "input":
		pass(os.Stdin)
	case "leave":
		leave(f)
	default:
		status, err := strconv.Atoi(strings.TrimPrefix(order, "exit "))
		if err != nil {
			fail(fmt.Errorf("%%cat %s: want exit N, leave, input, tell, parent, sigpipe or signals", order))
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

// sigpipe says whether the parent ignores SIGPIPE. What is ignored a child ignores too, but this one, as each
// program of Go, has a handler of its own by now. Where the system has no /proc, it says what should be.
func sigpipe() string {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", os.Getppid()))
	if err != nil {
		return "as usual"
	}
	_, rest, _ := strings.Cut(string(status), "\nSigIgn:")
	mask, _, _ := strings.Cut(rest, "\n")
	if ignored, err := strconv.ParseUint(strings.TrimSpace(mask), 16, 64); err == nil && ignored>>(syscall.SIGPIPE-1)&1 == 1 {
		return "ignored"
	}
	return "as usual"
}

// signals waits for those that end other programs. SIGPIPE is among them, so it is for a time in which
// cat does not write for nobody.
func signals() {
	came := make(chan os.Signal, 1)
	signal.Notify(came, syscall.SIGHUP, syscall.SIGINT, syscall.SIGPIPE, syscall.SIGTERM)
	go func() {
		fmt.Fprintln(os.Stderr, "cat: somebody has sent it a signal:", <-came)
		os.Exit(1)
	}()
	fmt.Fprintln(os.Stderr, "cat: waits for signals")
}

// leave ends with a child in its place, which has the same streams.
func leave(f *os.File) {
	self, err := os.Executable()
	if err != nil {
		fail(err)
	}
	child := exec.Command(self, "-")
	child.Stdin, child.Stdout, child.Stderr = f, os.Stdout, os.Stderr
	if err := child.Start(); err != nil {
		fail(err)
	}
	os.Exit(0)
}
