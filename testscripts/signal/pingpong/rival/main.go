// Rival prints each signal that it gets, and taps whom it is told to: a line "tap PID" makes it send
// SIGUSR1 there. At a line "far" it prints "far N", N being a number that is no pid, but whose lower 32
// bits are those of its own process group. It ends at the end of its input.
//
// With the argument kin it starts another one in its own process group, which prints "kin got ..." on
// the same stdout.
//
// usage: rival [kin]
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
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
	says := ""
	if len(os.Args) == 2 && os.Args[1] == "kin's" {
		says = "kin "
	}
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
	if len(os.Args) == 2 && os.Args[1] == "kin" {
		if err := bring(); err != nil {
			fmt.Fprintln(os.Stderr, "rival:", err)
			os.Exit(99)
		}
	}
	fmt.Print(says, "ready\n")
	for {
		select {
		case s := <-signals:
			fmt.Printf("%sgot %s\n", says, names[s])
		case line, ok := <-lines:
			if !ok {
				return
			}
			if line == "far" {
				fmt.Println("far", 1<<32-int64(syscall.Getpgrp()))
				continue
			}
			if err := tap(strings.TrimPrefix(line, "tap ")); err != nil {
				fmt.Fprintln(os.Stderr, "rival:", err)
				os.Exit(99)
			}
		}
	}
}

// bring starts the other one, and returns when it is ready. It ends when this process does, since its
// input ends then.
func bring() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	kin := exec.Command(self, "kin's")
	kin.Stderr = os.Stderr
	if _, err := kin.StdinPipe(); err != nil {
		return err
	}
	said, err := kin.StdoutPipe()
	if err != nil {
		return err
	}
	if err := kin.Start(); err != nil {
		return err
	}
	out := bufio.NewReader(said)
	if _, err := out.ReadString('\n'); err != nil {
		return err
	}
	go io.Copy(os.Stdout, out)
	return nil
}

func tap(word string) error {
	pid, err := strconv.Atoi(word)
	if err != nil || pid < 2 {
		return fmt.Errorf("%q is nobody to tap", word)
	}
	return syscall.Kill(pid, syscall.SIGUSR1)
}
