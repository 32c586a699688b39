package room

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// Descendant is a process that a program has started, or that one of those has.
type Descendant struct {
	Pid    int // as the judge sees it
	of     *Process
	handle int
}

// Below gives the living descendants of the process; with a command only those that run it. The room
// must be locked.
func (p *Process) Below(run string) []int {
	return slices.DeleteFunc(p.living(), func(pid int) bool { return run != "" && command(pid) != run[:min(len(run), 15)] })
}

// Take gets hold of a descendant, so that no other process is meant should it end.
func (p *Process) Take(pid int) (*Descendant, error) {
	handle, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(descend(nil, p.Pid), pid) {
		unix.Close(handle)
		return nil, os.ErrProcessDone
	}
	return &Descendant{pid, p, handle}, nil
}

// Signal sends a signal to the descendant, and lets go of it.
func (d *Descendant) Signal(s syscall.Signal) error {
	defer unix.Close(d.handle)
	p := d.of
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	err := unix.PidfdSendSignal(d.handle, s, nil, 0)
	if errors.Is(err, unix.ESRCH) {
		return os.ErrProcessDone
	}
	p.room.note(p.Name, "signal", fmt.Appendf(nil, "%s to its child %s", unix.SignalName(s), command(d.Pid)))
	return err
}

// StoppedPid tells whether all threads of a process stand still after SIGSTOP.
func StoppedPid(pid int) bool {
	for _, t := range threads(pid) {
		if statState(t.dir+"/stat") != 'T' {
			return false
		}
	}
	return true
}

// SignalGroup sends a signal to all processes of the group in which the process was started.
func (p *Process) SignalGroup(s syscall.Signal) error {
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	if p.exit != nil {
		return fmt.Errorf("%s has ended: %s", p.Name, p.exit)
	}
	p.room.note(p.Name, "signal", []byte(unix.SignalName(s)+" to its group"))
	p.entered(s)
	return unix.Kill(-p.Pid, s)
}
