package quiz

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFillIn(t *testing.T) {
	q := smallQuiz(t)
	c, none := Answers{"pipe-what": {"c"}}, Answers{"pipe-what": nil}
	tests := []struct {
		name, before string
		answers      Answers
		after        string
	}{
		{"empty", "pipe-what: \n", c, "pipe-what: c\n"},
		{"without the space", "pipe-what:\n", c, "pipe-what: c\n"},
		{"another answer", "pipe-what:   a  \n", c, "pipe-what: c\n"},
		{"the same answer in another dress", "pipe-what:   \"C\"  \n", c, "pipe-what:   \"C\"  \n"},
		{"taken back", "pipe-what: a\n", none, "pipe-what: \n"},
		{"no last line end", "sig-kill: a\npipe-what:", c, "sig-kill: a\npipe-what: c"},
		{"a comment behind", "pipe-what:    # not sure\n", c, "pipe-what: c # not sure\n"},
		{"an answer and a comment", "pipe-what: a\t# not sure # at all\n", c, "pipe-what: c # not sure # at all\n"},
		{"a list", "pipe-what: [a]\n", c, "pipe-what: c\n"},
		{"a list on lines", "pipe-what:\n  - a\nsig-kill: b\n", c, "pipe-what: c\nsig-kill: b\n"},
		{"a list not indented", "pipe-what:\n- a\n# next\nsig-kill: b\n", c, "pipe-what: c\n# next\nsig-kill: b\n"},
		{"a letter on the next line", "pipe-what:\n  a\n\nsig-kill: b\n", c, "pipe-what: c\n\nsig-kill: b\n"},
		{"a quoted question", "'pipe-what' : a\n", c, "'pipe-what' : c\n"},
		{"carriage returns", "# my\r\npipe-what: \r\nsig-kill: a\r\n", c, "# my\r\npipe-what: c\r\nsig-kill: a\r\n"},
		{"a byte order mark", "\ufeffpipe-what: \n", c, "\ufeffpipe-what: c\n"},
		{"not there", "sig-kill: a\n", c, "sig-kill: a\npipe-what: c\n"},
		{"not there, and no line end", "sig-kill: a", c, "sig-kill: a\npipe-what: c\n"},
		{"not there, with carriage returns", "sig-kill: a\r\n", c, "sig-kill: a\r\npipe-what: c\r\n"},
		{"an empty file", "", c, "pipe-what: c\n"},
		{"several", "sig-kill: \n\npipe-what: # 1\n", Answers{"pipe-what": {"c"}, "sig-kill": {"a"}, "sock-unix": {"d"}}, "sig-kill: a\n\npipe-what: c # 1\nsock-unix: d\n"},
		{"a comment that looks like it", "# pipe-what: a\npipe-what: \n", c, "# pipe-what: a\npipe-what: c\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := q.fillIn("answers.yaml", []byte(tt.before), tt.answers)
			require.NoError(t, err)
			assert.Equal(t, tt.after, string(got))
		})
	}
}

func TestFillInRefuses(t *testing.T) {
	q := smallQuiz(t)
	for _, before := range []string{"{pipe-what: a, sig-kill: b}\n", "? pipe-what\n: a\n", "pipe-what:\n- \n# so\n- \n", "pipe-what: a\n...\n"} {
		got, err := q.fillIn("answers.yaml", []byte(before), Answers{"pipe-what": {"c"}, "sock-unix": {"a"}})
		assert.Nil(t, got, before)
		assert.ErrorContains(t, err, "answers.yaml")
	}
	_, err := q.fillIn("answers.yaml", []byte("{pipe-what: a}"), Answers{"pipe-what": {"c"}})
	assert.EqualError(t, err, `answers.yaml: cannot fill in an answer here: write each question on a line of its own, like "pipe-what: "`)
}

func TestSave(t *testing.T) {
	q := smallQuiz(t)
	path := filepath.Join(t.TempDir(), "answers.yaml")
	before := "# My answers.\n\nsig-kill: b   # sure\n\npipe-what:\n"
	require.NoError(t, os.WriteFile(path, []byte(before), 0o600))
	require.NoError(t, os.Chmod(path, 0o664))

	require.NoError(t, q.Save(path, Answers{"pipe-what": {"b"}}))
	assert.Equal(t, "# My answers.\n\nsig-kill: b   # sure\n\npipe-what: b\n", read(t, path))
	assert.Equal(t, fs.FileMode(0o664), mode(t, path))
	assertAlone(t, path)

	got, err := q.Read(path)
	require.NoError(t, err)
	assert.Equal(t, Answers{"pipe-what": {"b"}, "sig-kill": {"b"}}, got)
}

// TestSaveReplaces: whoever has the old file open sees it whole.
func TestSaveReplaces(t *testing.T) {
	q := smallQuiz(t)
	path := filepath.Join(t.TempDir(), "answers.yaml")
	require.NoError(t, os.WriteFile(path, []byte("pipe-what: a\n"), 0o600))
	old, err := os.Open(path)
	require.NoError(t, err)
	defer old.Close()
	require.NoError(t, q.Save(path, Answers{"pipe-what": {"b"}}))
	text := make([]byte, 100)
	n, _ := old.Read(text)
	assert.Equal(t, "pipe-what: a\n", string(text[:n]))
}

func TestSaveMakesTheFile(t *testing.T) {
	q := smallQuiz(t)
	path := filepath.Join(t.TempDir(), "answers.yaml")
	require.NoError(t, q.Save(path, Answers{"pipe-what": {"b"}}))
	assert.Equal(t, strings.Replace(string(q.Stub()), "pipe-what: ", "pipe-what: b", 1), read(t, path))
	assertAlone(t, path)
}

func TestSaveRefuses(t *testing.T) {
	q := smallQuiz(t)
	b := Answers{"pipe-what": {"b"}}

	t.Run("a symbolic link", func(t *testing.T) {
		dir := t.TempDir()
		path, outside := filepath.Join(dir, "answers.yaml"), filepath.Join(t.TempDir(), "theirs")
		require.NoError(t, os.WriteFile(outside, []byte("sig-kill: a\n"), 0o600))
		require.NoError(t, os.Symlink(outside, path))
		want := path + " is a symbolic link: put the file itself there, so that the answers stay in this folder"
		assert.EqualError(t, q.Save(path, b), want)
		_, err := q.Read(path)
		assert.EqualError(t, err, want)
		assert.Equal(t, "sig-kill: a\n", read(t, outside))
	})
	t.Run("a link that leads nowhere", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "answers.yaml")
		require.NoError(t, os.Symlink("nowhere", path))
		assert.ErrorContains(t, q.Save(path, b), "is a symbolic link")
	})
	t.Run("a folder", func(t *testing.T) {
		path := t.TempDir()
		assert.ErrorContains(t, q.Save(path, b), "is not a regular file")
	})
	t.Run("a FIFO", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "answers.yaml")
		require.NoError(t, syscall.Mkfifo(path, 0o600))
		assert.ErrorContains(t, q.Save(path, b), "is not a regular file")
	})
	t.Run("a file that cannot be read", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "answers.yaml")
		require.NoError(t, os.WriteFile(path, []byte("pipe-what: z\n"), 0o600))
		assert.ErrorContains(t, q.Save(path, b), path+`:1: unknown option "z" for pipe-what`)
		assert.Equal(t, "pipe-what: z\n", read(t, path))
	})
	t.Run("a huge file", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "answers.yaml")
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		require.NoError(t, os.Truncate(path, 1<<40))
		assert.ErrorContains(t, q.Save(path, b), "too many for answers")
	})
	t.Run("answers that are none", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "answers.yaml")
		assert.EqualError(t, q.Save(path, Answers{"pipe-what": {"x"}}), `unknown option "x" for pipe-what: want a, b, c or d`)
		assert.EqualError(t, q.Save(path, Answers{"pipe-wat": {"a"}}), `unknown question "pipe-wat": did you mean pipe-what?`)
		assert.NoFileExists(t, path)
	})
	t.Run("a missing folder", func(t *testing.T) {
		assert.ErrorIs(t, q.Save(filepath.Join(t.TempDir(), "no", "answers.yaml"), b), fs.ErrNotExist)
	})
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

func mode(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	return info.Mode().Perm()
}

// assertAlone wants no temporary file to be left beside a file.
func assertAlone(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 1)
	assert.Equal(t, filepath.Base(path), entries[0].Name())
}
