// Collector prints the readings that sensors send it over UDP, and tells what is missing, what came
// twice, and what is no reading.
//
// usage: collector ADDR
package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"strconv"
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

// maxDatagram is the size in bytes of the largest datagram that is taken.
const maxDatagram = 512

// run collects until it is killed. The buffer has room for one byte too many: what goes beyond it the
// kernel throws away, so this byte is all that tells of a datagram that is too long.
func run(addr string) error {
	conn, err := net.ListenPacket("udp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	fmt.Println("listening on", conn.LocalAddr())
	sensors := map[string]*sensor{}
	datagram := make([]byte, maxDatagram+1)
	for {
		n, _, err := conn.ReadFrom(datagram)
		if err != nil {
			return err
		}
		if n > maxDatagram {
			fmt.Println("oversized")
			continue
		}
		r, ok := parse(datagram[:n])
		if !ok {
			fmt.Println("malformed")
			continue
		}
		s := sensors[r.name]
		if s == nil {
			s = &sensor{seen: map[uint32]bool{}}
			sensors[r.name] = s
		}
		s.take(r)
	}
}

// reading is what a datagram holds: NAME SEQ VALUE.
type reading struct {
	name  string
	seq   uint32 // from 1
	value string
}

// parse takes a datagram apart. Anybody may send anything: it is a reading only if all of it is as it
// should be.
func parse(datagram []byte) (reading, bool) {
	words := bytes.Split(datagram, []byte(" "))
	if len(words) != 3 || !isWord(words[0]) || !isWord(words[2]) {
		return reading{}, false
	}
	seq, err := strconv.ParseUint(string(words[1]), 10, 32)
	if err != nil || seq == 0 {
		return reading{}, false
	}
	return reading{string(words[0]), uint32(seq), string(words[2])}, true
}

// isWord tells whether b is one or more of the printable characters of ASCII without the blank.
func isWord(b []byte) bool {
	for _, c := range b {
		if c < '!' || c > '~' {
			return false
		}
	}
	return len(b) > 0
}

// sensor is what is known of one sensor. A set of the numbers seen grows with what has come; one of the
// numbers missing would grow with what somebody claims.
type sensor struct {
	seen map[uint32]bool
	last uint32 // the greatest number seen
}

// take prints a reading, and what its number tells.
func (s *sensor) take(r reading) {
	if s.seen[r.seq] {
		fmt.Println(r.name, "duplicate", r.seq)
		return
	}
	s.seen[r.seq] = true
	if r.seq > s.last {
		if r.seq-s.last > 1 {
			fmt.Printf("%s missing %d-%d\n", r.name, s.last+1, r.seq-1)
		}
		s.last = r.seq
	}
	fmt.Println(r.name, r.seq, r.value)
}
