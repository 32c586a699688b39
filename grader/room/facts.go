package room

import (
	"cmp"
)

// Fact is something about the machine that bears on how programs are shut in.
type Fact struct {
	Name  string `json:"name"`
	Found string `json:"found"`
	Level Level  `json:"level"`
	Do    string `json:"do,omitempty"` // what to do about it; empty where nothing is amiss
}

// Level says how much a fact matters.
type Level string

const (
	Good    Level = "ok"
	Less    Level = "less"    // it works, with something less
	Missing Level = "missing" // nothing can be graded before it is mended
)

// tierFact tells of one tier.
func tierFact(t Tier, err error) Fact {
	f := Fact{Name: "tier " + string(t), Found: "works", Level: Good}
	if err == nil {
		return f
	}
	f.Found, f.Level = "does not work: "+err.Error(), Less
	f.Do = cmp.Or(mend(t, err), "grader/room/THREATS.md says what the next tier does not stop")
	return f
}
