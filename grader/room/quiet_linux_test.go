package room

import (
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestEndless(t *testing.T) {
	// A limit is read from the memory of the process: of this one.
	limit := func(d time.Duration) uintptr {
		ts := unix.NsecToTimespec(int64(d))
		p := &ts
		t.Cleanup(func() { runtime.KeepAlive(p) })
		return uintptr(unsafe.Pointer(p))
	}
	monotonic := func(d time.Duration) uintptr {
		var now unix.Timespec
		assert.NoError(t, unix.ClockGettime(unix.CLOCK_MONOTONIC, &now))
		return limit(time.Duration(now.Nano()) + d)
	}
	line := func(n int, args ...any) string {
		s := fmt.Sprint(n)
		for i := range 6 {
			a := any(0)
			if i < len(args) {
				a = args[i]
			}
			s += fmt.Sprintf(" 0x%x", a)
		}
		return s + " 0x7ffe 0x7fff\n"
	}
	const forever = 0xffffffff // -1 as the kernel shows an int
	tests := []struct {
		name string
		line string
		want bool
	}{
		{"running", "running\n", false},
		{"outside any call", "-1 0x7ffe 0x7fff\n", false},
		{"nothing", "", false},
		{"no number", "x 0x0 0x0 0x0 0x0 0x0 0x0 0x0 0x0\n", false},
		{"read", line(unix.SYS_READ, 0), true},
		{"write", line(unix.SYS_WRITE, 1), true},
		{"openat", line(unix.SYS_OPENAT), true},
		{"accept4", line(unix.SYS_ACCEPT4, 3), true},
		{"wait4", line(unix.SYS_WAIT4, 1), true},
		{"waitid", line(unix.SYS_WAITID, 1), true},
		{"flock", line(unix.SYS_FLOCK, 3, 2), true},
		{"recvmsg", line(unix.SYS_RECVMSG, 3), true},
		{"nanosleep", line(unix.SYS_NANOSLEEP), false},
		{"clock_nanosleep", line(unix.SYS_CLOCK_NANOSLEEP), false},
		{"epoll_pwait for ever", line(unix.SYS_EPOLL_PWAIT, 4, 0, 128, forever), true},
		{"epoll_pwait with a timer", line(unix.SYS_EPOLL_PWAIT, 4, 0, 128, 5000), false},
		{"epoll_pwait with a timer beyond patience", line(unix.SYS_EPOLL_PWAIT, 4, 0, 128, 59_997), true},
		{"epoll_pwait without waiting", line(unix.SYS_EPOLL_PWAIT, 4, 0, 128, 0), false},
		{"ppoll for ever", line(unix.SYS_PPOLL, 0, 1, 0), true},
		{"ppoll with a limit", line(unix.SYS_PPOLL, 0, 1, 0x1234), false},
		{"pselect6 for ever", line(unix.SYS_PSELECT6, 1, 0, 0, 0, 0), true},
		{"pselect6 with a limit", line(unix.SYS_PSELECT6, 1, 0, 0, 0, 0x1234), false},
		{"futex for ever", line(unix.SYS_FUTEX, 1, 128, 0, 0), true},
		{"futex of Go's monitor", line(unix.SYS_FUTEX, 1, 128, 0, limit(time.Minute)), true},
		{"futex with a near limit", line(unix.SYS_FUTEX, 1, 128, 0, limit(time.Second)), false},
		{"futex with a limit that cannot be read", line(unix.SYS_FUTEX, 1, 128, 0, 1), false},
		{"futex until a far time", line(unix.SYS_FUTEX, 1, 137, 0, monotonic(time.Minute)), true},
		{"futex until a near time", line(unix.SYS_FUTEX, 1, 137, 0, monotonic(time.Second)), false},
		{"Go's monitor after SIGCONT", line(unix.SYS_RESTART_SYSCALL, 1, 128, 0, limit(time.Minute)), true},
		{"a near limit after SIGCONT", line(unix.SYS_RESTART_SYSCALL, 1, 128, 0, limit(time.Second)), false},
		{"a sleep after SIGCONT", line(unix.SYS_RESTART_SYSCALL, limit(time.Minute), 0), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, endless(os.Getpid(), tt.line)) })
	}
}

func TestStatState(t *testing.T) {
	file := t.TempDir() + "/stat"
	for content, want := range map[string]byte{
		"1 (a) S 0": 'S', "1 (a) R) (S) Z 0": 'Z', "": 0, "1 (a)": 0, "1 (a) ": 0,
	} {
		assert.NoError(t, os.WriteFile(file, []byte(content), 0o600))
		assert.Equal(t, want, statState(file), content)
	}
	assert.Zero(t, statState(file+"no"))
}

func TestRestless(t *testing.T) {
	r := open(t)
	waits, floods := play(t, r, "stay"), play(t, r, "flood-forever")
	wait(t, r, "a flood", func() bool { return len(floods.Out.Bytes()) > 0 })
	require.Equal(t, Quiescent, r.WaitBlocked(t.Context(), waits, func() bool { return false }))
	assert.Equal(t, []string{"flood-forever"}, r.Restless())
}
