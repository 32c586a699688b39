package quiz

import (
	"bytes"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"
)

// Screen says where a session is shown.
type Screen struct {
	Prompt bool // somebody types at a terminal: ask for input, and do not only read it
	Color  bool
	Width  int // of a line, in characters
}

const (
	usualWidth = 80
	minWidth   = 20
	maxWidth   = 100 // longer lines are hard to read, however wide the window
)

// ScreenOf finds out what the streams are. The environment counts too: NO_COLOR (no-color.org) and
// TERM=dumb keep a terminal free of colour.
func ScreenOf(in io.Reader, out io.Writer, getenv func(string) string) Screen {
	s := Screen{Prompt: isTerminal(in), Width: usualWidth}
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		s.Color = getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			s.Width = min(max(width, minWidth), maxWidth)
		}
	}
	return s
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// style is a colour or weight of text, as the number that ECMA-48 gives it.
type style string

const (
	bold  style = "1"
	red   style = "31"
	green style = "32"
)

// printer lays text out for a screen. It only ever appends: no cursor is moved and nothing is
// written over, so that a screen reader, a log and a slow line all get the same text once.
type printer struct {
	screen Screen
	out    io.Writer
	text   bytes.Buffer // what is not yet written
	gap    bool         // the last line is blank
}

// flush writes what has gathered.
func (p *printer) flush() error {
	_, err := p.out.Write(p.text.Bytes())
	p.text.Reset()
	return err
}

// blank leaves one line free, however often it is called.
func (p *printer) blank() {
	if !p.gap {
		p.print("\n")
	}
	p.gap = true
}

func (p *printer) print(text string) {
	p.text.WriteString(text)
	p.gap = false
}

// line prints one line in a style ("" is plain) and does not break it: a command or a path stays whole.
func (p *printer) line(st style, text string) {
	text = clean(text)
	if p.screen.Color && st != "" {
		text = "\x1b[" + string(st) + "m" + text + "\x1b[0m"
	}
	p.print(text + "\n")
}

// paragraph prints text filled to the width. The first line begins with lead, and the others are
// indented to the same depth.
func (p *printer) paragraph(lead, text string) {
	depth := utf8.RuneCountInString(lead)
	for _, line := range wrap(clean(text), p.width()-depth) {
		p.print(lead + line + "\n")
		lead = strings.Repeat(" ", depth)
	}
}

// markdown prints paragraphs filled, with a blank line between them, and fenced code as it is.
// Marks inside a line, like backticks, stay: they read well enough.
func (p *printer) markdown(text string) {
	var filled []string
	end := func() {
		if len(filled) > 0 {
			p.paragraph("", strings.Join(filled, " "))
		}
		filled = nil
	}
	code := false
	for line := range strings.Lines(strings.TrimSpace(text)) {
		line = strings.TrimRight(line, "\r\n")
		switch fence := strings.HasPrefix(strings.TrimSpace(line), "```"); {
		case fence:
			end()
			p.blank()
			code = !code
		case code:
			line = clean(strings.ReplaceAll("\t"+line, "\t", "    "))
			p.print(strings.TrimRight(line, " ") + "\n")
		case blank(line):
			end()
			p.blank()
		default:
			filled = append(filled, line)
		}
	}
	end()
}

func (p *printer) width() int {
	if p.screen.Width <= 0 {
		return usualWidth
	}
	return p.screen.Width
}

// wrap breaks text between words into lines of width characters at most, unless a word is longer.
func wrap(text string, width int) []string {
	var lines []string
	line, used := "", 0
	for _, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case line == "":
			line, used = word, n
		case used+1+n <= width:
			line, used = line+" "+word, used+1+n
		default:
			lines = append(lines, line)
			line, used = word, n
		}
	}
	if line == "" {
		return lines
	}
	return append(lines, line)
}

// clean makes text safe for a terminal: control characters, marks that turn the direction of writing
// and bytes that are not UTF-8 are shown as escapes and not obeyed. White space stays.
func clean(s string) string {
	var b strings.Builder
	for i, size := 0, 0; i < len(s); i += size {
		var r rune
		r, size = utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b.WriteString(`\x` + strconv.FormatUint(uint64(s[i]), 16))
		case unicode.IsPrint(r) || r == '\n' || r == '\t':
			b.WriteRune(r)
		default:
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
	}
	return b.String()
}
