package report

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"ipclab/grader"

	"github.com/rivo/uniseg"
)

// page lays out text in columns of a terminal. Texts given to it may come from anywhere: it escapes
// them.
type page struct {
	strings.Builder
	width int  // columns; 0: lines may be as long as they are
	color bool // with escape sequences for colour
	quote int  // most lines of one message
	given grader.Given
}

// style is how a word stands out: the numbers of an ANSI escape sequence.
type style string

const (
	plain  style = ""
	bold   style = "1"
	dim    style = "2"
	red    style = "1;31"
	green  style = "32"
	yellow style = "33"
)

func (p *page) paint(s style, text string) string {
	if !p.color || s == plain {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// gap leaves one blank line, not two.
func (p *page) gap() {
	if s := p.String(); s != "" && !strings.HasSuffix(s, "\n\n") {
		p.WriteByte('\n')
	}
}

// prose writes one paragraph, wrapped.
func (p *page) prose(indent int, format string, args ...any) {
	p.paragraph(indent, 0, "", plain, fmt.Sprintf(format, args...))
}

// entry writes a paragraph that begins with a word in a style. Its further lines stand two columns
// deeper, so that the word is found at a glance.
func (p *page) entry(indent int, word string, s style, format string, args ...any) {
	p.paragraph(indent, 2, word, s, fmt.Sprintf(format, args...))
}

// paragraph writes a word in a style and what follows it; further lines hang some columns deeper.
func (p *page) paragraph(indent, hang int, word string, s style, text string) {
	lines := wrap(Line(word+text), p.room(indent), p.room(indent+hang))
	if rest, ok := strings.CutPrefix(lines[0], word); ok {
		lines[0] = p.paint(s, word) + rest
	}
	p.row(indent, lines[0])
	for _, l := range lines[1:] {
		p.row(indent+hang, l)
	}
}

// row writes a line that is laid out already.
func (p *page) row(indent int, line string) {
	if h := harmless(line); h != line {
		line = clip(h, p.room(indent))
	}
	p.WriteString(strings.TrimRight(strings.Repeat(" ", indent)+line, " ") + "\n")
}

// command writes a command to type. It is never broken: it is there to be copied.
func (p *page) command(indent int, lead, command string) {
	if p.width > 0 && indent+len(lead)+1+uniseg.StringWidth(command) > p.width {
		p.row(indent, p.paint(bold, lead))
		p.row(indent+2, command)
		return
	}
	p.row(indent, p.paint(bold, lead)+" "+command)
}

// commandLine gives the command that goes on from the report.
func (p *page) commandLine(subcommand string, args ...string) string {
	return CommandLine(p.given, subcommand, args...)
}

// CommandLine gives a command that goes on from another one, with what that was given and this one needs
// to do the same. It can be pasted into a shell as it is.
func CommandLine(given grader.Given, subcommand string, args ...string) string {
	words := append([]string{"ipclab", subcommand}, args...)
	flag := func(name, value string) {
		if value != "" {
			words = append(words, name, value)
		}
	}
	flag("--course", given.Course)
	if !slices.Contains([]string{"read", "list", "hint"}, subcommand) {
		flag("-C", given.Submission)
	}
	if subcommand == "trace" {
		flag("--seed", given.Seed)
	}
	for i, w := range words {
		words[i] = shellWord(w)
	}
	return strings.Join(words, " ")
}

// plainWord matches what a shell takes as it stands.
var plainWord = regexp.MustCompile(`^[\w@%+=:,./-]+$`)

// shellWord quotes a word for a shell. What acts on a terminal is written out.
func shellWord(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(Line(s), "'", `'\''`) + "'"
}

// room is the width that an indentation leaves; 0 if there is no limit.
func (p *page) room(indent int) int {
	if p.width == 0 {
		return 0
	}
	return max(p.width-indent, 1)
}

// message writes a text of several lines as it is. A line that begins with a blank is output of a
// program and is never broken, only cut, and so is one in quotes; what goes on under a label such as "where:" and
// other lines are prose.
func (p *page) message(indent int, text string) {
	lines := strings.Split(strings.Trim(text, "\n"), "\n")
	for i, l := range lines {
		if i == p.quote {
			p.prose(indent, "... %s more", count(len(lines)-i, "line", "lines"))
			return
		}
		// Before the work on every letter: a program may write megabytes in one line.
		l = clipBytes(l)
		if text, ok := strings.CutPrefix(l, underLabel); ok && text != "" && text[0] != ' ' && text[0] != '"' {
			p.paragraph(indent+len(underLabel), 0, "", plain, expandTabs(Terminal(text)))
		} else if strings.HasPrefix(l, " ") || strings.HasPrefix(l, "\t") {
			p.row(indent, clip(expandTabs(Terminal(l)), p.room(indent)))
		} else {
			p.paragraph(indent, labelWidth(l), "", plain, expandTabs(Terminal(l)))
		}
	}
}

// underLabel is where the text of a label goes on.
const underLabel = "          "

// labelWidth gives the column at which the text of a line such as "came:     nothing" begins; 0 if it
// has no label.
func labelWidth(line string) int {
	label, text, ok := strings.Cut(line, ": ")
	n := len(line) - len(strings.TrimLeft(text, " "))
	if !ok || n > 12 || strings.ContainsAny(label, " /") {
		return 0
	}
	return n
}

// longest is how many bytes of one line are shown at most.
const longest = 2000

func clipBytes(line string) string {
	if len(line) <= longest {
		return line
	}
	n := longest
	for n > longest-utf8.UTFMax && !utf8.RuneStart(line[n]) {
		n--
	}
	return line[:n] + more(line[n:])
}

// clip cuts a line to a width and says how much is missing.
func clip(line string, width int) string {
	if width == 0 || fit(line, width) == len(line) {
		return line
	}
	// No count of missing letters is longer than that of all letters.
	n := fit(line, max(1, width-len(more(line))))
	return line[:n] + more(line[n:])
}

func more(cut string) string {
	return fmt.Sprintf("... %d more", utf8.RuneCountInString(cut))
}

// wrap breaks prose between words, or where it must within one. The first line may have another
// width than the rest. A text in double quotes counts as one word: its blanks belong to it.
func wrap(s string, first, rest int) []string {
	s = strings.TrimRight(s, " ")
	blanks := append(blanksOutsideQuotes(s), len(s))
	var lines []string
	for start, width := 0, first; ; width = rest {
		end := len(s)
		if width > 0 {
			end = start + fit(s[start:], width)
		}
		if end == len(s) {
			return append(lines, s[start:])
		}
		end = breakBefore(s, blanks, start, end, rest)
		lines = append(lines, s[start:end])
		start = end
		for start < len(s) && isBlank(blanks, start) {
			start++
		}
	}
}

func isBlank(blanks []int, at int) bool {
	_, found := slices.BinarySearch(blanks, at)
	return found
}

// breakBefore finds the best end up to byte end for a line that begins at start. A word that does not
// fit into a line of its own is not moved there; the longest words are paths, so a slash is a good
// place to break one.
func breakBefore(s string, blanks []int, start, end, width int) int {
	i, atBlank := slices.BinarySearch(blanks, end)
	if atBlank {
		return end
	}
	word := start // that lies across the end
	if i > 0 {
		word = max(start, blanks[i-1]+1)
	}
	if whole := s[word:blanks[i]]; word > start && fit(whole, width) == len(whole) {
		return word
	}
	if slash := strings.LastIndexByte(s[word:end], '/'); slash > 0 {
		return word + slash + 1
	}
	return end
}

// blanksOutsideQuotes gives the places of the blanks that separate words.
func blanksOutsideQuotes(s string) []int {
	var blanks []int
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quoted:
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ' ' && !quoted:
			blanks = append(blanks, i)
		}
	}
	return blanks
}

// fit counts the bytes of s that fit into a width: whole grapheme clusters, and one at least.
func fit(s string, width int) int {
	n, used, state := 0, 0, -1
	for rest := s; rest != ""; {
		var cluster string
		var w int
		cluster, rest, w, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if used += w; used > width && n > 0 {
			return n
		}
		n += len(cluster)
	}
	return n
}

// expandTabs sets every eighth column, whatever stands to the left of the line.
func expandTabs(line string) string {
	var b strings.Builder
	column := 0
	for i, cell := range strings.Split(line, "\t") {
		if i > 0 {
			gap := 8 - column%8
			b.WriteString(strings.Repeat(" ", gap))
			column += gap
		}
		b.WriteString(cell)
		column += uniseg.StringWidth(cell)
	}
	return b.String()
}

// shorten cuts a title or a word, of which the beginning is enough.
func shorten(s string, width int) string {
	if fit(s, width) == len(s) {
		return s
	}
	return strings.TrimRight(s[:fit(s, width-3)], " ") + "..."
}

// pad fills a text up to a width.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-uniseg.StringWidth(s)))
}

// count says a number with its noun.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
