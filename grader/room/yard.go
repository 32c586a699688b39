package room

import (
	"context"
	"crypto/rand"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// yard is the keeper of the tier "none": an open place, where processes are held by groups, limits, and
// a sweep over all descendants.
type yard struct {
	token string // in the environment of every process, so that orphans can be told apart
}

func openYard() *yard {
	adoptOrphans()
	y := &yard{rand.Text()}
	y.enter()
	return y
}

func (y *yard) start(c Command, dir string, files [3]*os.File, limits Limits) (child, error) {
	cmd, err := start(func() *exec.Cmd {
		cmd := exec.Command(c.Path, c.Args...)
		cmd.Dir = filepath.Join(dir, c.Dir)
		cmd.Env = slices.Concat(c.Env, []string{tokenVar + "=" + y.token})
		cmd.Stdin, cmd.Stdout, cmd.Stderr = files[0], files[1], files[2]
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		return cmd
	}, limits)
	if err != nil {
		return nil, err
	}
	known.add(cmd.Process.Pid, cmd)
	return direct{cmd}, nil
}

func (y *yard) dial(ctx context.Context, network, address string, c control) (net.Conn, error) {
	return judgesDial(ctx, network, address, c)
}

func (y *yard) listen(network, address string, c control) (net.Listener, error) {
	return judgesListen(network, address, c)
}

func (y *yard) listenPacket(network, address string) (net.PacketConn, error) {
	return net.ListenPacket(network, address)
}

// judgesDial and judgesListen act in the judge's own network.
func judgesDial(ctx context.Context, network, address string, c control) (net.Conn, error) {
	return (&net.Dialer{Control: c}).DialContext(ctx, network, address)
}

func judgesListen(network, address string, c control) (net.Listener, error) {
	return (&net.ListenConfig{Control: c}).Listen(context.Background(), network, address)
}

func (y *yard) outOfMemory() bool { return false }

func (y *yard) networks() []network { return []network{judgesNetwork} }

// judgesNetwork is the one that the grader itself is in.
var judgesNetwork = network{"/proc/net", -1}

// direct is a child of the grader itself.
type direct struct{ cmd *exec.Cmd }

func (d direct) pids() (judge, self int) { return d.cmd.Process.Pid, d.cmd.Process.Pid }

func (d direct) wait() (syscall.WaitStatus, time.Duration) {
	awaitEnd(d.cmd.Process.Pid)
	d.cmd.Wait() // the error says no more than ProcessState does
	known.remove(d.cmd.Process.Pid, d.cmd)
	s := d.cmd.ProcessState
	return s.Sys().(syscall.WaitStatus), s.UserTime() + s.SystemTime()
}

func (d direct) signal(s syscall.Signal) error { return d.cmd.Process.Signal(s) }

// tokenVar names the variable that marks every process of a room.
const tokenVar = "IPCLAB_ROOM"
