package room

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The programs that the tests start are this test binary itself, with "play PART ARGS..." as its
// arguments.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "play" {
		parts()[os.Args[2]](os.Args[3:])
		leave(0)
	}
	os.Exit(m.Run())
}

// leave ends a part without the second that the race detector takes for it.
func leave(status int) { syscall.Exit(status) }

func must[T any](v T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, "part:", err)
		leave(99)
	}
	return v
}

// stay keeps a part alive and blocked, without the runtime taking it for a deadlock.
func stay() {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR2)
	<-c
}

// self makes a command of another part.
func self(part string, args ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", append([]string{"play", part}, args...)...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd
}

// born are the limits at the time when this program's own code began to run.
var born = func() (l [2]unix.Rlimit) {
	unix.Getrlimit(unix.RLIMIT_NOFILE, &l[0])
	unix.Getrlimit(unix.RLIMIT_FSIZE, &l[1])
	return l
}()

func parts() map[string]func(args []string) {
	return map[string]func([]string){
		"say":    func(args []string) { fmt.Print(strings.Join(args, " ")) },
		"exit":   func(args []string) { leave(must(strconv.Atoi(args[0]))) },
		"killed": killedPart,
		"stay":   func([]string) { fmt.Println("ready"); stay() },
		"echo":   func([]string) { io.Copy(os.Stdout, os.Stdin) },
		"die":    func(args []string) { syscall.Kill(os.Getpid(), unix.SignalNum(args[0])); stay() },
		"born":   func([]string) { fmt.Println(born[0].Cur, born[0].Max, born[1].Cur, born[1].Max) },
		"count":  func([]string) { n := must(io.Copy(io.Discard, os.Stdin)); fmt.Println(n) },
		"flood": func(args []string) {
			os.Stdout.WriteString(strings.Repeat("x", must(strconv.Atoi(args[0]))))
			leave(3)
		},
		// Its child holds stdout, and floods it or stays.
		"parent": func(args []string) {
			must(0, self(args[0], args[1:]...).Start())
			fmt.Print("last words")
			leave(4)
		},
		"flood-forever": func([]string) {
			for b := make([]byte, 1<<16); ; {
				must(os.Stdout.Write(b))
			}
		},

		// Waits.
		"wait-stdin": func([]string) { fmt.Println("ready"); os.Stdin.Read(make([]byte, 1)) },
		"wait-pipe": func([]string) {
			r, w, err := os.Pipe()
			must(0, err)
			fmt.Println("ready")
			r.Read(make([]byte, 1))
			w.Close()
		},
		"wait-fifo": func([]string) {
			must(0, syscall.Mkfifo("fifo", 0o600))
			fmt.Println("ready")
			os.Open("fifo")
		},
		"wait-channel": func([]string) {
			go os.Stdin.Read(make([]byte, 1))
			fmt.Println("ready")
			<-make(chan int)
		},
		"wait-mutex": func([]string) {
			go os.Stdin.Read(make([]byte, 1))
			var mu sync.Mutex
			mu.Lock()
			fmt.Println("ready")
			mu.Lock()
		},
		"wait-accept": func([]string) {
			l := must(net.Listen("unix", "socket"))
			fmt.Println("ready")
			l.Accept()
		},
		"wait-tcp": func([]string) {
			l := must(net.Listen("tcp", "127.0.0.1:0"))
			fmt.Println("ready")
			l.Accept()
		},
		"wait-child": func([]string) {
			r, w, err := os.Pipe()
			must(0, err)
			cmd := self("wait-stdin")
			cmd.Stdin = r
			cmd.Run()
			w.Close()
		},
		"wait-flock": func([]string) {
			a, b := must(os.Create("lock")), must(os.Open("lock"))
			must(0, syscall.Flock(int(a.Fd()), syscall.LOCK_EX))
			fmt.Println("ready")
			syscall.Flock(int(b.Fd()), syscall.LOCK_EX)
		},
		"wait-select": func([]string) {
			go os.Stdin.Read(make([]byte, 1))
			fmt.Println("ready")
			select {}
		},

		// Programs that go on by themselves.
		"sleeper": func([]string) { fmt.Println("ready"); <-time.After(400 * time.Millisecond); fmt.Println("done") },
		"ticker": func([]string) {
			fmt.Println("ready")
			t := time.NewTicker(30 * time.Millisecond)
			for range 12 {
				<-t.C
			}
			fmt.Println("done")
		},
		"computer": func([]string) {
			fmt.Println("ready")
			sum := sha256.Sum256(nil)
			for range 1_000_000 {
				sum = sha256.Sum256(sum[:])
			}
			fmt.Println("done", sum == [32]byte{})
		},
		"chatter": func([]string) {
			for t := time.NewTicker(3 * time.Millisecond); ; <-t.C {
				fmt.Println("la")
			}
		},
		"tcp-chatter": func([]string) { tcpChatter() },
		"orphan-sleeper": func([]string) { // the child, without an environment, speaks after the parent's end
			cmd := self("sleeper")
			cmd.Env = []string{}
			must(0, cmd.Start())
		},
		"ring": func(args []string) { ring(must(strconv.Atoi(args[0]))) },
		"pass": func([]string) { io.Copy(os.Stdout, os.Stdin) },
		"slow-reader": func([]string) {
			for b := make([]byte, 8<<10); ; <-time.After(2 * time.Millisecond) {
				if _, err := os.Stdin.Read(b); err != nil {
					return
				}
			}
		},

		// Programs that do not want to end.
		"daemon": func(args []string) {
			cmd := self("daemon2")
			cmd.SysProcAttr, cmd.Env = &syscall.SysProcAttr{Setsid: true}, []string{}
			must(0, cmd.Run())
		},
		"daemon2": func([]string) {
			cmd := self("daemon3")
			cmd.SysProcAttr, cmd.Env = &syscall.SysProcAttr{Setsid: true}, []string{}
			must(0, cmd.Start())
		},
		"daemon3": func([]string) {
			signal.Ignore(syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT)
			fmt.Println("daemon", os.Getpid())
			stay()
		},
		"stubborn": func([]string) { // refuses all signals that can be refused
			c := make(chan os.Signal, 99)
			signal.Notify(c)
			fmt.Println("ready")
			for range c {
			}
		},

		// Input.
		"closes-stdin": func([]string) { os.Stdin.Close(); fmt.Println("closed"); stay() },
		"reads-late": func([]string) {
			c := make(chan os.Signal, 1)
			signal.Notify(c, syscall.SIGUSR1)
			fmt.Println("ready")
			<-c
			fmt.Println(must(io.Copy(io.Discard, os.Stdin)))
		},
		"floods-late": func([]string) { // more than one read takes, no more than the pipe does
			c := make(chan os.Signal, 1)
			signal.Notify(c, syscall.SIGUSR1)
			fmt.Println("ready")
			<-c
			fmt.Print(strings.Repeat("x", 60_000))
		},
		"writes-late": func([]string) {
			bufio.NewReader(os.Stdin).ReadString('\n')
			fmt.Println("too late")
			stay()
		},
		"writes-late-ignoring": func([]string) {
			signal.Ignore(syscall.SIGPIPE)
			bufio.NewReader(os.Stdin).ReadString('\n')
			_, err := fmt.Println("too late")
			fmt.Fprintln(os.Stderr, errors.Is(err, syscall.EPIPE))
		},

		// Peers.
		"client": func(args []string) { // sends a line, prints the answer until the end
			c := must(net.Dial(args[0], args[1]))
			fmt.Fprintln(c, "hello")
			b, err := io.ReadAll(c)
			fmt.Printf("%q %v\n", b, errors.Is(err, syscall.ECONNRESET))
		},
		"big-client": func(args []string) {
			c := must(net.Dial(args[0], args[1]))
			must(c.Write(make([]byte, must(strconv.Atoi(args[2])))))
			stay()
		},
		"server": func(args []string) { // reads to the end, then answers and closes
			l := must(net.Listen(args[0], args[1]))
			fmt.Println(l.Addr())
			c := must(l.Accept())
			b, err := io.ReadAll(c)
			fmt.Printf("%q %v\n", b, errors.Is(err, syscall.ECONNRESET))
			fmt.Fprintln(c, "bye")
			c.Close()
		},
		"resetting-server": func(args []string) {
			l := must(net.Listen("tcp", "127.0.0.1:0"))
			fmt.Println(l.Addr())
			c := must(l.Accept())
			bufio.NewReader(c).ReadString('\n')
			c.(*net.TCPConn).SetLinger(0)
			c.Close()
		},
		"udp-server": func([]string) {
			c := must(net.ListenPacket("udp", "127.0.0.1:0"))
			fmt.Println(c.LocalAddr())
			b := make([]byte, 99)
			n, from, err := c.ReadFrom(b)
			must(0, err)
			must(c.WriteTo(nil, from)) // an empty packet is no end
			must(c.WriteTo(b[:n], from))
			stay()
		},
		"notifier": func([]string) { // tells over a socket that it runs, and stays
			must(net.Dial("unix", filepath.Join(".", "notify")))
			stay()
		},
	}
}

// tcpChatter is two goroutines that talk over TCP without a pause.
func tcpChatter() {
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	go func() {
		c := must(l.Accept())
		io.Copy(c, c)
	}()
	c := must(net.Dial("tcp", l.Addr().String()))
	for i, b := 0, make([]byte, 1); ; i++ {
		must(c.Write(b))
		must(io.ReadFull(c, b))
		if i == 10 {
			fmt.Println("ready")
		}
	}
}

// ring passes a token n times through two children, one byte at a time.
func ring(n int) {
	toFirst, w := must2(os.Pipe())
	fromFirst, toSecond := must2(os.Pipe())
	r, fromSecond := must2(os.Pipe())
	first, second := self("pass"), self("pass")
	first.Stdin, first.Stdout = toFirst, toSecond
	second.Stdin, second.Stdout = fromFirst, fromSecond
	must(0, first.Start())
	must(0, second.Start())
	fmt.Println("ready")
	for range n {
		must(w.Write([]byte{1}))
		must(io.ReadFull(r, make([]byte, 1)))
	}
	fmt.Println("done")
	first.Process.Kill()
	second.Process.Kill()
}

func must2(r, w *os.File, err error) (*os.File, *os.File) {
	must(0, err)
	return r, w
}
