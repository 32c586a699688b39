package room

import (
	"context"
	"net"
	"os"
	"syscall"
	"time"
)

// keeper keeps the processes of one room: that is what differs between the tiers.
type keeper interface {
	// start starts a program with these three files as its standard streams, in a session of its own. On
	// return no copy of any other descriptor of the grader is left in it, and its limits hold.
	start(c Command, dir string, files [3]*os.File, limits Limits) (child, error)
	// left gives the living processes whose parents have ended: the room's own for certain, and those
	// that may be another room's.
	left() (mine, perhaps []int)
	// networks are the judge's own and, last, that of the room's processes, if it is another.
	networks() []network
	// dial, listen and listenPacket reach the network in which the room's processes are. Of a control,
	// see net.Dialer.
	dial(ctx context.Context, network, address string, c control) (net.Conn, error)
	listen(network, address string, c control) (net.Listener, error)
	listenPacket(network, address string) (net.PacketConn, error)
	// outOfMemory tells whether the kernel has killed a process because the room used too much memory.
	outOfMemory() bool
	// killAll kills what runs in the room, and leaves the rest to end.
	killAll(procs []*Process)
	// end kills everything and returns when it is gone.
	end(procs []*Process) error
}

// child is a process that a keeper has started.
type child interface {
	// pids gives the process's pid as the judge sees it, and as the process itself does.
	pids() (judge, self int)
	// wait returns the end of the process, and the user and system time that it used. Called once.
	wait() (syscall.WaitStatus, time.Duration)
	// signal fails with os.ErrProcessDone if the process has ended.
	signal(s syscall.Signal) error
}

// control sets options of a socket before it is connected.
type control func(network, address string, c syscall.RawConn) error
