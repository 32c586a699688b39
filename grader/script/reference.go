package script

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"ipclab/grader/spell"
)

// Describe gives the description of the verbs named, or a table of all if none is.
func Describe(names []string) (string, error) {
	var b strings.Builder
	if len(names) == 0 {
		for _, v := range Verbs {
			fmt.Fprintf(&b, "%-12s %s\n", v.Name, v.Summary)
		}
		fmt.Fprintf(&b, "\nAlso %s, as testscript has them.\n\nNext: ipclab verbs expect\n", strings.Join(slices.Sorted(maps.Keys(builtins)), ", "))
		return b.String(), nil
	}
	for i, n := range names {
		v, ok := verbByName(n)
		if !ok {
			return "", fmt.Errorf("unknown verb %q%s", n, suggest(n))
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		v.describe(&b)
	}
	return b.String(), nil
}

func (v *Verb) describe(b *strings.Builder) {
	fmt.Fprintf(b, "%s\n    %s\n", v.Usage(), v.Summary)
	if v.Detail != "" {
		fmt.Fprintf(b, "    %s\n", v.Detail)
	}
	for _, f := range v.Flags {
		fmt.Fprintf(b, "    -%-14s %s\n", strings.TrimSpace(f.Name+" "+f.Value), f.Summary)
	}
}

// Manual gives the whole reference as a page.
func Manual() string {
	var b strings.Builder
	fmt.Fprintf(&b, manualHead, "    "+strings.ReplaceAll(strings.TrimSpace(example), "\n", "\n    "))
	for _, v := range Verbs {
		fmt.Fprintf(&b, "### %s\n\n    %s\n\n%s.", v.Name, v.Usage(), strings.ToUpper(v.Summary[:1])+v.Summary[1:])
		if v.Detail != "" {
			fmt.Fprintf(&b, " %s", v.Detail)
		}
		b.WriteString("\n")
		for _, f := range v.Flags {
			fmt.Fprintf(&b, "- `-%s`: %s\n", strings.TrimSpace(f.Name+" "+f.Value), f.Summary)
		}
		b.WriteString("\n")
	}
	b.WriteString("### Commands of testscript\n\n")
	for _, n := range slices.Sorted(maps.Keys(builtins)) {
		fmt.Fprintf(&b, "- `%s`: %s\n", n, builtins[n])
	}
	return b.String()
}

func nearestVerb(name string) string {
	var names []string
	for _, v := range Verbs {
		names = append(names, v.Name)
	}
	return spell.Nearest(name, names)
}

// manualHead stands above the verbs. %s is the example.
const manualHead = `# The script language

How an exercise is made, step by step, tells [Write your own exercise](authoring.md). Here is what its
checks are written in.

A check is a script: a file in testscripts/CHAPTER/EXERCISE. One script holds one promise of the
exercise's README. It looks like this:

%s

- The first comment is the title: what the check promises, in the student's words. "hint:",
  "points:" and "shows:" may follow it. Every later comment opens a phase, which a failure names.
- "shows: ID" names the misconception that a failure of this check shows, for failures whose symptom
  does not tell by itself. The id is that of a paragraph in a lesson.
- Words are separated by blanks. 'Single quotes' keep them together, and '' inside is a quote.
  Outside of quotes, $NAME is a variable.
- Flags come first, then arguments. A verb that can be negated shows [!] in its usage.
- Files below the script, each after a line "-- NAME --", are unpacked into the judge's work folder.
  What lies under room/ there is what the programs see as their working folder.
- A verb that waits returns as soon as what it waits for is there. It fails as soon as that cannot
  come any more: no verb waits for a clock. There is no sleep.
- Conditions, exec and whatever else owns processes are refused.

## Verbs

`

const example = `# the server answers each client by itself
# hint: Does the second client wait for the first?
random A
start server echo.sock
expect server 'listening on echo\.sock'

# the first client says nothing
start -as first client echo.sock
silent first

# the second one is answered all the same
start -as second client echo.sock
send second 'hello '$A
expect second 'hello '$A
`
