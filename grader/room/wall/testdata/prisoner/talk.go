package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// way is a way to talk from one process to another, or a part of one.
//
// A way with send and look is tried whole: the sender sends numbers, the receiver says which it got. A
// way with does alone is open if the sender's attempt succeeds; one with sees alone, if the receiver can
// tell the sender's process from one that is not there.
type way struct {
	name string
	wide bool // carries a number of 16 bits at a turn; else one bit
	open func(*side) error
	send func(*side, uint64) error
	look func(*side) (uint64, error)
	does func(*side) error
	sees func(pid int) (any, error)
}

func (w way) kind() string {
	switch {
	case w.does != nil:
		return "does"
	case w.sees != nil:
		return "sees"
	case w.wide:
		return "wide"
	}
	return "bits"
}

// side is one of the two processes.
type side struct {
	way    way
	sender bool
	peer   int // the other's pid
	fd     int // for the way to use
	last   int64
}

// path is a name in the shared folder that belongs to the way.
func (s *side) path() string { return room(strings.ReplaceAll(s.way.name, " ", "-")) }

var ways []way

const program = "/bin/prisoner"

func room(name string) string { return filepath.Join("/room", name) }

// confined says whether this is a room. What is tried here would do harm to a machine.
func confined() bool {
	dir, _ := os.Getwd()
	name, _ := os.Hostname()
	_, err := os.Stat("/usr/bin/env")
	return dir == "/room" && name == "room" && os.Args[0] == program && os.Getuid() == 1000 && err != nil
}

func list() {
	slices.SortFunc(ways, func(a, b way) int { return strings.Compare(a.name, b.name) })
	for _, w := range ways {
		fmt.Printf("%s\t%s\n", w.kind(), w.name)
	}
}

// talk does, for one way, what its lines of input say, and answers each with a line: "ok", "got NUMBER",
// or "no: " and why.
func talk(name string) {
	if !confined() {
		fmt.Fprintln(os.Stderr, "prisoner: this is no room")
		os.Exit(2)
	}
	s := &side{fd: -1}
	for _, w := range ways {
		if w.name == name {
			s.way = w
		}
	}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		word, arg, _ := strings.Cut(in.Text(), " ")
		n, _ := strconv.ParseUint(arg, 10, 64)
		fmt.Println(s.turn(word, n))
	}
}

func (s *side) turn(word string, n uint64) string {
	var err error
	switch word {
	case "pid":
		return fmt.Sprint("got ", os.Getpid())
	case "send-to", "hear-from":
		s.peer, s.sender = int(n), word == "send-to"
		s.disown()
		if s.way.open != nil {
			err = s.way.open(s)
		}
	case "send":
		err = s.way.send(s, n)
	case "do":
		s.disown()
		err = s.way.does(s)
	case "see":
		err = s.see()
	case "look":
		var got uint64
		longest = int(n)
		if got, err = s.way.look(s); err == nil {
			return fmt.Sprint("got ", got)
		}
	}
	if err != nil {
		return fmt.Sprint("no: ", err)
	}
	return "ok"
}

// nobody is a pid above all that a small machine gives away in a new namespace.
const nobody = 3_999_999

// disown forgets the other's pid if here, in another pid namespace, it means this process or a thread of it.
func (s *side) disown() {
	if _, err := os.Stat(fmt.Sprint("/proc/self/task/", s.peer)); err == nil || s.peer == os.Getpid() {
		s.peer = nobody - 1
	}
}

func (s *side) see() error {
	s.disown()
	there, err1 := s.way.sees(s.peer)
	absent, err2 := s.way.sees(nobody)
	if fmt.Sprint(there, err1) == fmt.Sprint(absent, err2) {
		return errors.Join(errors.New("both look alike"), err1)
	}
	return nil
}

// changed turns a number that changes, or does not, into a bit.
func (s *side) changed(now int64) uint64 {
	before := s.last
	s.last = now
	if now != before {
		return 1
	}
	return 0
}
