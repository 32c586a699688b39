package grader

import (
	"errors"
	"io/fs"
	"path"
	"slices"

	"ipclab/grader/script"
	"ipclab/grader/strictyaml"
)

// Matrix says of each wrong program of an exercise which of its checks catch it.
type Matrix struct {
	Exercise string      `json:"exercise"`
	Checks   []string    `json:"checks"` // in the order of the README
	Rows     []MatrixRow `json:"rows"`   // the wrong programs, in the order of wrong.yaml
}

// MatrixRow says how one wrong program fared under all checks.
type MatrixRow struct {
	Wrong    string            `json:"wrong"`     // its id
	CaughtBy string            `json:"caught_by"` // the check that is named for it
	Cells    map[string]Caught `json:"cells"`     // by check
}

// Caught counts the runs of a check in which a wrong program has a part, and those in which it failed.
// With the reference in its place nothing is to be caught.
type Caught struct {
	Runs   int `json:"runs"`
	Failed int `json:"failed"`
}

// catchers gives the checks that catch a wrong program, in the order of the checks.
func (m *Matrix) catchers(r MatrixRow) []string {
	return slices.DeleteFunc(slices.Clone(m.Checks), func(id string) bool { return r.Cells[id].Failed == 0 })
}

// matrix puts together what the runs of an exercise's wrong programs tell.
func (v *verification) matrix(x *Exercise) {
	m := Matrix{Exercise: x.ID, Checks: x.checkIDs()}
	for _, e := range v.entries {
		if w, wrong := v.wrong[e]; wrong && e.Exercise == x && e.report.Build == nil {
			m.Rows = append(m.Rows, MatrixRow{w.ID, w.CaughtBy, e.cells(w)})
		}
	}
	v.audit.Matrix = append(v.audit.Matrix, m)
	v.needless(&m)
	v.barely(&m)
}

func (e *entry) cells(w Variant) map[string]Caught {
	changed := map[string]bool{}
	for _, name := range w.names() {
		changed[path.Dir(name)] = true
	}
	cells := map[string]Caught{}
	for _, t := range e.tasks {
		plays := func(p string) bool { return changed[p] && t.cast[p] == script.Student }
		if !slices.ContainsFunc(e.Programs, plays) {
			continue
		}
		c := cells[t.check.ID]
		if c.Runs++; t.outcome() == Fail {
			c.Failed++
		}
		cells[t.check.ID] = c
	}
	return cells
}

// needless warns of checks without which every wrong program would be caught all the same.
func (v *verification) needless(m *Matrix) {
	for _, id := range m.Checks {
		needed := slices.ContainsFunc(m.Rows, func(r MatrixRow) bool {
			return r.CaughtBy == id || slices.Equal(m.catchers(r), []string{id})
		})
		if !needed {
			v.warning("%s: no wrong program needs the check %s", m.Exercise, id)
		}
	}
}

// barely warns of wrong programs that one check alone catches, and that now and then.
func (v *verification) barely(m *Matrix) {
	for _, r := range m.Rows {
		by := m.catchers(r)
		if len(by) != 1 {
			continue
		}
		if c := r.Cells[by[0]]; c.Failed < c.Runs {
			v.warning("%s: wrong-%s is barely caught: only by %s, in %d of %d runs", m.Exercise, r.Wrong, by[0], c.Failed, c.Runs)
		}
	}
}

// Bug is a line of the table of bugs, with what covers it.
type Bug struct {
	Number int     `json:"number" yaml:"number"`
	Bug    string  `json:"bug" yaml:"bug"`
	Covers []Cover `json:"covers" yaml:"-"` // in the order of the course; empty if nothing does
}

// Cover names a wrong program that has a bug, and the check that must catch it.
type Cover struct {
	Exercise string `json:"exercise"`
	Check    string `json:"check"`
	Wrong    string `json:"wrong"`
}

// bugTable is the file with the table of bugs. A course can do without.
const bugTable = "bugs.yaml"

// bugs says which wrong programs of the whole course cover which bugs.
func (v *verification) bugs() error {
	data, err := fs.ReadFile(v.files.Testscripts, bugTable)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	doc, err := strictyaml.Decode("testscripts/"+bugTable, data, &v.audit.Bugs)
	if err != nil {
		return err
	}
	for i, b := range v.audit.Bugs {
		if b.Number != i+1 || b.Bug == "" {
			return doc.Errorf([]any{i, "number"}, "bug %d %q: want the numbers from 1, in order, each with a name", b.Number, b.Bug)
		}
	}
	for _, x := range v.Exercises() {
		all, err := v.load(x, "wrong.yaml")
		if err != nil {
			return err
		}
		for _, w := range all {
			v.cover(x, w)
		}
	}
	return nil
}

func (v *verification) cover(x *Exercise, w Variant) {
	for _, n := range w.Bugs {
		if n < 1 || n > len(v.audit.Bugs) {
			v.problem("testscripts/%s/wrong.yaml: %s has the bug %d: testscripts/%s has 1 to %d", x.ID, w.ID, n, bugTable, len(v.audit.Bugs))
			continue
		}
		b := &v.audit.Bugs[n-1]
		b.Covers = append(b.Covers, Cover{x.ID, w.CaughtBy, w.ID})
	}
}

// Missing gives the numbers of the bugs that no wrong program has.
func (a *Audit) Missing() []int {
	var numbers []int
	for _, b := range a.Bugs {
		if len(b.Covers) == 0 {
			numbers = append(numbers, b.Number)
		}
	}
	return numbers
}
