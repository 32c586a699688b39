// Sender sends each line of its standard input as a message over TCP, and waits for the receiver to
// say how many have come.
//
// usage: sender ADDR
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: sender ADDR")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "sender:", err)
		os.Exit(1)
	}
}

// run has succeeded when the receiver has counted as many messages as were sent. That the kernel
// took the bytes says nothing about their arrival.
func run(addr string) error {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	sent, err := sendLines(conn, os.Stdin)
	if err != nil {
		return err
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		return err
	}
	answer, err := readFrame(conn)
	if err != nil {
		return fmt.Errorf("no answer: %w", err)
	}
	want := fmt.Sprintf("got %d\n", sent)
	if string(answer) != want {
		return fmt.Errorf("sent %d, but the receiver says %q", sent, answer)
	}
	fmt.Print(want)
	return nil
}

// sendLines sends each line as soon as it has come, and counts them. The last one may lack its newline.
func sendLines(w io.Writer, r io.Reader) (sent int, err error) {
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 0 {
			if err := writeFrame(w, bytes.TrimSuffix(line, []byte("\n"))); err != nil {
				return sent, err
			}
			sent++
		}
		if err == io.EOF {
			return sent, nil
		}
		if err != nil {
			return sent, err
		}
	}
}

// maxMessage is the size in bytes of the largest message that a frame may hold.
const maxMessage = 1 << 20

// readFrame reads one message, and believes no length beyond the largest.
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
	_, err := io.ReadFull(r, message)
	return message, err
}

// writeFrame writes one message, in a single write.
func writeFrame(w io.Writer, message []byte) error {
	if len(message) > maxMessage {
		return fmt.Errorf("a line of %d bytes is too long, at most %d will do", len(message), maxMessage)
	}
	frame := binary.BigEndian.AppendUint32(nil, uint32(len(message)))
	_, err := w.Write(append(frame, message...))
	return err
}
