package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"unicode/utf16"

	"ipclab/grader"
)

// JSON writes the whole report in the form ipclab.report/v1. Bytes that are not UTF-8 become U+FFFD.
func JSON(w io.Writer, rep *grader.Report) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(withLists(*rep)); err != nil {
		return err
	}
	_, err := w.Write(asciiControls(b.Bytes()))
	return err
}

// withLists gives a report in which no list is null: an empty list reads the same in any language.
func withLists(rep grader.Report) grader.Report {
	rep.Exercises = append([]grader.ExerciseReport{}, rep.Exercises...)
	for i := range rep.Exercises {
		e := &rep.Exercises[i]
		e.Checks = append([]grader.CheckReport{}, e.Checks...)
		if e.Build != nil {
			e.Build = &grader.BuildReport{Errors: append([]grader.BuildError{}, e.Build.Errors...)}
		}
	}
	if rep.Quiz != nil {
		q := *rep.Quiz
		q.Answers = append([]grader.AnswerReport{}, q.Answers...)
		rep.Quiz = &q
	}
	return rep
}

// asciiControls spells the characters that act on a terminal, and one of what acts on a runner of
// continuous integration, as \uXXXX. They stand in strings only, so the document means the same, and may
// be shown raw.
func asciiControls(doc []byte) []byte {
	doc = marks.ReplaceAll(doc, []byte(`\u0023$1`))
	special := func(r rune) bool { return r >= 0x7F && hidden(r) }
	if !bytes.ContainsFunc(doc, special) {
		return doc
	}
	out := slices.Grow([]byte(nil), len(doc))
	for _, r := range string(doc) {
		if !special(r) {
			out = append(out, string(r)...)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			out = fmt.Appendf(out, `\u%04x`, unit)
		}
	}
	return out
}
