package script

import (
	"fmt"
	"slices"
	"strings"
)

// Side says whose program plays a role.
type Side string

// The sides.
const (
	Student   Side = "student"
	Reference Side = "reference"
)

// Cast says for each program of a script whose it is.
type Cast map[string]Side

// Casts gives the casts with which a script that starts these programs is run: the student's own
// programs together, and each of them alone with the reference for all others. Two sides that are
// wrong in the same way understand each other; neither understands the reference.
func Casts(programs []string) []Cast {
	if len(programs) < 2 {
		return []Cast{cast(programs, programs...)}
	}
	casts := []Cast{}
	for _, p := range programs {
		casts = append(casts, cast(programs, p))
	}
	return append(casts, cast(programs, programs...))
}

// cast makes a cast in which the given programs are the student's.
func cast(programs []string, students ...string) Cast {
	c := Cast{}
	for _, p := range programs {
		c[p] = Reference
		if slices.Contains(students, p) {
			c[p] = Student
		}
	}
	return c
}

// Students gives the programs that are the student's, sorted.
func (c Cast) Students() []string { return c.played(Student) }

func (c Cast) played(by Side) []string {
	var out []string
	for p, s := range c {
		if s == by {
			out = append(out, p)
		}
	}
	slices.Sort(out)
	return out
}

// String says the cast in words: "your server with the reference client".
func (c Cast) String() string {
	mine, theirs := c.played(Student), c.played(Reference)
	switch {
	case len(theirs) == 0:
		return "your " + strings.Join(mine, " with your ")
	case len(mine) == 0:
		return "the reference " + strings.Join(theirs, ", ")
	}
	return fmt.Sprintf("your %s with the reference %s", strings.Join(mine, ", "), strings.Join(theirs, ", "))
}

// Blame says which side is at fault, given the casts that failed. It is empty where a script has
// one program only.
func Blame(programs []string, failed []Cast) string {
	if len(programs) < 2 || len(failed) == 0 {
		return ""
	}
	var alone []string
	for _, c := range failed {
		if s := c.Students(); len(s) == 1 {
			alone = append(alone, s[0])
		}
	}
	slices.Sort(alone)
	switch len(alone) {
	case 0:
		return fmt.Sprintf("each of your programs passed with the reference, and they failed together: look at what %s assume of one another, or, if a second run passes, for what one of them leaves to chance", strings.Join(programs, " and "))
	case 1:
		return fmt.Sprintf("your %s is at fault: it fails with the reference %s too, while the rest of yours works", alone[0], others(programs, alone[0]))
	}
	return fmt.Sprintf("your %s are each at fault: each fails with the reference in the other parts", strings.Join(alone, " and your "))
}

func others(programs []string, but string) string {
	var out []string
	for _, p := range programs {
		if p != but {
			out = append(out, p)
		}
	}
	return strings.Join(out, ", ")
}
