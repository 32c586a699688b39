// Jobd is a job server. Clients bring it jobs over a Unix socket, workers behind pipes do them, signals tell it to read
// its settings again or to go, and a file keeps what it has promised.
//
// usage: jobd DIR
package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: jobd DIR")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "jobd:", err)
		os.Exit(1)
	}
}

// run serves until it has been drained.
func run(dir string) error {
	hangups, terms := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	signal.Notify(terms, syscall.SIGTERM)

	lock, err := own(dir)
	if err != nil {
		return err
	}
	defer lock.Close()
	s, err := load(dir)
	if err != nil {
		return err
	}
	defer os.Remove(s.temporary()) // of a save that has failed
	l, err := listen(dir)
	if err != nil {
		return err
	}
	defer l.Close()
	go s.accept(l)
	s.start()
	fmt.Println("ready", os.Getpid())
	for {
		select {
		case <-hangups: // first out of the channel, then read: a hangup that comes now is the next one
			s.reload()
		case <-terms:
			terms = nil
			l.Close() // removes the path
			s.drain()
			fmt.Println("draining")
		case <-s.drained:
			return nil
		}
	}
}

// own makes this process the only jobd of the folder. The lock ends with its holder, however that ends.
func own(dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: another jobd is at work here: %w", dir, err)
	}
	return f, nil
}

// listen makes the socket. Its owner has the folder, so what is there was left by one that was killed.
func listen(dir string) (net.Listener, error) {
	path := filepath.Join(dir, "jobd.sock")
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return net.Listen("unix", path)
}

// The states of a job.
const (
	waiting = "waiting"
	running = "running"
	done    = "done"
	failed  = "failed"
)

// job is what is remembered of a job. Its number is its place among the jobs, from 1 on.
type job struct {
	Text   []byte // no string: encoding/json would repair what is no valid text
	State  string
	Result []byte

	over chan struct{} // closed when it is done or failed, and that is saved
}

// server is what the goroutines share.
type server struct {
	dir string

	mu        sync.Mutex
	jobs      []*job
	workers   int // how many may run at once
	running   int // how many do
	answering int // requests that have come and have no answer yet
	draining  bool

	stopping chan struct{} // closed when the drain begins
	drained  chan struct{} // closed when all is done
}

// load reads the settings, and what a predecessor has left.
func load(dir string) (*server, error) {
	s := &server{dir: dir, stopping: make(chan struct{}), drained: make(chan struct{})}
	var err error
	if s.workers, err = settings(dir); err != nil {
		return nil, err
	}
	os.Remove(s.temporary())
	text, err := os.ReadFile(s.state())
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &s.jobs); err != nil {
		return nil, fmt.Errorf("%s: %w", s.state(), err)
	}
	for _, j := range s.jobs {
		j.over = make(chan struct{})
		switch j.State {
		case running: // its worker had another parent
			j.State = waiting
		case done, failed:
			close(j.over)
		}
	}
	return s, nil
}

// settings gives the number of workers from the settings in the folder.
func settings(dir string) (workers int, err error) {
	path := filepath.Join(dir, "settings")
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	number, ok := strings.CutPrefix(strings.TrimSuffix(string(text), "\n"), "workers ")
	workers, err = strconv.Atoi(number)
	if !ok || err != nil || workers < 1 {
		return 0, fmt.Errorf("%s: want a line workers N, N being 1 or more", path)
	}
	return workers, nil
}

// reload reads the settings again. Broken ones change nothing.
func (s *server) reload() {
	workers, err := settings(s.dir)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		fmt.Fprintln(os.Stderr, "jobd:", err)
	} else {
		s.workers = workers
	}
	s.begin()
	fmt.Println("workers", s.workers)
}

func (s *server) state() string     { return filepath.Join(s.dir, "state") }
func (s *server) temporary() string { return filepath.Join(s.dir, "state.tmp") }

// save replaces the file state in one step. The lock is held.
func (s *server) save() error {
	text, err := json.Marshal(s.jobs)
	if err != nil {
		return err
	}
	f, err := os.Create(s.temporary())
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err := cmp.Or(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), s.state())
}

func (s *server) start() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begin()
}

// begin begins as many waiting jobs as there is room for. The lock is held.
func (s *server) begin() {
	for _, j := range s.jobs {
		if s.draining || s.running >= s.workers {
			return
		}
		if j.State == waiting {
			j.State = running
			s.running++
			go s.do(j)
		}
	}
}

// do has a job done. What comes of it is saved before anybody hears of it. If it cannot be saved, jobd ends: its
// successor does the job again.
func (s *server) do(j *job) {
	result, err := work(j.Text)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running--
	j.State, j.Result = done, result
	if err != nil {
		fmt.Fprintln(os.Stderr, "jobd: a worker:", err)
		j.State = failed
	}
	if err := s.save(); err != nil {
		fmt.Fprintln(os.Stderr, "jobd:", err)
		os.Exit(1)
	}
	close(j.over)
	s.begin()
	s.leaveIfDone()
}

// work starts a worker for one job. Its answer is a whole line, or none. How it has ended is of no account.
func work(text []byte) (result []byte, err error) {
	worker := exec.Command("work")
	worker.Stdin = bytes.NewReader(slices.Concat(text, []byte("\n")))
	worker.Stderr = os.Stderr
	out, err := worker.Output() // reads through a pipe to its end, then waits for the child
	if exit := new(*exec.ExitError); err != nil && !errors.As(err, exit) {
		return nil, err
	}
	result, _, whole := bytes.Cut(out, []byte("\n"))
	if !whole {
		return nil, errors.New("it ended without a whole line")
	}
	return result, nil
}

// drain lets nothing new in and nothing new begin.
func (s *server) drain() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.draining = true
	close(s.stopping)
	s.leaveIfDone()
}

// leaveIfDone ends a drain when no job runs and nobody waits for an answer. The lock is held.
func (s *server) leaveIfDone() {
	if s.draining && s.running == 0 && s.answering == 0 {
		select {
		case <-s.drained:
		default:
			close(s.drained)
		}
	}
}

// accept gives each client a goroutine of its own.
func (s *server) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "jobd:", err)
			continue
		}
		go s.serve(conn)
	}
}

// maxRequest is how long a request may be, in bytes: a job of 1 MiB, and the word before it.
const maxRequest = 1<<20 + 64

// serve answers one request. What is cut off by the end of the input is none.
func (s *server) serve(conn net.Conn) {
	defer conn.Close()
	line, err := bufio.NewReader(io.LimitReader(conn, maxRequest)).ReadString('\n')
	if err != nil {
		return
	}
	s.count(+1)
	defer s.count(-1)
	fmt.Fprintln(conn, s.answer(strings.TrimSuffix(line, "\n"))) // a client that has gone hears nothing
}

// count counts the requests that have no answer yet.
func (s *server) count(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answering += n
	s.leaveIfDone()
}

// answer makes the line that answers a request.
func (s *server) answer(request string) string {
	verb, rest, _ := strings.Cut(request, " ")
	text, err := "", errors.New("unknown request: want add TEXT, status N or wait N")
	switch verb {
	case "add":
		text, err = s.add(rest)
	case "status":
		text, err = s.status(rest)
	case "wait":
		text, err = s.wait(rest)
	}
	if err != nil {
		return "error " + err.Error()
	}
	return "ok " + text
}

var errStopping = errors.New("the server is stopping")

// add accepts a job: from the answer on the client counts on it, so it is saved before.
func (s *server) add(text string) (number string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return "", errStopping
	}
	s.jobs = append(s.jobs, &job{Text: []byte(text), State: waiting, over: make(chan struct{})})
	if err := s.save(); err != nil {
		s.jobs = s.jobs[:len(s.jobs)-1]
		return "", err
	}
	s.begin()
	return strconv.Itoa(len(s.jobs)), nil
}

// find gives the job of a number, and its state at this moment.
func (s *server) find(number string) (j *job, state string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > len(s.jobs) {
		return nil, "", errors.New("there is no job of that number")
	}
	return s.jobs[n-1], s.jobs[n-1].State, nil
}

func (s *server) status(number string) (string, error) {
	_, state, err := s.find(number)
	return state, err
}

// wait gives the result of a job, when it is there. In a drain there is nothing to wait for if it has not begun.
func (s *server) wait(number string) (result string, err error) {
	j, _, err := s.find(number)
	if err != nil {
		return "", err
	}
	select {
	case <-j.over:
	case <-s.stopping:
		if _, state, _ := s.find(number); state == waiting {
			return "", errStopping
		}
		<-j.over
	}
	if j.State == failed {
		return "", errors.New("the job has failed")
	}
	return string(j.Result), nil
}
