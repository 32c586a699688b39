package room

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
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
	block    *wall.Block
	programs map[string]string // role -> path within its cell
	ids      map[int]bool      // of the processes that were started and not waited for
	mu       sync.Mutex
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

// folderSize and folderFiles bound what the programs of a check can write, in bytes and in number.
const (
	folderSize  = 64 << 20
	folderFiles = 4096
)

// raise builds the walls, and gives the path of the room's folder. Pid 1 is started from a thread of the
// grader's own user, whoever the caller acts as.
func raise(w Walls, l Limits) (k keeper, dir string, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		k, dir, err = raiseHere(w, l)
	}()
	<-done
	return k, dir, err
}

func raiseHere(w Walls, l Limits) (keeper, string, error) {
	spawning.RLock() // pid 1 is a child of ours, and for a moment holds what we hold
	defer spawning.RUnlock()
	plan := wall.Plan{FolderSize: folderSize, Inodes: folderFiles, Limits: l.list()}
	k := &walled{programs: map[string]string{}, ids: map[int]bool{}}
	for _, role := range slices.Sorted(maps.Keys(w.Programs)) {
		c := cellOf(w.Channel, len(w.Programs))
		c.Name, c.Program = role, w.Programs[role]
		plan.Cells = append(plan.Cells, c)
		k.programs[role] = path.Join("/bin", filepath.Base(c.Program))
	}
	var err error
	if k.block, err = wall.Build(plan); err != nil {
		return nil, "", err
	}
	known.add(k.block.Init(), k)
	return k, k.block.FolderPath(), nil
}

// cellOf says what lies between the programs of an exercise: nothing but its channel. Wherever they are
// several, locks, links and names in a folder could carry messages too, and are denied where they are
// not what is taught.
func cellOf(channel string, programs int) wall.Cell {
	alone := programs == 1
	switch channel {
	case "file":
		return wall.Cell{Shared: true, Folder: wall.FilesFolder, Deny: wall.Unix | wall.Inet}
	case "fifo":
		return wall.Cell{Shared: true, Folder: wall.ReadFolder, Deny: wall.Unix | wall.Inet | wall.Locks | wall.Names | wall.Special}
	case "unix":
		return wall.Cell{Shared: true, Folder: wall.SocketsFolder, Deny: wall.Inet | wall.Locks}
	case "signal":
		return wall.Cell{Shared: true, Folder: wall.FilesFolder, Signals: true, Deny: wall.Unix | wall.Inet | wall.Locks}
	case "tcp":
		return wall.Cell{Shared: alone, Folder: wall.FilesFolder, Deny: wall.Unix | wall.UDP | wall.Locks}
	case "udp":
		return wall.Cell{Shared: alone, Folder: wall.FilesFolder, Deny: wall.Unix | wall.Locks}
	}
	return wall.Cell{Shared: alone, Folder: wall.ReadFolder, Deny: wall.Unix | wall.Inet | wall.Locks | wall.Names | wall.Special}
}

// list gives the limits as the kernel takes them.
func (l Limits) list() []wall.Limit {
	all := []wall.Limit{{Resource: unix.RLIMIT_MEMLOCK, Value: 1 << 20}, {Resource: unix.RLIMIT_MSGQUEUE}}
	for what, n := range l.resources() {
		var own unix.Rlimit
		if unix.Getrlimit(what, &own) == nil { // where the grader itself has less, that holds
			all = append(all, wall.Limit{Resource: what, Value: min(uint64(n), own.Max)})
		}
	}
	return all
}

func (k *walled) start(c Command, _ string, files [3]*os.File, _ Limits) (child, error) {
	p, err := k.block.Start(wall.Command{Cell: c.Cell, Path: k.programs[c.Cell], Args: c.Args, Env: c.Env, Dir: path.Join(wall.Folder, c.Dir)}, files[:]...)
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

func (k *walled) killAll([]*Process) {
	for _, pid := range descend(nil, k.block.Init()) {
		unix.Kill(pid, unix.SIGKILL)
	}
}

func (k *walled) end(procs []*Process) error {
	err := k.block.Close()
	known.remove(k.block.Init(), k)
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
