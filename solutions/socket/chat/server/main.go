// Server is a chat: what one client says, all hear.
//
// usage: server ADDR
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: server ADDR")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

// run serves until SIGTERM or SIGINT.
func run(addr string) error {
	stopping, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	defer l.Close()
	context.AfterFunc(stopping, func() { l.Close() }) // ends Accept
	fmt.Println("listening on", l.Addr())
	c := chat{members: map[string]*member{}}
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		go c.serve(conn)
	}
}

// queueLines is how many lines wait for a member that does not read.
const queueLines = 128

// member is a client that is in. Only its writer writes to its connection, so nobody else ever waits
// for it.
type member struct {
	name  string
	conn  net.Conn
	queue chan string // what it has still to be sent
}

// offer puts a line into the queue. If there is no room left, the member is cut off: that ends the
// goroutine that reads from it, which tells the others.
func (m *member) offer(line string) {
	select {
	case m.queue <- line:
	default:
		m.conn.Close()
	}
}

// write sends what is in the queue until that is closed, and hangs up.
func (m *member) write() {
	defer m.conn.Close()
	for line := range m.queue {
		if _, err := io.WriteString(m.conn, line); err != nil {
			return
		}
	}
}

// chat is who is in, by name. A line goes into all queues under one lock, so all see the same order.
type chat struct {
	mu      sync.Mutex
	members map[string]*member
}

// serve has one client from its name to its end.
func (c *chat) serve(conn net.Conn) {
	in := bufio.NewReader(conn)
	name, err := readLine(in)
	name, whole := strings.CutSuffix(name, "\n")
	if err != nil || !whole {
		conn.Close()
		return
	}
	m := &member{name: name, conn: conn, queue: make(chan string, queueLines)}
	if !c.join(m) {
		fmt.Fprintf(conn, "* %s is taken\n", name)
		conn.Close()
		return
	}
	defer c.leave(m)
	go m.write()
	for {
		line, err := readLine(in)
		if err != nil {
			return // said all, or vanished, or will never end its line: gone it is
		}
		line = strings.TrimSuffix(line, "\n")
		if line == "/who" {
			m.offer(c.who())
			continue
		}
		c.say(name + ": " + line + "\n")
	}
}

// join lets a member in, if its name is free.
func (c *chat) join(m *member) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.members[m.name] != nil {
		return false
	}
	c.members[m.name] = m
	c.sayLocked("* " + m.name + " has joined\n")
	return true
}

// leave takes a member out. What is in its queue still goes to it.
func (c *chat) leave(m *member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.members, m.name)
	close(m.queue)
	c.sayLocked("* " + m.name + " has left\n")
}

func (c *chat) say(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sayLocked(line)
}

func (c *chat) sayLocked(line string) {
	for _, m := range c.members {
		m.offer(line)
	}
}

// who is the answer to /who.
func (c *chat) who() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return "* here: " + strings.Join(slices.Sorted(maps.Keys(c.members)), " ") + "\n"
}

// maxLine is how long a line may be, in bytes with its newline.
const maxLine = 1 << 20

// readLine reads a line with its newline, which the last one may lack.
func readLine(in *bufio.Reader) (string, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxLine:
			return "", bufio.ErrTooLong
		case err == bufio.ErrBufferFull:
			continue // there is more of it
		case err == nil, err == io.EOF && len(line) > 0:
			return string(line), nil
		}
		return "", err
	}
}
