package quiz

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"

	"ipclab/grader/strictyaml"
)

// The files as they are written.
type (
	questionsFile struct {
		Schema    string
		ID        string
		Version   int
		Title     string
		Questions []questionEntry
	}
	questionEntry struct {
		ID       string
		Topic    string
		Type     string
		Original int
		Stem     string
		Options  map[string]string
	}
	keyFile struct {
		Schema    string
		ID        string
		Version   int
		Questions []keyEntry
	}
	keyEntry struct {
		ID      string
		Key     string
		Program string
		Why     string
		Wrong   map[string]wrongEntry
	}
	wrongEntry struct {
		Mis string
		Why string
	}
)

// Load reads the quiz of a course: quiz/questions.yaml and quiz/answers.yaml of exercises,
// quiz/key.yaml of testscripts. The error joins all faults of the files, each with file and line.
//
// What stands in answers.yaml is left to [Quiz.Lint], and even its absence: in a clone of the course
// a student fills in that very file, and what a student writes does not break the course.
func Load(exercises, testscripts fs.FS) (*Quiz, error) {
	var l loader
	l.questionsDoc = l.read(exercises, "quiz/questions.yaml", questionsName, &l.questions)
	l.keyDoc = l.read(testscripts, "quiz/key.yaml", keyName, &l.key)
	if l.questionsDoc != nil {
		l.checkQuestions()
	}
	if l.keyDoc != nil {
		l.checkKey()
	}
	if l.questionsDoc != nil && l.keyDoc != nil {
		l.match()
	}
	if len(l.faults) > 0 {
		return nil, errors.Join(l.faults...)
	}
	q := l.quiz()
	stub, err := fs.ReadFile(exercises, "quiz/answers.yaml")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, &strictyaml.Error{File: answersName, Err: err}
	}
	q.stub = stub
	return q, nil
}

// loader gathers the two files and what is wrong with them.
type loader struct {
	questions            questionsFile
	key                  keyFile
	questionsDoc, keyDoc *strictyaml.Document
	faults               []error
}

// path leads to a value in a file (see strictyaml.Document.Errorf).
type path = []any

func (l *loader) read(fsys fs.FS, name, shown string, out any) *strictyaml.Document {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		var pe *fs.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		l.faults = append(l.faults, &strictyaml.Error{File: shown, Err: err})
		return nil
	}
	doc, err := strictyaml.Decode(shown, data, out)
	if err != nil {
		l.faults = append(l.faults, err)
		return nil
	}
	return doc
}

func (l *loader) questionFault(p path, format string, args ...any) {
	l.faults = append(l.faults, l.questionsDoc.Errorf(p, format, args...))
}

func (l *loader) keyFault(p path, format string, args ...any) {
	l.faults = append(l.faults, l.keyDoc.Errorf(p, format, args...))
}

// slugRE holds ids to what can stand as a plain key in answers.yaml.
var slugRE = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

func (l *loader) checkQuestions() {
	f := &l.questions
	if f.Schema != QuestionsSchema {
		l.questionFault(path{"schema"}, "unknown schema %q: want %s", f.Schema, QuestionsSchema)
	}
	if !slugRE.MatchString(f.ID) {
		l.questionFault(path{"id"}, "the quiz has no valid id (got %q): %s", f.ID, slugWanted)
	}
	if f.Version < 1 {
		l.questionFault(path{"version"}, "version %d: want 1 or more", f.Version)
	}
	if blank(f.Title) {
		l.questionFault(path{"title"}, "the quiz has no title")
	}
	if len(f.Questions) == 0 {
		l.questionFault(path{"questions"}, "the quiz has no questions")
	}
	seen, originals := map[string]int{}, map[int]string{}
	for i := range f.Questions {
		l.checkQuestion(i, seen, originals)
	}
}

func (l *loader) checkQuestion(i int, seen map[string]int, originals map[int]string) {
	e, at := &l.questions.Questions[i], path{"questions", i}
	if !slugRE.MatchString(e.ID) {
		l.questionFault(append(at, "id"), "question %d has no valid id (got %q): %s", i+1, e.ID, slugWanted)
		return
	}
	if line := seen[e.ID]; line > 0 {
		l.questionFault(append(at, "id"), "question id %q twice: the first is on line %d", e.ID, line)
	} else {
		seen[e.ID] = l.questionsDoc.Line("questions", i, "id")
	}
	if !slugRE.MatchString(e.Topic) {
		l.questionFault(append(at, "topic"), "%s has no valid topic (got %q): %s", e.ID, e.Topic, slugWanted)
	}
	if t := Type(e.Type); t != "" && t != Choice && t != Trace {
		l.questionFault(append(at, "type"), "%s has the unknown type %q: want choice or trace", e.ID, e.Type)
	}
	if blank(e.Stem) {
		l.questionFault(append(at, "stem"), "%s has no stem", e.ID)
	}
	switch other := originals[e.Original]; {
	case e.Original < 0:
		l.questionFault(append(at, "original"), "%s: original is a number of the lesson's own quiz, from 1", e.ID)
	case e.Original > 0 && other != "":
		l.questionFault(append(at, "original"), "%s and %s are both original %d", other, e.ID, e.Original)
	case e.Original > 0:
		originals[e.Original] = e.ID
	}
	l.checkOptions(e, append(at, "options"))
}

func (l *loader) checkOptions(e *questionEntry, at path) {
	if len(e.Options) != len(optionIDs) {
		l.questionFault(at, "%s has %d options: want four, a, b, c and d", e.ID, len(e.Options))
	}
	same := map[string]string{}
	for _, id := range slices.Sorted(maps.Keys(e.Options)) {
		p, text := append(slices.Clone(at), id), strings.TrimSpace(e.Options[id])
		switch {
		case !slices.Contains(optionIDs, id):
			l.questionFault(p, "%s has an option %q: want a, b, c and d", e.ID, id)
		case text == "":
			l.questionFault(p, "option %s of %s has no text", id, e.ID)
		case same[text] != "":
			l.questionFault(p, "options %s and %s of %s say the same", same[text], id, e.ID)
		}
		same[text] = id
	}
}

func (l *loader) checkKey() {
	f := &l.key
	if f.Schema != KeySchema {
		l.keyFault(path{"schema"}, "unknown schema %q: want %s", f.Schema, KeySchema)
	}
	seen := map[string]int{}
	for i := range f.Questions {
		e, at := &f.Questions[i], path{"questions", i}
		if line := seen[e.ID]; line > 0 {
			l.keyFault(append(at, "id"), "a second key for %q: the first is on line %d", e.ID, line)
		}
		seen[e.ID] = l.keyDoc.Line("questions", i, "id")
		l.checkKeyEntry(e, at)
	}
}

func (l *loader) checkKeyEntry(e *keyEntry, at path) {
	if !slices.Contains(optionIDs, e.Key) {
		l.keyFault(append(at, "key"), "unknown key %q for %s: want a, b, c or d", e.Key, e.ID)
	}
	if blank(e.Why) {
		l.keyFault(append(at, "why"), "%s has no why", e.ID)
	}
	for _, id := range slices.Sorted(maps.Keys(e.Wrong)) {
		p := append(slices.Clone(at), "wrong", id)
		w := e.Wrong[id]
		switch {
		case !slices.Contains(optionIDs, id):
			l.keyFault(p, "%s has a wrong option %q: want three of a, b, c and d", e.ID, id)
			continue
		case id == e.Key:
			l.keyFault(p, "option %s of %s is the key and cannot be wrong", id, e.ID)
			continue
		}
		if !slugRE.MatchString(w.Mis) {
			l.keyFault(append(p, "mis"), "wrong option %s of %s has no valid misconception (got %q): %s", id, e.ID, w.Mis, slugWanted)
		}
		if blank(w.Why) {
			l.keyFault(append(p, "why"), "wrong option %s of %s has no why", id, e.ID)
		}
	}
	for _, id := range optionIDs {
		if _, ok := e.Wrong[id]; !ok && id != e.Key {
			l.keyFault(append(at, "wrong"), "%s does not say why option %s is wrong", e.ID, id)
		}
	}
}

// match holds the two files against each other.
func (l *loader) match() {
	if l.key.ID != l.questions.ID {
		l.keyFault(path{"id"}, "this is the key of quiz %q, and the questions are of quiz %q", l.key.ID, l.questions.ID)
	}
	if l.key.Version != l.questions.Version {
		l.keyFault(path{"version"}, "the key has version %d and the questions have %d", l.key.Version, l.questions.Version)
	}
	for i, e := range l.questions.Questions {
		if l.keyOf(e.ID) < 0 {
			l.questionFault(path{"questions", i, "id"}, "question %q has no key in %s", e.ID, keyName)
		}
	}
	for i, k := range l.key.Questions {
		n := slices.IndexFunc(l.questions.Questions, func(e questionEntry) bool { return e.ID == k.ID })
		if n < 0 {
			l.keyFault(path{"questions", i, "id"}, "a key for %q, which is no question of %s", k.ID, questionsName)
			continue
		}
		l.matchProgram(i, Type(l.questions.Questions[n].Type))
	}
}

func (l *loader) matchProgram(i int, t Type) {
	k, p := l.key.Questions[i], path{"questions", i, "program"}
	switch {
	case t == Trace && !slugRE.MatchString(k.Program):
		l.keyFault(p, "%s is a trace question and names no valid program (got %q): %s", k.ID, k.Program, slugWanted)
	case t != Trace && k.Program != "":
		l.keyFault(p, "%s names a program and is not a trace question", k.ID)
	}
}

// keyOf gives the index of a question's key, -1 if it has none.
func (l *loader) keyOf(id string) int {
	return slices.IndexFunc(l.key.Questions, func(k keyEntry) bool { return k.ID == id })
}

// quiz puts together what has been found sound.
func (l *loader) quiz() *Quiz {
	q := &Quiz{
		ID: l.questions.ID, Version: l.questions.Version, Title: l.questions.Title,
		questions: l.questionsDoc, key: l.keyDoc,
	}
	for _, e := range l.questions.Questions {
		at := l.keyOf(e.ID)
		q.Questions = append(q.Questions, join(e, l.key.Questions[at], at))
	}
	return q
}

func join(e questionEntry, k keyEntry, at int) Question {
	q := Question{
		ID: e.ID, Topic: e.Topic, Type: Type(e.Type), Original: e.Original, Stem: e.Stem,
		Why: k.Why, Program: k.Program, keyAt: at,
	}
	if q.Type == "" {
		q.Type = Choice
	}
	for _, id := range optionIDs {
		w := k.Wrong[id]
		q.Options = append(q.Options, Option{
			ID: id, Text: strings.TrimSpace(e.Options[id]), Correct: id == k.Key, Misconception: w.Mis, Why: w.Why,
		})
	}
	return q
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

var slugWanted = fmt.Sprintf("want small letters, digits and single hyphens, as in %q", "pipe-eof")
