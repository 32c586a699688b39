package wall

import "golang.org/x/sys/unix"

// Modes are calls that change a file's mode, owner, times or attributes by its name. Landlock does not hold
// them back, so behind a fence a program could shut its user out of the user's own files.
const Modes Denied = 1 << 20

// Not in an init function: the launcher is one, and may come first.
var _ = func() bool {
	denied[Modes] = deny(notPermitted, unix.SYS_FCHMODAT, unix.SYS_FCHMODAT2, unix.SYS_FCHOWNAT, unix.SYS_UTIMENSAT,
		unix.SYS_SETXATTR, unix.SYS_LSETXATTR, unix.SYS_REMOVEXATTR, unix.SYS_LREMOVEXATTR)
	return true
}()
