package wall

import "golang.org/x/sys/unix"

const auditArch = unix.AUDIT_ARCH_X86_64

// Calls that newer machines no longer have.
var (
	everywhereOld = deny(notPermitted, unix.SYS_IOPERM, unix.SYS_IOPL, unix.SYS_KEXEC_FILE_LOAD, unix.SYS_INOTIFY_INIT, unix.SYS_USELIB, unix.SYS_MODIFY_LDT)
	deniedOld     = map[Denied][]rule{
		Attributes: deny(notPermitted, unix.SYS_UTIME, unix.SYS_UTIMES, unix.SYS_FUTIMESAT, unix.SYS_CHOWN, unix.SYS_LCHOWN),
		Links:      deny(notPermitted, unix.SYS_LINK, unix.SYS_SYMLINK),
		Names:      deny(notPermitted, unix.SYS_MKDIR, unix.SYS_RENAME, unix.SYS_RENAMEAT, unix.SYS_CHMOD),
		Special:    deny(notPermitted, unix.SYS_MKNOD),
	}
)
