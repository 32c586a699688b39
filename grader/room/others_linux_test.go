package room

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The programs of this test are not what the grader is used to: C, a shell, Go linked with C, Go on
// one processor. Each is told to be blocked or not, by the same rules. The ones that are not blocked
// say "done" after a while, and nothing else could end the wait for it but a false alarm.
var others = []struct {
	name, language, text string
	env                  []string
	blocked              bool
}{
	{"reads", "c", `read(0, b, 1);`, nil, true},
	{"pauses", "c", `pause();`, nil, true},
	{"polls for ever", "c", `struct pollfd p = {0, POLLIN}; poll(&p, 1, -1);`, nil, true},
	{"waits for its child", "c", `if (fork() == 0) { read(0, b, 1); _exit(0); } wait(0);`, nil, true},
	{"waits for a thread that waits", "c", `pthread_t t; pthread_create(&t, 0, reads, 0); pthread_join(t, 0);`, nil, true},
	{"fills a pipe", "c", `int p[2]; pipe(p); for (;;) write(p[1], b, sizeof b);`, nil, true},
	{"a timer that is not set", "c", `read(timerfd_create(CLOCK_MONOTONIC, 0), b, 8);`, nil, true},
	{"sleeps", "c", `usleep(300000);`, nil, false},
	{"polls for a time", "c", `struct pollfd p = {0, POLLIN}; poll(&p, 1, 300);`, nil, false},
	{"computes", "c", `for (volatile long i = 0; i < 300000000; i++) ;`, nil, false},
	{"waits for a thread that sleeps", "c", `pthread_t t; pthread_create(&t, 0, sleeps, 0); pthread_join(t, 0);`, nil, false},
	{"waits for a child that sleeps", "c", `if (fork() == 0) { usleep(300000); _exit(0); } wait(0);`, nil, false},
	{"a timer as a descriptor", "c", `struct itimerspec s = {{0, 0}, {0, 300000000}}; int f = timerfd_create(CLOCK_MONOTONIC, 0); timerfd_settime(f, 0, &s, 0); read(f, b, 8);`, nil, false},
	{"a timer that sends a signal", "c", `struct itimerspec s = {{0, 0}, {0, 300000000}}; timer_t t; struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1}; signal(SIGUSR1, ignored); timer_create(CLOCK_MONOTONIC, &e, &t); timer_settime(t, 0, &s, 0); pause();`, nil, false},

	{"reads", "sh", `read x`, nil, true},
	{"reads behind a pipe", "sh", `cat | cat`, nil, true},
	{"waits for its child", "sh", `cat <&3 & wait`, nil, true},
	{"sleeps", "sh", `sleep 0.3`, nil, false},
	{"computes", "sh", `i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done`, nil, false},

	{"reads", "cgo", `C.reads()`, nil, true},
	{"reads beside a goroutine", "cgo", `go func() { select {} }(); C.reads()`, nil, true},
	{"a channel", "cgo", `go func() { select {} }(); <-make(chan int)`, nil, true},
	{"sleeps", "cgo", `C.usleep(300000)`, nil, false},
	{"sleeps in Go", "cgo", `time.Sleep(300 * time.Millisecond)`, nil, false},

	{"reads on one processor", "go", `os.Stdin.Read(make([]byte, 1))`, []string{"GOMAXPROCS=1"}, true},
	{"a channel on one processor", "go", `go func() { os.Stdin.Read(make([]byte, 1)) }(); <-make(chan int)`, []string{"GOMAXPROCS=1"}, true},
	{"sleeps on one processor", "go", `time.Sleep(300 * time.Millisecond)`, []string{"GOMAXPROCS=1"}, false},
	{"computes on one processor", "go", `for i := 0; i < 300_000_000; i++ { sum += i }`, []string{"GOMAXPROCS=1"}, false},
}

func TestOtherPrograms(t *testing.T) {
	for _, o := range others {
		t.Run(o.language+" "+o.name, func(t *testing.T) {
			t.Parallel()
			command := otherProgram(t, o.language, o.text)
			command.Env = o.env
			r := openWith(t, Config{Env: []string{"PATH=/usr/local/bin:/usr/bin:/bin"}})
			p, err := r.Start(command)
			require.NoError(t, err)
			says(t, r, p.Out, "ready")
			if o.blocked {
				require.Equal(t, Quiescent, r.Wait(t.Context(), func() bool { return p.ExitedLocked() != nil }))
			} else {
				says(t, r, p.Out, "done")
			}
		})
	}
}

// otherProgram builds a program that says "ready", does something, and says "done".
func otherProgram(t *testing.T, language, text string) Command {
	if language == "sh" {
		return Command{Name: "sh", Path: "/bin/sh", Args: []string{"-c", "exec 3<&0\necho ready\n" + text + "\necho done"}}
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "program")
	source, tool := filepath.Join(dir, "main.go"), []string{"go", "build", "-o", program}
	switch language {
	case "c":
		source, tool = filepath.Join(dir, "main.c"), []string{"gcc", "-w", "-o", program, "-pthread"}
		text = cBefore + "int main() { write(1, \"ready\\n\", 6); " + text + " write(1, \"done\\n\", 5); }\n"
	case "cgo":
		text = "package main\n\n// #include <unistd.h>\n// static void reads() { char c; read(0, &c, 1); }\nimport \"C\"\n" + goAfter(text)
	case "go":
		text = "package main\n" + goAfter(text)
	}
	require.NoError(t, os.WriteFile(source, []byte(text), 0o600))
	path, err := Look(tool[0])
	require.NoError(t, err)
	_, stderr, exit, err := Run(t.Context(), Config{Dir: dir, Env: append(os.Environ(), "CGO_ENABLED=1", "GOFLAGS=")},
		Command{Name: tool[0], Path: path, Args: append(tool[1:], source)})
	require.NoError(t, err)
	require.Zero(t, exit.Code, "%s", stderr)
	return Command{Name: "program", Path: program}
}

const cBefore = `#define _GNU_SOURCE
#include <unistd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
char b[4096];
void *reads(void *x) { read(0, b, 1); }
void *sleeps(void *x) { usleep(300000); }
void ignored(int s) {}
`

func goAfter(text string) string {
	return "\nimport (\n\"os\"\n\"time\"\n)\n\nvar sum = int(time.Nanosecond)\n\nfunc main() {\nprintln(os.Args[0])\nos.Stdout.WriteString(\"ready\\n\")\n" + text + "\nos.Stdout.WriteString(\"done\\n\")\n}\n"
}
