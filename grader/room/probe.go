package room

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
)

// Best gives the tier that shuts programs in furthest, of those that work here, and why the better ones do
// not.
func Best(ctx context.Context) (Tier, map[Tier]error) {
	why := map[Tier]error{}
	for _, t := range []Tier{Rooms, Landlock} {
		if why[t] = Probe(ctx, t); why[t] == nil {
			return t, why
		}
	}
	return None, why
}

// Probe tells whether a tier works here: an error says which step failed. Some systems let a user make
// namespaces and then deny what rooms do in them, so that only a whole set-up and one exec tell. It is done
// once for the process.
func Probe(ctx context.Context, t Tier) error {
	p := probes[t]
	if p == nil {
		return nil // nothing is asked of the system
	}
	go p.once.Do(func() {
		defer close(p.done)
		p.err = p.try()
	})
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// attempt is a set-up of a tier that is made once.
type attempt struct {
	try  func() error
	once sync.Once
	done chan struct{}
	err  error
}

var probes = map[Tier]*attempt{
	Rooms:    {try: tryWalls, done: make(chan struct{})},
	Landlock: {try: tryFence, done: make(chan struct{})},
}

// ClosedError says that programs, which are another user if the grader is root, could not reach their files.
type ClosedError struct{ Dir string }

func (e *ClosedError) Error() string {
	return "programs that root starts are another user, who may not enter " + e.Dir
}

// mend says what to do where a tier does not work; "" if that is not known.
func mend(t Tier, why error) string {
	if errors.As(why, new(*ClosedError)) {
		return "set TMPDIR to a folder that all may enter, such as /tmp"
	}
	if r := Remedies.here(); t == Rooms && r != nil {
		return fmt.Sprintf("%s: %s. To mend it: %s", r.Where, r.Why, r.Do)
	}
	return ""
}

// Refusal is the error of a tier that was asked for and does not work here, with what to do about it.
func Refusal(t Tier, why error) error {
	return fmt.Errorf("--isolation %s does not work here: %w\n%s", t, why, cmp.Or(mend(t, why), "grader/room/THREATS.md has more"))
}

// Lets says, in half a line, what a tier does not stop; "" for the one that stops most.
func (t Tier) Lets() string {
	switch t {
	case Landlock:
		return "programs see the machine's processes and network, and may use much memory"
	case None:
		return "programs can read and change your files, and use the network"
	}
	return ""
}
