package script

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ipclab/grader/room"
)

// Hygiene: what a program that promises a clean end must not leave, and what it must not pile up.

func (c *call) zombies() error {
	a, want, err := c.counted()
	if err != nil {
		return err
	}
	// A child that is about to end is no zombie yet: all must have come to rest.
	got := 0
	if _, err := c.wait(func() bool { got = a.process.Zombies(); return a.process.ExitedLocked() != nil }); err != nil || got == want {
		return err
	}
	return c.mismatch(a, fmt.Sprintf("%s has %s", a.name, zombieWords(want)), zombieWords(got),
		"a child that has ended stays as a zombie until its parent waits for it")
}

func zombieWords(n int) string {
	switch n {
	case 0:
		return "no zombie: it has waited for every child that ended"
	case 1:
		return "1 zombie: a child that ended and that it never waited for"
	}
	return fmt.Sprintf("%d zombies: children that ended and that it never waited for", n)
}

// counted gives the process and the number that a verb names.
func (c *call) counted() (*actor, int, error) {
	a, err := c.process(c.args[0])
	if err != nil {
		return nil, 0, err
	}
	n, err := strconv.Atoi(c.args[len(c.args)-1])
	if err != nil {
		err = fmt.Errorf("%s: %q is not a number", c.verb.Name, c.args[len(c.args)-1])
	}
	return a, n, err
}

func (c *call) descriptors() error {
	a, want, err := c.counted()
	if err != nil {
		return err
	}
	kind := c.args[1]
	if !slices.Contains(room.DescriptorKinds, kind) {
		return fmt.Errorf("descriptors: unknown kind %q: want one of %s", kind, strings.Join(room.DescriptorKinds, ", "))
	}
	got := 0
	e, err := c.wait(func() bool {
		got = a.process.Descriptors()[kind]
		return got <= want || a.process.ExitedLocked() != nil
	})
	if err != nil {
		return err
	}
	expected := fmt.Sprintf("%s has no more than %s, beside stdin, stdout and stderr", a.name, descriptorWords(want, kind))
	switch {
	case a.process.Exited() != nil: // nothing is open any more, but that is not what was asked
		return c.mismatch(a, expected, "", a.state())
	case e == room.Met:
		return nil
	}
	return c.mismatch(a, expected, descriptorWords(got, kind), "what is opened and never closed piles up, until the limit is reached")
}

func descriptorWords(n int, kind string) string {
	if n == 1 {
		return "1 open " + kind
	}
	return fmt.Sprintf("%d open %ss", n, kind)
}
