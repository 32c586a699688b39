// Supervise runs a command, passes signals on to it, and leaves nothing of it behind.
//
// usage: supervise [-grace D] CMD...
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	flags := flag.NewFlagSet("supervise", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // wrong usage is told below
	grace := flags.Duration("grace", 10*time.Second, "")
	if err := flags.Parse(os.Args[1:]); err != nil || flags.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: supervise [-grace D] CMD...")
		os.Exit(2)
	}
	status, err := run(*grace, flags.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "supervise:", err)
		os.Exit(1)
	}
	os.Exit(status)
}

// run is the whole life of the command. It gives the command's status.
func run(grace time.Duration, command []string) (status int, err error) {
	// Before the command is there: from its first moment on signals are meant for it. The buffer has
	// room for one of each kind.
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1)

	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // the command's pid is its group's number, too
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	ended := make(chan int, 1)
	go func() { ended <- await(cmd.Process.Pid) }()

	group := -cmd.Process.Pid
	var graceOver <-chan time.Time // nothing comes from it before somebody asks the command to stop
	for {
		select {
		case s := <-signals:
			syscall.Kill(group, s.(syscall.Signal))
			if graceOver == nil && (s == syscall.SIGTERM || s == syscall.SIGINT) {
				graceOver = time.After(grace)
			}
		case <-graceOver:
			syscall.Kill(group, syscall.SIGKILL)
		case status := <-ended:
			syscall.Kill(group, syscall.SIGKILL) // who is left; often nobody, and that is no error
			return status, nil
		}
	}
}

// await waits until the command has ended, and gives its status as a shell would tell it. It waits for
// whatever child ends: some may be ours though we have not started them, and each is a zombie until then.
// (Command.Wait must not be called besides: two would wait for one child.)
func await(command int) (status int) {
	for {
		var end syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &end, 0, nil)
		switch {
		case err == syscall.EINTR || pid != command:
		case end.Signaled():
			return 128 + int(end.Signal())
		default:
			return end.ExitStatus()
		}
	}
}
