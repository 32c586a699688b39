//go:build !linux

package room

import "errors"

func tryWalls() error { return errors.New("rooms need Linux") }

func tryFence() error { return errors.New("Landlock is part of Linux") }
