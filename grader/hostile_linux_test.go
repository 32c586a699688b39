package grader_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unicode"
	"unsafe"

	"ipclab/exercises"
	"ipclab/grader"
	"ipclab/grader/build"
	"ipclab/grader/report"
	"ipclab/grader/room"
	"ipclab/grader/room/wall"
	"ipclab/solutions"
	"ipclab/testscripts"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// attack is a hostile submission, and what is to become of it.
//
// It stands in testdata/hostile/NAME.txtar: a header of lines "key: value", and the files of the
// submission. The exercise's solution lies beside them, unless the header says "with: nothing": attacks
// are mostly made by a func init of a file attack.go, and the solution's main then does what it always
// does. So an attack that comes to nothing passes. One that comes through calls breach, which ends the
// program with words on stderr, and its check fails. The function once tells an attack that it is in the
// one process in which a bomb is to go off.
//
// What is to become of it is told by tier (rooms, landlock, none); a tier that is not named is like
// rooms. "admitted: WORDS" names the words of room/THREATS.md, in its list of what the tier landlock does not
// stop, that tell of an attack which comes through there. What becomes of one is one of
//
//	pass             the attack came to nothing, and the solution beside it passes
//	fail REGEXP      a check fails, and says so
//	build REGEXP     it is refused before it is run, or does not compile
//	quiz REGEXP      the answers of the quiz are not right, and what is said of them
//	refused REGEXP   there is no report, and that is why
//	breach REGEXP    the attack comes through: this tier does not stop it. It shows that the attack is one
//	open REASON      this tier does not stop it, and it is not tried, for that reason
type attack struct {
	name     string
	slow     bool // waits for the grader's patience to end: graded side by side with others only
	late     bool // acts in a later check of the exercise than the first few
	line     int  // of the list of attacks that instructors have met
	exercise string
	alone    bool // no solution beside it
	admitted string
	verdicts map[string]string
	files    []txtar.File
	make     func(t testing.TB, w *world, dir string) // what no archive can hold; dir is the program's folder
}

func (a *attack) verdict(tier room.Tier) (kind, rest string) {
	v, ok := a.verdicts[string(tier)]
	if !ok {
		v = a.verdicts["rooms"]
	}
	kind, rest, _ = strings.Cut(v, " ")
	return kind, rest
}

// corpus is all attacks.
func corpus(t testing.TB) []*attack {
	names, err := filepath.Glob("testdata/hostile/*.txtar")
	require.NoError(t, err)
	var all []*attack
	for _, name := range names {
		a, err := parseAttack(name)
		require.NoError(t, err)
		if a != nil {
			all = append(all, a)
		}
	}
	all = append(all, made...)
	slices.SortFunc(all, func(a, b *attack) int { return strings.Compare(a.name, b.name) })
	return all
}

// sample is the corpus or, in short mode, a tenth of it. That is for the race detector, which slows the
// grader down and finds no more in it with each attack.
func sample(t testing.TB) []*attack {
	all := corpus(t)
	if !testing.Short() {
		return all
	}
	var some []*attack
	for i := 0; i < len(all); i += 10 {
		some = append(some, all[i])
	}
	return some
}

var verdictForm = regexp.MustCompile(`^(pass|(fail|build|quiz|refused|breach|open) .+)$`)

// parseAttack reads an archive. It gives nil for an attack on another kind of machine.
func parseAttack(name string) (*attack, error) {
	archive, err := txtar.ParseFile(name)
	if err != nil {
		return nil, err
	}
	a := &attack{name: strings.TrimSuffix(filepath.Base(name), ".txtar"), files: archive.Files, verdicts: map[string]string{}}
	for line := range strings.Lines(string(archive.Comment)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch key {
		case "attack":
			number, _, _ := strings.Cut(value, " ")
			a.line, err = strconv.Atoi(number)
		case "exercise":
			a.exercise = value
		case "with":
			a.alone = value == "nothing"
		case "rooms", "landlock", "none":
			if a.verdicts[key] = value; !verdictForm.MatchString(value) {
				err = fmt.Errorf("what is %q?", value)
			}
		case "admitted":
			a.admitted = value
		case "slow":
			a.slow = value == "yes"
		case "late":
			a.late = value == "yes"
		case "only":
			if value != runtime.GOARCH {
				return nil, nil
			}
		default:
			err = fmt.Errorf("unknown key %q", key)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if a.line == 0 || a.exercise == "" || a.verdicts["rooms"] == "" {
		return nil, fmt.Errorf("%s: the header is incomplete", name)
	}
	return a, nil
}

// beside is what every program of an attack holds in addition.
const beside = `package main

import (
	"fmt"
	"os"
)

// breach says that an attack has come through.
func breach(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "BREACH: "+format+"\n", args...)
	os.Exit(99)
}

// once tells whether this is the process that the check of the usage starts with two arguments.
func once() bool { return len(os.Args) == 3 }
`

// write makes the submission's folder.
func (a *attack) write(t testing.TB, w *world, dir string) {
	if a.exercise == "quiz" {
		require.NoError(t, os.CopyFS(dir, solutions.Files))
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "quiz"), 0o755))
	} else {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, a.exercise), 0o755))
		x, err := w.course.Exercise(a.exercise)
		require.NoError(t, err)
		for _, p := range x.Programs {
			to := filepath.Join(dir, a.exercise, p)
			require.NoError(t, os.MkdirAll(to, 0o755))
			if a.alone {
				continue
			}
			solution, err := fs.Sub(solutions.Files, a.exercise+"/"+p)
			require.NoError(t, err)
			require.NoError(t, os.CopyFS(to, solution))
			require.NoError(t, os.WriteFile(filepath.Join(to, "breach.go"), []byte(beside), 0o644))
		}
		if a.make != nil {
			a.make(t, w, filepath.Join(dir, a.exercise, x.Programs[0]))
		}
	}
	if a.exercise == "quiz" && a.make != nil {
		a.make(t, w, filepath.Join(dir, "quiz"))
	}
	for _, f := range a.files {
		to := filepath.Join(dir, f.Name)
		require.NoError(t, os.MkdirAll(filepath.Dir(to), 0o755))
		require.NoError(t, os.WriteFile(to, []byte(w.words.Replace(string(f.Data))), 0o644))
	}
}

// goRoot is where the toolchain lies that builds submissions; "/" if there is none.
var goRoot = sync.OnceValue(func() string {
	t, err := build.Find(context.Background(), os.TempDir())
	if err != nil {
		return "/"
	}
	return t.Root
})

// world is what attacks find around them, and are to leave as it is.
type world struct {
	course  *grader.Course
	token   string // in the name of all that an attack makes
	base    string // the folder of submissions
	tmp     string // TMPDIR
	cache   string // GOCACHE
	bait    string // a folder with files of the judge's
	secret  string // what no report may hold
	words   *strings.Replacer
	alive   int // a process of the judge's
	knocked atomic.Int64
	mounts  []string
	groups  []string
	mine    []int // processes of the test's
}

func newWorld(t *testing.T) *world {
	w := &world{base: t.TempDir()}
	verdicts := ownCache(t)
	var err error
	w.course, err = grader.Load(grader.Files{Exercises: exercises.Files, Solutions: solutions.Files, Testscripts: testscripts.Files})
	require.NoError(t, err)
	w.tmp, w.cache = os.TempDir(), filepath.Join(filepath.Dir(verdicts), "go-build")
	w.token = fmt.Sprintf("hostile-%d", os.Getpid())
	w.secret = "sesame-" + w.token
	w.bait = filepath.Join(w.base, "bait")
	require.NoError(t, os.MkdirAll(filepath.Join(w.bait, "spoils"), 0o777))
	require.NoError(t, os.Chmod(filepath.Dir(w.base), 0o755)) // so that nothing but walls are in the way
	require.NoError(t, os.WriteFile(filepath.Join(w.bait, "secret"), []byte(w.secret+"\n"), 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(w.bait, "canary"), []byte("sings"), 0o666))
	require.NoError(t, os.Chmod(filepath.Join(w.bait, "canary"), 0o666))
	t.Setenv("HOSTILE_SECRET", w.secret)
	for _, name := range []string{"GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY"} {
		t.Setenv(name, filepath.Join(w.bait, "canary"))
	}
	w.alive = w.start(t)
	port := w.listen(t)
	w.words = strings.NewReplacer("@TOKEN@", w.token, "@SECRET@", filepath.Join(w.bait, "secret"), "@CANARY@", filepath.Join(w.bait, "canary"),
		"@SPOILS@", filepath.Join(w.bait, "spoils"), "@HOME@", os.Getenv("HOME"), "@CACHE@", w.cache, "@TMPDIR@", w.tmp, "@GOROOT@", goRoot(),
		"@SENTINEL@", strconv.Itoa(w.alive), "@SENTINELNAME@", w.token+"-sentinel", "@PORT@", port, "@FREEPORT@", free(t),
		"@SOCKET@", filepath.Join(w.bait, "socket"), "@KEY@", strconv.Itoa(1<<30+os.Getpid()))
	w.mounts, w.groups, w.mine = mounts(), cgroups(), append(descendants(), w.alive)
	return w
}

// start starts the process that must stay alive, and gives its pid. It is no child of the test's: the grader
// takes every child that it has not started itself for what a program has left behind. If the test is root,
// it becomes the user whom programs are then, so that nothing but walls are in the way.
func (w *world) start(t *testing.T) (pid int) {
	exe, err := os.Executable()
	require.NoError(t, err)
	theirs, hold, err := os.Pipe()
	require.NoError(t, err)
	defer theirs.Close()
	said, out, err := os.Pipe()
	require.NoError(t, err)
	cmd := exec.Command(exe, w.token+"-sentinel")
	cmd.Env = []string{"HOSTILE_SECRET=" + w.secret, "HOSTILE_SENTINEL=parent"}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = theirs, out, os.Stderr
	var reaper int // whether orphans become children of the test: this one is not to
	require.NoError(t, unix.Prctl(unix.PR_GET_CHILD_SUBREAPER, uintptr(unsafe.Pointer(&reaper)), 0, 0, 0))
	require.NoError(t, unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0))
	err = cmd.Run()
	out.Close()
	require.NoError(t, unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, uintptr(reaper), 0, 0, 0))
	require.NoError(t, err)
	_, err = fmt.Fscanln(said, &pid)
	require.NoError(t, err)
	t.Cleanup(func() {
		hold.Close()
		rest, err := io.ReadAll(said) // until it has ended
		assert.NoError(t, err)
		assert.Empty(t, rest)
	})
	return pid
}

// beSentinel is the process that must stay alive. It returns when the test ends its stdin. Its parent ends
// at once.
func beSentinel() error {
	if os.Getenv("HOSTILE_SENTINEL") == "parent" {
		cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
		cmd.Env = append(os.Environ(), "HOSTILE_SENTINEL=child") // the last of two counts
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		return cmd.Start()
	}
	if os.Geteuid() == 0 {
		who, err := wall.FreeUser()
		if err != nil {
			return err
		}
		if who != nil {
			if err := errors.Join(syscall.Setgroups(nil), syscall.Setgid(who.GID), syscall.Setuid(who.UID)); err != nil {
				return err
			}
		}
	}
	// A process that has changed its user is hidden from others of that user; one as any is not.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0); err != nil {
		return err
	}
	fmt.Println(os.Getpid())
	io.Copy(io.Discard, os.Stdin)
	return nil
}

func init() {
	if os.Getenv("HOSTILE_SENTINEL") != "" {
		if err := beSentinel(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}

// listen opens sockets of the judge's, and counts who comes.
func (w *world) listen(t *testing.T) (port string) {
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, port, _ = net.SplitHostPort(tcp.Addr().String())
	path, err := net.Listen("unix", filepath.Join(w.bait, "socket"))
	require.NoError(t, err)
	require.NoError(t, os.Chmod(filepath.Join(w.bait, "socket"), 0o777))
	abstract, err := net.Listen("unix", "@"+w.token+"-judge")
	require.NoError(t, err)
	w.answer(t, port)
	for _, l := range []net.Listener{tcp, path, abstract} {
		t.Cleanup(func() { l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				w.knocked.Add(1)
				c.Close()
			}
		}()
	}
	return port
}

// answer has a server answer whatever comes over UDP.
func (w *world) answer(t *testing.T, port string) {
	udp, err := net.ListenPacket("udp", "127.0.0.1:"+port)
	require.NoError(t, err)
	t.Cleanup(func() { udp.Close() })
	go func() {
		for {
			_, who, err := udp.ReadFrom(make([]byte, 16))
			if err != nil {
				return
			}
			w.knocked.Add(1)
			udp.WriteTo([]byte("here"), who)
		}
	}()
}

// free gives a port that nobody listens on, and that the kernel gives to nobody who has not asked for it: it
// is to be free still when the test ends.
func free(t *testing.T) string {
	b, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	require.NoError(t, err)
	var first, last int
	_, err = fmt.Sscan(string(b), &first, &last)
	require.NoError(t, err)
	const low = 10000
	require.Greater(t, first, low)
	for i := range first - low {
		port := low + (os.Getpid()+i)%(first-low)
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			l.Close()
			return strconv.Itoa(port)
		}
	}
	require.Fail(t, "no port is free")
	return ""
}

// prepare makes the submission of an attack, or an honest one if it is nil, and gives its folder.
func (w *world) prepare(t testing.TB, a *attack, name string) (dir string) {
	dir = filepath.Join(w.base, name)
	if a == nil {
		require.NoError(t, os.CopyFS(dir, solutions.Files))
		return dir
	}
	require.NoError(t, os.MkdirAll(dir, 0o755))
	a.write(t, w, dir)
	return dir
}

// each is an exercise of each chapter, for honest submissions beside hostile ones. They are solutions of the
// whole course, and nothing is gained by grading twenty times what other tests grade.
var each = []string{"isolation/counter", "file/report", "signal/stop", "socket/echo", "pipe/filter"}

// How many checks of an exercise are run. Most attacks act at the start of whatever program they are in, so that
// a few checks show what becomes of them; side by side with others, they meet the whole exercise.
const (
	few   = 3
	whole = 1000
)

// checks is how many an attack is graded by when it is graded alone.
func (a *attack) checks() int {
	if a.late {
		return whole
	}
	return few
}

// wholeIfLong is whole, but for the race detector.
func wholeIfLong() int {
	if testing.Short() {
		return few
	}
	return whole
}

// grade grades exercises of a submission, with no more than some checks of each, and removes it.
func (w *world) grade(dir string, tier room.Tier, checks int, ids ...string) (*grader.Report, error) {
	defer discard(dir)
	sub, err := w.course.OpenSubmission(dir, false)
	if err != nil {
		return nil, err
	}
	defer sub.Close()
	sel, err := w.course.Select(ids)
	if err != nil {
		return nil, err
	}
	for i, x := range sel.Exercises {
		sel.Exercises[i] = shorter(x, checks)
	}
	return w.course.Grade(context.Background(), sub, grader.Options{Select: sel, Isolation: tier, NoCache: true, Seed: "hostile-seed"})
}

// shorter is an exercise with its first checks, and the one of its usage.
func shorter(x *grader.Exercise, checks int) *grader.Exercise {
	short := *x
	short.Checks = nil
	for i, c := range x.Checks {
		if i < checks || c.ID == "usage" {
			short.Checks = append(short.Checks, c)
		}
	}
	return &short
}

// discard removes a submission, also one with folders that are deeper than a path can be.
func discard(dir string) {
	if os.RemoveAll(dir) != nil {
		filepath.WalkDir(dir, func(p string, d fs.DirEntry, _ error) error {
			if d != nil && d.IsDir() {
				os.Chmod(p, 0o700)
			}
			return nil
		})
		os.RemoveAll(dir)
	}
}

// judge compares what has become of an attack with what was to.
func (a *attack) judge(t *testing.T, tier room.Tier, rep *grader.Report, err error) {
	kind, want := a.verdict(tier)
	if kind == "refused" {
		require.Error(t, err)
		assert.Regexp(t, want, err.Error())
		return
	}
	require.NoError(t, err)
	said := sayings(rep)
	all := strings.Join(said, "\n")
	if kind != "breach" {
		require.NotContains(t, all, "BREACH")
	}
	require.False(t, rep.IsBroken(), "the grader says that itself is at fault: %s", all)
	switch kind {
	case "pass":
		assert.True(t, rep.Passed(), "%s", all)
	case "fail":
		assert.Equal(t, grader.Fail, rep.Exercises[0].Outcome)
		assert.Nil(t, rep.Exercises[0].Build)
		assert.Regexp(t, want, all)
	case "build":
		require.NotNil(t, rep.Exercises[0].Build, "%s", all)
		assert.Equal(t, grader.Fail, rep.Exercises[0].Outcome)
		assert.Regexp(t, want, all)
	case "quiz":
		require.NotNil(t, rep.Quiz)
		assert.NotEqual(t, grader.Pass, rep.Quiz.Outcome)
		assert.Regexp(t, want, rep.Quiz.Problem)
	case "breach":
		assert.Equal(t, grader.Fail, rep.Exercises[0].Outcome)
		assert.Regexp(t, "BREACH: .*("+want+")", all)
	default:
		require.Fail(t, "unknown verdict "+kind)
	}
}

// sayings are all texts of a report that speak of what went wrong.
func sayings(rep *grader.Report) (said []string) {
	for _, e := range rep.Exercises {
		if e.Build != nil {
			for _, b := range e.Build.Errors {
				said = append(said, b.String())
			}
		}
		for _, c := range e.Checks {
			if c.Failure == nil {
				continue
			}
			said = append(said, c.ID+": "+c.Failure.Message)
			for _, x := range c.Failure.Transcript {
				said = append(said, x.Process+" "+x.Event+" "+x.Text)
			}
		}
	}
	return said
}

// unharmed looks after everything that attacks were to leave alone. With others still running, what is
// theirs is not looked for.
func (w *world) unharmed(t *testing.T, busy bool) {
	t.Helper()
	canary, err := os.ReadFile(filepath.Join(w.bait, "canary"))
	assert.NoError(t, err)
	assert.Equal(t, "sings", string(canary))
	assert.NoError(t, syscall.Kill(w.alive, 0), "a process of the judge's is gone")
	assert.Zero(t, w.knocked.Swap(0), "somebody came to a socket of the judge's")
	assert.Empty(t, w.traces(), "left lying about")
	for _, file := range []string{os.Getenv("HOME") + "/.config", os.Getenv("HOME") + "/go"} {
		assert.NoFileExists(t, file+"/env")
	}
	if busy {
		return
	}
	left, err := os.ReadDir(w.tmp)
	assert.NoError(t, err)
	assert.Empty(t, left, "in the folder for temporary files")
	assert.Empty(t, without(descendants(), w.mine), "processes are left")
	assert.Empty(t, without(strays(w), w.mine), "processes are left that have lost their parents")
	assert.Empty(t, without(mounts(), w.mounts), "mounts are left")
	assert.Empty(t, without(cgroups(), w.groups), "groups are left")
}

// traces finds what bears the name of this test where programs could leave it.
func (w *world) traces() (found []string) {
	for _, dir := range []string{"/tmp", "/dev/shm", "/var/tmp", "/dev/mqueue", "/dev", "/run", "/", ".", w.cache, filepath.Join(w.cache, "../rooms/go-build"), w.tmp, w.bait + "/spoils", os.Getenv("HOME"), goRoot(), filepath.Join(w.cache, "..", "verdict")} {
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			if strings.Contains(e.Name(), w.token) {
				found = append(found, filepath.Join(dir, e.Name()))
			}
		}
	}
	for _, file := range []string{"/proc/net/unix", "/proc/keys", "/proc/sysvipc/shm", "/proc/sysvipc/msg", "/proc/sysvipc/sem"} {
		b, _ := os.ReadFile(file)
		for line := range strings.Lines(string(b)) {
			if (strings.Contains(line, w.token) || strings.Contains(line, w.words.Replace("@KEY@"))) && !strings.Contains(line, w.token+"-judge") && !strings.Contains(line, w.bait) {
				found = append(found, file+": "+line)
			}
		}
	}
	port, _ := strconv.Atoi(w.words.Replace("@FREEPORT@"))
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6", "/proc/net/udp", "/proc/net/udp6"} {
		b, _ := os.ReadFile(file)
		if strings.Contains(string(b), fmt.Sprintf(":%04X 0", port)) {
			found = append(found, file)
		}
	}
	return found
}

func without[T comparable](all, known []T) []T {
	return slices.DeleteFunc(slices.Clone(all), func(x T) bool { return slices.Contains(known, x) })
}

// mounts are the mounts that the test sees, but for those of others in folders of theirs.
func mounts() (all []string) {
	b, _ := os.ReadFile("/proc/self/mountinfo")
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 4 && (!strings.HasPrefix(f[4], "/tmp/") || strings.HasPrefix(f[4], os.TempDir())) {
			all = append(all, strings.Join(f[3:5], " on "))
		}
	}
	return all
}

// cgroups are the control groups that a grader could have made.
func cgroups() (all []string) {
	filepath.WalkDir("/sys/fs/cgroup", func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && strings.Contains(p, fmt.Sprint(os.Getpid())) {
			all = append(all, p)
		}
		return nil
	})
	return all
}

// descendants are the living processes below this one.
func descendants() []int {
	parents := map[int]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, f := range stats {
		b, _ := os.ReadFile(f)
		_, rest, _ := strings.Cut(string(b), ") ")
		if i := strings.LastIndex(string(b), ") "); i > 0 {
			rest = string(b)[i+2:]
		}
		var state string
		var parent int
		if n, _ := fmt.Sscan(rest, &state, &parent); n == 2 {
			pid, _ := strconv.Atoi(strings.Split(f, "/")[2])
			parents[pid] = parent
		}
	}
	var below []int
	for pid := range parents {
		for p := pid; p != 0; p = parents[p] {
			if parents[p] == os.Getpid() {
				below = append(below, pid)
				break
			}
		}
	}
	return below
}

// strays are processes anywhere that run a program of the work folder, stand in it, or have it or the
// name of this test in their environment or arguments.
func strays(w *world) (found []int) {
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range all {
		pid, _ := strconv.Atoi(filepath.Base(p))
		exe, _ := os.Readlink(p + "/exe")
		cwd, _ := os.Readlink(p + "/cwd")
		env, _ := os.ReadFile(p + "/environ")
		args, _ := os.ReadFile(p + "/cmdline")
		if pid != os.Getpid() && (strings.HasPrefix(exe, w.tmp) || strings.HasPrefix(cwd, w.tmp) || bytes.Contains(env, []byte(w.tmp+"/ipclab")) || bytes.Contains(args, []byte(w.token))) {
			found = append(found, pid)
		}
	}
	return found
}

// readable writes a report in all formats, and reads it again: nothing in it acts on who shows it,
// nothing is forged, and no secret is told.
func (w *world) readable(t *testing.T, rep *grader.Report) {
	t.Helper()
	for _, f := range report.Formats {
		var b bytes.Buffer
		require.NoError(t, f.Write(&b, rep))
		text := b.String()
		assert.NotContains(t, text, w.secret, f.Name)
		assert.Less(t, len(text), 1<<20, f.Name)
		assert.Empty(t, commands(text), "%s: commands to a runner", f.Name)
		for _, r := range text {
			if unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r) && f.Name != "junit" {
				assert.Fail(t, fmt.Sprintf("%s holds %q", f.Name, r))
				break
			}
		}
		switch f.Name {
		case "json":
			var again grader.Report
			require.NoError(t, json.Unmarshal(b.Bytes(), &again))
			assert.Equal(t, outcomes(rep), outcomes(&again))
			assert.Equal(t, rep.Score, again.Score)
		case "junit":
			assert.Equal(t, troubles(rep), elements(t, text), "failures in the XML")
		case "text":
			assert.Equal(t, rep.Passed(), strings.Contains(text, "\nAll pass.") || strings.HasPrefix(text, "All pass."), "%s", text)
		}
	}
}

var runnerCommand = regexp.MustCompile(`(?m)^[\s\x{a0}]*::[\w-]+|##\[[\w-]+|##(vso|teamcity)\[`)

// commands are what a runner of continuous integration would take for commands to itself.
func commands(text string) []string { return runnerCommand.FindAllString(text, -1) }

// troubles counts the cases that are to fail in JUnit XML: one a check, one for the build, or one for an
// exercise for which no other stands.
func troubles(rep *grader.Report) (n int) {
	for _, e := range rep.Exercises {
		if e.Build != nil {
			n++
		}
		for _, c := range e.Checks {
			if c.Outcome == grader.Fail {
				n++
			}
		}
	}
	if rep.Quiz != nil {
		mine := 0
		for _, a := range rep.Quiz.Answers {
			if a.Outcome == "wrong" {
				mine++
			}
		}
		if rep.Quiz.Outcome == grader.Fail && (mine == 0 || rep.Quiz.Problem != "") {
			mine++
		}
		n += mine
	}
	return n
}

func elements(t *testing.T, text string) (n int) {
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return n
		}
		require.NoError(t, err)
		if s, ok := tok.(xml.StartElement); ok && s.Name.Local == "failure" {
			n++
		}
	}
}

// TestHostile grades the corpus behind walls: one after another, and then side by side with honest
// submissions.
func TestHostile(t *testing.T) {
	w := newWorld(t)
	require.GreaterOrEqual(t, len(corpus(t)), 75)
	attacks := sample(t)
	begun := time.Now()
	t.Run("alone", func(t *testing.T) { w.oneByOne(t, attacks, room.Rooms) })
	t.Logf("%d attacks one after another: %.1f s", len(attacks), time.Since(begun).Seconds())
	begun = time.Now()
	t.Run("side by side", func(t *testing.T) { w.sideBySide(t, attacks, room.Rooms) })
	t.Logf("side by side: %.1f s", time.Since(begun).Seconds())
	w.unharmed(t, false)
}

// TestHostileFenced grades the corpus at the tier landlock, one after another, and those that wait for the
// grader's patience side by side. What comes through is what the headers say; and that these say no more
// and no less than THREATS.md, TestThreatsOfFence shows.
func TestHostileFenced(t *testing.T) {
	w := newWorld(t)
	var tried, slow []*attack
	for _, a := range sample(t) {
		switch kind, _ := a.verdict(room.Landlock); {
		case kind == "open":
		case a.slow:
			slow = append(slow, a)
		default:
			tried = append(tried, a)
		}
	}
	begun := time.Now()
	t.Run("alone", func(t *testing.T) { w.oneByOne(t, tried, room.Landlock) })
	t.Logf("%d attacks one after another: %.1f s", len(tried), time.Since(begun).Seconds())
	begun = time.Now()
	t.Run("side by side", func(t *testing.T) { w.sideBySide(t, slow, room.Landlock) })
	t.Logf("%d slow ones side by side: %.1f s", len(slow), time.Since(begun).Seconds())
	w.unharmed(t, false)
}

// TestThreatsOfFence holds the list of what the tier landlock does not stop, in THREATS.md, against the
// attacks of the corpus that come through there: each names the words of the list that admit it, and each
// item of the list is shown by one.
func TestThreatsOfFence(t *testing.T) {
	items := lets(t)
	require.GreaterOrEqual(t, len(items), 5)
	shown := map[string]bool{}
	for _, a := range corpus(t) {
		kind, _ := a.verdict(room.Landlock)
		if kind != "breach" && kind != "open" {
			assert.Empty(t, a.admitted, "%s does not come through, yet it is admitted", a.name)
			continue
		}
		i := slices.IndexFunc(items, func(item string) bool { return a.admitted != "" && strings.Contains(item, a.admitted) })
		if assert.GreaterOrEqual(t, i, 0, "%s comes through, and THREATS.md does not admit it: %q", a.name, a.admitted) {
			shown[items[i]] = true
		}
	}
	for _, item := range items {
		assert.True(t, shown[item], "THREATS.md admits what no attack shows: %s", item)
	}
}

// lets reads the list of what the tier landlock does not stop.
func lets(t *testing.T) (items []string) {
	text, err := os.ReadFile("room/THREATS.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(text), "## Tier landlock")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	_, list, found := strings.Cut(section, "It does not stop:\n\n")
	require.True(t, found)
	list, _, _ = strings.Cut(list, "\n\n")
	for item := range strings.SplitSeq(strings.TrimPrefix(list, "- "), "\n- ") {
		items = append(items, strings.Join(strings.Fields(item), " "))
	}
	return items
}

// oneByOne grades attacks one after another, but for those that are slow, and looks for harm after each.
func (w *world) oneByOne(t *testing.T, attacks []*attack, tier room.Tier) {
	for _, a := range attacks {
		if a.slow {
			continue
		}
		t.Run(a.name, func(t *testing.T) {
			start := time.Now()
			rep, err := w.grade(w.prepare(t, a, a.name), tier, a.checks(), a.exercise)
			w.assess(t, a, tier, rep, err)
			if kind, _ := a.verdict(tier); kind == "breach" {
				w.knocked.Store(0)
			}
			w.unharmed(t, false)
			t.Logf("%.1f s", time.Since(start).Seconds())
		})
	}
}

func (w *world) assess(t *testing.T, a *attack, tier room.Tier, rep *grader.Report, err error) {
	a.judge(t, tier, rep, err)
	if err != nil {
		assert.NotContains(t, err.Error(), w.secret)
		return
	}
	w.readable(t, rep)
}

// sideBySide grades all attacks at once, several at a time, and an honest submission after every fifteenth.
func (w *world) sideBySide(t *testing.T, attacks []*attack, tier room.Tier) {
	type graded struct {
		a   *attack // nil for an honest submission
		dir string
		rep *grader.Report
		err error
	}
	var all []*graded
	for i, a := range attacks {
		all = append(all, &graded{a: a, dir: w.prepare(t, a, "beside-"+a.name)})
		if i%15 == 0 {
			all = append(all, &graded{dir: w.prepare(t, nil, fmt.Sprintf("honest-%d", i))})
		}
	}
	work, done := make(chan *graded), make(chan *graded)
	var wg sync.WaitGroup
	for range 2 + runtime.NumCPU() {
		wg.Go(func() {
			for g := range work {
				ids := each
				if g.a != nil {
					ids = []string{g.a.exercise}
				}
				g.rep, g.err = w.grade(g.dir, tier, wholeIfLong(), ids...)
				done <- g
			}
		})
	}
	go func() {
		for _, g := range all {
			work <- g
		}
		close(work)
		wg.Wait()
		close(done)
	}()
	honest := 0
	for r := range done {
		if r.a != nil {
			t.Run(r.a.name, func(t *testing.T) { w.assess(t, r.a, tier, r.rep, r.err) })
			continue
		}
		honest++
		require.NoError(t, r.err)
		assert.True(t, r.rep.Passed(), "an honest submission fails: %v", sayings(r.rep))
	}
	assert.Greater(t, honest, len(attacks)/16)
}

// TestBombsBesideOthers grades ten submissions at once, of which three are bombs: the others get the
// verdicts that they get alone. How long that takes is told, and no more.
func TestBombsBesideOthers(t *testing.T) {
	w := newWorld(t)
	bombs := map[string]*attack{}
	for _, a := range corpus(t) {
		if a.name == "fork-bomb" || a.name == "memory-bomb" || a.name == "disk-room" {
			bombs[a.name] = a
		}
	}
	require.Len(t, bombs, 3)
	alone := w.together(t, nil)
	beside := w.together(t, bombs)
	t.Logf("seven submissions of solutions alone: %.1f s each, with three bombs: %.1f s each", alone.Seconds(), beside.Seconds())
	w.unharmed(t, false)
}

// together grades seven honest submissions and some others at once, and tells how long an honest one
// took, the median.
func (w *world) together(t *testing.T, others map[string]*attack) time.Duration {
	took := make([]time.Duration, 7)
	reps, errs := make([]*grader.Report, 7), make([]error, 7)
	var wg sync.WaitGroup
	for name, a := range others {
		dir := w.prepare(t, a, name)
		wg.Go(func() {
			rep, err := w.grade(dir, room.Rooms, wholeIfLong(), a.exercise)
			if assert.NoError(t, err) {
				assert.False(t, rep.IsBroken(), "%v", sayings(rep))
				if kind, want := a.verdict(room.Rooms); kind == "fail" {
					assert.Regexp(t, want, strings.Join(sayings(rep), "\n"))
				}
			}
		})
	}
	for i := range took {
		dir := w.prepare(t, nil, fmt.Sprintf("honest-%d-%d", len(others), i))
		wg.Go(func() {
			begun := time.Now()
			reps[i], errs[i] = w.grade(dir, room.Rooms, wholeIfLong(), each...)
			took[i] = time.Since(begun)
		})
	}
	wg.Wait()
	for i, rep := range reps {
		require.NoError(t, errs[i])
		assert.True(t, rep.Passed(), "%v", sayings(rep))
	}
	slices.Sort(took)
	return took[len(took)/2]
}

// TestHostileInTheOpen shows that the attacks are some: where there are no walls, those that are safe to
// try come through, and yet nothing of them is left.
func TestHostileInTheOpen(t *testing.T) {
	w := newWorld(t)
	tried := 0
	for _, a := range sample(t) {
		if kind, _ := a.verdict(room.None); kind != "breach" {
			continue
		}
		tried++
		t.Run(a.name, func(t *testing.T) {
			rep, err := w.grade(w.prepare(t, a, a.name), room.None, a.checks(), a.exercise)
			require.NoError(t, err)
			a.judge(t, room.None, rep, err)
			for _, file := range append(w.traces(), os.Getenv("HOME")+"/.config/go/env", os.Getenv("HOME")+"/go/env") {
				os.RemoveAll(file)
			}
		})
	}
	require.True(t, tried >= 19 || testing.Short() && tried > 0, "%d were safe to try", tried)
	w.knocked.Store(0)
	rep, err := w.grade(w.prepare(t, nil, "honest"), room.None, wholeIfLong(), each...)
	require.NoError(t, err)
	assert.True(t, rep.Passed(), "%v", sayings(rep))
	w.unharmed(t, false)
}
