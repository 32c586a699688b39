// Collector prints the readings that sensors send it over UDP, and tells what is missing, what came
// twice, and what is no reading.
//
// usage: collector ADDR
package main

import (
	"errors"
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: collector ADDR")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "collector:", err)
		os.Exit(1)
	}
}

// run collects until it is killed.
func run(addr string) error {
	// TODO 1: open a socket for datagrams at addr, and say "listening on" with the address that it
	// has become.

	// TODO 2: take one datagram after another. How large must your buffer be, if you are to see that one
	// is larger than 512 bytes? And what is a datagram of 0 bytes: an end?

	return errors.New("not written yet: see the TODOs in collector/main.go")
}

// reading is what a datagram holds: NAME SEQ VALUE.
type reading struct {
	name  string
	seq   uint32 // from 1
	value string
}

// parse takes a datagram apart, and tells whether it is a reading.
func parse(datagram []byte) (reading, bool) {
	// TODO 3: anybody may send anything. What do you have to look at, beside the number?

	return reading{}, false
}

// take prints a reading, and what its number tells.
func take(r reading) {
	// TODO 4: what do you have to remember of each sensor to know what is missing, what comes late, and
	// what comes twice? How much memory does that take if a stranger says number 1, and then
	// number 4294967295?
}
