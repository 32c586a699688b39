package room

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestCharge(t *testing.T) {
	const ms = time.Millisecond
	type looks []map[int]times
	tests := []struct {
		name  string
		gap   time.Duration
		looks looks
		want  time.Duration // for the last look
	}{
		{"no process", 15 * ms, looks{{}}, 15 * ms},
		{"all sleep", 15 * ms, looks{{1: {5 * ms, 1 * ms, 'S'}}, {1: {5 * ms, 1 * ms, 'S'}}}, 15 * ms},
		{"one computes", 15 * ms, looks{{1: {}}, {1: {15 * ms, 0, 'S'}}}, 15 * ms},
		{"two queue at the same time", 15 * ms, looks{{1: {}, 2: {}}, {1: {1 * ms, 7 * ms, 'S'}, 2: {0, 7 * ms, 'S'}}}, 8 * ms},
		{"one stands in the queue all the time", 15 * ms, looks{{1: {}}, {1: {0, 15 * ms, 'S'}}}, 0},
		{"it ran a third of it", 15 * ms, looks{{1: {}}, {1: {5 * ms, 10 * ms, 'S'}}}, 5 * ms},
		{"one computes, another queues", 15 * ms, looks{{1: {}, 2: {}}, {1: {12 * ms, 0, 'S'}, 2: {0, 15 * ms, 'S'}}}, 12 * ms},
		{"the queue is longer than the gap", 15 * ms, looks{{1: {}}, {1: {0, 40 * ms, 'S'}}}, 0},
		{"a thread that is new has lived in the gap", 15 * ms, looks{{1: {}}, {1: {}, 2: {2 * ms, 9 * ms, 'S'}}}, 6 * ms},
		{"one that was overlooked before has run no longer than that", 15 * ms, looks{{1: {}}, {1: {}, 2: {time.Second, 0, 'S'}}}, 15 * ms},
		{"what was before the first look counts for nothing", 15 * ms, looks{{1: {9 * ms, 9 * ms, 'S'}}}, 15 * ms},
		{"one queues since the last look", 15 * ms, looks{{1: {5 * ms, 0, 'S'}}, {1: {5 * ms, 0, 'R'}}}, 0},
		{"one waits for a disk since then", 15 * ms, looks{{1: {5 * ms, 0, 'S'}}, {1: {5 * ms, 0, 'D'}}}, 0},
		{"one queues again, or runs", 15 * ms, looks{{1: {5 * ms, 0, 'R'}}, {1: {6 * ms, 1 * ms, 'R'}}}, 14 * ms},
		{"one stands at a followed call", 15 * ms, looks{{1: {5 * ms, 0, 'S'}}, {1: {6 * ms, 0, 't'}}}, 1 * ms},
		{"a judge that came late", time.Second, looks{{1: {}}, {1: {}}}, 2 * thoroughEvery},
		{"late, and the program computed", time.Second, looks{{1: {}}, {1: {900 * ms, 0, 'S'}}}, 900 * ms},
		{"late, and the program queued", time.Second, looks{{1: {}}, {1: {10 * ms, 990 * ms, 'S'}}}, 10 * ms},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var a account
			var got time.Duration
			for _, l := range tt.looks {
				got = a.charge(tt.gap, sight{times: l})
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestChargeAtTheEndOfAProcess(t *testing.T) {
	var a account
	a.charge(time.Second, sight{times: map[int]times{1: {}}})
	assert.Zero(t, a.charge(time.Second, sight{times: map[int]times{1: {}}, ending: true}))
}

func TestStill(t *testing.T) {
	type look struct {
		after      time.Duration // since the look before
		motionless string
		packets    bool
	}
	every := func(n int, l look) (out []look) {
		for range n {
			out = append(out, l)
		}
		return out
	}
	const ms = time.Millisecond
	tests := []struct {
		name  string
		looks []look
		want  bool // after the last; never before

		under int // so often something is under way, when that is asked
		timer int // so often a timer runs, when that is asked
	}{
		{"long enough", every(5, look{5 * ms, "a", false}), true, 0, 0},
		{"too short", every(4, look{5 * ms, "a", false}), false, 0, 0},
		{"something moves", every(500, look{5 * ms, "", false}), false, 0, 0},
		{"it moved in between", append(every(4, look{5 * ms, "a", false}), every(4, look{5 * ms, "b", false})...), false, 0, 0},
		{"a judge that was stopped needs three looks all the same", every(3, look{time.Hour, "a", false}), false, 0, 0},
		{"and then knows", every(4, look{time.Hour, "a", false}), true, 0, 0},
		{"packets start it anew", append(every(4, look{5 * ms, "a", true}), every(3, look{5 * ms, "a", false})...), false, 0, 0},
		{"and then it holds", append(every(4, look{5 * ms, "a", true}), every(4, look{5 * ms, "a", false})...), true, 0, 0},
		{"foreign packets do not hold it up for ever", every(401, look{5 * ms, "a", true}), true, 0, 0},
		{"nor where looks are slow", every(looksDespitePackets+1, look{100 * ms, "a", true}), true, 0, 0},
		{"what is under way starts it anew", every(6, look{5 * ms, "a", false}), false, 1, 0},
		{"once it has arrived, it holds", every(7, look{5 * ms, "a", false}), true, 1, 0},
		{"and for ever it cannot be", every(401, look{5 * ms, "a", false}), true, 1000, 0},
		{"a timer starts it anew", every(5, look{5 * ms, "a", false}), false, 0, 1},
		{"no longer", every(8, look{5 * ms, "a", false}), true, 0, 1},
		{"one that goes on is no rest", every(401, look{5 * ms, "a", false}), false, 0, 1000},
		{"nor despite foreign packets", every(401, look{5 * ms, "a", true}), false, 0, 1000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			asked, timers := 0, 0
			w := watch{
				underWay: func() bool { asked++; return asked <= tt.under },
				timed:    func([]int) bool { timers++; return timers <= tt.timer },
			}
			now := time.Now()
			for i, l := range tt.looks {
				now = now.Add(l.after)
				got := w.still(now, sight{motionless: l.motionless, packets: l.packets})
				assert.Equal(t, tt.want && i == len(tt.looks)-1, got, "look %d", i)
			}
		})
	}
}

func TestPatienceWithShrinkingMemory(t *testing.T) {
	const gap = 50 * time.Millisecond
	spend := func(looks int, memory func(int) int) time.Duration {
		w := &watch{}
		for i := range looks {
			w.charge(gap, sight{memory: memory(i)})
		}
		return w.spent
	}
	assert.Equal(t, 100*gap, spend(100, func(int) int { return 1 << 20 }), "memory stays")
	assert.Equal(t, 100*gap, spend(100, func(i int) int { return i << 20 }), "it grows")
	shrinks := func(i int) int { return (10_000 - i) * aPiece }
	assert.LessOrEqual(t, spend(100, shrinks), gap, "it shrinks")
	assert.GreaterOrEqual(t, spend(1000, shrinks), Patience, "and not for ever")
}
