// Server is a small web server: it gives the files of a folder to who asks for them.
//
// usage: server ADDR DIR
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: server ADDR DIR")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

// run serves until SIGTERM or SIGINT.
func run(addr, dir string) error {
	stopping, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()
	files, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer files.Close()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	defer l.Close()
	context.AfterFunc(stopping, func() { l.Close() }) // ends Accept
	fmt.Println("listening on", l.Addr())
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		go serve(conn.(*net.TCPConn), files)
	}
}

// serve answers the requests of one connection, one after another, until one of them is the last.
func serve(conn *net.TCPConn, files *os.Root) {
	defer conn.Close()
	in := bufio.NewReaderSize(conn, maxHead)
	for {
		req, err := readRequest(in)
		if errors.Is(err, errBadRequest) {
			refuse(conn, "400 Bad Request", "", true)
			break
		}
		if err != nil {
			return // it has gone, in good order or not
		}
		if err := answer(conn, req, files); err != nil {
			return
		}
		if req.last {
			break
		}
	}
	hangUp(conn, in)
}

// hangUp says that no more will come, and lets the other side finish before the connection is closed:
// what it has sent and nobody has read would turn the end into a reset, which may overtake the answer.
func hangUp(conn *net.TCPConn, in io.Reader) {
	conn.CloseWrite()
	io.CopyN(io.Discard, in, 1<<20)
}

// request is what its head says.
type request struct {
	method string
	path   string // decoded, and without the query
	last   bool   // the connection is to be closed after the answer
}

// maxHead is how long the head of a request may be, in bytes.
const maxHead = 16 << 10

// errBadRequest means that the other side speaks no HTTP that we know.
var errBadRequest = errors.New("bad request")

// readRequest reads the head of a request, up to its empty line.
func readRequest(in *bufio.Reader) (*request, error) {
	room := maxHead
	first, err := readLine(in, &room)
	if err != nil {
		return nil, err
	}
	req, err := parseFirst(first)
	if err != nil {
		return nil, err
	}
	for {
		line, err := readLine(in, &room)
		if err != nil || line == "" {
			return req, err
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, errBadRequest
		}
		req.header(strings.ToLower(name), strings.ToLower(strings.TrimSpace(value)))
	}
}

// readLine reads a line of a head in which there is room for so many bytes.
func readLine(in *bufio.Reader, room *int) (string, error) {
	line, err := in.ReadSlice('\n')
	*room -= len(line)
	if errors.Is(err, bufio.ErrBufferFull) || *room < 0 {
		return "", errBadRequest
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(line), "\n"), "\r"), err
}

// parseFirst takes a first line such as "GET /a%20b.txt?x=1 HTTP/1.1" apart.
func parseFirst(line string) (*request, error) {
	parts := strings.Split(line, " ")
	if len(parts) != 3 || !strings.HasPrefix(parts[1], "/") || !slices.Contains([]string{"HTTP/1.0", "HTTP/1.1"}, parts[2]) {
		return nil, errBadRequest
	}
	raw, _, _ := strings.Cut(parts[1], "?")
	path, err := url.PathUnescape(raw)
	if err != nil {
		return nil, errBadRequest
	}
	return &request{method: parts[0], path: path, last: parts[2] == "HTTP/1.0"}, nil
}

// header takes note of a line of the head that matters here. A body is never read: so the connection ends
// before it could be taken for the next request.
func (r *request) header(name, value string) {
	switch {
	case name == "connection" && value == "close",
		name == "content-length" && value != "0",
		name == "transfer-encoding":
		r.last = true
	}
}

// answer sends what was asked for, or why it cannot be had.
func answer(conn net.Conn, req *request, files *os.Root) error {
	if req.method != "GET" && req.method != "HEAD" {
		return refuse(conn, "405 Method Not Allowed", "Allow: GET, HEAD\r\n", req.last)
	}
	f, size, err := open(files, req.path)
	if err != nil {
		status := "404 Not Found"
		if req.method == "HEAD" {
			return writeHead(conn, status, "", int64(len(status)+1), req.last)
		}
		return refuse(conn, status, "", req.last)
	}
	defer f.Close()
	if err := writeHead(conn, "200 OK", "", size, req.last); err != nil || req.method == "HEAD" {
		return err
	}
	_, err = io.CopyN(conn, f, size) // no more than was promised, though the file may grow
	return err
}

// open opens a regular file below the root. The root sees to it that no "..", no link and no absolute
// path leads out of it. Without O_NONBLOCK, the open of a FIFO would wait for somebody to write.
func open(files *os.Root, path string) (*os.File, int64, error) {
	f, err := files.OpenFile(strings.TrimPrefix(path, "/"), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// refuse sends an answer that has nothing but its status to say.
func refuse(conn net.Conn, status, more string, last bool) error {
	if err := writeHead(conn, status, more, int64(len(status)+1), last); err != nil {
		return err
	}
	_, err := fmt.Fprintln(conn, status)
	return err
}

// writeHead sends the head of an answer.
func writeHead(conn net.Conn, status, more string, size int64, last bool) error {
	if last {
		more += "Connection: close\r\n"
	}
	_, err := fmt.Fprintf(conn, "HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n", status, size, more)
	return err
}
