package script

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"ipclab/grader/room"

	"golang.org/x/sys/unix"
)

func (c *call) listen() error {
	a := &actor{name: c.args[0]}
	if err := c.add(a); err != nil {
		return err
	}
	m, err := c.manner()
	if err != nil {
		return err
	}
	if a.peer, err = c.room.Listen(a.name, c.args[1], c.args[2], m); err != nil {
		return err
	}
	c.ts.Setenv(strings.ReplaceAll(a.name, "-", "_")+"_ADDR", a.peer.Addr())
	return nil
}

// manner reads the flags that say how a peer behaves.
func (c *call) manner() (room.Manner, error) {
	m := room.Manner{Held: c.has("held")}
	if !c.has("rcvbuf") {
		return m, nil
	}
	var err error
	if m.ReceiveBuffer, err = strconv.Atoi(c.flags["rcvbuf"]); err != nil || m.ReceiveBuffer < 1 || c.args[1] != "tcp" {
		return m, fmt.Errorf("%s: -rcvbuf wants a number of bytes, and tcp", c.verb.Name)
	}
	return m, nil
}

func (c *call) dial() error {
	a := &actor{name: c.args[0]}
	m, err := c.manner()
	if err != nil {
		return err
	}
	if c.neg && c.args[1] == "udp" {
		return errors.New("dial: that nobody listens at a UDP address cannot be told: send to it, and see what comes")
	}
	p, err := c.room.Dial(c.ctx, a.name, c.args[1], c.args[2], m)
	switch {
	case err != nil && !refused(err): // a wrong address, no descriptors, no ports left
		return err
	case c.neg && err == nil:
		p.Reset()
		return mismatchf("expected: nobody listens at %s %s\ncame:     a connection", c.args[1], c.args[2])
	case c.neg:
		return nil
	case err != nil:
		return mismatchf("expected: a server at %s %s\nwhy:      %v", c.args[1], c.args[2], err)
	}
	a.peer = p
	return c.add(a)
}

// refused tells whether an error says that nobody listens at an address, or nobody who takes
// connections.
func refused(err error) bool {
	for _, e := range []error{unix.ECONNREFUSED, unix.ECONNRESET, unix.ETIMEDOUT, unix.EAGAIN, unix.ENOENT, unix.ENOTDIR, unix.ENOTSOCK, unix.EPROTOTYPE, unix.EACCES} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

func (c *call) reset() error {
	a, err := c.actor(c.args[0])
	if err != nil {
		return err
	}
	if a.peer == nil {
		return fmt.Errorf("%s is a process, not a peer", a.name)
	}
	if err := c.connected(a); err != nil {
		return err
	}
	return a.peer.Reset()
}

// fifo opens an end of a FIFO, as another program would.
func (c *call) fifo() error {
	path, shown := c.ts.MkAbs(c.args[2]), strings.TrimPrefix(c.args[2], "room/")
	write := c.args[1] == "write"
	if c.neg {
		return c.noReader(path, shown)
	}
	a := &actor{name: c.args[0]}
	if err := c.add(a); err != nil {
		return err
	}
	var f *os.File
	var openErr error
	e, err := c.wait(func() bool {
		f, openErr = room.OpenFIFO(path, write)
		return !errors.Is(openErr, unix.ENXIO)
	})
	switch {
	case err != nil:
		return err
	case e != room.Met:
		delete(c.actors, a.name)
		return mismatchf("expected: a program reads the FIFO %s\nwhy:      nobody has it open for reading: %s", shown, c.stuck())
	case openErr != nil:
		return mismatchf("expected: a FIFO %s\nwhy:      %v", shown, openErr)
	}
	m, err := c.manner()
	if err == nil {
		a.peer, err = c.room.FIFO(a.name, shown, f, write, m)
	}
	return err
}

// noReader tries to open a FIFO for writing. Who is about to close it must have done so: all come to rest
// before.
func (c *call) noReader(path, shown string) error {
	var err error
	gone := func() bool {
		f, openErr := room.OpenFIFO(path, true)
		if err = openErr; err == nil {
			f.Close()
		}
		return errors.Is(err, unix.ENXIO) || errors.Is(err, unix.ENOENT)
	}
	e, waitErr := c.wait(gone)
	switch {
	case waitErr != nil:
		return waitErr
	case e == room.Met:
		return nil
	case err != nil:
		return mismatchf("expected: a FIFO %s\nwhy:      %v", shown, err)
	}
	return mismatchf("expected: nobody reads the FIFO %s\ncame:     somebody has it open for reading", shown)
}

func lintFIFO(args []string) error {
	if args[1] != "read" && args[1] != "write" {
		return fmt.Errorf("fifo: unknown end %q: want read or write", args[1])
	}
	return nil
}

// lintFile wants a file of the room: of another there is none, and ! file would always hold.
func lintFile(args []string) error {
	if !strings.HasPrefix(args[0], "room/") && !strings.HasPrefix(args[0], "$") {
		return fmt.Errorf("file: %s is no file of the programs: want room/%[1]s", args[0])
	}
	return nil
}

// curl starts the real one. What a user's own settings say does not count, and no proxy does.
func (c *call) curl() error {
	path, err := room.Look("curl")
	if err != nil {
		return fmt.Errorf("this check needs the program curl, which is not installed on this machine: %w", err)
	}
	a := &actor{name: "curl"}
	if c.has("as") {
		a.name = c.flags["as"]
	}
	if err := c.add(a); err != nil {
		return err
	}
	args := append([]string{"-q", "-sS", "--noproxy", "*"}, c.args...)
	a.process, err = c.room.Start(room.Command{Name: a.name, Path: path, Cell: "curl", Args: args})
	return err
}

// maxFile is the size up to which the judge reads a file that a program wrote.
const maxFile = 64 << 20

// readRegular reads a file that a program may have put there: never through a link, never waiting at
// a FIFO or a device.
func readRegular(path string) ([]byte, fs.FileInfo, error) {
	f, err := openRegular(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	b, err := readAt(f)
	return b, info, err
}

func openRegular(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, unix.ELOOP) {
		return nil, errors.New("it is a symbolic link")
	}
	if err != nil {
		return nil, err
	}
	return f, regular(f)
}

// regular closes a file that is not one to be read like any other.
func regular(f *os.File) error {
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a regular file")
	}
	if err != nil {
		f.Close()
	}
	return err
}

// readAt reads a whole file, wherever its offset is.
func readAt(f *os.File) ([]byte, error) {
	b, err := io.ReadAll(io.NewSectionReader(f, 0, maxFile+1))
	if err == nil && len(b) > maxFile {
		err = fmt.Errorf("it is larger than %s bytes", thousands(maxFile))
	}
	return b, err
}

// reason leaves out the path, which says nothing to the student.
func reason(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

func (c *call) fileVerb() error {
	shown := strings.TrimPrefix(c.args[0], "room/")
	path := c.ts.MkAbs(c.args[0])
	if c.neg {
		_, err := os.Lstat(path)
		switch {
		case err == nil:
			return mismatchf("expected: no file %s\ncame:     it is there", shown)
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENOTDIR):
			return nil
		}
		return err
	}
	got, info, err := readRegular(path)
	if errors.Is(err, fs.ErrNotExist) {
		return mismatchf("expected: a file %s\ncame:     there is none", shown)
	}
	if err != nil {
		return mismatchf("expected: a regular file %s\nwhy:      %v", shown, reason(err))
	}
	if c.has("mode") {
		if mode := fmt.Sprintf("%04o", info.Mode().Perm()); mode != c.flags["mode"] {
			return mismatchf("expected: %s has the permissions %s\ncame:     %s", shown, c.flags["mode"], mode)
		}
	}
	want, ok, err := c.wanted()
	if err != nil || !ok {
		return err
	}
	return compare(shown, string(got), want)
}

// wanted gives what the file is to hold, if the script says.
func (c *call) wanted() (string, bool, error) {
	if c.has("text") {
		s, err := unescape(c.flags["text"])
		return s, true, err
	}
	if len(c.args) < 2 {
		return "", false, nil
	}
	b, err := os.ReadFile(c.ts.MkAbs(c.args[1]))
	return string(b), true, err
}

// compare tells where the first line is that differs, and where in it.
func compare(name, got, want string) error {
	if got == want {
		return nil
	}
	g, w := strings.SplitAfter(got, "\n"), strings.SplitAfter(want, "\n")
	i := 0
	for i < len(g) && i < len(w) && g[i] == w[i] {
		i++
	}
	gotLine, wantLine := nth(g, i), nth(w, i)
	return mismatchf("expected: in %s, line %d, %s\ncame:     %s\nwhy:      %s",
		name, i+1, lineWords(wantLine, gotLine), lineWords(gotLine, wantLine), whyDifferent(got, want, gotLine, wantLine))
}

func nth(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

// lineWords shows a line of a file. Of a long one it begins shortly before the byte that differs.
func lineWords(line, other string) string {
	at := commonPrefix(line, other)
	switch {
	case line == "":
		return "the end of the file"
	case len(line) <= shown || at < shown/2:
		return quote(line)
	}
	from := at - shown/4
	return fmt.Sprintf("from its byte %s on %s", thousands(from+1), quote(line[from:]))
}

func whyDifferent(got, want, gotLine, wantLine string) string {
	sizes := fmt.Sprintf("the file holds %s bytes, and should hold %s", thousands(len(got)), thousands(len(want)))
	if len(got) == len(want) {
		sizes = fmt.Sprintf("the file holds %s bytes, as it should, but not the right ones", thousands(len(got)))
	}
	if gotLine == "" || wantLine == "" {
		return sizes
	}
	return fmt.Sprintf("%s; the first that differs is byte %s of the line", sizes, thousands(commonPrefix(gotLine, wantLine)+1))
}

// commonPrefix counts the bytes that two texts begin with in common.
func commonPrefix(a, b string) int {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	return i
}

func (c *call) leftovers() error {
	entries, err := os.ReadDir(c.ts.MkAbs(c.args[0]))
	if err != nil {
		return mismatchf("expected: a folder %s\nwhy:      %v", strings.TrimPrefix(c.args[0], "room/"), reason(err))
	}
	var have, extra, missing []string
	for _, e := range entries {
		have = append(have, e.Name())
		if !slices.Contains(c.args[1:], e.Name()) && !slices.Contains(c.args[1:], e.Name()+"?") {
			extra = append(extra, e.Name())
		}
	}
	for _, n := range c.args[1:] {
		if !strings.HasSuffix(n, "?") && !slices.Contains(have, n) {
			missing = append(missing, n)
		}
	}
	switch {
	case len(extra) > 0:
		return mismatchf("expected: nothing is left behind in the folder\ncame:     %s", quoteAll(extra))
	case len(missing) > 0:
		return mismatchf("expected: %s in the folder\ncame:     %s", quoteAll(missing), quoteAll(have))
	}
	return nil
}

func quoteAll(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	var q []string
	for _, n := range names {
		q = append(q, strconv.Quote(n))
	}
	return strings.Join(q, ", ")
}

func (c *call) mkfifo() error { return unix.Mkfifo(c.ts.MkAbs(c.args[0]), 0o666) }

func (c *call) randomVerb() error {
	value := c.letters(8)
	if c.has("number") {
		var lo, hi int
		if _, err := fmt.Sscanf(c.flags["number"], "%d,%d", &lo, &hi); err != nil || hi < lo {
			return fmt.Errorf("random: -number wants LO,HI, not %q", c.flags["number"])
		}
		value = strconv.Itoa(lo + c.random.IntN(hi-lo+1))
	}
	c.ts.Setenv(c.args[0], value)
	c.ts.Setenv(c.args[0]+"_UPPER", strings.ToUpper(value))
	return nil
}

func (c *call) letters(n int) string {
	const alphabet = "bcdfghjklmnpqrstvwxz" // no vowels: no words arise by chance
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[c.random.IntN(len(alphabet))]
	}
	return string(b)
}

func (c *call) generate() error {
	lines, width := 1, 40
	for name, n := range map[string]*int{"lines": &lines, "width": &width} {
		if c.has(name) {
			if v, err := strconv.Atoi(c.flags[name]); err != nil || v < 0 || v > maxFile {
				return fmt.Errorf("generate: bad -%s %q", name, c.flags[name])
			} else {
				*n = v
			}
		}
	}
	var b strings.Builder
	for i := range lines {
		if c.has("number") {
			fmt.Fprintf(&b, "%d ", i+1)
		}
		b.WriteString(c.flags["prefix"] + c.letters(width))
		if i < lines-1 || !c.has("open") {
			b.WriteByte('\n')
		}
	}
	if c.has("upper") {
		if err := os.WriteFile(c.ts.MkAbs(c.flags["upper"]), []byte(strings.ToUpper(b.String())), 0o666); err != nil {
			return err
		}
	}
	return os.WriteFile(c.ts.MkAbs(c.args[0]), []byte(b.String()), 0o666)
}
