// Package wall builds the walls of a room: it holds processes in namespaces of their own, from which
// they reach nothing but what a Plan lets them see.
//
// A Block is a set of namespaces (user, pid, mount, net, ipc, uts and cgroup) that a process of ours
// holds as its pid 1. That process is this same binary, executed again; it takes orders over a socket
// pair. A Cell is one locked thread of it, with a mount namespace of its own, without privileges, and
// with Landlock and seccomp on: programs are forked from that thread and inherit all of it. When the
// socket pair closes, or pid 1 dies, the kernel ends everything inside.
//
// Neither root nor a helper that is set-uid is needed. The ideas are those of bubblewrap and of
// ioi/isolate; the order of the calls is explained where they are made.
package wall

import (
	"errors"
	"time"
)

// Plan says what a block is like.
type Plan struct {
	Cells  []Cell
	Limits []Limit // of each process
	// FolderSize bounds the shared folder, in bytes, and so does Inodes the number of its files.
	FolderSize int64
	Inodes     int
}

// Cell says what the processes of one cell see and may do. All see, read-only, their own binary, a few
// devices, /proc with nothing but processes of their own cell, an empty /tmp of their own, and the
// folder /room.
type Cell struct {
	Name    string
	Program string // a binary of the host
	Shared  bool   // /room is the block's shared folder; else it is the cell's own
	Deny    Denied
	// Folder says what may be made and done in the folder.
	Folder FolderRights
	// Signals may leave the cell, for other cells of the block.
	Signals bool
}

// FolderRights are what the processes of a cell may do in their folder.
type FolderRights int

const (
	ReadFolder    FolderRights = iota // use what is there, and make nothing, in /tmp neither
	SocketsFolder                     // make, find and remove sockets, and no files
	FilesFolder                       // everything
)

// Denied are kinds of calls that a cell forbids, beside those that all cells do.
type Denied int

const (
	Unix    Denied = 1 << iota // sockets of the Unix domain
	Inet                       // sockets of IPv4 and IPv6
	UDP                        // datagram and raw sockets
	Locks                      // flock, fcntl locks, leases
	Names                      // links, renames, folders, modes, times, attributes
	Special                    // mknod
)

// Limit is a resource limit, as for setrlimit.
type Limit struct {
	Resource int
	Value    uint64
}

// Command is what a cell is to start.
type Command struct {
	Cell string
	Path string // within the cell; the cell's program is /bin/ and its base name
	Args []string
	Env  []string
	Dir  string
}

// Exit is how a process ended.
type Exit struct {
	Status uint32 // as from wait4
	CPU    time.Duration
}

// Folder is where a cell's processes find their working folder.
const Folder = "/room"

// ErrDown says that a block is gone.
var ErrDown = errors.New("the room's pid 1 is gone")
