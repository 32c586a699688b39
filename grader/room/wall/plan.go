// Package wall builds the walls of a room: it holds processes in namespaces of their own, from which
// they reach nothing but what they are let see.
//
// A Block is a set of namespaces (user, pid, mount, net, ipc, uts and cgroup) that a process of ours
// holds as its pid 1. That process is this same binary, executed again; it takes orders over a socket
// pair. A Cell is one locked thread of it, with a mount namespace of its own, without privileges, and
// with Landlock and seccomp on: programs are forked from that thread and inherit all of it. When the
// socket pair closes, or pid 1 dies, the kernel ends everything inside.
//
// To make a block costs more than all the rest, so a block serves one layout of cells after another:
// Clear ends everything inside but pid 1, and Furnish makes new cells with a new folder and, where they are to
// connect to each other, a new network.
//
// Neither root nor a helper that is set-uid is needed. The ideas are those of bubblewrap and of
// ioi/isolate; the order of the calls is explained where they are made.
package wall

import (
	"errors"
	"time"
)

// Plan says what a block is like, whatever stands in it.
type Plan struct {
	// Sources are the folders of the host of which cells can be shown parts. Nothing else of the host's
	// files can be had inside a block. For a grader that is root, what cells are shown has to be
	// readable by everybody.
	Sources []string
	Limits  []Limit // of each process
	Bounds  Bounds  // of all of them together, where control groups are to be had
}

// Bounds are what a block's control group holds it to; pid 1 and what is written to the block's folders
// count.
type Bounds struct {
	Memory int // bytes
	Tasks  int // processes and threads
}

// Layout says what stands in a block.
type Layout struct {
	Cells []Cell
	// FolderSize bounds the shared folder, in bytes, and so does Inodes the number of its files.
	FolderSize int64
	Inodes     int
	// Network: the programs can connect to each other, and to sockets of Block.Socket, over IP. It is a
	// network of the layout's own, and ends with it.
	Network bool
}

// Cell says what the processes of one cell see and may do. All see, read-only, the programs in /bin, a
// few devices, /proc with nothing but processes of their own cell, an empty /tmp of their own, and the
// folder /room.
type Cell struct {
	Name     string
	Programs map[string]string // name in /bin -> binary of the host
	Binds    []Bind            // what else of the host it sees
	Space    int64             // of /tmp and of a folder of its own, in bytes each; 0 for 16 MiB
	Files    int               // how many files there may be in each of these; 0 for 1,024
	Shared   bool              // /room is the block's shared folder; else it is the cell's own
	Deny     Denied
	// Folder says what may be made and done in the folder.
	Folder FolderRights
	// Signals may leave the cell, for other cells of the block.
	Signals bool
	// OwnPids: the cell's processes are in a pid namespace of their own, in which their parent, and that of
	// orphans, is not pid 1 of the block.
	OwnPids bool
}

// Bind is a folder or file of the host that a cell sees.
type Bind struct {
	From string // on the host, in one of the plan's sources
	To   string // in the cell
	// Write lets the cell's processes change it; else it is read-only. With Overlay what they write is
	// seen by them alone and is gone with the cell.
	Write   bool
	Overlay bool
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
	Unix       Denied = 1 << iota // sockets of the Unix domain
	Inet                          // sockets of IPv4 and IPv6
	UDP                           // all sockets but those of streams, over TCP and MPTCP
	Locks                         // flock, fcntl locks, leases
	Names                         // renames, folders, modes
	Special                       // mknod
	TCP                           // all sockets but those of datagrams, over UDP
	Attributes                    // times, owners, extended attributes, inode flags
	Links
)

// Limit is a resource limit, as for setrlimit. That of data (RLIMIT_DATA) is on top of what an idle
// program of Go reserves.
type Limit struct {
	Resource int
	Value    uint64
}

// Command is what a cell is to start.
type Command struct {
	Cell string
	Path string // within the cell; the cell's programs are in /bin
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
