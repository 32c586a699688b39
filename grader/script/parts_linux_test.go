package script

import (
	"bufio"
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
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The programs that the scripts of these tests start are links to the test binary, named prog or
// other. Their arguments are actions, done one after the other: see actions.
func TestMain(m *testing.M) {
	if name := filepath.Base(os.Args[0]); name == "prog" || name == "other" || name == "decoy" {
		new(part).play(os.Args[1:])
		syscall.Exit(0) // without the second that the race detector takes for it
	}
	os.Exit(m.Run())
}

// part is the state of such a program.
type part struct {
	in   *bufio.Reader
	conn net.Conn

	child *exec.Cmd
	lock  *os.File
}

func (p *part) play(args []string) {
	p.in = bufio.NewReaderSize(os.Stdin, 16)
	for _, a := range args {
		name, value, _ := strings.Cut(a, "=")
		p.act(name, value)
	}
}

func (p *part) act(name, value string) {
	switch name {
	case "say":
		fmt.Println(value)
	case "raw":
		os.Stdout.WriteString(must(unescape(value)))
	case "warn":
		fmt.Fprintln(os.Stderr, must(unescape(value)))
	case "side": // whose program this is
		fmt.Println(filepath.Base(filepath.Dir(os.Args[0])))
	case "env":
		fmt.Println(os.Getenv(value))
	case "dir":
		fmt.Println(filepath.Base(must(os.Getwd())))
	case "line": // one line back
		s, err := p.in.ReadString('\n')
		if err == nil {
			fmt.Print(s)
		}
	case "cat":
		io.Copy(os.Stdout, p.in)
	case "eat":
		fmt.Println("ate", must(io.Copy(io.Discard, p.in)))
	case "pieces": // how the input comes
		b := make([]byte, 1<<16)
		n := must(os.Stdin.Read(b))
		fmt.Printf("%q\n", b[:n])
	case "closein":
		os.Stdin.Close()
	case "closeout":
		os.Stdout.Close()
	case "stay":
		stay()
	case "spin":
		for t := time.NewTicker(time.Millisecond); ; <-t.C {
		}
	case "exit":
		syscall.Exit(must(strconv.Atoi(value)))
	case "die":
		syscall.Kill(os.Getpid(), unix.SignalNum(value))
		stay()
	case "panic":
		panic(value)
	case "flood":
		os.Stdout.WriteString(strings.Repeat("x", must(strconv.Atoi(value))))
	case "trap":
		c := make(chan os.Signal, 1)
		signal.Notify(c, unix.SignalNum(value))
		fmt.Println("ready")
		fmt.Println("got", <-c)
	case "file":
		path, text, _ := strings.Cut(value, ":")
		path = must(unescape(path))
		must(0, os.WriteFile(path, []byte(must(unescape(text))), 0o644))
		os.Chmod(path, 0o644)
	case "nameless": // a file of a folder that has no name
		path, text, _ := strings.Cut(value, ":")
		f := must(os.OpenFile(path, unix.O_TMPFILE|unix.O_WRONLY, 0o600))
		must(f.WriteString(text))
	case "mv":
		from, to, _ := strings.Cut(value, ":")
		must(0, os.Rename(from, to))
	case "link":
		must(0, os.Symlink("elsewhere", value))
	case "open":
		must(os.Open(value))
	case "child": // one that stays, or ends and becomes a zombie
		cmd := exec.Command("/proc/self/exe", strings.Split(value, ",")...)
		cmd.Args[0], cmd.Stdout = "prog", os.Stdout
		must(0, cmd.Start())
		p.child = cmd
	case "await": // the end of the child
		fmt.Println("child:", p.child.Wait())
	case "grow": // a file of 4 bytes
		fmt.Printf("%s: %v\n", value, plainError(os.WriteFile(value, []byte("abcd"), 0o666)))
	case "run": // a program of the PATH, to its end
		words := strings.Split(value, ",")
		cmd := exec.Command(words[0], words[1:]...)
		cmd.Args[0] = must(exec.LookPath(words[0])) // which tells whose it is
		if to, err := os.Readlink(cmd.Args[0]); err == nil {
			cmd.Args[0] = to
		}
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		must(0, cmd.Run())
	case "stranger": // a child that runs another program
		cmd := exec.Command("cat")
		must(cmd.StdinPipe())
		must(cmd.StdoutPipe())
		must(0, cmd.Start())
	case "piped": // a child whose stdout comes here
		cmd := exec.Command("/proc/self/exe", "stay")
		cmd.Args[0] = "prog"
		must(cmd.StdoutPipe())
		must(0, cmd.Start())
	case "flock":
		p.lock = must(os.OpenFile(value, os.O_CREATE|os.O_RDWR, 0o644))
		must(0, syscall.Flock(int(p.lock.Fd()), syscall.LOCK_EX))
		fmt.Println("locked")
	case "unflock": // by the last descriptor
		p.lock.Close()
	case "stat":
		_, err := os.Stat(value)
		fmt.Println("stat:", plainError(err))
	case "listen":
		network, address, _ := strings.Cut(value, ":")
		l := must(net.Listen(network, address))
		fmt.Println("listening on", l.Addr())
		p.conn = must(l.Accept())
	case "dial":
		network, address, _ := strings.Cut(value, ":")
		p.conn = must(net.Dial(network, address))
	case "packets": // what comes in datagrams, each answered by its length
		c := must(net.ListenPacket("udp", value))
		fmt.Println("listening on", c.LocalAddr())
		for b := make([]byte, 1<<16); ; {
			n, from, err := c.ReadFrom(b)
			must(n, err)
			fmt.Printf("%d %.20q\n", n, b[:n])
			c.WriteTo([]byte(strconv.Itoa(n)), from)
		}
	case "put": // into a FIFO or a file
		path, text, _ := strings.Cut(value, ":")
		f := must(os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666))
		must(f.WriteString(must(unescape(text))))
		must(0, f.Close())
	case "fifo": // each line, until nobody writes
		f := must(os.Open(value))
		for in := bufio.NewReader(f); ; {
			s, err := in.ReadString('\n')
			if err != nil {
				break
			}
			fmt.Print(s)
		}
		f.Close()
	case "pump": // until it is blocked
		for b := make([]byte, 1<<10); ; {
			if _, err := p.conn.Write(b); err != nil {
				fmt.Println("broken")
				break
			}
		}
	case "web": // one request
		l := must(net.Listen("tcp", "127.0.0.1:0"))
		fmt.Println("listening on", l.Addr())
		p.conn = must(l.Accept())
		s := must(bufio.NewReader(p.conn).ReadString('\n'))
		fmt.Print(s)
		fmt.Fprint(p.conn, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi\n")
		p.conn.Close()
	case "takefile":
		b, oob := make([]byte, 100), make([]byte, 100)
		n, m, _, _, err := p.conn.(*net.UnixConn).ReadMsgUnix(b, oob)
		must(n, err)
		msgs := must(syscall.ParseSocketControlMessage(oob[:m]))
		fds := must(syscall.ParseUnixRights(&msgs[0]))
		fmt.Printf("%q %q\n", b[:n], must(io.ReadAll(os.NewFile(uintptr(fds[0]), "f"))))
	case "passfile": // from an offset on
		path, at, _ := strings.Cut(value, ":")
		f := must(os.Open(path))
		f.Seek(int64(must(strconv.Atoi(at))), 0)
		_, _, err := p.conn.(*net.UnixConn).WriteMsgUnix([]byte("file\n"), syscall.UnixRights(int(f.Fd())), nil)
		must(0, err)
	case "tell":
		fmt.Fprintln(p.conn, value)
	case "hear":
		s, err := bufio.NewReader(p.conn).ReadString('\n')
		fmt.Printf("%q %v\n", s, plainError(err))
	case "hangup":
		p.conn.Close()
	case "reset":
		p.conn.(*net.TCPConn).SetLinger(0)
		p.conn.Close()
	default:
		fmt.Fprintln(os.Stderr, "no action", name)
		syscall.Exit(99)
	}
}

func plainError(err error) error {
	var number syscall.Errno
	if errors.As(err, &number) {
		return number
	}
	return err
}

func must[T any](v T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, "part:", err)
		syscall.Exit(98)
	}
	return v
}

// stay blocks without the runtime taking it for a deadlock.
func stay() {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR2)
	<-c
}
