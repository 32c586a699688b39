package report

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"ipclab/grader"
)

// JUnit writes the report as JUnit XML: a suite an exercise and one for the quiz, a case a check or
// an answer. What failed is <failure>, what the grader broke on <error>, what did not run <skipped>.
// The text stands both in the content of these elements and in their attribute, since readers differ.
func JUnit(w io.Writer, rep *grader.Report) error {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	enc := xml.NewEncoder(&b)
	enc.Indent("", "  ")
	if err := enc.Encode(newSuites(rep)); err != nil {
		return err
	}
	b.WriteByte('\n')
	_, err := w.Write(b.Bytes())
	return err
}

func newSuites(rep *grader.Report) suites {
	all, named := suites{Name: "ipclab", Time: seconds(rep.ElapsedMS)}, unique{}
	for _, e := range rep.Exercises {
		all.add(named.suite(exerciseSuite(e)))
	}
	if rep.Quiz != nil {
		all.add(named.suite(quizSuite(rep.Quiz)))
	}
	return all
}

// The types of go-junit-report have no place for the file of a case, and leave its text to the
// caller's care; hence these.

type suites struct {
	XMLName xml.Name `xml:"testsuites"`
	Name    string   `xml:"name,attr"`
	counts
	Time   string  `xml:"time,attr"`
	Suites []suite `xml:"testsuite"`
}

type suite struct {
	Name string `xml:"name,attr"`
	counts
	Time  string     `xml:"time,attr"`
	Cases []testcase `xml:"testcase"`
}

type counts struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Errors   int `xml:"errors,attr"`
	Skipped  int `xml:"skipped,attr"`
}

type testcase struct {
	Classname string  `xml:"classname,attr"`
	Name      string  `xml:"name,attr"`
	File      string  `xml:"file,attr,omitempty"`
	Time      string  `xml:"time,attr"`
	Failure   *result `xml:"failure"`
	Error     *result `xml:"error"`
	Skipped   *result `xml:"skipped"`
	Out       *output `xml:"system-out"`
}

type result struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",cdata"`
}

type output struct {
	Text string `xml:",cdata"`
}

func (all *suites) add(s suite) {
	all.Tests += s.Tests
	all.Failures += s.Failures
	all.Errors += s.Errors
	all.Skipped += s.Skipped
	all.Suites = append(all.Suites, s)
}

func (s *suite) add(c testcase) {
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
	s.Cases = append(s.Cases, c)
}

// unique tells names apart: readers of JUnit XML keep only one of two cases with the same name.
type unique map[string]bool

func (u unique) name(s string) string {
	name := s
	for i := 2; u[name]; i++ {
		name = fmt.Sprintf("%s (%d)", s, i)
	}
	u[name] = true
	return name
}

func (u unique) suite(s suite) suite {
	s.Name = u.name(s.Name)
	cases := unique{}
	for i := range s.Cases {
		s.Cases[i].Classname = s.Name
		s.Cases[i].Name = cases.name(s.Cases[i].Name)
	}
	return s
}

func exerciseSuite(e grader.ExerciseReport) suite {
	s := suite{Name: Line(e.ID), Time: seconds(e.ElapsedMS)}
	if e.Build != nil && len(e.Build.Errors) > 0 {
		s.add(buildCase(e))
	}
	for _, c := range e.Checks {
		s.add(checkCase(e, c))
	}
	if e.Problem != "" || !s.tells(e.Outcome) {
		s.add(plainCase("exercise", e.Outcome, cmp.Or(e.Problem, verdict(e.Outcome, e.Score, e.MaxScore))))
	}
	return s
}

// tells says whether the cases show the outcome of their suite. Where they do not, a case of its own
// must: a reader of JUnit XML sees nothing but cases.
func (s *suite) tells(o grader.Outcome) bool {
	switch o {
	case grader.Pass:
		return s.Tests > 0 && s.Failures+s.Errors == 0
	case grader.Fail:
		return s.Failures > 0
	case grader.NotStarted:
		return s.Skipped > 0
	}
	return s.Errors > 0
}

// newCase makes a case with the element that its outcome asks for. The message is the gist of the
// text.
func newCase(name string, ms int64, o grader.Outcome, message, text string) testcase {
	c := testcase{Name: Line(name), Time: seconds(ms)}
	r := &result{Message: XML(message), Text: XML(text)}
	switch o {
	case grader.Pass:
	case grader.Fail:
		c.Failure = r
	case grader.NotRun, grader.NotStarted:
		c.Skipped = r
	default:
		c.Error = r
	}
	return c
}

// plainCase is a case of which there is nothing more to say than its message.
func plainCase(name string, o grader.Outcome, message string) testcase {
	p := newSheet()
	p.message(0, message)
	return newCase(name, 0, o, p.text(), p.text())
}

func verdict(o grader.Outcome, score, max float64) string {
	return fmt.Sprintf("%s: %s of %s", word(o), number(score), points(max))
}

func buildCase(e grader.ExerciseReport) testcase {
	p := newSheet()
	p.buildErrors(0, e.Build.Errors)
	c := newCase("build", 0, grader.Fail, p.text(), p.text())
	if file := e.Build.Errors[0].File; file != "" {
		c.File = Line(e.ID + "/" + file)
	}
	return c
}

func checkCase(e grader.ExerciseReport, c grader.CheckReport) testcase {
	switch {
	case e.Outcome == grader.NotStarted:
		return idleCase(c, grader.NotStarted, "not started")
	case c.Outcome == grader.NotRun:
		return idleCase(c, grader.NotRun, "not run: a program that is needed does not build")
	case c.Outcome == grader.Pass:
		return idleCase(c, grader.Pass, "")
	}
	gist, p := newSheet(), newSheet()
	p.prose(0, "%s", c.Title)
	p.failure(0, c)
	f := c.Failure
	if f == nil {
		return newCase(c.ID, c.ElapsedMS, c.Outcome, Line(c.Title), p.text())
	}
	gist.message(0, f.Message)
	tc := newCase(c.ID, c.ElapsedMS, c.Outcome, gist.text(), p.text())
	tc.File = Line(f.Script)
	tc.Out = transcript(f.Transcript)
	return tc
}

// idleCase is a check of which there is nothing to explain.
func idleCase(c grader.CheckReport, o grader.Outcome, text string) testcase {
	return newCase(c.ID, c.ElapsedMS, o, text, text)
}

func transcript(events []grader.TranscriptEvent) *output {
	if len(events) == 0 {
		return nil
	}
	p := newSheet()
	for i, e := range events {
		if i == p.quote {
			p.prose(0, "... %s more", count(len(events)-i, "event", "events"))
			break
		}
		p.prose(0, "%d ms %s %s: %s", e.AtMS, e.Process, e.Event, clipBytes(e.Text))
	}
	return &output{XML(p.text())}
}

func quizSuite(q *grader.QuizReport) suite {
	s := suite{Name: "quiz", Time: seconds(0)}
	for _, a := range q.Answers {
		s.add(answerCase(a))
	}
	if q.Problem != "" || !s.tells(q.Outcome) {
		s.add(plainCase("quiz", q.Outcome, cmp.Or(q.Problem, verdict(q.Outcome, q.Score, q.MaxScore))))
	}
	return s
}

func answerCase(a grader.AnswerReport) testcase {
	switch a.Outcome {
	case "right":
		return plainCase(a.Question, grader.Pass, "")
	case "unanswered":
		return plainCase(a.Question, grader.NotRun, "not answered")
	}
	p := newSheet()
	p.message(0, picked(a)+"\n"+a.Why)
	p.read(0, a.Wrong)
	return newCase(a.Question, 0, grader.Fail, p.text(), p.text())
}

// newSheet gives a page as wide as its lines, for readers that lay out text themselves.
func newSheet() *page { return &page{quote: 200} }

func (p *page) text() string { return strings.TrimRight(p.String(), "\n") }

func seconds(ms int64) string { return fmt.Sprintf("%.3f", float64(ms)/1000) }
