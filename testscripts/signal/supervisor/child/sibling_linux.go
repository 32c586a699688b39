package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// sibling makes what is started a child of the parent, as an orphan becomes one of pid 1; apart, it has a
// session of its own.
func sibling(apart bool) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Cloneflags: syscall.CLONE_PARENT, Setsid: apart}
}

func compares([]string) {
	parent := fmt.Sprintf("/proc/%d", os.Getppid())
	var other []string
	for fd, name := range []string{"stdin", "stdout", "stderr"} {
		mine, _ := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
		theirs, err := os.Readlink(fmt.Sprintf("%s/fd/%d", parent, fd))
		if err != nil {
			fail(err)
		}
		if mine != theirs {
			other = append(other, name)
		}
	}
	mine, theirs := environ("/proc/self"), environ(parent)
	same := len(mine) == len(theirs)
	for name, value := range mine {
		if v, ok := theirs[name]; !ok || v != value {
			same = false
		}
	}
	if !same {
		other = append(other, "environment")
	}
	if len(other) == 0 {
		fmt.Println("all are my parent's")
		return
	}
	fmt.Println("not my parent's:", strings.Join(other, ", "))
}

// environ gives the environment that a process was started with.
func environ(process string) map[string]string {
	all, err := os.ReadFile(process + "/environ")
	if err != nil {
		fail(err)
	}
	vars := map[string]string{}
	for _, v := range bytes.Split(bytes.TrimRight(all, "\x00"), []byte{0}) {
		name, value, _ := strings.Cut(string(v), "=")
		vars[name] = value
	}
	return vars
}
