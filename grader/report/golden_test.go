package report

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ipclab/grader"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

// fixtures are hand-made reports. Each call makes them anew.
func fixtures() map[string]*grader.Report {
	return map[string]*grader.Report{
		"pass":      allPass(),
		"mixed":     mixed(),
		"untouched": untouched(),
		"hostile":   hostile(evil),
		"broken":    onlyBroken(),
		"repeated":  repeated(),
	}
}

func TestGolden(t *testing.T) {
	text := func(o TextOptions) func(io.Writer, *grader.Report) error {
		return func(w io.Writer, rep *grader.Report) error { return Text(w, rep, o) }
	}
	writers := map[string]func(io.Writer, *grader.Report) error{
		"json":       JSON,
		"junit.xml":  JUnit,
		"80.txt":     text(TextOptions{}),
		"40.txt":     text(TextOptions{Width: 40}),
		"80.color":   text(TextOptions{Color: true}),
		"40.color":   text(TextOptions{Color: true, Width: 40}),
		"single.txt": func(w io.Writer, rep *grader.Report) error { return Text(w, alone(rep), TextOptions{}) },
	}
	for name, rep := range fixtures() {
		for form, write := range writers {
			t.Run(name+"."+form, func(t *testing.T) {
				var b bytes.Buffer
				require.NoError(t, write(&b, rep))
				golden(t, name+"."+form, b.String())
			})
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o666))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "go test ./grader/report -update writes it")
	assert.Equal(t, string(want), got)
}

// alone is the report on the first exercise that fails, graded by itself.
func alone(rep *grader.Report) *grader.Report {
	r := *rep
	r.Quiz = nil
	r.Exercises = rep.Exercises[:1]
	for i, e := range rep.Exercises {
		if e.Outcome == grader.Fail {
			r.Exercises = rep.Exercises[i : i+1]
			break
		}
	}
	r.Score, r.MaxScore = r.Exercises[0].Score, r.Exercises[0].MaxScore
	return &r
}

func blankReport() *grader.Report {
	return &grader.Report{
		Schema:     grader.Schema,
		Grader:     "v0.1.0",
		Course:     grader.CourseRef{ID: "ipc", Version: 1, Digest: "sha256:c0"},
		Submission: grader.SubmissionRef{Name: "alice", Digest: "sha256:5b"},
		Isolation:  "rooms",
		Seed:       "1f9c",
		ElapsedMS:  2100,
	}
}

// exercise makes an exercise of two points, of which score are reached.
func exercise(id, title string, o grader.Outcome, score float64, checks ...grader.CheckReport) grader.ExerciseReport {
	channel, _, _ := strings.Cut(id, "/")
	return grader.ExerciseReport{ID: id, Title: title, Channel: channel, Outcome: o, Score: score, MaxScore: 2, ElapsedMS: 80, Checks: checks}
}

func check(id, title string, o grader.Outcome) grader.CheckReport {
	c := grader.CheckReport{ID: id, Title: title, Outcome: o, MaxScore: 1, ElapsedMS: 31}
	if o == grader.Pass {
		c.Score = 1
	}
	return c
}

func failing(id, title string, f grader.Failure) grader.CheckReport {
	c := check(id, title, grader.Fail)
	c.Failure = &f
	return c
}

func allPass() *grader.Report {
	rep := blankReport()
	rep.Score, rep.MaxScore = 8, 8
	rep.Exercises = []grader.ExerciseReport{
		exercise("file/copy", "Copy a file that grows", grader.Pass, 2, check("whole", "the copy is whole", grader.Pass)),
		exercise("signal/stop", "Stop when asked", grader.Pass, 2, check("term", "ends on SIGTERM", grader.Pass), check("clean", "leaves nothing", grader.Pass)),
	}
	rep.Exercises[0].Shown = "# What you have just shown\n\n**The idea.** A file that grows\nhas an end that moves, and a reader that has come to it has seen all that there was.\n\n**The trap.** To stop there.\n"
	rep.Exercises[1].Shown = "# What you have just shown\n"
	rep.Quiz = &grader.QuizReport{Outcome: grader.Pass, Score: 4, MaxScore: 4, Answers: []grader.AnswerReport{
		{Question: "pipe-what", Outcome: "right", Picked: []string{"a"}},
	}}
	return rep
}

func untouched() *grader.Report {
	rep := blankReport()
	rep.MaxScore = 10
	rep.Exercises = []grader.ExerciseReport{
		exercise("file/copy", "Copy a file that grows", grader.NotStarted, 0, check("whole", "the copy is whole", grader.NotRun)),
		exercise("signal/stop", "Stop when asked", grader.NotStarted, 0),
		exercise("socket/request-response", "Ask a server for the time, over and over, on one connection", grader.NotStarted, 0),
	}
	rep.Quiz = &grader.QuizReport{Outcome: grader.NotStarted, MaxScore: 4, Answers: []grader.AnswerReport{
		{Question: "pipe-what", Outcome: "unanswered"},
		{Question: "fifo-open", Outcome: "unanswered"},
	}}
	return rep
}

func mixed() *grader.Report {
	rep := blankReport()
	rep.Score, rep.MaxScore = 6.4, 18
	rep.Exercises = []grader.ExerciseReport{
		exercise("file/copy", "Copy a file that grows", grader.Pass, 2, check("whole", "the copy is whole", grader.Pass)),
		compileError(),
		filter(),
		brokenExercise(),
		clientServer(),
		exercise("fifo/chat", "Two talk over two FIFOs", grader.Fail, 1.0/3, failing("order", "each line once, in order", grader.Failure{
			Script: "testscripts/fifo/chat/order.txtar", Line: 12, Command: "expect bob 'two'", Message: "bob has ended",
		})),
		exercise("fifo/log", "Many write, one reads", grader.NotStarted, 0),
	}
	for i := range rep.Exercises {
		rep.Exercises[i].Hinted = true
	}
	rep.Exercises[0].Shown = "# What you have just shown\n"
	rep.Quiz = &grader.QuizReport{Outcome: grader.Fail, Score: 2, MaxScore: 4, Answers: []grader.AnswerReport{
		{Question: "pipe-what", Outcome: "right", Picked: []string{"a"}},
		{Question: "fifo-open", Outcome: "wrong", Picked: []string{"b", "c"}, Why: "Opening a FIFO waits for the other end.", Wrong: "fifo-is-a-file"},
		{Question: "signal-lost", Outcome: "unanswered"},
	}}
	return rep
}

// repeated is a program that ends in one way in most checks, and otherwise in one.
func repeated() *grader.Report {
	ended := func(id, title, who, status, stderr string) grader.CheckReport {
		return failing(id, title, grader.Failure{Line: 3, Script: "testscripts/pipe/filter/" + id + ".txtar", Command: "expect " + who + " one",
			Message: "expected: on stdout, as the next line, \"one\"\ncame:     nothing\nwhy:      " + who + " ended its output without it; it ended with " +
				status + "\nstderr:   " + strings.ReplaceAll(stderr, "\n", "\n          ") + "\nwall:     there is no network",
			End:  status + ", " + stderr,
			Hint: "This is about " + id + ".", Wrong: map[bool]string{true: "eof-comes-alone", false: "written-is-sent"}[id == "order"]})
	}
	const twoLines = "\"match: no such file\"\n\"match: a.txt\""
	rep := blankReport()
	rep.Exercises = []grader.ExerciseReport{exercise("pipe/filter", "A filter", grader.Fail, 0,
		ended("streams", "lines go out at once", "match", "exit status 1", `"match: not written yet"`),
		ended("order", "lines keep their order", "second", "exit status 1", `"match: not written yet"`),
		ended("status", "it says what it found", "match", "exit status 2", `"match: not written yet"`),
		check("empty", "no line is a line", grader.Pass),
		ended("long", "lines may be long", "match", "exit status 2", twoLines),
		ended("ends", "it ends with its input", "match", "exit status 2", twoLines),
		ended("bytes", "bytes are bytes", "match", "exit status 2", "\"match: no such file\"\n\"match: b.txt\""),
	)}
	rep.MaxScore = 2
	return rep
}

func compileError() grader.ExerciseReport {
	e := exercise("pipe/count", "Count what passes", grader.Fail, 0,
		check("lines", "counts lines", grader.NotRun), check("empty", "counts nothing", grader.NotRun))
	e.Build = &grader.BuildReport{Errors: []grader.BuildError{
		{Program: "count", File: "count/main.go", Line: 9, Col: 2, Message: "declared and not used: n"},
		{Program: "count", File: "count/main.go", Line: 14, Col: 17, Message: "not enough arguments in call to copyLines\n\thave (*os.File)\n\twant (*os.File, *os.File)"},
		{Program: "gen", Message: "gen is a link: only regular files are graded"},
	}}
	return e
}

func filter() grader.ExerciseReport {
	streams := failing("streams", "lines pass as they arrive", grader.Failure{
		Script:  "testscripts/pipe/filter/streams.txtar",
		Line:    7,
		Command: "expect match error",
		Phase:   "one line is sent, and the pipe stays open",
		Message: "sent:     \"error one\\n\" (its input is still open)\n" +
			"expected: match writes \"error one\\n\" before it is sent anything else, since a reader may be waiting for it\n" +
			"came:     nothing\n" +
			"why:      nothing more will ever come: match waits, and nothing that could wake it is under way\n" +
			"stderr:   \"match: a line on standard error that\\n\"\n" +
			"          \"match: is followed by one that is far too long for any screen, since programs write what they want\\n\"\n" +
			"\tthis line begins with a tab\n" +
			"the last line",
		Hint:  "A buffered writer keeps what it has until it is full. Who calls Flush, and when?",
		Wrong: "written-is-sent",
		Where: []grader.Place{
			{Process: "match", File: "match/main.go", Line: 18, Function: "main.main", State: "IO wait"},
			{Process: "gen", State: "ended"},
		},
		Transcript: []grader.TranscriptEvent{
			{AtMS: 0, Process: "match", Event: "start", Text: "match error"},
			{AtMS: 3, Process: "match", Event: "stdin", Text: "error one\n"},
			{AtMS: 64, Process: "", Event: "quiet", Text: "all wait"},
		},
	})
	streams.Casts = []grader.CastReport{{Roles: map[string]string{"match": "student"}, Outcome: grader.Fail}}
	e := exercise("pipe/filter", "A filter in a pipeline", grader.Fail, 1, check("order", "lines keep their order", grader.Pass), streams)
	for _, id := range []string{"large", "binary", "closed"} {
		e.Checks = append(e.Checks, failing(id, "works with "+id+" input", grader.Failure{
			Script: "testscripts/pipe/filter/" + id + ".txtar", Line: 3, Command: "exits match 0", Message: "match exits 1, not 0",
		}))
	}
	return e
}

func clientServer() grader.ExerciseReport {
	c := failing("partial", "a message may come in pieces", grader.Failure{
		Script: "testscripts/socket/request-response/partial.txtar", Line: 21, Command: "expect client 'bye'",
		Message: "(your server with the reference client)\nclient ended before the server said goodbye",
		Side:    "your server is at fault: it fails with the reference client too, while the rest of yours works",
	})
	c.Casts = []grader.CastReport{
		{Roles: map[string]string{"client": "student", "server": "reference"}, Outcome: grader.Pass},
		{Roles: map[string]string{"client": "reference", "server": "student"}, Outcome: grader.Fail},
		{Roles: map[string]string{"client": "student", "server": "student"}, Outcome: grader.Fail},
	}
	return exercise("socket/request-response", "Ask a server for the time, over and over, on one connection", grader.Fail, 1.999, c)
}

func brokenExercise() grader.ExerciseReport {
	c := check("echo", "what is sent comes back", grader.Broken)
	c.Failure = &grader.Failure{
		Script: "testscripts/socket/echo/echo.txtar", Line: 5, Command: "start server",
		Message: "room: clone: resource temporarily unavailable",
	}
	return exercise("socket/echo", "An echo server", grader.Broken, 0, c, check("many", "serves many at once", grader.Pass))
}

func onlyBroken() *grader.Report {
	rep := blankReport()
	e := exercise("file/lock", "One at a time", grader.Broken, 0)
	e.Problem = "testscripts/file/lock/two.txtar:3: unknown verb \"strat\""
	rep.Exercises = []grader.ExerciseReport{exercise("file/copy", "Copy a file that grows", grader.Pass, 2), e}
	rep.Score, rep.MaxScore = 2, 4
	rep.Quiz = &grader.QuizReport{Outcome: grader.Broken, MaxScore: 4, Problem: "quiz/key.yaml: no key for pipe-what"}
	return rep
}

// evil is what a student's program may write to fool whoever shows it.
const evil = "\x1b[2J\x1b]0;owned\x07\r\x00\x7f\u0085\u009b31m\u202egnp.exe\u2066\u200b\ufeff\uffff\xff\xfe" +
	"]]><script>alert(1)</script>&amp;\n::error::pass\n=cmd|' /C calc'!A0\n  pass  pipe/filter\U000e0041 \u65e5\u672c\u8a9e e\u0301 \U0001F468\u200d\U0001F469"

// hostile is a report with the same text wherever a text can stand.
func hostile(s string) *grader.Report {
	rep := blankReport()
	rep.Submission.Name = s
	rep.Seed = s
	rep.MaxScore = 6
	f := &grader.Failure{
		Script: s, Line: 1, Command: s, Phase: s, Message: s, Side: s, Hint: s, Wrong: s,
		Where:      []grader.Place{{Process: s, File: s, Line: 1, Function: s, State: s}},
		Transcript: []grader.TranscriptEvent{{AtMS: 1, Process: s, Event: s, Text: s}},
	}
	casts := []grader.CastReport{
		{Roles: map[string]string{s: "student", "b": s}, Outcome: grader.Fail},
		{Roles: map[string]string{s: "reference"}, Outcome: grader.Outcome(s)},
	}
	e := grader.ExerciseReport{ID: "pipe/filter", Title: s, Channel: s, Outcome: grader.Fail, MaxScore: 2, Problem: s, Checks: []grader.CheckReport{
		{ID: "a", Title: s, Outcome: grader.Fail, MaxScore: 1, Casts: casts, Failure: f},
		{ID: "a", Title: s, Outcome: grader.Broken, MaxScore: 1, Failure: f},
		{ID: s, Title: s, Outcome: grader.Outcome(s), Failure: f},
		{ID: s, Title: s, Outcome: grader.NotRun},
	}}
	e.Build = &grader.BuildReport{Errors: []grader.BuildError{{Program: s, File: s, Line: 1, Col: 1, Message: s}}}
	twin := grader.ExerciseReport{ID: e.ID, Title: s, Outcome: grader.Outcome(s)}
	rep.Exercises = []grader.ExerciseReport{e, twin}
	rep.Quiz = &grader.QuizReport{Outcome: grader.Fail, MaxScore: 2, Problem: s, Answers: []grader.AnswerReport{
		{Question: s, Outcome: "wrong", Picked: []string{s, s}, Why: s, Wrong: s},
		{Question: s, Outcome: s},
		{Question: s, Outcome: "unanswered"},
	}}
	return rep
}
