package main

import "syscall"

// sibling makes what is started a child of the parent, as an orphan becomes one of pid 1.
func sibling() *syscall.SysProcAttr { return &syscall.SysProcAttr{Cloneflags: syscall.CLONE_PARENT} }
