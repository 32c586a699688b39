package quiz

import (
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// openTerminal gives both ends of a pseudo-terminal: where a person would be, and what a program gets.
func openTerminal(t *testing.T, columns int) (person, terminal *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo-terminals here: ", err)
	}
	t.Cleanup(func() { person.Close() })
	require.NoError(t, unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	require.NoError(t, err)
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo-terminals here: ", err)
	}
	t.Cleanup(func() { terminal.Close() })
	require.NoError(t, unix.IoctlSetWinsize(int(person.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: uint16(columns)}))
	return person, terminal
}

func environ(pairs ...string) func(string) string {
	return func(name string) string {
		for _, pair := range pairs {
			if value, ok := strings.CutPrefix(pair, name+"="); ok {
				return value
			}
		}
		return ""
	}
}

func TestScreenOfTerminal(t *testing.T) {
	_, tty := openTerminal(t, 50)
	assert.Equal(t, Screen{Prompt: true, Color: true, Width: 50}, ScreenOf(tty, tty, environ()))
	assert.Equal(t, Screen{Prompt: true, Width: 50}, ScreenOf(tty, tty, environ("NO_COLOR=1")))
	assert.Equal(t, Screen{Prompt: true, Width: 50}, ScreenOf(tty, tty, environ("TERM=dumb")))
	assert.Equal(t, Screen{Prompt: true, Color: true, Width: 50}, ScreenOf(tty, tty, environ("NO_COLOR=")))
	assert.Equal(t, Screen{Prompt: true, Width: 80}, ScreenOf(tty, new(strings.Builder), environ()), "the output is a pipe")
	assert.Equal(t, Screen{Color: true, Width: 50}, ScreenOf(strings.NewReader(""), tty, environ()), "the input is a pipe")
	_, wide := openTerminal(t, 300)
	assert.Equal(t, 100, ScreenOf(wide, wide, environ()).Width)
	_, unknown := openTerminal(t, 0)
	assert.Equal(t, 80, ScreenOf(unknown, unknown, environ()).Width)
}

// TestSessionOnTerminal answers a question by hand, as it were, and then types Ctrl+D.
func TestSessionOnTerminal(t *testing.T) {
	person, tty := openTerminal(t, 50)
	s, _ := newSession(t, "")
	s.In, s.Out, s.Screen = tty, tty, ScreenOf(tty, tty, environ())
	_, err := io.WriteString(person, letter(s, "pipe-what", "b", 0)+"\x04")
	require.NoError(t, err)
	seen := make(chan string)
	go func() {
		text, _ := io.ReadAll(person) // until the terminal is closed, which is an error (EIO)
		seen <- string(text)
	}()
	sum, err := s.Run(t.Context())
	require.NoError(t, err)
	assert.Equal(t, Summary{EndOfInput, 4, 1, 1}, sum)
	tty.Close()
	text := <-seen
	assert.Contains(t, text, "\x1b[32mRight.\x1b[0m\r\n")
	assert.Contains(t, text, "\r\nThe input has ended.\r\n")
	assert.NotRegexp(t, "\x1b\\[[0-9;]*[^m0-9;]", text, "nothing but colour is asked of the terminal")
}
