package wall

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// A block's root is a small file system in memory:
//
//	/base      what all cells have in common; each takes a copy of this tree of mounts
//	/cell      where a cell, in its own mount namespace, builds its root
//	/room      the shared folder of the present layout
//	/source/N  the folders of the host of which cells can be shown parts
//	/wing/N    the /proc of a wing
const (
	baseRoot = "/base"
	cellRoot = "/cell"
)

func sourceAt(n int) string { return fmt.Sprintf("/source/%d", n) }

// devices are those that every cell has.
var devices = []string{"null", "zero", "full", "random", "urandom"}

// smallFiles are what a cell finds in /etc: enough to know who one is, and what localhost means.
var smallFiles = map[string]string{
	"/etc/passwd": "student:x:1000:1000::/tmp:/bin/false\n",
	"/etc/group":  "student:x:1000:\n",
	"/etc/hosts":  "127.0.0.1 localhost\n::1 localhost\n",
}

// setUp makes the block's root. The sources are detached already if the grader is root: the user of
// the block may not be able to reach them.
//
// What can be seen of the host is detached first, while the host's tree is still there; then the block
// goes into a root of its own.
func (w *warden) setUp(p *Plan, sources []int) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make / private: %w", err)
	}
	if fd, err := unix.Open("/proc/sys/kernel/ns_last_pid", unix.O_WRONLY|unix.O_CLOEXEC, 0); err == nil {
		w.lastPid = fd // for the reapers: whoever writes to it, it is about the writer's own pid namespace
	}
	unix.Sethostname([]byte("room"))
	own := ownData()
	shareNoTable()
	binds, err := detachBase()
	if err != nil {
		return err
	}
	for i, s := range p.Sources {
		b := bind{to: sourceAt(i), dir: true}
		if b.mount, err = source(s, i, sources); err != nil {
			return err
		}
		binds = append(binds, b)
	}
	w.sources = p.Sources
	if err := blockRoot(binds); err != nil {
		return err
	}
	for _, l := range p.Limits {
		if l.Resource == unix.RLIMIT_DATA { // which pid 1 passes on, and so has itself
			l.Value += own
		}
		if err := unix.Setrlimit(l.Resource, &unix.Rlimit{Cur: l.Value, Max: l.Value}); err != nil {
			return fmt.Errorf("limit %d: %w", l.Resource, err)
		}
	}
	w.home, err = presentNetwork()
	w.network = w.home
	return err
}

// ownData is how many bytes of data pid 1 has, for the kernel's count: a program of Go reserves a hundred
// times what it uses, and one that was built for finding data races four times that.
func ownData() uint64 {
	const field = 5 // of /proc/PID/statm: data and stack, in pages
	b, _ := os.ReadFile("/proc/self/statm")
	if f := strings.Fields(string(b)); len(f) > field {
		pages, _ := strconv.ParseUint(f[field], 10, 64)
		return pages * uint64(os.Getpagesize())
	}
	return 0
}

// source gives the detached mount of a source: the one that the grader sent, or a new one.
func source(path string, n int, sent []int) (int, error) {
	if n < len(sent) {
		return sent[n], nil
	}
	return openSource(path)
}

func openSource(path string) (int, error) {
	return openTree(path, 0, unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV)
}

// bind is a mount that was detached from a tree, to be put into another.
type bind struct {
	mount int // a descriptor
	to    string
	dir   bool
}

// attach puts a detached mount to its place below a folder.
func (b bind) attach(below string) error {
	defer unix.Close(b.mount)
	to := below + b.to
	if _, err := os.Lstat(to); err != nil {
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if b.dir {
			os.Mkdir(to, 0o755)
		} else if err := os.WriteFile(to, nil, 0o644); err != nil {
			return err
		}
	}
	if err := unix.MoveMount(b.mount, "", unix.AT_FDCWD, to, unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
		return fmt.Errorf("%s: %w", b.to, err)
	}
	return nil
}

// detachBase takes what all cells see of the host.
func detachBase() ([]bind, error) {
	var binds []bind
	for _, name := range devices {
		fd, err := openTree("/dev/"+name, 0, unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NOEXEC)
		if err != nil {
			return nil, err
		}
		binds = append(binds, bind{fd, baseRoot + "/dev/" + name, false})
	}
	// The kernel grants a new /proc only to who sees one that is not masked, so it must be made now. In
	// a container it may not be to be had: then there is none.
	if fd, err := mountProc(); err == nil {
		binds = append(binds, bind{fd, baseRoot + "/proc", true})
	}
	return binds, nil
}

// openTree makes a detached mount of a path; flags may be AT_RECURSIVE.
func openTree(path string, flags uint, attr uint64) (int, error) {
	fd, err := unix.OpenTree(unix.AT_FDCWD, path, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|flags)
	if err != nil {
		return -1, fmt.Errorf("detach %s: %w", path, err)
	}
	if attr == 0 {
		return fd, nil
	}
	if err := unix.MountSetattr(fd, "", unix.AT_EMPTY_PATH, &unix.MountAttr{Attr_set: attr}); err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("protect %s: %w", path, err)
	}
	return fd, nil
}

// mountProc makes a /proc that shows processes only, and only those that the reader could trace.
func mountProc() (int, error) {
	fs, err := unix.Fsopen("proc", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return -1, err
	}
	defer unix.Close(fs)
	for _, option := range [][2]string{{"subset", "pid"}, {"hidepid", "invisible"}} {
		if err := unix.FsconfigSetString(fs, option[0], option[1]); err != nil {
			return -1, err
		}
	}
	if err := unix.FsconfigCreate(fs); err != nil {
		return -1, err
	}
	return unix.Fsmount(fs, unix.FSMOUNT_CLOEXEC, unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV|unix.MOUNT_ATTR_NOEXEC)
}

// blockRoot changes to a root that holds the base, the sources, and nothing else.
func blockRoot(binds []bind) error {
	const at = "/tmp" // any folder that every system has
	if err := mountMemory(at, "size=64k,nr_inodes=1024,mode=755"); err != nil {
		return err
	}
	for _, d := range []string{Folder, cellRoot, baseRoot} {
		if err := os.Mkdir(at+d, 0o755); err != nil {
			return err
		}
	}
	if err := furnishBase(at + baseRoot); err != nil {
		return err
	}
	for _, b := range binds {
		if err := b.attach(at); err != nil {
			return err
		}
	}
	if err := pivot(at); err != nil {
		return err
	}
	return protect(baseRoot)
}

// furnishBase makes the files and folders of the base.
func furnishBase(at string) error {
	if err := mountMemory(at, "size=256k,nr_inodes=64,mode=755"); err != nil {
		return err
	}
	for _, d := range []string{"/bin", "/dev", "/etc", "/tmp", Folder} {
		if err := os.Mkdir(at+d, 0o755); err != nil {
			return err
		}
	}
	for name, content := range smallFiles {
		if err := os.WriteFile(at+name, []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// protect makes a mount read-only.
func protect(path string) error {
	if err := unix.MountSetattr(unix.AT_FDCWD, path, 0, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}); err != nil {
		return fmt.Errorf("protect %s: %w", path, err)
	}
	return nil
}

// furnish makes the shared folder, of which it returns a descriptor, the cells, and a network if the layout
// has one. It also returns a socket to ask the kernel about those of the network.
func (w *warden) furnish(l *Layout) ([]int, error) {
	if err := mountMemory(Folder, fmt.Sprintf("size=%d,nr_inodes=%d,mode=777", l.FolderSize, l.Inodes)); err != nil {
		return nil, err
	}
	if l.Network {
		if err := w.openNetwork(); err != nil {
			return nil, err
		}
	}
	if err := w.addCells(l.Cells...); err != nil {
		return nil, err
	}
	folder, err := unix.Open(Folder, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	diag, err := w.socket(sockDiag)
	return []int{folder, diag}, err
}

// addCells makes cells, all at once.
func (w *warden) addCells(cells ...Cell) error {
	made := make([]*cell, len(cells))
	for i, c := range cells {
		made[i] = &cell{Cell: c, sources: w.sources, network: w.network, work: make(chan func(), 1), ready: make(chan error, 1)}
		w.outside = w.outside || !c.OwnPids
		if !c.OwnPids {
			continue
		}
		var err error
		if made[i].wing, err = w.nextWing(); err != nil {
			return err
		}
	}
	for _, c := range made {
		go c.run()
	}
	var errs []error
	for _, c := range made {
		if err := <-c.ready; err != nil {
			errs = append(errs, fmt.Errorf("cell: %w", err))
		} else {
			w.cells[c.Name] = c
		}
	}
	return errors.Join(errs...)
}

func mountMemory(at, options string) error {
	if err := unix.Mount("tmpfs", at, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, options); err != nil {
		return fmt.Errorf("a file system in memory at %s: %w", at, err)
	}
	return nil
}

// pivot makes a mounted folder the root, and leaves the old one behind.
func pivot(at string) error {
	if err := unix.Chdir(at); err != nil {
		return err
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("pivot_root: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("leave the old root: %w", err)
	}
	return unix.Chdir("/")
}

// buildRoot makes the root that a cell's processes see: a copy of the base, with what is the cell's own.
// The /proc of its wing is laid over that of the base.
func (c *cell) buildRoot() error {
	base, err := openTree(baseRoot, unix.AT_RECURSIVE, 0)
	if err != nil {
		return err
	}
	if err := (bind{base, "", true}).attach(cellRoot); err != nil {
		return err
	}
	if err := c.showProc(); err != nil {
		return err
	}
	if err := c.buildFolders(); err != nil {
		return err
	}
	if err := c.buildPrograms(); err != nil {
		return err
	}
	for _, b := range c.Binds {
		if err := c.bind(b); err != nil {
			return err
		}
	}
	return pivot(cellRoot)
}

// showProc lays the /proc of the cell's wing over that of the base. That one would tell the pids of the
// block: it goes where the wing has none.
func (c *cell) showProc() error {
	switch {
	case c.wing == nil:
		return nil
	case c.wing.proc != "":
		proc, err := openTree(c.wing.proc, 0, 0)
		if err != nil {
			return err
		}
		return bind{proc, "/proc", true}.attach(cellRoot)
	}
	if err := unix.Unmount(cellRoot+"/proc", unix.MNT_DETACH); err != nil && err != unix.EINVAL && err != unix.ENOENT {
		return fmt.Errorf("take /proc away: %w", err)
	}
	return nil
}

// buildFolders makes /tmp and /room.
func (c *cell) buildFolders() error {
	own := fmt.Sprintf("size=%d,nr_inodes=%d,mode=777", cmp.Or(c.Space, ownSpace), cmp.Or(c.Files, ownFiles))
	if err := mountMemory(cellRoot+"/tmp", own); err != nil {
		return err
	}
	if !c.Shared {
		return mountMemory(cellRoot+Folder, own)
	}
	attr := uint64(unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV | unix.MOUNT_ATTR_NOEXEC)
	if c.Folder == ReadFolder {
		attr |= unix.MOUNT_ATTR_RDONLY // FIFOs and sockets can be written to all the same
	}
	folder, err := openTree(Folder, 0, attr)
	if err != nil {
		return err
	}
	return bind{folder, Folder, true}.attach(cellRoot)
}

// ownSpace and ownFiles bound what a cell's processes can write that no other sees.
const (
	ownSpace = 16 << 20
	ownFiles = 1024
)

// buildPrograms fills /bin.
func (c *cell) buildPrograms() error {
	if err := mountMemory(cellRoot+"/bin", "size=64k,nr_inodes=64,mode=755"); err != nil {
		return err
	}
	for name, path := range c.Programs {
		at, err := c.locate(path)
		if err != nil {
			return err
		}
		fd, err := openTree(at, 0, unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV)
		if err != nil {
			return err
		}
		if err := (bind{fd, "/bin/" + filepath.Base(name), false}).attach(cellRoot); err != nil {
			return err
		}
	}
	return protect(cellRoot + "/bin")
}

// locate finds a file of the host below the block's root.
func (c *cell) locate(path string) (string, error) {
	for i, s := range c.sources {
		if rest, ok := strings.CutPrefix(path, strings.TrimSuffix(s, "/")); ok && (rest == "" || rest[0] == '/') {
			return sourceAt(i) + rest, nil
		}
	}
	return "", fmt.Errorf("%s is in none of the block's sources", path)
}

// bind puts something of the host into the cell.
func (c *cell) bind(b Bind) error {
	at, err := c.locate(b.From)
	if err != nil {
		return err
	}
	info, err := os.Lstat(at)
	if err != nil {
		return err
	}
	if err := c.makePlace(b.To, info.IsDir()); err != nil {
		return err
	}
	if b.Overlay {
		return c.overlay(at, b.To)
	}
	attr := uint64(unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV)
	if !b.Write {
		attr |= unix.MOUNT_ATTR_RDONLY
	}
	fd, err := openTree(at, 0, attr)
	if err != nil {
		return err
	}
	return bind{fd, b.To, info.IsDir()}.attach(cellRoot)
}

// makePlace makes a folder, or a file, to mount over. What the cells of a block have in common is
// read-only, but for this moment and this cell.
func (c *cell) makePlace(to string, dir bool) error {
	writable := unix.MountAttr{Attr_clr: unix.MOUNT_ATTR_RDONLY}
	if err := unix.MountSetattr(unix.AT_FDCWD, cellRoot, 0, &writable); err != nil {
		return fmt.Errorf("make %s: %w", to, err)
	}
	folder := to
	if !dir {
		folder = filepath.Dir(to)
	}
	err := os.MkdirAll(cellRoot+folder, 0o755)
	if err == nil && !dir {
		err = os.WriteFile(cellRoot+to, nil, 0o644)
	}
	return errors.Join(err, protect(cellRoot))
}

// overlay shows a folder in which what is written is kept in memory. The option userxattr is what the
// kernel wants of who is root in no more than a user namespace. Its own folder of work has no permissions at
// all, so that pid 1 needs CAP_DAC_OVERRIDE.
func (c *cell) overlay(lower, to string) error {
	const upper, work = cellRoot + "/tmp/.upper", cellRoot + "/tmp/.work"
	if err := errors.Join(os.Mkdir(upper, 0o755), os.Mkdir(work, 0o755)); err != nil {
		return err
	}
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s,userxattr", lower, upper, work)
	if err := unix.Mount("overlay", cellRoot+to, "overlay", unix.MS_NOSUID|unix.MS_NODEV, options); err != nil {
		return fmt.Errorf("an overlay over %s: %w", to, err)
	}
	return nil
}
