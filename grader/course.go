// Package grader grades submissions of a course: it builds the students' programs, lets them talk to
// one another and to the reference under the scripts of the course, marks the quiz, and reports.
//
// A Course is loaded once. Grade judges one Submission and returns a Report; Verify judges the course
// itself. An error returned by these means that something other than a student's work is at fault.
package grader

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"ipclab/grader/build"
	"ipclab/grader/quiz"
	"ipclab/grader/room"
	"ipclab/grader/script"
	"ipclab/grader/strictyaml"

	"github.com/rogpeppe/go-internal/txtar"
)

// Files are the three folders of a course.
type Files struct {
	Exercises   fs.FS // what students get and edit
	Solutions   fs.FS // the reference
	Testscripts fs.FS // what only the judge sees
}

// Course is a loaded course.
type Course struct {
	ID       string
	Version  int
	Title    string
	PassMark float64 // percent of all points
	Chapters []*Chapter
	Quiz     *quiz.Quiz // nil if the course has none
	// QuizPoints is what a quiz without a fault is worth.
	QuizPoints float64

	files  Files
	stubs  map[string][]byte // the pristine stubs, by path below exercises/
	digest string
}

// Chapter is a part of a course: a lesson and its exercises.
type Chapter struct {
	ID        string
	Title     string
	Exercises []*Exercise
}

// Exercise is one task of the course.
type Exercise struct {
	ID       string // chapter/exercise
	Title    string
	Channel  string // one of Channels
	Stars    int    // 1 to 4
	Points   float64
	Programs []string // folders, each with one main
	// Props are programs of the judge's, in folders of testscripts/. They lie in the PATH of all
	// programs of the exercise, and scripts may start them.
	Props  []string
	Starts map[string][]string // the programs that a program finds in its PATH and may start
	Forbid []string            // import paths that it is to be solved without
	Limits room.Limits         // what the programs of a check may use
	Checks []*script.Script

	dir string // = ID; its folder in each of the three trees
}

// Channels are the ways to talk that an exercise may be about.
var Channels = []string{"pipe", "fifo", "file", "signal", "unix", "tcp", "udp", "all"}

type courseFile struct {
	ID       string        `yaml:"id"`
	Version  int           `yaml:"version"`
	Title    string        `yaml:"title"`
	PassMark float64       `yaml:"pass_mark"`
	Chapters []chapterFile `yaml:"chapters"`
	Quiz     *struct {
		Points float64 `yaml:"points"`
	} `yaml:"quiz"`
}

type chapterFile struct {
	ID        string   `yaml:"id"`
	Title     string   `yaml:"title"`
	Exercises []string `yaml:"exercises"`
}

type exerciseFile struct {
	Title    string              `yaml:"title"`
	Channel  string              `yaml:"channel"`
	Stars    int                 `yaml:"stars"`
	Points   *float64            `yaml:"points"`
	Programs []string            `yaml:"programs"`
	Starts   map[string][]string `yaml:"starts"`
	Forbid   []string            `yaml:"forbid"`
	Limits   *limitsFile         `yaml:"limits"`
}

var idPattern = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}$`)

// Load reads a course. Errors name file and line.
func Load(files Files) (*Course, error) {
	c := &Course{files: files}
	var f courseFile
	doc, err := decode(files.Exercises, "exercises", "course.yaml", &f)
	if err != nil {
		return nil, err
	}
	c.ID, c.Version, c.Title, c.PassMark = f.ID, f.Version, f.Title, f.PassMark
	switch {
	case !idPattern.MatchString(f.ID):
		return nil, doc.Errorf([]any{"id"}, "id %q: want small letters, digits and -", f.ID)
	case f.Version < 1:
		return nil, doc.Errorf([]any{"version"}, "version %d: want 1 or more", f.Version)
	case f.Title == "":
		return nil, doc.Errorf(nil, "the course has no title")
	case !(f.PassMark >= 0 && f.PassMark <= 100):
		return nil, doc.Errorf([]any{"pass_mark"}, "pass_mark %v: want a percentage", f.PassMark)
	case len(f.Chapters) == 0:
		return nil, doc.Errorf(nil, "the course has no chapters")
	}
	if err := c.loadStubs(); err != nil {
		return nil, err
	}
	if err := c.loadChapters(doc, f.Chapters); err != nil {
		return nil, err
	}
	if f.Quiz != nil {
		if c.QuizPoints = f.Quiz.Points; !validPoints(c.QuizPoints) {
			return nil, doc.Errorf([]any{"quiz", "points"}, "points %v: want 0 or more", c.QuizPoints)
		}
		if c.Quiz, err = quiz.Load(files.Exercises, files.Testscripts); err != nil {
			return nil, err
		}
	}
	c.digest, err = digest(files)
	return c, err
}

func (c *Course) loadChapters(doc *strictyaml.Document, chapters []chapterFile) error {
	seen := map[string]bool{"quiz": true}
	for i, f := range chapters {
		if !idPattern.MatchString(f.ID) {
			return doc.Errorf([]any{"chapters", i, "id"}, "chapter id %q: want small letters, digits and -", f.ID)
		}
		if seen[f.ID] {
			return doc.Errorf([]any{"chapters", i, "id"}, "duplicate id %q", f.ID)
		}
		seen[f.ID] = true
		switch {
		case f.Title == "":
			return doc.Errorf([]any{"chapters", i}, "chapter %s has no title", f.ID)
		case len(f.Exercises) == 0:
			return doc.Errorf([]any{"chapters", i}, "chapter %s has no exercises", f.ID)
		}
		ch := &Chapter{ID: f.ID, Title: f.Title}
		c.Chapters = append(c.Chapters, ch)
		for j, name := range f.Exercises {
			id := f.ID + "/" + name
			at := []any{"chapters", i, "exercises", j}
			if !idPattern.MatchString(name) {
				return doc.Errorf(at, "exercise id %q: want small letters, digits and -", name)
			}
			if seen[id] {
				return doc.Errorf(at, "duplicate id %q", id)
			}
			seen[id] = true
			if _, err := fs.Stat(c.files.Exercises, path.Join(id, "exercise.yaml")); err != nil {
				return doc.Errorf(at, "exercise %s: there is no file exercises/%s/exercise.yaml", id, id)
			}
			e, err := c.loadExercise(id)
			if err != nil {
				return err
			}
			ch.Exercises = append(ch.Exercises, e)
		}
	}
	return nil
}

func (c *Course) loadExercise(id string) (*Exercise, error) {
	var f exerciseFile
	doc, err := decode(c.files.Exercises, "exercises", path.Join(id, "exercise.yaml"), &f)
	if err != nil {
		return nil, err
	}
	e := &Exercise{ID: id, Title: f.Title, Channel: f.Channel, Stars: f.Stars, Points: float64(f.Stars), Programs: f.Programs, Forbid: f.Forbid, dir: id}
	if f.Points != nil {
		e.Points = *f.Points
	}
	switch {
	case f.Title == "":
		return nil, doc.Errorf(nil, "the exercise has no title")
	case !slices.Contains(Channels, f.Channel):
		return nil, doc.Errorf([]any{"channel"}, "unknown channel %q: want one of %s", f.Channel, strings.Join(Channels, ", "))
	case f.Stars < 1 || f.Stars > 4:
		return nil, doc.Errorf([]any{"stars"}, "stars %d: want 1 to 4", f.Stars)
	case !validPoints(e.Points):
		return nil, doc.Errorf([]any{"points"}, "points %v: want 0 or more", e.Points)
	case len(f.Programs) == 0:
		return nil, doc.Errorf([]any{"programs"}, "the exercise has no programs")
	}
	for i, p := range f.Programs {
		at := []any{"programs", i}
		switch {
		case !idPattern.MatchString(p):
			return nil, doc.Errorf(at, "program %q: want small letters, digits and -", p)
		case slices.Index(f.Programs, p) < i:
			return nil, doc.Errorf(at, "duplicate program %q", p)
		}
		main := path.Join(id, p, "main.go")
		if _, err := fs.Stat(c.files.Solutions, main); err != nil {
			return nil, doc.Errorf(at, "program %s: there is no file solutions/%s", p, main)
		}
		if c.stubs[main] == nil {
			return nil, doc.Errorf(at, "program %s: testscripts/%s holds no file %s: ipclab check --course . --write-stubs testscripts/%[2]s makes it from exercises/", p, stubArchive, main)
		}
	}
	if err := c.loadProps(e); err != nil {
		return nil, err
	}
	if err := e.lintStarts(doc, f.Starts); err != nil {
		return nil, err
	}
	e.Starts = f.Starts
	if e.Limits, err = f.Limits.limits(doc); err != nil {
		return nil, err
	}
	return e, c.loadChecks(e)
}

// loadProps finds the programs of the judge's: folders beside the checks that hold a main.go.
func (c *Course) loadProps(e *Exercise) error {
	mains, err := fs.Glob(c.files.Testscripts, path.Join(e.dir, "*", "main.go"))
	if err != nil {
		return err
	}
	for _, main := range mains {
		name := path.Base(path.Dir(main))
		switch {
		case !idPattern.MatchString(name):
			return fmt.Errorf("testscripts/%s: prop %q: want small letters, digits and -", main, name)
		case slices.Contains(e.Programs, name):
			return fmt.Errorf("testscripts/%s: the prop has the name of a program of the exercise: give it another", main)
		}
		e.Props = append(e.Props, name)
	}
	return nil
}

// lintStarts checks which program may start which.
func (e *Exercise) lintStarts(doc *strictyaml.Document, starts map[string][]string) error {
	for _, p := range slices.Sorted(maps.Keys(starts)) {
		names := starts[p]
		if !slices.Contains(e.Programs, p) {
			return doc.Errorf([]any{"starts", p}, "starts: no program %q: want one of %s", p, strings.Join(e.Programs, ", "))
		}
		for i, name := range names {
			at := []any{"starts", p, i}
			switch {
			case slices.Contains(e.Props, name):
				return doc.Errorf(at, "starts: %s is a prop: those are in the PATH of every program", name)
			case !slices.Contains(e.Programs, name):
				return doc.Errorf(at, "starts: no program %q: want one of %s", name, strings.Join(e.Programs, ", "))
			case name == p:
				return doc.Errorf(at, "starts: %s finds itself by os.Executable", p)
			case slices.Index(names, name) < i:
				return doc.Errorf(at, "starts: duplicate program %q", name)
			case len(starts[name]) > 0:
				return doc.Errorf(at, "starts: %s, which %s starts, starts others itself: that goes one step deep only", name, p)
			}
		}
	}
	return nil
}

func (e *Exercise) ensemble() script.Ensemble {
	return script.Ensemble{Programs: e.Programs, Props: e.Props, Starts: e.Starts}
}

func validPoints(p float64) bool { return p >= 0 && p <= 1e6 }

// loadChecks reads the scripts of an exercise, in the order of their names.
func (c *Course) loadChecks(e *Exercise) error {
	names, err := fs.Glob(c.files.Testscripts, path.Join(e.dir, "*.txtar"))
	if err != nil {
		return err
	}
	for _, name := range names {
		data, err := fs.ReadFile(c.files.Testscripts, name)
		if err != nil {
			return err
		}
		s, err := script.Parse(strings.TrimSuffix(path.Base(name), ".txtar"), "testscripts/"+name, data, e.ensemble())
		if err != nil {
			return err
		}
		e.Checks = append(e.Checks, s)
	}
	if len(e.Checks) == 0 {
		return fmt.Errorf("testscripts/%s: the exercise has no checks", e.dir)
	}
	c.order(e)
	return nil
}

// promise matches a promise in an exercise's README; its name is that of a check.
var promise = regexp.MustCompile(`(?m)^- \*\*([a-z0-9-]+)\*\*`)

// order puts the checks in the order in which the README promises them: what comes first there is
// what the rest rests on.
func (c *Course) order(e *Exercise) {
	text, err := c.Lesson(e.ID)
	if err != nil {
		return // the course check tells
	}
	rank := map[string]int{}
	for i, m := range promise.FindAllSubmatch(text, -1) {
		rank[string(m[1])] = i - 1000
	}
	slices.SortStableFunc(e.Checks, func(a, b *script.Script) int { return rank[a.ID] - rank[b.ID] })
}

// stubArchive holds the pristine stubs, where students do not edit: who works in a clone edits the
// files below exercises/, and a grader built from that clone would take the edited files for stubs.
const stubArchive = "stubs.txtar"

func (c *Course) loadStubs() error {
	data, err := fs.ReadFile(c.files.Testscripts, stubArchive)
	if err != nil {
		return fmt.Errorf("testscripts/%s: %w (ipclab check --course . --write-stubs testscripts/%[1]s makes it)", stubArchive, reason(err))
	}
	c.stubs = map[string][]byte{}
	for _, f := range txtar.Parse(data).Files {
		c.stubs[f.Name] = f.Data
	}
	return nil
}

// Exercises gives all exercises in the order of the course.
func (c *Course) Exercises() []*Exercise {
	var all []*Exercise
	for _, ch := range c.Chapters {
		all = append(all, ch.Exercises...)
	}
	return all
}

// Lesson gives the text of a chapter or an exercise, in Markdown.
func (c *Course) Lesson(id string) ([]byte, error) {
	return fs.ReadFile(c.files.Exercises, path.Join(id, "README.md"))
}

// stub gives the pristine source of a program.
func (c *Course) stub(e *Exercise, program string) *build.Source {
	s := &build.Source{Name: program}
	dir := path.Join(e.dir, program) + "/"
	for name, data := range c.stubs {
		if base, ok := strings.CutPrefix(name, dir); ok {
			s.Files = append(s.Files, build.File{Name: base, Data: data})
		}
	}
	slices.SortFunc(s.Files, func(a, b build.File) int { return strings.Compare(a.Name, b.Name) })
	return s
}

func decode(fsys fs.FS, tree, name string, out any) (*strictyaml.Document, error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("%s/%s: %w", tree, name, reason(err))
	}
	return strictyaml.Decode(tree+"/"+name, data, out)
}

// reason strips the path from a file error: it is told already.
func reason(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// digest identifies everything that decides verdicts.
func digest(files Files) (string, error) {
	h := sha256.New()
	for _, fsys := range []fs.FS{files.Exercises, files.Solutions, files.Testscripts} {
		err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := fs.ReadFile(fsys, name)
			fmt.Fprintf(h, "%q %d\n%s", name, len(data), data)
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil)), nil
}
