package spell

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNearest(t *testing.T) {
	verbs := []string{"start", "expect", "expectfile", "send", "sendfile", "exits", "ends"}
	tests := []struct {
		word       string
		candidates []string
		want       string
	}{
		{"expct", verbs, "expect"},
		{"expect", verbs, "expect"},
		{"exit", verbs, "exits"},
		{"snd", verbs, "send"},
		{"sendflie", verbs, "sendfile"},
		{"expectflie", verbs, "expectfile"},
		{"xyzzy", verbs, ""},
		{"starting-up", verbs, ""},
		{"", verbs, ""},
		{"start", nil, ""},
		{"ab", []string{"cd"}, ""},       // nothing in common
		{"x", []string{"go", "y"}, ""},   // the same
		{"", []string{"go"}, ""},         // the same
		{"ab", []string{"ad"}, "ad"},     // one letter of two
		{"ba", []string{"xx", "b"}, "b"}, // the nearer one
		{"cat", []string{"bat", "hat"}, "bat"},
		{"grüße", []string{"grüsse"}, "grüsse"},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, Nearest(tt.word, tt.candidates), tt.word)
	}
}

func TestDistance(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"", "abc", 3}, {"same", "same", 0}, {"kitten", "sitting", 3}, {"flaw", "lawn", 2}, {"ß", "ss", 2}, {"ü", "u", 1},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, distance([]rune(tt.a), []rune(tt.b)), "%s %s", tt.a, tt.b)
		assert.Equal(t, tt.want, distance([]rune(tt.b), []rune(tt.a)), "%s %s", tt.b, tt.a)
	}
}
