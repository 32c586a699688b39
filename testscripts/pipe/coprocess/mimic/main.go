// Mimic stands in for calc: it reads questions from its standard input and answers each with WORD, on
// descriptor 3. What else it does, the first argument says:
//
//	say     nothing else
//	echo    its answers are the questions themselves; WORD is not used
//	long    its answers are 1 MiB long with their newline, WORD at both ends
//	chat    it prints a line on stdout and one on stderr before each answer
//	exit    it ends with status 7 instead of the third answer
//	die     it kills itself instead of the third answer
//	half    it writes its third answer without a newline, and ends with status 0
//	quit    it ends with status 0 instead of the third answer
//	once    it gives an answer of some 60,000 bytes, WORD at both ends, and ends with status 0
//	sour    it ends with status 7 when the questions end
//	where   it answers with what its two streams are, and WORD
//	leave   it starts a child that holds descriptor 3, its stdout and its stderr, and never ends
//
// usage: mimic MANNER WORD
package main

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == "left-behind" {
		r, w, _ := os.Pipe()
		r.Read(make([]byte, 1))
		w.Close()
	}
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: mimic MANNER WORD")
		os.Exit(2)
	}
	manner, word := os.Args[1], os.Args[2]
	answers := os.NewFile(3, "descriptor 3")
	if manner == "leave" {
		leave(answers)
	}
	in := bufio.NewReader(os.Stdin)
	for n := 1; ; n++ {
		question, err := in.ReadString('\n')
		if question == "" && err != nil {
			break
		}
		before(manner, n, word, answers)
		if manner == "where" {
			fmt.Fprint(answers, streams(answers), ", ")
		}
		if _, err := fmt.Fprintln(answers, answer(manner, question, word)); err != nil {
			fmt.Fprintln(os.Stderr, "mimic:", err)
			os.Exit(1)
		}
	}
	if manner == "sour" {
		os.Exit(7)
	}
}

// answer is what it says to a question.
func answer(manner, question, word string) string {
	switch manner {
	case "echo":
		return strings.TrimSuffix(question, "\n")
	case "long":
		return word + strings.Repeat(".", 1<<20-1-2*len(word)) + word
	}
	return word
}

// before is what it does before it gives its answer number n.
func before(manner string, n int, word string, answers *os.File) {
	if manner == "chat" {
		fmt.Println("thinking of", word)
		fmt.Fprintln(os.Stderr, "still thinking of", word)
	}
	if manner == "once" {
		fmt.Fprintln(answers, word+strings.Repeat(".", 60_000)+word)
		os.Exit(0)
	}
	if n < 3 {
		return
	}
	switch manner {
	case "exit":
		os.Exit(7)
	case "die":
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "half":
		fmt.Fprint(answers, word)
		os.Exit(0)
	case "quit":
		os.Exit(0)
	}
}

func leave(answers *os.File) {
	self, err := os.Executable()
	if err == nil {
		child := exec.Command(self, "left-behind")
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		child.ExtraFiles = []*os.File{answers}
		err = child.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mimic:", err)
		os.Exit(1)
	}
}

// streams says what questions and answers go through.
func streams(answers *os.File) string {
	q, errQ := os.Stdin.Stat()
	a, errA := answers.Stat()
	switch {
	case errQ != nil || errA != nil:
		return "nothing"
	case os.SameFile(q, a):
		return "one and the same for both"
	case q.Mode()&fs.ModeNamedPipe == 0 || a.Mode()&fs.ModeNamedPipe == 0:
		return fmt.Sprintf("no two pipes: %v and %v", q.Mode().Type(), a.Mode().Type())
	}
	return "two pipes"
}
