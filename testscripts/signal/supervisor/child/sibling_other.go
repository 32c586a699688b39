//go:build !linux

package main

import "syscall"

// sibling has nothing like it here: what is started stays a child of its own.
func sibling() *syscall.SysProcAttr { return nil }
