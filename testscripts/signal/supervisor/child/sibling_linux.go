package main

import (
	"fmt"
	"maps"
	"os"
	"strings"
	"syscall"
)

// sibling makes what is started a child of the parent, as an orphan becomes one of pid 1; apart, it has a
// session of its own.
func sibling(apart bool) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Cloneflags: syscall.CLONE_PARENT, Setsid: apart}
}

// compares leaves out what it cannot find out of the parent: there may be no /proc, or one with files that
// nobody may read.
func compares([]string) {
	parent := fmt.Sprintf("/proc/%d", os.Getppid())
	var other []string
	for fd, name := range []string{"stdin", "stdout", "stderr"} {
		mine, _ := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
		theirs, err := os.Readlink(fmt.Sprintf("%s/fd/%d", parent, fd))
		if err == nil && mine != theirs {
			other = append(other, name)
		}
	}
	if all, err := os.ReadFile(parent + "/environ"); err == nil && !maps.Equal(variables(os.Environ()), variables(strings.Split(strings.TrimRight(string(all), "\x00"), "\x00"))) {
		other = append(other, "environment")
	}
	if len(other) == 0 {
		fmt.Println("all are my parent's")
		return
	}
	fmt.Println("not my parent's:", strings.Join(other, ", "))
}

func variables(environment []string) map[string]string {
	vars := map[string]string{}
	for _, v := range environment {
		name, value, _ := strings.Cut(v, "=")
		vars[name] = value
	}
	return vars
}
