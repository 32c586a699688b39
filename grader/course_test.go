package grader_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"ipclab/grader"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// files are the files of a course, or of a part of one, by path.
type files map[string]string

// tiny gives the files of the course for tests.
func tiny(t testing.TB) files {
	t.Helper()
	a, err := txtar.ParseFile("testdata/course.txtar")
	require.NoError(t, err)
	f := files{}
	for _, x := range a.Files {
		f[x.Name] = string(x.Data)
	}
	f.writeStubs(t)
	return f
}

// writeStubs makes the archive of stubs from what lies in exercises/.
func (f files) writeStubs(t testing.TB) {
	t.Helper()
	to := filepath.Join(t.TempDir(), "stubs.txtar")
	require.NoError(t, grader.WriteStubs(f.trees(t), to))
	data, err := os.ReadFile(to)
	require.NoError(t, err)
	f["testscripts/stubs.txtar"] = string(data)
}

// edit replaces a passage that must be there.
func (f files) edit(t testing.TB, name, old, new string) files {
	t.Helper()
	require.Contains(t, f[name], old)
	f[name] = strings.Replace(f[name], old, new, 1)
	return f
}

func (f files) trees(t testing.TB) grader.Files {
	t.Helper()
	m := fstest.MapFS{}
	for name, text := range f {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	tree := func(name string) fs.FS {
		sub, err := fs.Sub(m, name)
		require.NoError(t, err)
		return sub
	}
	return grader.Files{Exercises: tree("exercises"), Solutions: tree("solutions"), Testscripts: tree("testscripts")}
}

func (f files) load(t testing.TB) *grader.Course {
	t.Helper()
	c, err := grader.Load(f.trees(t))
	require.NoError(t, err)
	return c
}

// below gives the files below a folder, by their paths there.
func (f files) below(dir string) files {
	out := files{}
	for name, text := range f {
		if rest, ok := strings.CutPrefix(name, dir+"/"); ok {
			out[rest] = text
		}
	}
	return out
}

// write puts the files into a folder, a new one if dir is empty, and gives it.
func (f files) write(t testing.TB, dir string) string {
	t.Helper()
	if dir == "" {
		dir = t.TempDir()
	}
	for name, text := range f {
		to := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(to), 0o777))
		require.NoError(t, os.WriteFile(to, []byte(text), 0o666))
	}
	return dir
}

func TestLoad(t *testing.T) {
	c := tiny(t).load(t)
	assert.Equal(t, "tiny", c.ID)
	assert.Equal(t, 50.0, c.PassMark)
	assert.Equal(t, 3.0, c.QuizPoints)
	require.Len(t, c.Exercises(), 2)
	greet, pair := c.Exercises()[0], c.Exercises()[1]
	assert.Equal(t, "talk/greet", greet.ID)
	assert.Equal(t, 1.0, greet.Points, "the stars, by default")
	assert.Equal(t, 5.0, pair.Points)
	assert.Equal(t, []string{"server", "client"}, pair.Programs)
	assert.Equal(t, []string{"net"}, greet.Forbid)
	require.Len(t, greet.Checks, 2)
	assert.Equal(t, []string{"greets", "ends"}, []string{greet.Checks[0].ID, greet.Checks[1].ID}, "in the order of the promises")
}

func TestLoadErrors(t *testing.T) {
	const course, pair, greets = "exercises/course.yaml", "exercises/talk/pair/exercise.yaml", "testscripts/talk/greet/greets.txtar"
	for _, c := range []struct{ name, file, old, new, want string }{
		{"unknown field", course, "version:", "versoin:", `exercises/course.yaml:2: unknown field "versoin"`},
		{"not YAML", course, "chapters:", "chapters: [", "exercises/course.yaml:5: did not find expected node content"},
		{"duplicate key", course, "version: 1", "id: tiny", `exercises/course.yaml:2: mapping key "id" already defined at line 1`},
		{"bad id", course, "id: tiny", "id: Tiny Course", `exercises/course.yaml:1: id "Tiny Course": want small letters, digits and -`},
		{"bad version", course, "version: 1", "version: 0", "exercises/course.yaml:2: version 0: want 1 or more"},
		{"version is a word", course, "version: 1", "version: one", "exercises/course.yaml:2: `one` is not a whole number"},
		{"no title", course, "title: A course for tests\n", "", "exercises/course.yaml:1: the course has no title"},
		{"bad pass mark", course, "pass_mark: 50", "pass_mark: 101", "exercises/course.yaml:4: pass_mark 101: want a percentage"},
		{"pass mark that is no number", course, "pass_mark: 50", "pass_mark: .nan", "exercises/course.yaml:4: pass_mark NaN: want a percentage"},
		{"bad points of the quiz", course, "points: 3", "points: -3", "exercises/course.yaml:10: points -3: want 0 or more"},
		{"bad chapter", course, "id: talk", "id: Talk", `exercises/course.yaml:6: chapter id "Talk": want small letters, digits and -`},
		{"chapter named quiz", course, "id: talk", "id: quiz", `exercises/course.yaml:6: duplicate id "quiz"`},
		{"chapter without title", course, "    title: Programs that talk\n", "", "exercises/course.yaml:6: chapter talk has no title"},
		{"chapter without exercises", course, "exercises: [greet, pair]", "exercises: []", "exercises/course.yaml:6: chapter talk has no exercises"},
		{"bad exercise", course, "[greet, pair]", "[greet, ../pair]", `exercises/course.yaml:8: exercise id "../pair": want small letters, digits and -`},
		{"duplicate exercise", course, "[greet, pair]", "\n    - greet\n    - pair\n    - greet", `exercises/course.yaml:11: duplicate id "talk/greet"`},
		{"missing exercise", course, "[greet, pair]", "[greet, nosuch]", "exercises/course.yaml:8: exercise talk/nosuch: there is no file exercises/talk/nosuch/exercise.yaml"},
		{"exercise without title", pair, "title: Two that talk\n", "", "exercises/talk/pair/exercise.yaml:1: the exercise has no title"},
		{"unknown channel", pair, "channel: unix", "channel: post", `exercises/talk/pair/exercise.yaml:2: unknown channel "post": want one of pipe, fifo, file, signal, unix, tcp, udp, all`},
		{"bad stars", pair, "stars: 2", "stars: 5", "exercises/talk/pair/exercise.yaml:3: stars 5: want 1 to 4"},
		{"bad points", pair, "points: 5", "points: -1", "exercises/talk/pair/exercise.yaml:4: points -1: want 0 or more"},
		{"points without end", pair, "points: 5", "points: .inf", "exercises/talk/pair/exercise.yaml:4: points +Inf: want 0 or more"},
		{"no programs", pair, "programs: [server, client]", "programs: []", "exercises/talk/pair/exercise.yaml:5: the exercise has no programs"},
		{"bad program", pair, "[server, client]", "[server, Client]", `exercises/talk/pair/exercise.yaml:5: program "Client": want small letters, digits and -`},
		{"duplicate program", pair, "[server, client]", "[server, server]", `exercises/talk/pair/exercise.yaml:5: duplicate program "server"`},
		{"program without solution", pair, "[server, client]", "[server, other]", "exercises/talk/pair/exercise.yaml:5: program other: there is no file solutions/talk/pair/other/main.go"},
		{"stub that is not in the archive", "testscripts/stubs.txtar", "-- talk/pair/server/main.go --", "-- elsewhere --", "exercises/talk/pair/exercise.yaml:5: program server: testscripts/stubs.txtar holds no file talk/pair/server/main.go: ipclab check --course . --write-stubs testscripts/stubs.txtar makes it from exercises/"},
		{"unknown verb", greets, "expect greet", "expct greet", `testscripts/talk/greet/greets.txtar:7: unknown verb "expct" (did you mean "expect"?)`},
		{"exec", greets, "exits greet", "exec greet", `testscripts/talk/greet/greets.txtar:9: unknown verb "exec" (a command of testscript that scripts may not use here: write start)`},
		{"bad weight", greets, "points: 2", "points: many", `testscripts/talk/greet/greets.txtar:3: points: "many" is not a positive whole number`},
		{"starts of nobody", pair, "points: 5", "points: 5\nstarts: {boss: [client]}", `exercises/talk/pair/exercise.yaml:5: starts: no program "boss": want one of server, client`},
		{"starts nobody", pair, "points: 5", "points: 5\nstarts:\n  server: [calc]", `exercises/talk/pair/exercise.yaml:6: starts: no program "calc": want one of server, client`},
		{"starts a prop", pair, "points: 5", "points: 5\nstarts:\n  server: [decoy]", "exercises/talk/pair/exercise.yaml:6: starts: decoy is a prop: those are in the PATH of every program"},
		{"starts itself", pair, "points: 5", "points: 5\nstarts: {server: [server]}", "exercises/talk/pair/exercise.yaml:5: starts: server finds itself by os.Executable"},
		{"starts one twice", pair, "points: 5", "points: 5\nstarts: {server: [client, client]}", `exercises/talk/pair/exercise.yaml:5: starts: duplicate program "client"`},
		{"starts in a chain", pair, "points: 5", "points: 5\nstarts: {client: [server], server: [client]}", "exercises/talk/pair/exercise.yaml:5: starts: server, which client starts, starts others itself: that goes one step deep only"},
		{"unknown program", greets, "start greet", "start gret", `testscripts/talk/greet/greets.txtar:5: start: the exercise has no program "gret": it has greet`},
		{"key of the quiz", "testscripts/quiz/key.yaml", "key: a", "key: e", `testscripts/quiz/key.yaml:5: unknown key "e" for first: want a, b, c or d`},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := tiny(t)
			f["testscripts/talk/pair/decoy/main.go"] = "package main\n"
			_, err := grader.Load(f.edit(t, c.file, c.old, c.new).trees(t))
			require.Error(t, err)
			first, _, _ := strings.Cut(err.Error(), "\n")
			assert.Equal(t, c.want, first)
		})
	}
}

func TestLoadMissingFiles(t *testing.T) {
	for _, c := range []struct{ name, file, want string }{
		{"no course.yaml", "exercises/course.yaml", "exercises/course.yaml: file does not exist"},
		{"no archive of stubs", "testscripts/stubs.txtar", "testscripts/stubs.txtar: file does not exist (ipclab check --course . --write-stubs testscripts/stubs.txtar makes it)"},
		{"no questions", "exercises/quiz/questions.yaml", "exercises/quiz/questions.yaml: file does not exist"},
		{"no key", "testscripts/quiz/key.yaml", "testscripts/quiz/key.yaml: file does not exist"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := tiny(t)
			require.Contains(t, f, c.file)
			delete(f, c.file)
			_, err := grader.Load(f.trees(t))
			require.EqualError(t, err, c.want)
		})
	}
	t.Run("a prop with the name of a program", func(t *testing.T) {
		f := tiny(t)
		f["testscripts/talk/pair/client/main.go"] = "package main\n"
		_, err := grader.Load(f.trees(t))
		require.EqualError(t, err, "testscripts/talk/pair/client/main.go: the prop has the name of a program of the exercise: give it another")
	})
	t.Run("no checks", func(t *testing.T) {
		f := tiny(t)
		delete(f, "testscripts/talk/greet/greets.txtar")
		delete(f, "testscripts/talk/greet/ends.txtar")
		_, err := grader.Load(f.trees(t))
		require.EqualError(t, err, "testscripts/talk/greet: the exercise has no checks")
	})
}

// Who works in a clone edits the files below exercises/, which are embedded. Whatever they do there,
// the course loads, and so reset can help.
func TestStudentsFilesDoNotBreakTheCourse(t *testing.T) {
	f := tiny(t)
	delete(f, "exercises/talk/greet/greet/main.go")
	f["exercises/talk/greet/greet/renamed.go"] = "junk"
	f["exercises/talk/greet/greet/x.c"] = "junk"
	f["exercises/quiz/answers.yaml"] = "junk: ["
	f.load(t)
}

func TestWriteStubsRefusesWhatIsNoStub(t *testing.T) {
	for name, want := range map[string]string{
		"exercises/talk/greet/greet/x.c": "exercises/talk/greet: greet/x.c: only Go files are compiled here; remove it",
		"":                               "exercises/talk/greet: the folder greet is missing",
	} {
		f := tiny(t)
		if name == "" {
			delete(f, "exercises/talk/greet/greet/main.go")
		} else {
			f[name] = ""
		}
		to := filepath.Join(t.TempDir(), "stubs.txtar")
		require.EqualError(t, grader.WriteStubs(f.trees(t), to), want)
		assert.NoFileExists(t, to)
	}
}

func TestSelect(t *testing.T) {
	c := tiny(t).load(t)
	for _, x := range []struct {
		ids  []string
		want []string
		quiz bool
		err  string
	}{
		{nil, []string{"talk/greet", "talk/pair"}, true, ""},
		{[]string{"talk/pair"}, []string{"talk/pair"}, false, ""},
		{[]string{"talk"}, []string{"talk/greet", "talk/pair"}, false, ""},
		{[]string{"quiz"}, nil, true, ""},
		{[]string{"talk/pair", "talk/greet", "talk/pair"}, []string{"talk/greet", "talk/pair"}, false, ""}, // in the course's order, once
		{[]string{"exercises/talk/pair/", "./talk/greet"}, []string{"talk/greet", "talk/pair"}, false, ""}, // as a shell completes them
		{[]string{"talk/gret"}, nil, false, `unknown exercise "talk/gret": did you mean talk/greet?`},
		{[]string{"greet"}, nil, false, `unknown exercise "greet": did you mean talk/greet?`},
		{[]string{"tlak"}, nil, false, `unknown exercise "tlak": did you mean talk?`},
		{[]string{"quizz"}, nil, false, `unknown exercise "quizz": did you mean quiz?`},
		{[]string{"something else"}, nil, false, `unknown exercise "something else": ipclab list shows them all`},
		{[]string{""}, nil, false, `unknown exercise "": ipclab list shows them all`},
		{[]string{"talk/pair/server"}, nil, false, `unknown exercise "talk/pair/server": ipclab list shows them all`},
	} {
		t.Run(strings.Join(x.ids, " "), func(t *testing.T) {
			sel, err := c.Select(x.ids)
			if x.err != "" {
				require.EqualError(t, err, x.err)
				require.ErrorAs(t, err, new(*grader.UnknownError))
				return
			}
			require.NoError(t, err)
			var got []string
			for _, e := range sel.Exercises {
				got = append(got, e.ID)
			}
			assert.Equal(t, x.want, got)
			assert.Equal(t, x.quiz, sel.Quiz)
		})
	}
}

// Who has made an exercise, and not entered it in course.yaml, is told so.
func TestSelectUnlisted(t *testing.T) {
	f := tiny(t)
	f.edit(t, "exercises/course.yaml", "[greet, pair]", "[greet]")
	_, err := f.load(t).Select([]string{"talk/pair"})
	require.EqualError(t, err, "exercises/talk/pair is there, but exercises/course.yaml does not list it")
}

func TestExercise(t *testing.T) {
	c := tiny(t).load(t)
	e, err := c.Exercise("exercises/talk/pair/")
	require.NoError(t, err)
	assert.Equal(t, "talk/pair", e.ID)
	_, err = c.Exercise("talk")
	require.EqualError(t, err, "talk is not a single exercise: name one, such as talk/greet")
	_, err = c.Exercise("quiz")
	require.EqualError(t, err, "quiz is not a single exercise: name one, such as talk/greet")
	_, err = c.Exercise("talk/par")
	require.EqualError(t, err, `unknown exercise "talk/par": did you mean talk/pair?`)
}

func TestSelectWithoutQuiz(t *testing.T) {
	f := tiny(t)
	f["exercises/course.yaml"] = strings.Split(f["exercises/course.yaml"], "quiz:")[0]
	c := f.load(t)
	sel, err := c.Select(nil)
	require.NoError(t, err)
	assert.False(t, sel.Quiz)
	_, err = c.Select([]string{"quiz"})
	require.Error(t, err)
}

// names gives the paths of all files below a folder; links and other kinds with a word.
func names(t testing.TB, dir string) []string {
	t.Helper()
	found := map[string]bool{}
	require.NoError(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if rel, _ := filepath.Rel(dir, p); !d.IsDir() {
			found[rel] = true
		}
		return err
	}))
	return slices.Sorted(maps.Keys(found))
}
