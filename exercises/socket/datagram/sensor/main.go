// Sensor sends each line of its standard input as a reading over UDP.
//
// usage: sensor ADDR NAME
package main

import (
	"errors"
	"fmt"
	"net"
	"os"
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

	// TODO 1: for each line of stdin, as soon as it has come: is it a value that may be sent? If it is
	// not, say so, and go on with the next.

	// TODO 2: send NAME SEQ VALUE in one datagram. How many writes make one datagram? Does it need
	// anything behind the value?

	// TODO 3: the write fails. Which datagram does the error speak of? Is it a reason to give up?

	return errors.New("not written yet: see the TODOs in sensor/main.go")
}
