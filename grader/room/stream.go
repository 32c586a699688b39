package room

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// channel is what the judge reads from and writes to: an *os.File of a pipe, or a connection.
type channel interface {
	io.ReadWriteCloser
	SetReadDeadline(time.Time) error
	descriptor
}

// descriptor is something that the kernel can be asked about.
type descriptor interface {
	SyscallConn() (syscall.RawConn, error)
}

// Output collects what a process or a peer sends to the judge. It is always drained, so that a
// program never waits for the judge to read; what exceeds the limit is counted and thrown away.
type Output struct {
	room      *Room
	who, kind string
	src       channel
	limit     int
	filler    int         // bytes of the judge's own in a held pipe, which come first
	asked     chan func() // what is to be done when all that is there has been taken
	ended     chan struct{}
	busy      atomic.Bool                         // bytes are out of the kernel and not yet in buf
	take1     func(fd int, b []byte) (int, error) // one call of the kernel
	packets   bool                                // it gives packets, and an empty one is no end

	// Guarded by the room's lock.
	held    bool          // nobody reads
	release chan struct{} // closed when the judge may read
	flows   bool          // nothing can hold it any more
	buf     []byte
	borders []int      // of packets: where in buf each ends; a newline follows it there that is not its own
	files   []*os.File // that came along, and nobody has asked for
	total   int64
	eof     bool
	err     error // why it ended, if not by end of file
}

// output starts to collect, if it is not held. The room is locked.
func (r *Room) output(who, kind string, src channel, limit, filler int, held bool) *Output {
	o := &Output{room: r, who: who, kind: kind, src: src, limit: limit, filler: filler, held: held, take1: unix.Read,
		release: make(chan struct{}), asked: make(chan func(), 1), ended: make(chan struct{})}
	switch s := src.(type) {
	case *net.UDPConn:
		o.packets = true
	case *everybody:
		o.packets, o.take1 = true, s.take
	case *net.UnixConn:
		o.take1 = o.takeFiles
	case *fifo:
		o.take1 = s.take
	}
	if !held {
		close(o.release)
	}
	r.ends = append(r.ends, o)
	release := o.release
	r.running.Go(func() { o.collect(release) })
	return o
}

func (o *Output) collect(release chan struct{}) {
	defer close(o.ended)
	<-release
	b := make([]byte, 64<<10) // more than any packet
	for {
		n, err := o.read(b, true)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			o.src.SetReadDeadline(time.Time{})
			if n, err = o.drain(b); err == nil {
				(<-o.asked)()
				continue
			}
		}
		switch {
		case err != nil:
			o.end(err)
			return
		case o.packets:
			o.takePacket(b[:n])
		default:
			o.take(b[:n])
		}
	}
}

// drain takes what is there now, without waiting for more, and at most what a pipe can hold: a
// process that goes on writing must not keep it busy for ever.
func (o *Output) drain(b []byte) (int, error) {
	for left := pipeSize; left > 0; {
		n, err := o.read(b, false)
		if n == 0 {
			return 0, err
		}
		o.take(b[:n])
		left -= n
	}
	return 0, nil
}

// pipeSize is what a pipe can hold at the most, unless root has made it larger: the default of
// /proc/sys/fs/pipe-max-size.
const pipeSize = 1 << 20

// read is one read. It sets busy before the bytes leave the kernel, and take unsets it when they
// are recorded, so that inFlight never overlooks them. Without wait, 0 and no error mean that
// nothing is there.
func (o *Output) read(b []byte, wait bool) (n int, err error) {
	raw, err := o.src.SyscallConn()
	if err != nil {
		return 0, err
	}
	waitErr := raw.Read(func(fd uintptr) bool {
		o.busy.Store(true)
		for {
			n, err = o.take1(int(fd), b)
			if err != unix.EINTR {
				break
			}
		}
		if err == unix.EAGAIN {
			o.busy.Store(false)
			n, err = 0, nil
			return !wait
		}
		return true
	})
	switch {
	case waitErr != nil:
		return 0, waitErr
	case err != nil:
		return 0, err
	case n == 0 && o.busy.Load() && !o.packets:
		return 0, io.EOF
	}
	return n, nil
}

// settle returns when everything that was in the pipe at the time of the call has been taken.
func (o *Output) settle() {
	o.flow()
	taken := make(chan struct{})
	o.ask(func() { close(taken) })
	select {
	case <-taken:
	case <-o.ended:
	}
}

// ask has the collector do something when it has taken all that is there.
func (o *Output) ask(do func()) {
	select {
	case o.asked <- do:
		o.src.SetReadDeadline(time.Unix(1, 0))
	case <-o.ended:
	}
}

// Hold fills the pipe, and nobody reads it until Release: the next write of the process waits. The
// process must be at rest, and all that it wrote have been taken.
func (o *Output) Hold() error {
	release := o.hold()
	if release == nil {
		return nil
	}
	full := make(chan error, 1)
	o.ask(func() {
		var err error
		o.filler, err = refill(o.src)
		full <- err
		<-release
	})
	select {
	case err := <-full:
		return err
	case <-o.ended:
		return nil
	}
}

// hold gives the channel that Release will close, or nil if there is nothing to be held.
func (o *Output) hold() chan struct{} {
	o.room.mu.Lock()
	defer o.room.mu.Unlock()
	if o.held || o.flows || o.eof {
		return nil
	}
	o.held, o.release = true, make(chan struct{})
	return o.release
}

// flow lets the output flow for good.
func (o *Output) flow() {
	o.room.mu.Lock()
	o.flows = true
	o.room.mu.Unlock()
	o.Release()
}

// Release lets a held output flow.
func (o *Output) Release() {
	o.room.mu.Lock()
	defer o.room.mu.Unlock()
	if o.held {
		o.held = false
		close(o.release)
	}
}

func (o *Output) take(b []byte) {
	own := min(o.filler, len(b))
	o.filler -= own
	b = b[own:]
	o.room.mu.Lock()
	defer o.room.mu.Unlock()
	defer o.busy.Store(false)
	if len(b) == 0 {
		return
	}
	o.total += int64(len(b))
	kept := b[:min(len(b), max(0, o.limit-len(o.buf)))]
	o.buf = append(o.buf, kept...)
	if len(kept) == 0 {
		o.room.wake()
		return
	}
	o.room.note(o.who, o.kind, kept)
}

// takePacket is take for a packet, empty or not.
func (o *Output) takePacket(b []byte) {
	o.room.mu.Lock()
	defer o.room.mu.Unlock()
	defer o.busy.Store(false)
	o.total += int64(len(b))
	if len(o.buf)+len(b) < o.limit {
		o.borders = append(o.borders, len(o.buf)+len(b))
		o.buf = append(append(o.buf, b...), '\n')
	}
	o.room.note(o.who, o.kind, b)
	if n := len(o.room.events); n > 0 {
		o.room.events[n-1].apart = true
	}
}

func (o *Output) end(err error) {
	o.room.mu.Lock()
	defer o.room.mu.Unlock()
	defer o.busy.Store(false)
	o.eof = true
	if f, ok := o.src.(*fifo); ok { // as a reader would: the next writer waits for the next one
		f.Close()
	}
	if err != io.EOF && !errors.Is(err, os.ErrClosed) && !errors.Is(err, net.ErrClosed) {
		o.err = plain(err)
	}
	o.room.note(o.who, "eof", []byte(o.kind))
}

// inFlight asks the kernel first and the flag second: the other way round, bytes that leave the
// kernel between the two questions would be missed.
func (o *Output) inFlight() bool {
	return !o.eof && !o.held && (ready(o.src, unix.POLLIN|unix.POLLHUP) || o.busy.Load())
}

// Drained tells whether the judge has taken all that was written so far. The room must be locked.
func (o *Output) Drained() bool { return !o.inFlight() }

// shut closes first: who is let go to read once more makes room for the write that waits, and that succeeds.
func (o *Output) shut() {
	o.src.Close()
	o.flow()
	o.room.mu.Lock()
	defer o.room.mu.Unlock()
	for _, f := range o.files {
		f.Close()
	}
	o.files = nil
}

// Abandon closes the judge's end: whoever writes from now on gets SIGPIPE or EPIPE.
func (o *Output) Abandon() {
	o.shut()
	<-o.ended
	awaitSpawns()
}

// Bytes gives all that was kept, in order. Only for conditions given to Room.Wait, and after it:
// the room must be locked, or the bytes copied with Text.
func (o *Output) Bytes() []byte { return o.buf }

// Text gives a copy of what came after the first skip bytes.
func (o *Output) Text(skip int) string {
	o.room.mu.Lock()
	defer o.room.mu.Unlock()
	return string(o.buf[min(skip, len(o.buf)):])
}

// Next gives the line that begins at a place of Bytes, or the packet, and where the one after it begins.
// A line comes without its newline, and a packet whole. The room must be locked.
func (o *Output) Next(from int) (b []byte, next int, ok bool) {
	end := -1
	if !o.packets {
		end = from + bytes.IndexByte(o.buf[from:], '\n')
	} else if i, _ := slices.BinarySearch(o.borders, from); i < len(o.borders) {
		end = o.borders[i]
	}
	if end < from {
		return nil, from, false
	}
	return o.buf[from:end], end + 1, true
}

// Packets tells whether this comes in packets: datagrams.
func (o *Output) Packets() bool { return o.packets }

// File gives the next open file that came along, or nil. It is the caller's to close. The room must be
// locked.
func (o *Output) File() *os.File {
	if len(o.files) == 0 {
		return nil
	}
	f := o.files[0]
	o.files = o.files[1:]
	return f
}

// Ended tells whether no more can come, and why if it was not an ordinary end of file. The room
// must be locked.
func (o *Output) Ended() (bool, error) { return o.eof, o.err }

// Overflowed tells whether more came than the limit lets the judge keep. The room must be locked.
func (o *Output) Overflowed() bool { return o.total > int64(o.limit) }

// Limit gives that limit in bytes.
func (o *Output) Limit() int { return o.limit }

// Input sends to a process or a peer. Sending never blocks the caller; Room.Wait with Pending
// waits until everything has been taken over by the kernel.
type Input struct {
	room *Room
	who  string
	dst  channel
	more *sync.Cond  // on the room's lock
	busy atomic.Bool // the writer is between two states of the kernel

	packets bool                                // each sending is a packet, an empty one too
	write1  func(fd int, b []byte) (int, error) // one call of the kernel

	// Guarded by the room's lock.
	queue   [][]byte
	closing bool
	closed  bool
	err     error
	feeder  *relay // what is passed on to it; nil if nothing is
}

// input starts the writer. The room is locked.
func (r *Room) input(who string, dst channel) *Input {
	in := &Input{room: r, who: who, dst: dst, more: sync.NewCond(&r.mu), write1: unix.Write}
	switch d := dst.(type) {
	case *net.UDPConn:
		in.packets = true
	case *everybody:
		in.packets, in.write1 = true, d.give
	}
	r.ends = append(r.ends, in)
	r.running.Go(in.pump)
	return in
}

func (in *Input) pump() {
	in.room.mu.Lock()
	defer in.room.mu.Unlock()
	for {
		for len(in.queue) == 0 && !in.closing {
			in.more.Wait()
		}
		if len(in.queue) == 0 {
			in.finish()
			return
		}
		b := in.queue[0]
		in.room.mu.Unlock()
		err := in.write(b)
		in.room.mu.Lock()
		in.busy.Store(false)
		in.queue = in.queue[1:]
		if err != nil {
			in.queue, in.err = nil, err
			in.room.note(in.who, "error", []byte("stdin: "+plain(err).Error()))
		}
		in.room.wake()
	}
}

// write hands bytes to the kernel. Whenever it holds them itself, busy is set (see Output.read).
func (in *Input) write(b []byte) error {
	raw, err := in.dst.SyscallConn()
	if err != nil {
		return err
	}
	waitErr := raw.Write(func(fd uintptr) bool {
		in.busy.Store(true)
		for first := in.packets; first || len(b) > 0; {
			var n int
			n, err = in.write1(int(fd), b)
			b = b[max(n, 0):]
			first = first && err == unix.EINTR
			if err == unix.EAGAIN {
				in.busy.Store(false)
				return false
			}
			if err != nil && err != unix.EINTR {
				return true
			}
		}
		err = nil
		return true
	})
	return errors.Join(waitErr, err)
}

// finish closes the writing side. The room is locked.
func (in *Input) finish() {
	in.closed = true
	if half, ok := in.dst.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	} else {
		in.dst.Close()
	}
	in.room.note(in.who, "stdin", []byte("(end of input)"))
}

// hangUp ends what is relayed to this input if nobody reads it any more. In a pipe the very next write of the
// other program would fail; the relay would notice only at a write of its own.
func (in *Input) hangUp() {
	awaitSpawns()
	in.room.mu.Lock()
	gone := in.feeder != nil && !in.closed && ready(in.dst, unix.POLLERR)
	if gone {
		in.feeder.over = true
	}
	in.room.mu.Unlock()
	if gone {
		in.feeder.from.shut()
	}
}

// Send queues bytes. Each call is one write.
func (in *Input) Send(b []byte) error {
	awaitSpawns() // a child half started holds the reading end too: the write would not fail
	in.room.mu.Lock()
	defer in.room.mu.Unlock()
	switch {
	case in.closing:
		return fmt.Errorf("the input of %s is closed already", in.who)
	case in.err != nil:
		return fmt.Errorf("%s no longer reads: %w", in.who, plain(in.err))
	}
	in.enqueue(b)
	return nil
}

// enqueue has the writer send bytes. The room is locked.
func (in *Input) enqueue(b []byte) {
	in.queue = append(in.queue, append([]byte(nil), b...))
	in.room.note(in.who, "stdin", b)
	in.more.Signal()
}

// Close ends the input after what is queued: the process reads end of file, unless somebody else
// holds the writing end too.
func (in *Input) Close() {
	in.room.mu.Lock()
	defer in.room.mu.Unlock()
	in.close()
}

// close is Close for who has locked the room.
func (in *Input) close() {
	in.closing = true
	in.more.Signal()
}

// Pending tells whether something is still to be taken, and the error that ended the sending. The
// room must be locked.
func (in *Input) Pending() (bool, error) {
	return len(in.queue) > 0 || in.closing && !in.closed, in.err
}

// Taken tells whether the program has read everything that was sent so far. Where the kernel cannot
// be asked it is true as soon as the kernel has the bytes. The room must be locked.
func (in *Input) Taken() bool {
	return in.err != nil || len(in.queue) == 0 && unread(in.dst) == 0 && in.unreadOverTCP() == 0
}

func (in *Input) inFlight() bool {
	if in.closed || in.err != nil {
		return false
	}
	return in.closing && len(in.queue) == 0 || len(in.queue) > 0 && (ready(in.dst, unix.POLLOUT) || in.busy.Load())
}

func (in *Input) shut() {
	in.Close()
	in.dst.Close()
}

// ready asks the kernel whether the judge could read or write at once.
func ready(c descriptor, events int16) bool {
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	yes := false
	raw.Control(func(fd uintptr) {
		p := []unix.PollFd{{Fd: int32(fd), Events: events}}
		n, err := unix.Poll(p, 0)
		yes = err == nil && n > 0
	})
	return yes
}

// plain strips the judge's own names and addresses from an error.
func plain(err error) error {
	var number syscall.Errno
	if errors.As(err, &number) {
		return number
	}
	return err
}
