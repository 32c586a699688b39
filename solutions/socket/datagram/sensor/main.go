// Sensor sends each line of its standard input as a reading over UDP.
//
// usage: sensor ADDR NAME
package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: sensor ADDR NAME")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "sensor:", err)
		os.Exit(1)
	}
}

// run sends until stdin ends.
func run(addr, name string) error {
	conn, err := net.Dial("udp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	in := bufio.NewReader(os.Stdin)
	for seq := 1; ; {
		line, err := in.ReadString('\n')
		if line != "" && send(conn, name, seq, strings.TrimSuffix(line, "\n")) {
			seq++
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// maxDatagram is the size in bytes of the largest datagram that the collector takes.
const maxDatagram = 512

// send sends one reading, and tells whether its number is used up. An error of the write is no reason
// to stop: most often it is the news that nobody listened for the datagram before this one, and
// somebody may listen soon. The number is used up all the same, so the collector sees what it has missed.
func send(conn net.Conn, name string, seq int, value string) bool {
	datagram := fmt.Sprintf("%s %d %s", name, seq, value)
	if !isWord(value) || len(datagram) > maxDatagram {
		fmt.Fprintf(os.Stderr, "sensor: a line of %d bytes is no value: not sent\n", len(value))
		return false
	}
	if _, err := io.WriteString(conn, datagram); err != nil {
		fmt.Fprintln(os.Stderr, "sensor:", err)
	}
	return true
}

// isWord tells whether s is one or more of the printable characters of ASCII without the blank.
func isWord(s string) bool {
	for i := range len(s) {
		if s[i] < '!' || s[i] > '~' {
			return false
		}
	}
	return s != ""
}
