// Lender gives one open file to the first who comes to a Unix socket. The place to read on from is not
// the beginning, but PLACE. At each line of its input it says where that place is now.
//
// usage: lender PATH FILE PLACE
package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"syscall"
)

func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "lender:", err)
		os.Exit(1)
	}
}

func run(path, name, place string) error {
	at, err := strconv.ParseInt(place, 10, 64)
	if err != nil {
		return err
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Seek(at, io.SeekStart); err != nil {
		return err
	}
	if err := give(path, f); err != nil {
		return err
	}
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		at, err := f.Seek(0, io.SeekCurrent)
		if err != nil {
			return err
		}
		fmt.Println("the place is", at)
	}
	return nil
}

// give hands f to the first who comes.
func give(path string, f *os.File) error {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return err
	}
	defer l.Close()
	fmt.Println("listening on", path)
	conn, err := l.AcceptUnix()
	if err != nil {
		return err
	}
	defer conn.Close()
	_, _, err = conn.WriteMsgUnix([]byte("lent.txt\n"), syscall.UnixRights(int(f.Fd())), nil)
	return err
}
