package room

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// tryWalls raises walls and executes this very binary behind them. It may be linked dynamically, and a
// cell has no libraries: that the kernel finds no interpreter for it means that it has tried.
func tryWalls() error {
	if err := openTemp(); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	house := OpenHouse(filepath.Dir(self))
	defer house.Close()
	k, _, err := raise(Walls{House: house, Channel: "pipe", Programs: map[string]string{"probe": self}}, DefaultLimits())
	if err != nil {
		return fmt.Errorf("raise the walls: %w", err)
	}
	defer k.end(nil)
	_, in, err := tryStart(k, "")
	if err == nil {
		in.Close()
	} else if !strings.HasSuffix(err.Error(), unix.ENOENT.Error()) {
		return fmt.Errorf("behind the walls: %w (%s)", err, filepath.Base(self))
	}
	return nil
}

// tryStart starts the program of the cell "probe", whom nobody hears. Its standard input is open until in is
// closed.
func tryStart(k keeper, dir string) (c child, in *os.File, err error) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return nil, nil, err
	}
	defer null.Close()
	r, in, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	if c, err = k.start(Command{Cell: "probe"}, dir, [3]*os.File{r, null, null}, DefaultLimits()); err != nil {
		in.Close()
	}
	return c, in, err
}

// tryFence puts a fence around a program in the folder for temporary files, where those of students will lie.
func tryFence() (err error) {
	if err := openTemp(); err != nil {
		return err
	}
	w, err := NewWork(false) // with a guard: who kills the grader now may leave a process that waits for ever to be traced
	if err != nil {
		return err
	}
	defer w.Remove()
	dir := w.Dir
	program := filepath.Join(dir, "probe")
	if err := os.WriteFile(program, smallestProgram(), 0o755); err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		return err
	}
	work := filepath.Join(dir, "work")
	if err := os.Mkdir(work, 0o700); err != nil {
		return err
	}
	done := make(chan error)
	go func() { done <- tryFenceIn(work, program) }() // whose thread acts as another
	return <-done
}

func tryFenceIn(work, program string) error {
	if err := ActAsFenced(work); err != nil {
		return err
	}
	k, err := enclose(Fence{Channel: "pipe", Programs: map[string]string{"probe": program}, Own: filepath.Join(work, "own")}, work)
	if err != nil {
		return err
	}
	defer k.end(nil)
	c, in, err := tryStart(k, work)
	if err != nil {
		return err
	}
	pid, _ := c.pids()
	seen := readable(pid)
	in.Close()
	if status, _ := c.wait(); status != 0 {
		return fmt.Errorf("a program behind the fence ended with status %#x", status)
	}
	if !seen {
		return fmt.Errorf("the judge cannot look at a process that it has started: /proc/PID/syscall is closed to it")
	}
	return nil
}

// readable tells whether the judge can see what a process waits in.
func readable(pid int) bool {
	_, err := readProc(fmt.Sprintf("/proc/%d/syscall", pid))
	return err == nil
}

// openTemp tells whether the user whom programs are can reach what is made in the folder for temporary files.
func openTemp() error {
	if os.Geteuid() != 0 {
		return nil
	}
	for dir := os.TempDir(); ; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && info.Mode()&0o001 == 0 {
			return &ClosedError{dir}
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}
