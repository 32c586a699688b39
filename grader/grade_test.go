package grader_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"ipclab/grader"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ownCache gives a test a cache of its own, but for what Go has compiled, and a folder for temporary
// files that must be empty in the end.
func ownCache(t *testing.T) (verdicts string) {
	t.Helper()
	base, err := os.UserCacheDir()
	require.NoError(t, err)
	own, tmp := t.TempDir(), t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(own, "ipclab"), 0o700))
	for dir, mode := range map[string]os.FileMode{"go-build": 0o700, "rooms": 0o755} {
		compiled := filepath.Join(base, "ipclab", dir)
		require.NoError(t, os.MkdirAll(compiled, mode))
		require.NoError(t, os.Symlink(compiled, filepath.Join(own, "ipclab", dir)))
	}
	t.Setenv("HOME", own)
	t.Setenv("XDG_CACHE_HOME", own)
	t.Setenv("TMPDIR", tmp)
	t.Cleanup(func() {
		left, err := os.ReadDir(tmp)
		assert.NoError(t, err)
		assert.Empty(t, left, "something is left in the folder for temporary files")
	})
	base, err = os.UserCacheDir()
	require.NoError(t, err)
	return filepath.Join(base, "ipclab", "verdict")
}

// open opens a submission for the time of the test.
func open(t testing.TB, c *grader.Course, dir string) *grader.Submission {
	t.Helper()
	sub, err := c.OpenSubmission(dir, false)
	require.NoError(t, err)
	t.Cleanup(func() { sub.Close() })
	return sub
}

// grade grades all exercises, or those that are named.
func grade(t testing.TB, c *grader.Course, dir string, o grader.Options, ids ...string) *grader.Report {
	t.Helper()
	sel, err := c.Select(ids)
	require.NoError(t, err)
	o.Select = sel
	rep, err := c.Grade(context.Background(), open(t, c, dir), o)
	require.NoError(t, err)
	_, err = json.Marshal(rep)
	require.NoError(t, err)
	return rep
}

// outcomes gives the outcome of each exercise and check.
func outcomes(rep *grader.Report) map[string]string {
	out := map[string]string{}
	for _, e := range rep.Exercises {
		out[e.ID] = string(e.Outcome)
		for _, c := range e.Checks {
			out[e.ID+"/"+c.ID] = string(c.Outcome)
		}
	}
	if rep.Quiz != nil {
		out["quiz"] = string(rep.Quiz.Outcome)
	}
	return out
}

// check finds one check of a report.
func check(t testing.TB, rep *grader.Report, id string) grader.CheckReport {
	t.Helper()
	for _, e := range rep.Exercises {
		for _, c := range e.Checks {
			if e.ID+"/"+c.ID == id {
				return c
			}
		}
	}
	require.Fail(t, "the report has no check "+id)
	return grader.CheckReport{}
}

func TestGradeSolutions(t *testing.T) {
	ownCache(t)
	f := tiny(t)
	rep := grade(t, f.load(t), f.below("solutions").write(t, ""), grader.Options{Seed: "s", Version: "v9"}, "talk")
	assert.Equal(t, map[string]string{"talk/greet": "pass", "talk/greet/ends": "pass", "talk/greet/greets": "pass",
		"talk/pair": "pass", "talk/pair/answers": "pass", "talk/pair/refuses": "pass"}, outcomes(rep))
	assert.True(t, rep.Passed())
	assert.False(t, rep.IsBroken())
	assert.Equal(t, 6.0, rep.Score)
	assert.Equal(t, 6.0, rep.MaxScore)
	assert.Equal(t, grader.Schema, rep.Schema)
	assert.Equal(t, "v9", rep.Grader)
	assert.Equal(t, "s", rep.Seed)
	assert.Regexp(t, "^sha256:[0-9a-f]{64}$", rep.Course.Digest)
	assert.Regexp(t, "^sha256:[0-9a-f]{64}$", rep.Submission.Digest)
	require.Len(t, check(t, rep, "talk/pair/answers").Casts, 3)
	assert.Len(t, check(t, rep, "talk/greet/greets").Casts, 1)
}

// Nothing is built or run for what nobody has begun: no toolchain is needed.
func TestNotStarted(t *testing.T) {
	ownCache(t)
	t.Setenv("PATH", "")
	f := tiny(t)
	c := f.load(t)
	stubs := f.below("exercises")
	notStarted := map[string]string{"talk/greet": "not-started", "talk/pair": "not-started", "quiz": "not-started"}
	for name, s := range map[string]func(files) files{
		"as given out": func(f files) files { return f },
		"with notes and a test": func(f files) files {
			f["talk/greet/greet/notes.txt"], f["talk/greet/greet/x_test.go"] = "x", "x"
			return f
		},
		"without one exercise": func(f files) files {
			delete(f, "talk/greet/greet/main.go")
			delete(f, "talk/greet/README.md")
			delete(f, "talk/greet/exercise.yaml")
			return f
		},
		"without the quiz's answers": func(f files) files { delete(f, "quiz/answers.yaml"); return f },
	} {
		t.Run(name, func(t *testing.T) {
			mine := files{}
			for k, v := range stubs {
				mine[k] = v
			}
			rep := grade(t, c, s(mine).write(t, ""), grader.Options{})
			assert.Equal(t, notStarted, outcomes(rep))
			assert.False(t, rep.Passed())
			assert.Zero(t, rep.Score)
			assert.Equal(t, 9.0, rep.MaxScore)
		})
	}
}

// A clone is edited in place, and the grader that is built from it takes its stubs from elsewhere.
func TestCloneEditedInPlace(t *testing.T) {
	ownCache(t)
	f := tiny(t)
	stub := f["exercises/talk/greet/greet/main.go"]
	f["exercises/talk/greet/greet/main.go"] = f["solutions/talk/greet/greet/main.go"]
	c := f.load(t)
	dir := f.write(t, "")
	assert.Equal(t, "pass", outcomes(grade(t, c, dir, grader.Options{}))["talk/greet"])
	assert.Equal(t, "not-started", outcomes(grade(t, c, dir, grader.Options{}))["talk/pair"])

	changes, err := c.Reset(open(t, c, dir), "talk/greet")
	require.NoError(t, err)
	assert.Equal(t, []string{"talk/greet/greet/main.go is back as it was given out; yours is kept as talk/greet/greet/main.go.mine-1"}, changes)
	back, err := os.ReadFile(filepath.Join(dir, "exercises/talk/greet/greet/main.go"))
	require.NoError(t, err)
	assert.Equal(t, stub, string(back))
	assert.Equal(t, "not-started", outcomes(grade(t, c, dir, grader.Options{}))["talk/greet"])
}

// What has been begun, in whatever way, is judged.
func TestStarted(t *testing.T) {
	ownCache(t)
	f := tiny(t)
	c := f.load(t)
	for _, x := range []struct {
		name string
		make func(t *testing.T, dir string)
		want string // of the one error
	}{
		{"the folder of the program is gone", func(t *testing.T, dir string) {
			require.NoError(t, os.RemoveAll(dir+"/talk/greet/greet"))
		}, "the folder greet is missing"},
		{"main.go is gone", func(t *testing.T, dir string) {
			require.NoError(t, os.Remove(dir+"/talk/greet/greet/main.go"))
		}, "there is no Go file in the folder greet"},
		{"a file of C", func(t *testing.T, dir string) {
			require.NoError(t, os.WriteFile(dir+"/talk/greet/greet/x.c", nil, 0o666))
		}, "greet/x.c: only Go files are compiled here; remove it"},
		{"main.go is a link", func(t *testing.T, dir string) {
			require.NoError(t, os.Rename(dir+"/talk/greet/greet/main.go", dir+"/main.go"))
			require.NoError(t, os.Symlink("../../../main.go", dir+"/talk/greet/greet/main.go"))
		}, "greet/main.go: it is a symbolic link; put the file itself here"},
		{"the folder is a link", func(t *testing.T, dir string) {
			require.NoError(t, os.Rename(dir+"/talk/greet/greet", dir+"/elsewhere"))
			require.NoError(t, os.Symlink("../../elsewhere", dir+"/talk/greet/greet"))
		}, `"talk/greet/greet" is a symbolic link; put the folder itself there`},
		{"the exercise is a link that leads out", func(t *testing.T, dir string) {
			require.NoError(t, os.Rename(dir+"/talk/greet", t.TempDir()+"/greet"))
			require.NoError(t, os.Symlink("/etc", dir+"/talk/greet"))
		}, `"talk/greet" is a symbolic link; put the folder itself there`},
		{"the folder is a FIFO", func(t *testing.T, dir string) {
			require.NoError(t, os.RemoveAll(dir+"/talk/greet/greet"))
			require.NoError(t, syscall.Mkfifo(dir+"/talk/greet/greet", 0o666))
		}, `"talk/greet/greet" is not a folder`},
	} {
		t.Run(x.name, func(t *testing.T) {
			dir := f.below("exercises").write(t, "")
			x.make(t, dir)
			rep := grade(t, c, dir, grader.Options{}, "talk/greet")
			assert.Equal(t, map[string]string{"talk/greet": "fail", "talk/greet/ends": "not-run", "talk/greet/greets": "not-run"}, outcomes(rep))
			require.NotNil(t, rep.Exercises[0].Build)
			require.Len(t, rep.Exercises[0].Build.Errors, 1)
			assert.Equal(t, x.want, rep.Exercises[0].Build.Errors[0].String())
			assert.Equal(t, "greet", rep.Exercises[0].Build.Errors[0].Program)
		})
	}
}

// One program that does not compile takes nothing from the others.
func TestCompileError(t *testing.T) {
	ownCache(t)
	f := tiny(t)
	mine := f.below("solutions").edit(t, "talk/pair/client/main.go", "io.Copy(os.Stdout, c)", "io.Copy(os.Stdout, d)")
	rep := grade(t, f.load(t), mine.write(t, ""), grader.Options{}, "talk")
	assert.Equal(t, map[string]string{"talk/greet": "pass", "talk/greet/ends": "pass", "talk/greet/greets": "pass",
		"talk/pair": "fail", "talk/pair/answers": "not-run", "talk/pair/refuses": "not-run"}, outcomes(rep))
	assert.Equal(t, []grader.BuildError{{Program: "client", File: "client/main.go", Line: 20, Col: 21, Message: "undefined: d"}}, rep.Exercises[1].Build.Errors)
	assert.Equal(t, 1.0, rep.Score)
	assert.Equal(t, []grader.CastReport{
		{Roles: map[string]string{"client": "student", "server": "reference"}, Outcome: grader.NotRun},
		{Roles: map[string]string{"client": "reference", "server": "student"}, Outcome: grader.Pass},
		{Roles: map[string]string{"client": "student", "server": "student"}, Outcome: grader.NotRun},
	}, check(t, rep, "talk/pair/answers").Casts)
}

func TestForbiddenImport(t *testing.T) {
	ownCache(t)
	f := tiny(t)
	mine := f.below("solutions").edit(t, "talk/greet/greet/main.go", "import (", "import (\n\t_ \"net\"")
	rep := grade(t, f.load(t), mine.write(t, ""), grader.Options{}, "talk/greet")
	assert.Equal(t, `greet/main.go:4:4: import "net": this exercise is to be solved without it`, rep.Exercises[0].Build.Errors[0].String())
}

// Casts tell which of two programs is wrong.
func TestBlame(t *testing.T) {
	ownCache(t)
	f := tiny(t)
	c := f.load(t)
	const server, client = "talk/pair/server/main.go", "talk/pair/client/main.go"
	for _, x := range []struct {
		name, side string
		edit       func(files) files
		failed     int // casts
	}{
		{"server", "your server is at fault: it fails with the reference client too, while the rest of yours works",
			func(f files) files { return f.edit(t, server, "ToUpper", "ToLower") }, 2},
		{"client", "your client is at fault: it fails with the reference server too, while the rest of yours works",
			func(f files) files { return f.edit(t, client, "fmt.Fprint(c, line)", `fmt.Fprint(c, "x"+line)`) }, 2},
		{"both in the same way", "your client and your server are each at fault: each fails with the reference in the other parts",
			func(f files) files { // the client sends a mark that no server but its own takes off
				return f.edit(t, client, "fmt.Fprint(c, line)", `fmt.Fprint(c, "x"+line)`).edit(t, server, "strings.ToUpper(line)", "strings.ToUpper(line[1:])")
			}, 2},
		{"together only", "each of your programs passed with the reference, and they failed together: look at what client and server assume of one another, or, if a second run passes, for what one of them leaves to chance",
			func(f files) files { // the client says more than a line, and its own server alone minds
				return f.edit(t, client, "fmt.Fprint(c, line)", "fmt.Fprint(c, line+\"!\")").
					edit(t, server, "bufio.NewReader(c).ReadString('\\n')", "func() (string, error) {\n\t\tr := bufio.NewReader(c)\n\t\ts, err := r.ReadString('\\n')\n\t\tif r.Buffered() > 0 {\n\t\t\ts = \"gone\\n\"\n\t\t}\n\t\treturn s, err\n\t}()")
			}, 1},
	} {
		t.Run(x.name, func(t *testing.T) {
			rep := grade(t, c, x.edit(f.below("solutions")).write(t, ""), grader.Options{}, "talk/pair")
			answers := check(t, rep, "talk/pair/answers")
			require.Equal(t, grader.Fail, answers.Outcome)
			assert.Equal(t, x.side, answers.Failure.Side)
			assert.Equal(t, "testscripts/talk/pair/answers.txtar", answers.Failure.Script)
			failed := 0
			for _, c := range answers.Casts {
				if c.Outcome == grader.Fail {
					failed++
				}
			}
			assert.Equal(t, x.failed, failed)
			assert.Equal(t, "pass", outcomes(rep)["talk/pair/refuses"])
		})
	}
}

func TestScores(t *testing.T) {
	ownCache(t)
	f := tiny(t)
	c := f.load(t)
	mine := f.below("solutions").edit(t, "talk/greet/greet/main.go", "hello ", "Hello ")
	mine["quiz/answers.yaml"] = "first: a\nsecond: a\nthird:\n"
	rep := grade(t, c, mine.write(t, ""), grader.Options{})
	greet := rep.Exercises[0]
	assert.Equal(t, grader.Fail, greet.Outcome)
	assert.Equal(t, 0.33, greet.Score, "one of three parts of one point")
	assert.Equal(t, 1.0, greet.MaxScore)
	assert.Equal(t, []float64{0, 0.67, 0.33, 0.33}, []float64{greet.Checks[0].Score, greet.Checks[0].MaxScore, greet.Checks[1].Score, greet.Checks[1].MaxScore})
	assert.Equal(t, grader.Fail, rep.Quiz.Outcome)
	assert.Equal(t, 1.0, rep.Quiz.Score)
	assert.Equal(t, []string{"right", "wrong", "unanswered"}, []string{rep.Quiz.Answers[0].Outcome, rep.Quiz.Answers[1].Outcome, rep.Quiz.Answers[2].Outcome})
	assert.Equal(t, 6.33, rep.Score)
	assert.Equal(t, 9.0, rep.MaxScore)

	failure := check(t, rep, "talk/greet/greets").Failure
	assert.Equal(t, 7, failure.Line)
	assert.Equal(t, "expect greet 'hello '$A", failure.Command)
	assert.Equal(t, "Read a line, write a line.", failure.Hint)
	assert.Contains(t, failure.Message, "Hello ")
	assert.NotEmpty(t, failure.Transcript)
}

func TestBadAnswersAreAFail(t *testing.T) {
	ownCache(t)
	f := tiny(t)
	c := f.load(t)
	for name, make := range map[string]func(file string) error{
		"answers.yaml:1: ": func(file string) error { return os.WriteFile(file, []byte("first: [\n"), 0o666) },
		"not a regular":    func(file string) error { return syscall.Mkfifo(file, 0o666) },
		"not a regular ":   func(file string) error { return os.Symlink("/etc/passwd", file) },
		"larger than":      func(file string) error { return os.WriteFile(file, make([]byte, 1<<20+1), 0o666) },
	} {
		dir := f.below("solutions").write(t, "")
		require.NoError(t, os.Mkdir(dir+"/quiz", 0o777))
		require.NoError(t, make(dir+"/quiz/answers.yaml"))
		rep := grade(t, c, dir, grader.Options{}, "quiz")
		assert.Equal(t, grader.Fail, rep.Quiz.Outcome)
		assert.Contains(t, rep.Quiz.Problem, strings.TrimSpace(name))
		assert.Equal(t, 3.0, rep.MaxScore)
	}
}

func TestCache(t *testing.T) {
	verdicts := ownCache(t)
	f := tiny(t)
	c := f.load(t)
	mine := f.below("solutions")
	dir := mine.write(t, "")
	cached := func(c *grader.Course, o grader.Options) bool {
		t.Helper()
		rep := grade(t, c, dir, o, "talk/greet")
		require.Equal(t, "pass", outcomes(rep)["talk/greet"])
		require.Len(t, rep.Exercises[0].Checks, 2)
		require.Equal(t, 1.0, rep.Score)
		return rep.Exercises[0].Cached
	}
	assert.False(t, cached(c, grader.Options{}), "the first time")
	assert.True(t, cached(c, grader.Options{}), "the second time")
	assert.False(t, cached(c, grader.Options{NoCache: true}), "told not to")
	assert.False(t, cached(c, grader.Options{Repeat: 2}), "asked to repeat")

	standing, err := c.Standing(context.Background(), open(t, c, dir))
	require.NoError(t, err)
	assert.Equal(t, grader.StatePassed, standing.Exercises["talk/greet"])

	t.Run("another program", func(t *testing.T) {
		mine.edit(t, "talk/greet/greet/main.go", "import (", "import (\n\t_ \"time\"").write(t, dir)
		assert.False(t, cached(c, grader.Options{}))
		assert.True(t, cached(c, grader.Options{}))
	})
	t.Run("a file that is refused", func(t *testing.T) {
		bad := filepath.Join(dir, "talk/greet/greet/x.s")
		require.NoError(t, os.WriteFile(bad, nil, 0o666))
		rep := grade(t, c, dir, grader.Options{}, "talk/greet")
		assert.Equal(t, "fail", outcomes(rep)["talk/greet"], "the verdict on the program without that file")
		require.NoError(t, os.Remove(bad))
		assert.True(t, cached(c, grader.Options{}))
	})
	t.Run("another course", func(t *testing.T) {
		other := tiny(t).edit(t, "testscripts/talk/greet/greets.txtar", "exits greet", "exits greet 0").load(t)
		assert.False(t, cached(other, grader.Options{}))
		assert.True(t, cached(c, grader.Options{}), "the first course again")
	})
	for name, junk := range map[string]string{"no JSON": "{", "nothing": "", "another exercise's": `{"id":"talk/pair","outcome":"pass"}`, "a fail": `{"id":"talk/greet","outcome":"fail"}`} {
		t.Run("a file with "+name, func(t *testing.T) {
			kept, err := filepath.Glob(verdicts + "/*")
			require.NoError(t, err)
			require.NotEmpty(t, kept)
			for _, k := range kept {
				require.NoError(t, os.WriteFile(k, []byte(junk), 0o600))
			}
			assert.False(t, cached(c, grader.Options{}))
			assert.True(t, cached(c, grader.Options{}))
		})
	}
}

// What does not pass is never taken from the cache.
func TestFailuresAreNotCached(t *testing.T) {
	verdicts := ownCache(t)
	f := tiny(t)
	c := f.load(t)
	dir := f.below("solutions").edit(t, "talk/greet/greet/main.go", "hello ", "Hello ").write(t, "")
	for range 2 {
		rep := grade(t, c, dir, grader.Options{}, "talk/greet")
		assert.Equal(t, "fail", outcomes(rep)["talk/greet"])
		assert.False(t, rep.Exercises[0].Cached)
	}
	assert.NoDirExists(t, verdicts)
	standing, err := c.Standing(context.Background(), open(t, c, dir))
	require.NoError(t, err)
	assert.Equal(t, map[string]grader.State{"talk/greet": grader.StateStarted, "talk/pair": grader.StateStarted}, standing.Exercises)
}

// A user without a folder for caches is graded all the same, and nothing is left behind.
func TestWithoutCache(t *testing.T) {
	ownCache(t)
	f := tiny(t)
	c := f.load(t)
	dir := f.below("solutions").write(t, "")
	t.Setenv("HOME", "")
	t.Setenv("XDG_CACHE_HOME", "")
	standing, err := c.Standing(context.Background(), open(t, c, dir))
	require.NoError(t, err)
	assert.Equal(t, grader.StateStarted, standing.Exercises["talk/greet"])
}

func TestRepeat(t *testing.T) {
	ownCache(t)
	f := tiny(t)
	dir := f.below("solutions").edit(t, "talk/pair/server/main.go", "ToUpper", "ToLower").write(t, "")
	rep := grade(t, f.load(t), dir, grader.Options{Repeat: 3, Seed: "s"}, "talk/pair")
	answers := check(t, rep, "talk/pair/answers")
	assert.Len(t, answers.Casts, 3, "one entry for each cast")
	assert.True(t, strings.HasPrefix(answers.Failure.Message, "passed 3 of 9 runs; the first that failed has the seed s\n"), answers.Failure.Message)
	assert.Equal(t, "pass", outcomes(rep)["talk/pair/refuses"])
}

// A script that cannot be run is the grader's fault: nobody loses points.
func TestBroken(t *testing.T) {
	ownCache(t)
	f := tiny(t).edit(t, "testscripts/talk/greet/greets.txtar", "send greet $A", "sendfile greet nosuch.txt")
	rep := grade(t, f.load(t), f.below("solutions").write(t, ""), grader.Options{}, "talk")
	assert.Equal(t, map[string]string{"talk/greet": "broken", "talk/greet/ends": "pass", "talk/greet/greets": "broken",
		"talk/pair": "pass", "talk/pair/answers": "pass", "talk/pair/refuses": "pass"}, outcomes(rep))
	assert.True(t, rep.IsBroken())
	assert.False(t, rep.Passed())
	assert.Equal(t, 5.0, rep.MaxScore, "what could not be judged does not count")
	assert.Equal(t, 5.0, rep.Score)
	failure := check(t, rep, "talk/greet/greets").Failure
	require.NotNil(t, failure)
	assert.Contains(t, failure.Message, "nosuch.txt")
	assert.Empty(t, failure.Side)
}

func TestReferenceThatDoesNotBuildIsTheGradersFault(t *testing.T) {
	ownCache(t)
	f := tiny(t)
	mine := f.below("solutions").edit(t, "talk/pair/client/main.go", "io.Copy", "\n\tio.Copy")
	c := f.edit(t, "solutions/talk/pair/server/main.go", "ToUpper", "ToNothing").load(t)
	sel, err := c.Select([]string{"talk/pair"})
	require.NoError(t, err)
	_, err = c.Grade(context.Background(), open(t, c, mine.write(t, "")), grader.Options{Select: sel})
	require.ErrorAs(t, err, new(*grader.BrokenError))
	require.ErrorContains(t, err, "the program reference/talk/pair/server does not build: server/main.go:26:24: undefined: strings.ToNothing")
}

// A program of the student's that is the reference, but for a fault beside it, does not spoil the
// reference.
func TestRefusedTwinOfTheReference(t *testing.T) {
	ownCache(t)
	f := tiny(t)
	mine := f.below("solutions")
	mine["talk/pair/server/x.s"] = "TEXT"
	rep := grade(t, f.load(t), mine.write(t, ""), grader.Options{}, "talk/pair")
	assert.Equal(t, grader.Pass, check(t, rep, "talk/pair/answers").Casts[0].Outcome, "the client with the reference server")
	assert.Equal(t, "fail", outcomes(rep)["talk/pair"])
}

// A prop is built with the references, started by scripts, and found by the programs.
func TestProps(t *testing.T) {
	ownCache(t)
	f := tiny(t)
	f["testscripts/talk/greet/decoy/main.go"] = "package main\n\nfunc main() { println(\"quack\") }\n"
	f["solutions/talk/greet/greet/main.go"] = "package main\n\nimport (\n\t\"fmt\"\n\t\"os/exec\"\n)\n\nfunc main() {\n\tout, err := exec.Command(\"decoy\").CombinedOutput()\n\tfmt.Printf(\"%s%v\\n\", out, err)\n}\n"
	delete(f, "testscripts/talk/greet/ends.txtar")
	f["testscripts/talk/greet/greets.txtar"] = "# it quacks\n\nstart decoy\nexpect -stderr decoy quack\nexits decoy\nstart greet\nexpect greet quack\nexpect greet '<nil>'\nexits greet\n"
	c := f.load(t)
	dir := f.below("solutions").write(t, "")
	for range 2 { // built, then cached
		rep := grade(t, c, dir, grader.Options{NoCache: true}, "talk/greet")
		require.Len(t, rep.Exercises[0].Checks, 1)
		assert.Equal(t, grader.Pass, rep.Exercises[0].Checks[0].Outcome, "%+v", rep.Exercises[0].Checks[0].Failure)
	}
	f["testscripts/talk/greet/decoy/main.go"] = "package main\n\nfunc main() { quack() }\n"
	c = f.load(t)
	sel, err := c.Select([]string{"talk/greet"})
	require.NoError(t, err)
	_, err = c.Grade(context.Background(), open(t, c, dir), grader.Options{Select: sel})
	require.ErrorContains(t, err, "the program reference/talk/greet/decoy does not build")
}

func TestGradeEndsWithItsContext(t *testing.T) {
	ownCache(t)
	f := tiny(t)
	c := f.load(t)
	sel, err := c.Select(nil)
	require.NoError(t, err)
	for _, word := range []string{"building", "running checks: 1 "} {
		ctx, cancel := context.WithCancel(context.Background())
		dir := f.below("solutions").edit(t, "talk/greet/greet/main.go", "hello ", word).write(t, "")
		_, err = c.Grade(ctx, open(t, c, dir), grader.Options{Select: sel, NoCache: true, Jobs: 1, Progress: func(text string) {
			if strings.HasPrefix(text, word) {
				cancel()
			}
		}})
		require.ErrorIs(t, err, context.Canceled, word)
	}
}

func TestKeep(t *testing.T) {
	ownCache(t)
	f := tiny(t)
	kept := ""
	grade(t, f.load(t), f.below("solutions").write(t, ""), grader.Options{NoCache: true, Keep: func(dir string) { kept = dir }}, "talk/greet")
	require.DirExists(t, kept)
	assert.FileExists(t, filepath.Join(kept, "0", "greets.txtar"))
	require.NoError(t, os.RemoveAll(kept))
}

// A report keeps little of a program that talks without end, and says so.
func TestLongTranscriptsAreCut(t *testing.T) {
	ownCache(t)
	f := tiny(t)
	mine := f.below("solutions").edit(t, "talk/greet/greet/main.go", "lines :=", "for range 3000 {\n\t\tfmt.Printf(\"%1000d\\n\", 1)\n\t}\n\tlines :=")
	rep := grade(t, f.load(t), mine.write(t, ""), grader.Options{}, "talk/greet")
	transcript := check(t, rep, "talk/greet/ends").Failure.Transcript
	size, gaps := 0, 0
	for _, e := range transcript {
		size += len(e.Text)
		if e.Event == "cut" {
			gaps++
			assert.Regexp(t, `^\d+ events? left out here$`, e.Text)
		}
	}
	assert.Less(t, size, 80<<10)
	assert.Equal(t, 1, gaps)
	assert.Equal(t, "start", transcript[0].Event)
}

// Programs may have taken the permissions of their own folders away.
func TestLockedFoldersAreRemoved(t *testing.T) {
	ownCache(t)
	f := tiny(t)
	mine := f.below("solutions").edit(t, "talk/greet/greet/main.go", "lines :=", "os.MkdirAll(\"a/b/c\", 0o777)\n\tos.Chmod(\"a/b\", 0)\n\tos.Chmod(\"a\", 0)\n\tlines :=")
	rep := grade(t, f.load(t), mine.write(t, ""), grader.Options{}, "talk/greet")
	assert.True(t, rep.Passed())
}
