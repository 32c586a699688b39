package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"ipclab/grader"

	"github.com/rivo/uniseg"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTerminal(t *testing.T) {
	for in, want := range map[string]string{
		"plain, \u00e9, \u65e5\u672c, \U0001F600": "plain, \u00e9, \u65e5\u672c, \U0001F600",
		"a\n\tb":                     "a\n\tb",
		"\x1b[31mred\x1b[0m":         `\x1b[31mred\x1b[0m`,
		"pass\rFAIL\b":               `pass\rFAIL\x08`,
		"\x00\x7f\u0085":             `\x00\x7f\u0085`,
		"\u202etxt.exe":              `\u202etxt.exe`,
		"\u2066a\u2069":              `\u2066a\u2069`,
		"a\u2028b\ufeff":             `a\u2028b\ufeff`,
		"tag\U000e0041":              `tag\U000e0041`,
		"\ufdd0\uffff":               `\ufdd0\uffff`,
		"half a rune \xe2\x82":       `half a rune \xe2\x82`,
		"\U0001F468\u200d\U0001F469": "\U0001F468\u200d\U0001F469",
	} {
		assert.Equal(t, want, Terminal(in), "%q", in)
	}
	assert.Equal(t, `a\n\tb\x1b`, Line("a\n\tb\x1b"))
	for in, want := range map[string]string{
		"##[error]x": `\x23#[error]x`, "a ###[group]": `a #\x23#[group]`, "##vso[task]": `\x23#vso[task]`, "##teamcity[x": `\x23#teamcity[x`, "## [x] #[y]": "## [x] #[y]",
	} {
		assert.Equal(t, want, Terminal(in))
		assert.Equal(t, want, Line(in))
		assert.Equal(t, want, XML(in))
	}
	for in, want := range map[string]string{
		"::error::x": `\x3a:error::x`, " \t\u00a0::Notice x::y": " \t\u00a0" + `\x3a:Notice x::y`, "::1": "::1", "::": "::", "a ::error::": "a ::error::", "": "",
	} {
		assert.Equal(t, want, harmless(in))
		assert.Equal(t, "a\n"+want+"\n", XML("a\n"+in+"\n"))
	}
	assert.Equal(t, "a\n\tb"+`\r\x1b\uffff\xff`+"<&\u202e", XML("a\n\tb\r\x1b\uffff\xff<&\u202e"))
}

func seeds(f *testing.F) {
	f.Add("")
	f.Add("plain")
	f.Add("::error::x\n  ::stop-commands::x\n##[error]x\n" + strings.Repeat("x", 70) + "::error::y")
	f.Add(evil)
	f.Add("a: \t\n\n  b\r\n]]>\n c: " + strings.Repeat("word ", 600))
	f.Add(strings.Repeat("\u0301", 3000))
	f.Add(strings.Repeat("line\n", 300))
}

func FuzzTerminal(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, s string) {
		out := Terminal(s)
		require.True(t, utf8.ValidString(out))
		for _, r := range out {
			require.True(t, r == '\n' || r == '\t' || !unicode.IsControl(r) && !hidden(r), "%q", r)
		}
		require.Equal(t, out, Terminal(out))
		require.NotContains(t, Line(s), "\n")
		require.False(t, marks.MatchString(out+Line(s)+XML(s)))
	})
}

func FuzzJUnit(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, s string) {
		rep := hostile(s)
		var b bytes.Buffer
		require.NoError(t, JUnit(&b, rep))
		var got suites
		require.NoError(t, xml.Unmarshal(b.Bytes(), &got))
		want := newSuites(rep)
		want.XMLName = got.XMLName
		require.Equal(t, want, got, "what is read is what was written")
		names := map[[2]string]bool{}
		for _, s := range got.Suites {
			for _, c := range s.Cases {
				names[[2]string{c.Classname, c.Name}] = true
			}
		}
		require.Len(t, names, got.Tests, "names are unique")
	})
}

func FuzzJSON(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, s string) {
		rep := hostile(s)
		var b, again bytes.Buffer
		require.NoError(t, JSON(&b, rep))
		require.False(t, bytes.ContainsFunc(b.Bytes(), hidden))
		require.False(t, marks.Match(b.Bytes()))
		var got grader.Report
		require.NoError(t, json.Unmarshal(b.Bytes(), &got))
		want := string([]rune(s)) // a byte that is not UTF-8 becomes U+FFFD
		require.Equal(t, want, got.Exercises[0].Checks[0].Failure.Message)
		require.NoError(t, JSON(&again, &got))
		var same grader.Report
		require.NoError(t, json.Unmarshal(again.Bytes(), &same))
		require.Equal(t, got, same)
	})
}

func FuzzText(f *testing.F) {
	f.Add(evil, 40)
	f.Add("why:      "+strings.Repeat("a/", 500)+"\n  output "+strings.Repeat("\u65e5", 50), 80)
	f.Fuzz(func(t *testing.T, s string, width int) {
		width = 30 + (width%100+100)%100 // the list of the fixture needs 30
		var b bytes.Buffer
		require.NoError(t, Text(&b, hostile(s), TextOptions{Width: width}))
		fits(t, b.String(), width)
	})
}

// fits holds that a screen has no line that is too long, but for commands to copy, and nothing that
// is not to be seen.
func fits(t *testing.T, screen string, width int) {
	t.Helper()
	require.False(t, strings.ContainsFunc(screen, hidden))
	require.NotContains(t, screen, "\t")
	require.False(t, marks.MatchString(screen))
	for _, l := range strings.Split(screen, "\n") {
		require.Equal(t, l, harmless(l), "a command to a runner")
		if !strings.Contains(l, "ipclab ") {
			require.LessOrEqual(t, uniseg.StringWidth(l), width, "%q", l)
			require.Equal(t, strings.TrimRight(l, " "), l)
		}
	}
}
