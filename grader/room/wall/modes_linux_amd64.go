package wall

import "golang.org/x/sys/unix"

func init() {
	deniedOld[Modes] = deny(notPermitted, unix.SYS_CHMOD, unix.SYS_CHOWN, unix.SYS_LCHOWN, unix.SYS_UTIME, unix.SYS_UTIMES, unix.SYS_FUTIMESAT)
}
