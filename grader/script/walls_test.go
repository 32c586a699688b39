package script

import (
	"testing"

	"ipclab/grader/room"

	"github.com/stretchr/testify/assert"
)

// Walls are told by Go's words for the errors of the kernel.
func TestWallMet(t *testing.T) {
	const (
		noPrograms = "a room has no shell, and no other programs than those that the exercise names; itself a program finds by os.Executable"
		noFiles    = "in this exercise only the pipe leads out of the room: no file can be made, in /tmp neither"
		elsewhere  = "in a room files can be made in the working folder and in /tmp, and nowhere else"
		sockets    = "in this exercise only sockets can be made in the working folder; other files can in /tmp, and nowhere else"
	)
	for _, x := range []struct{ name, channel, stderr, want string }{
		{"a shell", "pipe", "p: fork/exec /bin/sh: no such file or directory\n", noPrograms},
		{"a program of PATH", "unix", `p: exec: "grep": executable file not found in $PATH`, noPrograms},
		{"a program, without walls", "", "p: fork/exec /bin/sh: no such file or directory\n", ""},
		{"a file that is not there", "pipe", "p: open x: no such file or directory\n", ""},
		{"TCP in a pipe exercise", "pipe", "p: listen tcp 127.0.0.1:0: socket: address family not supported by protocol", "in this exercise only the pipe leads out of the room: there are no other sockets"},
		{"UDP in a TCP exercise", "tcp", "p: listen udp 127.0.0.1:0: socket: operation not permitted", "in this exercise only TCP leads out of the room: there are no other sockets"},
		{"the world", "tcp", "p: dial tcp 192.0.2.1:80: connect: network is unreachable", "a room has a network of its own: nobody outside can be reached"},
		{"a name of the world", "tcp", "p: dial tcp: lookup example.com on 127.0.0.1:53: connection refused", "a room has a network of its own: nobody outside can be reached"},
		{"nobody listens", "tcp", "p: dial tcp 127.0.0.1:80: connect: connection refused", ""},
		{"a file in a pipe exercise", "pipe", "p: open /tmp/x: permission denied", noFiles},
		{"a file of one's own folder", "pipe", "p: open x: permission denied", noFiles},
		{"a folder in a pipe exercise", "pipe", "p: mkdir x: operation not permitted", noFiles},
		{"a file, without walls", "", "p: open /tmp/x: permission denied", ""},
		{"a file that the check has locked away", "file", "p: open x: permission denied", ""},
		{"the same by its whole path", "file", "p: open /room/x: permission denied", ""},
		{"the same in /tmp", "file", "p: open /tmp/x: permission denied", ""},
		{"a file elsewhere", "file", "p: open /x: read-only file system", elsewhere},
		{"a file in a socket exercise", "unix", "p: open x: permission denied", sockets},
		{"the second line", "file", "p: open x: permission denied\np: rename x /etc/y: permission denied\np: open /y: permission denied", elsewhere},
		{"a signal", "signal", "p: operation not permitted", ""},
	} {
		t.Run(x.name, func(t *testing.T) { assert.Equal(t, x.want, wallMet(x.channel, x.stderr)) })
	}
}

// Limits that the kernel enforces are told by Go's words for them.
func TestLimitMet(t *testing.T) {
	o := Options{Tier: room.Rooms, Limits: room.DefaultLimits()}
	const memory, processes = "no more than 256 MiB of memory", "no more than 64 processes"
	for _, x := range []struct{ stderr, want string }{
		{"fatal error: runtime: out of memory\n\nruntime stack:\n", memory},
		{"runtime: out of memory: cannot allocate 16777216-byte block (0 in use)\n", memory},
		{"begun\nfatal error: out of memory allocating heap arena metadata\n", memory},
		{"fatal error: pageAlloc: out of memory\n", memory},
		{"p: mmap: cannot allocate memory\n", memory},
		{"runtime: failed to create new OS thread (have 760 already; errno=11)\n", processes},
	} {
		assert.Contains(t, limitMet(o, x.stderr), x.want, x.stderr)
	}
	assert.Empty(t, limitMet(o, "p: the shop is out of memory cards\n"))
	o.Tier = room.Landlock
	assert.Empty(t, limitMet(o, "fatal error: runtime: out of memory\n"), "there it is the machine's")
}
