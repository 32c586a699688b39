// Child is a command to supervise. What it does, its first argument says:
//
//	child show ARGS...   prints its arguments, then copies each line of its input to stdout and to stderr
//	child -- ARGS...     prints its arguments, the -- among them
//	child env NAME       prints the value of a variable of its environment
//	child compares       says which of its stdin, stdout, stderr and environment are not its parent's
//	child exit N         exits with status N
//	child die SIGNAL     sends itself the signal, which ends it
//	child taps [WORD]    prints each signal that it gets, and the word; a line "end N" makes it exit with status N
//	child gathers        prints at each line of input all kinds of signal that it has got since the last
//	child deaf           ignores every signal that can be ignored, and never ends
//	child nags           tells its parent with SIGTERM of each SIGTERM that it gets, and does not end
//	child helped         has a helper, and prints each signal that both of them got; "end N" as above
//	child leaves N       has a deaf helper that keeps its stdout, and exits with status N without it
//	child leaves-teller N  the same, but the helper prints there each signal that it gets
//	child leaves-at-end N  the same, but when it gets SIGTERM
//	child deaf-both      has such a helper, and is deaf itself
//	child fosters        gives its parent five children more, which all end at once at the next line of
//	                     input; "end N" as above
//	child fosters-apart  the same, but each of the children has a session of its own, and SIGKILL ends it;
//	                     a sixth one lives on
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// names are the signals that a child knows.
var names = map[os.Signal]string{
	syscall.SIGHUP: "SIGHUP", syscall.SIGINT: "SIGINT", syscall.SIGTERM: "SIGTERM", syscall.SIGKILL: "SIGKILL",
	syscall.SIGUSR1: "SIGUSR1", syscall.SIGUSR2: "SIGUSR2", syscall.SIGWINCH: "SIGWINCH", syscall.SIGCHLD: "SIGCHLD",
	syscall.SIGCONT: "SIGCONT",
}

func main() {
	if len(os.Args) < 2 {
		fail(fmt.Errorf("say what to do"))
	}
	args := os.Args[2:]
	do := map[string]func([]string){"show": show, "--": dashes, "compares": compares, "env": env, "exit": exit, "die": die, "taps": taps, "gathers": gathers, "deaf": deaf, "nags": nags,
		"helped": helped, "leaves": leaves, "leaves-teller": leavesTeller, "leaves-at-end": leavesAtEnd, "deaf-both": deafBoth, "fosters": fosters, "fosters-apart": fostersApart, "helper": helper, "foster": foster, "foster-killed": fosterKilled}[os.Args[1]]
	if do == nil {
		fail(fmt.Errorf("cannot do %q", os.Args[1]))
	}
	do(args)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "child:", err)
	os.Exit(99)
}

func show(args []string) {
	fmt.Printf("%q\n", args)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		fmt.Println(in.Text())
		fmt.Fprintln(os.Stderr, in.Text())
	}
}

func dashes([]string) { show(os.Args[1:]) }

func env(args []string) { fmt.Println(os.Getenv(args[0])) }

func exit(args []string) {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		fail(err)
	}
	os.Exit(n)
}

func die(args []string) {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGWINCH) // so that the runtime sees no deadlock below
	for s, name := range names {
		if name == args[0] {
			syscall.Kill(os.Getpid(), s.(syscall.Signal))
		}
	}
	select {}
}

// listen asks for all signals that are told, but for SIGURG, with which Go's runtime taps its own threads.
func listen() <-chan os.Signal {
	signals := make(chan os.Signal, 16)
	for s := range names {
		if s != syscall.SIGKILL {
			signal.Notify(signals, s)
		}
	}
	return signals
}

// lines gives the lines of the input; after the last one nothing comes any more.
func lines() <-chan string {
	all := make(chan string)
	go func() {
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			all <- in.Text()
		}
	}()
	return all
}

// end exits if the line says so.
func end(line string) {
	if n, ok := strings.CutPrefix(line, "end "); ok {
		exit([]string{n})
	}
}

func taps(word []string) {
	signals, in := listen(), lines()
	fmt.Println("ready")
	for {
		select {
		case s := <-signals:
			fmt.Println(strings.Join(append([]string{"got", names[s]}, word...), " "))
		case line := <-in:
			end(line)
		}
	}
}

func gathers([]string) {
	signals, in := listen(), lines()
	fmt.Println("ready")
	var got []string
	for {
		select {
		case s := <-signals:
			got = append(got, names[s])
		case <-in:
			slices.Sort(got)
			fmt.Println("got", strings.Join(slices.Compact(got), " "))
			got = nil
		}
	}
}

func deaf([]string) {
	listen()
	fmt.Println("ready")
	select {}
}

func nags([]string) {
	signals := listen()
	fmt.Println("ready")
	for s := range signals {
		if s == syscall.SIGTERM {
			syscall.Kill(os.Getppid(), syscall.SIGTERM)
		}
	}
}

// start runs this program as a helper.
func start(stdout io.Writer, attr *syscall.SysProcAttr, extra []*os.File, args ...string) {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Stdout, cmd.ExtraFiles, cmd.SysProcAttr = stdout, extra, attr
	if err := cmd.Start(); err != nil {
		fail(err)
	}
}

func pipe() (r, w *os.File) {
	r, w, err := os.Pipe()
	if err != nil {
		fail(err)
	}
	return r, w
}

// helper tells on its descriptor 3 that it is there, and then each signal that it gets; if it has an
// argument, it prints them as well.
func helper(aloud []string) {
	signals, out := listen(), os.NewFile(3, "told")
	fmt.Fprintln(out, "ready")
	for s := range signals {
		fmt.Fprintln(out, names[s])
		if len(aloud) > 0 {
			fmt.Println("helper got", names[s])
		}
	}
}

// help starts a helper, and gives what it tells.
func help(stdout io.Writer, aloud ...string) *bufio.Reader {
	r, w := pipe()
	start(stdout, nil, []*os.File{w}, append([]string{"helper"}, aloud...)...)
	w.Close()
	told := bufio.NewReader(r)
	if _, err := told.ReadString('\n'); err != nil {
		fail(fmt.Errorf("the helper: %w", err))
	}
	return told
}

func helped([]string) {
	signals, in := listen(), lines()
	told := help(nil)
	fmt.Println("ready")
	for {
		select {
		case s := <-signals:
			fmt.Println("child got", names[s])
			theirs, _ := told.ReadString('\n')
			fmt.Print("helper got ", theirs)
		case line := <-in:
			end(line)
		}
	}
}

func leaves(args []string) {
	help(os.Stdout)
	fmt.Println("leaving")
	exit(args)
}

func leavesTeller(args []string) {
	help(os.Stdout, "aloud")
	fmt.Println("leaving")
	exit(args)
}

func leavesAtEnd(args []string) {
	signals := listen()
	help(os.Stdout)
	fmt.Println("ready")
	for s := range signals {
		fmt.Println("got", names[s])
		if s == syscall.SIGTERM {
			exit(args)
		}
	}
}

func deafBoth([]string) {
	help(os.Stdout)
	deaf(nil)
}

func fosters([]string) { raise(sibling(false), "foster") }

func fostersApart([]string) {
	listen()
	r, w := pipe()
	start(nil, sibling(true), []*os.File{r, w}, "foster") // it holds the writing end itself
	raise(sibling(true), "foster-killed")
}

// raise gives the parent five children more, which do as they are told.
func raise(attr *syscall.SysProcAttr, do string) {
	in := lines()
	stopR, stopW := pipe()
	goneR, goneW := pipe()
	for range 5 {
		start(nil, attr, []*os.File{stopR, goneW}, do)
	}
	stopR.Close()
	goneW.Close()
	fmt.Println("ready")
	<-in
	stopW.Close()
	io.Copy(io.Discard, goneR) // to its end, when all five are gone
	fmt.Println("gone")
	for line := range in {
		end(line)
	}
}

// foster ends when it is told to, by the end of its descriptor 3.
func foster([]string) { io.Copy(io.Discard, os.NewFile(3, "stop")) }

func fosterKilled([]string) {
	foster(nil)
	syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}
