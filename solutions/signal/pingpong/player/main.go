// Player taps another player with SIGUSR1 and is tapped by it, in turn.
//
// usage: player NAME ROUNDS
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
)

func main() {
	rounds := 0
	if len(os.Args) == 3 {
		rounds, _ = strconv.Atoi(os.Args[2])
	}
	if rounds < 1 {
		fmt.Fprintln(os.Stderr, "usage: player NAME ROUNDS")
		os.Exit(2)
	}
	if err := play(os.Args[1], rounds); err != nil {
		fmt.Fprintln(os.Stderr, "player:", err)
		os.Exit(1)
	}
}

// play is a whole game.
func play(name string, rounds int) error {
	// Before anybody can learn the pid. One tap at the most is on its way: the next one is the answer to
	// ours. So there is room for all that can come while nobody receives.
	taps := make(chan os.Signal, 1)
	signal.Notify(taps, syscall.SIGUSR1)
	fmt.Println("ready", os.Getpid())

	serves, other, err := learn(os.Stdin)
	if err != nil {
		return err
	}
	if serves {
		if err := tap(other); err != nil {
			return err
		}
	}
	for round := 1; round <= rounds; round++ {
		<-taps
		fmt.Println(name, round)
		if serves && round == rounds {
			break // the other one has had all of its taps
		}
		if err := tap(other); err != nil {
			return err
		}
	}
	return nil
}

// learn reads the line that tells who the other one is, and whether this player serves.
func learn(r io.Reader) (serves bool, other int, err error) {
	line, err := bufio.NewReader(r).ReadString('\n')
	if line == "" {
		return false, 0, fmt.Errorf("nobody said who the other player is: %w", err)
	}
	verb, word, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
	if verb != "serve" && verb != "return" {
		return false, 0, fmt.Errorf("%q is neither serve PID nor return PID", line)
	}
	pid, err := strconv.ParseInt(word, 10, 32) // kill takes 32 bits: a greater number would be cut to another pid
	if err != nil || pid < 1 {                 // 0 would be our own group, and what is below it the groups of others
		return false, 0, fmt.Errorf("%q is not the pid of a process", word)
	}
	return verb == "serve", int(pid), nil
}

func tap(pid int) error {
	if err := syscall.Kill(pid, syscall.SIGUSR1); err != nil {
		return fmt.Errorf("the other player, pid %d: %w", pid, err)
	}
	return nil
}
