package room

import (
	"errors"
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// start starts a command, and returns when it holds no descriptor of the grader any more and its
// limits are set, before its first instruction.
//
// A plain start returns too early: the kernel lets the parent of a vfork go on before it closes the
// child's descriptors, and puts their release off until the child returns to user mode. A traced
// child stops at the end of exec, after all of that. It is let go at once and never traced again.
func start(command func() *exec.Cmd, limits Limits) (*exec.Cmd, error) {
	runtime.LockOSThread() // the thread that traces must be the one that detaches
	defer runtime.UnlockOSThread()
	cmd := command()
	cmd.SysProcAttr.Ptrace = true
	err := cmd.Start()
	if errors.Is(err, unix.EPERM) { // tracing is forbidden here: start without
		cmd = command()
		if err := cmd.Start(); err != nil {
			return nil, err
		}
		return cmd, undo(cmd, limits.apply(cmd.Process.Pid))
	}
	if err != nil {
		return nil, err
	}
	pid := cmd.Process.Pid
	if err := awaitStop(pid); err != nil {
		return nil, undo(cmd, err)
	}
	err = limits.apply(pid)
	if e := unix.PtraceDetach(pid); e != nil && e != unix.ESRCH {
		err = errors.Join(err, e)
	}
	return cmd, undo(cmd, err)
}

// undo ends a child that could not be started as it should, if there is an error.
func undo(cmd *exec.Cmd, err error) error {
	if err != nil {
		cmd.Process.Kill()
		cmd.Wait()
	}
	return err
}

// awaitStop returns when the child has stopped, or has been killed. Its status is left for Wait.
func awaitStop(pid int) error {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WSTOPPED|unix.WEXITED|unix.WNOWAIT, nil)
		if err != unix.EINTR {
			return err
		}
	}
}
