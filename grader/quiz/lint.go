package quiz

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"strings"
	"unicode/utf8"

	"ipclab/grader/strictyaml"
)

// Lint finds faults of content that [Load] lets pass: what lets a student guess without knowing, what
// explains nothing, and a handed-out answers.yaml that is not the stub. The errors name file and line
// where there is one.
func (q *Quiz) Lint() []error {
	var faults []error
	stems := map[string]string{}
	for i := range q.Questions {
		faults = append(faults, q.lintStem(i, stems)...)
		faults = append(faults, q.lintOptions(i)...)
		faults = append(faults, q.lintMisconceptions(i)...)
		faults = append(faults, q.lintWhys(i)...)
	}
	faults = append(faults, q.lintLengths()...)
	faults = append(faults, q.lintLetters()...)
	if err := q.lintStub(); err != nil {
		faults = append(faults, err)
	}
	return faults
}

// aboveRE finds options that speak of other options. They test how one takes tests, and make no sense
// in a shuffled order.
var aboveRE = regexp.MustCompile(`(?i)\b(all|none|both|neither|any|each) of (the )?(above|below|these|others?|answers|options)\b|\b(the|all) above\b|\b(options?|answers?) [a-d]\b`)

// codeRE matches code in Markdown, in which a question mark asks nothing.
var codeRE = regexp.MustCompile("(?s)```.*?```|`[^`]*`")

// lintStem holds a question to one idea: it asks one thing, and nothing that another one asks. The stems
// seen so far are kept in seen.
func (q *Quiz) lintStem(i int, seen map[string]string) []error {
	var faults []error
	question, at := &q.Questions[i], path{"questions", i, "stem"}
	if n := strings.Count(codeRE.ReplaceAllString(question.Stem, ""), "?"); n != 1 {
		faults = append(faults, q.questions.Errorf(at, "%s asks %d questions: want one, on one idea", question.ID, n))
	}
	stem := normal(question.Stem)
	if other := seen[stem]; other != "" {
		faults = append(faults, q.questions.Errorf(at, "%s asks what %s asks", question.ID, other))
	}
	seen[stem] = question.ID
	return faults
}

// lintMisconceptions wants each wrong option to stand for a misconception of its own: two options that one
// idea rules out are one option.
func (q *Quiz) lintMisconceptions(i int) []error {
	var faults []error
	question := &q.Questions[i]
	seen := map[string]string{}
	for _, o := range question.Options {
		if o.Correct {
			continue
		}
		if other := seen[o.Misconception]; other != "" {
			at := path{"questions", question.keyAt, "wrong", o.ID, "mis"}
			faults = append(faults, q.key.Errorf(at, "wrong options %s and %s of %s have the same misconception %s: want one each", other, o.ID, question.ID, o.Misconception))
		}
		seen[o.Misconception] = o.ID
	}
	return faults
}

func (q *Quiz) lintOptions(i int) []error {
	var faults []error
	for _, o := range q.Questions[i].Options {
		at := path{"questions", i, "options", o.ID}
		if m := aboveRE.FindString(o.Text); m != "" {
			faults = append(faults, q.questions.Errorf(at, "option %s of %s says %q: options are shuffled and stand each for itself", o.ID, q.Questions[i].ID, m))
		}
		if strings.Contains(o.Text, "\n") {
			faults = append(faults, q.questions.Errorf(at, "option %s of %s has more than one line", o.ID, q.Questions[i].ID))
		}
	}
	return faults
}

func (q *Quiz) lintWhys(i int) []error {
	var faults []error
	question := &q.Questions[i]
	seen := map[string]string{normal(question.Why): "the question itself"}
	for _, o := range question.Options {
		if o.Correct {
			continue
		}
		at := path{"questions", question.keyAt, "wrong", o.ID, "why"}
		if other := seen[normal(o.Why)]; other != "" {
			faults = append(faults, q.key.Errorf(at, "wrong option %s of %s has the why of %s: say what is wrong with this one", o.ID, question.ID, other))
		}
		seen[normal(o.Why)] = "option " + o.ID
	}
	return faults
}

// normal makes texts comparable that differ only in capitals and white space.
func normal(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// lintLengths holds the key to chance: who picks the longest option of every question, or the
// shortest, must not get more right than who picks blindly, which is one in four.
func (q *Quiz) lintLengths() []error {
	var faults []error
	limit := math.Ceil(float64(len(q.Questions)) / float64(len(optionIDs)))
	if n := q.keysAt(func(a, b int) bool { return a > b }); n > limit {
		faults = append(faults, q.bankFault("the key is the longest option in %g of %d questions: want %g at most, as by chance", n, len(q.Questions), limit))
	}
	if n := q.keysAt(func(a, b int) bool { return a < b }); n > limit {
		faults = append(faults, q.bankFault("the key is the shortest option in %g of %d questions: want %g at most, as by chance", n, len(q.Questions), limit))
	}
	return faults
}

// keysAt counts the questions whose key's length no other option beats. A key that shares the place
// with others counts for its share, which is the chance of hitting it.
func (q *Quiz) keysAt(beats func(a, b int) bool) float64 {
	total := 0.0
	for i := range q.Questions {
		key, same, beaten := utf8.RuneCountInString(q.Questions[i].Key().Text), 0, false
		for _, o := range q.Questions[i].Options {
			n := utf8.RuneCountInString(o.Text)
			beaten = beaten || beats(n, key)
			if n == key {
				same++
			}
		}
		if !beaten {
			total += 1 / float64(same)
		}
	}
	return total
}

// lintLetters wants each letter to be the key about equally often.
func (q *Quiz) lintLetters() []error {
	keys := map[string]int{}
	for i := range q.Questions {
		keys[q.Questions[i].Key().ID]++
	}
	var faults []error
	even := float64(len(q.Questions)) / float64(len(optionIDs))
	for _, id := range optionIDs {
		if math.Abs(float64(keys[id])-even) >= 2 {
			faults = append(faults, q.bankFault("%s is the key of %d of %d questions: want about %.0f", id, keys[id], len(q.Questions), even))
		}
	}
	return faults
}

// lintStub wants answers.yaml to be handed out as it is made from the questions, without answers.
func (q *Quiz) lintStub() error {
	fault := func(line int, format string, args ...any) error {
		return &strictyaml.Error{File: answersName, Line: line, Err: fmt.Errorf(format, args...)}
	}
	if q.stub == nil {
		return fault(0, "the file is missing")
	}
	want, got := bytes.Split(q.Stub(), []byte("\n")), bytes.Split(q.stub, []byte("\n"))
	for i := range max(len(want), len(got)) {
		switch {
		case i >= len(got):
			return fault(len(got), "the file ends too early: want %q next", want[i])
		case i >= len(want):
			return fault(i+1, "nothing is to follow here: got %q", got[i])
		case !bytes.Equal(want[i], got[i]):
			return fault(i+1, "this is not the stub: want %q, got %q", want[i], got[i])
		}
	}
	return nil
}

func (q *Quiz) bankFault(format string, args ...any) error {
	return &strictyaml.Error{File: keyName, Err: fmt.Errorf(format, args...)}
}
