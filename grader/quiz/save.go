package quiz

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var bom = []byte("\ufeff")

// Read reads the answers in the file at path. No file is no answers. What the file must not be is
// said at [Quiz.Save].
func (q *Quiz) Read(path string) (Answers, error) {
	data, _, err := readAnswers(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Answers{}, nil
	}
	if err != nil {
		return nil, err
	}
	return q.Parse(path, data)
}

// Save writes answers into the file at path. It changes the lines of these questions only: the other
// answers, the comments, the order and the mode stay. If there is no file, it makes one from [Quiz.Stub].
//
// The file is replaced in one step by a temporary one beside it, so that on every error, and at every
// moment, either the old file or the new one is there whole. A link or anything else that is not a
// regular file is refused, since the answers would go elsewhere.
func (q *Quiz) Save(path string, answers Answers) error {
	for id, picked := range answers {
		question := q.Question(id)
		if question == nil {
			return q.unknownQuestion(id)
		}
		if err := question.valid(picked); err != nil {
			return err
		}
	}
	old, mode, err := readAnswers(path)
	missing := errors.Is(err, fs.ErrNotExist)
	if missing {
		old = q.Stub()
	} else if err != nil {
		return err
	}
	text, err := q.fillIn(path, old, answers)
	if err != nil || !missing && bytes.Equal(text, old) {
		return err
	}
	if missing {
		return replace(path, text, 0o666, false)
	}
	return replace(path, text, mode, true)
}

// Stub is an answers.yaml without answers. It comes from the questions and not from the file that the
// course hands out, which a student may have filled in.
func (q *Quiz) Stub() []byte {
	var b bytes.Buffer
	b.WriteString(stubHeader)
	topic := ""
	for i := range q.Questions {
		if t := q.Questions[i].Topic; t != topic {
			fmt.Fprintf(&b, "\n# %s\n", t)
			topic = t
		}
		fmt.Fprintf(&b, "%s: \n", q.Questions[i].ID)
	}
	return b.Bytes()
}

func readAnswers(path string) (data []byte, mode fs.FileMode, err error) {
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return nil, 0, err
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, 0, fmt.Errorf("%s is a symbolic link: put the file itself there, so that the answers stay in this folder", path)
	case !info.Mode().IsRegular():
		return nil, 0, fmt.Errorf("%s is not a regular file: move it away, and the quiz makes a new one", path)
	case info.Size() > maxAnswersSize:
		return nil, 0, fmt.Errorf("%s: %d bytes are too many for answers: want %d at most", path, info.Size(), maxAnswersSize)
	}
	data, err = os.ReadFile(path)
	return data, info.Mode().Perm(), err
}

// fillIn edits the text of an answers.yaml. The edit is one of lines, because a YAML writer would
// lose blank lines and the student's own layout. What the lines then mean is read back and compared:
// an entry that is laid out in a way not foreseen here becomes an error, not a lost answer.
func (q *Quiz) fillIn(path string, text []byte, answers Answers) ([]byte, error) {
	want, err := q.Parse(path, text)
	if err != nil {
		return nil, err
	}
	lines := splitLines(text)
	for _, id := range q.inOrder(answers) {
		if !slices.Equal(want[id], answers[id]) {
			lines = setAnswer(lines, id, answers[id])
		}
		delete(want, id)
		if len(answers[id]) > 0 {
			want[id] = answers[id]
		}
	}
	edited := []byte(strings.Join(lines, ""))
	got, err := q.Parse(path, edited)
	if err != nil || !maps.EqualFunc(got, want, slices.Equal[[]string]) {
		return nil, fmt.Errorf("%s: cannot fill in an answer here: write each question on a line of its own, like %q", path, q.Questions[0].ID+": ")
	}
	return edited, nil
}

// inOrder gives the questions of answers in the order of the quiz.
func (q *Quiz) inOrder(answers Answers) []string {
	var ids []string
	for i := range q.Questions {
		if _, ok := answers[q.Questions[i].ID]; ok {
			ids = append(ids, q.Questions[i].ID)
		}
	}
	return ids
}

// entryRE takes the line of an entry apart: the key with its colon, the value, a comment, the end.
var entryRE = regexp.MustCompile(`^(\x{FEFF}?["']?([a-z][a-z0-9-]*)["']?[ \t]*:)(?:[ \t].*?)??([ \t]+#.*?)?(\r?\n?)$`)

// setAnswer puts an answer on the line of its question, or at the end if there is none.
func setAnswer(lines []string, id string, picked []string) []string {
	value := strings.Join(picked, ", ")
	if len(picked) > 1 {
		value = "[" + value + "]"
	}
	for i, line := range lines {
		m := entryRE.FindStringSubmatch(line)
		if m == nil || m[2] != id {
			continue
		}
		comment := m[3]
		if comment != "" {
			comment = " " + strings.TrimLeft(comment, " \t")
		}
		lines[i] = m[1] + " " + value + comment + m[4]
		return slices.Delete(lines, i+1, i+1+continued(lines[i+1:]))
	}
	end := "\n"
	if n := len(lines); n > 0 {
		if strings.HasSuffix(lines[0], "\r\n") {
			end = "\r\n"
		}
		if !strings.HasSuffix(lines[n-1], "\n") {
			lines[n-1] += end
		}
	}
	return append(lines, id+": "+value+end)
}

// continued counts the lines that go on with the entry before them, as those of a list do.
func continued(lines []string) int {
	for i, line := range lines {
		if !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "\t") && !strings.HasPrefix(line, "- ") || blank(line) {
			return i
		}
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			return i
		}
	}
	return len(lines)
}

func splitLines(text []byte) []string { return slices.Collect(strings.Lines(string(text))) }

// replace puts a new file in the place of the one at path in one step. With keep, the new file has
// exactly this mode; else the mode is what the user's umask leaves of it.
func replace(path string, text []byte, mode fs.FileMode, keep bool) (err error) {
	temp := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"."+strconv.FormatUint(rand.Uint64(), 36)+".tmp")
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fmt.Errorf("saving the answers: %w", err)
	}
	defer func() {
		if err != nil {
			os.Remove(temp)
			err = fmt.Errorf("saving the answers, which stand as they were: %w", err)
		}
	}()
	if _, err = f.Write(text); err == nil && keep {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return os.Rename(temp, path)
}

const stubHeader = `# Your answers to the quiz.
#
# The easy way: run ` + "`ipclab quiz`" + `. It asks, explains, and fills in this file.
# By hand: read questions.yaml and write the letter of your answer behind the colon, like this:
#
#     some-question: a
#
# Leave a question open by leaving its line as it is. ` + "`ipclab grade quiz`" + ` marks this file.
`
