package wall

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// Block is a set of namespaces with its pid 1, seen from outside.
type Block struct {
	init   *os.Process
	handle int // pidfd of init
	link   link
	group  group
	folder *os.File
	diag   *os.File

	mu      sync.Mutex
	last    int
	answers map[int]chan reply
	inside  map[int]*Process // by pid within the block, while they run
	early   map[int]Exit     // ends that came before the answer to the start was dealt with
	down    chan struct{}
	err     error
}

type reply struct {
	answer
	fds []int
}

// Process is a program in a cell.
type Process struct {
	Pid   int // outside
	Self  int // inside
	exit  chan Exit
	block *Block

	mu     sync.Mutex
	handle int // pidfd; -1 once it is closed
}

// User is who the processes of a block are outside: the grader's own user, or, if that is root, one
// that owns nothing on the machine.
func User() (uid, gid int) {
	if os.Geteuid() != 0 {
		return os.Geteuid(), os.Getegid()
	}
	return nobodyElse, nobodyElse
}

// nobodyElse is a user id that no sane system gives away: it lies above those of people, of containers'
// subordinate ranges as distributions set them up, and of systemd's dynamic users.
const nobodyElse = 1_879_048_193

// insideUser is who the processes of a block are, as they see it.
const insideUser = 1000

const namespaces = unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP

// Build makes a block in which nothing stands yet. It needs a kernel that lets this user make user
// namespaces and mount in them; whether it does is known only by trying.
func Build(p Plan) (*Block, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	theirs := os.NewFile(uintptr(pair[1]), "link")
	defer theirs.Close()
	ours := newLink(pair[0])
	b := &Block{link: ours, handle: -1, answers: map[int]chan reply{}, inside: map[int]*Process{}, early: map[int]Exit{}, down: make(chan struct{})}
	if b.group, err = newGroup(p.Bounds); err != nil {
		ours.close()
		return nil, fmt.Errorf("control group: %w", err)
	}
	if b.init, err = startInit(theirs, &b.handle); err != nil {
		ours.close()
		return nil, errors.Join(fmt.Errorf("namespaces: %w", err), b.group.remove())
	}
	go b.listen()
	if err := b.group.enter(b.Init()); err != nil { // before it does anything
		return nil, errors.Join(fmt.Errorf("control group: %w", err), b.Close())
	}
	sources, err := p.detach()
	for _, fd := range sources {
		defer unix.Close(fd)
	}
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	if _, err := b.call(request{Plan: &p}, sources...); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// detach makes mounts of the sources, if we are root: see warden.setUp.
func (p Plan) detach() ([]int, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	var fds []int
	for _, s := range p.Sources {
		fd, err := openSource(s)
		if err != nil {
			return fds, err
		}
		fds = append(fds, fd)
	}
	return fds, nil
}

// Furnish makes the cells, the shared folder and the network. The block has to be new or cleared.
func (b *Block) Furnish(l Layout) error {
	a, err := b.call(request{Layout: &l})
	if err != nil {
		return err
	}
	if len(a.fds) != 2 {
		return fmt.Errorf("pid 1 sent %d descriptors, not that of the folder and one for sock_diag", len(a.fds))
	}
	b.folder, b.diag = os.NewFile(uintptr(a.fds[0]), "room"), os.NewFile(uintptr(a.fds[1]), "sock_diag")
	return nil
}

// Add makes one more cell.
func (b *Block) Add(c Cell) error {
	_, err := b.call(request{Cell: &c})
	return err
}

// Kill kills all processes of the block, and leaves their ends to be told.
func (b *Block) Kill() error {
	_, err := b.call(request{Kill: true})
	return err
}

// Clear ends all processes of the block, and returns when they are gone, with the cells, the shared folder
// and the network.
func (b *Block) Clear() error {
	if _, err := b.call(request{Clear: true}); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.early)
	return b.closeFiles()
}

// closeFiles closes what belongs to the present layout, if there is one.
func (b *Block) closeFiles() error {
	if b.folder == nil {
		return nil
	}
	err := errors.Join(b.folder.Close(), b.diag.Close())
	b.folder, b.diag = nil, nil
	return err
}

// Socket makes a socket in the layout's network, for a peer of the judge's. The descriptor is
// close-on-exec.
func (b *Block) Socket(s Socket) (int, error) {
	a, err := b.call(request{Socket: &s})
	if err != nil {
		return -1, err
	}
	if len(a.fds) != 1 {
		return -1, errors.New("pid 1 sent no socket")
	}
	return a.fds[0], nil
}

// startInit executes this binary as pid 1 of new namespaces. Its user is mapped to one without
// privileges, so the capabilities that it needs there have to be ambient ones to outlive the exec.
func startInit(link *os.File, handle *int) (*os.Process, error) {
	uid, gid := User()
	attr := &syscall.SysProcAttr{
		Cloneflags:  namespaces,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: insideUser, HostID: uid, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: insideUser, HostID: gid, Size: 1}},
		AmbientCaps: []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_NET_ADMIN, unix.CAP_SETPCAP, unix.CAP_SYS_PTRACE, unix.CAP_KILL, unix.CAP_DAC_OVERRIDE},
		PidFD:       handle,
		Setsid:      true,
	}
	if os.Geteuid() == 0 {
		attr.Credential = &syscall.Credential{Uid: insideUser, Gid: insideUser}
		attr.GidMappingsEnableSetgroups = true
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	return os.StartProcess("/proc/self/exe", []string{initName}, &os.ProcAttr{
		Env: []string{"GOGC=off", "GOMEMLIMIT=48MiB", "GOMAXPROCS=2", "GOTRACEBACK=none"}, Files: []*os.File{null, null, null, link}, Sys: attr})
}

// listen takes what pid 1 says, until it says no more.
func (b *Block) listen() {
	buf := make([]byte, maxMessage)
	for {
		var a answer
		fds, err := b.link.receive(buf, &a)
		b.mu.Lock()
		switch {
		case err != nil:
			b.err = err
			close(b.down)
			b.mu.Unlock()
			return
		case a.ID != 0:
			b.answers[a.ID] <- reply{a, fds}
			delete(b.answers, a.ID)
		case a.Exit != nil:
			if p := b.inside[a.Pid]; p != nil {
				delete(b.inside, a.Pid)
				p.exit <- *a.Exit
			} else {
				b.early[a.Pid] = *a.Exit
			}
		}
		b.mu.Unlock()
	}
}

func (b *Block) call(q request, fds ...int) (reply, error) {
	mine := make(chan reply, 1)
	b.mu.Lock()
	b.last++
	q.ID = b.last
	b.answers[q.ID] = mine
	err := b.link.send(q, fds...)
	b.mu.Unlock()
	if err != nil {
		return reply{}, err
	}
	select {
	case a := <-mine:
		if a.Err != "" {
			return a, errors.New(a.Err)
		}
		return a, nil
	case <-b.down:
		return reply{}, ErrDown
	}
}

// Start starts a program in a cell, with these files as its descriptors 0, 1, 2 and so on, in a session
// of its own. The block keeps no copy of the files. They must be pipes or sockets: through a file the
// program could reach the folder that holds it.
func (b *Block) Start(c Command, files ...*os.File) (*Process, error) {
	var fds []int
	for _, f := range files {
		fds = append(fds, int(f.Fd()))
	}
	a, err := b.call(request{Command: &c}, fds...)
	if err != nil {
		return nil, err
	}
	if len(a.fds) != 1 {
		return nil, errors.New("pid 1 sent no handle of the process")
	}
	p := &Process{Self: a.Pid, handle: a.fds[0], exit: make(chan Exit, 1), block: b}
	if pids := pidsIn("/proc/self/fdinfo/" + strconv.Itoa(p.handle)); len(pids) > 0 {
		p.Pid, p.Self = pids[0], pids[len(pids)-1]
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if e, ended := b.early[a.Pid]; ended {
		delete(b.early, a.Pid)
		p.exit <- e
	} else {
		b.inside[a.Pid] = p
	}
	return p, nil
}

// pidsIn gives the pids that a process has, in our namespace first and in its own last, from one of the
// files that tell them; none if it has been reaped.
func pidsIn(file string) []int {
	b, _ := os.ReadFile(file)
	_, after, _ := strings.Cut(string(b), "\nNSpid:")
	line, _, _ := strings.Cut(after, "\n")
	var pids []int
	for f := range strings.FieldsSeq(line) {
		if pid, err := strconv.Atoi(f); err == nil && pid > 0 {
			pids = append(pids, pid)
		}
	}
	return pids
}

// IsReaper tells whether a child of pid 1 is the pid 1 of a pid namespace within the block: its children
// are the orphans of a cell.
func IsReaper(pid int) bool {
	pids := pidsIn(fmt.Sprintf("/proc/%d/status", pid))
	return len(pids) > 0 && pids[len(pids)-1] == 1
}

// Wait returns the end of the process. The error is ErrDown if the block ended first.
func (p *Process) Wait() (Exit, error) {
	defer p.close()
	select {
	case e := <-p.exit:
		return e, nil
	case <-p.block.down:
	}
	select { // both may be true
	case e := <-p.exit:
		return e, nil
	default:
		return Exit{Status: uint32(unix.SIGKILL)}, ErrDown
	}
}

// Signal sends a signal to the process, and never to another that got its pid.
func (p *Process) Signal(s syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.handle < 0 {
		return unix.ESRCH
	}
	return unix.PidfdSendSignal(p.handle, s, nil, 0)
}

func (p *Process) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	unix.Close(p.handle)
	p.handle = -1
}

// Init is the pid of pid 1, as we see it.
func (b *Block) Init() int { return b.init.Pid }

// Diag is a descriptor of a socket for sock_diag(7) in the network of the present layout's programs.
func (b *Block) Diag() int { return int(b.diag.Fd()) }

// FolderPath names the shared folder as long as the present layout stands.
func (b *Block) FolderPath() string {
	return filepath.Join("/proc/self/fd", strconv.Itoa(int(b.folder.Fd())))
}

// Kills counts the processes of the block that the kernel has killed because the block's control group
// was out of memory.
func (b *Block) Kills() int { return b.group.kills() }

// Close ends everything in the block, and returns when all of it is gone.
func (b *Block) Close() error {
	unix.PidfdSendSignal(b.handle, unix.SIGKILL, nil, 0)
	_, err := b.init.Wait() // the kernel reaps all others of the pid namespace first
	b.link.hangUp()
	<-b.down
	b.link.close()
	unix.Close(b.handle)
	b.closeFiles()
	return errors.Join(err, b.group.remove())
}
