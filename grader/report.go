package grader

import (
	"fmt"
	"time"

	"ipclab/grader/build"
)

// Schema names the form of a report in JSON. New fields may come; none changes its meaning.
const Schema = "ipclab.report/v1"

// Outcome is what a verdict says.
type Outcome string

// The outcomes of exercises and checks.
const (
	Pass       Outcome = "pass"
	Fail       Outcome = "fail"
	NotStarted Outcome = "not-started" // of an exercise: every file still equals the stub
	NotRun     Outcome = "not-run"     // of a check: a program that it needs did not compile
	Broken     Outcome = "broken"      // the grader's own fault: never scored, exit status 3
)

// Report is the result of grading one submission. All writers render this and judge nothing. Its
// JSON form is the public one.
type Report struct {
	Schema     string           `json:"schema"`
	Grader     string           `json:"grader"` // version
	Course     CourseRef        `json:"course"`
	Submission SubmissionRef    `json:"submission"`
	Isolation  string           `json:"isolation"`
	Seed       string           `json:"seed"`
	Score      float64          `json:"score"`
	MaxScore   float64          `json:"max_score"`
	ElapsedMS  int64            `json:"elapsed_ms"`
	Exercises  []ExerciseReport `json:"exercises"`
	Quiz       *QuizReport      `json:"quiz,omitempty"` // nil if the quiz was not asked for

	Given Given  `json:"-"`
	Lets  string `json:"-"` // what the isolation does not stop, in half a line
	Runs  *Runs  `json:"-"` // set if each check was run several times
}

// Runs counts the runs of all checks with all casts.
type Runs struct{ All, Passed int }

// Given is what the command that graded was told beside the names of exercises. Who repeats it, or goes
// on from it, has to tell that again.
type Given struct {
	Course     string // --course
	Submission string // -C
	Seed       string // --seed
}

// CourseRef says which course was graded.
type CourseRef struct {
	ID      string `json:"id"`
	Version int    `json:"version"`
	Digest  string `json:"digest"` // "sha256:..." over all that decides verdicts
}

// SubmissionRef says what was graded.
type SubmissionRef struct {
	Name   string `json:"name"` // the base name of its folder
	Digest string `json:"digest"`
}

// ExerciseReport is the verdict on one exercise.
type ExerciseReport struct {
	ID        string        `json:"id"` // chapter/exercise
	Title     string        `json:"title"`
	Channel   string        `json:"channel"`
	Outcome   Outcome       `json:"outcome"`
	Score     float64       `json:"score"`
	MaxScore  float64       `json:"max_score"`
	ElapsedMS int64         `json:"elapsed_ms"`
	Cached    bool          `json:"cached"`
	Build     *BuildReport  `json:"build,omitempty"`   // set if something could not be built
	Problem   string        `json:"problem,omitempty"` // why there is no verdict, where that is not a check's
	Checks    []CheckReport `json:"checks"`

	Hinted bool   `json:"-"` // there are hints to it
	Shown  string `json:"-"` // of what passes: the page that is shown then, in Markdown; empty if there is none
}

// BuildReport holds what keeps programs from being run.
type BuildReport struct {
	Errors []BuildError `json:"errors"`
}

// BuildError is one message of the compiler, or a reason why a program was refused. File is relative
// to the exercise's folder, with slashes; Line and Col count from 1, 0 if there is no place.
type BuildError struct {
	Program string `json:"program"`
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Col     int    `json:"col,omitempty"`
	Message string `json:"message"`
}

// String gives the place, if there is one, and the message.
func (e BuildError) String() string {
	return build.Error{File: e.File, Line: e.Line, Col: e.Col, Message: e.Message}.Error()
}

// CheckReport is the verdict on one check.
type CheckReport struct {
	ID        string       `json:"id"`
	Title     string       `json:"title"`
	Outcome   Outcome      `json:"outcome"`
	Score     float64      `json:"score"`
	MaxScore  float64      `json:"max_score"`
	ElapsedMS int64        `json:"elapsed_ms"`
	Casts     []CastReport `json:"casts,omitempty"`
	Failure   *Failure     `json:"failure,omitempty"` // set if and only if Outcome is fail or broken

	runs, passed int  // of all casts together
	patience     bool // a run ended because patience did
}

// CastReport is the outcome of a check with one cast.
type CastReport struct {
	Roles   map[string]string `json:"roles"` // program -> "student" or "reference"
	Outcome Outcome           `json:"outcome"`
}

// Failure says what went wrong in a check. Everything in it may come from a student's program and is
// to be escaped by who shows it; the texts are valid UTF-8.
type Failure struct {
	Script     string            `json:"script"` // testscripts/chapter/exercise/check.txtar
	Line       int               `json:"line"`
	Command    string            `json:"command"`
	Phase      string            `json:"phase,omitempty"`
	Message    string            `json:"message"`         // several lines
	Side       string            `json:"side,omitempty"`  // which program is at fault, where casts can tell
	Hint       string            `json:"hint,omitempty"`  // what to try or read
	Wrong      string            `json:"wrong,omitempty"` // the misconception that it points to, on which a lesson has a paragraph
	End        string            `json:"end,omitempty"`   // how a program had ended that was to go on: status, comma, its stderr
	Where      []Place           `json:"where,omitempty"`
	Transcript []TranscriptEvent `json:"transcript,omitempty"`
	Seed       string            `json:"-"` // of the run that is shown, if there were several
}

// place is where in the script it is; a fault of the grader may have no line.
func (f *Failure) place() string {
	if f.Line == 0 {
		return f.Script
	}
	return fmt.Sprintf("%s:%d", f.Script, f.Line)
}

// Place is where a process stands.
type Place struct {
	Process  string `json:"process"`
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Function string `json:"function,omitempty"`
	State    string `json:"state,omitempty"`
}

// TranscriptEvent is one event of a check's timeline.
type TranscriptEvent struct {
	AtMS    int64  `json:"at_ms"`
	Process string `json:"process"`
	Event   string `json:"event"`
	Text    string `json:"text"`
}

// QuizReport is the verdict on the quiz.
type QuizReport struct {
	Outcome  Outcome        `json:"outcome"`
	Score    float64        `json:"score"`
	MaxScore float64        `json:"max_score"`
	Problem  string         `json:"problem,omitempty"` // why answers.yaml could not be marked
	Answers  []AnswerReport `json:"answers"`
}

// AnswerReport is the mark of one answer: right, wrong or unanswered.
type AnswerReport struct {
	Question string   `json:"question"`
	Outcome  string   `json:"outcome"`
	Picked   []string `json:"picked,omitempty"`
	Why      string   `json:"why,omitempty"`   // never gives the key away to who has not answered
	Wrong    string   `json:"wrong,omitempty"` // the misconception behind a wrong answer, on which a lesson has a paragraph
}

func milliseconds(d time.Duration) int64 { return d.Milliseconds() }
