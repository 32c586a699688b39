package grader_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"ipclab/grader"
	"ipclab/grader/room"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// verify checks the course, or one exercise of it, and gives the problems that it has beside being
// tiny.
func verify(t *testing.T, f files, o grader.Options, ids ...string) (*grader.Audit, []string) {
	t.Helper()
	c := f.load(t)
	var err error
	o.Select, err = c.Select(ids)
	require.NoError(t, err)
	audit, err := c.Verify(context.Background(), o)
	require.NoError(t, err)
	var problems []string
	for _, p := range audit.Problems {
		if !strings.Contains(p, " has too few ") {
			problems = append(problems, p)
		}
	}
	return audit, problems
}

func TestVerify(t *testing.T) {
	audit, problems := verify(t, tiny(t), grader.Options{Repeat: 2})
	assert.Empty(t, problems)
	assert.Equal(t, []grader.AuditRow{
		{Exercise: "talk/greet", Checks: 2, Stub: true, SolutionPassed: 4, SolutionRuns: 4, RightPassed: 4, RightRuns: 4, WrongCaught: 1, Wrong: 1},
		{Exercise: "talk/pair", Checks: 2, Stub: true, SolutionPassed: 8, SolutionRuns: 8, RightPassed: 8, RightRuns: 8, WrongCaught: 1, Wrong: 1},
	}, audit.Rows)
	assert.Equal(t, []string{"talk/greet has too few checks: 2, want 5 at least", "talk/greet has too few wrong programs: 1, want 8 at least", "talk/greet has too few right variants: 1, want 2 at least"}, audit.Problems[:3])
}

// What a wrong program comes to may depend on chance. It has to fail each time, and once in the words that lead
// to the bug.
func TestVerifyRunsAgain(t *testing.T) {
	const wrong = "testscripts/talk/greet/wrong.yaml"
	sometimes := func(first, then string) (*grader.Audit, []string) {
		f := tiny(t)
		mark := filepath.Join(t.TempDir(), "ran")
		f.edit(t, wrong, `new: '"HELLO "'`, fmt.Sprintf(`new: 'func() string { if os.Mkdir(%q, 0o700) == nil { return %q }; return %q }()'`, mark, first, then))
		return verify(t, f, grader.Options{Isolation: room.None})
	}
	audit, problems := sometimes("Good evening ", "HELLO ")
	assert.Empty(t, problems)
	assert.Equal(t, []string{`wrong-shouts of talk/greet: the failure of check greets varies: only run 2 said "HELLO"`}, audit.Warnings)
	_, problems = sometimes("Good evening ", "hello ")
	assert.Equal(t, []string{"wrong-shouts of talk/greet: check greets: pass, want fail (another greeting)"}, problems, "it passes by chance")
}

// Each kind of problem is found, and no other is told with it.
func TestVerifyFinds(t *testing.T) {
	const greet, solution, stub = "testscripts/talk/greet", "solutions/talk/greet/greet/main.go", "exercises/talk/greet/greet/main.go"
	for _, x := range []struct {
		name string
		edit func(t *testing.T, f files)
		want []string // how each problem begins
	}{
		{"a wrong program that passes", func(t *testing.T, f files) {
			f.edit(t, greet+"/wrong.yaml", `new: '"HELLO "'`, `new: '"hello" + " "'`)
		}, []string{"wrong-shouts of talk/greet: check greets: pass, want fail (another greeting)"}},
		{"a wrong program that fails with other words", func(t *testing.T, f files) {
			f.edit(t, greet+"/wrong.yaml", "message: HELLO", "message: Good evening")
		}, []string{`wrong-shouts of talk/greet: the failure of check greets does not say "Good evening":`}},
		{"a wrong program that does not build", func(t *testing.T, f files) {
			f.edit(t, greet+"/wrong.yaml", `new: '"HELLO "'`, `new: HELLO`)
		}, []string{"wrong-shouts of talk/greet does not build: greet/main.go:12:15: undefined: HELLO"}},
		{"an edit that does not fit", func(t *testing.T, f files) {
			f.edit(t, greet+"/wrong.yaml", `old: '"hello "'`, `old: '"good morning "'`)
		}, []string{`testscripts/talk/greet: wrong-shouts: the passage to replace occurs 0 times in greet/main.go: "\"good morning \""`}},
		{"an edit with a newline too many", func(t *testing.T, f files) {
			f.edit(t, greet+"/wrong.yaml", `old: '"hello "'`, `old: "\"hello \"\n"`)
		}, []string{`testscripts/talk/greet: wrong-shouts: the passage to replace occurs 0 times in greet/main.go (it does without the newline at its end, which |2- leaves out): "\"hello \"\n"`}},
		{"an edit of no file", func(t *testing.T, f files) {
			f.edit(t, greet+"/wrong.yaml", "file: greet/main.go", "file: greet/other.go")
		}, []string{"testscripts/talk/greet: wrong-shouts: the solution has no file greet/other.go"}},
		{"a right program that fails", func(t *testing.T, f files) {
			f.edit(t, greet+"/right.yaml", "hello %s", "Hello %s")
		}, []string{"right-printf of talk/greet: check greets: fail\ntestscripts/talk/greet/greets.txtar:7: expect greet 'hello '$A\n"}},
		{"a solution that fails", func(t *testing.T, f files) {
			f.edit(t, solution, `"hello "`, `"Hello "`).edit(t, greet+"/wrong.yaml", `'"hello "'`, `'"Hello "'`).edit(t, greet+"/right.yaml", `"hello "`, `"Hello "`)
		}, []string{"solution of talk/greet: check greets: fail\n"}},
		{"a solution that does not build", func(t *testing.T, f files) {
			f.edit(t, solution, "os.Stdin", "os.Stdim").edit(t, greet+"/wrong.yaml", `'"HELLO "'`, `'"HELLO "'`)
		}, []string{"solution of talk/greet does not build: greet/main.go:10:31: undefined: os.Stdim", "right-printf of talk/greet does not build:", "wrong-shouts of talk/greet does not build:"}},
		{"a stub that passes", func(t *testing.T, f files) {
			f[stub] = f[solution]
			f.writeStubs(t)
		}, []string{"the stub of talk/greet: pass, want fail"}},
		{"a stub that does not build", func(t *testing.T, f files) {
			f.edit(t, stub, "os.Exit(1)", "os.Exit(nosuch)")
			f.writeStubs(t)
		}, []string{"the stub of talk/greet does not build: greet/main.go:11:10: undefined: nosuch"}},
		{"a stale archive of stubs", func(t *testing.T, f files) {
			f.edit(t, stub, "TODO 1", "TODO 2")
		}, []string{"testscripts/stubs.txtar is not what lies in exercises/: after a change to a stub, run ipclab check --write-stubs"}},
		{"a stub that is gone", func(t *testing.T, f files) {
			delete(f, stub)
		}, []string{"exercises/talk/greet: the folder greet is missing"}},
		{"a stub that is not formatted", func(t *testing.T, f files) {
			f.edit(t, stub, "\t// TODO", "  // TODO")
			f.writeStubs(t)
		}, []string{"exercises/talk/greet/greet/main.go: not formatted: gofmt -w"}},
		{"a solution that is not formatted", func(t *testing.T, f files) {
			f.edit(t, solution, "func main() {", "func main()  {")
		}, []string{"solutions/talk/greet/greet/main.go: not formatted: gofmt -w"}},
		{"no lesson", func(t *testing.T, f files) {
			delete(f, "exercises/talk/README.md")
		}, []string{"exercises/talk/README.md: the chapter has no lesson"}},
		{"no README", func(t *testing.T, f files) {
			delete(f, "exercises/talk/greet/README.md")
		}, []string{"exercises/talk/greet/README.md: file does not exist"}},
		{"a README without a section", func(t *testing.T, f files) {
			f.edit(t, "exercises/talk/greet/README.md", "## Goal", "## Aim")
		}, []string{`exercises/talk/greet/README.md: no section "## Goal", or not in this order: `}},
		{"a README with sections in another order", func(t *testing.T, f files) {
			f.edit(t, "exercises/talk/greet/README.md", "## Goal", "## X").edit(t, "exercises/talk/greet/README.md", "## Grade it", "## Goal\n\n## Grade it")
		}, []string{`exercises/talk/greet/README.md: no section "## How it looks", or not in this order: `}},
		{"a long README", func(t *testing.T, f files) {
			f["exercises/talk/greet/README.md"] += strings.Repeat("more\n", 80)
		}, []string{"exercises/talk/greet/README.md: 102 lines: want 80 at the most"}},
		{"a promise without a check", func(t *testing.T, f files) {
			f.edit(t, "exercises/talk/greet/README.md", "- **ends**", "- **sings** — It sings.\n- **ends**")
		}, []string{"exercises/talk/greet/README.md: the promise sings has no check (testscripts/talk/greet/sings.txtar)"}},
		{"a check without a promise", func(t *testing.T, f files) {
			f.edit(t, "exercises/talk/greet/README.md", "- **ends**", "- ends")
		}, []string{"exercises/talk/greet/README.md: the check ends has no promise there (a line that begins with - **ends**)"}},
		{"stray folders", func(t *testing.T, f files) {
			f["exercises/talk/old/main.go"], f["solutions/walk/README.md"], f["testscripts/talk/greet/cat/x.go"] = "", "", ""
		}, []string{"exercises/talk/old: belongs to no exercise", "solutions/walk: belongs to no exercise", "testscripts/talk/greet/cat: belongs to no exercise"}},
		{"a prop that is not formatted", func(t *testing.T, f files) {
			f[greet+"/decoy/main.go"] = "package main\nfunc main() {}\n"
		}, []string{greet + "/decoy/main.go: not formatted: gofmt -w"}},
		{"a stray file of a prop", func(t *testing.T, f files) {
			f[greet+"/decoy/main.go"], f[greet+"/decoy/notes.txt"] = "package main\n\nfunc main() {}\n", ""
		}, []string{greet + "/decoy/notes.txt: no such file belongs there"}},
		{"a variant that changes a prop", func(t *testing.T, f files) {
			f[greet+"/decoy/main.go"] = "package main\n\nfunc main() {}\n"
			f.edit(t, greet+"/wrong.yaml", "file: greet/main.go", "file: decoy/main.go")
		}, []string{"testscripts/talk/greet: wrong-shouts: the solution has no file decoy/main.go"}},
		{"stray files", func(t *testing.T, f files) {
			f["exercises/talk/greet/greet/notes.txt"], f["solutions/talk/greet/main.go"], f["testscripts/talk/x.txtar"], f[greet+"/wrong.yml"] = "", "", "", ""
		}, []string{"exercises/talk/greet/greet/notes.txt: no such file belongs there", "solutions/talk/greet/main.go: no such file belongs there",
			"testscripts/talk/greet/wrong.yml: no such file belongs there", "testscripts/talk/x.txtar: no such file belongs there"}},
		{"no hints", func(t *testing.T, f files) {
			delete(f, greet+"/hints.md")
		}, []string{greet + "/hints.md: file does not exist"}},
		{"two hints", func(t *testing.T, f files) {
			f.edit(t, greet+"/hints.md", "## 3\n\nLook up `bufio.Scanner`.\n", "")
		}, []string{greet + "/hints.md:9: it ends too early: want ## 3 next"}},
		{"four hints", func(t *testing.T, f files) {
			f[greet+"/hints.md"] += "\n## 4\n\nRead the solution.\n"
		}, []string{greet + "/hints.md:14: heading \"## 4\": want ## 1 to ## 3, each once and in this order"}},
		{"hints in another order", func(t *testing.T, f files) {
			f.edit(t, greet+"/hints.md", "## 2", "## 3")
		}, []string{greet + "/hints.md:5: heading \"## 3\": want ## 1 to ## 3, each once and in this order"}},
		{"a hint with a name", func(t *testing.T, f files) {
			f.edit(t, greet+"/hints.md", "## 1", "# Hints\n\n## 1")
		}, []string{greet + "/hints.md:1: heading \"# Hints\": want ## 1 to ## 3, each once and in this order"}},
		{"a hint above all", func(t *testing.T, f files) {
			f.edit(t, greet+"/hints.md", "## 1", "\nThink.\n\n## 1")
		}, []string{greet + "/hints.md:2: a text above the first heading: want ## 1 first"}},
		{"an empty hint", func(t *testing.T, f files) {
			f.edit(t, greet+"/hints.md", "A line ends with its newline.\nIt may be the last.\n", "")
		}, []string{greet + "/hints.md:5: hint 2 has no text"}},
		{"no page after a pass", func(t *testing.T, f files) {
			delete(f, greet+"/shown.md")
		}, []string{greet + "/shown.md: file does not exist"}},
		{"a page without its title", func(t *testing.T, f files) {
			f.edit(t, greet+"/shown.md", "just shown", "shown")
		}, []string{greet + `/shown.md:1: "# What you have shown": want "# What you have just shown" here`}},
		{"a page with a long title", func(t *testing.T, f files) {
			f.edit(t, greet+"/shown.md", "just shown", "just shown me")
		}, []string{greet + `/shown.md:1: "# What you have just shown me": want "# What you have just shown" here`}},
		{"a page without the trap", func(t *testing.T, f files) {
			f.edit(t, greet+"/shown.md", "**The trap.** Who waits for the end\nhears it last.\n\n", "")
		}, []string{greet + `/shown.md:5: "**Where it is met.** In every shell.": want "**The trap.**" here`}},
		{"a page that ends too early", func(t *testing.T, f files) {
			f.edit(t, greet+"/shown.md", "**Where it is met.** In every shell.\n", "")
		}, []string{greet + `/shown.md:7: it ends too early: want "**Where it is met.**" next`}},
		{"a page with more", func(t *testing.T, f files) {
			f[greet+"/shown.md"] += "\nAnd more.\n"
		}, []string{greet + "/shown.md:10: one paragraph too many: want **The idea.** **The trap.** **Where it is met.**"}},
		{"a page with an empty paragraph", func(t *testing.T, f files) {
			f.edit(t, greet+"/shown.md", " In every shell.", "")
		}, []string{greet + "/shown.md:8: **Where it is met.** says nothing"}},
		{"a misconception of the quiz without a paragraph", func(t *testing.T, f files) {
			f.edit(t, "exercises/talk/README.md", `<a id="m-two"></a>`, "")
		}, []string{"testscripts/quiz/key.yaml: option c of first: no lesson has a paragraph on the misconception m-two"}},
		{"a misconception of failures without a paragraph", func(t *testing.T, f files) {
			f.edit(t, "exercises/talk/README.md", `<a id="own-write-end"></a>`, "")
		}, []string{`the explanations of failures: no lesson has a paragraph on the misconception own-write-end (a line <a id="own-write-end"></a> above it marks one)`}},
		{"a misconception of a check without a paragraph", func(t *testing.T, f files) {
			f.edit(t, greet+"/greets.txtar", "# points: 2", "# shows: shyness")
		}, []string{greet + "/greets.txtar: no lesson has a paragraph on the misconception shyness"}},
		{"a mark in a piece of code", func(t *testing.T, f files) {
			f.edit(t, "exercises/talk/README.md", `It is <a id="m-three"></a>four.`, "It is four.\n\n```\n<a id=\"m-three\"></a>\n```\n")
		}, []string{"testscripts/quiz/key.yaml: option d of first: no lesson has a paragraph on the misconception m-three"}},
		{"a misconception with two paragraphs", func(t *testing.T, f files) {
			f.edit(t, "exercises/talk/README.md", `It is <a id="m-three">`, `It is <a id="m-one"></a><a id="m-three">`)
		}, []string{"exercises/talk/README.md: the misconception m-one has a paragraph already, in exercises/talk/README.md"}},
		{"a misconception with the name of a chapter", func(t *testing.T, f files) {
			f.edit(t, "exercises/talk/README.md", `It is <a id="m-three">`, `It is <a id="talk"></a><a id="m-three">`)
		}, []string{"exercises/talk/README.md: the misconception talk has the name of a chapter"}},
		{"a wrong program whose failure names no misconception", func(t *testing.T, f files) {
			f.edit(t, greet+"/wrong.yaml", "  message: HELLO", "  message: HELLO\n  mis: m-one")
		}, []string{`wrong-shouts of talk/greet: the failure of check greets names the misconception "", want "m-one" (below its hint a check may say # shows: m-one):`}},
		{"a wrong program whose failure names another misconception", func(t *testing.T, f files) {
			f.edit(t, greet+"/greets.txtar", "# points: 2", "# shows: m-two").edit(t, greet+"/wrong.yaml", "  message: HELLO", "  message: HELLO\n  mis: m-one")
		}, []string{`wrong-shouts of talk/greet: the failure of check greets names the misconception "m-two", want "m-one":`}},
		{"the quiz", func(t *testing.T, f files) {
			f.edit(t, "exercises/quiz/questions.yaml", "that one here", "all of the above")
		}, []string{`exercises/quiz/questions.yaml:9: option b of first says "all of the above"`}},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			f := tiny(t)
			x.edit(t, f)
			_, problems := verify(t, f, grader.Options{}, "talk/greet")
			require.Len(t, problems, len(x.want), strings.Join(problems, "\n"))
			for i, want := range x.want {
				assert.Equal(t, want, problems[i][:min(len(want), len(problems[i]))])
			}
		})
	}
}

// A wrong program whose failure names the misconception that it stands for is no problem.
func TestVerifyMisconception(t *testing.T) {
	const greet = "testscripts/talk/greet"
	f := tiny(t).edit(t, greet+"/greets.txtar", "# points: 2", "# shows: m-one").edit(t, greet+"/wrong.yaml", "  message: HELLO", "  message: HELLO\n  mis: m-one")
	audit, problems := verify(t, f, grader.Options{}, "talk/greet")
	assert.Empty(t, problems)
	assert.Empty(t, audit.Warnings)
}

// A paragraph to which nothing leads is worth a word, and no more.
func TestVerifyWarns(t *testing.T) {
	f := tiny(t).edit(t, "exercises/talk/README.md", `<a id="m-one">`, `<a id="lonely"></a><a id="m-one">`)
	audit, problems := verify(t, f, grader.Options{}, "talk/greet")
	assert.Empty(t, problems)
	assert.Equal(t, []string{"exercises/talk/README.md: nothing leads to the misconception lonely: no failure and no answer"}, audit.Warnings)
}

// A list of variants that makes no sense is an error with its place.
func TestVariantErrors(t *testing.T) {
	const wrong = "testscripts/talk/greet/wrong.yaml"
	for _, x := range []struct{ name, file, old, new, want string }{
		{"unknown check", wrong, "caught-by: greets", "caught-by: great", `testscripts/talk/greet/wrong.yaml:3: shouts: no check "great": want one of greets, ends`},
		{"no check", wrong, "  caught-by: greets\n", "", `testscripts/talk/greet/wrong.yaml:1: shouts: no check "": want one of greets, ends`},
		{"unknown field", wrong, "caught-by", "caughtby", `testscripts/talk/greet/wrong.yaml:3: unknown field "caughtby"`},
		{"bad id", wrong, "id: shouts", "id: Shouts!", `testscripts/talk/greet/wrong.yaml:1: id "Shouts!": want small letters, digits and -`},
		{"no why", wrong, "  why: another greeting\n", "", "testscripts/talk/greet/wrong.yaml:1: shouts has no why"},
		{"bad message", wrong, "message: HELLO", "message: '('", "testscripts/talk/greet/wrong.yaml:4: shouts: error parsing regexp: missing closing ): `(`"},
		{"no edits", "testscripts/talk/greet/right.yaml", "  edits:", "  bugs: [1]\n- id: two\n  why: more\n  edits:", "testscripts/talk/greet/right.yaml:1: printf has neither edits nor files"},
		{"a right program that is to be caught", "testscripts/talk/greet/right.yaml", "  edits:", "  caught-by: ends\n  edits:", "testscripts/talk/greet/right.yaml:1: printf: a right program is not caught"},
		{"a right program with a misconception", "testscripts/talk/greet/right.yaml", "  edits:", "  mis: m-one\n  edits:", "testscripts/talk/greet/right.yaml:1: printf: a right program is not caught"},
		{"duplicate id", "testscripts/talk/greet/right.yaml", "- id: printf", "- id: printf\n  why: x\n  files: {greet/main.go: x}\n- id: printf", `testscripts/talk/greet/right.yaml:4: duplicate id "printf"`},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := tiny(t).edit(t, x.file, x.old, x.new).load(t)
			sel, err := c.Select(nil)
			require.NoError(t, err)
			_, err = c.Verify(context.Background(), grader.Options{Select: sel})
			require.EqualError(t, err, x.want)
		})
	}
}
