package wall

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// dropCapabilities gives up every capability of the calling thread, for good: what it forks cannot get
// any back, by no binary and no user id.
func dropCapabilities() error {
	// Each bit with the one that locks it: no capability for uid 0, none over a change of uid, none kept,
	// none ambient.
	const noRoot, noFixup, keepCapsLocked, noAmbient = 3, 3 << 2, 1 << 5, 3 << 6
	if err := unix.Prctl(unix.PR_SET_SECUREBITS, noRoot|noFixup|keepCapsLocked|noAmbient, 0, 0, 0); err != nil {
		return err
	}
	for c := uintptr(0); unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0) == nil; c++ {
	}
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return err
	}
	var none [2]unix.CapUserData
	if err := unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &none[0]); err != nil {
		return err
	}
	return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
}

// LandlockABI is the version of Landlock that the kernel offers; 0 if none.
func LandlockABI() int {
	v, _, e := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if e != 0 {
		return 0
	}
	return int(v)
}

// The rights of Landlock, in groups.
const (
	seeFiles  = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	runFiles  = unix.LANDLOCK_ACCESS_FS_EXECUTE
	useFiles  = unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE
	sockets   = unix.LANDLOCK_ACCESS_FS_MAKE_SOCK | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE | unix.LANDLOCK_ACCESS_FS_REMOVE_DIR
	makeFiles = unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_SYM | unix.LANDLOCK_ACCESS_FS_MAKE_FIFO |
		unix.LANDLOCK_ACCESS_FS_MAKE_SOCK | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE | unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REFER
	devicesAndTTYs = unix.LANDLOCK_ACCESS_FS_MAKE_CHAR | unix.LANDLOCK_ACCESS_FS_MAKE_BLOCK | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	allRights      = seeFiles | runFiles | useFiles | makeFiles | devicesAndTTYs
)

// known are the rights that a version of Landlock knows.
func known(abi int) uint64 {
	rights := uint64(allRights)
	if abi < 5 {
		rights &^= unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	}
	if abi < 3 {
		rights &^= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	if abi < 2 {
		rights &^= unix.LANDLOCK_ACCESS_FS_REFER
	}
	return rights
}

// rights says what may be done in the folder.
func (c Cell) rights() uint64 {
	switch c.Folder {
	case FilesFolder:
		return seeFiles | useFiles | makeFiles
	case SocketsFolder:
		return seeFiles | sockets
	}
	return seeFiles | useFiles
}

// ownRights says what may be done in /tmp.
func (c Cell) ownRights() uint64 {
	if c.Folder == ReadFolder {
		return seeFiles
	}
	return seeFiles | useFiles | makeFiles
}

// restrictFiles puts the calling thread into a Landlock domain of the cell's own. Processes of two
// domains cannot trace one another, nor see one another in a /proc that hides what cannot be traced.
func (c Cell) restrictFiles() error {
	abi := LandlockABI()
	if abi == 0 {
		return nil
	}
	attr := unix.LandlockRulesetAttr{Handled_access_fs: known(abi)}
	size := unsafe.Sizeof(attr.Handled_access_fs)
	if abi >= 6 {
		size = unsafe.Sizeof(attr)
		attr.Scoped = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET
		if !c.Signals {
			attr.Scoped |= unix.LANDLOCK_SCOPE_SIGNAL
		}
	}
	fd, _, e := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), size, 0)
	if e != 0 {
		return e
	}
	set := int(fd)
	defer unix.Close(set)
	rules := map[string]uint64{"/": seeFiles | runFiles, "/tmp": c.ownRights(), "/dev": seeFiles | useFiles, Folder: c.rights()}
	for _, b := range c.Binds {
		if b.Write || b.Overlay {
			rules[b.To] = seeFiles | useFiles | makeFiles
		}
	}
	for path, rights := range rules {
		if err := allow(set, path, rights&known(abi)); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	if _, _, e := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0, 0); e != 0 {
		return e
	}
	return nil
}

func allow(rules int, path string, rights uint64) error {
	at, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(at)
	rule := unix.LandlockPathBeneathAttr{Allowed_access: rights, Parent_fd: int32(at)}
	if _, _, e := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(rules), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&rule)), 0, 0, 0); e != 0 {
		return e
	}
	return nil
}
