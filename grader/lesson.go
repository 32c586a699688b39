package grader

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"ipclab/grader/script"
	"ipclab/grader/spell"
)

// Paragraph is the part of a lesson that corrects some misconceptions. In the lesson's Markdown each
// of them is marked by an anchor that a rendered page does not show, such as
//
//	<a id="shared-variables"></a>
type Paragraph struct {
	Chapter *Chapter
	Heading string   // the line above it that begins with #
	Text    string   // Markdown, without the anchors
	IDs     []string // of the misconceptions
}

// anchor is the mark of a misconception. A line of nothing but anchors goes with its newline.
var (
	anchor      = regexp.MustCompile(`<a id="([^"]*)"></a>`)
	anchorLines = regexp.MustCompile(`(?m)^(?:<a id="[^"]*"></a>)+\n`)
)

// PlainLesson takes the marks of misconceptions out of a lesson.
func PlainLesson(text string) string {
	return anchor.ReplaceAllString(anchorLines.ReplaceAllString(text, ""), "")
}

// Paragraphs gives the marked paragraphs of all lessons, in the order of the course.
func (c *Course) Paragraphs() []Paragraph {
	var all []Paragraph
	for _, ch := range c.Chapters {
		text, err := c.Lesson(ch.ID)
		if err != nil {
			continue // the course check tells
		}
		all = append(all, paragraphs(ch, string(text))...)
	}
	return all
}

func paragraphs(ch *Chapter, lesson string) []Paragraph {
	var all []Paragraph
	heading := ""
	for _, block := range blocks(lesson) {
		if strings.HasPrefix(block, "#") {
			heading, _, _ = strings.Cut(block, "\n")
		}
		var ids []string
		for _, m := range anchor.FindAllStringSubmatch(block, -1) {
			ids = append(ids, m[1])
		}
		if len(ids) > 0 {
			all = append(all, Paragraph{ch, heading, strings.TrimSpace(PlainLesson(block)) + "\n", ids})
		}
	}
	return all
}

// blocks cuts Markdown at its blank lines, except those in fenced code, which it leaves out.
func blocks(text string) []string {
	var all []string
	block, fenced := "", false
	for line := range strings.Lines(text + "\n\n") {
		fence := strings.HasPrefix(line, "```")
		switch {
		case fence:
			fenced = !fenced
		case fenced:
		case strings.TrimSpace(line) != "":
			block += line
		case block != "":
			all = append(all, block)
			block = ""
		}
	}
	return all
}

// Paragraph finds what corrects a misconception. The id may stand behind its chapter: pipe#pipe-is-a-file.
func (c *Course) Paragraph(id string) (Paragraph, bool) {
	chapter, name, given := strings.Cut(id, "#")
	if !given {
		chapter, name = "", id
	}
	for _, p := range c.Paragraphs() {
		if slices.Contains(p.IDs, name) && (chapter == "" || chapter == p.Chapter.ID) {
			return p, true
		}
	}
	return Paragraph{}, false
}

// treated gives the id of a misconception back if a lesson has a paragraph on it, or else "".
func (c *Course) treated(id string) string {
	if id == "" {
		return ""
	}
	if _, ok := c.Paragraph(id); !ok {
		return ""
	}
	return id
}

// NearestMisconception gives the id that is nearest to a mistyped one, or "".
func (c *Course) NearestMisconception(id string) string {
	_, name, given := strings.Cut(id, "#")
	if !given {
		name = id
	}
	var ids []string
	for _, p := range c.Paragraphs() {
		ids = append(ids, p.IDs...)
	}
	return spell.Nearest(name, ids)
}

// misconceptions checks that the ids of failures, of the quiz and of the lessons are the same ones.
// Where a lesson is missing that is told already, and what would be in it cannot be known.
func (v *verification) misconceptions() {
	for _, ch := range v.Chapters {
		if _, err := v.Lesson(ch.ID); err != nil {
			return
		}
	}
	users := v.users()
	seen := map[string]string{}
	for _, p := range v.Paragraphs() {
		file := "exercises/" + p.Chapter.ID + "/README.md"
		for _, id := range p.IDs {
			switch {
			case seen[id] != "":
				v.problem("%s: the misconception %s has a paragraph already, in %s", file, id, seen[id])
			case v.names(id):
				v.problem("%s: the misconception %s has the name of a chapter: ipclab read could not tell them apart", file, id)
			case !slices.ContainsFunc(users, func(u user) bool { return u.id == id }):
				v.warning("%s: nothing leads to the misconception %s: no failure and no answer", file, id)
			}
			seen[id] = file
		}
	}
	for _, u := range users {
		if seen[u.id] == "" {
			v.problem("%s: no lesson has a paragraph on the misconception %s (a line <a id=%q></a> above it marks one)", u.where, u.id, u.id)
		}
	}
}

// names tells whether a word names a part of the course.
func (c *Course) names(word string) bool {
	return word == "quiz" || slices.ContainsFunc(c.Chapters, func(ch *Chapter) bool { return ch.ID == word })
}

// user is something that leads to a misconception.
type user struct{ id, where string }

// users gives each misconception that a failure, a check or an answer names, once.
func (v *verification) users() []user {
	var all []user
	add := func(id, format string, args ...any) {
		if id != "" && !slices.ContainsFunc(all, func(u user) bool { return u.id == id }) {
			all = append(all, user{id, fmt.Sprintf(format, args...)})
		}
	}
	for _, x := range v.Exercises() {
		for _, s := range x.Checks {
			add(s.Misconception, "%s", s.File)
		}
	}
	if v.Quiz != nil {
		for _, q := range v.Quiz.Questions {
			for _, o := range q.Options {
				add(o.Misconception, "testscripts/quiz/key.yaml: option %s of %s", o.ID, q.ID)
			}
		}
	}
	for _, id := range script.Misconceptions() {
		add(id, "the explanations of failures")
	}
	return all
}
