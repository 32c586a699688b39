// Jobctl asks the job server of a folder for something, and prints its answer.
//
// usage: jobctl DIR add TEXT | status N | wait N
package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	if len(os.Args) != 4 || !slices.Contains([]string{"add", "status", "wait"}, os.Args[2]) {
		fmt.Fprintln(os.Stderr, "usage: jobctl DIR add TEXT | status N | wait N")
		os.Exit(2)
	}
	text, err := ask(os.Args[1], os.Args[2]+" "+os.Args[3])
	if err != nil {
		fmt.Fprintln(os.Stderr, "jobctl:", err)
		os.Exit(1)
	}
	fmt.Println(text)
}

// ask sends one request and gives the text of its answer. An answer without its newline is none: the server may have
// ended in the midst of it.
func ask(dir, request string) (text string, err error) {
	if strings.Contains(request, "\n") {
		return "", errors.New("a request is one line")
	}
	conn, err := net.Dial("unix", filepath.Join(dir, "jobd.sock"))
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if _, err := fmt.Fprintln(conn, request); err != nil {
		return "", err
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("the server has not answered: %w", err)
	}
	kind, text, _ := strings.Cut(strings.TrimSuffix(answer, "\n"), " ")
	switch kind {
	case "ok":
		return text, nil
	case "error":
		return "", errors.New(text)
	}
	return "", fmt.Errorf("the server answers %q: want ok or error", answer)
}
