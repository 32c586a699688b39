package script

import (
	"errors"
	"fmt"
	"strings"

	"ipclab/grader/room"

	"github.com/rogpeppe/go-internal/testscript"
)

// Verb is one word of the script language. Help, reference and lint all come from this.
type Verb struct {
	Name    string
	Args    string // as in a usage line, without the flags
	Flags   []Flag
	Min     int // number of arguments
	Max     int // -1 for any
	Negates bool
	Passes  bool   // flags that it does not know are the first of its arguments
	Summary string // one line
	Detail  string // what else there is to know

	lint func(args []string) error // what else can be told of the arguments before the script runs
	run  func(*call) error
}

// Flag is an option of a verb. Flags come before the arguments.
type Flag struct {
	Name    string
	Value   string // what it takes, empty if nothing
	Summary string
}

// Usage gives the line that shows how to write the verb.
func (v *Verb) Usage() string {
	var b strings.Builder
	if v.Negates {
		b.WriteString("[!] ")
	}
	b.WriteString(v.Name)
	for _, f := range v.Flags {
		if f.Value == "" {
			fmt.Fprintf(&b, " [-%s]", f.Name)
		} else {
			fmt.Fprintf(&b, " [-%s %s]", f.Name, f.Value)
		}
	}
	if v.Args != "" {
		b.WriteString(" " + v.Args)
	}
	return b.String()
}

func verbByName(name string) (*Verb, bool) {
	for _, v := range Verbs {
		if v.Name == name {
			return v, true
		}
	}
	return nil, false
}

// parse takes flags and arguments apart and checks them.
func (v *Verb) parse(neg bool, args []string) (flags map[string]string, rest []string, err error) {
	if neg && !v.Negates {
		return nil, nil, fmt.Errorf("%s cannot be negated", v.Name)
	}
	if flags, args, err = v.takeFlags(args); err != nil {
		return nil, nil, err
	}
	if len(args) < v.Min || v.Max >= 0 && len(args) > v.Max {
		return nil, nil, fmt.Errorf("usage: %s", v.Usage())
	}
	if v.lint != nil {
		err = v.lint(args)
	}
	return flags, args, err
}

func (v *Verb) takeFlags(args []string) (flags map[string]string, rest []string, err error) {
	flags = map[string]string{}
	for len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-' {
		if args[0] == "--" {
			args = args[1:]
			break
		}
		name, value, joined := strings.Cut(args[0][1:], "=")
		f := v.flag(name)
		switch {
		case f == nil && v.Passes:
			return flags, args, nil
		case f == nil:
			return nil, nil, fmt.Errorf("%s has no flag -%s\nusage: %s", v.Name, name, v.Usage())
		case f.Value == "" && joined:
			return nil, nil, fmt.Errorf("%s: the flag -%s takes no value", v.Name, name)
		case f.Value != "" && !joined:
			if len(args) < 2 {
				return nil, nil, fmt.Errorf("%s: the flag -%s needs a value", v.Name, name)
			}
			value, args = args[1], args[1:]
		}
		flags[name] = value
		args = args[1:]
	}
	return flags, args, nil
}

// expanded takes apart the arguments of a line whose variables have been replaced. Which of them are
// flags was settled by the author's words: a variable may hold what a program printed, and that may
// look like a flag.
func (v *Verb) expanded(neg bool, line string, args []string) (flags map[string]string, rest []string, err error) {
	words, err := split(line)
	if err != nil {
		return nil, nil, err
	}
	words = words[len(words)-len(args):] // without the verb and its negation
	_, written, err := v.parse(neg, words)
	if err != nil {
		return nil, nil, err
	}
	n := len(args) - len(written)
	flags, _, err = v.takeFlags(args[:n])
	return flags, args[n:], err
}

func (v *Verb) flag(name string) *Flag {
	for i := range v.Flags {
		if v.Flags[i].Name == name {
			return &v.Flags[i]
		}
	}
	return nil
}

// call is one use of a verb.
type call struct {
	*run
	ts    *testscript.TestScript
	verb  *Verb
	neg   bool
	flags map[string]string
	args  []string
}

func (c *call) has(flag string) bool { _, ok := c.flags[flag]; return ok }

// mismatch is an error that speaks of the programs. Every other error of a verb means that the
// script or the grader is wrong.
type mismatch struct{ text string }

func (m *mismatch) Error() string { return m.text }

func mismatchf(format string, args ...any) error {
	return &mismatch{fmt.Sprintf(format, args...)}
}

// wait waits for a condition and turns what is nobody's fault into an error.
func (c *call) wait(cond func() bool) (room.Ending, error) {
	return c.judge(c.room.Wait(c.ctx, cond))
}

func (c *call) judge(e room.Ending) (room.Ending, error) {
	c.waited = e == room.Quiescent || e == room.OutOfPatience
	switch e {
	case room.OutOfPatience:
		c.patience = true
	case room.Overrun:
		return e, mismatchf("came:     stopped: used %s\nwhy:      there is a limit for all processes of a check together, and all were ended", c.room.Excess())
	case room.Cancelled:
		return e, c.ctx.Err()
	case room.Starved:
		return e, errors.New("the machine is too loaded to tell: the programs hardly got to run")
	}
	return e, nil
}
