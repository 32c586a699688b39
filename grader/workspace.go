package grader

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"ipclab/grader/build"
	"ipclab/grader/room"
)

// Init makes a workspace in dir, which must not exist or be empty: lessons, pristine stubs, the
// quiz, a go.mod, a README and a workflow for CI. If it fails, nothing is left of it.
func (c *Course) Init(dir string) (err error) {
	entries, err := os.ReadDir(dir)
	switch {
	case len(entries) > 0:
		return fmt.Errorf("%s is not empty: name a new folder", dir)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: %w", dir, reason(err))
	}
	created, err := makeFolders(dir)
	defer func() {
		if err == nil {
			return
		}
		if created != "" {
			os.RemoveAll(created)
			return
		}
		left, _ := os.ReadDir(dir)
		for _, e := range left {
			os.RemoveAll(filepath.Join(dir, e.Name()))
		}
	}()
	if err != nil {
		return err
	}
	files, err := c.handout()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		to := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(to, files[name], 0o666); err != nil {
			return err
		}
	}
	return nil
}

// makeFolders is os.MkdirAll, and gives the topmost folder that it made, or "" if all were there.
func makeFolders(dir string) (created string, err error) {
	for at := filepath.Clean(dir); ; at = filepath.Dir(at) {
		if _, err := os.Lstat(at); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		created = at
	}
	return created, os.MkdirAll(dir, 0o777)
}

//go:embed workspace/README.md
var workspaceReadme []byte

//go:embed workspace/ipclab.yml
var workspaceWorkflow []byte

// handout gives the files of a fresh workspace.
func (c *Course) handout() (map[string][]byte, error) {
	files := map[string][]byte{
		"go.mod":                       []byte("module ipc-work\n\ngo 1.25\n"),
		"README.md":                    workspaceReadme,
		".github/workflows/ipclab.yml": workspaceWorkflow,
	}
	err := fs.WalkDir(c.files.Exercises, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) == ".go" || path.Ext(name) == ".yaml" && path.Dir(name) != "quiz" {
			return err
		}
		data, err := fs.ReadFile(c.files.Exercises, name)
		files[name] = data
		return err
	})
	for name, data := range c.stubs {
		files[name] = data
	}
	return files, err
}

// Reset brings the stubs of an exercise (or the answers of the quiz) back. What differs from them is
// kept beside, under a name that the returned lines tell. Nothing is overwritten.
func (c *Course) Reset(sub *Submission, id string) (changes []string, err error) {
	dirs := []string{"quiz"}
	if id != "quiz" || c.Quiz == nil {
		e, err := c.Exercise(id)
		if err != nil {
			return nil, err
		}
		dirs = nil
		for _, p := range e.Programs {
			dirs = append(dirs, path.Join(e.dir, p))
		}
	}
	for _, dir := range dirs {
		done, err := c.resetFolder(sub, dir)
		changes = append(changes, done...)
		if err != nil {
			return changes, err
		}
	}
	return changes, nil
}

// resetFolder makes a folder's files those that were given out. Nothing is done through a link.
func (c *Course) resetFolder(sub *Submission, dir string) (changes []string, err error) {
	keep := func(name, format string) error {
		kept, err := sub.putAside(name)
		if err == nil {
			changes = append(changes, fmt.Sprintf(format, shown(name), shown(kept)))
		}
		return err
	}
	for at := range parents(dir) {
		if info, err := sub.root.Lstat(filepath.FromSlash(at)); err == nil && !info.IsDir() {
			if err := keep(at, "%s is a folder again; what was there is kept as %s"); err != nil {
				return changes, err
			}
		}
	}
	if err := sub.root.MkdirAll(filepath.FromSlash(dir), 0o777); err != nil {
		return changes, err
	}
	entries, err := fs.ReadDir(sub.tree(), dir)
	if err != nil {
		return changes, err
	}
	for _, e := range entries { // the student's own further files would not go with the stub
		name := path.Join(dir, e.Name())
		if _, ours := c.stubs[name]; !ours && build.Takes(e.Name()) {
			if err := keep(name, "%s is kept as %s"); err != nil {
				return changes, err
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.stubs)) {
		if path.Dir(name) != dir || sub.holds(name, c.stubs[name]) {
			continue
		}
		back := shown(name) + " is back as it was given out"
		if _, err := sub.root.Lstat(filepath.FromSlash(name)); err == nil {
			kept, err := sub.putAside(name)
			if err != nil {
				return changes, err
			}
			back += "; yours is kept as " + shown(kept)
		}
		if err := sub.root.WriteFile(filepath.FromSlash(name), c.stubs[name], 0o666); err != nil {
			return changes, err
		}
		changes = append(changes, back)
	}
	return changes, nil
}

// parents gives the folders on the way to a folder, and itself, the topmost first.
func parents(dir string) iter.Seq[string] {
	return func(yield func(string) bool) {
		at := ""
		for _, word := range strings.Split(dir, "/") {
			if at = path.Join(at, word); !yield(at) {
				return
			}
		}
	}
}

// holds tells whether a file is a regular one with just this content.
func (s *Submission) holds(name string, data []byte) bool {
	info, err := s.root.Lstat(filepath.FromSlash(name))
	if err != nil || !info.Mode().IsRegular() || info.Size() != int64(len(data)) {
		return false
	}
	old, err := s.root.ReadFile(filepath.FromSlash(name))
	return err == nil && bytes.Equal(old, data)
}

// shown gives a file's name, quoted if it holds what a terminal would act on.
func shown(name string) string {
	if q := strconv.Quote(name); q[1:len(q)-1] != name {
		return q
	}
	return name
}

// putAside renames a file to a free name beside it, with an ending that no compiler takes.
func (s *Submission) putAside(name string) (string, error) {
	for n := 1; ; n++ {
		kept := fmt.Sprintf("%s.mine-%d", name, n)
		if _, err := s.root.Lstat(filepath.FromSlash(kept)); err != nil {
			return kept, s.root.Rename(filepath.FromSlash(name), filepath.FromSlash(kept))
		}
	}
}

// State says how far an exercise is, as far as one can tell without running it.
type State string

// The states.
const (
	StateNotStarted State = "not started"
	StateStarted    State = "started"
	StatePassed     State = "pass" // it passed, and has not been changed since
)

// Standing says how far a submission is.
type Standing struct {
	Exercises map[string]State // by ID
	Answered  int              // questions of the quiz
}

// Standing looks at a submission without building or running anything.
func (c *Course) Standing(ctx context.Context, sub *Submission) (*Standing, error) {
	g := &grading{Course: c, sub: sub, Options: Options{Select: Selection{Exercises: c.Exercises()}}.withDefaults()}
	entries, err := g.entries()
	if err != nil {
		return nil, err
	}
	s := &Standing{Exercises: map[string]State{}}
	for _, e := range entries {
		s.Exercises[e.ID] = StateNotStarted
		if e.started() {
			s.Exercises[e.ID] = StateStarted
		}
	}
	if slices.ContainsFunc(entries, (*entry).started) {
		g.recallAll(ctx, entries, s)
	}
	s.Answered = g.answered()
	return s, nil
}

// recallAll finds which exercises passed before. Without a toolchain nothing can be told.
func (g *grading) recallAll(ctx context.Context, entries []*entry, s *Standing) {
	var err error
	if g.cache = userCache(); g.cache == nil {
		return
	}
	if g.tools, err = build.Find(ctx, g.cache.gocache(room.None)); err != nil {
		return
	}
	for _, g.Isolation = range []Tier{room.None, room.Rooms} {
		for _, e := range entries {
			if e.started() && g.recall(e) {
				s.Exercises[e.ID] = StatePassed
			}
		}
	}
}

// Summary says in a line where the student stands.
func (s *Standing) Summary(c *Course) string {
	passed := 0
	for _, st := range s.Exercises {
		if st == StatePassed {
			passed++
		}
	}
	line := fmt.Sprintf("%d of %s pass", passed, plural(len(s.Exercises), "exercise"))
	if c.Quiz != nil {
		line += fmt.Sprintf(", %d of %s answered", s.Answered, plural(len(c.Quiz.Questions), "question"))
	}
	return line + ". Next:"
}

// Next gives the commands to type next: for the first exercise that does not pass, or the quiz.
func (s *Standing) Next(c *Course) []string {
	for _, ch := range c.Chapters {
		for i, e := range ch.Exercises {
			switch s.Exercises[e.ID] {
			case StateStarted:
				return []string{"ipclab grade " + e.ID}
			case StateNotStarted:
				if i == 0 {
					return []string{"ipclab read " + ch.ID, "ipclab read " + e.ID}
				}
				return []string{"ipclab read " + e.ID}
			}
		}
	}
	if c.Quiz != nil && s.Answered < len(c.Quiz.Questions) {
		return []string{"ipclab quiz"}
	}
	return []string{"ipclab grade"}
}

// BrokenError says that the grader, and nobody else, is at fault.
type BrokenError struct{ Err error }

func (e *BrokenError) Error() string {
	return "a fault of the grader, please report it: " + strings.TrimSpace(e.Err.Error())
}
func (e *BrokenError) Unwrap() error { return e.Err }
