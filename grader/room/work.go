package room

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Work is a folder below that for temporary files in which a grader puts all that it makes. If the grader is
// killed, its guard kills what it has started and removes the folder; if the guard is killed too, the next
// grader does it, by Sweep.
//
// A lock in the folder, held as long as the grader lives, tells it from those whose graders have gone. Age
// tells nothing: a grader may be stopped for a night.
type Work struct {
	Dir   string
	lock  *os.File // nil: the folder is to be kept, or the file system knows no locks
	guard *guard
}

const (
	workPrefix = "ipclab-"
	lockName   = ".lock"
)

// NewWork makes a folder. One that is to be kept is nobody's to sweep.
func NewWork(keep bool) (*Work, error) {
	w, err := newWork(keep)
	if err == nil && w.lock != nil {
		w.guard = startGuard(w.Dir)
	}
	return w, err
}

func newWork(keep bool) (*Work, error) {
	for {
		dir, err := os.MkdirTemp("", workPrefix)
		if err != nil {
			return nil, err
		}
		if keep {
			return &Work{Dir: dir}, nil
		}
		lock, err := takeLock(dir, os.O_CREATE, unix.LOCK_NB)
		if errors.Is(err, errHeld) || errors.Is(err, fs.ErrNotExist) {
			continue // somebody who sweeps came between: it is theirs
		}
		if err != nil && lock == nil {
			os.Remove(filepath.Join(dir, lockName))
			return &Work{Dir: dir}, nil
		}
		return &Work{Dir: dir, lock: lock}, nil
	}
}

// Remove removes the folder, unless it is to be kept. Nothing that was started may run any more.
func (w *Work) Remove() error {
	err := removeWork(w.Dir)
	if w.lock != nil {
		w.lock.Close()
	}
	w.guard.dismiss()
	return err
}

// errHeld says that the grader whose lock it is lives.
var errHeld = errors.New("the lock is held")

// takeLock opens a work folder's lock and takes it, now (unix.LOCK_NB) or when it is free (0).
func takeLock(dir string, flags, wait int) (*os.File, error) {
	name := filepath.Join(dir, lockName)
	f, err := os.OpenFile(name, os.O_RDWR|syscall.O_NOFOLLOW|flags, 0o600)
	if err != nil {
		return nil, err
	}
	for err = unix.EINTR; err == unix.EINTR; {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|wait)
	}
	if err == unix.EWOULDBLOCK {
		err = errHeld
	}
	if err == nil { // the file may have been removed since it was opened
		var there, here os.FileInfo
		if there, err = os.Lstat(name); err == nil {
			if here, err = f.Stat(); err == nil && !os.SameFile(there, here) {
				err = errHeld
			}
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Sweep removes the work folders of graders that were killed, and first kills what these have left running.
// It touches only folders of this user's whose locks nobody holds.
func Sweep() {
	all, _ := filepath.Glob(filepath.Join(os.TempDir(), workPrefix+"*"))
	for _, dir := range all {
		sweepOne(dir, unix.LOCK_NB)
	}
}

func sweepOne(dir string, wait int) {
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() || info.Sys().(*syscall.Stat_t).Uid != uint32(os.Geteuid()) {
		return
	}
	lock, err := takeLock(dir, 0, wait)
	if err != nil {
		return
	}
	defer lock.Close()
	killBelow(dir)
	removeWork(dir)
}

// removeWork removes the lock last, so that what a killed grader leaves half removed is swept all the same.
func removeWork(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() != lockName {
			err = errors.Join(err, RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	return errors.Join(err, os.RemoveAll(dir))
}

// RemoveAll removes a tree in which programs may have taken their own folders' permissions away.
func RemoveAll(dir string) error {
	if os.RemoveAll(dir) == nil {
		return nil
	}
	filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if d != nil && d.IsDir() {
			os.Chmod(p, 0o700)
		}
		return nil
	})
	return os.RemoveAll(dir)
}

// isBelow tells whether a path is in a folder.
func isBelow(path, dir string) bool { return strings.HasPrefix(path, dir+string(filepath.Separator)) }
