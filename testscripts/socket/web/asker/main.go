// Asker asks a web server.
//
//	asker raw ADDR [METHOD...]
//
// sends its input as it is, and prints each answer: its status and what it says of its body, and the body
// itself if there is a file in it. It ends when its input has ended and the server has closed the connection. The METHODs are those of the requests in its input, so that it knows
// which answers have no body; the rest is GET.
//
//	asker get ADDR PATH...
//
// gets the paths with Go's own client, one after another and then all at once.
//
//	asker crowd ADDR N
//
// dials N times, begins a request on each connection, and says so. It keeps them until its input ends.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

func main() {
	var err error
	switch {
	case len(os.Args) >= 3 && os.Args[1] == "raw":
		err = raw(os.Args[2], os.Args[3:])
	case len(os.Args) >= 3 && os.Args[1] == "get":
		err = get("http://"+os.Args[2], os.Args[3:])
	case len(os.Args) == 4 && os.Args[1] == "crowd":
		err = crowd(os.Args[2], os.Args[3])
	default:
		err = errors.New("usage: asker raw ADDR [METHOD...], asker get ADDR PATH..., asker crowd ADDR N")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "asker:", err)
		os.Exit(1)
	}
}

// crowd keeps connections that have begun a request.
func crowd(addr, number string) error {
	n, err := strconv.Atoi(number)
	if err != nil {
		return err
	}
	for range n {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			return err
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, "GET /a.txt HT"); err != nil {
			return err
		}
	}
	fmt.Println(n, "stop inside their requests")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// raw copies stdin to the server, and prints its answers until there are no more.
func raw(addr string, methods []string) error {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	ended := make(chan bool)
	go func() {
		defer close(ended)
		if _, err := io.Copy(struct{ io.Writer }{conn}, os.Stdin); err == nil {
			conn.(*net.TCPConn).CloseWrite()
		}
		io.Copy(io.Discard, os.Stdin)
	}()
	defer func() { <-ended }()
	in := bufio.NewReader(conn)
	for n := 0; ; n++ {
		method := "GET"
		if n < len(methods) {
			method = methods[n]
		}
		if err := answer(in, method); err != nil {
			fmt.Println(err)
			return nil
		}
	}
}

var errClosed = errors.New("closed")

// answer reads the answer to one request, and prints it.
func answer(in *bufio.Reader, method string) error {
	head, err := readHead(in)
	if err != nil {
		return err
	}
	r := bufio.NewReader(io.MultiReader(strings.NewReader(head), in))
	resp, err := http.ReadResponse(r, &http.Request{Method: method})
	if err != nil {
		return fmt.Errorf("no answer in HTTP: %w", err)
	}
	if r.Buffered() > 0 { // the buffer may have taken the beginning of the body
		rest, _ := r.Peek(r.Buffered())
		rest = bytes.Clone(rest)
		resp.Body.Close()
		return printed(resp, method, io.MultiReader(bytes.NewReader(rest), in))
	}
	return printed(resp, method, in)
}

// readHead reads up to an empty line, and looks at the ends of the lines.
func readHead(in *bufio.Reader) (string, error) {
	var head strings.Builder
	for {
		line, err := in.ReadString('\n')
		switch {
		case line == "" && head.Len() == 0 && (err == io.EOF || errors.Is(err, syscall.ECONNRESET)):
			return "", errClosed
		case err != nil:
			return "", fmt.Errorf("closed inside the head of an answer, after %q", line)
		case !strings.HasSuffix(line, "\r\n"):
			return "", fmt.Errorf("a line of the head does not end in \\r\\n: %q", line)
		}
		head.WriteString(line)
		if line == "\r\n" {
			return head.String(), nil
		}
	}
}

// printed tells of an answer, and passes its body on if that is a file.
func printed(resp *http.Response, method string, body io.Reader) error {
	text := fmt.Sprint(resp.StatusCode)
	if resp.Close && resp.ProtoAtLeast(1, 1) {
		text += " and close"
	}
	if allow := resp.Header.Get("Allow"); allow != "" {
		text += ", allows " + allow
	}
	size := resp.ContentLength
	if len(resp.TransferEncoding) > 0 || resp.Header.Get("Content-Length") == "" {
		fmt.Println(text + ", no Content-Length")
		return errors.New("the end of the answer is unknown")
	}
	if resp.StatusCode == http.StatusOK {
		text += fmt.Sprintf(", %d bytes", size)
	}
	if method == "HEAD" {
		fmt.Println(text + ", no body")
		return nil
	}
	fmt.Println(text)
	to := io.Discard
	if resp.StatusCode == http.StatusOK {
		to = os.Stdout
	}
	if n, err := io.CopyN(to, body, size); err != nil {
		return fmt.Errorf("closed inside a body, after %d bytes of %d", n, size)
	}
	return nil
}

// get asks with the client of net/http.
func get(base string, paths []string) error {
	first := make([]string, len(paths))
	for i, path := range paths {
		status, body, err := fetch(base + path)
		if err != nil {
			return err
		}
		fmt.Printf("%s: %d\n", path, status)
		if status == http.StatusOK {
			fmt.Print(body)
		}
		first[i] = fmt.Sprint(status, body)
	}
	var wg sync.WaitGroup
	for i, path := range paths {
		for range 4 {
			wg.Go(func() {
				if status, body, err := fetch(base + path); err != nil || fmt.Sprint(status, body) != first[i] {
					fmt.Printf("%s: another answer than before: %d %.60q %v\n", path, status, body, err)
				}
			})
		}
	}
	wg.Wait()
	fmt.Println("done")
	return nil
}

func fetch(url string) (int, string, error) {
	resp, err := http.Get(url)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}
