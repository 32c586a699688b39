package grader

import (
	"context"
	"fmt"
	"strings"

	"ipclab/grader/room"
	"ipclab/grader/script"
)

// Trace is the timeline of one check, once for each cast. Its JSON form is public.
type Trace struct {
	Exercise string      `json:"exercise"`
	Check    string      `json:"check"`
	Title    string      `json:"title"`
	Seed     string      `json:"seed"`
	Casts    []CastTrace `json:"casts"`

	Given Given `json:"-"`
}

// CastTrace is what happened with one cast.
type CastTrace struct {
	Roles   map[string]string `json:"roles"` // program -> "student" or "reference"
	Outcome Outcome           `json:"outcome"`
	Failure *Failure          `json:"failure,omitempty"`
	Events  []TranscriptEvent `json:"events"`
}

// Trace runs one check of a submission and tells all that happens, whether it passes or not. Of the
// options, Seed, Isolation, Keep and Progress count.
func (c *Course) Trace(ctx context.Context, sub *Submission, e *Exercise, check string, o Options) (*Trace, error) {
	s := e.check(check)
	if s == nil {
		return nil, fmt.Errorf("%s has no check %q: it has %s", e.ID, check, strings.Join(e.checkIDs(), ", "))
	}
	o.Select = Selection{Exercises: []*Exercise{e}}
	o.NoCache = true
	g := &grading{Course: c, Options: o.withDefaults(), sub: sub, tracing: true}
	entries, err := g.entries()
	if err != nil {
		return nil, err
	}
	x := entries[0]
	x.only, x.once = check, true
	x.report.Outcome = Fail // run a stub too
	if err := g.judge(ctx, entries); err != nil {
		return nil, err
	}
	if b := x.report.Build; b != nil {
		return nil, fmt.Errorf("%s does not build: ipclab grade %s says why", e.ID, e.ID)
	}
	t := &Trace{Exercise: e.ID, Check: check, Title: s.Title, Seed: g.Seed}
	for _, r := range x.tasks {
		ct := CastTrace{Roles: roles(r.cast), Outcome: r.outcome(), Events: events(r.events)}
		if r.failure != nil || r.err != nil {
			ct.Failure = r.report(s, x.scriptFile(s))
		}
		t.Casts = append(t.Casts, ct)
	}
	return t, nil
}

func (x *Exercise) check(id string) *script.Script {
	for _, s := range x.Checks {
		if s.ID == id {
			return s
		}
	}
	return nil
}

func (x *Exercise) scriptFile(s *script.Script) string {
	return "testscripts/" + x.ID + "/" + s.ID + ".txtar"
}

// events makes a transcript of the report's model.
func events(all []room.Event) []TranscriptEvent {
	out := []TranscriptEvent{}
	for _, e := range all {
		out = append(out, TranscriptEvent{milliseconds(e.At), e.Process, e.Kind, valid(string(e.Text))})
	}
	return out
}
