package grader

import (
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// workPrefix begins the names of the graders' work folders; keptPrefix those that are to stay.
const (
	workPrefix = "ipclab.work-"
	keptPrefix = "ipclab-"
)

// workFolder makes a folder of our own below the one for temporary files, and first removes those of
// graders that have ended without removing theirs, because they were killed. A grader holds a lock on
// its folder while it lives. The function returned lets go of the lock.
func workFolder(keep bool) (dir string, release func(), err error) {
	if keep {
		dir, err = os.MkdirTemp("", keptPrefix)
		return dir, func() {}, err
	}
	sweepFolders(os.TempDir())
	for {
		if dir, err = os.MkdirTemp("", workPrefix); err != nil {
			return "", nil, err
		}
		// In between, the sweep of another grader may have taken it for a dead one's.
		if f := claimFolder(dir); f != nil {
			return dir, func() { f.Close() }, nil
		}
	}
}

// sweepFolders removes the work folders that nobody holds. What cannot be removed is no fault of this run.
func sweepFolders(tmp string) {
	found, _ := filepath.Glob(filepath.Join(tmp, workPrefix+"*"))
	for _, dir := range found {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() {
			continue
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); !ok || int(stat.Uid) != os.Geteuid() {
			continue
		}
		if f := claimFolder(dir); f != nil {
			removeAll(dir)
			f.Close()
		}
	}
}

// claimFolder takes the lock on a folder, or gives nil if somebody else has it or the folder is gone.
func claimFolder(dir string) *os.File {
	f, err := os.OpenFile(dir, os.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil
	}
	held, err := f.Stat()
	if err == nil {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	}
	if err == nil {
		var there os.FileInfo
		if there, err = os.Lstat(dir); err == nil && os.SameFile(held, there) {
			return f
		}
	}
	f.Close()
	return nil
}
