package grader

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"ipclab/grader/build"
	"ipclab/grader/room"
	"ipclab/grader/script"
)

// Tier says how far programs are shut in.
type Tier = room.Tier

// Tiers are those that can be asked for.
var Tiers = []Tier{room.Auto, room.Rooms, room.Landlock, room.None}

// Options say how to grade.
type Options struct {
	Select    Selection
	Jobs      int              // scripts at once; 0 for a number that suits the machine
	Repeat    int              // runs of each check with each cast; 0 for one
	Seed      string           // of all random data; empty for a new one
	Isolation Tier             // how far the programs are shut in; empty for none
	NoCache   bool             // run also what has passed before in the very same form
	Version   string           // the grader's, for the report
	Matrix    bool             // of Verify: run wrong programs under all checks, not only the one that is to catch them
	Keep      func(dir string) // if set, the work folder is left, and this is told where it is
	// Progress, if set, is told what happens, in a few words. It is called from one goroutine at a
	// time.
	Progress func(string)
}

func (o Options) withDefaults() Options {
	if o.Seed == "" {
		o.Seed = strings.ToLower(rand.Text()[:6])
	}
	if o.Isolation == "" {
		o.Isolation = room.None
	}
	if o.Jobs == 0 {
		o.Jobs = 4 * runtime.NumCPU() // scripts wait most of their time
	}
	return o
}

// isolate settles the tier: the best that works, or the one that was asked for, and no less.
func (o *Options) isolate(ctx context.Context) error {
	if o.Isolation == room.Auto {
		o.Isolation, _ = room.Best(ctx)
		return ctx.Err()
	}
	if err := room.Probe(ctx, o.Isolation); err != nil && ctx.Err() == nil {
		return room.Refusal(o.Isolation, err)
	}
	return ctx.Err()
}

// grading is one call of Grade.
type grading struct {
	*Course
	Options
	sub   *Submission
	work  string // a folder of our own
	cache *cache
	tools *build.Toolchain
	house *room.House // nil where programs are not behind walls

	tracing  bool // keep the transcripts of what passes
	progress sync.Mutex
}

// Grade judges a submission. An error means that no report could be made: the machine or the grader
// is at fault, or the context ended. Nothing that it started or wrote is left behind.
func (c *Course) Grade(ctx context.Context, sub *Submission, o Options) (rep *Report, err error) {
	begun := time.Now()
	o = o.withDefaults()
	g := &grading{Course: c, Options: o, sub: sub}
	entries, err := g.entries()
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(entries, (*entry).started) {
		if err := g.judge(ctx, entries); err != nil {
			return nil, err
		}
	}
	rep = &Report{Schema: Schema, Grader: o.Version, Course: CourseRef{c.ID, c.Version, c.digest}, Isolation: string(g.Isolation), Lets: g.Isolation.Lets(), Seed: o.Seed,
		Submission: SubmissionRef{Name: sub.Name}}
	var digests []string
	for _, e := range entries {
		g.addPages(e)
		rep.Exercises = append(rep.Exercises, e.report)
		digests = append(digests, e.digest)
	}
	if o.Repeat > 1 {
		rep.Runs = runs(entries)
	}
	if g.work == "" { // nothing was run
		rep.Isolation, rep.Lets = string(room.None), ""
	}
	rep.Quiz = g.markQuiz()
	rep.Submission.Digest = digestOf(digests...)
	rep.total()
	rep.ElapsedMS = milliseconds(time.Since(begun))
	return rep, nil
}

func runs(entries []*entry) *Runs {
	r := &Runs{}
	for _, e := range entries {
		for _, c := range e.report.Checks {
			r.All += c.runs
			r.Passed += c.passed
		}
	}
	return r
}

// entry is an exercise on its way to a verdict.
type entry struct {
	*Exercise
	variant string                   // tells several entries of one exercise apart; "student" for a submission's
	sources map[string]*build.Source // the programs to be judged
	digest  string
	report  ExerciseReport
	tasks   []*task
	only    string // the one check to run; empty for all
	once    bool   // whatever Repeat says
}

func newEntry(x *Exercise, variant string) *entry {
	return &entry{Exercise: x, variant: variant, sources: map[string]*build.Source{}, report: ExerciseReport{
		ID: x.ID, Title: x.Title, Channel: x.Channel, MaxScore: x.Points, Outcome: NotStarted, Checks: []CheckReport{}}}
}

func (e *entry) started() bool { return e.report.Outcome != NotStarted }

// entries reads the programs of all chosen exercises and finds those that nobody has begun.
func (g *grading) entries() ([]*entry, error) {
	var all []*entry
	for _, x := range g.Options.Select.Exercises {
		e := newEntry(x, "student")
		parts := []string{x.ID}
		for _, p := range x.Programs {
			src, err := g.sub.source(x, p)
			if err != nil {
				return nil, err
			}
			e.sources[p] = src
			parts = append(parts, p, src.Digest())
			if !src.Same(g.stub(x, p)) && !g.sub.missing(x) {
				e.report.Outcome = Fail
			}
		}
		e.digest = digestOf(parts...)
		all = append(all, e)
	}
	return all, nil
}

// missing tells whether the submission has no folder for the exercise: it was not begun.
func (s *Submission) missing(e *Exercise) bool {
	_, err := s.root.Lstat(filepath.FromSlash(e.dir))
	return errors.Is(err, os.ErrNotExist)
}

// judge builds what has been begun and runs its checks.
func (g *grading) judge(ctx context.Context, entries []*entry) (err error) {
	if err := g.isolate(ctx); err != nil {
		return err
	}
	room.Sweep()
	work, err := room.NewWork(g.Keep != nil)
	if err != nil {
		return err
	}
	if g.work = work.Dir; g.Keep != nil {
		g.Keep(g.work)
	} else {
		defer func() { err = errors.Join(err, work.Remove()) }()
	}
	if g.Isolation != room.None { // the folders below it are of the user whom programs are
		if err := os.Chmod(g.work, 0o711); err != nil {
			return err
		}
	}
	if g.cache, err = openCache(g.work); err != nil {
		return err
	}
	if g.Isolation == room.Rooms {
		g.house = room.OpenHouse(g.work)
		defer func() { err = errors.Join(err, g.house.Close()) }()
	}
	if g.tools, err = build.Find(ctx, g.cache.gocache(g.Isolation)); err != nil {
		return err
	}
	g.tools.Walled = g.Isolation == room.Rooms
	var todo []*entry
	for _, e := range entries {
		if e.started() && !g.recall(e) {
			todo = append(todo, e)
		}
	}
	if len(todo) == 0 {
		return nil
	}
	return g.run(ctx, todo)
}

// tell reports progress.
func (g *grading) tell(format string, args ...any) {
	if g.Progress != nil {
		g.progress.Lock()
		defer g.progress.Unlock()
		g.Progress(fmt.Sprintf(format, args...))
	}
}

// key names a program: the entry's own, or the reference's.
func (e *entry) key(s script.Side, program string) string {
	whose := e.variant
	if s == script.Reference {
		whose = reference
	}
	return fmt.Sprintf("%s/%s/%s", whose, e.ID, program)
}

const reference = "reference"

// build builds the students' programs and those of the reference that casts need, and hands each to
// the pool as soon as it stands. What is the same is built once.
func (g *grading) build(ctx context.Context, todo []*entry, p *pool) error {
	plan, err := g.planBuild(costliest(todo), p)
	if err != nil {
		return err
	}
	g.tell("building %s%s", plural(len(plan.jobs), "program"), g.cache.firstTime(g.Isolation))
	res, err := g.tools.Build(ctx, filepath.Join(g.work, "build"), plan.jobs)
	if err != nil {
		return err
	}
	for first, all := range plan.same {
		for _, k := range all {
			res.Errors[k] = res.Errors[first]
		}
	}
	for _, e := range todo {
		e.buildErrors(res)
	}
	return g.keepReferences(plan.jobs, res)
}

// buildPlan says what is to be built.
type buildPlan struct {
	jobs []build.Job
	same map[string][]string // key of a job -> all keys of that program
}

func (g *grading) planBuild(todo []*entry, p *pool) (*buildPlan, error) {
	plan := &buildPlan{same: map[string][]string{}}
	first := map[string]string{} // exercise, program and content -> key of the job
	known := map[string]bool{}
	add := func(e *entry, k, program string, src *build.Source, forbidden []string) {
		content := e.ID + "/" + program + src.Digest()
		switch {
		case known[k]:
		case first[content] != "" && len(src.Errors) == 0:
			plan.same[first[content]] = append(plan.same[first[content]], k)
		default:
			first[content] = k
			plan.same[k] = []string{k}
			plan.jobs = append(plan.jobs, build.Job{Key: k, Source: src, Forbidden: forbidden,
				Ready: func(path string) { p.ready(path, plan.same[k]...) }})
		}
		known[k] = true
	}
	for _, e := range todo {
		references, err := g.references(e.Exercise)
		if err != nil {
			return nil, err
		}
		var needs []string
		for _, program := range e.Programs {
			k := e.key(script.Student, program)
			needs = append(needs, k)
			add(e, k, program, e.sources[program], e.Forbid)
		}
		for program, src := range references {
			k := e.key(script.Reference, program)
			needs = append(needs, k)
			if cached := g.cache.binary(g.tools, k, src); cached != "" {
				at, err := g.borrow(cached, k)
				if err != nil {
					return nil, err
				}
				p.ready(at, k)
			} else {
				add(e, k, program, src, nil)
			}
		}
		p.expect(e, needs)
	}
	return plan, nil
}

// borrow gives a program of the cache a place in the work folder, where those can reach it who run it: with
// walls or a fence that may be a user to whom the cache is closed.
func (g *grading) borrow(cached, key string) (string, error) {
	at := filepath.Join(g.work, "borrowed", rand.Text()[:8], filepath.Base(key))
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return "", err
	}
	if os.Link(cached, at) == nil {
		return at, nil
	}
	data, err := os.ReadFile(cached)
	if err != nil {
		return "", err
	}
	return at, os.WriteFile(at, data, 0o755)
}

// keepReferences puts newly built reference programs into the cache.
func (g *grading) keepReferences(jobs []build.Job, res *build.Result) error {
	for _, j := range jobs {
		if !strings.HasPrefix(j.Key, reference+"/") {
			continue
		}
		if errs := res.Errors[j.Key]; len(errs) > 0 {
			return &BrokenError{fmt.Errorf("the program %s does not build: %w", j.Key, errs[0])}
		}
		g.cache.keepBinary(g.tools, j.Key, j.Source, res.Binary[j.Key])
	}
	return nil
}

// references gives the programs of an exercise that are not the student's: its props, and those of the
// solution that any cast of its checks needs.
func (g *grading) references(e *Exercise) (map[string]*build.Source, error) {
	out := map[string]*build.Source{}
	for _, p := range e.Props {
		src, err := g.prop(e, p)
		if err != nil {
			return nil, err
		}
		out[p] = src
	}
	for _, s := range e.Checks {
		if len(s.Programs) < 2 {
			continue
		}
		for _, p := range s.Programs {
			if out[p] != nil {
				continue
			}
			src, err := g.solution(e, p)
			if err != nil {
				return nil, err
			}
			out[p] = src
		}
	}
	return out, nil
}

func (c *Course) solution(e *Exercise, program string) (*build.Source, error) {
	return build.Read(c.files.Solutions, e.dir+"/"+program)
}

func (c *Course) prop(e *Exercise, name string) (*build.Source, error) {
	return build.Read(c.files.Testscripts, e.dir+"/"+name)
}

func (e *entry) buildErrors(res *build.Result) {
	for _, p := range e.Programs {
		for _, b := range res.Errors[e.key(script.Student, p)] {
			if e.report.Build == nil {
				e.report.Build = &BuildReport{}
			}
			e.report.Build.Errors = append(e.report.Build.Errors, BuildError{Program: p, File: b.File, Line: b.Line, Col: b.Col, Message: valid(b.Message)})
		}
	}
}

func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// task is one run of one check with one cast.
type task struct {
	e       *entry
	check   *script.Script
	cast    script.Cast
	seed    string
	repeat  int
	failure *script.Failure
	events  []room.Event
	err     error
	skipped bool // a program did not compile
	elapsed time.Duration
}

// run builds, runs all checks, and puts the verdicts together.
func (g *grading) run(ctx context.Context, todo []*entry) error {
	p := g.newPool(ctx, todo)
	err := g.build(ctx, todo, p)
	if err != nil {
		p.cancel(err)
	}
	if e := p.finish(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	for _, e := range todo {
		e.verdict()
		if e.variant == "student" {
			g.remember(e)
		}
	}
	return nil
}

// plan gives the runs of an entry's checks.
func (g *grading) plan(e *entry) []*task {
	repeat := max(1, g.Repeat)
	if e.once {
		repeat = 1
	}
	var tasks []*task
	for _, s := range e.Checks {
		if e.only != "" && s.ID != e.only {
			continue
		}
		for _, c := range script.Casts(s.Programs) {
			for i := range repeat {
				tasks = append(tasks, &task{e: e, check: s, cast: c, repeat: i, seed: runSeed(g.Seed, i)})
			}
		}
	}
	return tasks
}

// runSeed gives the seed of one of several runs. The first has the seed itself, so that --seed repeats
// any run that a report names.
func runSeed(seed string, i int) string {
	if i == 0 {
		return seed
	}
	return fmt.Sprintf("%s-%d", seed, i)
}

// machineError tells whether grading cannot go on, whoever's turn it is.
func machineError(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EROFS)
}

func (g *grading) runOne(ctx context.Context, t *task, n int, binary func(key string) string) {
	for p, side := range t.cast {
		if binary(t.e.key(side, p)) == "" {
			t.skipped = true
			return
		}
	}
	begun := time.Now()
	defer func() {
		if e := recover(); e != nil {
			t.err = fmt.Errorf("panic in the grader: %v", e)
		}
	}()
	dir := filepath.Join(g.work, fmt.Sprint(n))
	if t.err = os.Mkdir(dir, 0o777); t.err != nil {
		return
	}
	t.failure, t.err = t.check.Run(ctx, script.Options{
		Dir: dir, Cast: t.cast, Seed: t.seed, Limits: t.e.Limits,
		Transcript: func(events []room.Event) { t.events = events },
		Binary:     func(p string, s script.Side) string { return binary(t.e.key(s, p)) },
		Tier:       g.Isolation,
		House:      g.house,
		Channel:    t.e.Channel,
	})
	t.elapsed = time.Since(begun)
	if t.failure != nil {
		t.failure.Misconception = g.treated(t.failure.Misconception)
	}
	if t.failure == nil && !g.tracing {
		t.events = nil // thousands of runs may follow
	}
	if g.Keep == nil {
		t.err = errors.Join(t.err, room.RemoveAll(dir))
	}
}

// verdict puts the outcomes of an exercise's tasks together.
func (e *entry) verdict() {
	weight := 0
	for _, s := range e.Checks {
		weight += s.Points
	}
	won, outcomes := 0, map[Outcome]int{}
	for _, s := range e.Checks {
		mine := slices.Collect(func(yield func(*task) bool) {
			for _, t := range e.tasks {
				if t.check == s && !yield(t) {
					return
				}
			}
		})
		if len(mine) == 0 { // not to be run
			continue
		}
		r := checkVerdict(e.Exercise, s, mine)
		r.MaxScore = cents(e.Points * float64(s.Points) / float64(weight))
		if outcomes[r.Outcome]++; r.Outcome == Pass {
			r.Score = r.MaxScore
			won += s.Points
		}
		e.report.ElapsedMS += r.ElapsedMS
		e.report.Checks = append(e.report.Checks, r)
	}
	e.report.Score = cents(e.Points * float64(won) / float64(weight))
	switch {
	case outcomes[Broken] > 0:
		e.report.Outcome = Broken
	case outcomes[Pass] == len(e.Checks) && e.report.Build == nil:
		e.report.Outcome = Pass
	default:
		e.report.Outcome = Fail
	}
}

// cents rounds points to two places.
func cents(x float64) float64 { return math.Round(x*100) / 100 }

// checkVerdict puts the runs of one check together: it passes if it passes with every cast, each
// time. The failure shown is that of the first cast that fails, or of the grader if that failed; casts
// with one student's program come first, since they say most.
func checkVerdict(e *Exercise, s *script.Script, tasks []*task) CheckReport {
	r := CheckReport{ID: s.ID, Title: s.Title, Outcome: Pass}
	var failed []script.Cast
	var first *task
	for _, t := range tasks {
		r.ElapsedMS += milliseconds(t.elapsed)
		o := t.outcome()
		if t.repeat == 0 {
			r.Casts = append(r.Casts, CastReport{Roles: roles(t.cast), Outcome: o})
		} else if last := &r.Casts[len(r.Casts)-1]; last.Outcome == Pass {
			last.Outcome = o
		}
		r.runs++
		if o == Pass {
			r.passed++
		}
		if o == Fail || o == Broken {
			if first == nil || o == Broken && first.outcome() == Fail {
				first = t
			}
			if len(failed) == 0 || fmt.Sprint(failed[len(failed)-1]) != fmt.Sprint(t.cast) {
				failed = append(failed, t.cast)
			}
		}
		r.Outcome = worse(r.Outcome, o)
	}
	if first == nil {
		return r
	}
	r.patience = slices.ContainsFunc(tasks, func(t *task) bool { return t.failure != nil && t.failure.Patience })
	r.Failure = first.report(s, e.scriptFile(s))
	if r.Outcome == Fail {
		r.Failure.Side = script.Blame(s.Programs, failed)
		r.Failure.Hint = s.Hint
	}
	if r.runs > len(r.Casts) {
		r.Failure.Seed = first.seed
		r.Failure.Message = fmt.Sprintf("passed %d of %d runs; the first that failed has the seed %s\n%s", r.passed, r.runs, first.seed, r.Failure.Message)
	}
	return r
}

func roles(c script.Cast) map[string]string {
	out := map[string]string{}
	for p, s := range c {
		out[p] = string(s)
	}
	return out
}

// worse gives the outcome that decides when two runs of a check differ.
func worse(a, b Outcome) Outcome {
	order := []Outcome{Pass, NotRun, Fail, Broken}
	return order[max(slices.Index(order, a), slices.Index(order, b))]
}

func (t *task) outcome() Outcome {
	switch {
	case t.err != nil:
		return Broken
	case t.skipped:
		return NotRun
	case t.failure != nil:
		return Fail
	}
	return Pass
}

func (t *task) report(s *script.Script, file string) *Failure {
	if t.err != nil {
		f := &Failure{Script: file, Command: "(the grader)", Message: valid(t.err.Error())}
		if fault := (*script.Error)(nil); errors.As(t.err, &fault) {
			f.Line, f.Message = fault.Line, valid(fault.Err.Error())
		}
		return f
	}
	f := &Failure{Script: file, Line: t.failure.Line, Command: t.failure.Command, Phase: t.failure.Phase, Message: t.failure.Message, Wrong: t.failure.Misconception, End: t.failure.End}
	if len(s.Programs) > 1 {
		f.Message = fmt.Sprintf("(%s)\n%s", t.cast, f.Message)
	}
	for _, d := range t.failure.Where {
		for _, g := range d.Goroutines {
			f.Where = append(f.Where, Place{Process: d.Process, File: valid(g.File), Line: g.Line, Function: valid(g.Function), State: valid(g.State)})
		}
	}
	f.Transcript = cut(events(t.events))
	return f
}

// transcriptText is how many bytes of a transcript a report keeps, about; half of them from its end.
const transcriptText = 64 << 10

// cut takes the middle out of a transcript that is too long for a report, and says so in an event.
func cut(all []TranscriptEvent) []TranscriptEvent {
	size := func(e TranscriptEvent) int { return len(e.Text) + 50 }
	head, tail := 0, len(all)
	for left := transcriptText / 2; head < len(all) && left > 0; head++ {
		left -= size(all[head])
	}
	for left := transcriptText / 2; tail > head && left > 0; tail-- {
		left -= size(all[tail-1])
	}
	if head == tail {
		return all
	}
	gap := TranscriptEvent{AtMS: all[head].AtMS, Event: "cut", Text: plural(tail-head, "event") + " left out here"}
	return slices.Concat(all[:head], []TranscriptEvent{gap}, all[tail:])
}

// total adds up the points. What the grader could not judge counts neither way.
func (r *Report) total() {
	for _, e := range r.Exercises {
		if e.Outcome == Broken {
			continue
		}
		r.Score += e.Score
		r.MaxScore += e.MaxScore
	}
	if r.Quiz != nil {
		r.Score += r.Quiz.Score
		r.MaxScore += r.Quiz.MaxScore
	}
	r.Score, r.MaxScore = cents(r.Score), cents(r.MaxScore)
}

// Passed tells whether everything that was graded passes.
func (r *Report) Passed() bool {
	return !slices.ContainsFunc(r.Exercises, func(e ExerciseReport) bool { return e.Outcome != Pass }) && (r.Quiz == nil || r.Quiz.Outcome == Pass)
}

// IsBroken tells whether the grader itself failed somewhere.
func (r *Report) IsBroken() bool {
	return slices.ContainsFunc(r.Exercises, func(e ExerciseReport) bool { return e.Outcome == Broken }) || r.Quiz != nil && r.Quiz.Outcome == Broken
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
