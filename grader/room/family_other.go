//go:build !linux

package room

import "errors"

func refill(descriptor) (int, error) { return 0, errors.New("holding an output needs Linux") }

// Strangers cannot be told here.
func (p *Process) Strangers() []string { return nil }

// Unpiped cannot be told here.
func (p *Process) Unpiped() []string { return nil }
