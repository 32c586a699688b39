// Meddler takes an open file at a Unix socket, and tries to change the file through it. Told to read
// later, it says that it has the file, and prints it when a line comes on its stdin.
//
// usage: meddler PATH [later]
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
)

func main() {
	fd, err := take(os.Args[1])
	if err != nil {
		fmt.Println("got no file:", err)
		os.Exit(1)
	}
	if len(os.Args) > 2 {
		fmt.Println("has the file")
		bufio.NewReader(os.Stdin).ReadString('\n')
		io.Copy(os.Stdout, os.NewFile(uintptr(fd), "the file"))
		return
	}
	if _, err := syscall.Write(fd, []byte("changed")); err != nil {
		fmt.Println("could not write into the file")
		return
	}
	fmt.Println("wrote into the file")
}

func take(path string) (int, error) {
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return 0, err
	}
	text, extra := make([]byte, 1024), make([]byte, 1024)
	for {
		n, extras, _, _, err := conn.ReadMsgUnix(text, extra)
		if err != nil || n == 0 {
			return 0, errors.Join(err, errors.New("the connection ended"))
		}
		messages, err := syscall.ParseSocketControlMessage(extra[:extras])
		if err != nil {
			return 0, err
		}
		if len(messages) > 0 {
			fds, err := syscall.ParseUnixRights(&messages[0])
			if err != nil {
				return 0, err
			}
			return fds[0], nil
		}
	}
}
