package script

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"ipclab/grader/room"

	"golang.org/x/sys/unix"
)

func (c *call) start() error {
	program := c.args[0]
	a := &actor{name: program, mine: c.Cast[program] == Student}
	if c.has("as") {
		a.name = c.flags["as"]
	}
	command := room.Command{
		Name: a.name,
		Path: c.binary(program),
		Cell: program,
		Args: c.args[1:],
		Env:  c.path(program),
		Held: c.has("held"),
	}
	if c.has("dir") {
		command.Dir = c.flags["dir"]
	}
	if c.has("env") {
		command.Env = append(command.Env, c.flags["env"])
	}
	if err := c.add(a); err != nil {
		return err
	}
	var err error
	if a.process, err = c.room.Start(command); err == nil {
		c.ts.Setenv(strings.ReplaceAll(a.name, "-", "_")+"_PID", strconv.Itoa(a.process.Self))
	}
	return err
}

func (c *call) release() error {
	a, err := c.actor(c.args[0])
	if err != nil {
		return err
	}
	out, _, err := c.output(a)
	if err == nil {
		out.Release()
	}
	return err
}

// hold waits until all is at rest: what is still on its way must not come to lie among the judge's
// own bytes.
func (c *call) hold() error {
	a, err := c.process(c.args[0])
	if err != nil {
		return err
	}
	if err := c.silent(); err != nil {
		return err
	}
	return a.process.Out.Hold()
}

// output gives the stream that a verb reads, and where the script's reading of it stands.
func (c *call) output(a *actor) (*room.Output, *int, error) {
	switch {
	case a.process != nil && c.has("stderr"):
		return a.process.Err, &a.read[1], nil
	case a.process != nil:
		return a.process.Out, &a.read[0], nil
	}
	switch err := c.connected(a); {
	case err != nil:
		return nil, nil, err
	case a.peer.Out == nil:
		return nil, nil, fmt.Errorf("%s writes into a FIFO: nothing can be read from there", a.name)
	}
	return a.peer.Out, &a.read[0], nil
}

// connected waits until somebody is at the other end of a peer.
func (c *call) connected(a *actor) error {
	switch e, err := c.wait(a.peer.Connected); {
	case err != nil:
		return err
	case e == room.OutOfPatience:
		return mismatchf("expected: a program connects to %s\nwhy:      nobody did in %s of running time", a.name, room.Patience)
	case e != room.Met:
		return mismatchf("expected: a program connects to %s\nwhy:      nobody does: %s", a.name, c.stuck())
	}
	return nil
}

func (c *call) expect() error {
	a, err := c.actor(c.args[0])
	if err != nil {
		return err
	}
	matches, err := c.pattern()
	if err != nil {
		return err
	}
	out, read, err := c.output(a)
	if err != nil {
		return err
	}
	skip := c.has("any") || c.has("stderr")
	met := false
	found := func() bool { // at the first line that decides
		from := *read
		for {
			line, next, ok := out.Next(from)
			if !ok || met {
				return met
			}
			if matches(line) {
				*read, met = next, true
				return true
			}
			if !skip {
				return true
			}
			from = next
		}
	}
	e, err := c.wait(func() bool { ended, _ := out.Ended(); return found() || ended || out.Overflowed() })
	if err != nil {
		return err
	}
	if !met {
		return c.expectFailed(a, out, *read, e)
	}
	return nil
}

// pattern gives what a line must be. A match sets the variables that its groups name.
func (c *call) pattern() (func(line []byte) bool, error) {
	if c.has("text") {
		want, err := unescape(c.args[1])
		return func(line []byte) bool { return string(line) == want }, err
	}
	re, err := regexp.Compile(`\A(?:` + c.args[1] + `)\z`)
	if err != nil {
		return nil, fmt.Errorf("expect: %w", err)
	}
	return func(line []byte) bool {
		match := re.FindSubmatch(line)
		for i, name := range re.SubexpNames() {
			if match != nil && name != "" {
				c.ts.Setenv(name, string(match[i]))
			}
		}
		return match != nil
	}, nil
}

// unescape reads a text with Go's escapes.
func unescape(s string) (string, error) {
	text, err := strconv.Unquote(`"` + strings.ReplaceAll(s, `"`, `\"`) + `"`)
	if err != nil {
		return "", fmt.Errorf("%q is not a text with Go's escapes", s)
	}
	return text, nil
}

func (c *call) expectFailed(a *actor, out *room.Output, read int, e room.Ending) error {
	where := "on stdout, as the next line"
	switch {
	case c.has("stderr"):
		where = "on stderr"
	case out.Packets():
		where = "from the program, as the next datagram"
	case a.peer != nil:
		where = "from the program, as the next line"
	case c.has("any"):
		where = "on stdout"
	}
	what := readable(c.args[1])
	if c.has("text") {
		want, _ := unescape(c.args[1])
		what = quote(want)
	}
	expected := fmt.Sprintf("%s, %s", where, what)
	return c.mismatch(a, expected, unread(out, read), c.whyNoLine(a, out, read, e))
}

// unread shows what the script has not dealt with of an output.
func unread(out *room.Output, read int) string {
	if !out.Packets() {
		return came(out.Text(read))
	}
	var all []string
	for {
		b, next, ok := out.Next(read)
		if !ok {
			return listed(all, "datagram")
		}
		all, read = append(all, string(b)), next
	}
}

// readable shows a pattern as plain text where it is nothing more.
func readable(re string) string {
	if regexp.QuoteMeta(re) == re || !strings.ContainsAny(strings.NewReplacer(`\.`, "", `\(`, "", `\)`, "", `\[`, "", `\]`, "", `\+`, "", `\*`, "", `\?`, "").Replace(re), `.()[]+*?\|^${}`) {
		return strconv.Quote(strings.ReplaceAll(re, `\`, ""))
	}
	return "a line that matches " + re
}

// came shows the unread output, the first lines of it.
func came(text string) string {
	if text == "" {
		return "nothing"
	}
	lines := strings.SplitAfter(text, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return listed(lines, "line")
}

// listed quotes the first few of some texts.
func listed(all []string, what string) string {
	if len(all) == 0 {
		return "nothing"
	}
	var words []string
	for _, t := range all[:min(len(all), 3)] {
		words = append(words, quote(t))
	}
	if len(all) > 3 {
		words = append(words, "and "+plural(len(all)-3, "more "+what))
	}
	return strings.Join(words, "\n")
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return thousands(n) + " " + what + "s"
}

func (c *call) whyNoLine(a *actor, out *room.Output, read int, e room.Ending) string {
	var ended, over bool
	var endErr error
	c.room.Wait(c.ctx, func() bool { ended, endErr = out.Ended(); over = out.Overflowed(); return true })
	unread := out.Text(read)
	switch {
	case over:
		return fmt.Sprintf("%s wrote more than %s bytes; the rest was thrown away", a.name, thousands(out.Limit()))
	case endErr != nil:
		return fmt.Sprintf("the connection broke: %v", endErr)
	case ended && unread != "" && !strings.Contains(unread, "\n"):
		return "this is no line yet: it has no newline at its end, and the output has ended"
	case ended && unread == "" && a.process != nil:
		c.room.Wait(c.ctx, func() bool { return a.process.ExitedLocked() != nil })
		return fmt.Sprintf("%s ended its output without it; it %s", a.name, a.process.State())
	case ended && unread == "":
		return "the program closed the connection without it"
	case e == room.Met:
		return "" // another line came: that speaks for itself
	case unread != "" && !strings.HasSuffix(unread, "\n"):
		return "the line has no newline at its end; " + c.why(a, e)
	}
	return c.why(a, e)
}

func (c *call) expectFile() error {
	a, err := c.actor(c.args[0])
	if err != nil {
		return err
	}
	want, err := os.ReadFile(c.ts.MkAbs(c.args[1]))
	if err != nil {
		return err
	}
	out, read, err := c.output(a)
	if err != nil {
		return err
	}
	if out.Packets() {
		return c.expectPacket(a, out, read, want)
	}
	differs := -1 // the first byte that is not as wanted
	e, err := c.wait(func() bool {
		got := out.Bytes()[*read:]
		n := min(len(got), len(want))
		differs = firstDifference(got[:n], want[:n])
		ended, _ := out.Ended()
		return differs >= 0 || n == len(want) || ended || out.Overflowed()
	})
	if err != nil {
		return err
	}
	got := out.Text(*read)
	switch {
	case differs >= 0:
		from := max(0, differs-20)
		return c.mismatch(a, fmt.Sprintf("%s bytes on stdout, from byte %s on %s", thousands(len(want)), thousands(from+1), quote(string(want[from:]))),
			fmt.Sprintf("from byte %s on %s", thousands(from+1), quote(got[from:])), "")
	case len(got) < len(want):
		return c.mismatch(a, fmt.Sprintf("%s bytes on stdout: %s", thousands(len(want)), quote(string(want))),
			fmt.Sprintf("%s bytes: %s", thousands(len(got)), quote(got)), c.whyNoLine(a, out, *read+len(got), e))
	}
	*read += len(want)
	return nil
}

// expectPacket is expectFile for datagrams: the next one holds just these bytes.
func (c *call) expectPacket(a *actor, out *room.Output, read *int, want []byte) error {
	next, came := *read, false
	var got []byte
	e, err := c.wait(func() bool { got, next, came = out.Next(*read); return came || out.Overflowed() })
	if err != nil {
		return err
	}
	if !came || !bytes.Equal(got, want) {
		why := c.whyNoLine(a, out, *read, e)
		if came {
			why = fmt.Sprintf("the datagram has %s, and should have %s", plural(len(got), "byte"), thousands(len(want)))
		}
		return c.mismatch(a, fmt.Sprintf("a datagram of %s: %s", plural(len(want), "byte"), quote(string(want))), unread(out, *read), why)
	}
	*read = next
	return nil
}

func firstDifference(a, b []byte) int {
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return -1
}

func (c *call) silent() error {
	a, err := c.actor(c.args[0])
	if err != nil {
		return err
	}
	out, read, err := c.output(a)
	if err != nil {
		return err
	}
	e, err := c.wait(func() bool { return len(out.Bytes()) > *read || a.process != nil && a.process.ExitedLocked() != nil })
	if err != nil {
		return err
	}
	expected := a.name + " says nothing more, and waits"
	switch text := out.Text(*read); {
	case text != "":
		return c.mismatch(a, expected, unread(out, *read), "")
	case e == room.Met:
		return c.mismatch(a, expected, "", a.state())
	case e == room.OutOfPatience:
		return c.mismatch(a, expected, "", c.restless(a)+" does not wait: after "+room.Patience.String()+" of running time it still computes, polls or sleeps. Let it block in a read, an accept or a channel instead")
	}
	return nil
}

// restless names who does not wait, though all should: not always the one that was to be silent.
func (c *call) restless(a *actor) string {
	if names := c.room.Restless(); len(names) > 0 && !slices.Contains(names, a.name) {
		return strings.Join(names, " or ")
	}
	return a.name
}

func (c *call) blocked() error {
	a, err := c.process(c.args[0])
	if err != nil {
		return err
	}
	e, err := c.judge(c.room.WaitBlocked(c.ctx, a.process, func() bool { return a.process.ExitedLocked() != nil }))
	if err != nil {
		return err
	}
	expected := a.name + " waits for something outside itself"
	switch e {
	case room.Met:
		return c.mismatch(a, expected, "", a.state())
	case room.OutOfPatience:
		return c.mismatch(a, expected, "", "after "+room.Patience.String()+" of running time it still computes, polls or sleeps")
	}
	return nil
}

func (c *call) send() error {
	text, err := unescape(c.args[1])
	if err != nil {
		return err
	}
	if !c.has("n") {
		text += "\n"
	}
	if c.has("repeat") {
		n, err := strconv.Atoi(c.flags["repeat"])
		if err != nil || n < 1 || n > maxFile/len(text) {
			return fmt.Errorf("send: bad -repeat %q", c.flags["repeat"])
		}
		text = strings.Repeat(text, n)
	}
	pieces := []string{text}
	if c.has("split") {
		if pieces, err = cutAt(text, c.flags["split"]); err != nil {
			return err
		}
	}
	return c.sendPieces(pieces)
}

func cutAt(text, sizes string) ([]string, error) {
	var pieces []string
	for s := range strings.SplitSeq(sizes, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("send: bad -split %q", sizes)
		}
		n = min(n, len(text))
		pieces, text = append(pieces, text[:n]), text[n:]
	}
	return slices.DeleteFunc(append(pieces, text), func(s string) bool { return s == "" }), nil
}

func (c *call) sendFile() error {
	b, err := os.ReadFile(c.ts.MkAbs(c.args[1]))
	if err != nil {
		return err
	}
	return c.sendPieces([]string{string(b)})
}

// input gives where a verb writes.
func (c *call) input(a *actor) (*room.Input, error) {
	if a.process != nil {
		return a.process.In, nil
	}
	if err := c.connected(a); err != nil {
		return nil, err
	}
	if a.peer.In == nil {
		return nil, fmt.Errorf("%s reads a FIFO: nothing can be sent there", a.name)
	}
	return a.peer.In, nil
}

// sendPieces sends one piece after the other, the next when the one before has been read.
func (c *call) sendPieces(pieces []string) error {
	a, err := c.actor(c.args[0])
	if err != nil {
		return err
	}
	in, err := c.input(a)
	if err != nil {
		return err
	}
	for i, p := range pieces {
		if i > 0 {
			if err := c.awaitRead(a, in); err != nil {
				return err
			}
		}
		a.sent = append(a.sent, quote(p))
		if err := in.Send([]byte(p)); err != nil {
			return c.unsent(a, err)
		}
	}
	if c.has("async") {
		return nil
	}
	var pending bool
	var sendErr error
	e, err := c.wait(func() bool { pending, sendErr = in.Pending(); return !pending })
	switch {
	case err != nil:
		return err
	case sendErr != nil:
		return c.unsent(a, sendErr)
	case e != room.Met:
		return c.mismatch(a, a.name+" reads what it is sent", "", fmt.Sprintf("%s does not read its input, and what it was sent does not fit into the pipe; %s", a.name, c.why(a, e)))
	case c.neg:
		return c.mismatch(a, a.name+" no longer reads", "", "it took what it was sent")
	}
	return nil
}

// awaitRead waits until the kernel's buffer between the judge and the program is empty.
func (c *call) awaitRead(a *actor, in *room.Input) error {
	e, err := c.wait(in.Taken)
	if err == nil && e != room.Met {
		err = c.mismatch(a, a.name+" reads what it is sent, piece by piece", "", c.why(a, e))
	}
	return err
}

func (c *call) unsent(a *actor, err error) error {
	if c.neg {
		return nil
	}
	if a.process != nil { // its end, and what it has to say of it, may be on the way
		if _, err := c.wait(func() bool { return a.process.ExitedLocked() != nil }); err != nil {
			return err
		}
	}
	return c.mismatch(a, a.name+" reads what it is sent", "", fmt.Sprintf("%v; %s", err, a.state()))
}

// connect is a pipe between two processes, with the judge listening in.
func (c *call) connect() error {
	from, err := c.actor(c.args[0])
	if err != nil {
		return err
	}
	to, err := c.actor(c.args[1])
	if err != nil {
		return err
	}
	out, read, err := c.output(from)
	if err != nil {
		return err
	}
	in, err := c.input(to)
	if err != nil {
		return err
	}
	if from.relayed {
		return fmt.Errorf("connect: the output of %s goes to another already", from.name)
	}
	from.relayed = true
	to.sent = append(to.sent, "the output of "+from.name)
	c.room.Relay(out, *read, in)
	return nil
}

func (c *call) closeInput() error {
	a, err := c.actor(c.args[0])
	if err != nil {
		return err
	}
	in, err := c.input(a)
	if err != nil {
		return err
	}
	a.sent = append(a.sent, endOfInput)
	in.Close()
	return nil
}

func (c *call) closeOutput() error {
	a, err := c.process(c.args[0])
	if err != nil {
		return err
	}
	a.process.Out.Abandon()
	return nil
}

func (c *call) ends() error {
	a, err := c.actor(c.args[0])
	if err != nil {
		return err
	}
	out, read, err := c.output(a)
	if err != nil {
		return err
	}
	var ended bool
	e, err := c.wait(func() bool { ended, _ = out.Ended(); return ended || len(out.Bytes()) > *read })
	if err != nil {
		return err
	}
	expected := "the end of the output of " + a.name
	if c.has("stderr") {
		expected = a.name + " writes nothing to stderr"
	}
	if a.peer != nil {
		expected = "the program closes the connection"
	}
	switch text := out.Text(*read); {
	case text != "":
		return c.mismatch(a, expected, came(text), "")
	case !ended:
		what := "nothing"
		if *read > 0 {
			what = "nothing more"
		}
		return c.mismatch(a, expected, what, c.why(a, e))
	}
	return nil
}

func (c *call) exits() error {
	a, err := c.process(c.args[0])
	if err != nil {
		return err
	}
	want := []string{"0"}
	if len(c.args) == 2 {
		want = strings.Split(c.args[1], ",")
	}
	e, err := c.wait(func() bool { return a.process.ExitedLocked() != nil })
	if err != nil {
		return err
	}
	expected := fmt.Sprintf("%s ends with %s", a.name, exitWords(want))
	exit := a.process.Exited()
	unread := a.process.Out.Text(a.read[0])
	switch {
	case exit == nil:
		return c.mismatch(a, expected, came(unread), c.why(a, e))
	case !slices.Contains(want, exit.Word()):
		return c.mismatch(a, expected, exit.String(), panicWords(a.process.Err.Text(0)))
	case unread != "" && !c.has("unread") && !a.relayed:
		return c.mismatch(a, expected+", and no more output", "the output "+came(unread), "")
	}
	return nil
}

// lintExits refuses words that no end of a process can match.
func lintExits(args []string) error {
	if len(args) < 2 || strings.Contains(args[1], "$") {
		return nil
	}
	for w := range strings.SplitSeq(args[1], ",") {
		n, err := strconv.Atoi(w)
		if status := err == nil && 0 <= n && n <= 255 && w == strconv.Itoa(n); !status && (!strings.HasPrefix(w, "SIG") || unix.SignalNum(w) == 0) {
			return fmt.Errorf("exits: %q is neither an exit status nor a signal such as SIGTERM", w)
		}
	}
	return nil
}

func exitWords(want []string) string {
	var words []string
	for _, w := range want {
		if !strings.HasPrefix(w, "SIG") {
			w = "exit status " + w
		}
		words = append(words, w)
	}
	return strings.Join(words, " or ")
}

// panicWords names a crash of Go's runtime.
func panicWords(stderr string) string {
	for line := range strings.Lines(stderr) {
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
			return "the program crashed: " + quote(strings.TrimSpace(line))
		}
	}
	return ""
}

func (c *call) alive() error {
	a, err := c.process(c.args[0])
	if err != nil {
		return err
	}
	if a.process.Exited() != nil {
		return c.mismatch(a, a.name+" goes on", "", a.state())
	}
	return nil
}

func (c *call) signal() error {
	a, err := c.process(c.args[0])
	if err != nil {
		return err
	}
	if err := lintSignal(c.args); err != nil {
		return err
	}
	name := "SIG" + strings.TrimPrefix(c.args[1], "SIG")
	_, err = c.deliver(a, unix.SignalNum(name))
	return err
}

// deliver sends a signal to a process, to its group, or to a child of its, and gives the pid of whom it
// was sent to.
func (c *call) deliver(a *actor, s syscall.Signal) (pid int, err error) {
	name := unix.SignalName(s)
	ask := s != unix.SIGSTOP && s != unix.SIGCONT
	send := a.process.Signal
	switch {
	case c.has("child") || c.has("runs"):
		return c.deliverBelow(a, s)
	case c.has("group"):
		send = a.process.SignalGroup
	}
	if ask {
		a.sent = append(a.sent, name)
	}
	if err := send(s); err != nil {
		return 0, c.mismatch(a, a.name+" runs, and can be sent "+name, "", err.Error())
	}
	return a.process.Pid, nil
}

// deliverBelow sends a signal to the only child of a process, or to the only one below it that runs some
// program.
func (c *call) deliverBelow(a *actor, s syscall.Signal) (pid int, err error) {
	var below []int
	e, err := c.wait(func() bool {
		below = a.process.Below(c.flags["runs"])
		return len(below) == 1 || a.process.ExitedLocked() != nil
	})
	if err != nil {
		return 0, err
	}
	who := "one child"
	if c.has("runs") {
		who = "one process below it that runs " + c.flags["runs"]
	}
	expected := a.name + " has " + who
	if len(below) != 1 {
		return 0, c.mismatch(a, expected, "it has "+noneOr(len(below)), c.why(a, e))
	}
	d, err := a.process.Take(below[0])
	if err == nil {
		err = d.Signal(s)
	}
	if errors.Is(err, os.ErrProcessDone) || errors.Is(err, unix.ESRCH) {
		return 0, c.mismatch(a, expected, "it has just ended", "")
	}
	return below[0], err
}

func noneOr(n int) string {
	if n == 0 {
		return "none"
	}
	return strconv.Itoa(n)
}

func lintSignal(args []string) error {
	if name := strings.TrimPrefix(args[1], "SIG"); unix.SignalNum("SIG"+name) == 0 && !strings.Contains(name, "$") {
		return fmt.Errorf("signal: unknown signal %q", args[1])
	}
	return nil
}

func (c *call) freeze() error {
	for flag, m := range moments {
		if c.has(flag) {
			return c.freezeAt(flag, m)
		}
	}
	if c.neg {
		return errors.New("! freeze: give -writes")
	}
	return c.stop(syscall.SIGSTOP, true)
}

// moments are those at which freeze can stop a process, by flag.
var moments = map[string]room.Moment{"writes": room.Writes, "opens": room.Opens, "unlocks": room.Unlocks, "misses": room.Misses, "replaces": room.Replaces}

// momentWords say what a process is to do to a file.
var momentWords = map[string]string{"writes": "writes to %s", "opens": "opens %s", "unlocks": "lets go of its lock on %s", "misses": "looks for %s",
	"replaces": "puts another file in the place of %s"}

// freezeAt follows a process until it has done something to a file, and stops it there. The follower must
// stand ready before the process goes on: so what holds it up is taken away here.
func (c *call) freezeAt(flag string, m room.Moment) error {
	a, err := c.process(c.args[0])
	if err != nil {
		return err
	}
	path, shown := c.inRoom(c.flags[flag])
	expected := a.name + " " + fmt.Sprintf(momentWords[flag], shown)
	if c.neg {
		if flag != "writes" {
			return fmt.Errorf("! freeze: give -writes, not -%s", flag)
		}
		expected = a.name + " writes nothing to " + shown
	}
	steps, err := a.process.Follow(path, m)
	if errors.Is(err, os.ErrProcessDone) || a.process.Exited() != nil {
		return c.mismatch(a, expected, "", a.state())
	}
	if err != nil {
		return err
	}
	if l := c.locks[path]; l != nil && flag == "unlocks" {
		delete(c.locks, path)
		l.drop()
	}
	e, err := c.wait(func() bool { return steps.Reached() || a.process.ExitedLocked() != nil })
	steps.End()
	switch {
	case err != nil:
		return err
	case c.neg && steps.Reached():
		return c.mismatch(a, expected, "it has written there", "")
	case c.neg && e != room.OutOfPatience:
		return nil
	case steps.Reached():
		_, err = c.wait(func() bool { return a.process.Stopped() || a.process.ExitedLocked() != nil })
		return err
	case flag == "misses", flag == "unlocks" && e == room.Met:
		return nil
	}
	return c.mismatch(a, expected, "", c.why(a, e))
}

func (c *call) thaw() error { return c.stop(syscall.SIGCONT, false) }

func (c *call) stop(s syscall.Signal, stopped bool) error {
	a, err := c.process(c.args[0])
	if err != nil {
		return err
	}
	pid, err := c.deliver(a, s)
	if err != nil || !stopped {
		return err
	}
	_, err = c.wait(func() bool { return room.StoppedPid(pid) || a.process.ExitedLocked() != nil })
	return err
}

func (c *call) limit() error {
	a, err := c.process(c.args[0])
	if err != nil {
		return err
	}
	n, set := room.Unlimited, a.process.Limit
	if c.has("soft") {
		set = a.process.SoftLimit
	}
	if c.args[2] != "unlimited" || !c.has("soft") {
		if n, err = strconv.ParseUint(c.args[2], 10, 63); err != nil {
			return fmt.Errorf("limit: %q is not a number (only -soft can be lifted, by unlimited)", c.args[2])
		}
	}
	err = set(c.args[1], n)
	if a.process.Exited() != nil {
		return c.mismatch(a, a.name+" runs, and can be limited", "", a.state())
	}
	return err
}

func (c *call) processes() error {
	a, err := c.process(c.args[0])
	if err != nil {
		return err
	}
	want, err := strconv.Atoi(c.args[1])
	if err != nil {
		return fmt.Errorf("processes: %q is not a number", c.args[1])
	}
	var got int
	var strangers, unpiped []string
	e, err := c.wait(func() bool {
		got = a.process.CountLocked()
		if c.has("same") {
			strangers = a.process.Strangers()
		}
		if c.has("piped") {
			unpiped = a.process.Unpiped()
		}
		return got == want && len(strangers) == 0 && len(unpiped) == 0
	})
	if err != nil || e == room.Met {
		return err
	}
	switch {
	case got != want:
		return c.mismatch(a, fmt.Sprintf("%s is %s", a.name, count(want)), "it is "+count(got), c.why(a, e))
	case len(strangers) > 0:
		return c.mismatch(a, fmt.Sprintf("each process of %s runs the same program", a.name), "a child runs "+quoteAll(strangers), "")
	}
	return c.mismatch(a, fmt.Sprintf("the standard output of the child is a pipe to %s", a.name), "it is "+strings.Join(unpiped, " and "), "")
}

// count says how many processes a program consists of.
func count(n int) string {
	switch n {
	case 0:
		return "no process: it has ended"
	case 1:
		return "1 process, without a child"
	}
	return fmt.Sprintf("%d processes, itself and %d below it", n, n-1)
}
