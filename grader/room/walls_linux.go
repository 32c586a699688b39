package room

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"runtime"
	"slices"
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
	paths map[string]string // cell -> path of its program
	kills int               // the block's, when the room was raised
	ids   map[int]bool      // of the processes that were started and not waited for
	mu    sync.Mutex
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
	kind := blockKind{l, w.Channel == "tcp" || w.Channel == "udp", w.Curl != ""}
	block, err := w.House.block(kind)
	if err != nil {
		return nil, "", err
	}
	k := &walled{house: w.House, block: block, kind: kind, kills: block.Kills(), paths: map[string]string{}, ids: map[int]bool{}}
	layout := wall.Layout{FolderSize: int64(l.Disk), Inodes: folderFiles, Cells: k.cells(w)}
	if err := block.Furnish(layout); err != nil {
		return nil, "", errors.Join(err, w.House.raze(block))
	}
	return k, block.FolderPath(), nil
}

// cells gives one for each program that the judge may start.
func (k *walled) cells(w Walls) []wall.Cell {
	var all []wall.Cell
	add := func(name, binary string, more ...string) {
		c := cellOf(w.Channel, len(w.Programs))
		c.Name, c.Programs = name, maps.Clone(w.Props)
		if c.Programs == nil {
			c.Programs = map[string]string{}
		}
		for _, other := range more {
			c.Programs[other] = w.Programs[other]
		}
		c.Programs[name] = binary
		k.paths[name] = path.Join("/bin", name)
		all = append(all, c)
	}
	for _, role := range slices.Sorted(maps.Keys(w.Programs)) {
		add(role, w.Programs[role], w.Starts[role]...)
	}
	for _, prop := range slices.Sorted(maps.Keys(w.Props)) {
		add(prop, w.Props[prop])
	}
	if w.Curl != "" {
		c := cellOf(w.Channel, len(w.Programs))
		c.Name, k.paths["curl"] = "curl", w.Curl
		for _, d := range systemFolders() {
			c.Binds = append(c.Binds, wall.Bind{From: d, To: d})
		}
		all = append(all, c)
	}
	return all
}

// systemFolders are where the host's own programs and their libraries lie.
func systemFolders() []string {
	return slices.DeleteFunc(slices.Clone(wall.Places), func(d string) bool {
		info, err := os.Stat(d)
		return err != nil || !info.IsDir()
	})
}

// nothingOfFiles is denied where a folder is there for one thing alone: locks and names could carry
// messages too.
const nothingOfFiles = wall.Locks | wall.Names | wall.Links | wall.Attributes | wall.Special

// cellOf says what lies between the programs of an exercise: nothing but its channel. Where there is one
// program only, a folder is no way around it.
func cellOf(channel string, programs int) wall.Cell {
	alone := programs == 1
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
	resources[unix.RLIMIT_NPROC] = l.Processes * threadsPerProcess
	resources[unix.RLIMIT_DATA] = l.Memory + reservedMemory
	for what, n := range resources {
		var own unix.Rlimit
		if unix.Getrlimit(what, &own) == nil { // where the grader itself has less, that holds
			all = append(all, wall.Limit{Resource: what, Value: min(uint64(n), own.Max)})
		}
	}
	return all
}

// threadsPerProcess is how many threads a program of Go may well have. reservedMemory is what such a
// program takes of its address space, in bytes, before it uses any of it.
const (
	threadsPerProcess = 12
	reservedMemory    = 256 << 20
)

// bounds are those of a whole room. What is written to folders in memory counts too, and so does pid 1.
func (l Limits) bounds() wall.Bounds {
	return wall.Bounds{Memory: l.Memory + l.Disk + reservedMemory/2, Tasks: (l.Processes + 2) * threadsPerProcess}
}

func (k *walled) outOfMemory() bool { return k.block.Kills() > k.kills }

func (k *walled) start(c Command, _ string, files [3]*os.File, _ Limits) (child, error) {
	p, err := k.block.Start(wall.Command{Cell: c.Cell, Path: k.paths[c.Cell], Args: c.Args, Env: c.Env, Dir: path.Join(wall.Folder, c.Dir)}, files[:]...)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ids[p.Pid] = true
	return inmate{p, k}, nil
}

func (k *walled) left() (mine, perhaps []int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, pid := range children(k.block.Init()) {
		if !k.ids[pid] {
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
}

func (i inmate) pids() (judge, self int) { return i.Pid, i.Self }

func (i inmate) wait() (syscall.WaitStatus, time.Duration) {
	e, _ := i.Wait() // when the block is gone, so is the process
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
