// Package report writes a [grader.Report] in the formats that people and machines read: a screen of
// text for a student, JSON for programs, JUnit XML for continuous integration. There is one pure
// writer a format; a writer renders what the model says, judges nothing and leaves no check out.
//
// A report quotes what students' programs wrote. Every writer escapes it ([Terminal], [XML]) and
// hands over its whole result in one call of Write.
package report

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"ipclab/grader"
	"ipclab/grader/spell"
)

// Format is one way to write a report.
type Format struct {
	Name    string
	Summary string // what it is for, in one line
	Write   func(io.Writer, *grader.Report) error
}

// Formats are all formats, by name.
var Formats = []Format{
	{"json", "the whole report, for programs (" + grader.Schema + ")", JSON},
	{"junit", "JUnit XML, for continuous integration", JUnit},
	{"text", "a screen for a person to read", writeText},
}

// Names gives the names of all formats.
func Names() []string {
	var names []string
	for _, f := range Formats {
		names = append(names, f.Name)
	}
	return names
}

// Target is a format and where it goes to.
type Target struct {
	Format Format
	File   string // empty: standard output
}

// Parse reads the value of --report: FORMAT or FORMAT=FILE. The files - and /dev/stdout mean
// standard output.
func Parse(value string) (Target, error) {
	name, file, given := strings.Cut(value, "=")
	if given && file == "" {
		return Target{}, fmt.Errorf("report %q names no file: want %s=FILE, or %[2]s for standard output", value, name)
	}
	// /dev/stdout is never opened: where it is a file, a second opening would write over the first.
	if file == "-" || file == "/dev/stdout" {
		file = ""
	}
	for _, f := range Formats {
		if f.Name == name {
			return Target{f, file}, nil
		}
	}
	return Target{}, unknownFormat(name)
}

func unknownFormat(name string) error {
	near := ""
	if n := spell.Nearest(strings.ToLower(name), Names()); n != "" {
		near = "did you mean " + n + "? "
	}
	return fmt.Errorf("unknown format %q: %swant %s", name, near, strings.Join(Names(), ", "))
}

// Write writes a report to all targets. One that fails does not keep the others from being written.
// A file appears whole or not at all, and an error names the file and the reason.
func Write(rep *grader.Report, targets []Target, stdout io.Writer) error {
	if err := distinct(targets); err != nil {
		return err
	}
	var errs []error
	for _, t := range targets {
		errs = append(errs, t.write(rep, stdout))
	}
	return errors.Join(errs...)
}

// distinct refuses targets of which one would write over the other.
func distinct(targets []Target) error {
	var files []string
	for _, t := range targets {
		if t.File == "" {
			continue
		}
		file := filepath.Clean(t.File)
		if slices.Contains(files, file) {
			return fmt.Errorf("two reports want the file %s", t.File)
		}
		files = append(files, file)
	}
	return nil
}

func (t Target) write(rep *grader.Report, stdout io.Writer) error {
	if t.File == "" {
		if err := t.Format.Write(stdout, rep); err != nil {
			return fmt.Errorf("write %s report: %w", t.Format.Name, err)
		}
		return nil
	}
	if err := writeFile(t.File, func(w io.Writer) error { return t.Format.Write(w, rep) }); err != nil {
		return fmt.Errorf("write %s report to %s: %w", t.Format.Name, t.File, reason(err))
	}
	return nil
}

// reason strips from an error the path: the caller names the file that was asked for, not the
// temporary one.
func reason(err error) error {
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		return p.Err
	case errors.As(err, &l):
		return l.Err
	}
	return err
}

// writeFile puts a regular file in place in one step, and writes to anything else (a FIFO, a
// terminal) directly.
func writeFile(name string, write func(io.Writer) error) error {
	old, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return replace(name, 0, write)
	case err != nil:
		return err
	case old.IsDir():
		return errors.New("is a folder")
	case !old.Mode().IsRegular():
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(write(f), f.Close())
	}
	// A link to a file stays a link.
	name, err = filepath.EvalSymlinks(name)
	if err != nil {
		return err
	}
	return replace(name, old.Mode().Perm(), write)
}

// replace writes a temporary file beside the named one and renames it. A mode of 0 leaves the
// permissions to the umask.
func replace(name string, mode fs.FileMode, write func(io.Writer) error) (err error) {
	temp := filepath.Join(filepath.Dir(name), ".ipclab-"+rand.Text()+".tmp")
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	placed := false
	defer func() { // also when a writer panics
		if !placed {
			f.Close()
			os.Remove(temp)
		}
	}()
	if err := fill(f, mode, write); err != nil {
		return err
	}
	if err := os.Rename(temp, name); err != nil {
		return err
	}
	placed = true
	return nil
}

// fill writes and closes the file. Sync comes before the rename, lest a crash leave an empty file
// under the final name.
func fill(f *os.File, mode fs.FileMode, write func(io.Writer) error) error {
	if mode != 0 {
		if err := f.Chmod(mode); err != nil {
			return err
		}
	}
	if err := write(f); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}
