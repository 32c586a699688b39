package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ipclab/grader"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// traces are hand-made. Each call makes them anew.
func traces() map[string]*grader.Trace {
	return map[string]*grader.Trace{
		"stuck":   stuckTrace(),
		"pair":    pairTrace(),
		"four":    fourTrace(),
		"broken":  brokenTrace(),
		"hostile": hostileTrace(evil),
	}
}

type events = []grader.TranscriptEvent

// stuckTrace is of one process that waits for good, and is asked where.
func stuckTrace() *grader.Trace {
	all := events{
		{AtMS: 0, Process: "match", Event: "start", Text: "match error"},
		{AtMS: 0, Process: "match", Event: "stdin", Text: "error one\n"},
		{AtMS: 1, Process: "match", Event: "stderr", Text: "match: \x1b[31mready\x1b[0m\nSIGQUIT: quit"},
		{AtMS: 88, Process: "match", Event: "stderr", Text: "\nPC=0x4089cc m=0 sigcode=0\n\ngoroutine 1 [syscall]:\n"},
		{AtMS: 89, Process: "match", Event: "eof", Text: "stdout"},
		{AtMS: 89, Process: "match", Event: "exit", Text: "exit status 2"},
	}
	return &grader.Trace{Exercise: "pipe/filter", Check: "streams", Title: "a line that matches goes out as soon as it has come in", Seed: "1f9c", Casts: []grader.CastTrace{{
		Roles: map[string]string{"match": "student"}, Outcome: grader.Fail, Events: all,
		Failure: &grader.Failure{
			Script: "testscripts/pipe/filter/streams.txtar", Line: 8, Command: "expect match 'error one'", Phase: "the input stays open all the time",
			Message: "sent:     \"error one\\n\" (its input is still open)\nexpected: on stdout, as the next line, \"error one\"\ncame:     nothing\n" +
				"why:      nothing more will ever come: match waits, and nothing that could wake it is under way",
			Where:      []grader.Place{{Process: "match", File: "match/main.go", Line: 14, Function: "main.main", State: "syscall"}},
			Transcript: all,
		},
	}}}
}

// pairTrace is of two programs with three casts, of which two fail.
func pairTrace() *grader.Trace {
	opening := events{
		{AtMS: 0, Process: "server", Event: "start", Text: "server s.sock"},
		{AtMS: 2, Process: "server", Event: "stdout", Text: "ready\n"},
		{AtMS: 3, Process: "client", Event: "start", Text: "client -n 2 s.sock"},
		{AtMS: 5, Process: "client", Event: "stdin", Text: "what is the time, and what was it before?\n"},
		{AtMS: 6, Process: "client", Event: "stdout", Text: "12:00\n" + strings.Repeat("tick tock ", 30)},
	}
	sound := append(opening[:len(opening):len(opening)], events{
		{AtMS: 7, Process: "client", Event: "stdin", Text: endOfInput},
		{AtMS: 8, Process: "client", Event: "eof", Text: "stdout"},
		{AtMS: 8, Process: "client", Event: "exit", Text: "exit status 0"},
		{AtMS: 9, Process: "server", Event: "signal", Text: "SIGTERM"},
		{AtMS: 12, Process: "server", Event: "exit", Text: "killed by SIGTERM"},
	}...)
	wrong := append(opening[:len(opening):len(opening)], events{
		{AtMS: 7, Process: "client", Event: "stderr", Text: "panic: runtime error: index out of range [1] with length 1\n\ngoroutine 1 [running]:\nmain.main()\n\tclient/main.go:31 +0x1d\n"},
		{AtMS: 8, Process: "client", Event: "exit", Text: "exit status 2"},
		{AtMS: 8, Process: "client", Event: "error", Text: "stdin: broken pipe"},
	}...)
	failure := func(cast string) *grader.Failure {
		return &grader.Failure{Script: "testscripts/socket/time/twice.txtar", Line: 12, Command: "expect client '12:0\\d'",
			Message: "(" + cast + ")\nexpected: on stdout, as the next line, a match of 12:0\\d\ncame:     nothing, and client exits with status 2"}
	}
	return &grader.Trace{Exercise: "socket/time", Check: "twice", Title: "asks again on the same connection", Seed: "1f9c", Casts: []grader.CastTrace{
		{Roles: map[string]string{"client": "student", "server": "reference"}, Outcome: grader.Fail, Events: wrong, Failure: failure("your client with the reference server")},
		{Roles: map[string]string{"client": "reference", "server": "student"}, Outcome: grader.Pass, Events: sound},
		{Roles: map[string]string{"client": "student", "server": "student"}, Outcome: grader.Fail, Events: wrong, Failure: failure("your client with your server")},
	}}
}

// fourTrace has four lanes, and each kind of event.
func fourTrace() *grader.Trace {
	return &grader.Trace{Exercise: "socket/chat", Check: "all", Title: "what one says, all hear", Seed: "1f9c", Casts: []grader.CastTrace{{
		Roles: map[string]string{"server": "student"}, Outcome: grader.Pass, Events: events{
			{AtMS: 0, Process: "log", Event: "listen", Text: "unix log.sock"},
			{AtMS: 1, Process: "server", Event: "start", Text: "server 127.0.0.1:0"},
			{AtMS: 2, Process: "server", Event: "limit", Text: "nofile 16"},
			{AtMS: 4, Process: "server", Event: "stdout", Text: "127.0.0.1:40123\n"},
			{AtMS: 4, Process: "log", Event: "accept"},
			{AtMS: 5, Process: "alice", Event: "dial", Text: "tcp 127.0.0.1:40123"},
			{AtMS: 6, Process: "bob", Event: "dial", Text: "tcp 127.0.0.1:40123"},
			{AtMS: 7, Process: "alice", Event: "stdin", Text: "hello \u65e5\u672c\u8a9e\n"},
			{AtMS: 8, Process: "bob", Event: "received", Text: "alice: hello \u65e5\u672c\u8a9e\n"},
			{AtMS: 9, Process: "alice", Event: "stdin", Text: strings.Repeat("a", transcriptBytes)},
			{AtMS: 10, Process: "bob", Event: "received", Text: "\ufffd\ufffd\ufffd" + strings.Repeat("b", 400)},
			{AtMS: 11, Process: "alice", Event: "stdin", Text: endOfInput},
			{AtMS: 12, Process: "alice", Event: "eof", Text: "received"},
			{AtMS: 13, Process: "bob", Event: "closed"},
			{AtMS: 1400, Process: "", Event: "quiet", Text: "all processes wait"},
			{AtMS: 1401, Process: "server", Event: "signal", Text: "SIGQUIT"},
			{AtMS: 1402, Process: "server", Event: "stderr", Text: "SIGQUIT: quit\n"},
			{AtMS: 1403, Process: "server", Event: "thaw", Text: "after a while"},
			{AtMS: 123456, Process: "server", Event: "exit", Text: "killed by SIGQUIT"},
		},
	}}}
}

func brokenTrace() *grader.Trace {
	return &grader.Trace{Exercise: "file/lock", Check: "two", Title: "one at a time", Casts: []grader.CastTrace{{
		Outcome: grader.Broken,
		Failure: &grader.Failure{Script: "testscripts/file/lock/two.txtar", Command: "(the grader)", Message: "room: clone: resource temporarily unavailable"},
	}}}
}

// hostileTrace has the same text wherever a text can stand.
func hostileTrace(s string) *grader.Trace {
	t := &grader.Trace{Exercise: s, Check: s, Title: s, Seed: s}
	for _, o := range []grader.Outcome{grader.Fail, grader.Outcome(s)} {
		c := grader.CastTrace{Roles: map[string]string{s: "student", "b": s}, Outcome: o, Failure: hostile(s).Exercises[0].Checks[0].Failure}
		for i, kind := range []string{"start", "stdin", "stdout", "stderr", "eof", "signal", "limit", "exit", "error", s} {
			c.Events = append(c.Events, grader.TranscriptEvent{AtMS: int64(i), Process: s, Event: kind, Text: s})
			c.Events = append(c.Events, grader.TranscriptEvent{AtMS: int64(i), Process: "b", Event: kind, Text: "exit status " + s})
		}
		c.Events = append(c.Events, grader.TranscriptEvent{AtMS: 99, Process: s, Event: "received", Text: "x\n" + s})
		t.Casts = append(t.Casts, c)
	}
	return t
}

func TestTraceGolden(t *testing.T) {
	text := func(o TextOptions) func(io.Writer, *grader.Trace) error {
		return func(w io.Writer, tr *grader.Trace) error { return TraceText(w, tr, o) }
	}
	writers := map[string]func(io.Writer, *grader.Trace) error{
		"json":     TraceJSON,
		"svg":      TraceSVG,
		"80.txt":   text(TextOptions{}),
		"50.txt":   text(TextOptions{Width: 50}),
		"80.color": text(TextOptions{Color: true}),
	}
	for name, tr := range traces() {
		for form, write := range writers {
			t.Run(name+"."+form, func(t *testing.T) {
				var b bytes.Buffer
				require.NoError(t, write(&b, tr))
				golden(t, "trace."+name+"."+form, b.String())
			})
		}
	}
}

func traceText(t *testing.T, tr *grader.Trace, o TextOptions) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, TraceText(&b, tr, o))
	return b.String()
}

func TestTraceFitsEveryWidth(t *testing.T) {
	for name, tr := range traces() {
		for width := 30; width <= 130; width += 9 {
			t.Run(fmt.Sprint(name, width), func(t *testing.T) {
				fits(t, traceText(t, tr, TextOptions{Width: width}), width)
			})
		}
	}
}

func TestTraceColorAddsNothingButColor(t *testing.T) {
	for name, tr := range traces() {
		colored := traceText(t, tr, TextOptions{Color: true})
		for _, s := range []style{bold, dim, red, green, yellow} {
			colored = strings.ReplaceAll(colored, "\x1b["+string(s)+"m", "")
		}
		assert.Equal(t, traceText(t, tr, TextOptions{}), strings.ReplaceAll(colored, "\x1b[0m", ""), name)
	}
}

func TestTraceEndsWithTheNextCommand(t *testing.T) {
	for name, want := range map[string]string{
		"stuck":  "Fix it, then: ipclab grade pipe/filter",
		"pair":   "Fix it, then: ipclab grade socket/time",
		"four":   "Next: ipclab grade socket/chat",
		"broken": "ipclab grade --report json=broken.json file/lock",
	} {
		assert.Equal(t, want, lastLine(traceText(t, traces()[name], TextOptions{})))
	}
}

// A line of a timeline says all by itself: who, which way, and what.
func TestLinesOfATimelineNameTheirProcess(t *testing.T) {
	for _, width := range []int{50, 80} {
		screen := traceText(t, fourTrace(), TextOptions{Width: width})
		for _, line := range []string{
			`     0  log    listens on unix log.sock`,
			`     7  alice  <- sends "hello ` + "\u65e5\u672c\u8a9e" + `\n"`,
			`     8  bob    -> receives "alice: hello ` + "\u65e5\u672c\u8a9e" + `\n"`,
			`    11  alice  <- sends end of input`,
			`  1400  judge  quiet: all processes wait`,
			`  1401  server <- signal SIGQUIT`,
		} {
			assert.Contains(t, screen, line+"\n", "%d columns", width)
		}
	}
	for line, column := range map[string]int{"server -> \"ready": 8, "client starts: client": 45} {
		for l := range strings.Lines(traceText(t, pairTrace(), TextOptions{})) {
			if i := strings.Index(l, line); i >= 0 {
				assert.Equal(t, column, i)
			}
		}
	}
}

func TestTheJudgesQuestionIsNotTheProcesssDoing(t *testing.T) {
	screen := traceText(t, stuckTrace(), TextOptions{})
	assert.Contains(t, screen, `     1  match -> stderr "match: \x1b[31mready\x1b[0m\n"`+"\n")
	assert.Contains(t, screen, "    88  match <- asked where it stands, which ends it (SIGQUIT)\n")
	assert.NotContains(t, screen, "PC=0x")
	assert.NotContains(t, screen, "exits with status 2")

	passed := stuckTrace()
	passed.Casts[0].Failure, passed.Casts[0].Outcome = nil, grader.Pass
	screen = traceText(t, passed, TextOptions{})
	assert.Contains(t, screen, "exits with status 2", "nobody asks in a check that passes")

	sent := stuckTrace()
	sent.Casts[0].Events = append(events{{Process: "match", Event: "signal", Text: "SIGQUIT"}}, sent.Casts[0].Events...)
	assert.Contains(t, traceText(t, sent, TextOptions{}), "exits with status 2", "the script itself sent the signal")
}

func TestLongTimelinesAreCut(t *testing.T) {
	tr := fourTrace()
	c := &tr.Casts[0]
	c.Events = nil
	for i := range 5000 {
		c.Events = append(c.Events, grader.TranscriptEvent{AtMS: int64(i), Process: "server", Event: "stdout", Text: "x"})
	}
	screen := traceText(t, tr, TextOptions{})
	assert.Contains(t, screen, "... 4800 steps are not shown")
	assert.Contains(t, screen, "  4999  server")
	assert.Less(t, strings.Count(screen, "\n"), 220)
	var b bytes.Buffer
	require.NoError(t, TraceJSON(&b, tr))
	var got grader.Trace
	require.NoError(t, json.Unmarshal(b.Bytes(), &got))
	assert.Len(t, got.Casts[0].Events, 5000)
}

func TestQuoted(t *testing.T) {
	for _, c := range []struct {
		in    string
		width int
		want  string
	}{
		{"", 40, `""`},
		{"a\tb\x1b\"\n", 40, `"a\tb\x1b\"\n"`},
		{"\u202e\u200b\U000e0041", 40, `"\u202e\u200b\U000e0041"`},
		{strings.Repeat("x", 38), 40, `"` + strings.Repeat("x", 38) + `"`},
		{strings.Repeat("x", 39), 40, `"` + strings.Repeat("x", 21) + `"... 18 bytes more`},
		{strings.Repeat("\u65e5", 40), 40, `"` + strings.Repeat("\u65e5", 10) + `"... 90 bytes more`},
		{strings.Repeat("x", transcriptBytes), 40, `"xxxxxxxxxx"... at least 4086 bytes more`},
		{strings.Repeat("\ufffd", 100), 40, `"` + strings.Repeat("\ufffd", 14) + `"... about 258 bytes more`},
		{"\xff\xfe", 40, `"\xff\xfe"`},
	} {
		quote, rest := quoted(c.in, c.width)
		assert.Equal(t, c.want, quote+rest, "%q", c.in)
	}
}

func TestFoldKeepsAllAndBreaksNoEscape(t *testing.T) {
	for _, c := range []struct {
		in    string
		width int
		want  []string
	}{
		{"", 10, []string{""}},
		{`-> "abc"`, 10, []string{`-> "abc"`}},
		{`-> "two words"`, 10, []string{`-> "two`, ` words"`}},
		{`"abcdefgh\nijkl\n"`, 16, []string{`"abcdefgh\n`, `ijkl\n"`}},
		{`"a\nbcdefghijklmnop"`, 16, []string{`"a\nbcdefghijklm`, `nop"`}},
		{`"abcdefg\u202e"`, 10, []string{`"abcdefg`, `\u202e"`}},
		{`"abcdefg\\n"`, 9, []string{`"abcdefg`, `\\n"`}},
		{`\x1b\x1b`, 3, []string{`\x1b`, `\x1b`}},
		{"\u65e5\u672c\u8a9e", 5, []string{"\u65e5\u672c", "\u8a9e"}},
		{"\\U\u65e5\u672c\u8a9e", 4, []string{"\\U\u65e5", "\u672c\u8a9e"}},
		{"a  b  c  d", 5, []string{"a  b", "  c ", " d"}},
	} {
		got := fold(c.in, c.width, c.width)
		assert.Equal(t, c.want, got)
		assert.Equal(t, c.in, strings.Join(got, ""))
	}
}

func TestTraceJSONHoldsEventsOnceAndNoNull(t *testing.T) {
	var b bytes.Buffer
	tr := stuckTrace()
	require.NoError(t, TraceJSON(&b, tr))
	assert.NotContains(t, b.String(), `"transcript"`)
	assert.NotEmpty(t, tr.Casts[0].Failure.Transcript, "the model stays as it is")
	b.Reset()
	require.NoError(t, TraceJSON(&b, &grader.Trace{Casts: make([]grader.CastTrace, 1)}))
	assert.NotContains(t, b.String(), "null")
}

func TestTraceSVGFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.svg")
	require.NoError(t, TraceSVGFile(file, pairTrace()))
	got, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.True(t, strings.HasSuffix(string(got), "</svg>\n"))
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, left, 1, "no temporary file stays")

	err = TraceSVGFile(filepath.Join(dir, "none", "a.svg"), pairTrace())
	assert.EqualError(t, err, "write the picture to "+filepath.Join(dir, "none", "a.svg")+": no such file or directory")
}

// soundSVG holds that a picture is well-formed, needs nothing from elsewhere and runs nothing.
func soundSVG(t *testing.T, doc []byte) {
	t.Helper()
	require.False(t, bytes.ContainsFunc(doc, hidden))
	known := map[string]bool{"svg": true, "title": true, "desc": true, "style": true, "rect": true, "text": true, "line": true, "path": true, "g": true}
	depth, dec := 0, xml.NewDecoder(bytes.NewReader(doc))
	for {
		token, err := dec.Token()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		switch e := token.(type) {
		case xml.StartElement:
			depth++
			require.True(t, known[e.Name.Local], e.Name.Local)
			for _, a := range e.Attr {
				require.NotContains(t, a.Name.Local, "href")
				require.False(t, strings.HasPrefix(a.Name.Local, "on"), a.Name.Local)
			}
		case xml.EndElement:
			depth--
		case xml.Directive, xml.ProcInst:
			require.Fail(t, "no directives")
		}
	}
	require.Zero(t, depth)
}

func TestTraceSVGIsSound(t *testing.T) {
	for name, tr := range traces() {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			require.NoError(t, TraceSVG(&b, tr))
			soundSVG(t, b.Bytes())
		})
	}
}

func FuzzTrace(f *testing.F) {
	f.Add("", 80)
	f.Add(evil, 50)
	f.Add("SIGQUIT: quit\nexit status 1", 22)
	f.Add("a\nSIGQUIT: quit\n<script>]]>&amp;\ufffd"+strings.Repeat("\u65e5", 3000), 80)
	f.Add(strings.Repeat("\u0301", 3000), 120)
	f.Add("\\U\u65e5\u672c\u8a9e", 3)
	f.Fuzz(func(t *testing.T, s string, width int) {
		width = 30 + (width%100+100)%100
		tr := hostileTrace(s)
		screen := traceText(t, tr, TextOptions{Width: width})
		fits(t, screen, width)
		var picture, doc bytes.Buffer
		require.NoError(t, TraceSVG(&picture, tr))
		soundSVG(t, picture.Bytes())
		require.NoError(t, TraceJSON(&doc, tr))
		require.False(t, bytes.ContainsFunc(doc.Bytes(), hidden))
		var got grader.Trace
		require.NoError(t, json.Unmarshal(doc.Bytes(), &got))
		require.Equal(t, string([]rune(s)), got.Casts[0].Events[0].Text)
		require.Len(t, got.Casts[0].Events, len(tr.Casts[0].Events))
	})
}
