package script

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"ipclab/grader/room"

	"github.com/rogpeppe/go-internal/testscript"
)

// Options say how a script is run.
type Options struct {
	Dir    string // an empty folder, which is the caller's to remove
	Cast   Cast
	Binary func(program string, side Side) string // the path of a program; a prop's is the reference's
	Seed   string                                 // from which the script's random data come
	Limits room.Limits
	// Tier says how far the programs are shut in; empty for none. Nothing but the channel is let through.
	Tier    room.Tier
	House   *room.House // where walls are put around them, at the tier Rooms
	Channel string
	// Transcript, if set, is given all that happened, however the script ends.
	Transcript func([]room.Event)
}

// Failure says where and why a script failed. Texts may hold anything that a program wrote, quoted
// or not; they are valid UTF-8.
type Failure struct {
	Line     int    // of the script, from 1
	Command  string // that line
	Phase    string
	Message  string
	Cast     Cast
	Patience bool             // it took until the room's patience ended
	Where    []room.Diagnosis // of the processes, if a wait was in vain
	// Misconception is the id of what most likely was misunderstood; empty if that cannot be told.
	Misconception string
	// End tells how a program of the student's had ended that was to go on, and what it had said on stderr: its
	// status, a comma, and these lines. Empty if it runs, ended well, said nothing or crashed.
	End string
}

// Run runs a script with one cast. It returns a failure that speaks of the programs, or nil if all
// went as promised; an error means that the grader, the script or the machine is at fault.
func (s *Script) Run(ctx context.Context, o Options) (*Failure, error) {
	r := s.prepare(ctx, o)
	t := &outcome{}
	done := make(chan struct{})
	go func() { // RunT itself may leave by Goexit
		defer close(done)
		if r.broken(r.begin()) == nil {
			testscript.RunT(t, r.params())
		}
	}()
	<-done
	closing := r.close()
	if err := errors.Join(ctx.Err(), t.panicked, r.fault, closing); err != nil {
		return nil, &Error{r.File, r.line, err}
	}
	if !t.failed {
		return nil, nil
	}
	f := r.failure
	if f == nil && r.room == nil {
		return nil, fmt.Errorf("%s: the script could not be set up: %s", r.File, t.log.String())
	}
	if f == nil { // one of testscript's own commands failed
		f = r.fail(builtinMessage(t.log.String(), r.file))
		f.Misconception = r.Misconception
	}
	return f, nil
}

// run is the state of one script while it runs.
type run struct {
	*Script
	Options
	ctx    context.Context
	file   string // the numbered script
	world  string // the programs' working folder
	room   *room.Room
	random *rand.Rand

	locks    map[string]*heldLock // the judge's, by path
	kept     map[string]*keptFile
	actors   map[string]*actor
	line     int
	failure  *Failure
	fault    error // of the grader or the script
	patience bool  // a wait ended by it
	waited   bool  // the last wait was in vain
}

// actor is a process or a scripted peer, with what the script has read of it.
type actor struct {
	name    string
	mine    bool // it runs a program of the student's
	process *room.Process
	peer    *room.Peer
	read    [2]int // bytes of stdout and stderr that the script has dealt with
	sent    []string
	relayed bool // its output goes to another
}

func (s *Script) prepare(ctx context.Context, o Options) *run {
	r := &run{Script: s, Options: o, ctx: ctx, actors: map[string]*actor{}, locks: map[string]*heldLock{}, kept: map[string]*keptFile{}}
	r.file = filepath.Join(o.Dir, s.ID+".txtar")
	h := fnv.New64a()
	h.Write([]byte(s.File))
	r.random = rand.New(rand.NewPCG(h.Sum64(), seedNumber(o.Seed)))
	return r
}

// begin is what is done on the goroutine that runs the script.
func (r *run) begin() error {
	var err error
	switch r.Tier {
	case room.Rooms:
		err = room.ActAsInmate(r.Dir)
	case room.Landlock:
		err = room.ActAsFenced(r.Dir)
	}
	if err != nil {
		return err
	}
	return os.WriteFile(r.file, r.numbered(), 0o600)
}

func seedNumber(seed string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(seed))
	return h.Sum64()
}

func (r *run) params() testscript.Params {
	cmds := map[string]func(*testscript.TestScript, bool, []string){
		lineVerb: func(_ *testscript.TestScript, _ bool, args []string) { fmt.Sscan(args[0], &r.line) },
	}
	for _, v := range Verbs {
		cmds[v.Name] = func(ts *testscript.TestScript, neg bool, args []string) { r.call(ts, v, neg, args) }
	}
	return testscript.Params{
		Files:              []string{r.file},
		WorkdirRoot:        r.Dir,
		Cmds:               cmds,
		Setup:              r.setup,
		RequireUniqueNames: true,
	}
}

// setup opens the room over the unpacked files.
func (r *run) setup(env *testscript.Env) error {
	r.world = filepath.Join(env.WorkDir, "room")
	tmp := filepath.Join(env.WorkDir, "tmp")
	if err := errors.Join(os.MkdirAll(r.world, 0o777), os.MkdirAll(tmp, 0o777)); err != nil {
		return r.broken(err)
	}
	c := room.Config{Dir: r.world, Env: programEnv(tmp), Limits: r.Limits, Network: r.network}
	var err error
	if r.Tier == room.Rooms {
		c.Env, c.Walls = programEnv("/tmp"), &room.Walls{House: r.House, Channel: r.Channel, Folder: r.folder, Curl: r.curl(), Programs: r.binaries(), Props: r.props(), Starts: r.exercise.Starts}
	} else if err = r.makePaths(); err != nil {
		return r.broken(err)
	}
	if r.Tier == room.Landlock {
		c.Fence = &room.Fence{Channel: r.Channel, Folder: r.folder, Curl: r.curl(), Own: filepath.Join(r.Dir, "own"), Paths: filepath.Join(r.Dir, "bin"),
			Programs: r.binaries(), Props: r.props(), Starts: r.exercise.Starts}
	}
	if r.room, err = room.Open(c); err == nil && c.Walls != nil {
		err = r.moveIn()
	}
	return r.broken(err)
}

// curl gives the path of curl, if the script starts it and it is there.
func (r *run) curl() string {
	if !slices.ContainsFunc(r.lines, func(l line) bool { return strings.HasPrefix(strings.TrimSpace(l.text), "curl ") }) {
		return ""
	}
	path, _ := room.Look("curl")
	return path
}

// binary gives a program of the cast, or a prop.
func (r *run) binary(program string) string {
	if side, ok := r.Cast[program]; ok {
		return r.Binary(program, side)
	}
	return r.Binary(program, Reference)
}

// binaries gives the programs of the cast.
func (r *run) binaries() map[string]string {
	all := map[string]string{}
	for _, p := range r.Programs {
		all[p] = r.binary(p)
	}
	return all
}

// props gives the judge's own programs.
func (r *run) props() map[string]string {
	all := map[string]string{}
	for _, p := range r.exercise.Props {
		all[p] = r.binary(p)
	}
	return all
}

// makePaths makes for each program a folder with links to the programs that it is to find in its PATH. A
// room with walls has its own way to do that.
func (r *run) makePaths() error {
	props := r.props()
	if len(props) == 0 && len(r.exercise.Starts) == 0 {
		return nil
	}
	for _, p := range slices.Concat(r.Programs, r.exercise.Props) {
		found := maps.Clone(props)
		for _, q := range r.exercise.Starts[p] {
			found[q] = r.binary(q)
		}
		if err := os.MkdirAll(r.bin(p), 0o755); err != nil {
			return err
		}
		for name, binary := range found {
			if err := os.Symlink(binary, filepath.Join(r.bin(p), name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// bin is the folder that comes first in the PATH of a program, where there are no walls.
func (r *run) bin(program string) string { return filepath.Join(r.Dir, "bin", program) }

// path gives the variable of that name for a program, if it is another than programEnv's.
func (r *run) path(program string) []string {
	if r.Tier == room.Rooms || len(r.exercise.Props) == 0 && len(r.exercise.Starts) == 0 {
		return nil
	}
	return []string{"PATH=" + r.bin(program) + ":" + systemPath}
}

// moveIn takes the script's files for the room into it: a room with walls has a folder of its own.
func (r *run) moveIn() error {
	if err := os.CopyFS(r.room.Dir(), os.DirFS(r.world)); err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(r.world), os.Symlink(r.room.Dir(), r.world))
}

// systemPath begins with where a room with walls has the programs that are to be found.
const systemPath = "/bin:/usr/local/bin:/usr/bin"

// programEnv is all that a program finds in its environment.
func programEnv(tmp string) []string {
	return []string{"PATH=" + systemPath, "HOME=" + tmp, "TMPDIR=" + tmp, "LANG=C.UTF-8", "GOTRACEBACK=all"}
}

// broken remembers a fault that is not the student's.
func (r *run) broken(err error) error {
	if err != nil && r.fault == nil {
		r.fault = err
	}
	return err
}

func (r *run) close() error {
	if r.room == nil {
		return nil
	}
	if r.Transcript != nil && r.failure == nil {
		r.Transcript(r.room.Transcript())
	}
	for _, l := range r.locks {
		l.drop()
	}
	for _, k := range r.kept {
		k.file.Close()
	}
	return r.room.Close()
}

// call runs one verb and turns its error into the failure of the script.
func (r *run) call(ts *testscript.TestScript, v *Verb, neg bool, args []string) {
	flags, rest, err := v.expanded(neg, r.lines[r.line-1].text, args)
	if err != nil {
		r.broken(err)
		ts.Fatalf("%v", err)
	}
	r.waited = false
	c := &call{run: r, ts: ts, verb: v, neg: neg, flags: flags, args: rest}
	switch err := v.run(c); {
	case err == nil:
	case errors.As(err, new(*mismatch)):
		r.failure = r.fail(err.Error())
		s := c.symptom(r.failure)
		r.failure.End = s.end
		r.diagnose(r.failure)
		s.where = r.failure.Where
		r.failure.Misconception = s.misconception(r.Misconception)
		ts.Fatalf("%s", "mismatch")
	default:
		r.broken(err)
		ts.Fatalf("%v", err)
	}
}

// diagnose adds to a failure where each process stands.
func (r *run) diagnose(f *Failure) {
	if r.Transcript != nil { // what the diagnosis does to the processes is not their doing
		r.Transcript(r.room.Transcript())
	}
	if r.waited {
		f.Where = r.room.Diagnose()
	} else { // what came, came: only a crash is worth a look
		f.Where = r.room.PostMortem()
	}
	for i := range f.Where {
		clean(&f.Where[i])
	}
	if text := explain(f.Where); text != "" {
		f.Message += "\nwhere:    " + strings.ReplaceAll(text, "\n", "\n          ")
	}
}

func (r *run) fail(message string) *Failure {
	f := &Failure{Line: r.line, Message: printable(message, "\n"), Cast: r.Cast, Patience: r.patience}
	if r.line > 0 {
		l := r.lines[r.line-1]
		f.Command, f.Phase = strings.TrimSpace(l.text), l.phase
	}
	return f
}

// actor finds a process or peer by name.
func (r *run) actor(name string) (*actor, error) {
	if a, ok := r.actors[name]; ok {
		return a, nil
	}
	return nil, fmt.Errorf("nothing was started under the name %q", name)
}

func (r *run) process(name string) (*actor, error) {
	a, err := r.actor(name)
	if err == nil && a.process == nil {
		return nil, fmt.Errorf("%s is a peer, not a process", name)
	}
	return a, err
}

// add enters a new actor. A name may be taken again when its process has ended: programs are
// started again after a crash.
func (r *run) add(a *actor) error {
	if old, ok := r.actors[a.name]; ok && (old.process == nil || old.process.Exited() == nil) {
		return fmt.Errorf("the name %q is taken: use -as", a.name)
	}
	r.actors[a.name] = a
	return nil
}

// builtinMessage finds what a command of testscript said last. Only the words come from the log,
// never the verdict.
func builtinMessage(log, file string) string {
	re := regexp.MustCompile(`FAIL: ` + regexp.QuoteMeta(file) + `:\d+: `)
	// The log shows the work folder by its variable's name. The programs know only what is in room/.
	log = strings.NewReplacer("\r", "", "$WORK/room/", "", "$WORK/", "").Replace(log)
	all := re.FindAllStringIndex(log, -1)
	if len(all) == 0 {
		return "the command failed"
	}
	last := all[len(all)-1]
	said := strings.TrimSpace(log[last[1]:])
	before := log[:last[0]]
	if i := strings.LastIndex(before, "\n> "); i >= 0 {
		if _, shown, _ := strings.Cut(before[i+1:], "\n"); strings.TrimSpace(shown) != "" {
			said += "\n" + strings.TrimRight(shown, "\n")
		}
	}
	return said
}

// outcome is testscript's T for one script.
type outcome struct {
	mu       sync.Mutex
	log      bytes.Buffer
	failed   bool
	panicked error
}

func (t *outcome) Log(a ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintln(&t.log, a...)
}

func (t *outcome) FailNow() {
	t.failed = true
	runtime.Goexit()
}

func (t *outcome) Fatal(a ...any) { t.Log(a...); t.FailNow() }
func (t *outcome) Skip(a ...any)  { t.Fatal(a...) }
func (t *outcome) Parallel()      {}
func (t *outcome) Verbose() bool  { return true }

func (t *outcome) Run(_ string, f func(testscript.T)) {
	defer func() {
		if e := recover(); e != nil {
			t.panicked = fmt.Errorf("panic in the grader: %v\n%s", e, debug.Stack())
		}
	}()
	f(t)
}
