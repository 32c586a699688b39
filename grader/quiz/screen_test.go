package quiz

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWrap(t *testing.T) {
	tests := []struct {
		text string
		want []string
	}{
		{"", nil},
		{" \n ", nil},
		{"one", []string{"one"}},
		{"one two  three\nfour", []string{"one two", "three four"}},
		{"a word-that-is-too-long b", []string{"a", "word-that-is-too-long", "b"}},
		{"0123456789", []string{"0123456789"}},
		{"äöü äöü äö", []string{"äöü äöü äö"}},
		{"äöü äöü äöü", []string{"äöü äöü", "äöü"}},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, wrap(tt.text, 10), tt.text)
	}
}

func TestClean(t *testing.T) {
	tests := map[string]string{
		"plain, `code` and ü 漢": "plain, `code` and ü 漢",
		"two\nlines\tand a tab": "two\nlines\tand a tab",
		"\x1b[2J":               `\x1b[2J`,
		"a\x00b\x7f":            `a\x00b\x7f`,
		"\r":                    `\r`,
		"\u009b2J":              `\u009b2J`,
		"\u202edcba\u2066":      `\u202edcba\u2066`,
		"\u200b\ufeff":          `\u200b\ufeff`,
		"\xff\xfe":              `\xff\xfe`,
		"\ufffd":                "\ufffd",
		`\x1b`:                  `\x1b`,
	}
	for text, want := range tests {
		assert.Equal(t, want, clean(text))
	}
}

func TestMarkdown(t *testing.T) {
	text := "First line\ngoes on.\n\nSecond.\n```go\nif x {\n\ty()\n}\n\nz()\n```\nLast."
	want := "First line goes on.\n\nSecond.\n\n    if x {\n        y()\n    }\n\n    z()\n\nLast.\n"
	p := &printer{screen: Screen{Width: 30}}
	p.markdown(text)
	assert.Equal(t, want, p.text.String())
}

func TestScreenOfPipes(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	defer w.Close()
	plain := Screen{Width: 80}
	assert.Equal(t, plain, ScreenOf(r, w, os.Getenv))
	assert.Equal(t, plain, ScreenOf(new(bytes.Buffer), new(bytes.Buffer), os.Getenv))
}
