package grader

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"ipclab/grader/build"

	"golang.org/x/sys/unix"
)

// Submission is a folder with a student's work: exercise folders and answers of the quiz.
type Submission struct {
	Name string // base name of the folder that was named
	Dir  string // absolute; the folder that holds the chapters
	root *os.Root
}

// NotASubmissionError says that a folder holds none of the course's exercises.
type NotASubmissionError struct {
	Dir     string
	Example string // a path that was looked for
}

func (e *NotASubmissionError) Error() string {
	return fmt.Sprintf("%s is no submission: it holds no folder like %s, neither directly nor under exercises/ (ipclab init DIR makes one)", e.Dir, e.Example)
}

// OpenSubmission opens the submission in a folder. Chapters are looked for directly in it, and then
// under exercises/. With up, its parents are tried too, so that a student may stand anywhere in the
// workspace.
func (c *Course) OpenSubmission(dir string, up bool) (*Submission, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(abs); err != nil {
		return nil, fmt.Errorf("%s: %w", dir, reason(err))
	} else if !info.IsDir() {
		return nil, fmt.Errorf("%s: not a folder", dir)
	}
	if _, err := os.ReadDir(abs); err != nil {
		return nil, fmt.Errorf("%s: %w", dir, reason(err))
	}
	for at := abs; ; at = filepath.Dir(at) {
		for _, sub := range []string{".", "exercises"} {
			if tree := filepath.Join(at, sub); c.hasExercises(tree) {
				root, err := os.OpenRoot(tree)
				if err != nil {
					return nil, err
				}
				return &Submission{Name: nameOf(at), Dir: tree, root: root}, nil
			}
		}
		if !up || at == filepath.Dir(at) {
			return nil, &NotASubmissionError{dir, c.Exercises()[0].ID + "/" + c.Exercises()[0].Programs[0]}
		}
	}
}

// nameOf names a submission after its folder; exercises/ of a clone would be no name.
func nameOf(dir string) string {
	if filepath.Base(dir) == "exercises" {
		dir = filepath.Dir(dir)
	}
	return filepath.Base(dir)
}

// hasExercises tells whether a folder holds any program's. The exercise's alone would not do: the
// scripts of a course lie in folders of that name too.
func (c *Course) hasExercises(tree string) bool {
	for _, e := range c.Exercises() {
		for _, p := range e.Programs {
			if _, err := os.Lstat(filepath.Join(tree, filepath.FromSlash(e.dir), p)); err == nil {
				return true
			}
		}
	}
	return false
}

// Close lets go of the folder.
func (s *Submission) Close() error { return s.root.Close() }

// tree gives the submission as a file system in which nothing leads out and nothing blocks.
func (s *Submission) tree() fs.FS { return tree{s.root} }

type tree struct{ root *os.Root }

func (t tree) Open(name string) (fs.File, error) {
	return t.root.OpenFile(filepath.FromSlash(name), os.O_RDONLY|unix.O_NONBLOCK, 0)
}

// source reads a program of the submission. A link on the way to it is refused.
func (s *Submission) source(e *Exercise, program string) (*build.Source, error) {
	dir := path.Join(e.dir, program)
	for at := dir; at != "."; at = path.Dir(at) {
		if info, err := s.root.Lstat(filepath.FromSlash(at)); err == nil && !info.IsDir() {
			return &build.Source{Name: program, Errors: []build.Error{{Message: notAFolder(at, info)}}}, nil
		}
	}
	src, err := build.Read(s.tree(), dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(s.Dir, filepath.FromSlash(dir)), reason(err))
	}
	return src, nil
}

func notAFolder(at string, info fs.FileInfo) string {
	if info.Mode()&fs.ModeSymlink != 0 {
		return fmt.Sprintf("%q is a symbolic link; put the folder itself there", at)
	}
	return fmt.Sprintf("%q is not a folder", at)
}

// answersFile is where a submission has its answers of the quiz.
const answersFile = "quiz/answers.yaml"

// answers reads the answers of the quiz. A missing file is no error: nothing is answered then.
func (s *Submission) answers() ([]byte, error) {
	info, err := s.root.Lstat(filepath.FromSlash(answersFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, reason(err)
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a regular file")
	case build.Linked(info):
		return nil, errors.New("it is a hard link: the same file has another name elsewhere; put a copy here")
	case info.Size() > 1<<20:
		return nil, errors.New("it is larger than 1 MiB")
	}
	b, err := s.root.ReadFile(filepath.FromSlash(answersFile))
	return b, reason(err)
}

// digestOf identifies what was graded.
func digestOf(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return "sha256:" + hex.EncodeToString(sum[:])
}
