package wall

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// bind is a mount that was detached from the host's tree, to be put into a cell's.
type bind struct {
	mount int // a descriptor
	to    string
	dir   bool
}

// devices are those that every cell has.
var devices = []string{"null", "zero", "full", "random", "urandom"}

// setUp makes the block's root and its cells. The programs are detached already if the grader is root:
// the user of the block may not be able to reach them. It returns a descriptor of the shared folder, and a socket to
// ask the kernel about those of the block.
//
// What the cells are to see of the host is detached first, while the host's tree is still there; then
// the block goes into an empty root, and the cells start from that.
func (w *warden) setUp(p *Plan, programs []int) ([]int, error) {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return nil, fmt.Errorf("make / private: %w", err)
	}
	unix.Sethostname([]byte("room"))
	if err := loopbackUp(); err != nil {
		return nil, fmt.Errorf("loopback: %w", err)
	}
	var cells []*cell
	for i, c := range p.Cells {
		binds, err := detach()
		if err != nil {
			return nil, err
		}
		if len(programs) == 0 {
			fd, err := openProgram(c.Program)
			if err != nil {
				return nil, err
			}
			binds = append(binds, bind{fd, c.binary(), false})
		} else {
			binds = append(binds, bind{programs[i], c.binary(), false})
		}
		cells = append(cells, &cell{Cell: c, binds: binds, work: make(chan func())})
	}
	if err := emptyRoot(p); err != nil {
		return nil, err
	}
	for _, l := range p.Limits {
		if err := unix.Setrlimit(l.Resource, &unix.Rlimit{Cur: l.Value, Max: l.Value}); err != nil {
			return nil, fmt.Errorf("limit %d: %w", l.Resource, err)
		}
	}
	for _, c := range cells {
		ready := make(chan error)
		go c.run(ready)
		if err := <-ready; err != nil {
			return nil, fmt.Errorf("cell %s: %w", c.Name, err)
		}
		w.cells[c.Name] = c
	}
	folder, err := unix.Open(Folder, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	diag, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	return []int{folder, diag}, err
}

func openProgram(path string) (int, error) {
	return openTree(path, unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV)
}

// detach takes what a cell sees of the host beside its program.
func detach() ([]bind, error) {
	var binds []bind
	for _, name := range devices {
		fd, err := openTree("/dev/"+name, unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NOEXEC)
		if err != nil {
			return nil, err
		}
		binds = append(binds, bind{fd, "/dev/" + name, false})
	}
	// The kernel grants a new /proc only to who sees one that is not masked, so it must be made now. In
	// a container it may not be to be had: then there is none.
	if fd, err := mountProc(); err == nil {
		binds = append(binds, bind{fd, "/proc", true})
	}
	return binds, nil
}

// openTree makes a detached mount of a path.
func openTree(path string, attr uint64) (int, error) {
	fd, err := unix.OpenTree(unix.AT_FDCWD, path, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
	if err != nil {
		return -1, fmt.Errorf("detach %s: %w", path, err)
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

// emptyRoot changes to a root that holds nothing but the shared folder and a place to build cells at.
func emptyRoot(p *Plan) error {
	const at = "/tmp" // any folder that every system has
	if err := mountMemory(at, "size=64k,nr_inodes=64,mode=755"); err != nil {
		return err
	}
	for _, d := range []string{Folder, cellRoot} {
		if err := os.Mkdir(at+d, 0o755); err != nil {
			return err
		}
	}
	if err := mountMemory(at+Folder, fmt.Sprintf("size=%d,nr_inodes=%d,mode=777", p.FolderSize, p.Inodes)); err != nil {
		return err
	}
	return pivot(at)
}

// cellRoot is where, in the block's root, a cell builds its own.
const cellRoot = "/cell"

func mountMemory(at, options string) error {
	if err := unix.Mount("tmpfs", at, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, options); err != nil {
		return fmt.Errorf("a file system in memory at %s: %w", at, err)
	}
	return nil
}

// pivot makes a mounted folder the root, and leaves the old one behind, read-only from then on.
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

// smallFiles are what a cell finds in /etc: enough to know who one is, and what localhost means.
var smallFiles = map[string]string{
	"/etc/passwd": "student:x:1000:1000::/tmp:/bin/false\n",
	"/etc/group":  "student:x:1000:\n",
	"/etc/hosts":  "127.0.0.1 localhost\n::1 localhost\n",
}

// buildRoot makes the root that a cell's processes see.
func (c *cell) buildRoot() error {
	folder, err := openTree(Folder, unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV|unix.MOUNT_ATTR_NOEXEC)
	if err != nil {
		return err
	}
	binds := append(c.binds, bind{folder, Folder, true})
	if !c.Shared {
		binds = c.binds
	}
	if err := mountMemory(cellRoot, "size=256k,nr_inodes=64,mode=755"); err != nil {
		return err
	}
	for name, content := range smallFiles {
		if err := errors.Join(os.MkdirAll(cellRoot+filepath.Dir(name), 0o755), os.WriteFile(cellRoot+name, []byte(content), 0o644)); err != nil {
			return err
		}
	}
	for _, d := range []string{"/tmp", Folder} {
		if err := os.Mkdir(cellRoot+d, 0o755); err != nil {
			return err
		}
	}
	if err := mountMemory(cellRoot+"/tmp", ownSpace); err != nil {
		return err
	}
	if !c.Shared {
		if err := mountMemory(cellRoot+Folder, ownSpace); err != nil {
			return err
		}
	}
	for _, b := range binds {
		if err := b.attach(); err != nil {
			return fmt.Errorf("%s: %w", b.to, err)
		}
	}
	unix.Close(folder)
	if err := pivot(cellRoot); err != nil {
		return err
	}
	return unix.MountSetattr(unix.AT_FDCWD, "/", 0, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY})
}

// ownSpace bounds what a cell's processes can write that no other sees.
const ownSpace = "size=16m,nr_inodes=1k,mode=777"

// attach puts a detached mount to its place.
func (b bind) attach() error {
	to := cellRoot + b.to
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if b.dir {
		os.Mkdir(to, 0o755)
	} else if err := os.WriteFile(to, nil, 0o644); err != nil {
		return err
	}
	defer unix.Close(b.mount)
	return unix.MoveMount(b.mount, "", unix.AT_FDCWD, to, unix.MOVE_MOUNT_F_EMPTY_PATH)
}

// loopbackUp brings the loopback interface up, which a new network namespace has down.
func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, lo); err != nil {
		return err
	}
	lo.SetUint16(lo.Uint16() | unix.IFF_UP)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo)
}
