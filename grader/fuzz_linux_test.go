package grader

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"ipclab/exercises"
	"ipclab/grader/room"
	"ipclab/solutions"
	"ipclab/testscripts"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// FuzzSubmission makes folders of all that a disk can hold, and reads them as a submission: there is an
// entry for each exercise, or an error that says where. Nothing blocks, nothing outside is read, and no
// message acts on a terminal.
//
// The input is a row of steps: a byte for what is made, one for where, one for the length of its name, the
// name.
func FuzzSubmission(f *testing.F) {
	f.Add([]byte("\x00\x03\x07main.go\x01\x03\x07more.go\x02\x03\x06two.go\x03\x03\x04f.go\x04\x03\x04d.go\x05\x03\x00\x06\x03\x05s.go\n\x07\x03\x04h.go"))
	f.Add([]byte("\x01\x00\x04pipe\x01\x01\x06filter\x01\x02\x05match\x03\x04\x0canswers.yaml\x01\x00\x04quiz"))
	f.Add([]byte("\x04\x03\x01a\x04\x03\x01b\x00\x03\x06\x1b]0;.go\x00\x03\x05\xff\xfe.go\x00\x03\x0a\u202ex\n.go\x02\x04\x0canswers.yaml\x06\x04\x0canswers.yaml"))
	c, err := Load(Files{Exercises: exercises.Files, Solutions: solutions.Files, Testscripts: testscripts.Files})
	require.NoError(f, err)
	sel, err := c.Select(nil)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, steps []byte) {
		outside := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(outside, "secret"), []byte("sesame"), 0o666))
		dir := t.TempDir()
		defer room.RemoveAll(dir)
		layOut(dir, filepath.Join(outside, "secret"), steps)
		sub, err := c.OpenSubmission(dir, false)
		if err != nil {
			require.Contains(t, err.Error(), dir)
			return
		}
		defer sub.Close()
		g := &grading{Course: c, Options: Options{Select: sel}.withDefaults(), sub: sub}
		entries, err := g.entries()
		if err != nil {
			require.ErrorIs(t, err, fs.ErrPermission, "only a folder that cannot be read ends all")
			return
		}
		require.Len(t, entries, len(sel.Exercises))
		for _, e := range entries {
			for _, s := range e.sources {
				for _, x := range s.Errors {
					require.False(t, strings.ContainsFunc(x.Error(), unicode.IsControl), "%q", x.Error())
				}
				for _, file := range s.Files {
					require.False(t, bytes.Contains(file.Data, []byte("sesame")), "a file outside was read")
				}
			}
		}
		answers, err := sub.answers()
		require.True(t, err == nil || answers == nil && !errors.Is(err, fs.ErrNotExist))
		require.False(t, bytes.Contains(answers, []byte("sesame")))
	})
}

// layOut makes files of all kinds, as far as they can be made.
func layOut(dir, secret string, steps []byte) {
	places := []string{"", "pipe", "pipe/filter", "pipe/filter/match", "quiz", "socket/echo/server", "exercises/pipe/filter/match"}
	for len(steps) > 2 {
		kind, place, n := steps[0]%9, places[int(steps[1])%len(places)], min(int(steps[2]), len(steps)-3)
		name := string(steps[3 : 3+n])
		steps = steps[3+n:]
		if strings.ContainsAny(name, "/\x00") || name == ".." {
			continue
		}
		folder := filepath.Join(dir, place)
		if kind != 8 {
			os.MkdirAll(folder, 0o777)
		}
		to := filepath.Join(folder, name)
		switch kind {
		case 0:
			os.WriteFile(to, []byte("package main\n\nfunc main() {}\n"), 0o666)
		case 1:
			os.Mkdir(to, 0o777)
		case 2:
			os.Symlink(secret, to)
		case 3:
			unix.Mkfifo(to, 0o666)
		case 4:
			os.Symlink("..", to)
		case 5:
			os.Chmod(to, 0)
		case 6:
			os.WriteFile(to, nil, 0o666)
			os.Truncate(to, 1<<40)
		case 7:
			os.Link(secret, to)
		case 8: // a file or link in the place of a folder
			os.RemoveAll(folder)
			os.MkdirAll(filepath.Dir(folder), 0o777)
			os.Symlink(filepath.Dir(secret), folder)
		}
	}
}
