// Package build turns the folders of a submission into programs that can be run.
//
// Only the regular .go files of a program's folder are taken, and put into a fresh module that the
// grader writes; whatever else lies there has no say. What could stop the toolchain for everybody
// (a missing import, two packages in a folder, ...) is found before and refused by program. Then one
// call of the go command builds all the rest.
package build

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"go/parser"
	"go/scanner"
	"go/token"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Error is one reason why a program cannot be run. File is relative to the exercise's folder.
type Error struct {
	File      string // empty if the program as a whole is meant
	Line, Col int    // from 1; 0 if there is no place
	Message   string
}

func (e Error) Error() string {
	switch {
	case e.File == "":
		return e.Message
	case e.Line == 0:
		return e.File + ": " + e.Message
	case e.Col == 0:
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Col, e.Message)
}

// Source is the source of one program.
type Source struct {
	Name   string // the program's folder within the exercise
	Files  []File // sorted by name
	Errors []Error
}

// File is one source file.
type File struct {
	Name string
	Data []byte
}

// What a submission may hold. Honest programs stay far below.
const (
	maxFiles  = 40
	maxBytes  = 1 << 20 // of all files of a program
	maxErrors = 20      // that are told
)

// Read reads the program in a folder. Reasons to refuse it are in Source.Errors; an error means that
// the folder could not be read at all.
func Read(fsys fs.FS, dir string) (*Source, error) {
	s := &Source{Name: path.Base(dir)}
	entries, err := fs.ReadDir(fsys, dir)
	if errors.Is(err, fs.ErrNotExist) {
		s.refuse("", "the folder %s is missing", s.Name)
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	left := maxBytes
	for _, e := range entries {
		take, reason := wanted(e)
		if reason != "" {
			s.refuse(e.Name(), "%s", reason)
			continue
		}
		if !take {
			continue
		}
		data, err := readFile(fsys, path.Join(dir, e.Name()), left)
		if err != nil {
			s.refuse(e.Name(), "%v", err)
			continue
		}
		left -= len(data)
		if s.Files = append(s.Files, File{e.Name(), data}); len(s.Files) > maxFiles {
			s.refuse("", "more than %d Go files", maxFiles)
			return s, nil
		}
	}
	if len(s.Files) == 0 && len(s.Errors) == 0 {
		s.refuse("", "there is no Go file in the folder %s", s.Name)
	}
	return s, nil
}

// refuse adds a reason to refuse a file, or the whole program if the file's name is empty.
func (s *Source) refuse(file, format string, args ...any) {
	s.refuseAt(file, token.Position{}, format, args...)
}

// refuseAt adds a reason that has a place in a file. Names of files may hold anything, so they are
// escaped.
func (s *Source) refuseAt(file string, at token.Position, format string, args ...any) {
	switch n := len(s.Errors); {
	case n > maxErrors:
		return
	case n == maxErrors:
		s.Errors = append(s.Errors, Error{Message: "there is more of this kind"})
		return
	}
	if file != "" {
		quoted := strconv.Quote(file)
		file = s.Name + "/" + quoted[1:len(quoted)-1]
	}
	s.Errors = append(s.Errors, Error{file, at.Line, at.Column, fmt.Sprintf(format, args...)})
}

var fileName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*\.go$`)

// foreign are the endings of files that the toolchain would compile beside Go.
var foreign = []string{".c", ".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".hxx", ".f", ".F", ".for", ".f90", ".m", ".s", ".S", ".swig", ".swigcxx", ".syso"}

// wanted tells whether a folder's entry is part of the program, or why it is refused.
func wanted(e fs.DirEntry) (take bool, reason string) {
	name := e.Name()
	switch {
	case slices.Contains(foreign, path.Ext(name)):
		return false, "only Go files are compiled here; remove it"
	case path.Ext(name) != ".go", strings.HasSuffix(name, "_test.go"), name[0] == '.', name[0] == '_':
		return false, ""
	case e.Type()&fs.ModeSymlink != 0:
		return false, "it is a symbolic link; put the file itself here"
	case !e.Type().IsRegular():
		return false, "it is not a regular file"
	case !fileName.MatchString(name):
		return false, "the file's name has characters other than letters, digits, _ . -"
	}
	return true, ""
}

// Takes tells whether a file of this name in a program's folder would be taken for a part of the
// program, or would be a reason to refuse it.
func Takes(name string) bool {
	return path.Ext(name) == ".go" || slices.Contains(foreign, path.Ext(name))
}

func readFile(fsys fs.FS, name string, left int) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, plain(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, plain(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	if Linked(info) {
		return nil, errors.New("it is a hard link: the same file has another name elsewhere; put a copy here")
	}
	b, err := io.ReadAll(io.LimitReader(f, int64(left)+1))
	if err == nil && len(b) > left {
		err = fmt.Errorf("the program's files hold more than %d bytes in all", maxBytes)
	}
	return b, plain(err)
}

// Linked tells whether a file has more than one name. An archive can make such a file of one that its
// sender could not read, and the compiler's messages would quote it.
func Linked(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && stat.Nlink > 1
}

// plain strips the path from an error: the place is told already.
func plain(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// Digest identifies the program: its files, and why it is refused if it is.
func (s *Source) Digest() string {
	h := sha256.New()
	for _, f := range s.Files {
		fmt.Fprintf(h, "%q %d\n%s", f.Name, len(f.Data), f.Data)
	}
	for _, e := range s.Errors {
		fmt.Fprintf(h, "error %q\n", e)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Same tells whether two programs have the same files, byte for byte.
func (s *Source) Same(t *Source) bool {
	return len(s.Errors) == 0 && len(t.Errors) == 0 && slices.EqualFunc(s.Files, t.Files, func(a, b File) bool {
		return a.Name == b.Name && bytes.Equal(a.Data, b.Data)
	})
}

// rules are what the preflight asks about: the toolchain and the exercise.
type rules struct {
	stdlib    func(string) bool        // the standard library has the package
	match     func(File) (bool, error) // name and build constraints let the file take part
	forbidden []string                 // import paths that the exercise does not allow, nor those below
}

// preflight finds what would stop the toolchain for all programs at once, and what the exercise does
// not allow. It adds to Errors.
func (s *Source) preflight(r rules) {
	seen := map[string]string{}
	included, first := 0, ""
	for _, f := range s.Files {
		if twin, ok := seen[strings.ToLower(f.Name)]; ok {
			s.refuse(f.Name, "its name differs from %s by case only", twin)
		}
		seen[strings.ToLower(f.Name)] = f.Name
		ok, err := r.match(f)
		if !ok && err == nil {
			continue
		}
		included++
		before := len(s.Errors)
		name, at := s.file(f, r)
		if err != nil && len(s.Errors) == before { // else what is wrong has been told with its place
			s.refuse(f.Name, "%v", err)
		}
		switch {
		case name == "" || name == first:
		case first != "":
			s.refuseAt(f.Name, at, "package %s, but another file of the folder says package %s: a folder holds one package", name, first)
		case name != "main":
			s.refuseAt(f.Name, at, "package %s: a program must say package main", name)
			first = name
		default:
			first = name
		}
	}
	if included == 0 && len(s.Files) > 0 {
		s.refuse("", "build constraints exclude all Go files in %s", s.Name)
	}
}

// file checks one file and returns its package's name and where that stands, or "" if it cannot be
// read.
func (s *Source) file(f File, r rules) (string, token.Position) {
	if len(bytes.TrimSpace(f.Data)) == 0 {
		s.refuse(f.Name, "the file is empty: a Go file begins with a package clause")
		return "", token.Position{}
	}
	s.directives(f)
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, f.Name, f.Data, parser.ImportsOnly)
	if err != nil {
		s.syntax(f, err)
		return "", token.Position{}
	}
	for _, spec := range tree.Imports {
		p, _ := strconv.Unquote(spec.Path.Value)
		if reason := r.refusedImport(p); reason != "" {
			s.refuseAt(f.Name, set.PositionFor(spec.Path.Pos(), false), "%s", reason)
		}
	}
	return tree.Name.Name, set.PositionFor(tree.Name.Pos(), false)
}

func (r rules) refusedImport(p string) string {
	switch {
	case p == "C":
		return `import "C": cgo is not used in this course`
	case slices.ContainsFunc(r.forbidden, func(f string) bool { return p == f || strings.HasPrefix(p, f+"/") }):
		return fmt.Sprintf("import %q: this exercise is to be solved without it", p)
	case p == "unsafe" || r.stdlib(p):
		return ""
	}
	return fmt.Sprintf("import %q: not in the standard library, and nothing else can be imported here", p)
}

// syntax tells where a file is no Go. The parser's own line and column are not taken, since a //line
// comment may have bent them.
func (s *Source) syntax(f File, err error) {
	var list scanner.ErrorList
	if !errors.As(err, &list) {
		s.refuse(f.Name, "%v", err)
		return
	}
	for _, e := range list[:min(len(list), 3)] {
		s.refuseAt(f.Name, position(f.Data, e.Pos.Offset), "%s", e.Msg)
	}
}

// position gives the line and column, in bytes, of an offset.
func position(data []byte, offset int) token.Position {
	before := data[:min(offset, len(data))]
	return token.Position{Line: bytes.Count(before, []byte("\n")) + 1, Column: len(before) - bytes.LastIndexByte(before, '\n')}
}

// harmless are the compiler directives that a program may hold.
var harmless = []string{"build", "generate", "noinline", "fix"}

// directives refuses comments that speak to the compiler. They may stand behind code too. Those that
// name another place (//line) would let a program choose where, and in whose words, its errors are
// told.
func (s *Source) directives(f File) {
	set := token.NewFileSet()
	file := set.AddFile(f.Name, -1, len(f.Data))
	var comments scanner.Scanner
	comments.Init(file, f.Data, func(token.Position, string) {}, scanner.ScanComments)
	for {
		pos, kind, text := comments.Scan()
		if kind == token.EOF {
			return
		}
		if kind != token.COMMENT {
			continue
		}
		at := set.PositionFor(pos, false)
		if directive, ok := strings.CutPrefix(text, "//go:"); ok {
			name, _, _ := strings.Cut(strings.TrimRight(directive, "\t\r"), " ")
			if !slices.Contains(harmless, name) {
				s.refuseAt(f.Name, at, "the directive //go:%s is not allowed here", strings.ToValidUTF8(name, "\uFFFD"))
			}
		}
		if lineComment.MatchString(text) {
			s.refuseAt(f.Name, at, "a //line comment is not allowed here: it would hide where errors are")
		}
	}
}

// lineComment matches what the compiler takes for a //line comment. Prose that begins with the word
// line and holds a colon is an error for it too.
var lineComment = regexp.MustCompile(`^/[/*]line .*:`)
