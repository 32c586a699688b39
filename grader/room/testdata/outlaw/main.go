// Command outlaw tries what its arguments name, for the test of the fence around it. It says "done" if that
// went through, and else what the kernel said.
package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
)

func main() {
	if err := attempt(os.Args[1], os.Args[2]); err != nil {
		fmt.Println("stopped:", err)
		return
	}
	fmt.Println("done")
}

func attempt(what, on string) error {
	switch what {
	case "read":
		_, err := os.ReadFile(on)
		return err
	case "list":
		_, err := os.ReadDir(on)
		return err
	case "stat":
		_, err := os.Stat(on)
		return err
	case "make":
		return os.WriteFile(filepath.Join(on, "made"), nil, 0o644)
	case "change":
		f, err := os.OpenFile(on, os.O_WRONLY|os.O_APPEND, 0)
		if err == nil {
			f.Close()
		}
		return err
	case "remove":
		return os.Remove(on)
	case "chmod":
		return os.Chmod(on, 0o666)
	case "run":
		return exec.Command(on).Run()
	case "signal":
		pid, _ := strconv.Atoi(on)
		return syscall.Kill(pid, 0)
	case "trace":
		pid, _ := strconv.Atoi(on)
		return syscall.PtraceAttach(pid)
	case "unix", "tcp", "udp":
		return dial(what, on)
	case "namespace":
		return syscall.Unshare(syscall.CLONE_NEWUSER)
	case "cut":
		return os.Truncate(on, 0)
	}
	return fmt.Errorf("outlaw does not know %q", what)
}

func dial(network, address string) error {
	c, err := net.Dial(network, address)
	if err == nil {
		_, err = c.Write([]byte("x"))
		c.Close()
	}
	return err
}
