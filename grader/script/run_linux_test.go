package script

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"ipclab/grader/room"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	programs = []string{"other", "prog"}
	ensemble = Ensemble{Programs: programs, Props: []string{"decoy"}, Starts: map[string][]string{"prog": {"other"}}}
)

// binaries gives a folder with links to the test binary: SIDE/PROGRAM.
func binaries(t testing.TB) string {
	dir := t.TempDir()
	exe, err := os.Executable()
	require.NoError(t, err)
	for _, side := range []Side{Student, Reference} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, string(side)), 0o777))
		for _, p := range append(ensemble.Props, programs...) {
			require.NoError(t, os.Symlink(exe, filepath.Join(dir, string(side), p)))
		}
	}
	return dir
}

func options(t testing.TB) Options {
	bin := binaries(t)
	return Options{
		Dir:    t.TempDir(),
		Cast:   Cast{"prog": Student, "other": Student},
		Binary: func(program string, side Side) string { return filepath.Join(bin, string(side), program) },
		Seed:   "1",
		Limits: room.Limits{Output: 1_000_000},
	}
}

func parse(t testing.TB, text string) *Script {
	t.Helper()
	s, err := Parse("check", "check.txtar", []byte("# it works\n\n"+text), ensemble)
	require.NoError(t, err)
	return s
}

func scripts(t *testing.T, file string) []txtar.File {
	a, err := txtar.ParseFile(file)
	require.NoError(t, err)
	return a.Files
}

func TestPasses(t *testing.T) {
	for _, f := range scripts(t, "testdata/passes.txtar") {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			failure, err := parse(t, string(f.Data)).Run(t.Context(), options(t))
			require.NoError(t, err)
			if failure != nil {
				t.Errorf("line %d: %s\n%s", failure.Line, failure.Command, failure.Message)
			}
		})
	}
}

func TestFails(t *testing.T) {
	const golden = "testdata/fails.golden"
	var mu sync.Mutex
	got := map[string]string{}
	all := scripts(t, "testdata/fails.txtar")
	t.Run("run", func(t *testing.T) {
		for _, f := range all {
			t.Run(f.Name, func(t *testing.T) {
				t.Parallel()
				failure, err := parse(t, string(f.Data)).Run(t.Context(), options(t))
				require.NoError(t, err)
				require.NotNil(t, failure, "it passes")
				assertPlain(t, failure.Message)
				last := strings.Count("# it works\n\n"+string(f.Data), "\n")
				assert.Equal(t, last, failure.Line, "it fails in its last line: %s", failure.Message)
				mu.Lock()
				defer mu.Unlock()
				got[f.Name] = shownFailure(failure)
			})
		}
	})
	if t.Failed() {
		return
	}
	if *update {
		a := &txtar.Archive{Comment: []byte("The messages of the scripts in fails.txtar, without the part \"where\".\n")}
		for _, f := range all {
			a.Files = append(a.Files, txtar.File{Name: f.Name, Data: []byte(got[f.Name])})
		}
		require.NoError(t, os.WriteFile(golden, txtar.Format(a), 0o666))
	}
	want := map[string]string{}
	for _, f := range scripts(t, golden) {
		want[f.Name] = string(f.Data)
	}
	for _, f := range all {
		assert.Equal(t, want[f.Name], got[f.Name], f.Name)
	}
	assert.Len(t, want, len(all))
}

// shownFailure leaves out where the processes stand, which is another test's, and takes as long as
// they take to tell.
func shownFailure(f *Failure) string {
	message, _, _ := strings.Cut(f.Message, "\nwhere:")
	message, _, _ = strings.Cut(message, "\nstderr:   \"SIGQUIT") // of a diagnosis
	phase := ""
	if f.Phase != "" {
		phase = "# " + f.Phase + "\n"
	}
	if f.Patience {
		phase += "(patience)\n"
	}
	return fmt.Sprintf("%s> %s\n%s\n", phase, f.Command, message)
}

// assertPlain holds that a message can be shown anywhere.
func assertPlain(t *testing.T, message string) {
	t.Helper()
	assert.True(t, utf8.ValidString(message))
	for _, r := range message {
		if r != '\n' && (r < ' ' || r == 0x7f || r == 0x202e) {
			t.Errorf("%U in %q", r, message)
		}
	}
}

// Every verb is seen to pass and to fail; some cannot fail by what a program does.
func TestEveryVerbIsTested(t *testing.T) {
	cannotFail := map[string]bool{"start": true, "release": true, "closeinput": true, "closeoutput": true, "unlock": true,
		"listen": true, "curl": true, "mkfifo": true, "random": true, "generate": true}
	used := func(file string, last bool) map[string]bool {
		m := map[string]bool{}
		for _, f := range scripts(t, file) {
			lines := strings.Split(strings.TrimSpace(string(f.Data)), "\n")
			if last {
				lines = lines[len(lines)-1:]
			}
			for _, l := range lines {
				words, err := split(l)
				require.NoError(t, err)
				if len(words) > 1 && words[0] == "!" {
					m["! "+words[1]] = true
				} else if len(words) > 0 {
					m[words[0]] = true
				}
			}
		}
		return m
	}
	passes, fails := used("testdata/passes.txtar", false), used("testdata/fails.txtar", true)
	for _, v := range Verbs {
		assert.True(t, passes[v.Name], "%s passes", v.Name)
		assert.NotEqual(t, cannotFail[v.Name], fails[v.Name], "%s fails", v.Name)
		if v.Negates {
			assert.True(t, passes["! "+v.Name], "! %s passes", v.Name)
			assert.True(t, fails["! "+v.Name], "! %s fails", v.Name)
		}
	}
}

// What is not the programs' fault is an error, and no failure.
func TestErrors(t *testing.T) {
	tests := []struct{ name, script, want string }{
		{"freeze, negated without a moment", "start prog stay\n! freeze prog", "! freeze: give -writes"},
		{"freeze, negated with another moment", "start prog stay\nfreeze prog\n! freeze -misses room/f prog", "! freeze: give -writes, not -misses"},
		{"unknown name", "start prog\nexpect other x", `check.txtar:4: nothing was started under the name "other"`},
		{"name taken", "start prog stay\nstart prog", `check.txtar:4: the name "prog" is taken: use -as`},
		{"peer where a process is needed", "start prog\nlisten p unix s\nexits p", "p is a peer, not a process"},
		{"process where a peer is needed", "start prog\nreset prog", "prog is a process, not a peer"},
		{"bad pattern", "start prog\nexpect prog (", "expect: error parsing regexp"},
		{"bad text", `start prog` + "\n" + `send prog '\z'`, "is not a text with Go's escapes"},
		{"bad repeat", "start prog\nsend -repeat 99999999999 prog x", `bad -repeat`},
		{"bad split", "start prog\nsend -split 1,x prog x", `bad -split "1,x"`},
		{"bad address", "start prog\ndial p tcp nonsense", "missing port"},
		{"bad address, negated", "start prog\n! dial p tcp nonsense", "missing port"},
		{"unknown signal by variable", "env S=SIGFOO\nstart prog stay\nsignal prog $S", `unknown signal "SIGFOO"`},
		{"no such file", "start prog stay\nsendfile prog nothing", "no such file"},
		{"bad number", "start prog stay\nlimit prog nofile x", `"x" is not a number`},
		{"unknown limit", "start prog stay\nlimit prog files 1", "unknown limit"},
		{"unknown kind", "start prog stay\ndescriptors prog files 1", "unknown kind"},
		{"bad range", "random -number 9,1 A\nstart prog", "wants LO,HI"},
		{"unlock without a lock", "start prog stay\nunlock room/x", "holds no lock"},
		{"two files of one name", "start prog\n-- a --\n-- a --\n", "could not be set up"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			failure, err := parse(t, tt.script).Run(t.Context(), options(t))
			assert.ErrorContains(t, err, tt.want)
			assert.Nil(t, failure)
		})
	}
	t.Run("missing binary", func(t *testing.T) {
		o := options(t)
		o.Binary = func(string, Side) string { return "/no/such/program" }
		failure, err := parse(t, "start prog").Run(t.Context(), o)
		require.ErrorIs(t, err, os.ErrNotExist)
		assert.Nil(t, failure)
	})
	t.Run("no folder", func(t *testing.T) {
		o := options(t)
		o.Dir = filepath.Join(o.Dir, "missing")
		_, err := parse(t, "start prog").Run(t.Context(), o)
		require.ErrorIs(t, err, os.ErrNotExist)
	})
	t.Run("a verb that panics", func(t *testing.T) {
		o := options(t)
		o.Binary = func(string, Side) string { panic("oh") }
		_, err := parse(t, "start prog").Run(t.Context(), o)
		assert.ErrorContains(t, err, "panic in the grader: oh")
	})
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	failure, err := parse(t, "start prog\nexits prog 1").Run(ctx, options(t))
	require.ErrorIs(t, err, context.Canceled)
	assert.Nil(t, failure)

	ctx, cancel = context.WithCancel(t.Context())
	o := options(t)
	binary := o.Binary
	o.Binary = func(p string, s Side) string {
		if p == "other" {
			cancel()
		}
		return binary(p, s)
	}
	failure, err = parse(t, "start prog say=x stay\nexpect prog x\nstart other\nexits prog").Run(ctx, o)
	require.ErrorIs(t, err, context.Canceled)
	assert.Nil(t, failure)
}

func TestCastDecidesWhoseProgramRuns(t *testing.T) {
	o := options(t)
	o.Cast = Cast{"prog": Reference, "other": Student}
	failure, err := parse(t, "start prog side\nstart other side\nexpect prog reference\nexpect other student").Run(t.Context(), o)
	require.NoError(t, err)
	assert.Nil(t, failure)
}

// A program finds the props in its PATH, and the programs that it may start; of these, the one of the cast.
func TestPath(t *testing.T) {
	s := parse(t, "start prog run=decoy,side run=other,side run=prog,side\nexpect prog reference\nexpect prog reference\nexits prog 98\nstart other run=decoy,side run=other,side\nexpect other reference\nexits other 98\nstart decoy side run=decoy,say=x\nexpect decoy reference\nexpect decoy x\nexits decoy")
	assert.Equal(t, programs, s.Programs, "a prop is none")
	o := options(t)
	o.Cast = Cast{"prog": Student, "other": Reference}
	failure, err := s.Run(t.Context(), o)
	require.NoError(t, err)
	assert.Nil(t, failure)
	assert.Equal(t, programs, parse(t, "start prog").Programs, "what it may start takes part")
	assert.Equal(t, []string{"other"}, parse(t, "start other").Programs)
}

func TestFailureKnowsItsCast(t *testing.T) {
	o := options(t)
	o.Cast = Cast{"prog": Student, "other": Reference}
	failure, err := parse(t, "start prog exit=1\nexits prog").Run(t.Context(), o)
	require.NoError(t, err)
	assert.Equal(t, o.Cast, failure.Cast)
	assert.False(t, failure.Patience)
}

func TestSameSeedSameRandomData(t *testing.T) {
	text := "random A\nrandom -number 0,1000000 N\ngenerate -lines 2 f\nstart prog say=$A say=$N cat\nexpect prog .*\nexpect prog .*\nsendfile prog f\ncloseinput prog\nexits -unread prog"
	said := func(seed string) string {
		o := options(t)
		o.Seed = seed
		var out strings.Builder
		o.Transcript = func(events []room.Event) {
			for _, e := range events {
				if e.Kind == "stdout" {
					out.Write(e.Text)
				}
			}
		}
		failure, err := parse(t, text).Run(t.Context(), o)
		require.NoError(t, err)
		require.Nil(t, failure)
		return out.String()
	}
	first := said("a")
	assert.Regexp(t, `^[a-z]{8}\n\d+\n[a-z]{40}\n[a-z]{40}\n$`, first)
	assert.Equal(t, first, said("a"))
	assert.NotEqual(t, first, said("b"))
}

func TestNothingSurvivesAScript(t *testing.T) {
	var pids []string
	for _, text := range []string{"start prog child=stay stay\nblocked prog", "start prog child=stay stay\nexpect prog never"} {
		o := options(t)
		o.Transcript = func(events []room.Event) { assert.NotEmpty(t, events) }
		_, err := parse(t, text).Run(t.Context(), o)
		require.NoError(t, err)
		out, err := filepath.Glob("/proc/self/task/*/children")
		require.NoError(t, err)
		for _, f := range out {
			b, err := os.ReadFile(f)
			if !errors.Is(err, os.ErrNotExist) {
				require.NoError(t, err)
			}
			pids = append(pids, strings.Fields(string(b))...)
		}
	}
	assert.Empty(t, pids)
}

// Where a process stands is told, and the process ended for it, only where it was waited for.
func TestWhereIsOfTheLastVerb(t *testing.T) {
	failure, err := parse(t, "start prog line\nsilent prog\nfile room/out").Run(t.Context(), options(t))
	require.NoError(t, err)
	assert.NotContains(t, failure.Message, "where:")
}

func TestWhereIsPrintable(t *testing.T) {
	// A program that prints what looks like a crash of another.
	dump := `goroutine 1 [\x1b[31mIO wait]:\nmain.main()\n\t/x/\x1b]0;prog/main.go:7 +0x1d\n`
	failure, err := parse(t, "start prog 'warn="+dump+"' exit=2\nexits prog").Run(t.Context(), options(t))
	require.NoError(t, err)
	assertPlain(t, failure.Message)
	d := room.Diagnosis{Process: "a\nb", Waits: []room.Wait{{Call: "read", Object: "\x1b", Holders: []string{"\xff"}}}, Goroutines: []room.Goroutine{{State: "\x00", File: "\u202e"}}}
	clean(&d)
	assert.Equal(t, room.Diagnosis{Process: `a\nb`, Waits: []room.Wait{{Call: "read", Object: `\x1b`, Holders: []string{"\uFFFD"}}}, Goroutines: []room.Goroutine{{State: `\x00`, File: `\u202e`}}}, d)
}

func TestWhereNamesThePlace(t *testing.T) {
	failure, err := parse(t, "start prog line\nexpect prog x").Run(t.Context(), options(t))
	require.NoError(t, err)
	assert.Regexp(t, regexp.MustCompile(`\nwhere:    prog: .*its standard input`), failure.Message)
	require.NotEmpty(t, failure.Where)
	assert.Equal(t, "prog", failure.Where[0].Process)
}

// BenchmarkExec is what BenchmarkScript is to be held against: the same process without a room.
func BenchmarkExec(b *testing.B) {
	path := filepath.Join(binaries(b), string(Student), "prog")
	for b.Loop() {
		cmd := exec.Command(path, "say=hello")
		out, err := cmd.StdoutPipe()
		require.NoError(b, err)
		require.NoError(b, cmd.Start())
		line, err := bufio.NewReader(out).ReadString('\n')
		require.NoError(b, err)
		require.Equal(b, "hello\n", line)
		_, err = io.Copy(io.Discard, out)
		require.NoError(b, err)
		require.NoError(b, cmd.Wait())
	}
}

func BenchmarkScript(b *testing.B) {
	s := parse(b, "start prog say=hello\nexpect prog hello\nexits prog")
	o := options(b)
	for b.Loop() {
		o.Dir = b.TempDir()
		failure, err := s.Run(b.Context(), o)
		require.NoError(b, err)
		require.Nil(b, failure)
	}
}

// static tells whether this binary was built without cgo.
func static() bool {
	info, _ := debug.ReadBuildInfo()
	return slices.ContainsFunc(info.Settings, func(s debug.BuildSetting) bool { return s.Key == "CGO_ENABLED" && s.Value == "0" })
}

// What stops a process at a moment, or looks at its locks, does so through the walls of a room too.
func TestPassesBehindWalls(t *testing.T) {
	if !static() { // a room has no libraries: have it done by a test binary that needs none
		cmd := exec.CommandContext(t.Context(), "go", "test", "-run", "^TestPassesBehindWalls$", ".")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		return
	}
	for _, f := range scripts(t, "testdata/passes.txtar") {
		if !strings.HasPrefix(f.Name, "freeze-") && f.Name != "locks" && f.Name != "keep" && f.Name != "signal-child" && f.Name != "limit-soft" {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			o := options(t)
			o.Channel = "file"
			outer, err := os.MkdirTemp("", "walls") // t.TempDir's are closed to the user of rooms
			require.NoError(t, err)
			t.Cleanup(func() { assert.NoError(t, os.RemoveAll(outer)) })
			require.NoError(t, os.Chmod(outer, 0o711))
			o.Dir = filepath.Join(outer, "check")
			require.NoError(t, os.Mkdir(o.Dir, 0o777))
			failure, err := parse(t, string(f.Data)).Run(t.Context(), o)
			require.NoError(t, err)
			if failure != nil {
				t.Errorf("line %d: %s\n%s", failure.Line, failure.Command, failure.Message)
			}
		})
	}
}
