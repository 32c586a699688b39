//go:build linux && !amd64

package room

// oldCalls judges the calls that only older architectures still have.
func oldCalls(int, func(int) uint64) bool { return false }
