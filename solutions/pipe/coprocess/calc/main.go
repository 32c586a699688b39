// Calc answers questions such as "6 * 7": it reads them from its standard input, and writes the answers
// to its descriptor 3.
//
// usage: calc, started by boss
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

func main() {
	if err := run(os.Stdin, os.NewFile(3, "the answers")); err != nil {
		fmt.Fprintln(os.Stderr, "calc:", err)
		os.Exit(1)
	}
}

// run answers until the questions end. Each answer is a write of its own: somebody waits for it.
func run(questions io.Reader, answers io.Writer) error {
	in := bufio.NewReader(questions)
	for {
		line, err := in.ReadString('\n')
		if line != "" {
			if _, err := fmt.Fprintln(answers, answer(strings.TrimSuffix(line, "\n"))); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// answer works a question out.
func answer(question string) string {
	words := strings.Split(question, " ")
	if len(words) != 3 {
		return "error"
	}
	a, errA := strconv.ParseInt(words[0], 10, 64)
	b, errB := strconv.ParseInt(words[2], 10, 64)
	if errA != nil || errB != nil {
		return "error"
	}
	switch words[1] {
	case "+":
		return strconv.FormatInt(a+b, 10)
	case "-":
		return strconv.FormatInt(a-b, 10)
	case "*":
		return strconv.FormatInt(a*b, 10)
	case "/":
		if b != 0 {
			return strconv.FormatInt(a/b, 10)
		}
	}
	return "error"
}
