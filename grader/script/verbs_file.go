package script

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"ipclab/grader/room"

	"golang.org/x/sys/unix"
)

// What two who share a file do to one another: locks, and a file that is open while it is changed.

// inRoom gives the path of a file of the room, and what a message calls it.
func (c *call) inRoom(arg string) (path, shown string) {
	return c.ts.MkAbs(arg), strings.TrimPrefix(arg, "room/")
}

// heldLock is a lock of the judge's, or its wait for one.
type heldLock struct {
	file    *os.File
	request *room.Request // nil if the lock was free when it was asked for
}

func (l *heldLock) drop() error {
	if l.request != nil {
		return l.request.Drop()
	}
	return l.file.Close()
}

// granted tells whether the judge has the lock.
func (l *heldLock) granted() bool {
	if l.request == nil {
		return true
	}
	granted, _ := l.request.Granted()
	return granted
}

// lock takes a flock on a file, as another program would.
func (c *call) lock() error {
	path, shown := c.inRoom(c.args[0])
	if c.locks[path] != nil {
		return fmt.Errorf("flock: the judge holds the lock on %s already", c.args[0])
	}
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return mismatchf("expected: a file %s\nwhy:      %v", shown, errors.Unwrap(err))
	}
	how := unix.LOCK_EX
	if c.has("shared") {
		how = unix.LOCK_SH
	}
	l := &heldLock{file: f}
	if c.has("queue") {
		c.locks[path] = l
		return c.queue(l, how)
	}
	taken := false
	e, err := c.wait(func() bool {
		taken = taken || unix.Flock(int(f.Fd()), how|unix.LOCK_NB) == nil
		return taken
	})
	switch {
	case err != nil:
		f.Close()
		return err
	case e != room.Met:
		f.Close()
		return mismatchf("expected: the lock on %s is free\ncame:     %s\nwhy:      %s", shown, c.heldBy(path), c.stuck())
	}
	c.locks[path] = l
	return nil
}

// queue has a thread of the judge's ask for the lock, and returns when it waits for it, or has it.
func (c *call) queue(l *heldLock, how int) error {
	l.request = c.room.Ask(l.file, how)
	e, err := c.wait(func() bool { return l.granted() || l.request.Waits() })
	if err == nil && e != room.Met {
		err = errors.New("flock: the judge's request does not come to wait")
	}
	return err
}

// granted waits until a queued request has been granted.
func (c *call) granted() error {
	path, shown := c.inRoom(c.args[0])
	l := c.locks[path]
	if l == nil || l.request == nil {
		return fmt.Errorf("granted: the judge has not asked for the lock on %s with flock -queue", c.args[0])
	}
	e, err := c.wait(l.granted)
	if c.neg {
		if err == nil && e == room.Met {
			err = mismatchf("expected: the lock on %s stays taken\ncame:     it was let go, and the next in the queue has it", shown)
		}
		return err
	}
	switch {
	case err != nil:
		return err
	case e != room.Met:
		return mismatchf("expected: the next in the queue gets the lock on %s\ncame:     %s\nwhy:      %s", shown, c.heldBy(path), c.stuck())
	}
	_, err = l.request.Granted()
	return err
}

func (c *call) unlock() error {
	path := c.ts.MkAbs(c.args[0])
	l := c.locks[path]
	if l == nil || !l.granted() {
		return fmt.Errorf("unlock: the judge holds no lock on %s", c.args[0])
	}
	delete(c.locks, path)
	return l.drop()
}

// heldBy says who of the room holds a lock on a file.
func (c *call) heldBy(path string) string {
	var who []string
	c.room.Wait(c.ctx, func() bool { who = c.room.Lockers(path); return true })
	if len(who) == 0 {
		return "it is not free, and no program of the check holds it"
	}
	return "it is held by " + strings.Join(who, " and ")
}

// locked asks whether a process, or anybody, holds a lock on a file.
func (c *call) locked() error {
	path, shown := c.inRoom(c.args[0])
	who := "a program"
	if len(c.args) == 2 {
		if _, err := c.process(c.args[1]); err != nil {
			return err
		}
		who = c.args[1]
	}
	var holders []string
	e, err := c.wait(func() bool {
		holders = c.room.Lockers(path)
		if len(c.args) == 2 {
			holders = slices.DeleteFunc(holders, func(h string) bool { return h != who && !strings.HasSuffix(h, " (child of "+who+")") })
		}
		return len(holders) > 0 != c.neg
	})
	switch {
	case err != nil || e == room.Met:
		return err
	case c.neg:
		if len(c.args) == 1 {
			who = "no program"
		} else {
			who += " no longer"
		}
		return mismatchf("expected: %s holds a lock on %s\ncame:     it is held by %s\nwhy:      %s", who, shown, strings.Join(holders, " and "), c.stuck())
	}
	return mismatchf("expected: %s holds the lock on %s\ncame:     %s\nwhy:      a lock ends with Unlock, with the descriptor that it was taken by, "+
		"and one of fcntl with any descriptor of the file that its owner closes; %s", who, shown, notHeld(c.room.LockersNow(path)), c.stuck())
}

func notHeld(others []string) string {
	if len(others) == 0 {
		return "nobody holds one"
	}
	return "it is held by " + strings.Join(others, " and ")
}

// sendFD sends an open file over a Unix socket.
func (c *call) sendFD() error {
	a, err := c.unixPeer()
	if err != nil {
		return err
	}
	content, err := os.ReadFile(c.ts.MkAbs(c.args[1]))
	if err != nil {
		return err
	}
	text := "\x00"
	if c.has("text") {
		if text, err = unescape(c.flags["text"]); err != nil {
			return err
		}
	}
	a.sent = append(a.sent, quote(text)+" with an open file")
	if err := a.peer.SendFile([]byte(text), content); errors.Is(err, unix.EPIPE) || errors.Is(err, unix.ECONNRESET) {
		return c.unsent(a, err)
	} else {
		return err
	}
}

// unixPeer gives the peer that a verb names, connected.
func (c *call) unixPeer() (*actor, error) {
	a, err := c.actor(c.args[0])
	if err != nil {
		return nil, err
	}
	if a.peer == nil {
		return nil, fmt.Errorf("%s is a process, not a peer", a.name)
	}
	return a, c.connected(a)
}

// takeFD takes the next open file that came, and reads it from where its offset is: as who gets it would.
func (c *call) takeFD() error {
	a, err := c.unixPeer()
	if err != nil {
		return err
	}
	var f *os.File
	e, err := c.wait(func() bool {
		if f == nil {
			f = a.peer.Out.File()
		}
		ended, _ := a.peer.Out.Ended()
		return f != nil || ended
	})
	if err != nil {
		return err
	}
	if f == nil {
		return c.mismatch(a, "an open file from the program, over the socket", unread(a.peer.Out, a.read[0]), "no descriptor came along: bytes alone do not carry one; "+c.why(a, e))
	}
	if err := regular(f); err != nil {
		return c.mismatch(a, "an open regular file", "", reason(err).Error())
	}
	defer f.Close()
	want, ok, err := c.wanted()
	if err != nil || !ok {
		return err
	}
	at, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	got, err := readAt(f)
	if err != nil {
		return c.mismatch(a, "an open file that can be read", "", reason(err).Error())
	}
	return compare("the file that came", string(got[min(int(at), len(got)):]), want)
}

// keep opens a file, to be looked at later by that descriptor.
func (c *call) keep() error {
	path, shown := c.inRoom(c.args[1])
	f, err := openRegular(path)
	if err != nil {
		return mismatchf("expected: a regular file %s\nwhy:      %v", shown, reason(err))
	}
	if old := c.kept[c.args[0]]; old != nil {
		old.file.Close()
	}
	c.kept[c.args[0]] = &keptFile{f, path, shown}
	return nil
}

// keptFile is a file that the judge opened a while ago.
type keptFile struct {
	file        *os.File
	path, shown string
}

// sameFile tells whether the name still stands for the file that was opened.
func (k *keptFile) sameFile() (bool, error) {
	now, err := os.Lstat(k.path)
	if err != nil {
		return false, err
	}
	old, err := k.file.Stat()
	return err == nil && os.SameFile(old, now), err
}

func (c *call) keptVerb() error {
	k := c.kept[c.args[0]]
	if k == nil {
		return fmt.Errorf("kept: no file was opened as %q: use keep", c.args[0])
	}
	if c.has("same") || c.has("replaced") {
		same, err := k.sameFile()
		switch {
		case err != nil:
			return mismatchf("expected: a file %s\nwhy:      %v", k.shown, reason(err))
		case same && c.has("replaced"):
			return mismatchf("expected: the name %s stands for a new file\ncame:     it is the same file as before\nwhy:      whoever had it open sees it change", k.shown)
		case !same && c.has("same"):
			return mismatchf("expected: the name %s stands for the file that it stood for before\ncame:     another file has that name now\nwhy:      whoever has the old one open, or locked, shares nothing with those who open the new one", k.shown)
		}
	}
	want, ok, err := c.wanted()
	if err != nil || !ok {
		return err
	}
	got, err := readAt(k.file)
	if err != nil {
		return mismatchf("expected: %s, opened before, can be read\nwhy:      %v", k.shown, reason(err))
	}
	if err := compare(k.shown+", as who opened it before sees it", string(got), want); err != nil {
		return mismatchf("%v; it was changed in place, under the eyes of its readers", err)
	}
	return nil
}
