package room

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"ipclab/grader/room/wall"

	"golang.org/x/sys/unix"
)

// walled is the keeper of the tier "rooms".
type walled struct {
	house *House
	block *wall.Block
	kind  blockKind
	kills int // the block's, when the room was raised
	// workshop is where a tool works, if this is a room for one.
	workshop string

	mu  sync.Mutex
	ids map[int]bool // of the processes that were started and not waited for
	// reapers are the children of pid 1 that have been found to be such: they stay as long as the room.
	reapers map[int]bool
	roles   map[string]*roleCells // by what Command.Cell names
}

// roleCells are the cells of one role. Those of processes that run at one time are apart, even if it is
// one program; who comes later may have the cell of who has gone.
type roleCells struct {
	like wall.Cell
	path string // of the program; empty if the command says
	made int
	free []string
}

// ActAsInmate makes the calling goroutine handle files as the user of rooms' processes, and keeps it on
// a thread that dies with it. A grader that is root could not make files in a room otherwise, and through
// a link that a program has laid there it could reach everything. The folder is given to that user.
func ActAsInmate(dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	uid, gid := wall.User()
	if err := os.Chown(dir, uid, gid); err != nil {
		return err
	}
	runtime.LockOSThread() // and never unlocked
	if _, err := unix.SetfsgidRetGid(gid); err != nil {
		return err
	}
	_, err := unix.SetfsuidRetUid(uid)
	return err
}

// folderFiles bounds the number of files that the programs of a check can make.
const folderFiles = 4096

// raise builds the walls, and gives the path of the room's folder.
func raise(w Walls, l Limits) (keeper, string, error) {
	kind := blockKind{limits: l, system: w.Curl != "", wings: cellOf(w.Channel, len(w.Programs), w.Folder).OwnPids}
	block, err := w.House.block(kind)
	if err != nil {
		return nil, "", err
	}
	k := &walled{house: w.House, block: block, kind: kind, kills: block.Kills(), roles: map[string]*roleCells{}, ids: map[int]bool{}, reapers: map[int]bool{}}
	k.plan(w)
	layout := wall.Layout{FolderSize: int64(l.Disk), Inodes: folderFiles, Network: w.Channel == "tcp" || w.Channel == "udp"}
	for role := range w.Programs { // these are likely to be wanted
		layout.Cells = append(layout.Cells, k.roles[role].next())
	}
	if err := block.Furnish(layout); err != nil {
		return nil, "", errors.Join(err, w.House.raze(block))
	}
	for i := range layout.Cells {
		k.leave(layout.Cells[i].Name)
	}
	return k, block.FolderPath(), nil
}

// next plans one more cell.
func (r *roleCells) next() wall.Cell {
	c := r.like
	c.Name = fmt.Sprintf("%s%s%d", r.like.Name, cellMark, r.made)
	r.made++
	return c
}

// cellMark stands between a role and a number in the name of a cell.
const cellMark = " "

// plan says how the cells of each program that the judge may start are to be.
func (k *walled) plan(w Walls) {
	like := cellOf(w.Channel, len(w.Programs), w.Folder)
	add := func(name, path string) *wall.Cell {
		r := &roleCells{like: like, path: path}
		r.like.Name = name
		k.roles[name] = r
		return &r.like
	}
	program := func(name, binary string) wall.Cell {
		c := add(name, path.Join("/bin", name))
		c.Programs = map[string]string{}
		maps.Copy(c.Programs, w.Props)
		c.Programs[name] = binary
		return *c
	}
	for role, binary := range w.Programs {
		c := program(role, binary)
		for _, other := range w.Starts[role] {
			c.Programs[other] = w.Programs[other]
		}
	}
	for prop, binary := range w.Props {
		program(prop, binary)
	}
	if w.Curl != "" {
		c := add("curl", w.Curl)
		for _, d := range systemFolders() {
			c.Binds = append(c.Binds, wall.Bind{From: d, To: d})
		}
	}
}

// enter finds a cell for a process, and the path of its program.
func (k *walled) enter(role string) (cell, path string, err error) {
	k.mu.Lock()
	r := k.roles[role]
	if r == nil {
		k.mu.Unlock()
		return "", "", fmt.Errorf("the walls know no program %q", role)
	}
	if n := len(r.free); n > 0 {
		cell, r.free = r.free[n-1], r.free[:n-1]
		k.mu.Unlock()
		return cell, r.path, nil
	}
	c := r.next()
	k.mu.Unlock()
	return c.Name, r.path, k.block.Add(c)
}

// leave frees a cell.
func (k *walled) leave(cell string) {
	role, _, _ := strings.Cut(cell, cellMark)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.roles[role].free = append(k.roles[role].free, cell)
}

// systemFolders are where the host's own programs and their libraries lie.
func systemFolders() []string {
	return slices.DeleteFunc([]string{"/usr", "/lib", "/lib64"}, func(d string) bool {
		info, err := os.Stat(d)
		return err != nil || !info.IsDir()
	})
}

// nothingOfFiles is denied where a folder is there for one thing alone: locks and names could carry
// messages too.
const nothingOfFiles = wall.Locks | wall.Names | wall.Links | wall.Attributes | wall.Special

// cellOf says what lies between the programs of an exercise: nothing but its channel. Where there is one
// program only, a folder is no way around it, and is there if the check has something in it.
func cellOf(channel string, programs int, folder bool) wall.Cell {
	c := cellFor(channel, programs == 1 && folder)
	c.OwnPids = programs > 1 && channel != "signal" && channel != "all"
	return c
}

// cellFor is cellOf, but for the pids. Outside channels that need it the folder is shared if alone is true.
func cellFor(channel string, alone bool) wall.Cell {
	switch channel {
	case "file":
		return wall.Cell{Shared: true, Folder: wall.FilesFolder, Deny: wall.Unix | wall.Inet | wall.Special}
	case "fifo":
		return wall.Cell{Shared: true, Folder: wall.ReadFolder, Deny: wall.Unix | wall.Inet | nothingOfFiles}
	case "unix":
		return wall.Cell{Shared: true, Folder: wall.SocketsFolder, Deny: wall.Inet | wall.Locks | wall.Links | wall.Attributes | wall.Special}
	case "signal":
		return wall.Cell{Shared: alone, Folder: wall.FilesFolder, Signals: true, Deny: wall.Unix | wall.Inet | wall.Locks}
	case "tcp":
		return wall.Cell{Shared: alone, Folder: wall.FilesFolder, Deny: wall.Unix | wall.UDP | wall.Locks}
	case "udp":
		return wall.Cell{Shared: alone, Folder: wall.FilesFolder, Deny: wall.Unix | wall.TCP | wall.Locks}
	case "all": // one room for all programs
		return wall.Cell{Shared: true, Folder: wall.FilesFolder, Signals: true, Deny: wall.Inet}
	}
	return wall.Cell{Shared: alone, Folder: wall.ReadFolder, Deny: wall.Unix | wall.Inet | nothingOfFiles}
}

// list gives the limits as the kernel takes them.
func (l Limits) list() []wall.Limit {
	all := []wall.Limit{{Resource: unix.RLIMIT_MEMLOCK, Value: 1 << 20}, {Resource: unix.RLIMIT_MSGQUEUE}, {Resource: unix.RLIMIT_SIGPENDING, Value: 1024}}
	resources := l.resources()
	// These the kernel counts for the whole room, or cannot count as finely as we do: a last resort, should
	// programs be quicker than our looks at them.
	resources[unix.RLIMIT_NPROC] = l.Threads()
	resources[unix.RLIMIT_DATA] = l.Memory + reservedMemory
	for what, n := range resources {
		var own unix.Rlimit
		if unix.Getrlimit(what, &own) == nil { // where the grader itself has less, that holds
			all = append(all, wall.Limit{Resource: what, Value: min(uint64(n), own.Max)})
		}
	}
	return all
}

// reservedMemory is what a program of Go that is at work may take of its address space, in bytes, before
// it uses any of it, and beside what an idle one has.
const reservedMemory = 160 << 20

// bounds are those of a whole room. What is written to folders in memory counts too, and so does pid 1.
func (l Limits) bounds() wall.Bounds {
	return wall.Bounds{Memory: l.Memory + l.Disk + reservedMemory, Tasks: (l.Processes + 2) * threadsPerProcess}
}

func (k *walled) outOfMemory() bool { return k.block.Kills() > k.kills }

func (k *walled) start(c Command, _ string, files [3]*os.File, _ Limits) (child, error) {
	cell, program, err := k.enter(c.Cell)
	if err != nil {
		return nil, err
	}
	if program == "" {
		program = c.Path
	}
	p, err := k.block.Start(wall.Command{Cell: cell, Path: program, Args: c.Args, Env: c.Env, Dir: k.workDir(c)}, files[:]...)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ids[p.Pid] = true
	return inmate{p, k, cell}, nil
}

// workDir is a process's working folder as it sees it.
func (k *walled) workDir(c Command) string {
	if k.workshop != "" {
		return k.workshop
	}
	return path.Join(wall.Folder, c.Dir)
}

func (k *walled) left() (mine, perhaps []int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, pid := range children(k.block.Init()) {
		switch {
		case k.ids[pid]:
		case k.reapers[pid] || wall.IsReaper(pid):
			k.reapers[pid] = true
			mine = append(mine, children(pid)...)
		default:
			mine = append(mine, pid)
		}
	}
	return mine, nil
}

func (k *walled) networks() []network {
	return []network{judgesNetwork, {fmt.Sprintf("/proc/%d/net", k.block.Init()), k.block.Diag()}}
}

func (k *walled) killAll([]*Process) { k.block.Kill() }

func (k *walled) end(procs []*Process) error {
	err := k.house.giveBack(k.block, k.kind)
	for _, p := range procs {
		if e := p.awaitDeath(); e != nil {
			return e
		}
	}
	return err
}

// inmate is a process behind walls.
type inmate struct {
	*wall.Process
	keeper *walled
	cell   string
}

// nobody is a pid that no process can have: above the kernel's PID_MAX_LIMIT. Who is asked for it says
// that there is no such process, where 0 would stand for the grader itself, and for its group.
const nobody = 1 << 30

func (i inmate) pids() (judge, self int) {
	if i.Pid <= 0 { // it was reaped before we could ask for its pid
		return nobody, i.Self
	}
	return i.Pid, i.Self
}

func (i inmate) wait() (syscall.WaitStatus, time.Duration) {
	e, _ := i.Wait() // when the block is gone, so is the process
	i.keeper.leave(i.cell)
	i.keeper.mu.Lock()
	defer i.keeper.mu.Unlock()
	delete(i.keeper.ids, i.Pid)
	return syscall.WaitStatus(e.Status), e.CPU
}

func (i inmate) signal(s syscall.Signal) error {
	err := i.Signal(s)
	if errors.Is(err, unix.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}
