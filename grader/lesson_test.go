package grader_test

import (
	"strings"
	"testing"

	"ipclab/grader"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParagraph(t *testing.T) {
	f := tiny(t)
	f["exercises/talk/README.md"] = strings.ReplaceAll(`# Talk
<a id="top"></a>
Right below the title.

## First

    <a id="code"></a> in a program
~~~
<a id="fenced"></a>

## No heading
~~~

<a id="two"></a>
<a id="three"></a><a id="four"></a>
One paragraph
of two lines.
- and a list<a id="five"></a>

## Second
no mark

last, without a newline <a id="six"></a>`, "~~~", "```")
	c := f.load(t)
	for id, want := range map[string][2]string{
		"top":      {"# Talk", "# Talk\nRight below the title.\n"},
		"two":      {"## First", "One paragraph\nof two lines.\n- and a list\n"},
		"four":     {"## First", "One paragraph\nof two lines.\n- and a list\n"},
		"talk#two": {"## First", "One paragraph\nof two lines.\n- and a list\n"},
		"five":     {"## First", "One paragraph\nof two lines.\n- and a list\n"},
		"six":      {"## Second", "last, without a newline\n"},
	} {
		p, ok := c.Paragraph(id)
		require.True(t, ok, id)
		assert.Equal(t, want, [2]string{p.Heading, p.Text}, id)
		assert.Equal(t, "talk", p.Chapter.ID)
	}
	for _, id := range []string{"", "fenced", "seven", "walk#two", "talk#", "#", "t"} {
		_, ok := c.Paragraph(id)
		assert.False(t, ok, id)
	}
	assert.Equal(t, "three", c.NearestMisconception("thre"))
	assert.Equal(t, "three", c.NearestMisconception("talk#thre"))
	assert.Empty(t, c.NearestMisconception("something else"))
}

func TestPlainLesson(t *testing.T) {
	assert.Equal(t, "# A\n\n**B** is c.\n", grader.PlainLesson("# A\n\n<a id=\"x\"></a><a id=\"y\"></a>\n<a id=\"z\"></a>\n**B** is <a id=\"w\"></a>c.\n"))
	assert.Equal(t, "<a href=\"x\">x</a>", grader.PlainLesson("<a href=\"x\">x</a>"), "a link stays")
}

// A failure names a misconception, and a marked answer too, only if a lesson says something on it.
func TestReportNamesMisconceptions(t *testing.T) {
	ownCache(t)
	const greet = "testscripts/talk/greet/greets.txtar"
	for _, x := range []struct{ name, check, lesson, want string }{
		{"the check tells", "# shows: m-one", "m-one", "m-one"},
		{"nobody tells", "# points: 3", "m-one", ""},
		{"no paragraph", "# shows: m-one", "elsewhere", ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			f := tiny(t).edit(t, greet, "# points: 2", x.check).edit(t, "exercises/talk/README.md", `"m-one"`, `"`+x.lesson+`"`)
			sub := f.below("solutions").edit(t, "talk/greet/greet/main.go", `"hello "`, `"HELLO "`)
			sub["quiz/answers.yaml"] = "first: b\nsecond: b\nthird: c\n"
			rep := grade(t, f.load(t), sub.write(t, ""), grader.Options{}, "talk/greet", "quiz")
			assert.Equal(t, x.want, check(t, rep, "talk/greet/greets").Failure.Wrong)
			answers := map[string]string{"first": "m-one", "second": "", "third": "m-two"}
			if x.lesson != "m-one" {
				answers["first"] = ""
			}
			got := map[string]string{}
			for _, a := range rep.Quiz.Answers {
				got[a.Question] = a.Wrong
			}
			assert.Equal(t, answers, got)
		})
	}
}
