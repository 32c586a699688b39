package grader

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// pool runs the checks of entries, Jobs at once. An entry's checks begin as soon as its programs stand,
// while others are still being built: checks wait most of their time, the linker never does.
type pool struct {
	g      *grading
	ctx    context.Context
	cancel context.CancelCauseFunc
	tasks  chan numbered
	total  int
	wg     sync.WaitGroup

	mu      sync.Mutex
	binary  map[string]string          // by key
	pending map[*entry]map[string]bool // keys that an entry still waits for
	next    int
	done    int
}

// numbered is a task with a number of its own, for its folder.
type numbered struct {
	*task
	n int
}

// newPool plans the tasks of all entries and starts the workers.
func (g *grading) newPool(ctx context.Context, todo []*entry) *pool {
	p := &pool{g: g, binary: map[string]string{}, pending: map[*entry]map[string]bool{}}
	p.ctx, p.cancel = context.WithCancelCause(ctx)
	for _, e := range todo {
		e.tasks = g.plan(e)
		p.total += len(e.tasks)
	}
	p.tasks = make(chan numbered, p.total)
	for range min(g.Jobs, p.total) {
		p.wg.Go(p.work)
	}
	return p
}

// expect says which programs an entry needs, before any of them is ready.
func (p *pool) expect(e *entry, keys []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pending[e] = map[string]bool{}
	for _, k := range keys {
		if p.binary[k] == "" {
			p.pending[e][k] = true
		}
	}
	if len(p.pending[e]) == 0 {
		p.begin(e)
	}
}

// ready says that programs can be run; the keys name the same one. Entries that waited for nothing
// else begin.
func (p *pool) ready(path string, keys ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, k := range keys {
		p.binary[k] = path
	}
	for e, missing := range p.pending {
		for _, k := range keys {
			delete(missing, k)
		}
		if len(missing) == 0 {
			p.begin(e)
		}
	}
}

// begin queues an entry's tasks. The pool is locked.
func (p *pool) begin(e *entry) {
	delete(p.pending, e)
	for _, t := range e.tasks {
		p.tasks <- numbered{t, p.next}
		p.next++
	}
}

// finish begins what still waits for programs that will never stand, and returns when all tasks are
// done. The error is the first of the machine's, or that of the context.
func (p *pool) finish() error {
	p.mu.Lock()
	for e := range p.pending {
		p.begin(e)
	}
	p.mu.Unlock()
	close(p.tasks)
	p.wg.Wait()
	defer p.cancel(nil)
	return context.Cause(p.ctx)
}

func (p *pool) work() {
	for t := range p.tasks {
		if p.ctx.Err() != nil {
			continue
		}
		if p.g.runOne(p.ctx, t.task, t.n, p.path); machineError(t.err) {
			p.cancel(t.err)
		}
		p.mu.Lock()
		p.done++
		done := p.done
		p.mu.Unlock()
		p.g.tell("%s", fmt.Sprintf("running checks: %d of %d", done, p.total))
	}
}

// path gives a program that is ready, or "".
func (p *pool) path(key string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.binary[key]
}

// costliest orders entries so that those with the most to run come first.
func costliest(todo []*entry) []*entry {
	out := slices.Clone(todo)
	slices.SortStableFunc(out, func(a, b *entry) int { return len(b.tasks) - len(a.tasks) })
	return out
}
