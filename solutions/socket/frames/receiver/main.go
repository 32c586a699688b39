// Receiver prints the messages that senders send it over TCP, and tells each sender how many came.
//
// usage: receiver ADDR
package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: receiver ADDR")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "receiver:", err)
		os.Exit(1)
	}
}

// run serves until it is killed. What goes wrong with one sender ends that connection, and no more.
func run(addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	defer l.Close()
	fmt.Println("listening on", l.Addr())
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer conn.Close()
			if err := serve(conn); err != nil {
				fmt.Fprintf(os.Stderr, "receiver: %v: %v\n", conn.RemoteAddr(), err)
			}
		}()
	}
}

// serve prints the messages of one sender. At the end of its input it gets the answer.
func serve(conn net.Conn) error {
	in := bufio.NewReader(conn)
	for count := 0; ; count++ {
		message, err := readFrame(in)
		if err == io.EOF {
			return writeFrame(conn, fmt.Appendf(nil, "got %d\n", count))
		}
		if err != nil {
			return err
		}
		// One write, so that no other goroutine's line can come between.
		if _, err := os.Stdout.Write(append(message, '\n')); err != nil {
			return err
		}
	}
}

// maxMessage is the size in bytes of the largest message that a frame may hold.
const maxMessage = 1 << 20

// readFrame reads one message. The error is io.EOF only if the input ends before the first byte of a
// frame: that is the good end. The length is what a stranger says, so it is looked at before any
// memory is taken for it.
func readFrame(r io.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n > maxMessage {
		return nil, fmt.Errorf("a frame of %d bytes, at most %d will do", n, maxMessage)
	}
	message := make([]byte, n)
	if _, err := io.ReadFull(r, message); err != nil {
		if err == io.EOF { // nothing came, but after a length something has to
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return message, nil
}

// writeFrame writes one message, in a single write.
func writeFrame(w io.Writer, message []byte) error {
	frame := binary.BigEndian.AppendUint32(nil, uint32(len(message)))
	_, err := w.Write(append(frame, message...))
	return err
}
