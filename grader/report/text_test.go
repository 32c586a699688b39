package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"ipclab/grader"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func screenOf(t *testing.T, rep *grader.Report, o TextOptions) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, Text(&b, rep, o))
	return b.String()
}

func lastLine(screen string) string {
	lines := strings.Split(strings.TrimSpace(screen), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

func TestTheLastLineIsTheNextCommand(t *testing.T) {
	const pass, fail, fresh, broken = grader.Pass, grader.Fail, grader.NotStarted, grader.Broken
	for _, c := range []struct {
		exercises []grader.Outcome
		quiz      grader.Outcome // empty: not asked for
		want      string
	}{
		{nil, "", "Next: ipclab list"},
		{[]grader.Outcome{fresh, fresh}, fresh, "Begin here: ipclab read x/0"},
		{[]grader.Outcome{fresh}, "", "Next: ipclab read x/0"},
		{[]grader.Outcome{pass, fresh, fail}, fail, "Fix it, then: ipclab grade x/2"},
		{[]grader.Outcome{pass, fresh, broken}, fail, "Next: ipclab read x/1"},
		{[]grader.Outcome{pass, pass}, fail, "Next: ipclab quiz"},
		{[]grader.Outcome{pass, pass}, fresh, "Next: ipclab quiz"},
		{[]grader.Outcome{pass, broken}, pass, "ipclab grade --report json=broken.json x/1"},
		{[]grader.Outcome{pass, pass}, pass, "What comes next: ipclab"},
		{nil, fail, "Next: ipclab quiz"},
		{nil, pass, "What comes next: ipclab"},
	} {
		rep := blankReport()
		for i, o := range c.exercises {
			rep.Exercises = append(rep.Exercises, exercise(fmt.Sprint("x/", i), "title", o, 0))
		}
		if c.quiz != "" {
			rep.Quiz = &grader.QuizReport{Outcome: c.quiz, Answers: []grader.AnswerReport{{Question: "q", Outcome: "wrong"}}}
		}
		assert.Equal(t, c.want, lastLine(screenOf(t, rep, TextOptions{})), "%v, quiz %q", c.exercises, c.quiz)
	}
}

func TestEveryWidthFits(t *testing.T) {
	for name, rep := range fixtures() {
		for width := 40; width <= 120; width += 7 {
			t.Run(fmt.Sprint(name, width), func(t *testing.T) {
				fits(t, screenOf(t, rep, TextOptions{Width: width}), width)
			})
		}
	}
}

func TestColorAddsNothingButColor(t *testing.T) {
	for name, rep := range fixtures() {
		colored := screenOf(t, rep, TextOptions{Color: true})
		for _, s := range []style{bold, dim, red, green, yellow} {
			colored = strings.ReplaceAll(colored, "\x1b["+string(s)+"m", "")
		}
		assert.Equal(t, screenOf(t, rep, TextOptions{}), strings.ReplaceAll(colored, "\x1b[0m", ""), name)
	}
}

func TestManyFailures(t *testing.T) {
	rep := blankReport()
	for i := range 22 {
		id := fmt.Sprintf("pipe/%02d", i)
		rep.Exercises = append(rep.Exercises, exercise(id, "title", grader.Fail, 0, failing("check", "promise", grader.Failure{Message: "wrong"})))
	}
	few := screenOf(t, rep, TextOptions{})
	assert.Equal(t, 3, strings.Count(few, "FAIL check: promise"))
	assert.Contains(t, few, "19 more do not pass either. To see why, grade one by itself:\n  ipclab grade pipe/03\n")
	all := screenOf(t, rep, TextOptions{Details: -1})
	assert.Equal(t, 22, strings.Count(all, "FAIL check: promise"))
	assert.NotContains(t, all, "more do not pass")
}

func TestAnExerciseByItselfIsExplainedInFull(t *testing.T) {
	rep := blankReport()
	rep.Exercises = []grader.ExerciseReport{filter()}
	assert.Contains(t, screenOf(t, rep, TextOptions{}), "closed.txtar:3")
	rep.Exercises = append(rep.Exercises, exercise("pipe/other", "title", grader.Pass, 2))
	assert.NotContains(t, screenOf(t, rep, TextOptions{}), "closed.txtar:3")
}

func TestNumber(t *testing.T) {
	for x, want := range map[float64]string{
		0: "0", 2: "2", 0.5: "0.5", 6.4: "6.4", 1.0 / 3: "0.33", 1.999: "1.99",
		0.1 + 0.2: "0.3", 0.57 + 0.57: "1.14", 4.35: "4.35", 1.0/3 + 1.0/3 + 1.0/3: "1",
	} {
		assert.Equal(t, want, number(x))
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		in    string
		width int
		want  []string
	}{
		{"", 10, []string{""}},
		{"short", 10, []string{"short"}},
		{"exactly 10", 10, []string{"exactly 10"}},
		{"two words or more", 10, []string{"two words ", "or more"}},
		{"ends in blanks    ", 8, []string{"ends in ", "blanks"}},
		{"abcdefghijklm", 5, []string{"abcde", "fghij", "klm"}},
		{"a folder/name/file", 12, []string{"a folder/", "name/file"}},
		{"in folder/name/of/file", 10, []string{"in folder/", "name/of/", "file"}},
		{`came: "one  two" three`, 12, []string{"came: ", `"one  two" `, "three"}},
		{`came: "a \" b" and "two"`, 14, []string{`came: "a \" b"`, `and "two"`}},
		{`came: "one  two  three"`, 10, []string{`came: "one`, `  two  thr`, `ee"`}},
		{"\u65e5\u672c\u8a9e\u65e5\u672c", 5, []string{"\u65e5\u672c", "\u8a9e\u65e5", "\u672c"}},
		{"any width at all", 0, []string{"any width at all"}},
		{"keeps  'two  blanks'", 40, []string{"keeps  'two  blanks'"}},
	} {
		assert.Equal(t, c.want, wrap(c.in, c.width, c.width), c.in)
	}
}

func TestOutputIsCutAndNeverBroken(t *testing.T) {
	p := page{width: 40, quote: 3}
	p.message(0, "  "+strings.Repeat("x", 60)+"\n  \tend\n"+strings.Repeat("y", 50)+"\n4\n5")
	assert.Equal(t, "  "+strings.Repeat("x", 27)+"... 33 more\n"+
		"        end\n"+
		strings.Repeat("y", 40)+"\n"+strings.Repeat("y", 10)+"\n"+
		"... 2 lines more\n", p.String())

	p = page{quote: 3}
	p.message(0, strings.Repeat("\u65e5", longest))
	assert.Contains(t, p.String(), "... 1334 more")
	assert.Less(t, len(p.String()), longest+20)
}

func TestEveryCutIsTold(t *testing.T) {
	f := grader.Failure{
		Message:    strings.Repeat("line\n", 300),
		Where:      make([]grader.Place, mostPlaces+1),
		Transcript: make([]grader.TranscriptEvent, 202),
	}
	for i := range f.Where {
		f.Where[i].Process = "match"
	}
	e := exercise("pipe/filter", "title", grader.Fail, 0, failing("check", "promise", f))
	e.Build = &grader.BuildReport{Errors: make([]grader.BuildError, 242)}
	rep := blankReport()
	rep.Exercises = []grader.ExerciseReport{e}
	screen := screenOf(t, rep, TextOptions{})
	for _, cut := range []string{"... 260 lines more", "... 1 place more", "... 202 errors more"} {
		assert.Contains(t, screen, cut)
	}
	var b bytes.Buffer
	require.NoError(t, JUnit(&b, rep))
	for _, cut := range []string{"... 100 lines more", "... 1 place more", "... 42 errors more", "... 2 events more"} {
		assert.Contains(t, b.String(), cut)
	}
}

// What goes on under a label is prose, and is told to its end; what a program said is cut.
func TestUnderALabel(t *testing.T) {
	p := &page{width: 40, quote: 9}
	p.message(0, "where:    match: match/main.go:18 in main\n          grep (child of match): it reads its standard input, whose writing end is held by match\n          \"said by a program, which may go on for ever and ever\"")
	assert.Equal(t, `where:    match: match/main.go:18 in
          main
          grep (child of match): it
          reads its standard input,
          whose writing end is held by
          match
          "said by a program,... 35 more
`, p.String())
}
