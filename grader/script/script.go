// Package script runs the checks of an exercise: testscripts that start programs in a room, talk to
// them, and say what must come of it.
//
// A script is a txtar archive. Its comment is the script, its files are unpacked into the judge's
// work folder; what lies under room/ there is what the programs see as their working folder. The
// first comment lines of the script are its title, in the student's words; `# hint: ...`,
// `# points: N` and `# shows: MISCONCEPTION` may follow. Every later comment opens a phase.
//
// testscript parses and runs the scripts, one call a script, with our verbs (see Verbs) beside a few
// of its own commands (see builtins). Its commands that own processes are refused when a script is
// loaded: they wait without listening and kill without looking.
package script

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
)

// Script is one check, loaded and linted.
type Script struct {
	ID     string // the check's name: the base name of its file
	File   string // where it comes from, for messages
	Title  string // what it promises, in one line
	Hint   string // where to look first when it fails; may be empty
	Points int    // its weight among the checks of the exercise
	// Misconception is the id of what a failure shows to be misunderstood, where its symptom alone does
	// not tell; may be empty.
	Misconception string
	Programs      []string // the programs that it starts, and those that these may start; sorted

	exercise Ensemble
	archive  *txtar.Archive
	lines    []line
	network  bool // it speaks of TCP or UDP
	folder   bool // it looks into the working folder of the programs, or puts something there
}

// Ensemble are the programs that take part in the checks of an exercise.
type Ensemble struct {
	Programs []string // the exercise's: whose each is, the cast says
	// Props are programs of the judge's. Scripts may start them, all programs find them in their PATH,
	// and they are in no cast.
	Props []string
	// Starts are the programs that a program finds in its PATH and may start: NAME -> NAMES.
	Starts map[string][]string
}

// line is one line of the script as the author wrote it.
type line struct {
	text  string
	phase string // the comment above it
}

// Error is a fault that is not the programs': of the script, the grader or the machine.
type Error struct {
	File string
	Line int // from 1; 0 before the first line
	Err  error
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.File, e.Err)
	}
	return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// builtins are the commands of testscript that a script may use, with a word on each.
var builtins = map[string]string{
	"chmod":   "change a file's mode",
	"cp":      "copy files",
	"env":     "set a variable of the script",
	"exists":  "a file is there",
	"mkdir":   "make a folder",
	"mv":      "rename a file",
	"rm":      "remove files",
	"symlink": "make a link",
}

// Parse loads a script of an exercise and lints it.
func Parse(id, file string, data []byte, exercise Ensemble) (*Script, error) {
	s := &Script{ID: id, File: file, Points: 1, exercise: exercise, archive: txtar.Parse(data)}
	if err := s.readHeader(); err != nil {
		return nil, err
	}
	programs, known := map[string]bool{}, variables{"WORK": true}
	for i, l := range s.lines {
		if err := errors.Join(s.lint(l.text, programs), known.lint(l.text)); err != nil {
			return nil, &Error{file, i + 1, err}
		}
	}
	s.network = networkWords.Match(s.archive.Comment)
	s.folder = folderWord.Match(txtar.Format(s.archive))
	s.Programs = slices.Sorted(maps.Keys(programs))
	if len(s.Programs) == 0 {
		return nil, &Error{file, 1, fmt.Errorf("the script starts no program")}
	}
	return s, nil
}

// networkWords are those by which a script shows that its programs talk over a network: a kind of
// peer, or an address that it gives them.
var networkWords = regexp.MustCompile(`\b(tcp|udp|localhost)\b|\b127\.|::1`)

// folderWord is how a script names the programs' working folder.
var folderWord = regexp.MustCompile(`\broom\b`)

// readHeader splits the script into lines, and finds title, hint, points and phases.
func (s *Script) readHeader() error {
	header, phase := true, ""
	for i, text := range strings.Split(strings.TrimSuffix(string(s.archive.Comment), "\n"), "\n") {
		comment, isComment := strings.CutPrefix(text, "#")
		comment = strings.TrimSpace(comment)
		switch {
		case isComment && header:
			if err := s.headerLine(comment); err != nil {
				return &Error{s.File, i + 1, err}
			}
		case isComment:
			phase = comment
		default:
			header = false
		}
		s.lines = append(s.lines, line{text, phase})
	}
	if s.Title == "" {
		return &Error{s.File, 1, fmt.Errorf("the script has no title: its first line must be a comment that says what it checks")}
	}
	return nil
}

func (s *Script) headerLine(comment string) error {
	key, value, _ := strings.Cut(comment, ":")
	value = strings.TrimSpace(value)
	switch key {
	case "hint":
		s.Hint = strings.TrimSpace(s.Hint + " " + value)
	case "points":
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 {
			return fmt.Errorf("points: %q is not a positive whole number", value)
		}
		s.Points = n
	case "shows":
		if !misconceptionID.MatchString(value) {
			return fmt.Errorf("shows: %q is no id of a misconception: want small letters, digits and -", value)
		}
		s.Misconception = value
	default:
		if s.Hint != "" {
			return fmt.Errorf("a comment follows the hint: leave an empty line before the first phase")
		}
		s.Title = strings.TrimSpace(s.Title + " " + comment)
	}
	return nil
}

var misconceptionID = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// lint checks one line without running it, and collects the programs that it starts.
func (s *Script) lint(text string, programs map[string]bool) error {
	if strings.HasPrefix(text, "#") {
		return nil
	}
	words, err := split(text)
	if err != nil || len(words) == 0 {
		return err
	}
	if strings.HasPrefix(words[0], "[") {
		return fmt.Errorf("conditions such as %s are not allowed: a check asserts the same everywhere", words[0])
	}
	neg := words[0] == "!"
	if neg {
		words = words[1:]
	}
	if len(words) == 0 {
		return fmt.Errorf("! stands alone on its line")
	}
	name, args := words[0], words[1:]
	if _, ok := builtins[name]; ok {
		return lintBuiltin(name, args)
	}
	v, ok := verbByName(name)
	if !ok {
		return fmt.Errorf("unknown verb %q%s", name, suggest(name))
	}
	_, rest, err := v.parse(neg, args)
	if err != nil {
		return err
	}
	if v.Name == "start" {
		return s.enter(rest[0], programs)
	}
	return nil
}

// variables are those that a script has set so far.
type variables map[string]bool

var (
	quotedWord = regexp.MustCompile(`'[^']*'?`)
	useOfOne   = regexp.MustCompile(`\$\{?([A-Za-z_]\w*)`)
	namedGroup = regexp.MustCompile(`\(\?P?<(\w+)>`)
)

// lint refuses a variable that no line above has set. It would be empty, and the check would ask for less
// than its author thinks.
func (known variables) lint(text string) error {
	words, err := split(text)
	if err != nil || len(words) == 0 {
		return err
	}
	for _, m := range useOfOne.FindAllStringSubmatch(quotedWord.ReplaceAllString(text, ""), -1) {
		if !known[m[1]] {
			return fmt.Errorf("no line above sets the variable %s", m[1])
		}
	}
	known.set(words)
	return nil
}

// set enters the variables that a line sets.
func (known variables) set(words []string) {
	switch last := words[len(words)-1]; words[0] {
	case "random":
		known[last], known[last+"_UPPER"] = true, true
	case "env":
		for _, w := range words[1:] {
			name, _, _ := strings.Cut(w, "=")
			known[name] = true
		}
	case "expect":
		for _, m := range namedGroup.FindAllStringSubmatch(last, -1) {
			known[m[1]] = true
		}
	default: // what is started, listens or dials has a name, and is one of these words
		for _, w := range words[1:] {
			name := strings.ReplaceAll(w, "-", "_")
			known[name+"_PID"], known[name+"_ADDR"] = true, true
		}
	}
}

// enter takes a program that the script starts into its programs, with those that it may start.
func (s *Script) enter(name string, programs map[string]bool) error {
	x := s.exercise
	switch {
	case slices.Contains(x.Props, name):
		return nil
	case !slices.Contains(x.Programs, name):
		return fmt.Errorf("start: the exercise has no program %q: it has %s", name, strings.Join(slices.Concat(x.Programs, x.Props), ", "))
	}
	programs[name] = true
	for _, p := range x.Starts[name] {
		programs[p] = true
	}
	return nil
}

// lintBuiltin refuses to copy what a program made: a FIFO in place of its file would hold the judge,
// and a link would lead it astray.
func lintBuiltin(name string, args []string) error {
	for _, a := range args[:max(0, len(args)-1)] {
		if name == "cp" && (a == "room" || strings.HasPrefix(a, "room/") || strings.Contains(a, "/room/")) {
			return fmt.Errorf("cp: %s is the programs' own: compare it with the verb file", a)
		}
	}
	return nil
}

// split cuts a line into words as testscript does, without expanding variables.
func split(text string) ([]string, error) {
	var words []string
	var word strings.Builder
	in, quoted := false, false
	flush := func() {
		if in {
			words = append(words, word.String())
		}
		word.Reset()
		in = false
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\'' && quoted && i+1 < len(text) && text[i+1] == '\'':
			word.WriteByte(c)
			i++
		case c == '\'':
			quoted, in = !quoted, true
		case quoted:
			word.WriteByte(c)
		case c == ' ' || c == '\t' || c == '\r':
			flush()
		case c == '#':
			flush()
			return words, nil
		default:
			word.WriteByte(c)
			in = true
		}
	}
	if quoted {
		return nil, fmt.Errorf("a quote is not closed")
	}
	flush()
	return words, nil
}

// banned are testscript's own commands that authors may reach for, and what to write instead.
var banned = map[string]string{
	"exec": "start", "wait": "exits", "kill": "signal", "stop": "nothing: a script runs to its end",
	"stdin": "send", "stdout": "expect", "stderr": "expect -stderr", "skip": "nothing: a check is never skipped",
	"cmp": "file", "cmpenv": "file", "grep": "file", "cd": "start -dir", "ttyin": "send", "ttyout": "expect", "unquote": "a file without quotes",
}

func suggest(name string) string {
	if instead, ok := banned[name]; ok {
		return " (a command of testscript that scripts may not use here: write " + instead + ")"
	}
	if near := nearestVerb(name); near != "" {
		return fmt.Sprintf(" (did you mean %q?)", near)
	}
	return " (ipclab verbs lists them)"
}

// numbered gives the archive that testscript runs: each line is preceded by the hidden verb that
// tells which line comes next. So the place of a failure is known for certain, and never taken from
// a log into which a student's program might have written.
func (s *Script) numbered() []byte {
	var b strings.Builder
	for i, l := range s.lines {
		if l.text == "" || strings.HasPrefix(l.text, "#") {
			continue
		}
		fmt.Fprintf(&b, "%s %d\n%s\n", lineVerb, i+1, l.text)
	}
	return txtar.Format(&txtar.Archive{Comment: []byte(b.String()), Files: s.archive.Files})
}

const lineVerb = "@line"
