package build

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"ipclab/grader/room"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

const sound = "package main\n\nfunc main() { print(\"sound\") }\n"

// toolchain finds Go, with the cache that all tests of this package share.
func toolchain(t testing.TB) *Toolchain {
	t.Helper()
	base, err := os.UserCacheDir()
	require.NoError(t, err)
	tools, err := Find(context.Background(), filepath.Join(base, "ipclab", "go-build"))
	require.NoError(t, err)
	return tools
}

// program reads a program from files by name, through a real folder.
func program(t testing.TB, files map[string]string) *Source {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		to := filepath.Join(dir, "prog", name)
		require.NoError(t, os.MkdirAll(filepath.Dir(to), 0o777))
		require.NoError(t, os.WriteFile(to, []byte(text), 0o666))
	}
	return read(t, dir)
}

// read reads DIR/prog as a submission's program is read: nothing leads out, nothing blocks.
func read(t testing.TB, dir string) *Source {
	t.Helper()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { root.Close() })
	src, err := Read(rootFS{root}, "prog")
	require.NoError(t, err)
	return src
}

type rootFS struct{ root *os.Root }

func (r rootFS) Open(name string) (fs.File, error) {
	return r.root.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
}

// runs starts a binary and gives what it writes to stderr.
func runs(t testing.TB, binary string) string {
	t.Helper()
	require.NotEmpty(t, binary)
	_, stderr, exit, err := room.Run(context.Background(), room.Config{Dir: t.TempDir(), Limits: room.DefaultLimits()}, room.Command{Name: "prog", Path: binary})
	require.NoError(t, err)
	require.Equal(t, room.Exit{CPU: exit.CPU}, exit)
	return string(stderr)
}

// refused are programs with a fault, and what is said of each: all its errors.
var refused = []struct {
	name   string
	files  map[string]string
	forbid []string
	want   []string
}{
	{name: "compile error", files: map[string]string{"main.go": "package main\n\nfunc main() {\n\tx := 1\n}\n"},
		want: []string{"prog/main.go:4:2: declared and not used: x"}},
	{name: "compile errors in two files", files: map[string]string{"main.go": "package main\n\nfunc main() { y() }\n", "more.go": "package main\n\nvar z = w\n"},
		want: []string{"prog/main.go:3:15: undefined: y", "prog/more.go:3:9: undefined: w"}},
	{name: "type error with details", files: map[string]string{"main.go": "package main\n\nimport \"io\"\n\ntype T struct{}\n\nvar _ io.Reader = T{}\n\nfunc main() {}\n"},
		want: []string{"prog/main.go:7:19: cannot use T{} (value of struct type T) as io.Reader value in variable declaration: T does not implement io.Reader (missing method Read)"}},
	{name: "package mian", files: map[string]string{"main.go": "// a comment that says package main\npackage mian\n\nfunc main() {}\n"},
		want: []string{"prog/main.go:2:9: package mian: a program must say package main"}},
	{name: "two packages", files: map[string]string{"a.go": "package main\n\nfunc main() {}\n", "b.go": "\npackage other\n"},
		want: []string{"prog/b.go:2:9: package other, but another file of the folder says package main: a folder holds one package"}},
	{name: "unknown import", files: map[string]string{"main.go": "package main\n\nimport (\n\t\"fmt\"\n\t\"github.com/x/y\"\n)\n\nfunc main() { fmt.Println(y.Z) }\n"},
		want: []string{`prog/main.go:5:2: import "github.com/x/y": not in the standard library, and nothing else can be imported here`}},
	{name: "imports that reach out", files: map[string]string{"main.go": `package main

import (
	_ "ipclab/solutions"
	_ "submission/student.a.b.other"
	_ "../other"
	_ "./other"
	_ "internal/poll"
	_ "crypto/internal/fips140"
	_ "vendor/golang.org/x/net/dns/dnsmessage"
	_ "cmd/go"
	_ "builtin"
	_ "runtime/cgo"
	_ "syscall/js"
	_ "go/doc/testdata"
	_ "f*t"
	_ "Fmt"
	_ "nosuch"
)

func main() {}
`}, want: []string{
		`prog/main.go:4:4: import "ipclab/solutions": not in the standard library, and nothing else can be imported here`,
		`prog/main.go:5:4: import "submission/student.a.b.other": not in the standard library, and nothing else can be imported here`,
		`prog/main.go:6:4: import "../other": not in the standard library, and nothing else can be imported here`,
		`prog/main.go:7:4: import "./other": not in the standard library, and nothing else can be imported here`,
		`prog/main.go:8:4: import "internal/poll": not in the standard library, and nothing else can be imported here`,
		`prog/main.go:9:4: import "crypto/internal/fips140": not in the standard library, and nothing else can be imported here`,
		`prog/main.go:10:4: import "vendor/golang.org/x/net/dns/dnsmessage": not in the standard library, and nothing else can be imported here`,
		`prog/main.go:11:4: import "cmd/go": not in the standard library, and nothing else can be imported here`,
		`prog/main.go:12:4: import "builtin": not in the standard library, and nothing else can be imported here`,
		`prog/main.go:13:4: import "runtime/cgo": not in the standard library, and nothing else can be imported here`,
		`prog/main.go:14:4: import "syscall/js": not in the standard library, and nothing else can be imported here`,
		`prog/main.go:15:4: import "go/doc/testdata": not in the standard library, and nothing else can be imported here`,
		`prog/main.go:16:4: import "f*t": not in the standard library, and nothing else can be imported here`,
		`prog/main.go:17:4: import "Fmt": not in the standard library, and nothing else can be imported here`,
		`prog/main.go:18:4: import "nosuch": not in the standard library, and nothing else can be imported here`,
	}},
	{name: "forbidden import", files: map[string]string{"main.go": "package main\n\nimport \"net/http\"\n\nfunc main() { http.Get(\"\") }\n"}, forbid: []string{"net/http"},
		want: []string{`prog/main.go:3:8: import "net/http": this exercise is to be solved without it`}},
	{name: "below a forbidden import", files: map[string]string{"main.go": "package main\n\nimport _ \"net/http/httptest\"\n\nfunc main() {}\n"}, forbid: []string{"net/http"},
		want: []string{`prog/main.go:3:10: import "net/http/httptest": this exercise is to be solved without it`}},
	{name: "cgo", files: map[string]string{"main.go": "package main\n\n// #include \"/etc/passwd\"\nimport \"C\"\n\nfunc main() {}\n"},
		want: []string{`prog/main.go:4:8: import "C": cgo is not used in this course`}},
	{name: "foreign sources", files: map[string]string{"main.go": sound, "a.c": "int x;", "b.s": "TEXT", "c.syso": "\x7fELF", "d.h": ""},
		want: []string{"prog/a.c: only Go files are compiled here; remove it", "prog/b.s: only Go files are compiled here; remove it",
			"prog/c.syso: only Go files are compiled here; remove it", "prog/d.h: only Go files are compiled here; remove it"}},
	{name: "empty file", files: map[string]string{"main.go": sound, "more.go": " \n"},
		want: []string{"prog/more.go: the file is empty: a Go file begins with a package clause"}},
	{name: "syntax error before the imports", files: map[string]string{"main.go": "package main\n\nimport fmt\n"},
		want: []string{"prog/main.go:3:11: missing import path"}},
	{name: "syntax error after the imports", files: map[string]string{"main.go": "package main\n\nfunc main() {\n"},
		want: []string{"prog/main.go:4:1: syntax error: unexpected EOF, expected }"}},
	{name: "no Go at all", files: map[string]string{"main.go": "#!/bin/sh\necho hello\n"},
		want: []string{"prog/main.go:1:1: illegal character U+0023 '#'"}},
	{name: "not UTF-8", files: map[string]string{"main.go": "package main\n\nfunc main() { print(\"\xff\") }\n"},
		want: []string{"prog/main.go:3:22: invalid UTF-8 encoding"}},
	{name: "not UTF-8 on top", files: map[string]string{"main.go": "// \xff\npackage main\n\nfunc main() {}\n"},
		want: []string{"prog/main.go:1:4: illegal UTF-8 encoding"}},
	{name: "a NUL on top", files: map[string]string{"main.go": "package main\n\x00\nimport \"fmt\"\n\nfunc main() {}\n"},
		want: []string{"prog/main.go:2:1: illegal character NUL", "prog/main.go:2:1: illegal character U+0000"}},
	{name: "no main", files: map[string]string{"main.go": "package main\n\nfunc Main() {}\n"},
		want: []string{"function main is undeclared in the main package"}},
	{name: "directives", files: map[string]string{"main.go": `package main

import _ "embed"

//go:embed main.go
var s string

//go:linkname f runtime.nanotime
func f() int64

func g() {} //go:cgo_import_dynamic x y "z"

/* before */ //go:nosplit
func main() {}
`}, want: []string{"prog/main.go:5:1: the directive //go:embed is not allowed here", "prog/main.go:8:1: the directive //go:linkname is not allowed here",
		"prog/main.go:11:13: the directive //go:cgo_import_dynamic is not allowed here", "prog/main.go:13:14: the directive //go:nosplit is not allowed here"}},
	{name: "a bad //go:debug", files: map[string]string{"main.go": "//go:debug nosuch=1\npackage main\n\nfunc main() {}\n"},
		want: []string{"prog/main.go:1:1: the directive //go:debug is not allowed here"}},
	{name: "a bad //go:build", files: map[string]string{"main.go": "//go:build (\n\npackage main\n\nfunc main() {}\n"},
		want: []string{"prog/main.go: parsing //go:build line: missing close paren"}},
	{name: "//line comments", files: map[string]string{"main.go": "package main\n\n//line no space left on device:1\nfunc main() { /*line /etc/passwd:7:7*/ a() }\n"},
		want: []string{"prog/main.go:3:1: a //line comment is not allowed here: it would hide where errors are",
			"prog/main.go:4:15: a //line comment is not allowed here: it would hide where errors are"}},
	{name: "a //line comment before a syntax error", files: map[string]string{"main.go": "//line /etc/passwd:900\npackage main\n\nimport fmt\n"},
		want: []string{"prog/main.go:1:1: a //line comment is not allowed here: it would hide where errors are", "prog/main.go:4:11: missing import path"}},
	{name: "words of the machine", files: map[string]string{"main.go": "package main\n\nvar x int = `a\nno space left on device`\n\nfunc main() {}\n"},
		want: []string{"prog/main.go:3:13: cannot use `a\nno space left on device` (untyped string constant \"a\\nno space left on device\") as int value in variable declaration"}},
	{name: "build tags that exclude all", files: map[string]string{"main.go": "//go:build ignore\n\n" + sound, "x_windows.go": sound},
		want: []string{"build constraints exclude all Go files in prog"}},
	{name: "a tag of cgo", files: map[string]string{"main.go": "//go:build cgo\n\n" + sound},
		want: []string{"build constraints exclude all Go files in prog"}},
	{name: "no Go file", files: map[string]string{"README.md": "", "main_test.go": sound, "_main.go": sound, ".main.go": sound},
		want: []string{"there is no Go file in the folder prog"}},
	{name: "a folder named main.go", files: map[string]string{"main.go/x": ""},
		want: []string{"prog/main.go: it is not a regular file"}},
	{name: "odd names", files: map[string]string{"main.go": sound, "a\nb.go": sound, "\u202eog.niam.go": sound, "\x1b]0;x\a.go": sound, "-o.go": sound, "é.go": sound},
		want: []string{`prog/\x1b]0;x\a.go: the file's name has characters other than letters, digits, _ . -`,
			`prog/-o.go: the file's name has characters other than letters, digits, _ . -`, `prog/a\nb.go: the file's name has characters other than letters, digits, _ . -`,
			`prog/é.go: the file's name has characters other than letters, digits, _ . -`, `prog/\u202eog.niam.go: the file's name has characters other than letters, digits, _ . -`}},
	{name: "case twins", files: map[string]string{"main.go": sound, "Main.go": "package main\n"},
		want: []string{"prog/main.go: its name differs from Main.go by case only"}},
	{name: "a huge file", files: map[string]string{"main.go": sound, "more.go": "package main\n//" + strings.Repeat("x", maxBytes)},
		want: []string{"prog/more.go: the program's files hold more than 1048576 bytes in all"}},
	{name: "too many files", files: many("f%02d.go", maxFiles+2, "package main\n"), want: []string{"more than 40 Go files"}},
	{name: "many refused files", files: many("%02d.c", 30, ""), want: append(slices.Collect(func(yield func(string) bool) {
		for i := range maxErrors {
			yield(fmt.Sprintf("prog/%02d.c: only Go files are compiled here; remove it", i))
		}
	}), "there is more of this kind")},
	{name: "a type that is too large", files: map[string]string{"main.go": "package main\n\ntype a [1 << 30][1 << 30]byte\n\nvar x a\n\nfunc main() { x[0][0]++ }\n"},
		want: []string{"prog/main.go:3:6: type [1073741824][1073741824]byte larger than address space"}},
	{name: "a binary that is too large", files: map[string]string{"main.go": "package main\n\nvar a = [300 << 20]byte{1}\n\nfunc main() { print(a[5]) }\n"},
		want: []string{"LINK: mapping output file failed: file too large"}},
}

func many(name string, n int, text string) map[string]string {
	files := map[string]string{}
	for i := range n {
		files[fmt.Sprintf(name, i)] = text
	}
	return files
}

// accepted are programs with something about them that is no fault.
var accepted = []struct {
	name  string
	files map[string]string
}{
	{"files of other kinds beside it", map[string]string{"main.go": sound, "go.mod": "module x\ntoolchain go9.99\nreplace => ../grader\n", "go.work": "junk", "vendor/modules.txt": "junk",
		"main_test.go": "package other\nimport \"nosuch\"\n", "_x.go": "junk", ".x.go": "junk", "notes.txt": "", "sub/main.go": "junk", ".git/config": "[core]\nfsmonitor = false\n"}},
	{"tags that include and exclude", map[string]string{"main.go": "//go:build !cgo && !windows\n\n" + sound, "x_windows.go": "package other\n", "y.go": "//go:build ignore\n\npackage y\n"}},
	{"text that looks like directives", map[string]string{"main.go": "package main\n\n// lines: they are counted\n// go:embed in words\n//line by line\nvar _ = `\n//go:embed x\n//line x:1\n/*line y:2*/\n`\n\n" +
		"//go:noinline\nfunc f() {}\n\n//go:generate echo\nfunc main() { f(); print(\"sound\") }\n"}},
	{"packages of the standard library", map[string]string{"main.go": "package main\n\nimport (\n\t_ \"encoding/json\"\n\t_ \"math/rand/v2\"\n\t_ \"net/http\"\n\t_ \"os/exec\"\n\t_ \"syscall\"\n\t_ \"unsafe\"\n)\n\nfunc main() { print(\"sound\") }\n"}},
	{"a byte order mark", map[string]string{"main.go": "\ufeff" + sound}},
	{"carriage returns", map[string]string{"main.go": strings.ReplaceAll("//go:build linux || darwin\n\n"+sound, "\n", "\r\n")}},
}

// All programs are built in one call: none disturbs another, and each error is told at its place.
func TestBuild(t *testing.T) {
	tools := toolchain(t)
	var jobs []Job
	for _, p := range refused {
		jobs = append(jobs, Job{Key: "refused/" + p.name, Source: program(t, p.files), Forbidden: p.forbid})
	}
	for _, p := range accepted {
		jobs = append(jobs, Job{Key: "accepted/" + p.name, Source: program(t, p.files)})
	}
	for i := range jobs { // as IDs are
		jobs[i].Key = strings.NewReplacer(" ", "-", ":", "", "//", "", "_", "-").Replace(jobs[i].Key)
	}
	res, err := tools.Build(context.Background(), t.TempDir(), jobs)
	require.NoError(t, err)
	assert.Equal(t, 1, res.calls, "something was not foreseen by the preflight")
	for i, p := range refused {
		t.Run(p.name, func(t *testing.T) {
			var got []string
			for _, e := range res.Errors[jobs[i].Key] {
				got = append(got, strings.ReplaceAll(e.Error(), filepath.Join(tools.Root, "pkg/tool/linux_amd64/link"), "LINK"))
			}
			assert.ElementsMatch(t, p.want, got)
			assert.Empty(t, res.Binary[jobs[i].Key], "there is a binary")
		})
	}
	for i, p := range accepted {
		t.Run(p.name, func(t *testing.T) {
			key := jobs[len(refused)+i].Key
			assert.Empty(t, res.Errors[key])
			assert.Equal(t, "sound", runs(t, res.Binary[key]))
		})
	}
}

// Folders and files that cannot be made with plain text.
func TestReadOddFolders(t *testing.T) {
	for _, c := range []struct {
		name, want string
		make       func(t *testing.T, dir string)
	}{
		{"missing folder", "the folder prog is missing", func(*testing.T, string) {}},
		{"a link as main.go", "prog/main.go: it is a symbolic link; put the file itself here", func(t *testing.T, dir string) {
			require.NoError(t, os.Mkdir(dir+"/prog", 0o777))
			require.NoError(t, os.Symlink("/etc/passwd", dir+"/prog/main.go"))
		}},
		{"a link within the submission", "prog/main.go: it is a symbolic link; put the file itself here", func(t *testing.T, dir string) {
			require.NoError(t, os.Mkdir(dir+"/prog", 0o777))
			require.NoError(t, os.WriteFile(dir+"/x.go", []byte(sound), 0o666))
			require.NoError(t, os.Symlink("../x.go", dir+"/prog/main.go"))
		}},
		{"a file of somebody else's by another name", "prog/main.go: it is a hard link: the same file has another name elsewhere; put a copy here", func(t *testing.T, dir string) {
			require.NoError(t, os.Mkdir(dir+"/prog", 0o777))
			require.NoError(t, os.WriteFile(dir+"/x.go", []byte(sound), 0o666))
			require.NoError(t, os.Link(dir+"/x.go", dir+"/prog/main.go"))
		}},
		{"a FIFO as main.go", "prog/main.go: it is not a regular file", func(t *testing.T, dir string) {
			require.NoError(t, os.Mkdir(dir+"/prog", 0o777))
			require.NoError(t, syscall.Mkfifo(dir+"/prog/main.go", 0o666))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			c.make(t, dir)
			src := read(t, dir)
			require.Len(t, src.Errors, 1)
			assert.Equal(t, c.want, src.Errors[0].Error())
			assert.Empty(t, src.Files)
		})
	}
}

// A link that leads out of the submission is not followed, even as the program's folder.
func TestReadLinkedFolder(t *testing.T) {
	dir, secret := t.TempDir(), t.TempDir()
	require.NoError(t, os.WriteFile(secret+"/main.go", []byte(sound), 0o666))
	require.NoError(t, os.Symlink(secret, dir+"/prog"))
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	src, err := Read(rootFS{root}, "prog")
	require.Error(t, err)
	assert.Nil(t, src)
}

func TestDigestTellsErrors(t *testing.T) {
	plain, with := program(t, map[string]string{"main.go": sound}), program(t, map[string]string{"main.go": sound, "x.c": ""})
	assert.NotEqual(t, plain.Digest(), with.Digest(), "a verdict on a sound program would be that of a refused one")
	assert.True(t, plain.Same(program(t, map[string]string{"main.go": sound})))
	assert.False(t, with.Same(with))
}

// What the preflight does not foresee stops the one call for all. Then each is built alone.
func TestFallBack(t *testing.T) {
	tools := toolchain(t)
	// Read never lets such a file through; the go command refuses the whole build for it.
	odd := &Source{Name: "odd", Files: []File{{"main.go", []byte(sound)}, {"go.mod", []byte("package main\n")}}}
	good := program(t, map[string]string{"main.go": sound})
	bad := program(t, map[string]string{"main.go": "package main\n\nfunc main() { x() }\n"})
	dir := t.TempDir()
	res, err := tools.Build(context.Background(), dir, []Job{{Key: "a/good", Source: good}, {Key: "a/odd", Source: odd}, {Key: "a/bad", Source: bad}})
	require.NoError(t, err)
	assert.Greater(t, res.calls, 1, "this was foreseen: the test needs another case")
	assert.Equal(t, "sound", runs(t, res.Binary["a/good"]))
	assert.Equal(t, []Error{{"prog/main.go", 3, 15, "undefined: x"}}, res.Errors["a/bad"])
	require.Len(t, res.Errors["a/odd"], 1)
	assert.Contains(t, res.Errors["a/odd"][0].Message, "does not contain package")
	assert.NotContains(t, res.Errors["a/odd"][0].Message, dir, "a path of ours")
}

// What the user has set, and what lies around, has no say.
func TestEnvironmentHasNoSay(t *testing.T) {
	tools := toolchain(t)
	around := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(around, "go.work"), []byte("junk"), 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(around, "go.mod"), []byte("junk"), 0o666))
	for k, v := range map[string]string{"GOFLAGS": "-toolexec=/bin/false", "GOWORK": filepath.Join(around, "go.work"), "GOPROXY": "https://127.0.0.1:1", "GOOS": "windows", "GOARCH": "arm",
		"CGO_ENABLED": "1", "GOENV": filepath.Join(around, "go.mod"), "GO111MODULE": "off", "GOTOOLCHAIN": "go9.99", "GOEXPERIMENT": "nosuch", "GOCACHE": "/nosuch", "GOTMPDIR": "/nosuch", "GODEBUG": "x"} {
		t.Setenv(k, v)
	}
	found, err := Find(context.Background(), tools.Cache)
	require.NoError(t, err)
	assert.Equal(t, tools, found)
	dir := filepath.Join(around, "work")
	res, err := found.Build(context.Background(), dir, []Job{{Key: "a/tags", Source: program(t, map[string]string{"main.go": "//go:build !cgo && !windows\n\n" + sound})}})
	require.NoError(t, err)
	assert.Empty(t, res.Errors)
	assert.Equal(t, "sound", runs(t, res.Binary["a/tags"]))
}

// Every package that the go command has for programs may be imported, and no other.
func TestStdlib(t *testing.T) {
	tools := toolchain(t)
	out, _, exit, err := room.Run(context.Background(), room.Config{Dir: t.TempDir(), Env: tools.env(t.TempDir()), Limits: toolLimits}, room.Command{Name: "go", Path: tools.Go, Args: []string{"list", "std"}})
	require.NoError(t, err)
	require.Zero(t, exit.Code)
	b := &builder{Toolchain: tools}
	known := strings.Fields(string(out))
	require.Greater(t, len(known), 100)
	for _, p := range known {
		own := slices.ContainsFunc(strings.Split(p, "/"), func(w string) bool { return w == "internal" || w == "vendor" })
		assert.Equal(t, !own && p != "unsafe", b.inStdlib(p) && p != "unsafe", p)
	}
	for _, p := range []string{"", "runtime/cgo", "runtime/nosuch", "cmd", "text", "go/build/testdata/empty", "fmt/", "/fmt", "./fmt", "a/../fmt", "fmt\\x", "f mt"} {
		assert.False(t, b.inStdlib(p), p)
	}
}

func TestNoGo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := Find(context.Background(), t.TempDir())
	require.ErrorIs(t, err, ErrNoGo)
}

// toolScript is a go command that does what a test wants.
func toolScript(t *testing.T, script string) *Toolchain {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(dir+"/go", []byte("#!/bin/sh\n"+script), 0o755))
	t.Setenv("PATH", dir)
	return &Toolchain{Go: dir + "/go", Root: toolchainRoot, Version: "go1.26.1", Cache: t.TempDir()}
}

var toolchainRoot = "/nosuch"

// The go command's answers are taken apart by line: a root may hold a space.
func TestFindOddToolchains(t *testing.T) {
	for _, c := range []struct{ script, root, version, language, err string }{
		{"echo '/opt/my go'; echo go1.26.1", "/opt/my go", "go1.26.1", "1.26", ""},
		{"echo /go; echo 'devel go1.27-abcdef Mon Jan 1'", "/go", "devel go1.27-abcdef Mon Jan 1", "1.27", ""},
		{"echo /go; echo go1.26rc1", "/go", "go1.26rc1", "1.26", ""},
		{"echo broken >&2; exit 3", "", "", "", "env: exit status 3: broken"},
		{"kill -9 $$", "", "", "", "env: killed by SIGKILL"},
	} {
		t.Run(c.script, func(t *testing.T) {
			toolScript(t, c.script)
			tools, err := Find(context.Background(), "/cache")
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.root, tools.Root)
			assert.Equal(t, c.version, tools.Version)
			assert.Equal(t, c.language, languageVersion(tools.Version))
		})
	}
}

// What speaks of the machine is no program's fault.
func TestMachineFaults(t *testing.T) {
	for _, c := range []struct{ name, script, err string }{
		{"of a dependency", `printf '%s\n' '{"ImportPath":"fmt","Action":"build-output","Output":"fmt: write /t/importcfg: no space left on device\n"}' '{"ImportPath":"fmt","Action":"build-fail"}'; exit 1`,
			"go build: fmt: write /t/importcfg: no space left on device"},
		{"of the link", `printf '%s\n' '{"ImportPath":"submission/a.x","Action":"build-output","Output":"# submission/a.x\nlink: mapping output file failed: no space left on device\n"}' '{"ImportPath":"submission/a.x","Action":"build-fail"}'; exit 1`,
			"go build: link: mapping output file failed: no space left on device"},
		{"on stderr", "echo 'go: creating work dir: mkdir /t: permission denied' >&2; exit 1", "go build: go: creating work dir: mkdir /t: permission denied"},
		{"a kill", "kill -9 $$", "go build: killed by SIGKILL"},
		{"silence", "exit 0", "go build makes nothing, and gives no reason"},
		{"nonsense", `printf '%s\n' '{"ImportPath":"os","Action":"build-output","Output":"package os is not in std\n"}' '{"ImportPath":"os","Action":"build-fail"}'; exit 1`,
			"go build cannot build a program of four lines: package os is not in std"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tools := toolScript(t, c.script)
			_, err := tools.Build(context.Background(), t.TempDir(), []Job{{Key: "a/x", Source: program(t, map[string]string{"main.go": sound})}, {Key: "a/y", Source: program(t, map[string]string{"main.go": sound})}})
			require.EqualError(t, err, c.err)
		})
	}
}

// A binary that lies there although its build failed is not taken.
func TestStaleBinaryIsNotTaken(t *testing.T) {
	tools := toolScript(t, `for a; do last=$a; done
: >../out/${last#./}
printf '%s\n' '{"ImportPath":"submission/a.x","Action":"build-output","Output":"a.x/main.go:3:1: wrong\n"}' '{"ImportPath":"submission/a.x","Action":"build-fail"}'
exit 1`)
	res, err := tools.Build(context.Background(), t.TempDir(), []Job{{Key: "a/x", Source: program(t, map[string]string{"main.go": sound})}})
	require.NoError(t, err)
	assert.Empty(t, res.Binary)
	assert.Equal(t, []Error{{"prog/main.go", 3, 1, "wrong"}}, res.Errors["a/x"])
}

func TestCacheThatCannotBeWritten(t *testing.T) {
	tools := toolScript(t, "exit 1")
	tools.Cache = "/dev/full/nosuch"
	_, err := tools.Build(context.Background(), t.TempDir(), nil)
	require.ErrorIs(t, err, syscall.ENOTDIR)
	require.NoError(t, fits(t.TempDir()))
	require.Error(t, fits("/nosuch"))
}

func TestUnexplainedFailureIsToldOfOneProgram(t *testing.T) {
	tools := toolScript(t, "case $* in *a.x*) exit 1;; esac\nfor a; do last=$a; done\n: >../out/${last#./}")
	res, err := tools.Build(context.Background(), t.TempDir(), []Job{{Key: "a/x", Source: program(t, map[string]string{"main.go": sound})}, {Key: "a/y", Source: program(t, map[string]string{"main.go": sound})}})
	require.NoError(t, err)
	assert.Equal(t, map[string][]Error{"a/x": {{Message: "go build: exit status 1"}}}, res.Errors)
	assert.FileExists(t, res.Binary["a/y"])
	assert.Len(t, res.Binary, 1, "the control is no result")
}

func TestBuildEndsWithItsContext(t *testing.T) {
	tools := toolScript(t, "sleep 1000")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := tools.Build(ctx, t.TempDir(), []Job{{Key: "a/x", Source: program(t, map[string]string{"main.go": sound})}})
	require.ErrorIs(t, err, context.Canceled)
}

func TestLongMessagesAreCut(t *testing.T) {
	errs := parseErrors(Job{Key: "a/x", Source: &Source{Name: "x", Files: []File{{Name: "main.go"}}}}, "a.x/main.go:1:2: "+strings.Repeat("é", 5000)+"\n")
	require.Len(t, errs, 1)
	assert.Less(t, len(errs[0].Message), maxMessage+10)
	assert.True(t, strings.HasSuffix(errs[0].Message, "é ..."))
}

// A place that is not in the program's own files is not taken for one.
func TestPlaces(t *testing.T) {
	src := &Source{Name: "x", Files: []File{{Name: "main.go"}}}
	errs := parseErrors(Job{Key: "a/x", Source: src}, "# submission/a.x\n./a.x/main.go:1:2: one\n\tmore of it\na.x/main.go:3: two\n")
	assert.Equal(t, []Error{{"x/main.go", 1, 2, "one\n\tmore of it"}, {"x/main.go", 3, 0, "two"}}, errs)
	for _, line := range []string{"a.y/main.go:1:2: other", "a.x/other.go:1:2: other", "/etc/passwd:1:2: other"} {
		assert.Equal(t, []Error{{Message: line}}, parseErrors(Job{Key: "a/x", Source: src}, line+"\n"))
	}
}

// Random contents and names never panic, and never are an error of the builder.
func FuzzPreflight(f *testing.F) {
	for _, p := range refused {
		for name, text := range p.files {
			if len(text) < 1000 {
				f.Add(name, []byte(text))
			}
		}
	}
	tools := toolchain(f)
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		if !fs.ValidPath("prog/"+name) || strings.Contains(name, "/") || name == "." {
			t.Skip()
		}
		src, err := Read(fstest.MapFS{"prog/" + name: {Data: data}}, "prog")
		require.NoError(t, err)
		require.True(t, len(src.Files)+len(src.Errors) > 0)
		b := &builder{Toolchain: tools, src: t.TempDir()}
		errs, err := b.stage(Job{Key: "fuzz/prog", Source: src})
		require.NoError(t, err)
		for _, e := range errs {
			require.NotContains(t, e.File, "\n")
			require.False(t, bytes.ContainsAny([]byte(e.File), "\x1b\a\x00"), "%q", e.File)
			require.LessOrEqual(t, e.Line, bytes.Count(data, []byte("\n"))+1)
		}
	})
}

// What the preflight lets pass does not stop the go command for the program beside it.
func FuzzBuild(f *testing.F) {
	for _, p := range append(accepted[1:], accepted[0]) {
		f.Add([]byte(p.files["main.go"]))
	}
	f.Add([]byte("package main\n\nimport `fmt`\n\nfunc main() { fmt.Println() }\n\nimport \"nosuch\"\n"))
	f.Add([]byte("package main\n\nfunc main() {}\n\x00"))
	tools := toolchain(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		src, err := Read(fstest.MapFS{"prog/main.go": {Data: data}}, "prog")
		require.NoError(t, err)
		res, err := tools.Build(context.Background(), t.TempDir(), []Job{{Key: "a/fuzz", Source: src}, {Key: "a/sound", Source: &Source{Name: "sound", Files: []File{{"main.go", []byte(sound)}}}}})
		require.NoError(t, err)
		require.Equal(t, 1, res.calls)
		require.NotEmpty(t, res.Binary["a/sound"])
		require.True(t, res.Binary["a/fuzz"] != "" || len(res.Errors["a/fuzz"]) > 0)
	})
}
