package room

import (
	"errors"
	"sync"

	"ipclab/grader/room/wall"
)

// House keeps what is dear about rooms with walls, so that many rooms, one after another, can stand in
// the same namespaces. Its methods may be called by several goroutines.
type House struct {
	sources []string

	mu     sync.Mutex
	free   map[blockKind][]*wall.Block
	closed bool
}

// blockKind tells apart blocks that cannot serve the same rooms.
type blockKind struct {
	limits Limits
	system bool // the host's own programs can be shown
	wings  bool // cells have pids of their own: the namespaces for that are kept with the block
	once   bool // it serves one room
}

// OpenHouse gives an empty house. Programs of its rooms must lie in one of the folders.
func OpenHouse(folders ...string) *House {
	return &House{sources: folders, free: map[blockKind][]*wall.Block{}}
}

// block gives a free block, or a new one. Its pid 1 is started from a thread of the grader's own user,
// whoever the caller acts as.
func (h *House) block(kind blockKind) (*wall.Block, error) {
	if b := h.take(kind); b != nil {
		return b, nil
	}
	plan := wall.Plan{Sources: h.sources, Limits: kind.limits.list(), Bounds: kind.limits.bounds()}
	if kind.system {
		plan.Sources = append(systemFolders(), h.sources...)
	}
	var b *wall.Block
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		spawning.RLock() // pid 1 is a child of ours, and for a moment holds what we hold
		defer spawning.RUnlock()
		if b, err = wall.Build(plan); err == nil {
			known.add(b.Init(), b)
		}
	}()
	<-done
	return b, err
}

// take gives a free block, or nil.
func (h *House) take(kind blockKind) *wall.Block {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := h.free[kind]
	if len(all) == 0 {
		return nil
	}
	last := len(all) - 1
	h.free[kind] = all[:last]
	return all[last]
}

// giveBack ends what runs in a block, and keeps it if it can serve again.
func (h *House) giveBack(b *wall.Block, kind blockKind) error {
	if kind.once || b.Clear() != nil {
		return h.raze(b)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return h.raze(b)
	}
	h.free[kind] = append(h.free[kind], b)
	return nil
}

// raze ends a block and all that runs in it.
func (h *House) raze(b *wall.Block) error {
	defer known.remove(b.Init(), b)
	return b.Close()
}

// Close ends everything. Rooms that are still open end with their own Close.
func (h *House) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	var errs []error
	for _, all := range h.free {
		for _, b := range all {
			errs = append(errs, h.raze(b))
		}
	}
	clear(h.free)
	return errors.Join(errs...)
}
