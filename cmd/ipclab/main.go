// Ipclab is a hands-on course on interprocess communication, and the grader that goes with it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"ipclab/grader"
)

// Exit statuses.
const (
	exitPass   = 0
	exitFail   = 1 // something does not pass
	exitUsage  = 2 // wrong usage, or surroundings in which nothing could be graded
	exitBroken = 3 // the grader itself is at fault
)

func main() {
	// Without this, writing to a pipe that nobody reads would end the grader before it has cleaned up.
	signal.Ignore(syscall.SIGPIPE)
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as nohup does
		ends = append(ends, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), ends...)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the command. It returns the exit status.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) (status int) {
	if runtime.GOOS == "windows" {
		fmt.Fprintln(stderr, windowsWord)
		return exitUsage
	}
	a := &app{ctx: ctx, stdin: stdin, stdout: &checkedWriter{w: stdout}, stderr: stderr}
	defer func() {
		if e := recover(); e != nil {
			status = a.status(&grader.BrokenError{Err: fmt.Errorf("panic: %v", e)})
		}
	}()
	root := a.command()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(a.stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if p := a.stdout.problem(); p != nil && (err == nil || errors.As(err, new(verdictError))) {
		err = p // what was to be said has not been said
	}
	return a.status(err)
}

// status turns the way a command ended into an exit status, and says what went wrong.
func (a *app) status(err error) int {
	var verdict verdictError
	switch {
	case err == nil:
		return exitPass
	case errors.As(err, &verdict):
		return int(verdict)
	case a.ctx.Err() != nil:
		fmt.Fprintln(a.stderr, "ipclab: interrupted; nothing was changed")
		return 130
	}
	fmt.Fprintln(a.stderr, "ipclab:", err)
	if broken := (*grader.BrokenError)(nil); errors.As(err, &broken) {
		return exitBroken
	}
	return exitUsage
}

// verdictError is an exit status about which everything has been said already.
type verdictError int

func (v verdictError) Error() string { return fmt.Sprintf("exit status %d", int(v)) }

// checkedWriter remembers that writing failed. Somebody who stops reading, as head does, is no
// failure.
type checkedWriter struct {
	w   io.Writer
	n   int // bytes that went out
	err error
}

func (c *checkedWriter) Write(b []byte) (int, error) {
	if c.err == nil {
		n, err := c.w.Write(b)
		c.n += n
		c.err = err
	}
	return len(b), nil
}

func (c *checkedWriter) problem() error {
	if c.err == nil || errors.Is(c.err, syscall.EPIPE) {
		return nil
	}
	return fmt.Errorf("cannot write to stdout: %w", c.err)
}

// unread tells whether the reader had gone before it got a byte.
func (c *checkedWriter) unread() bool { return errors.Is(c.err, syscall.EPIPE) && c.n == 0 }

const windowsWord = "ipclab: signals, FIFOs and Unix sockets need Linux or macOS. On Windows, install WSL (wsl --install) and run ipclab there."
