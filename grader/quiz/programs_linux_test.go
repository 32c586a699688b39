package quiz

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The programs of the trace questions. The test binary runs itself under programEnv to be one of them.
// They report with one line an event, and where the judge is to decide when something happens, they
// wait for a line.

const programEnv = "IPCLAB_QUIZ_PROGRAM"

var programs = map[string]func(args []string){
	"variable":   variable,
	"lines":      writeLines,
	"lock":       lock,
	"write":      writeUnlocked,
	"count":      countSignals,
	"notify":     notifyUnbuffered,
	"listen":     listenFirst,
	"reply":      replyAfterEOF,
	"unix":       serveUnix,
	"readall":    readAllHoldingW,
	"megabyte":   writeMegabyte,
	"child-of-x": childOfVariable,
	"save-small": saveSmall,
}

func TestMain(m *testing.M) {
	if program := programs[os.Getenv(programEnv)]; program != nil {
		program(os.Args[1:])
		os.Exit(0)
	}
	os.Exit(m.Run())
}

var stdin = bufio.NewReader(os.Stdin)

// await waits for the judge's next line; false when it has hung up.
func await() bool {
	_, err := stdin.ReadString('\n')
	return err == nil
}

func say(format string, args ...any) { fmt.Printf(format+"\n", args...) }

func must[T any](v T, err error) T {
	if err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
	return v
}

// x is the variable of iso-var.
var x int

// variable prints x twice: while the child lives that has set its own, and when the child is gone.
func variable([]string) {
	x = 1
	child := exec.Command(must(os.Executable()))
	child.Env = append(os.Environ(), programEnv+"=child-of-x")
	in, out := must(child.StdinPipe()), must(child.StdoutPipe())
	must(0, child.Start())
	must(bufio.NewReader(out).ReadString('\n'))
	during := x
	in.Close()
	must(0, child.Wait())
	say("%d %d", during, x)
}

func childOfVariable([]string) {
	x = 99
	say("set")
	await()
}

// writeLines NAME FILE writes its line once for each line from the judge.
func writeLines(args []string) {
	f, err := os.OpenFile(args[1], os.O_WRONLY, 0)
	if err != nil {
		say("cannot open")
		return
	}
	say("open")
	for await() {
		must(f.WriteString(args[0] + "\n"))
		say("written")
	}
}

func lock(args []string) {
	f := must(os.Open(args[0]))
	must(0, syscall.Flock(int(f.Fd()), syscall.LOCK_EX))
	say("locked")
	await()
	runtime.KeepAlive(f)
}

func writeUnlocked(args []string) {
	f, err := os.OpenFile(args[0], os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteString("B was here")
	}
	if err != nil {
		say("%v", err.(*os.PathError).Err)
		return
	}
	say("written")
}

// countSignals says how many SIGUSR1 it has seen: at each, and at the end of its input.
func countSignals([]string) {
	seen := make(chan os.Signal, 100)
	signal.Notify(seen, syscall.SIGUSR1)
	over := make(chan bool)
	go func() { over <- await() }()
	say("ready")
	for n := 0; ; {
		select {
		case <-seen:
			n++
			say("%d", n)
		case <-over:
			say("%d times", n)
			return
		}
	}
}

// notifyUnbuffered is the program of sig-notify. A second channel, with a buffer, tells when the
// signal has come, and a timer takes the place of the sleep, so that it can be seen to run on.
func notifyUnbuffered([]string) {
	const unbuffered = 0 // written like this because go vet knows the mistake
	ch := make(chan os.Signal, unbuffered)
	//lint:ignore SA1017 the question is about this mistake
	signal.Notify(ch, syscall.SIGUSR1)
	come := make(chan os.Signal, 1)
	signal.Notify(come, syscall.SIGUSR1)
	sleep := time.After(time.Hour)
	say("ready")
	<-come
	signal.Stop(come) // and wait until the signal has been offered to ch, too
	select {
	case <-sleep:
		say("awake")
	default:
		say("asleep")
	}
	whenMain("chan receive", func() { say("waits") })
	<-ch
	say("returned")
}

// whenMain calls f once the main goroutine is in a state, as the runtime names it.
func whenMain(state string, f func()) {
	go func() {
		stacks := make([]byte, 1<<20)
		for {
			n := runtime.Stack(stacks, true)
			for stack := range strings.SplitSeq(string(stacks[:n]), "\n\n") {
				if strings.HasPrefix(stack, "goroutine 1 ["+state) {
					f()
					return
				}
			}
			runtime.Gosched()
		}
	}()
}

// listenFirst accepts only when the judge says so.
func listenFirst([]string) {
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	say("%s", l.Addr())
	await()
	say("got %s", must(io.ReadAll(must(l.Accept()))))
}

func replyAfterEOF([]string) {
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	say("%s", l.Addr())
	c := must(l.Accept())
	request, err := io.ReadAll(c)
	say("request %q, %v", request, err)
	_, err = c.Write([]byte("reply"))
	c.Close()
	say("reply %v", err)
}

// serveUnix serves a path until it is killed, and keeps its clients.
func serveUnix(args []string) {
	l := must(net.Listen("unix", args[0]))
	say("ready")
	for {
		must(l.Accept())
		say("accepted")
	}
}

// readAllHoldingW is the program of pipe-eof. It tells when ReadAll waits, and the judge may then
// have w closed.
func readAllHoldingW([]string) {
	r, w, err := os.Pipe()
	must(0, err)
	defer w.Close()
	cmd := exec.Command("echo", "hi")
	cmd.Stdout = w
	must(0, cmd.Run())
	whenMain("IO wait", func() {
		say("waits")
		await()
		say("closing w")
		w.Close()
	})
	b, err := io.ReadAll(r)
	say("%s, %v", strconv.Quote(string(b)), err)
}

// writeMegabyte writes to descriptor 3 in one call.
func writeMegabyte([]string) {
	n, err := syscall.Write(3, make([]byte, 1<<20))
	say("wrote %d, %v", n, err)
}
