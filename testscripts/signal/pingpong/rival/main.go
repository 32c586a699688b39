// Rival prints each signal that it gets, and taps whom it is told to: a line "tap PID" makes it send
// SIGUSR1 there. It ends at the end of its input.
package main

import (
	"bufio"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
)

var names = map[os.Signal]string{
	syscall.SIGHUP: "SIGHUP", syscall.SIGINT: "SIGINT", syscall.SIGTERM: "SIGTERM", syscall.SIGUSR1: "SIGUSR1",
	syscall.SIGUSR2: "SIGUSR2", syscall.SIGWINCH: "SIGWINCH", syscall.SIGCHLD: "SIGCHLD", syscall.SIGALRM: "SIGALRM",
}

func main() {
	signals := make(chan os.Signal, 16)
	for s := range names {
		signal.Notify(signals, s)
	}
	lines := make(chan string)
	go func() {
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			lines <- in.Text()
		}
		close(lines)
	}()
	fmt.Println("ready")
	for {
		select {
		case s := <-signals:
			fmt.Println("got", names[s])
		case line, ok := <-lines:
			if !ok {
				return
			}
			if err := tap(strings.TrimPrefix(line, "tap ")); err != nil {
				fmt.Fprintln(os.Stderr, "rival:", err)
				os.Exit(99)
			}
		}
	}
}

func tap(word string) error {
	pid, err := strconv.Atoi(word)
	if err != nil || pid < 2 {
		return fmt.Errorf("%q is nobody to tap", word)
	}
	return syscall.Kill(pid, syscall.SIGUSR1)
}
