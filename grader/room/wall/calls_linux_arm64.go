package wall

import "golang.org/x/sys/unix"

const auditArch = unix.AUDIT_ARCH_AARCH64

// Calls that this machine has and others do not, or the other way round.
var (
	everywhereOld = deny(notPermitted, unix.SYS_KEXEC_FILE_LOAD)
	deniedOld     = map[Denied][]rule{Names: deny(notPermitted, unix.SYS_RENAMEAT)}
)
