// Boss asks a child what it is asked, through one pipe, and hears the answers through another.
//
// usage: boss CALC [ARG...]
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: boss CALC [ARG...]")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "boss:", err)
		os.Exit(1)
	}
}

// run passes the lines of stdin to the program name as questions, and prints its answers.
func run(name string, args []string) error {
	c, err := hire(name, args)
	if err != nil {
		return err
	}
	n, askErr := c.askAll(os.Stdin)
	if err := c.dismiss(); err != nil { // that it crashed is the reason why it does not answer
		return fmt.Errorf("%s ended after %d answers: %w", name, n, err)
	}
	if askErr != nil {
		return askErr
	}
	_, err = fmt.Println(n, "answers")
	return err
}

// child is a running program that answers questions.
type child struct {
	cmd       *exec.Cmd
	questions io.WriteCloser
	answers   *bufio.Reader
	pipe      io.Closer // under answers
}

// hire starts a child. Its copy of the end that answers are written to is the only one: if it ends, the
// answers end.
func hire(name string, args []string) (*child, error) {
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr // what it prints for people is no answer
	questions, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer w.Close()
	cmd.ExtraFiles = []*os.File{w} // descriptor 3, since 0, 1 and 2 are taken
	if err := cmd.Start(); err != nil {
		r.Close()
		return nil, err
	}
	return &child{cmd, questions, bufio.NewReader(r), r}, nil
}

// askAll asks line by line, and gives the number of answers. Before it asks the next, it has heard the
// answer: so never do both wait to write.
func (c *child) askAll(lines io.Reader) (n int, err error) {
	in := bufio.NewReader(lines)
	for {
		line, err := in.ReadString('\n')
		if line != "" {
			question := strings.TrimSuffix(line, "\n")
			answer, err := c.ask(question)
			if err != nil {
				return n, err
			}
			if _, err := fmt.Printf("%s = %s\n", question, answer); err != nil {
				return n, err
			}
			n++
		}
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

// ask asks one question. An answer without a newline is none: the child ended in the midst of it.
func (c *child) ask(question string) (answer string, err error) {
	if _, err := io.WriteString(c.questions, question+"\n"); err != nil {
		return "", fmt.Errorf("no question can be asked: %w", err)
	}
	answer, err = c.answers.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("no answer to %.40q: %w", question, err)
	}
	return strings.TrimSuffix(answer, "\n"), nil
}

// dismiss ends the child, by the end of its questions, and waits for it. The error tells how it ended
// if that was not well.
func (c *child) dismiss() error {
	c.questions.Close()
	defer c.pipe.Close()
	return c.cmd.Wait()
}
