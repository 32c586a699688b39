package grader

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"ipclab/grader/spell"
)

// Selection is what a command's arguments name.
type Selection struct {
	Exercises []*Exercise
	Quiz      bool
}

// UnknownError says that nothing in the course has this name.
type UnknownError struct {
	ID     string
	Likely string // the nearest name, empty if none is near
	There  bool   // there is an exercise of that name, and course.yaml does not list it
}

func (e *UnknownError) Error() string {
	if e.There {
		return fmt.Sprintf("exercises/%s is there, but exercises/course.yaml does not list it", e.ID)
	}
	if e.Likely != "" {
		return fmt.Sprintf("unknown exercise %q: did you mean %s?", e.ID, e.Likely)
	}
	return fmt.Sprintf("unknown exercise %q: ipclab list shows them all", e.ID)
}

// CleanID takes off what a shell may have completed: exercises/pipe/filter/ means pipe/filter.
func CleanID(arg string) string {
	return strings.Trim(strings.TrimPrefix(strings.TrimPrefix(arg, "./"), "exercises/"), "/")
}

// Select finds the exercises named by ids, in the order of the course: chapter/exercise, a chapter
// alone for all of its exercises, or quiz. No ids select everything.
func (c *Course) Select(ids []string) (Selection, error) {
	if len(ids) == 0 {
		return Selection{c.Exercises(), c.Quiz != nil}, nil
	}
	chosen := map[string]bool{}
	var sel Selection
	for _, id := range ids {
		id = CleanID(id)
		if id == "quiz" && c.Quiz != nil {
			sel.Quiz = true
			continue
		}
		found := false
		for _, e := range c.Exercises() {
			if e.ID == id || strings.HasPrefix(e.ID, id+"/") {
				chosen[e.ID], found = true, true
			}
		}
		if !found {
			_, err := fs.Stat(c.files.Exercises, path.Join(id, "exercise.yaml"))
			return Selection{}, &UnknownError{id, c.likely(id), err == nil}
		}
	}
	for _, e := range c.Exercises() {
		if chosen[e.ID] {
			sel.Exercises = append(sel.Exercises, e)
		}
	}
	return sel, nil
}

// likely gives the name nearest to a mistyped one. The exercise's own name without its chapter is
// near too.
func (c *Course) likely(id string) string {
	full := map[string]string{}
	if c.Quiz != nil {
		full["quiz"] = "quiz"
	}
	for _, ch := range c.Chapters {
		full[ch.ID] = ch.ID
		for _, e := range ch.Exercises {
			full[e.ID], full[path.Base(e.ID)] = e.ID, e.ID
		}
	}
	return full[spell.Nearest(id, slices.Sorted(maps.Keys(full)))]
}

// Exercise finds one exercise by its ID.
func (c *Course) Exercise(id string) (*Exercise, error) {
	sel, err := c.Select([]string{id})
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(sel.Exercises, func(e *Exercise) bool { return e.ID == CleanID(id) }); i >= 0 {
		return sel.Exercises[i], nil
	}
	return nil, fmt.Errorf("%s is not a single exercise: name one, such as %s", id, c.Exercises()[0].ID)
}
