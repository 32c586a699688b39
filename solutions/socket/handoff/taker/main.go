// Taker receives an open file at a Unix socket, and prints it.
//
// usage: taker PATH
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"syscall"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: taker PATH")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "taker:", err)
		os.Exit(1)
	}
}

// run prints the file that comes. Its place to read on from is shared with everyone who holds the same
// open file, so it reads at places of its own (pread) and leaves the shared one alone.
func run(path string) error {
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return err
	}
	defer conn.Close()
	name, files, err := take(conn)
	if err != nil {
		return err
	}
	if len(files) != 1 {
		return fmt.Errorf("%d open files came, want 1", len(files))
	}
	if _, err := io.Copy(os.Stdout, io.NewSectionReader(files[0], 0, math.MaxInt64)); err != nil {
		return err
	}
	fmt.Println("--", name)
	return nil
}

// maxFiles is how many descriptors there is room for in one receive.
const maxFiles = 16

// take receives one line, and all open files that come along with its bytes. Every receive has room for
// them: what has none is closed by the kernel. The end of the program closes the files.
func take(conn *net.UnixConn) (name string, files []*os.File, err error) {
	var line []byte
	text, extra := make([]byte, 1024), make([]byte, syscall.CmsgSpace(4*maxFiles))
	for {
		n, extras, flags, _, err := conn.ReadMsgUnix(text, extra)
		if n == 0 || errors.Is(err, io.EOF) {
			return "", nil, errors.New("the giver went away in the middle")
		}
		if err != nil {
			return "", nil, err
		}
		if flags&syscall.MSG_CTRUNC != 0 {
			return "", nil, errors.New("more open files came than one")
		}
		more, err := parse(extra[:extras])
		if err != nil {
			return "", nil, err
		}
		files, line = append(files, more...), append(line, text[:n]...)
		if i := bytes.IndexByte(line, '\n'); i >= 0 {
			return string(line[:i]), files, nil
		}
	}
}

// parse finds the descriptors in what came beside the bytes.
func parse(extra []byte) (files []*os.File, err error) {
	messages, err := syscall.ParseSocketControlMessage(extra)
	if err != nil {
		return nil, err
	}
	for _, m := range messages {
		fds, err := syscall.ParseUnixRights(&m)
		if err != nil {
			return nil, err
		}
		for _, fd := range fds {
			files = append(files, os.NewFile(uintptr(fd), "passed"))
		}
	}
	return files, nil
}
