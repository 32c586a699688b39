package room

import (
	"fmt"
	"syscall"
	"time"
)

// Limits bound what programs may use. Zero means that the tier's own default holds: for Output that of
// DefaultLimits, for Memory, Processes and Disk too.
type Limits struct {
	CPU       int // of a process: seconds of processor time
	FileSize  int // of a process: bytes of any file that it writes
	OpenFiles int // of a process: descriptors
	Output    int // of a process: bytes of stdout, and of stderr, that the judge keeps; the rest is thrown away
	Memory    int // of a room: bytes of memory that its processes use, beside their binaries
	Processes int // of a room: living processes
	Disk      int // of a room with walls: bytes of its shared folder
}

// DefaultLimits are generous for honest programs and bound the others.
func DefaultLimits() Limits {
	return Limits{CPU: 60, FileSize: 256 << 20, OpenFiles: 256, Output: 4 << 20, Memory: 256 << 20, Processes: 64, Disk: 64 << 20}
}

// orDefault fills in what every room needs.
func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	for _, f := range []struct {
		value *int
		must  int
	}{{&l.Output, d.Output}, {&l.Memory, d.Memory}, {&l.Processes, d.Processes}, {&l.Disk, d.Disk}} {
		if *f.value == 0 {
			*f.value = f.must
		}
	}
	return l
}

// threadsPerProcess is how many threads a program of Go may well have.
const threadsPerProcess = 12

// Threads is how many threads the processes of a room may have, all together.
func (l Limits) Threads() int { return l.Processes * threadsPerProcess }

// exceeded tells whether a room's processes are too many, or use too much memory together. What they did
// is remembered: see Excess.
func (r *Room) exceeded(processes, memory int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.config.Limits
	switch {
	case r.excess != "":
	case processes > l.Processes:
		r.excess = fmt.Sprintf("more than %d processes", l.Processes)
	case memory > l.Memory:
		r.excess = tooMuchMemory(l)
	default:
		return false
	}
	return true
}

func tooMuchMemory(l Limits) string { return fmt.Sprintf("more than %d MiB of memory", l.Memory>>20) }

// Excess says of which limit of the room its processes used more, such as "more than 256 MiB of memory";
// empty if they did not. They have been killed then.
func (r *Room) Excess() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.excess
}

// excess says of which limit of its own a process that has ended used more; empty if it did not. The
// kernel kills at the limit of processor time, and counts more of it than it tells, on a virtual machine above all.
func (l Limits) excess(e Exit) string {
	limit := time.Duration(l.CPU) * time.Second
	if e.Signal == syscall.SIGKILL && limit > 0 && e.CPU >= limit/2 {
		return fmt.Sprintf("more than %s of processor time", limit)
	}
	return ""
}
