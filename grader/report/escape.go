package report

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Terminal makes text of any origin safe to show: what would steer a terminal, turn the reading
// direction or hide itself is written out, such as \x1b or \u202e. Newlines and tabs stay. What a runner
// of continuous integration would take for a command, wherever it stands, loses its first sign to an
// escape; of those that count at the beginning of a line only, see harmless.
func Terminal(s string) string {
	return marks.ReplaceAllString(show(s, hidden), escapedMark)
}

// marks are commands to the runners of Azure and GitHub (the old form) and to TeamCity.
var marks = regexp.MustCompile(`#(#(?:\[|vso\[|teamcity\[))`)

const escapedMark = `\x23$1`

// harmless makes of a line one that the runner of GitHub takes for no command to itself: those begin
// with ::word, behind any blanks.
func harmless(line string) string {
	rest := strings.TrimLeftFunc(line, unicode.IsSpace)
	if len(rest) > 2 && rest[:2] == "::" && (rest[2] >= 'A' && rest[2] <= 'Z' || rest[2] >= 'a' && rest[2] <= 'z') {
		return line[:len(line)-len(rest)] + `\x3a` + rest[1:]
	}
	return line
}

// Line is Terminal for a text that must stay on one line.
func Line(s string) string {
	return marks.ReplaceAllString(show(s, func(r rune) bool { return r == '\n' || r == '\t' || hidden(r) }), escapedMark)
}

// XML writes out what no XML 1.0 document may hold, not even escaped, and the carriage return, which
// readers of XML turn into a newline; and what would be a command to a runner of continuous
// integration, since the document may be shown there. The escaping of < and & is left to encoding/xml.
func XML(s string) string {
	lines := strings.Split(marks.ReplaceAllString(show(s, func(r rune) bool {
		return r < ' ' && r != '\n' && r != '\t' || r == 0xFFFE || r == 0xFFFF
	}), escapedMark), "\n")
	for i, l := range lines {
		lines[i] = harmless(l)
	}
	return strings.Join(lines, "\n")
}

// hidden says whether a character acts on the reader's screen instead of being seen on it.
func hidden(r rune) bool {
	switch {
	case r == '\n', r == '\t':
		return false
	case r == 0x200C, r == 0x200D: // the joiners, of which scripts and emoji are made
		return false
	case r&0xFFFE == 0xFFFE, r >= 0xFDD0 && r <= 0xFDEF: // no characters
		return true
	}
	// Cf holds the direction marks and the zero-width characters.
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

// show writes out the characters that are to be hidden, and the bytes that are not UTF-8.
func show(s string, hide func(rune) bool) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, hide) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case hide(r):
			b.WriteString(visible(r))
		default:
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

// visible names a character as Go would in a string.
func visible(r rune) string {
	switch {
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r < utf8.RuneSelf:
		return fmt.Sprintf(`\x%02x`, r)
	case r <= 0xFFFF:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return fmt.Sprintf(`\U%08x`, r)
}
