//go:build !linux

package room

import (
	"context"
	"errors"
)

// Probe tells whether walls can be raised here: nowhere but on Linux.
func Probe(context.Context) error { return errors.New("walls need Linux") }
