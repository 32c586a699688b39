package report

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"ipclab/grader"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFormats(t *testing.T) {
	assert.True(t, slices.IsSorted(Names()))
	for _, f := range Formats {
		assert.NotEmpty(t, f.Summary, f.Name)
	}
}

func TestParse(t *testing.T) {
	for value, want := range map[string][2]string{
		"json":              {"json", ""},
		"json=out.json":     {"json", "out.json"},
		"text=a=b":          {"text", "a=b"},
		"junit=-":           {"junit", ""},
		"junit=/dev/stdout": {"junit", ""},
	} {
		got, err := Parse(value)
		require.NoError(t, err, value)
		assert.Equal(t, want, [2]string{got.Format.Name, got.File}, value)
	}
	for value, want := range map[string]string{
		"jnuit":      `unknown format "jnuit": did you mean junit? want json, junit, text`,
		"JSON=a":     `unknown format "JSON": did you mean json? want json, junit, text`,
		"gradescope": `unknown format "gradescope": want json, junit, text`,
		"":           `unknown format "": want json, junit, text`,
		"json=":      `report "json=" names no file: want json=FILE, or json for standard output`,
		"\x1b[2J":    `unknown format "\x1b[2J": want json, junit, text`,
	} {
		_, err := Parse(value)
		assert.EqualError(t, err, want, value)
	}
}

// format makes a format that writes a text and then fails, if it is to.
func format(text string, err error) Format {
	return Format{Name: "test", Write: func(w io.Writer, _ *grader.Report) error {
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
		return err
	}}
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(b)
}

// files are the names in a folder.
func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	names := []string{}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestWriteToSeveralTargets(t *testing.T) {
	dir := t.TempDir()
	var stdout bytes.Buffer
	a := filepath.Join(dir, "a")
	err := Write(allPass(), []Target{{format("to a", nil), a}, {format("to all", nil), ""}}, &stdout)
	require.NoError(t, err)
	assert.Equal(t, "to all", stdout.String())
	assert.Equal(t, "to a", read(t, a))
	assert.Equal(t, []string{"a"}, files(t, dir))
}

func TestWriteKeepsTheOldFileOnError(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	require.NoError(t, os.WriteFile(a, []byte("old"), 0o666))
	err := Write(allPass(), []Target{{format("half", errors.New("no more")), a}, {format("whole", nil), b}}, io.Discard)
	assert.EqualError(t, err, "write test report to "+a+": no more")
	assert.Equal(t, "old", read(t, a))
	assert.Equal(t, "whole", read(t, b), "one failure does not keep the others from being written")
	assert.Equal(t, []string{"a", "b"}, files(t, dir))
}

func TestWriteLeavesNothingAfterAPanic(t *testing.T) {
	dir := t.TempDir()
	f := Format{Write: func(io.Writer, *grader.Report) error { panic("bad") }}
	assert.Panics(t, func() { Write(allPass(), []Target{{f, filepath.Join(dir, "a")}}, io.Discard) })
	assert.Empty(t, files(t, dir))
}

func TestWriteErrors(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "no", "a")
	err := Write(allPass(), []Target{{format("", nil), missing}}, io.Discard)
	assert.EqualError(t, err, "write test report to "+missing+": no such file or directory")

	err = Write(allPass(), []Target{{format("", nil), dir}}, io.Discard)
	assert.EqualError(t, err, "write test report to "+dir+": is a folder")

	a := filepath.Join(dir, "a")
	err = Write(allPass(), []Target{{format("1", nil), a}, {format("2", nil), dir + "/./a"}}, io.Discard)
	assert.EqualError(t, err, "two reports want the file "+dir+"/./a")
	assert.NoFileExists(t, a)

	r, w := io.Pipe()
	r.CloseWithError(errors.New("nobody reads"))
	err = Write(allPass(), []Target{{format("text", nil), ""}}, w)
	assert.EqualError(t, err, "write test report: nobody reads")
}

func TestWriteKeepsLinksAndPermissions(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	require.NoError(t, os.WriteFile(file, []byte("old"), 0o640))
	require.NoError(t, os.Symlink("file", link))
	require.NoError(t, Write(allPass(), []Target{{format("new", nil), link}}, io.Discard))
	assert.Equal(t, "new", read(t, file))
	stat, err := os.Lstat(link)
	require.NoError(t, err)
	assert.NotZero(t, stat.Mode()&os.ModeSymlink)
	stat, err = os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o640), stat.Mode().Perm())
}

func TestWriteDoesNotChangeTheReport(t *testing.T) {
	rep := mixed()
	for _, f := range Formats {
		require.NoError(t, f.Write(io.Discard, rep))
	}
	assert.Equal(t, mixed(), rep)
}

func TestListsAreNeverNull(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, JSON(&b, &grader.Report{Quiz: &grader.QuizReport{}, Exercises: []grader.ExerciseReport{{Build: &grader.BuildReport{}}}}))
	assert.NotContains(t, b.String(), "null")
}
