package script

import (
	"slices"
	"syscall"
	"testing"

	"ipclab/grader/room"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// whereabouts of processes, as tests need them.
func at(process string, waits ...room.Wait) room.Diagnosis {
	return room.Diagnosis{Process: process, Waits: waits}
}

func (d diagnosis) in(state, call string) room.Diagnosis {
	d.Goroutines = []room.Goroutine{{Main: true, State: state, In: call}}
	return room.Diagnosis(d)
}

type diagnosis room.Diagnosis

func wait(call, object string, holders ...string) room.Wait {
	return room.Wait{Call: call, Object: object, Holders: holders}
}

func TestMisconception(t *testing.T) {
	input := wait("read", "its standard input", theJudge)
	failed, done := &room.Exit{Code: 1}, &room.Exit{}
	killed := func(s syscall.Signal) *room.Exit { return &room.Exit{Signal: s} }
	signalled := diagnosis(at("p"))
	signalled.Signalled = true
	for _, x := range []struct {
		name string
		symptom
		want string
	}{
		{"another line came", symptom{verb: "expect", answer: true, exit: done, unread: "x\n"}, ""},
		{"the scanner's own words", symptom{verb: "expect", answer: true, exit: failed, stderr: "p: bufio.Scanner: token too long\n"}, "scanner-limit"},
		{"a long line, and the end", symptom{verb: "expectfile", answer: true, exit: done, sent: []string{`"abc"... (70,001 bytes in all)`, endOfInput}}, "scanner-limit"},
		{"long, and still running", symptom{verb: "silent", sent: []string{`"abc"... (70,001 bytes in all)`}}, ""},
		{"many lines", symptom{verb: "expect", answer: true, exit: done, sent: []string{`"a\nb\n"... (70,001 bytes in all)`}}, ""},
		{"not so long a line", symptom{verb: "expect", answer: true, exit: done, sent: []string{`"abc"... (65,535 bytes in all)`}}, ""},
		{"a name in use", symptom{verb: "expect", answer: true, exit: failed, stderr: "p: listen unix s: bind: address already in use\n"}, "client-holds-name"},
		{"nobody listens", symptom{verb: "expect", answer: true, exit: failed, stderr: "p: dial tcp 127.0.0.1:1: connect: connection refused\n"}, "dial-before-listen"},
		{"no socket there", symptom{verb: "expect", answer: true, exit: failed, stderr: "p: dial unix s: connect: no such file or directory\n"}, "dial-before-listen"},
		{"no file there", symptom{verb: "expect", answer: true, exit: failed, stderr: "p: open s: no such file or directory\n"}, ""},
		{"descriptors counted", symptom{verb: "descriptors"}, "descriptors-are-free"},
		{"no descriptor allowed", symptom{verb: "descriptors", none: true}, ""},
		{"no descriptor left", symptom{verb: "expect", answer: true, stderr: "accept unix s: accept4: too many open files\n"}, "descriptors-are-free"},
		{"killed by what was sent", symptom{verb: "exits", exit: killed(syscall.SIGTERM), sent: []string{`"x\n"`, "SIGTERM"}}, "notify-keeps-default"},
		{"killed by something else", symptom{verb: "exits", exit: killed(syscall.SIGSEGV), sent: []string{"SIGTERM"}}, ""},
		{"killed for good", symptom{verb: "exits", exit: killed(syscall.SIGKILL), sent: []string{"SIGKILL"}}, ""},
		{"killed by the pipe", symptom{verb: "expect", answer: true, exit: killed(syscall.SIGPIPE)}, "writer-just-blocks"},
		{"loud about the pipe", symptom{verb: "ends", exit: failed, stderr: "p: write /dev/stdout: broken pipe\n"}, "writer-just-blocks"},
		{"goes on for nobody", symptom{verb: "exits", hungUp: true}, "writer-just-blocks"},
		{"a full disk", symptom{verb: "exits", exit: done, fileFull: true}, "disk-is-never-full"},
		{"a zombie", symptom{verb: "zombies"}, "exit-needs-no-wait"},
		{"a name left", symptom{verb: "leftovers", message: "expected: nothing is left behind in the folder\ncame:     \"s\""}, "exit-cleans-up"},
		{"a name there, for the time being", symptom{verb: "leftovers", running: true, message: "expected: nothing is left behind in the folder\ncame:     \"s\""}, ""},
		{"a name missing", symptom{verb: "leftovers", message: "expected: \"s\" in the folder\ncame:     nothing"}, ""},
		{"a file left", symptom{verb: "file", neg: true, message: "expected: no file pid\ncame:     it is there"}, "exit-cleans-up"},
		{"output held open", symptom{verb: "ends", exit: done, held: true}, "child-exit-is-eof"},
		{"the last line lost", symptom{verb: "expect", answer: true, exit: done, sent: []string{`"x"`, endOfInput}}, "eof-comes-alone"},
		{"the last line's newline lost", symptom{verb: "expect", answer: true, exit: done, sent: []string{`"x"`, endOfInput}, unread: "x"}, "eof-comes-alone"},
		{"a whole last line", symptom{verb: "expect", answer: true, exit: done, sent: []string{`"x\n"`, endOfInput}}, ""},
		{"the last line is there, but another one", symptom{verb: "expect", answer: true, exit: done, sent: []string{`"x"`, endOfInput}, unread: "y\n"}, ""},
		{"out of patience", symptom{verb: "expect", answer: true, patience: true}, "poll-for-events"},
		{"asleep", symptom{verb: "expect", answer: true, where: []room.Diagnosis{diagnosis(at("p")).in("sleep", "time.Sleep")}}, "poll-for-events"},
		{"a lost signal", symptom{verb: "exits", name: "p", sent: []string{"SIGTERM"}, where: []room.Diagnosis{signalled.in("chan receive", "")}}, "unbuffered-holds-one"},
		{"deaf in a read", symptom{verb: "expect", answer: true, name: "p", sent: []string{"SIGTERM"}, where: []room.Diagnosis{diagnosis(at("p", input)).in("IO wait", "os.(*File).Read")}}, "read-hears-signals"},
		{"a reader beside", symptom{verb: "exits", name: "p", sent: []string{"SIGTERM"}, where: []room.Diagnosis{diagnosis(at("p", input)).in("select", "")}}, ""},
		{"its own write end", symptom{verb: "expect", answer: true, where: []room.Diagnosis{at("p", wait("read", "a pipe", "itself"))}}, "own-write-end"},
		{"its own lock", symptom{verb: "expect", answer: true, where: []room.Diagnosis{at("p", wait("flock", "f", "itself"))}}, "lock-per-process"},
		{"another's lock", symptom{verb: "expect", answer: true, where: []room.Diagnosis{at("p", wait("flock", "f", "q"))}}, "locks-end-by-themselves"},
		{"the judge's lock", symptom{verb: "silent", where: []room.Diagnosis{at("p", wait("flock", "f", theJudge))}}, ""},
		{"a FIFO", symptom{verb: "expect", answer: true, where: []room.Diagnosis{at("p", wait("open", "the FIFO f"))}}, "open-does-not-wait"},
		{"a full pipe", symptom{verb: "expect", answer: true, where: []room.Diagnosis{at("p", wait("write", "a pipe", "q"))}}, "pipe-is-unbounded"},
		{"a pipe that the judge keeps full", symptom{verb: "exits", where: []room.Diagnosis{at("p", wait("write", "its standard output", theJudge))}}, ""},
		{"a second client", symptom{verb: "expect", answer: true, where: []room.Diagnosis{at("server", wait("receive", "a socket", "first")), at("first", wait("receive", "a socket", "server")), at("second", wait("unaccepted", "s", "server"))}}, "one-client-at-a-time"},
		{"nobody accepts", symptom{verb: "expect", answer: true, where: []room.Diagnosis{at("server", input), at("client", wait("unaccepted", "s", "server"))}}, "dial-waits-for-accept"},
		{"the child waits for more", symptom{verb: "expect", answer: true, where: []room.Diagnosis{at("p", wait("wait", "the end of a child", "cat (child of p)")), at("cat (child of p)", wait("read", "its standard input", "p"))}}, "child-guesses-the-end"},
		{"the child waits for more, and so do we", symptom{verb: "processes", where: []room.Diagnosis{at("p", wait("wait", "the end of a child", "cat (child of p)")), at("cat (child of p)", wait("read", "its standard input", "p"))}}, ""},
		{"the end of a connection", symptom{verb: "expect", answer: true, where: []room.Diagnosis{diagnosis(at("server", wait("receive", "a socket", theJudge))).in("IO wait", "io.ReadAll")}}, "close-is-both-ways"},
		{"both listen", symptom{verb: "expect", answer: true, where: []room.Diagnosis{at("server", wait("receive", "a socket", "client")), at("client", wait("receive", "a socket", "server"))}}, "both-wait-to-read"},
		{"taken and not answered", symptom{verb: "expect", answer: true, mine: true, name: "p", sent: []string{`"x\n"`}, where: []room.Diagnosis{at("p", input)}}, "written-is-sent"},
		{"answered, and otherwise", symptom{verb: "expect", answer: true, name: "p", sent: []string{`"x\n"`}, unread: "y\n", where: []room.Diagnosis{at("p", input)}}, ""},
		{"silent on stderr", symptom{verb: "expect", name: "p", sent: []string{`"x\n"`}, where: []room.Diagnosis{at("p", input)}}, ""},
		{"nothing to answer", symptom{verb: "expect", answer: true, name: "p", where: []room.Diagnosis{at("p", input)}}, ""},
		{"another one waits", symptom{verb: "expect", answer: true, name: "p", sent: []string{`"x\n"`}, where: []room.Diagnosis{at("p"), at("q", input)}}, ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			assert.Equal(t, x.want, x.symptom.misconception(""))
		})
	}
}

// A guess is worth less than the script's own word, and what the symptom shows for sure is worth more.
func TestGuesses(t *testing.T) {
	lost := room.Diagnosis{Process: "p", Signalled: true, Goroutines: []room.Goroutine{{Main: true, State: "chan receive"}}}
	s := symptom{verb: "expect", where: []room.Diagnosis{lost}}
	assert.Equal(t, "unbuffered-holds-one", s.misconception(""))
	assert.Equal(t, "shyness", s.misconception("shyness"))
	s.patience = true
	assert.Equal(t, "poll-for-events", s.misconception("shyness"))
}

// The script's own word counts where the symptom tells nothing, and not where it does.
func TestShows(t *testing.T) {
	const head = "# shows: shyness\n\n"
	for _, x := range []struct{ script, want string }{
		{head + "start prog say=one stay\nexpect prog two", "shyness"},
		{head + "mkdir room/x\nstart prog exit=0\nexits prog\nexists room/y", "shyness"},
		{head + "start prog eat\nsend prog x\nexpect prog y", "written-is-sent"},
		{"\nstart prog say=one stay\nexpect prog two", ""},
		{"\nmkdir room/x\nstart prog warn=x exit=0\nexits prog\nleftovers room", "exit-cleans-up"},
		{"\nstart prog child=stay say=x exit=0\nexpect prog x\nends prog", "child-exit-is-eof"},
		{"\nstart prog child=stay say=x exit=0\nexits prog 0\nexpect prog y", ""},
		{"\nstart prog line\ncloseoutput prog\nexits prog", "writer-just-blocks"},
		{"\nstart prog line\nlimit prog fsize 1\nexits prog", "disk-is-never-full"},
		{"\nstart prog line\nlimit prog nofile 9\nexits prog", ""},
	} {
		s, err := Parse("check", "check.txtar", []byte("# it works\n"+x.script+"\n"), Ensemble{Programs: []string{"prog"}})
		require.NoError(t, err)
		f, err := s.Run(t.Context(), options(t))
		require.NoError(t, err)
		require.NotNil(t, f, x.script)
		assert.Equal(t, x.want, f.Misconception, "%s\n%s", x.script, f.Message)
	}
}

func TestMisconceptionsAreNamedOnce(t *testing.T) {
	ids := Misconceptions()
	assert.Contains(t, ids, "own-write-end")
	for i, id := range ids {
		assert.Regexp(t, misconceptionID, id)
		assert.False(t, slices.Contains(ids[:i], id), id)
	}
}
