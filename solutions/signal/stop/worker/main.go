// Worker does jobs that come as lines, and stops in good order when it is signalled.
//
// usage: worker PIDFILE
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: worker PIDFILE")
		os.Exit(2)
	}
	status, err := run(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		os.Exit(1)
	}
	os.Exit(status)
}

// run is the whole life of the worker. It gives the exit status, so that what it deferred is done
// before main calls os.Exit, which runs nothing that was deferred.
func run(pidfile string) (status int, err error) {
	// Before anybody can learn the pid. The buffer keeps a signal while nobody receives.
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)

	pid := os.Getpid()
	if err := os.WriteFile(pidfile, fmt.Appendln(nil, pid), 0o644); err != nil {
		return 1, err
	}
	defer os.Remove(pidfile)
	fmt.Println("ready", pid)
	return serve(read(os.Stdin), signals)
}

// serve does the jobs that the lines describe, until the lines end or a signal asks it to stop.
func serve(lines <-chan string, signals <-chan os.Signal) (status int, err error) {
	job, stopping := "", false
	for job != "" || !stopping {
		select {
		case s := <-signals:
			if stopping && s == syscall.SIGINT {
				return 130, nil
			}
			if !stopping {
				fmt.Println("stopping")
				stopping = true
			}
		case line, ok := <-lines:
			name, begins := strings.CutPrefix(line, "job ")
			switch {
			case !ok && job != "":
				return 1, fmt.Errorf("the input ended in the midst of job %s", job)
			case !ok:
				return 0, nil
			case job == "" && begins:
				job = name
				fmt.Println("started", job)
			case job != "" && line == "end "+job:
				fmt.Println("done", job)
				job = ""
			}
		}
	}
	return 0, nil
}

// read passes lines on as they come, and closes the channel when there are no more. It is a
// goroutine of its own because a read cannot be one of the cases of a select.
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
