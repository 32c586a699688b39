// Package quiz reads the course's quiz, marks answers to it and asks it at a terminal.
//
// A quiz is three files. What a student must not see stands in the last one, which is not handed out.
//
// exercises/quiz/questions.yaml:
//
//	schema: ipclab.quiz/v1
//	id: ipc
//	version: 1               # goes up when a key or the meaning of an option changes
//	title: "Check your knowledge"
//	questions:
//	- id: pipe-eof           # letters, digits and hyphens, a letter first
//	  topic: pipe            # the chapter that teaches it, or a topic of its own
//	  type: trace            # "what does this program do?"; left out: an ordinary choice
//	  original: 4            # its number in the lesson's own quiz; left out for most
//	  stem: "..."            # Markdown: `code`, **bold**, paragraphs and fenced code
//	  options:               # exactly a, b, c and d, each with a text of its own
//	    a: "..."
//	    b: "..."
//	    c: "..."
//	    d: "..."
//
// testscripts/quiz/key.yaml, with one entry a question:
//
//	schema: ipclab.quiz-key/v1
//	id: ipc                  # the same id and version as in questions.yaml
//	version: 1
//	questions:
//	- id: pipe-eof
//	  key: b                 # the right option
//	  program: own-write-end # of a trace question only: the program that finds the key
//	  why: "..."             # why the right option is right; shown with every answer
//	  wrong:                 # each of the other three
//	    a:
//	      mis: epipe-on-read # the misconception that leads there
//	      why: "..."         # why it is wrong
//
// exercises/quiz/answers.yaml, which the student fills in; see [Quiz.Parse]:
//
//	pipe-eof: b              # one letter,
//	pipe-what: [b]           # a list of them,
//	sig-kill:                # or nothing yet
//
// Unknown fields, doubled keys and everything that breaks a rule above are errors with file and line.
package quiz

import (
	"ipclab/grader/strictyaml"
)

// The names of the files from the root of a course, as errors give them.
const (
	questionsName = "exercises/quiz/questions.yaml"
	answersName   = "exercises/quiz/answers.yaml"
	keyName       = "testscripts/quiz/key.yaml"
)

// The schemas of the files.
const (
	QuestionsSchema = "ipclab.quiz/v1"
	KeySchema       = "ipclab.quiz-key/v1"
)

// Quiz is a quiz with its key.
type Quiz struct {
	ID        string
	Version   int
	Title     string
	Questions []Question // in the order of questions.yaml

	questions, key *strictyaml.Document
	stub           []byte // answers.yaml as the course hands it out; nil if it does not
}

// Question is one question with its key.
type Question struct {
	ID       string
	Topic    string
	Type     Type
	Original int    // its number in the lesson's own quiz; 0 for most
	Stem     string // Markdown
	Options  []Option
	Why      string // why the right option is right
	Program  string // finds the key of a trace question

	keyAt int // its index in key.yaml
}

// Option is one of the four choices of a question.
type Option struct {
	ID            string // a to d
	Text          string // Markdown, one line
	Correct       bool
	Misconception string // of a wrong option
	Why           string // why a wrong option is wrong
}

// Type is the kind of a question.
type Type string

// The types of questions.
const (
	Choice Type = "choice"
	Trace  Type = "trace" // asks what a program does; the key is found by running it
)

var optionIDs = []string{"a", "b", "c", "d"}

// Question gives the question with an id, nil if there is none.
func (q *Quiz) Question(id string) *Question {
	for i := range q.Questions {
		if q.Questions[i].ID == id {
			return &q.Questions[i]
		}
	}
	return nil
}

// Option gives the option with an id, nil if there is none.
func (q *Question) Option(id string) *Option {
	for i := range q.Options {
		if q.Options[i].ID == id {
			return &q.Options[i]
		}
	}
	return nil
}

// Key gives the right option.
func (q *Question) Key() *Option {
	for i := range q.Options {
		if q.Options[i].Correct {
			return &q.Options[i]
		}
	}
	return nil
}
