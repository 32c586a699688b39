package grader_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"ipclab/solutions"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// made are the attacks that no archive can hold.
var made = []*attack{
	link("link-to-secret", "build symbolic link", "main.go", func(w *world) string { return filepath.Join(w.bait, "secret") }),
	link("link-to-passwd", "build symbolic link", "more.go", at("/etc/passwd")),
	link("link-to-zero", "build symbolic link", "more.go", at("/dev/zero")),
	link("link-to-itself", "build symbolic link", "more.go", at("more.go")),
	link("link-to-nothing", "build symbolic link", "more.go", at("nosuch")),
	link("link-to-own-file", "build symbolic link", "more.go", at("main.go")),
	link("link-to-memory", "build symbolic link", "more.go", at("/proc/self/mem")),
	made1(2, "link-as-folder", "build symbolic link", func(t testing.TB, w *world, dir string) {
		require.NoError(t, os.RemoveAll(dir))
		require.NoError(t, os.Symlink(w.bait, dir))
	}),
	made1(2, "link-to-solutions", "build symbolic link", func(t testing.TB, w *world, dir string) {
		to := filepath.Join(w.base, "answers", "filter")
		require.NoError(t, os.RemoveAll(filepath.Dir(to)))
		require.NoError(t, os.CopyFS(filepath.Join(w.base, "answers"), mustSub(solutions.Files, "pipe")))
		require.NoError(t, os.RemoveAll(filepath.Dir(dir)))
		require.NoError(t, os.Symlink(to, filepath.Dir(dir)))
	}),
	made1(2, "fifo", "build not a regular file", func(t testing.TB, _ *world, dir string) {
		require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "more.go"), 0o666))
	}),
	made1(2, "fifo-as-folder", "build not a folder", func(t testing.TB, _ *world, dir string) {
		require.NoError(t, os.RemoveAll(dir))
		require.NoError(t, syscall.Mkfifo(dir, 0o666))
	}),
	made1(2, "socket-as-file", "build not a regular file", func(t testing.TB, _ *world, dir string) {
		fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
		require.NoError(t, err)
		defer syscall.Close(fd)
		here, err := os.Open(dir) // a path may be too long for a socket
		require.NoError(t, err)
		defer here.Close()
		require.NoError(t, syscall.Bind(fd, &syscall.SockaddrUnix{Name: fmt.Sprintf("/proc/self/fd/%d/more.go", here.Fd())}))
	}),
	made1(3, "hard-link", "build hard link", func(t testing.TB, w *world, dir string) {
		require.NoError(t, os.Link(filepath.Join(w.bait, "secret"), filepath.Join(dir, "more.go")))
	}),
	made1(9, "big-source", "build more than 1048576 bytes", func(t testing.TB, _ *world, dir string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "more.go"), append([]byte("package main\n//"), bytes.Repeat([]byte("x"), 50<<20)...), 0o644))
	}),
	made1(9, "sparse-source", "build more than 1048576 bytes", func(t testing.TB, _ *world, dir string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "more.go"), nil, 0o644))
		require.NoError(t, os.Truncate(filepath.Join(dir, "more.go"), 1<<40))
	}),
	made1(9, "ten-thousand-files", "build more than 40 Go files", func(t testing.TB, _ *world, dir string) {
		for i := range 10000 {
			require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("f%05d.go", i)), []byte("package main\n"), 0o644))
		}
	}),
	made1(9, "ten-thousand-others", "pass", func(t testing.TB, _ *world, dir string) {
		for i := range 10000 {
			require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("f%05d.txt", i)), nil, 0o644))
		}
	}),
	made1(9, "odd-names", "build characters other than", func(t testing.TB, _ *world, dir string) {
		for _, name := range []string{"a\nb.go", "\u202eog.niam.go", "\x1b]0;x\a.go", "-o.go", "é.go", "\xff.go", "..go", "...go", " .go", "::error::x.go", "a\r\n::error::y.go", "##[error]x.go", "=cmd.go", "<b>.go", "%s%n.go", "$(id).go", "`id`.go", "a;b.go"} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("package main\n"), 0o644))
		}
	}),
	made1(9, "case-twins", "build differs from .* by case only", func(t testing.TB, _ *world, dir string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "Main.go"), []byte("package main\n"), 0o644))
	}),
	made1(9, "long-name", "pass", func(t testing.TB, _ *world, dir string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, strings.Repeat("a", 252)+".go"), []byte("package main\n"), 0o644))
	}),
	made1(9, "deep-source", "pass", func(t testing.TB, _ *world, dir string) {
		at, err := unix.Open(dir, unix.O_PATH|unix.O_CLOEXEC, 0) // not by the current folder, which all share
		require.NoError(t, err)
		name := strings.Repeat("d", 250)
		for range 40 {
			require.NoError(t, unix.Mkdirat(at, name, 0o755))
			below, err := unix.Openat(at, name, unix.O_PATH|unix.O_CLOEXEC, 0)
			require.NoError(t, err)
			unix.Close(at)
			at = below
		}
		unix.Close(at)
	}),
	made1(8, "deep-nesting", "pass", func(t testing.TB, _ *world, dir string) {
		text := "package main\n\nvar x = " + strings.Repeat("(", 400000) + "1" + strings.Repeat(")", 400000) + "\n"
		require.NoError(t, os.WriteFile(filepath.Join(dir, "more.go"), []byte(text), 0o644))
	}),
	made1(8, "long-sum", "pass", func(t testing.TB, _ *world, dir string) {
		text := "package main\n\nvar x = 1" + strings.Repeat("+1", 20000) + "\n"
		require.NoError(t, os.WriteFile(filepath.Join(dir, "more.go"), []byte(text), 0o644))
	}),
	made1(8, "many-functions", "pass", func(t testing.TB, _ *world, dir string) {
		var b strings.Builder
		b.WriteString("package main\n")
		for i := range 8000 {
			fmt.Fprintf(&b, "func f%d(x int) int { return x*%d }\n", i, i)
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, "more.go"), []byte(b.String()), 0o644))
	}),
	source("not-utf8", "build UTF-8", "package main\n\nvar x = \"\xff\xfe\"\n"),
	source("utf-16", "build illegal (character|UTF-8)", "\xff\xfep\x00a\x00c\x00k\x00a\x00g\x00e\x00"),
	source("nul", "build (NUL|illegal character)", "package main\n\x00"),
	source("binary", "build .", "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00"),
	{name: "answers-fifo", line: 2, exercise: "quiz", verdicts: map[string]string{"rooms": "quiz not a regular file"}, make: func(t testing.TB, _ *world, dir string) {
		require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "answers.yaml"), 0o666))
	}},
	{name: "answers-link", line: 2, exercise: "quiz", verdicts: map[string]string{"rooms": "quiz not a regular file"}, make: func(t testing.TB, w *world, dir string) {
		require.NoError(t, os.Symlink(filepath.Join(w.bait, "secret"), filepath.Join(dir, "answers.yaml")))
	}},
	{name: "answers-hard-link", line: 3, exercise: "quiz", verdicts: map[string]string{"rooms": "quiz hard link"}, make: func(t testing.TB, w *world, dir string) {
		require.NoError(t, os.Link(filepath.Join(w.bait, "secret"), filepath.Join(dir, "answers.yaml")))
	}},
	{name: "answers-hole", line: 9, exercise: "quiz", verdicts: map[string]string{"rooms": "quiz larger than"}, make: func(t testing.TB, _ *world, dir string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "answers.yaml"), nil, 0o644))
		require.NoError(t, os.Truncate(filepath.Join(dir, "answers.yaml"), 1<<40))
	}},
	{name: "answers-folder-link", line: 2, exercise: "quiz", verdicts: map[string]string{"rooms": "quiz ."}, make: func(t testing.TB, w *world, dir string) {
		require.NoError(t, os.Symlink("secret", filepath.Join(w.bait, "answers.yaml")))
		t.Cleanup(func() { os.Remove(filepath.Join(w.bait, "answers.yaml")) })
		require.NoError(t, os.RemoveAll(dir))
		require.NoError(t, os.Symlink(w.bait, dir))
	}},
}

func made1(line int, name, verdict string, make func(t testing.TB, w *world, dir string)) *attack {
	return &attack{name: name, line: line, exercise: "pipe/filter", verdicts: map[string]string{"rooms": verdict}, make: make}
}

func at(path string) func(*world) string { return func(*world) string { return path } }

// link makes an attack of a file that is a symbolic link.
func link(name, verdict, file string, to func(*world) string) *attack {
	return made1(2, name, verdict, func(t testing.TB, w *world, dir string) {
		os.Remove(filepath.Join(dir, file))
		require.NoError(t, os.Symlink(to(w), filepath.Join(dir, file)))
	})
}

// source makes an attack of a file whose bytes no archive would keep.
func source(name, verdict, text string) *attack {
	return made1(10, name, verdict, func(t testing.TB, _ *world, dir string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "more.go"), []byte(text), 0o644))
	})
}

func mustSub(tree fs.FS, dir string) fs.FS {
	sub, err := fs.Sub(tree, dir)
	if err != nil {
		panic(err)
	}
	return sub
}
