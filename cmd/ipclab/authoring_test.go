package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The page on how to write an exercise, followed word by word: each file that it shows is written where it
// says, and each command is run, in the order of the page. What is printed must be what it shows.
func TestAuthoring(t *testing.T) {
	page, err := os.ReadFile("../../grader/script/authoring.md")
	require.NoError(t, err)
	dir := t.TempDir()
	for _, tree := range []string{"exercises", "solutions", "testscripts"} {
		require.NoError(t, os.CopyFS(filepath.Join(dir, tree), os.DirFS("../../"+tree)))
	}
	files, commands := 0, 0
	for _, b := range fences(string(page)) {
		switch {
		case b.file != "":
			name := filepath.Join(dir, b.file)
			require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o777))
			require.NoError(t, os.WriteFile(name, []byte(b.text), 0o666))
			files++
		case b.language == "yaml":
			addToCourse(t, filepath.Join(dir, "exercises", "course.yaml"), b.text)
		case b.language == "console":
			follow(t, dir, b.text)
			commands++
		}
	}
	assert.Equal(t, 13, files)
	assert.Equal(t, 4, commands)
}

// fence is a piece of fenced code of a page.
type fence struct{ file, language, text string }

var fenceRE = regexp.MustCompile("(?ms)^(?:File `([^`]+)`:\n\n)?```([a-z]+)\n(.*?)^```$")

func fences(page string) []fence {
	var all []fence
	for _, m := range fenceRE.FindAllStringSubmatch(page, -1) {
		all = append(all, fence{m[1], m[2], m[3]})
	}
	return all
}

// addToCourse does with course.yaml what the page says: the exercise comes behind the others of its chapter.
func addToCourse(t *testing.T, name, shown string) {
	course, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Regexp(t, `^ +exercises: \[.*, tally\]\n$`, shown)
	list := regexp.MustCompile(`(- id: pipe\n.*\n +exercises: \[[^\]]*)\]`)
	require.True(t, list.Match(course))
	require.NoError(t, os.WriteFile(name, list.ReplaceAll(course, []byte("$1, tally]")), 0o666))
}

// follow runs the command of a session in a course, and wants to see the lines that the session shows, in
// this order. A line ... stands for any others.
func follow(t *testing.T, dir, session string) {
	command, want, _ := strings.Cut(session, "\n")
	words := strings.Fields(strings.ReplaceAll(strings.TrimPrefix(command, "$ ipclab"), " testscripts/", " "+dir+"/testscripts/"))
	var stdout, stderr bytes.Buffer
	run(context.Background(), append([]string{"--course", dir}, words...), strings.NewReader(""), &stdout, &stderr)
	require.Empty(t, stderr.String(), command)
	rest := strings.ReplaceAll(stdout.String(), dir+"/", "")
	for _, part := range strings.Split(want, "...\n") {
		_, after, found := strings.Cut(rest, part)
		require.True(t, found, "%s printed:\n%s\nand not, or not in this order:\n%s", command, stdout.String(), part)
		rest = after
	}
}
