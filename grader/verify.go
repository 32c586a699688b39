package grader

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/format"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"ipclab/grader/build"
	"ipclab/grader/strictyaml"

	"github.com/rogpeppe/go-internal/txtar"
)

// What a complete exercise has at the least.
const (
	minChecks = 5
	minWrong  = 8
	minRight  = 2
)

// Audit is the result of checking a course: the grader is graded.
type Audit struct {
	Schema   string     `json:"schema"`
	Rows     []AuditRow `json:"rows"`
	Matrix   []Matrix   `json:"matrix,omitempty"` // if it was asked for
	Bugs     []Bug      `json:"bugs,omitempty"`   // the table of bugs, if the course has one; of the whole course
	Problems []string   `json:"problems"`         // empty if the course is sound
	Warnings []string   `json:"warnings"`         // what is odd in a sound course
}

// AuditSchema names the form of an audit in JSON. New fields may come; none changes its meaning.
const AuditSchema = "ipclab.audit/v1"

// AuditRow says how one exercise fared.
type AuditRow struct {
	Exercise string `json:"exercise"`
	Checks   int    `json:"checks"`
	Stub     bool   `json:"stub"` // it builds, and fails for a stated reason
	// Runs that passed, of all: of the solution, and of the programs that are right in another manner.
	SolutionPassed int `json:"solution_passed"`
	SolutionRuns   int `json:"solution_runs"`
	RightPassed    int `json:"right_passed"`
	RightRuns      int `json:"right_runs"`
	// Wrong programs that were caught where they should be, of all.
	WrongCaught int `json:"wrong_caught"`
	Wrong       int `json:"wrong"`
}

// Variant is a program beside the solution: a wrong one that must be caught, or another right one.
// It is the solution with some edits, or with some files replaced.
type Variant struct {
	ID       string            `yaml:"id"`
	Why      string            `yaml:"why"`       // what is wrong, or different, in a line
	Bugs     []int             `yaml:"bugs"`      // numbers in the table of bugs
	CaughtBy string            `yaml:"caught-by"` // the check that must fail
	Message  string            `yaml:"message"`   // a regular expression that the failure must hold
	Mis      string            `yaml:"mis"`       // the misconception that the failure must name; empty for any
	Edits    []Edit            `yaml:"edits"`
	Files    map[string]string `yaml:"files"` // by path below the exercise's folder
}

// Edit replaces one passage, which must occur exactly once.
type Edit struct {
	File string `yaml:"file"`
	Old  string `yaml:"old"`
	New  string `yaml:"new"`
}

// Verify checks the course itself: stubs build and fail for a stated reason, solutions and other right
// programs pass, each wrong program fails in the check that is named for it, texts are complete and
// nothing lies about. Of the options, Select, Jobs, Repeat, Seed, Isolation, Keep, Progress and Matrix count;
// Repeat is for right programs, and with Matrix for wrong ones too. A wrong program runs once more, and twice
// at the most, if it fails in other words than it should.
func (c *Course) Verify(ctx context.Context, o Options) (a *Audit, err error) {
	o.NoCache = true
	v := &verification{grading: grading{Course: c, Options: o.withDefaults()}, audit: &Audit{Schema: AuditSchema, Problems: []string{}, Warnings: []string{}}}
	v.texts()
	if err := v.variants(); err != nil {
		return nil, err
	}
	if err := v.bugs(); err != nil {
		return nil, err
	}
	if err := v.judge(ctx, v.entries); err != nil {
		return nil, err
	}
	if err := v.again(ctx); err != nil {
		return nil, err
	}
	v.conclude()
	return v.audit, nil
}

type verification struct {
	grading
	audit   *Audit
	entries []*entry
	wrong   map[*entry]Variant
}

func (v *verification) problem(format string, args ...any) {
	v.audit.Problems = append(v.audit.Problems, fmt.Sprintf(format, args...))
}

func (v *verification) warning(format string, args ...any) {
	v.audit.Warnings = append(v.audit.Warnings, fmt.Sprintf(format, args...))
}

// Names of an exercise's entries.
const (
	stubVariant     = "stub"
	solutionVariant = "solution"
	rightVariant    = "right-"
	wrongVariant    = "wrong-"
)

// variants makes the entries of all chosen exercises.
func (v *verification) variants() error {
	v.wrong = map[*entry]Variant{}
	for _, x := range v.Options.Select.Exercises {
		solution := newEntry(x, solutionVariant)
		stub := newEntry(x, stubVariant)
		stub.once = true
		for _, p := range x.Programs {
			src, err := v.solution(x, p)
			if err != nil {
				return err
			}
			solution.sources[p] = src
			stub.sources[p] = v.stub(x, p)
			v.formatted("solutions/"+x.ID, src)
			v.formatted("exercises/"+x.ID, stub.sources[p])
		}
		for _, p := range x.Props {
			src, err := v.prop(x, p)
			if err != nil {
				return err
			}
			v.formatted("testscripts/"+x.ID, src)
		}
		v.entries = append(v.entries, stub, solution)
		right, err := v.load(x, "right.yaml")
		if err != nil {
			return err
		}
		wrong, err := v.load(x, "wrong.yaml")
		if err != nil {
			return err
		}
		for _, r := range right {
			if e := v.entry(solution, rightVariant, r); e != nil {
				v.entries = append(v.entries, e)
			}
		}
		for _, w := range wrong {
			if e := v.entry(solution, wrongVariant, w); e != nil {
				if e.once = !v.Matrix; e.once {
					e.only = w.CaughtBy
				}
				v.entries = append(v.entries, e)
				v.wrong[e] = w
			}
		}
	}
	for _, e := range v.entries {
		e.report.Outcome = Fail // until it is judged
	}
	return nil
}

func (v *verification) formatted(where string, src *build.Source) {
	for _, f := range src.Files {
		if out, err := format.Source(f.Data); err != nil || !bytes.Equal(out, f.Data) {
			v.problem("%s/%s/%s: not formatted: gofmt -w", where, src.Name, f.Name)
		}
	}
}

// load reads wrong.yaml or right.yaml of an exercise.
func (v *verification) load(x *Exercise, file string) ([]Variant, error) {
	name := path.Join(x.dir, file)
	data, err := fs.ReadFile(v.files.Testscripts, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // too few are a problem anyway
	}
	if err != nil {
		return nil, err
	}
	var all []Variant
	doc, err := strictyaml.Decode("testscripts/"+name, data, &all)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for i, w := range all {
		if err := v.lint(x, doc, i, w, file == "wrong.yaml"); err != nil {
			return nil, err
		}
		if seen[w.ID] {
			return nil, doc.Errorf([]any{i, "id"}, "duplicate id %q", w.ID)
		}
		seen[w.ID] = true
	}
	return all, nil
}

func (v *verification) lint(x *Exercise, doc *strictyaml.Document, i int, w Variant, wrong bool) error {
	switch {
	case !idPattern.MatchString(w.ID):
		return doc.Errorf([]any{i, "id"}, "id %q: want small letters, digits and -", w.ID)
	case w.Why == "":
		return doc.Errorf([]any{i}, "%s has no why", w.ID)
	case len(w.Edits) == 0 && len(w.Files) == 0:
		return doc.Errorf([]any{i}, "%s has neither edits nor files", w.ID)
	case !wrong && (w.CaughtBy != "" || w.Message != "" || w.Mis != ""):
		return doc.Errorf([]any{i}, "%s: a right program is not caught", w.ID)
	case wrong && !slices.ContainsFunc(x.checkIDs(), func(id string) bool { return id == w.CaughtBy }):
		return doc.Errorf([]any{i, "caught-by"}, "%s: no check %q: want one of %s", w.ID, w.CaughtBy, strings.Join(x.checkIDs(), ", "))
	}
	if _, err := regexp.Compile(w.Message); err != nil {
		return doc.Errorf([]any{i, "message"}, "%s: %w", w.ID, err)
	}
	return nil
}

func (x *Exercise) checkIDs() []string {
	var ids []string
	for _, s := range x.Checks {
		ids = append(ids, s.ID)
	}
	return ids
}

// entry applies a variant to the solution. What does not apply is a problem, and gives nil.
func (v *verification) entry(solution *entry, kind string, w Variant) *entry {
	e := newEntry(solution.Exercise, kind+w.ID)
	used := map[string]bool{}
	for p, src := range solution.sources {
		s := &build.Source{Name: p, Files: slices.Clone(src.Files)}
		for i, f := range s.Files {
			name := p + "/" + f.Name
			text, err := w.apply(name, string(f.Data))
			if err != nil {
				v.problem("testscripts/%s: %s%s: %v", e.ID, kind, w.ID, err)
				return nil
			}
			s.Files[i].Data = []byte(text)
			used[name] = true
		}
		for name, text := range w.Files {
			if path.Dir(name) == p && !used[name] {
				s.Files = append(s.Files, build.File{Name: path.Base(name), Data: []byte(text)})
				used[name] = true
			}
		}
		slices.SortFunc(s.Files, func(a, b build.File) int { return strings.Compare(a.Name, b.Name) })
		e.sources[p] = s
	}
	for _, name := range w.names() {
		if !used[name] {
			v.problem("testscripts/%s: %s%s: the solution has no file %s", e.ID, kind, w.ID, name)
			return nil
		}
	}
	return e
}

// names gives the files that a variant changes.
func (w Variant) names() []string {
	var names []string
	for _, ed := range w.Edits {
		names = append(names, ed.File)
	}
	for n := range w.Files {
		names = append(names, n)
	}
	return names
}

func (w Variant) apply(name, text string) (string, error) {
	if whole, ok := w.Files[name]; ok {
		return whole, nil
	}
	for _, ed := range w.Edits {
		if ed.File != name {
			continue
		}
		if n := strings.Count(text, ed.Old); n != 1 || ed.Old == "" {
			hint := ""
			if line, cut := strings.CutSuffix(ed.Old, "\n"); cut && n == 0 && strings.Contains(text, line) {
				hint = " (it does without the newline at its end, which |2- leaves out)"
			}
			return "", fmt.Errorf("the passage to replace occurs %d times in %s%s: %.60q", n, name, hint, ed.Old)
		}
		text = strings.Replace(text, ed.Old, ed.New, 1)
	}
	return text, nil
}

// conclude turns verdicts into rows and problems.
func (v *verification) conclude() {
	for _, x := range v.Options.Select.Exercises {
		row := AuditRow{Exercise: x.ID, Checks: len(x.Checks)}
		rights := 0
		for _, e := range v.entries {
			if e.Exercise != x {
				continue
			}
			switch {
			case e.variant == stubVariant:
				row.Stub = v.stubFails(e)
			case e.variant == solutionVariant:
				p, n := v.passes(e)
				row.SolutionPassed, row.SolutionRuns = row.SolutionPassed+p, row.SolutionRuns+n
			case strings.HasPrefix(e.variant, rightVariant):
				rights++
				p, n := v.passes(e)
				row.RightPassed, row.RightRuns = row.RightPassed+p, row.RightRuns+n
			default:
				row.Wrong++
				if v.caught(e, v.wrong[e]) {
					row.WrongCaught++
				}
			}
		}
		v.enough(x, row, rights)
		v.audit.Rows = append(v.audit.Rows, row)
		if v.Matrix {
			v.matrix(x)
		}
	}
}

func (v *verification) enough(x *Exercise, row AuditRow, rights int) {
	for _, n := range []struct {
		what       string
		have, want int
	}{{"checks", row.Checks, minChecks}, {"wrong programs", row.Wrong, minWrong}, {"right variants", rights, minRight}} {
		if n.have < n.want {
			v.problem("%s has too few %s: %d, want %d at least", x.ID, n.what, n.have, n.want)
		}
	}
}

// stubFails tells whether a stub builds and fails for a stated reason, without making anybody wait.
func (v *verification) stubFails(e *entry) bool {
	before := len(v.audit.Problems)
	if e.report.Build != nil {
		v.problem("the stub of %s does not build: %s", e.ID, e.report.Build.Errors[0])
	}
	if e.report.Outcome != Fail {
		v.problem("the stub of %s: %s, want fail", e.ID, e.report.Outcome)
	}
	for _, r := range e.report.Checks {
		if r.patience {
			v.problem("the stub of %s makes the check %s wait until patience ends", e.ID, r.ID)
		}
	}
	return len(v.audit.Problems) == before
}

// passes counts the runs of an entry, and those that passed. Each check and cast is run Repeat times.
func (v *verification) passes(e *entry) (passed, runs int) {
	for _, r := range e.report.Checks {
		passed, runs = passed+r.passed, runs+r.runs
		if r.Failure != nil {
			v.problem("%s of %s: check %s: %s\n%s: %s\n%s", e.variant, e.ID, r.ID, r.Outcome, r.Failure.place(), r.Failure.Command, indent(r.Failure.Message))
		}
	}
	if e.report.Build != nil {
		v.problem("%s of %s does not build: %s", e.variant, e.ID, e.report.Build.Errors[0])
	}
	return passed, runs
}

func indent(s string) string { return "    " + strings.ReplaceAll(s, "\n", "\n    ") }

// moreRuns is how often a wrong program runs once more at the most whose failure did not say what it should.
const moreRuns = 2

// again runs wrong programs once more that failed where they should, and not in the words that are wanted.
// Programs that work together do not go wrong in the same words every time: one hears of the end of another
// sooner or later. The check has to fail each time; once it has to say what leads to the bug.
func (v *verification) again(ctx context.Context) error {
	for run := range moreRuns {
		more := map[*entry]*entry{}
		var entries []*entry
		for _, e := range v.entries {
			if w, wrong := v.wrong[e]; wrong && e.report.Build == nil && e.catcher(w).Outcome == Fail && w.unsaid(e.catcher(w)) != "" {
				m := newEntry(e.Exercise, e.variant)
				m.sources, m.only, m.once, m.report.Outcome = e.sources, w.CaughtBy, true, Fail
				more[e], entries = m, append(entries, m)
			}
		}
		if len(entries) == 0 {
			return nil
		}
		if err := v.judge(ctx, entries); err != nil {
			return err
		}
		for _, e := range v.entries {
			if w, m := v.wrong[e], more[e]; m != nil {
				*e.catcher(w) = *m.catcher(w)
				if r := e.catcher(w); r.Outcome == Fail && w.unsaid(r) == "" {
					v.warning("%s of %s: the failure of check %s varies: only run %d said %q", e.variant, e.ID, r.ID, run+2, w.Message)
				}
			}
		}
	}
	return nil
}

// catcher gives the report of the check that is to catch a wrong program.
func (e *entry) catcher(w Variant) *CheckReport {
	return &e.report.Checks[slices.IndexFunc(e.report.Checks, func(r CheckReport) bool { return r.ID == w.CaughtBy })]
}

// unsaid tells what a failure should say, or name, and does not; "" if it does all that.
func (w Variant) unsaid(r *CheckReport) string {
	said := r.said()
	switch {
	case !regexp.MustCompile(w.Message).MatchString(said):
		return fmt.Sprintf("does not say %q:\n%s", w.Message, indent(said))
	case w.Mis != "" && r.Failure.Wrong != w.Mis:
		return fmt.Sprintf("names the misconception %q, want %q%s:\n%s", r.Failure.Wrong, w.Mis, howNamed(r.Failure.Wrong, w.Mis), indent(said))
	}
	return ""
}

// said is all that a failure tells to lead to its cause.
func (r *CheckReport) said() string {
	return strings.Join([]string{r.Failure.Message, r.Failure.Side, r.Failure.Hint}, "\n")
}

// caught tells whether a wrong program failed where it should, with the message that it should.
func (v *verification) caught(e *entry, w Variant) bool {
	if e.report.Build != nil {
		v.problem("%s of %s does not build: %s", e.variant, e.ID, e.report.Build.Errors[0])
		return false
	}
	r := e.catcher(w)
	if r.Outcome != Fail {
		v.problem("%s of %s: check %s: %s, want fail (%s)%s", e.variant, e.ID, r.ID, r.Outcome, w.Why, whyBroken(*r))
		return false
	}
	if text := w.unsaid(r); text != "" {
		v.problem("%s of %s: the failure of check %s %s", e.variant, e.ID, r.ID, text)
		return false
	}
	return true
}

// howNamed tells how a failure comes to name what it does not name by itself.
func howNamed(got, want string) string {
	if got != "" {
		return ""
	}
	return fmt.Sprintf(" (below its hint a check may say # shows: %s)", want)
}

// whyBroken gives what the grader says of itself.
func whyBroken(r CheckReport) string {
	if r.Failure == nil {
		return ""
	}
	return "\n" + indent(r.Failure.Message)
}

// texts checks READMEs, promises, stubs and stray files.
func (v *verification) texts() {
	for _, ch := range v.Chapters {
		if _, err := v.Lesson(ch.ID); err != nil {
			v.problem("exercises/%s/README.md: the chapter has no lesson", ch.ID)
		}
	}
	for _, x := range v.Options.Select.Exercises {
		v.readme(x)
		v.pages(x)
	}
	v.misconceptions()
	v.stray()
	if current, err := v.currentStubs(); err != nil {
		v.problem("%v", err)
	} else if !slices.EqualFunc(current, v.stubFiles(), func(a, b txtar.File) bool { return a.Name == b.Name && bytes.Equal(a.Data, b.Data) }) {
		v.problem("testscripts/%s is not what lies in exercises/: after a change to a stub, run ipclab check --write-stubs", stubArchive)
	}
	if v.Quiz != nil {
		for _, err := range v.Quiz.Lint() {
			v.problem("%v", err)
		}
	}
}

// sections are those that the README of an exercise must have, in this order.
var sections = []string{"# ", "## Goal", "## How it looks", "## What is promised", "## Try it by hand", "## Grade it"}

func (v *verification) readme(x *Exercise) {
	file := "exercises/" + x.ID + "/README.md"
	text, err := v.Lesson(x.ID)
	if err != nil {
		v.problem("%s: %v", file, reason(err))
		return
	}
	at := 0
	for _, s := range sections {
		i := strings.Index("\n"+string(text[at:]), "\n"+s)
		if i < 0 {
			v.problem("%s: no section %q, or not in this order: %s", file, s, strings.Join(sections, ", "))
			return
		}
		at += i
	}
	if n := bytes.Count(text, []byte("\n")); n > 80 {
		v.problem("%s: %d lines: want 80 at the most", file, n)
	}
	var promised []string
	for _, m := range promise.FindAllSubmatch(text, -1) {
		promised = append(promised, string(m[1]))
	}
	ids := x.checkIDs()
	for _, id := range ids {
		if !slices.Contains(promised, id) {
			v.problem("%s: the check %s has no promise there (a line that begins with - **%s**)", file, id, id)
		}
	}
	for _, id := range promised {
		if !slices.Contains(ids, id) {
			v.problem("%s: the promise %s has no check (testscripts/%s/%s.txtar)", file, id, x.ID, id)
		}
	}
}

// stray finds files and folders that belong to nothing. What lies on top of a tree, or in a folder of
// the quiz, is not looked at.
func (v *verification) stray() {
	places := map[string]string{"quiz": "quiz"} // folder -> what it is
	for _, ch := range v.Chapters {
		places[ch.ID] = "chapter"
		for _, x := range ch.Exercises {
			places[x.ID] = "exercise"
			for _, p := range x.Programs {
				places[x.ID+"/"+p] = "program"
			}
			for _, p := range x.Props {
				places[x.ID+"/"+p] = "prop"
			}
		}
	}
	for _, tree := range []struct {
		name  string
		files fs.FS
		holds map[string][]string // what a place may hold
	}{
		{"exercises", v.files.Exercises, map[string][]string{"chapter": {"README.md"}, "exercise": {"README.md", "exercise.yaml"}, "program": {"*.go"}}},
		{"solutions", v.files.Solutions, map[string][]string{"chapter": {}, "exercise": {}, "program": {"*.go"}}},
		{"testscripts", v.files.Testscripts, map[string][]string{"chapter": {}, "exercise": {"*.txtar", "right.yaml", "wrong.yaml", hintsFile, shownFile}, "prop": {"*.go"}}},
	} {
		fs.WalkDir(tree.files, ".", func(name string, d fs.DirEntry, err error) error {
			place := places[path.Dir(name)]
			belongs := func(pattern string) bool { ok, _ := path.Match(pattern, path.Base(name)); return ok }
			switch {
			case err != nil || name == ".":
				return err
			case d.IsDir() && tree.holds[places[name]] == nil && places[name] != "quiz":
				v.problem("%s/%s: belongs to no exercise", tree.name, name)
				return fs.SkipDir
			case !d.IsDir() && tree.holds[place] != nil && !slices.ContainsFunc(tree.holds[place], belongs):
				v.problem("%s/%s: no such file belongs there", tree.name, name)
			}
			return nil
		})
	}
}

// currentStubs gives the files below exercises/ that students edit.
func (c *Course) currentStubs() ([]txtar.File, error) {
	var files []txtar.File
	for _, x := range c.Exercises() {
		for _, p := range x.Programs {
			src, err := build.Read(c.files.Exercises, path.Join(x.dir, p))
			if err != nil {
				return nil, err
			}
			if len(src.Errors) > 0 {
				return nil, fmt.Errorf("exercises/%s: %w", x.ID, src.Errors[0])
			}
			for _, f := range src.Files {
				files = append(files, txtar.File{Name: path.Join(x.dir, p, f.Name), Data: f.Data})
			}
		}
	}
	if c.Quiz != nil {
		data, err := fs.ReadFile(c.files.Exercises, answersFile)
		if err != nil {
			return nil, err
		}
		files = append(files, txtar.File{Name: answersFile, Data: data})
	}
	slices.SortFunc(files, func(a, b txtar.File) int { return strings.Compare(a.Name, b.Name) })
	return files, nil
}

func (c *Course) stubFiles() []txtar.File {
	var files []txtar.File
	for name, data := range c.stubs {
		files = append(files, txtar.File{Name: name, Data: data})
	}
	slices.SortFunc(files, func(a, b txtar.File) int { return strings.Compare(a.Name, b.Name) })
	return files
}

// WriteStubs makes the archive of pristine stubs anew from what lies in exercises/, and writes it to
// the file named. It is for authors, after a change to a stub.
func WriteStubs(files Files, to string) error {
	c := &Course{files: files}
	var f courseFile
	if _, err := decode(files.Exercises, "exercises", "course.yaml", &f); err != nil {
		return err
	}
	for _, ch := range f.Chapters {
		for _, name := range ch.Exercises {
			var x exerciseFile
			id := ch.ID + "/" + name
			if _, err := decode(files.Exercises, "exercises", id+"/exercise.yaml", &x); err != nil {
				return err
			}
			c.Chapters = append(c.Chapters, &Chapter{ID: ch.ID, Exercises: []*Exercise{{ID: id, dir: id, Programs: x.Programs}}})
		}
	}
	stubs, err := c.currentStubs()
	if err != nil {
		return err
	}
	if f.Quiz != nil {
		data, err := fs.ReadFile(files.Exercises, answersFile)
		if err != nil {
			return err
		}
		stubs = append(stubs, txtar.File{Name: answersFile, Data: data})
	}
	head := "The stubs as they are given out. Made by ipclab check --write-stubs; not to be edited.\n"
	return os.WriteFile(to, txtar.Format(&txtar.Archive{Comment: []byte(head), Files: stubs}), 0o666)
}
