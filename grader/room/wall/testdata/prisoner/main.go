// Command prisoner does what its arguments say, for the tests of the walls around it. Its
// parts files.go, locks.go, sockets.go and processes.go are the ways to talk past a wall that are tried.
package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

func main() {
	args := os.Args[2:]
	switch os.Args[1] {
	case "say":
		fmt.Println(strings.Join(args, " "))
	case "exit":
		code, _ := strconv.Atoi(args[0])
		os.Exit(code)
	case "pid":
		proc, err := os.Readlink("/proc/self")
		fmt.Println(os.Getpid(), proc, err)
	case "null":
		null, err := os.Create("/dev/null")
		if err == nil {
			_, err = null.Write([]byte("x"))
		}
		fmt.Println(err)
	case "dial":
		dial(args[0])
	case "orphan": // leaves a child behind that ends by itself
		child, err := os.StartProcess(program, []string{program, "say"}, &os.ProcAttr{})
		fmt.Println(child != nil, err)
	case "family":
		family(args)
	case "ways":
		list()
	case "talk":
		talk(args[0])
	}
}

// dial connects over TCP, and says what has come of it.
func dial(address string) {
	_, err := net.Dial("tcp", address)
	var e unix.Errno
	switch {
	case err == nil:
		fmt.Println("connected")
	case errors.As(err, &e):
		fmt.Println(e)
	default:
		fmt.Println(err)
	}
}
