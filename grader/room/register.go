package room

import "sync"

// register is the set of the grader's direct children, by pid, each with whoever answers for it.
type register struct {
	mu   sync.Mutex
	pids map[int]any
}

var known = register{pids: map[int]any{}}

func (g *register) add(pid int, owner any) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pids[pid] = owner
}

// remove forgets a process that has been reaped, unless its pid has been given away already.
func (g *register) remove(pid int, owner any) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.pids[pid] == owner {
		delete(g.pids, pid)
	}
}

func (g *register) has(pid int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.pids[pid] != nil
}
