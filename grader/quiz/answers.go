package quiz

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"ipclab/grader/spell"
	"ipclab/grader/strictyaml"
)

// Answers holds the options picked, by question. No entry, or an empty one, is no answer.
type Answers map[string][]string

// Limits for what a student hands in.
const (
	maxAnswersSize = 64 << 10 // bytes; a YAML reader's time grows with the square of the entries
	maxStrangers   = 100      // entries beyond one for each question
	maxFaults      = 10       // told at once
	maxQuoted      = 40       // characters of what the student wrote
)

// Parse reads an answers.yaml. An answer is one letter, a list of letters, or nothing; capital
// letters will do. The error joins what is wrong, each with the line in file and the valid choices.
func (q *Quiz) Parse(file string, data []byte) (Answers, error) {
	if err := q.readable(file, data); err != nil {
		return nil, err
	}
	answers := Answers{}
	if onlyComments(data) {
		return answers, nil
	}
	var entries entries
	doc, err := strictyaml.Decode(file, data, &entries)
	if err != nil {
		return nil, inAnswers(err)
	}
	if n := len(entries); n > len(q.Questions)+maxStrangers {
		return nil, &strictyaml.Error{File: file, Err: fmt.Errorf("%d entries are too many: the quiz has %d questions", n, len(q.Questions))}
	}
	var faults []error
	for _, id := range slices.Sorted(maps.Keys(entries)) {
		picked, err := q.pick(id, entries[id])
		if err != nil {
			faults = append(faults, doc.Errorf(path{id}, "%w", err))
		} else if len(picked) > 0 {
			answers[id] = picked
		}
	}
	if len(faults) > 0 {
		return nil, firstFaults(file, faults)
	}
	return answers, nil
}

// entries is an answers.yaml as it is written. It has a name for strictyaml to know it by.
type entries map[string]any

// inAnswers adds to a fault of the YAML what an answers.yaml is made of.
func inAnswers(err error) error {
	var e *strictyaml.Error
	if errors.As(err, &e) {
		return &strictyaml.Error{File: e.File, Line: e.Line, Err: fmt.Errorf("%w; each line is a question, a colon, a space and a letter", e.Err)}
	}
	return err
}

// readable refuses what the YAML reader would refuse too, but without the line or in words that
// help nobody.
func (q *Quiz) readable(file string, data []byte) error {
	if len(data) > maxAnswersSize {
		return &strictyaml.Error{File: file, Err: fmt.Errorf("%d bytes are too many for answers: want %d at most", len(data), maxAnswersSize)}
	}
	for i, line := range bytes.Split(data, []byte("\n")) {
		if err := q.readableLine(strings.TrimSuffix(string(line), "\r")); err != nil {
			return &strictyaml.Error{File: file, Line: i + 1, Err: err}
		}
	}
	return nil
}

// noSpaceRE finds an answer stuck to its colon, which YAML takes for one word.
var noSpaceRE = regexp.MustCompile(`^([a-z][a-z0-9-]*):([^\s].*)$`)

func (q *Quiz) readableLine(line string) error {
	if !utf8.ValidString(line) {
		return errors.New("this line is not UTF-8 text")
	}
	if i := strings.IndexFunc(line, isControl); i >= 0 {
		r, _ := utf8.DecodeRuneInString(line[i:])
		return fmt.Errorf("this line holds the control character %U", r)
	}
	if m := noSpaceRE.FindStringSubmatch(line); m != nil && q.Question(m[1]) != nil {
		return fmt.Errorf("write a space behind the colon: %s", quote(m[1]+": "+m[2]))
	}
	return nil
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r >= 0x7f && r < 0xa0 && r != 0x85 }

// onlyComments tells whether data holds no YAML at all, which the YAML reader takes for a fault. An
// emptied file is merely one without answers.
func onlyComments(data []byte) bool {
	for line := range bytes.Lines(bytes.TrimPrefix(data, bom)) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' && string(line) != "---" {
			return false
		}
	}
	return true
}

// pick reads one entry of an answers.yaml.
func (q *Quiz) pick(id string, value any) ([]string, error) {
	question := q.Question(id)
	if question == nil {
		return nil, q.unknownQuestion(id)
	}
	var picked []string
	switch v := value.(type) {
	case nil:
	case []any:
		for _, item := range v {
			option, err := question.pick(item)
			if err != nil {
				return nil, err
			}
			picked = append(picked, option)
		}
	default:
		option, err := question.pick(v)
		if err != nil {
			return nil, err
		}
		if option != "" {
			picked = []string{option}
		}
	}
	return picked, question.valid(picked)
}

// pick reads one option; "" for an empty text.
func (q *Question) pick(value any) (string, error) {
	switch value.(type) {
	case nil, []any, map[string]any, map[any]any:
		return "", fmt.Errorf("the answer to %s is not a letter: want %s", q.ID, q.choices())
	}
	text := strings.TrimSpace(fmt.Sprint(value))
	option := strings.ToLower(text)
	if option != "" && q.Option(option) == nil {
		return "", fmt.Errorf("unknown option %s for %s: want %s", quote(text), q.ID, q.choices())
	}
	return option, nil
}

// valid tells whether these options can be the answer to the question.
func (q *Question) valid(picked []string) error {
	for _, id := range picked {
		if q.Option(id) == nil {
			return fmt.Errorf("unknown option %s for %s: want %s", quote(id), q.ID, q.choices())
		}
	}
	if len(picked) > 1 {
		return fmt.Errorf("%s takes one answer, and here are %d: want one of %s", q.ID, len(picked), q.choices())
	}
	return nil
}

// choices lists the options: "a, b, c or d".
func (q *Question) choices() string {
	var ids []string
	for _, o := range q.Options {
		ids = append(ids, o.ID)
	}
	return orList(ids)
}

// unknownQuestion names the question that was meant, or else all there are.
func (q *Quiz) unknownQuestion(id string) error {
	var ids []string
	for i := range q.Questions {
		ids = append(ids, q.Questions[i].ID)
	}
	if near := spell.Nearest(id, ids); near != "" {
		return fmt.Errorf("unknown question %s: did you mean %s?", quote(id), near)
	}
	return fmt.Errorf("unknown question %s: want %s", quote(id), orList(ids))
}

// firstFaults joins faults in the order of their lines, and only so many that somebody reads them.
func firstFaults(file string, faults []error) error {
	line := func(err error) int {
		var e *strictyaml.Error
		errors.As(err, &e)
		return e.Line
	}
	slices.SortStableFunc(faults, func(a, b error) int { return line(a) - line(b) })
	if more := len(faults) - maxFaults; more > 0 {
		faults = append(faults[:maxFaults:maxFaults], &strictyaml.Error{File: file, Err: fmt.Errorf("and %d more", more)})
	}
	return errors.Join(faults...)
}

// quote shows what somebody wrote, cut to a length and without anything that a terminal would obey.
func quote(s string) string {
	if r := []rune(s); len(r) > maxQuoted {
		s = string(r[:maxQuoted]) + "..."
	}
	return strconv.Quote(s)
}

func orList(items []string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	last := len(items) - 1
	return strings.Join(items[:last], ", ") + " or " + items[last]
}
