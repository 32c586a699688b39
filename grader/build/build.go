package build

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	gobuild "go/build"
	"go/version"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"ipclab/grader/room"
)

// Toolchain is the go command and where it keeps what it has compiled.
type Toolchain struct {
	Go      string // path of the command
	Root    string // GOROOT
	Version string // such as go1.26.1
	Cache   string // GOCACHE, the grader's own
	// Walled has programs built in a room: the go command sees the toolchain, their sources and a copy of
	// the cache, and what it writes to that is gone with the room. Packages of the standard library are
	// compiled outside, once.
	Walled bool
}

// ErrNoGo says that there is no go command.
var ErrNoGo = errors.New("there is no go command in PATH: install Go (https://go.dev/dl) or add its bin folder to PATH")

// Find looks for the go command in PATH and asks it for its root and version.
func Find(ctx context.Context, cache string) (*Toolchain, error) {
	command, err := room.Look("go")
	if err != nil {
		return nil, ErrNoGo
	}
	t := &Toolchain{Go: command, Cache: cache}
	out, stderr, exit, err := room.Run(ctx, room.Config{Dir: os.TempDir(), Env: t.env(os.TempDir()), Limits: toolLimits},
		room.Command{Name: "go", Path: command, Args: []string{"env", "GOROOT", "GOVERSION"}})
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if exit.Code != 0 || exit.Signal != 0 || len(lines) != 2 {
		return nil, fmt.Errorf("%s env: %s: %s", command, exit, bytes.TrimSpace(stderr))
	}
	t.Root, t.Version = lines[0], lines[1]
	return t, nil
}

// toolLimits bound the go command and each process that it starts. A compiler that needs more has been
// given something made for that.
var toolLimits = room.Limits{CPU: 120, FileSize: 256 << 20, OpenFiles: 4096, Output: 32 << 20, Memory: 3 << 30, Processes: 256, Disk: 1 << 30}

// env is all that the go command finds in its environment: nothing of the user's, who may have set
// flags, proxies or a workspace. Without a home it keeps no settings and no telemetry.
func (t *Toolchain) env(tmp string) []string {
	return []string{
		"PATH=" + filepath.Dir(t.Go) + ":/usr/local/bin:/usr/bin:/bin", "HOME=", "TMPDIR=" + tmp, "GOROOT=" + t.Root,
		"GOCACHE=" + t.Cache, "GOPATH=" + filepath.Join(tmp, "gopath"), "CGO_ENABLED=0", "GOGC=400",
		"GOENV=off", "GOFLAGS=", "GOWORK=off", "GOPROXY=off", "GOTOOLCHAIN=local", "GO111MODULE=on",
	}
}

// Flags are those of the one go build call.
var Flags = []string{"-buildvcs=false", "-trimpath", "-ldflags=-s -w"}

// Job is one program to build.
type Job struct {
	Key       string // chapter/exercise/program, below a word for whose it is; unique
	Source    *Source
	Forbidden []string // import paths that the exercise does not allow, nor those below them
	// Ready, if set, is called with the binary's path as soon as it can be run, while others are still
	// being built. Never for two jobs at once.
	Ready func(path string)
}

// Result tells what became of the jobs, by key: each has a binary or errors.
type Result struct {
	Binary map[string]string
	Errors map[string][]Error

	calls int // of the go command
}

// Build builds all jobs in dir, an empty folder. Programs with errors do not keep the others from
// being built. The error is the machine's or the grader's fault.
func (t *Toolchain) Build(ctx context.Context, dir string, jobs []Job) (*Result, error) {
	b := &builder{Toolchain: t, dir: dir, src: filepath.Join(dir, "src"), out: filepath.Join(dir, "out"),
		result: Result{Binary: map[string]string{}, Errors: map[string][]Error{}}}
	for _, d := range []string{b.src, b.out, filepath.Join(dir, "tmp"), t.Cache} {
		if err := os.MkdirAll(d, 0o777); err != nil {
			return nil, err
		}
	}
	mod := "module submission\n\ngo " + languageVersion(t.Version) + "\n"
	if err := os.WriteFile(filepath.Join(b.src, "go.mod"), []byte(mod), 0o666); err != nil {
		return nil, err
	}
	var sound []Job
	for _, j := range jobs {
		if errs, err := b.stage(j); err != nil {
			return nil, err
		} else if len(errs) > 0 {
			b.result.Errors[j.Key] = errs
		} else {
			sound = append(sound, j)
		}
	}
	if err := b.build(ctx, sound); err != nil {
		return nil, err
	}
	return &b.result, nil
}

var goVersion = regexp.MustCompile(`go(1\.\d+)`)

// languageVersion is what go.mod is to say: the language as the toolchain has it.
func languageVersion(v string) string {
	if m := goVersion.FindStringSubmatch(v); m != nil {
		return m[1]
	}
	return OldestLanguage
}

// OldestLanguage is what students are told to have.
const OldestLanguage = "1.25"

type builder struct {
	*Toolchain
	dir, src, out string
	result        Result
}

func (b *builder) tmp() string { return filepath.Join(b.dir, "tmp") }

// folder is the name of a job's folder in the module. It is unique, and so is the binary's.
func folder(key string) string { return strings.ReplaceAll(key, "/", ".") }

// stage writes a job's files into the module, after the preflight.
func (b *builder) stage(j Job) ([]Error, error) {
	dir := filepath.Join(b.src, folder(j.Key))
	if err := os.Mkdir(dir, 0o777); err != nil {
		return nil, err
	}
	for _, f := range j.Source.Files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o666); err != nil {
			return nil, err
		}
	}
	s := *j.Source
	s.Errors = slices.Clone(s.Errors)
	s.preflight(rules{b.inStdlib, func(f File) (bool, error) { return b.matches(dir, f.Name) }, j.Forbidden})
	return s.Errors, nil
}

// inStdlib tells whether a program may import a package: the standard library has it, for this
// system, and not only for its own use.
func (b *builder) inStdlib(p string) bool {
	words := strings.Split(p, "/")
	if !importPath.MatchString(p) || !fs.ValidPath(p) || words[0] == "cmd" || words[0] == "vendor" || p == "builtin" || p == "runtime/cgo" ||
		slices.Contains(words, "internal") || slices.Contains(words, "testdata") {
		return false
	}
	dir := filepath.Join(b.Root, "src", filepath.FromSlash(p))
	entries, err := os.ReadDir(dir)
	return err == nil && slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		if path.Ext(e.Name()) != ".go" || strings.HasSuffix(e.Name(), "_test.go") {
			return false
		}
		ok, err := b.matches(dir, e.Name())
		return ok && err == nil
	})
}

var importPath = regexp.MustCompile(`^[a-z][a-z0-9/_]*$`)

// matches tells whether a file's name and build constraints let it take part.
func (b *builder) matches(dir, name string) (bool, error) {
	c := gobuild.Default // as the go command sees it in our environment
	c.GOOS, c.GOARCH, c.CgoEnabled = runtime.GOOS, runtime.GOARCH, false
	ok, err := c.MatchFile(dir, name)
	if err != nil {
		text := strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), "")
		err = errors.New(strings.TrimPrefix(text, name+": "))
	}
	return ok, err
}

// build runs the go command once for all jobs, and once more for each that came to nothing without
// a reason: something unforeseen in one of them stopped them all.
func (b *builder) build(ctx context.Context, jobs []Job) error {
	if len(jobs) == 0 {
		return nil
	}
	if err := b.run(ctx, jobs); err != nil {
		return err
	}
	if !slices.ContainsFunc(jobs, func(j Job) bool { return !b.settled(j.Key) }) {
		return nil
	}
	if err := b.control(ctx); err != nil {
		return err
	}
	for _, j := range jobs {
		if b.settled(j.Key) {
			continue
		}
		if err := b.run(ctx, []Job{j}); err != nil {
			return err
		}
		if !b.settled(j.Key) {
			return fmt.Errorf("go build made nothing of %s and gave no reason", j.Key)
		}
	}
	return nil
}

// control builds a program of our own. If not even that can be built, no student is to blame.
func (b *builder) control(ctx context.Context) error {
	j := Job{Key: "control", Source: &Source{Name: "control", Files: []File{{"main.go", []byte("package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println() }\n")}}}}
	if _, err := b.stage(j); err != nil {
		return err
	}
	if err := b.run(ctx, []Job{j}); err != nil {
		return err
	}
	errs, built := b.result.Errors[j.Key], b.result.Binary[j.Key] != ""
	delete(b.result.Errors, j.Key)
	delete(b.result.Binary, j.Key)
	if built {
		return nil
	}
	for _, dir := range []string{b.Cache, b.tmp()} { // the go command is bad at saying this
		if err := fits(dir); err != nil {
			return fmt.Errorf("go build: %w", err)
		}
	}
	if len(errs) == 0 {
		return errors.New("go build makes nothing, and gives no reason")
	}
	said, _, _ := strings.Cut(strings.TrimPrefix(errs[0].Message, "go build: "), "\n")
	return fmt.Errorf("go build cannot build a program of four lines: %s", said)
}

// fits tries whether a folder takes a file of some size.
func fits(dir string) error {
	f, err := os.CreateTemp(dir, "try-*")
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, 1<<18))
	return errors.Join(err, f.Close(), os.Remove(f.Name()))
}

func (b *builder) settled(key string) bool {
	return b.result.Binary[key] != "" || len(b.result.Errors[key]) > 0
}

func (b *builder) run(ctx context.Context, jobs []Job) error {
	if err := b.warm(ctx, jobs); err != nil {
		return err
	}
	args := append([]string{"build", "-json"}, Flags...)
	args = append(args, "-o", b.out+"/")
	for _, j := range jobs {
		args = append(args, "./"+folder(j.Key))
	}
	config := room.Config{Dir: b.src, Env: b.env(b.tmp()), Limits: toolLimits}
	command := room.Command{Name: "go", Path: b.Go, Args: args}
	if b.Walled {
		config.Workshop = &room.Workshop{Tool: b.Root, Cache: b.Cache, Dir: b.dir}
		command.Path, command.Cell = filepath.Join(b.Root, "bin", "go"), "workshop"
		unlock, err := b.lockCache(ctx, false)
		if err != nil {
			return err
		}
		defer unlock()
	}
	stop := b.watch(jobs)
	stdout, stderr, exit, err := room.Run(ctx, config, command)
	stop()
	if err != nil {
		return err
	}
	b.result.calls++
	failed := outputs(stdout)
	for _, j := range jobs {
		text, bad := failed[modulePath+folder(j.Key)]
		if !bad {
			if err := b.collect(j); err != nil {
				return err
			}
			continue
		}
		errs := parseErrors(j, strings.ReplaceAll(text, b.src+"/", ""))
		if !slices.ContainsFunc(errs, Error.placed) && machineFault.MatchString(text) {
			return fmt.Errorf("go build: %s", faultLine(text))
		}
		b.result.Errors[j.Key] = errs
		delete(b.result.Binary, j.Key) // whatever lay at its place: this program has errors
	}
	if exit.Code == 0 && exit.Signal == 0 {
		return nil
	}
	return b.unexplained(jobs, exit, failed, strings.TrimSpace(string(stderr)))
}

const modulePath = "submission/"

// unexplained deals with a failure that the go command did not lay to a program's charge.
func (b *builder) unexplained(jobs []Job, exit room.Exit, failed map[string]string, said string) error {
	for pkg, text := range failed {
		if !strings.HasPrefix(pkg, modulePath) {
			said = strings.TrimSpace(said + "\n" + text)
		}
	}
	switch {
	case machineFault.MatchString(said):
		return fmt.Errorf("go build: %s", faultLine(said))
	case exit.Excess != "" && len(jobs) > 1: // one of them is to blame: each is tried alone
		return nil
	case exit.Signal != 0 && exit.Excess == "":
		return fmt.Errorf("go build: %s", exit)
	case len(jobs) == 1 && !b.settled(jobs[0].Key):
		if said == "" || exit.Excess != "" {
			said = exit.String()
		}
		b.result.Errors[jobs[0].Key] = []Error{{Message: "go build: " + said}}
	}
	return nil
}

// placed tells whether the error has a place in one of the program's files. What has speaks of the
// program and not of the machine, whatever words it holds: the program could have chosen them.
func (e Error) placed() bool { return e.Line > 0 }

// machineFault recognises what no program can be blamed for.
var machineFault = regexp.MustCompile(`no space left on device|disk quota exceeded|cannot allocate memory|read-only file system|too many open files|permission denied|value too large for defined data type|input/output error|stale file handle`)

// faultLine is the line that tells of the machine.
func faultLine(text string) string {
	for line := range strings.Lines(text) {
		if machineFault.MatchString(line) {
			return strings.TrimSpace(line)
		}
	}
	return text
}

// collect moves a binary to where its name is the program's own.
func (b *builder) collect(j Job) error {
	from := filepath.Join(b.out, folder(j.Key))
	if _, err := os.Stat(from); err != nil || b.result.Binary[j.Key] != "" {
		return nil // taken already; or not built: the caller tries it alone
	}
	// A program may read where it lies, which is not to tell whose it is.
	to := filepath.Join(b.dir, "bin", rand.Text()[:8], path.Base(j.Key))
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	b.result.Binary[j.Key] = to
	if j.Ready != nil {
		j.Ready(to)
	}
	return nil
}

// watch collects binaries while the go command still builds others. The command puts each into place
// in one step, by a rename within dir. The function returned ends the watch.
func (b *builder) watch(jobs []Job) (stop func()) {
	over, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-over:
				return
			case <-tick.C:
				for _, j := range jobs {
					b.collect(j) // what cannot be collected now fails after the build
				}
			}
		}
	}()
	return func() { close(over); <-done }
}

// outputs gathers what go build -json said about each package that failed.
func outputs(stdout []byte) map[string]string {
	text, failed := map[string]string{}, map[string]string{}
	dec := json.NewDecoder(bytes.NewReader(stdout))
	for {
		var e struct{ ImportPath, Action, Output string }
		if err := dec.Decode(&e); err == io.EOF || err != nil {
			return failed
		}
		pkg, _, _ := strings.Cut(e.ImportPath, " ")
		switch e.Action {
		case "build-output":
			text[pkg] += e.Output
		case "build-fail":
			failed[pkg] = text[pkg]
		}
	}
}

// errorLine matches a message with a place. The back end of the compiler names files by the package's path.
var errorLine = regexp.MustCompile(`^(?:\./|` + modulePath + `)?([^/:]+)/([^/:]+):(\d+)(?::(\d+))?: (.*)$`)

// parseErrors reads the compiler's messages. A place counts only if it is in one of the program's
// own files. Lines without one go on from the line above.
func parseErrors(j Job, text string) []Error {
	var errs []Error
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		m := errorLine.FindStringSubmatch(line)
		switch {
		case line == "" || strings.HasPrefix(line, "# "):
		case m != nil && m[1] == folder(j.Key) && slices.ContainsFunc(j.Source.Files, func(f File) bool { return f.Name == m[2] }):
			n, _ := strconv.Atoi(m[3])
			col, _ := strconv.Atoi(m[4])
			errs = append(errs, Error{j.Source.Name + "/" + m[2], n, col, m[5]})
		case len(errs) > 0 && line != "too many errors":
			errs[len(errs)-1].Message += "\n" + line
		default:
			errs = append(errs, Error{Message: strings.TrimPrefix(line, "runtime.main_main·f: ")})
		}
	}
	if len(errs) == 0 {
		errs = []Error{{Message: "go build failed and did not say why"}}
	}
	for i, e := range errs { // which may quote a whole file
		if len(e.Message) > maxMessage {
			errs[i].Message = strings.ToValidUTF8(e.Message[:maxMessage], "") + " ..."
		}
	}
	return errs
}

// maxMessage is how many bytes of one message are told.
const maxMessage = 2000

// Recent tells whether the toolchain knows the language that the course is written in.
func (t *Toolchain) Recent() bool {
	return version.Compare(languageRelease(t.Version), "go"+OldestLanguage) >= 0
}

// languageRelease cuts what a toolchain may say beside its version.
func languageRelease(v string) string {
	if m := goVersion.FindString(v); m != "" {
		return m
	}
	return "go" + OldestLanguage // one from the sources: who has that knows
}
