//go:build !linux

package room

import "context"

// Facts looks at the machine. There is less to see than on Linux, and less that is stopped: programs are
// watched by their own words only, and a wait that is in vain ends by patience.
func Facts(ctx context.Context) []Fact {
	return []Fact{tierFact(Rooms, Probe(ctx, Rooms)), tierFact(Landlock, Probe(ctx, Landlock)),
		{"watching programs", "needs Linux: whether a program waits for good is told by patience, ten seconds", Less, "grade in a Linux virtual machine if that is too slow"}}
}
