package grader_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"ipclab/grader"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOpenSubmission(t *testing.T) {
	f := tiny(t)
	c := f.load(t)
	clone := filepath.Join(f.write(t, filepath.Join(t.TempDir(), "clone")))
	workspace := f.below("exercises").write(t, filepath.Join(t.TempDir(), "work"))
	require.NoError(t, os.MkdirAll(clone+"/docs/deep", 0o777))
	one := files{"talk/pair/client/main.go": "package main"}.write(t, filepath.Join(t.TempDir(), "one"))
	for _, x := range []struct {
		name, dir string
		up        bool
		submitted string // its name
		tree      string // where the chapters are
	}{
		{"a clone", clone, false, "clone", clone + "/exercises"},
		{"a clone, from a lesson", clone + "/exercises/talk", true, "clone", clone + "/exercises"},
		{"a clone, from an exercise", clone + "/exercises/talk/pair/server", true, "clone", clone + "/exercises"},
		{"a clone, from elsewhere in it", clone + "/docs/deep", true, "clone", clone + "/exercises"},
		{"a clone, from its scripts", clone + "/testscripts", true, "clone", clone + "/exercises"},
		{"the solutions", clone + "/solutions", false, "solutions", clone + "/solutions"},
		{"the solutions, from within", clone + "/solutions/talk", true, "solutions", clone + "/solutions"},
		{"exercises alone", clone + "/exercises", false, "clone", clone + "/exercises"},
		{"a workspace", workspace, false, "work", workspace},
		{"a workspace, from an exercise", workspace + "/talk/greet", true, "work", workspace},
		{"a program alone", one, false, "one", one},
	} {
		t.Run(x.name, func(t *testing.T) {
			sub, err := c.OpenSubmission(x.dir, x.up)
			require.NoError(t, err)
			defer sub.Close()
			assert.Equal(t, x.submitted, sub.Name)
			assert.Equal(t, x.tree, sub.Dir)
		})
	}
}

func TestOpenSubmissionErrors(t *testing.T) {
	f := tiny(t)
	c := f.load(t)
	dir := f.write(t, "")
	file := dir + "/exercises/course.yaml"
	_, err := c.OpenSubmission(dir+"/nosuch", false)
	require.EqualError(t, err, dir+"/nosuch: no such file or directory")
	_, err = c.OpenSubmission(file, false)
	require.EqualError(t, err, file+": not a folder")
	for _, not := range []string{t.TempDir(), dir + "/testscripts", dir + "/exercises/talk"} {
		_, err = c.OpenSubmission(not, false)
		require.ErrorAs(t, err, new(*grader.NotASubmissionError))
		require.EqualError(t, err, not+" is no submission: it holds no folder like talk/greet/greet, neither directly nor under exercises/ (ipclab init DIR makes one)")
	}
	_, err = c.OpenSubmission(t.TempDir(), true)
	require.ErrorAs(t, err, new(*grader.NotASubmissionError))
}

func TestInit(t *testing.T) {
	f := tiny(t)
	c := f.load(t)
	want := []string{".github/workflows/ipclab.yml", "README.md", "go.mod", "quiz/answers.yaml", "quiz/questions.yaml", "talk/README.md",
		"talk/greet/README.md", "talk/greet/greet/main.go", "talk/pair/README.md", "talk/pair/client/main.go", "talk/pair/server/main.go"}
	empty := t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(t.TempDir(), link))
	for _, dir := range []string{filepath.Join(t.TempDir(), "a/b/work"), empty, link} {
		require.NoError(t, c.Init(dir))
		real, err := filepath.EvalSymlinks(dir)
		require.NoError(t, err)
		assert.Equal(t, want, names(t, real))
		rep := grade(t, c, dir, grader.Options{})
		assert.Equal(t, map[string]string{"talk/greet": "not-started", "talk/pair": "not-started", "quiz": "not-started"}, outcomes(rep))
	}
}

func TestInitTakesPristineStubs(t *testing.T) {
	f := tiny(t)
	stub := f["exercises/talk/greet/greet/main.go"]
	f["exercises/talk/greet/greet/main.go"] = "my own work, in a clone"
	f["exercises/quiz/answers.yaml"] = "first: a\n"
	dir := filepath.Join(t.TempDir(), "work")
	require.NoError(t, f.load(t).Init(dir))
	got, err := os.ReadFile(dir + "/talk/greet/greet/main.go")
	require.NoError(t, err)
	assert.Equal(t, stub, string(got))
	got, err = os.ReadFile(dir + "/quiz/answers.yaml")
	require.NoError(t, err)
	assert.Contains(t, string(got), "first: \n")
}

func TestInitRefuses(t *testing.T) {
	c := tiny(t).load(t)
	full := files{"x": "mine"}.write(t, "")
	require.EqualError(t, c.Init(full), full+" is not empty: name a new folder")
	assert.Equal(t, []string{"x"}, names(t, full))
	require.EqualError(t, c.Init(full+"/x"), full+"/x: not a directory")
	require.EqualError(t, c.Init(full+"/x/y"), full+"/x/y: not a directory")
	assert.Equal(t, []string{"x"}, names(t, full))
}

// If something cannot be written, nothing is left of the workspace, and what was there before stays.
func TestInitFailureLeavesNothing(t *testing.T) {
	f := tiny(t)
	f["exercises/talk/"+strings.Repeat("long", 64)+"/README.md"] = "no file system takes such a name"
	c := f.load(t)
	base := t.TempDir()
	require.Error(t, c.Init(base+"/a/b/work"))
	assert.NoDirExists(t, base+"/a", "folders on the way too")

	empty := base + "/empty"
	require.NoError(t, os.Mkdir(empty, 0o710))
	require.NoError(t, os.Symlink(empty, base+"/link"))
	for _, dir := range []string{empty, base + "/link"} {
		require.Error(t, c.Init(dir))
		info, err := os.Stat(empty)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o710), info.Mode().Perm(), "the folder was there before")
		assert.Empty(t, names(t, base+"/empty"))
		left, err := os.ReadDir(empty)
		require.NoError(t, err)
		assert.Empty(t, left)
	}
	assert.FileExists(t, base+"/link")
}

// reset resets, and gives what was said.
func reset(t *testing.T, c *grader.Course, dir, id string) []string {
	t.Helper()
	changes, err := c.Reset(open(t, c, dir), id)
	require.NoError(t, err)
	return changes
}

func TestReset(t *testing.T) {
	f := tiny(t)
	c := f.load(t)
	stub := f["exercises/talk/greet/greet/main.go"]
	const main = "talk/greet/greet/main.go"
	read := func(t *testing.T, name string) string {
		t.Helper()
		info, err := os.Lstat(name)
		require.NoError(t, err)
		require.True(t, info.Mode().IsRegular())
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		return string(data)
	}
	workspace := func(t *testing.T) string { return f.below("exercises").write(t, "") }

	t.Run("nothing to do", func(t *testing.T) {
		dir := workspace(t)
		assert.Empty(t, reset(t, c, dir, "talk/greet"))
		assert.Equal(t, names(t, workspace(t)), names(t, dir))
	})
	t.Run("edited, twice", func(t *testing.T) {
		dir := workspace(t)
		for n := 1; n <= 2; n++ {
			mine := fmt.Sprint("attempt ", n)
			require.NoError(t, os.WriteFile(dir+"/"+main, []byte(mine), 0o666))
			assert.Equal(t, []string{fmt.Sprintf("%s is back as it was given out; yours is kept as %[1]s.mine-%d", main, n)}, reset(t, c, dir, "talk/greet"))
			assert.Equal(t, stub, read(t, dir+"/"+main))
			assert.Equal(t, mine, read(t, fmt.Sprintf("%s/%s.mine-%d", dir, main, n)))
		}
		assert.Equal(t, "attempt 1", read(t, dir+"/"+main+".mine-1"))
		assert.Equal(t, grader.NotStarted, grade(t, c, dir, grader.Options{}, "talk/greet").Exercises[0].Outcome, "what is kept does not count")
	})
	t.Run("further files", func(t *testing.T) {
		dir := workspace(t)
		for _, name := range []string{"help.go", "x.s", "notes.txt", "od\x1bd.go"} {
			require.NoError(t, os.WriteFile(dir+"/talk/greet/greet/"+name, nil, 0o666))
		}
		assert.Equal(t, []string{
			"talk/greet/greet/help.go is kept as talk/greet/greet/help.go.mine-1",
			`"talk/greet/greet/od\x1bd.go" is kept as "talk/greet/greet/od\x1bd.go.mine-1"`,
			"talk/greet/greet/x.s is kept as talk/greet/greet/x.s.mine-1",
		}, reset(t, c, dir, "talk/greet"))
		assert.FileExists(t, dir+"/talk/greet/greet/notes.txt")
		assert.Equal(t, grader.NotStarted, grade(t, c, dir, grader.Options{}, "talk/greet").Exercises[0].Outcome)
	})
	t.Run("gone", func(t *testing.T) {
		dir := workspace(t)
		require.NoError(t, os.RemoveAll(dir+"/talk/pair"))
		assert.Equal(t, []string{"talk/pair/server/main.go is back as it was given out", "talk/pair/client/main.go is back as it was given out"}, reset(t, c, dir, "talk/pair"))
	})
	t.Run("a link to the very stub", func(t *testing.T) {
		dir := workspace(t)
		require.NoError(t, os.Rename(dir+"/"+main, dir+"/elsewhere.go"))
		require.NoError(t, os.Symlink("../../../elsewhere.go", dir+"/"+main))
		assert.Equal(t, []string{main + " is back as it was given out; yours is kept as " + main + ".mine-1"}, reset(t, c, dir, "talk/greet"))
		assert.Equal(t, stub, read(t, dir+"/"+main))
		assert.Equal(t, stub, read(t, dir+"/elsewhere.go"))
	})
	t.Run("a FIFO", func(t *testing.T) {
		dir := workspace(t)
		require.NoError(t, os.Remove(dir+"/"+main))
		require.NoError(t, syscall.Mkfifo(dir+"/"+main, 0o666))
		reset(t, c, dir, "talk/greet")
		assert.Equal(t, stub, read(t, dir+"/"+main))
	})
	t.Run("a folder", func(t *testing.T) {
		dir := workspace(t)
		require.NoError(t, os.Remove(dir+"/"+main))
		require.NoError(t, os.MkdirAll(dir+"/"+main+"/deep", 0o777))
		reset(t, c, dir, "talk/greet")
		assert.Equal(t, stub, read(t, dir+"/"+main))
		assert.DirExists(t, dir+"/"+main+".mine-1/deep")
	})
	t.Run("folders that are links", func(t *testing.T) {
		for _, link := range []string{"talk/greet/greet", "talk/greet", "talk"} {
			dir := workspace(t)
			other := files{"main.go": "not to be touched", "greet/main.go": "not to be touched", "greet/greet/main.go": "not to be touched"}.write(t, dir+"/other")
			rel, err := filepath.Rel(filepath.Dir(filepath.Join(dir, link)), other)
			require.NoError(t, err)
			sub := open(t, c, dir)
			require.NoError(t, os.RemoveAll(filepath.Join(dir, link)))
			require.NoError(t, os.Symlink(rel, filepath.Join(dir, link)))
			changes, err := c.Reset(sub, "talk/greet")
			require.NoError(t, err)
			assert.Equal(t, []string{link + " is a folder again; what was there is kept as " + link + ".mine-1", main + " is back as it was given out"}, changes)
			assert.Equal(t, stub, read(t, dir+"/"+main))
			assert.Equal(t, []string{"greet/greet/main.go", "greet/main.go", "main.go"}, names(t, other))
			assert.Equal(t, "not to be touched", read(t, other+"/main.go"))
			assert.Equal(t, "not to be touched", read(t, other+"/greet/main.go"))
			assert.Equal(t, "not to be touched", read(t, other+"/greet/greet/main.go"))
		}
	})
	t.Run("a link that leads out", func(t *testing.T) {
		dir, out := workspace(t), files{"main.go": "not to be touched"}.write(t, "")
		require.NoError(t, os.RemoveAll(dir+"/talk/greet/greet"))
		require.NoError(t, os.Symlink(out, dir+"/talk/greet/greet"))
		reset(t, c, dir, "talk/greet")
		assert.Equal(t, stub, read(t, dir+"/"+main))
		assert.Equal(t, "not to be touched", read(t, out+"/main.go"))
	})
	t.Run("the quiz", func(t *testing.T) {
		dir := workspace(t)
		require.NoError(t, os.WriteFile(dir+"/quiz/answers.yaml", []byte("first: a\n"), 0o666))
		assert.Equal(t, []string{"quiz/answers.yaml is back as it was given out; yours is kept as quiz/answers.yaml.mine-1"}, reset(t, c, dir, "quiz"))
		assert.FileExists(t, dir+"/quiz/questions.yaml")
	})
	t.Run("errors", func(t *testing.T) {
		dir := workspace(t)
		_, err := c.Reset(open(t, c, dir), "talk/gret")
		require.EqualError(t, err, `unknown exercise "talk/gret": did you mean talk/greet?`)
		_, err = c.Reset(open(t, c, dir), "talk")
		require.EqualError(t, err, "talk is not a single exercise: name one, such as talk/greet")
		f := tiny(t)
		f["exercises/course.yaml"] = strings.Split(f["exercises/course.yaml"], "quiz:")[0]
		_, err = f.load(t).Reset(open(t, c, dir), "quiz")
		require.Error(t, err)
	})
}

func TestStanding(t *testing.T) {
	ownCache(t)
	f := tiny(t)
	c := f.load(t)
	dir := f.below("exercises").write(t, "")
	standing := func() *grader.Standing {
		s, err := c.Standing(context.Background(), open(t, c, dir))
		require.NoError(t, err)
		return s
	}
	s := standing()
	assert.Equal(t, "0 of 2 exercises pass, 0 of 3 questions answered. Next:", s.Summary(c))
	assert.Equal(t, []string{"ipclab read talk", "ipclab read talk/greet"}, s.Next(c))

	files{"talk/greet/greet/main.go": f["solutions/talk/greet/greet/main.go"]}.write(t, dir)
	assert.Equal(t, []string{"ipclab grade talk/greet"}, standing().Next(c))
	t.Run("no toolchain", func(t *testing.T) {
		t.Setenv("PATH", "")
		assert.Equal(t, grader.StateStarted, standing().Exercises["talk/greet"])
	})
	grade(t, c, dir, grader.Options{}, "talk/greet")
	s = standing()
	assert.Equal(t, grader.StatePassed, s.Exercises["talk/greet"])
	assert.Equal(t, []string{"ipclab read talk/pair"}, s.Next(c))

	f.below("solutions").write(t, dir)
	grade(t, c, dir, grader.Options{}, "talk/pair")
	assert.Equal(t, []string{"ipclab quiz"}, standing().Next(c))
	files{"quiz/answers.yaml": "first: a\nsecond: b\nthird: d\n"}.write(t, dir)
	s = standing()
	assert.Equal(t, "2 of 2 exercises pass, 3 of 3 questions answered. Next:", s.Summary(c))
	assert.Equal(t, []string{"ipclab grade"}, s.Next(c))
	assert.True(t, grade(t, c, dir, grader.Options{}).Passed())
	assert.True(t, slices.Contains(names(t, dir), "quiz/answers.yaml"))
}
