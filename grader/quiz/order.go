package quiz

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"path/filepath"
	"strconv"
	"strings"
)

// SeedFor gives the seed of a session that was given none. It comes from the place of the answers, so
// that one submission sees the options in the same order every time, also over a pipe, and two
// students see them in different ones.
func SeedFor(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	sum := sha256.Sum256([]byte(path))
	return hex.EncodeToString(sum[:4])
}

// order gives the options of a question in the order in which they are shown. It hangs on nothing but
// the seed, the question and how often the question has been tried: an answer to another question
// moves no letter. The order is drawn by hand from a hash, to stay the same with every release of Go.
func order(seed, quiz string, q *Question, try int) []Option {
	sum := sha256.Sum256([]byte(strings.Join([]string{seed, quiz, q.ID, strconv.Itoa(try)}, "\x00")))
	draw := binary.BigEndian.Uint64(sum[:])
	shown := append([]Option(nil), q.Options...)
	for i := len(shown) - 1; i > 0; i-- {
		n := uint64(i + 1)
		j := draw % n
		draw /= n
		shown[i], shown[j] = shown[j], shown[i]
	}
	return shown
}
