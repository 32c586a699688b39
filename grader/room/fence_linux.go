package room

import (
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"

	"ipclab/grader/room/wall"

	"golang.org/x/sys/unix"
)

// fenced is the keeper of the tier "landlock": a yard in which each process goes behind a fence of its own
// before it becomes the program.
type fenced struct {
	*yard
	fences map[string]wall.Fence // by role
}

func enclose(f Fence, dir string) (keeper, error) {
	k := &fenced{fences: map[string]wall.Fence{}}
	user, err := fencedUser()
	if err != nil {
		return nil, err
	}
	for role, program := range f.programs() {
		cell := cellOf(f.Channel, len(f.Programs), f.Folder)
		w := wall.Fence{Cell: cell, Program: program, Runs: f.runs(role), Work: dir, User: user, TCP: f.Channel == "tcp"}
		if w.Own, err = f.owned(role); err == nil && !cell.Shared {
			w.Work, err = f.owned(role + ".room")
		}
		if err != nil {
			return nil, err
		}
		k.fences[role] = w
	}
	k.yard = openYard()
	return k, nil
}

// programs are those that the judge may start, by what Command.Cell names.
func (f Fence) programs() map[string]string {
	all := map[string]string{}
	maps.Copy(all, f.Props)
	maps.Copy(all, f.Programs)
	if f.Curl != "" {
		all["curl"] = f.Curl
	}
	return all
}

// runs are the files and folders that a role may execute from, beside its own program.
func (f Fence) runs(role string) []string {
	if role == "curl" {
		return systemFolders()
	}
	all := slices.Collect(maps.Values(f.Props))
	for _, other := range f.Starts[role] {
		all = append(all, f.Programs[other])
	}
	return append(all, filepath.Join(f.Paths, role))
}

// fencedUser is who fenced processes become: the grader's own user, nil, unless that is root.
func fencedUser() (*wall.Identity, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	return wall.FreeUser()
}

// ActAsFenced makes the calling goroutine handle files as the user of fenced processes, as ActAsInmate does
// for those of rooms.
func ActAsFenced(dir string) error {
	who, err := fencedUser()
	if who == nil || err != nil {
		return err
	}
	if err := os.Chown(dir, who.UID, who.GID); err != nil {
		return err
	}
	runtime.LockOSThread() // and never unlocked
	if _, err := unix.SetfsgidRetGid(who.GID); err != nil {
		return err
	}
	_, err = unix.SetfsuidRetUid(who.UID)
	return err
}

// start returns when the launcher has become the program.
func (k *fenced) start(c Command, _ string, files [3]*os.File, limits Limits) (child, error) {
	f, ok := k.fences[c.Cell]
	if !ok {
		return nil, fmt.Errorf("no program %s", c.Cell)
	}
	report, theirs, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer report.Close()
	cmd, err := start(func() *exec.Cmd {
		cmd := exec.Command("/proc/self/exe", c.Args...)
		cmd.Args[0] = wall.FenceName
		cmd.Dir = filepath.Join(f.Work, c.Dir)
		cmd.Env = slices.Concat(withTemp(c.Env, f.Own), []string{tokenVar + "=" + k.token, f.Order()})
		cmd.Stdin, cmd.Stdout, cmd.Stderr = files[0], files[1], files[2]
		cmd.ExtraFiles = []*os.File{theirs} // descriptor wall.Report
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		return cmd
	}, limits)
	theirs.Close()
	if err != nil {
		return nil, err
	}
	if said, err := io.ReadAll(report); err != nil || len(said) > 0 {
		cmd.Process.Kill()
		cmd.Wait()
		return nil, fmt.Errorf("fence: %s", said)
	}
	known.add(cmd.Process.Pid, cmd)
	return direct{cmd}, nil
}
