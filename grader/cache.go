package grader

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"ipclab/grader/build"
	"ipclab/grader/room"
)

// cache keeps, in a folder of the user's, what can be found again by its content: compiled packages,
// reference programs, and verdicts of exercises that passed. Losing it costs time only.
type cache struct{ dir string }

// openCache finds a folder that can be written: the user's cache, or else one in the work folder.
func openCache(work string) (*cache, error) {
	if c := userCache(); c != nil {
		return c, nil
	}
	c := &cache{filepath.Join(work, "cache")}
	return c, os.MkdirAll(c.gocache(room.None), 0o700)
}

// userCache is the cache in the user's own folder, or nil if that cannot be written.
func userCache() *cache {
	base, err := os.UserCacheDir()
	if err != nil {
		return nil
	}
	c := &cache{filepath.Join(base, "ipclab")}
	if os.MkdirAll(c.gocache(room.None), 0o700) != nil || !writable(c.dir) {
		return nil
	}
	return c
}

func writable(dir string) bool {
	f, err := os.CreateTemp(dir, ".try-*")
	if err != nil {
		return false
	}
	f.Close()
	return os.Remove(f.Name()) == nil
}

// gocache is the cache of the go command. That of programs that are built in rooms is one of its own, in which
// nothing of students' is ever written, since at other tiers a program may write where the grader may.
func (c *cache) gocache(t room.Tier) string {
	if t == room.Rooms {
		return filepath.Join(c.dir, "rooms", "go-build")
	}
	return filepath.Join(c.dir, "go-build")
}

// firstTime is a word of warning for a build that has to compile the standard library.
func (c *cache) firstTime(t room.Tier) string {
	if entries, _ := os.ReadDir(c.gocache(t)); len(entries) < 10 {
		return " and, this first time, the standard library"
	}
	return ""
}

// file names what is stored by everything that it depends on: the toolchain, the grader, and what the
// caller adds.
func (c *cache) file(kind string, t *build.Toolchain, parts ...any) string {
	h := sha256.New()
	fmt.Fprint(h, kind, t.Version, t.Root, build.Flags, self())
	for _, p := range parts {
		fmt.Fprintf(h, "\n%v", p)
	}
	return filepath.Join(c.dir, kind, hex.EncodeToString(h.Sum(nil)))
}

// self identifies the running grader by its content: a grader that was changed trusts no verdict of
// the old one.
var self = sync.OnceValue(func() string {
	path, err := os.Executable()
	if err != nil {
		return "?"
	}
	f, err := os.Open(path)
	if err != nil {
		return "?"
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "?"
	}
	return hex.EncodeToString(h.Sum(nil))
})

// binary gives the path of a reference program that was built before, or "".
func (c *cache) binary(t *build.Toolchain, key string, src *build.Source) string {
	path := filepath.Join(c.file("reference", t, key, src.Digest()), filepath.Base(key))
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		return ""
	}
	return path
}

// keepBinary stores a reference program. That it cannot is no fault: it is built again next time.
func (c *cache) keepBinary(t *build.Toolchain, key string, src *build.Source, binary string) {
	data, err := os.ReadFile(binary)
	if err == nil {
		store(filepath.Join(c.file("reference", t, key, src.Digest()), filepath.Base(key)), data, 0o755)
	}
}

// store writes a file in one step.
func store(path string, data []byte, mode os.FileMode) {
	if os.MkdirAll(filepath.Dir(path), 0o700) != nil {
		return
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return
	}
	_, err = f.Write(data)
	f.Chmod(mode)
	if f.Close() != nil || err != nil || os.Rename(f.Name(), path) != nil {
		os.Remove(f.Name())
	}
}

func (g *grading) verdictFile(e *entry) string {
	return g.cache.file("verdict", g.tools, string(g.Isolation), g.digest, e.digest) + ".json"
}

// recall finds the verdict of an exercise that passed before in the very same form.
func (g *grading) recall(e *entry) bool {
	if g.NoCache || g.Repeat > 1 {
		return false
	}
	data, err := os.ReadFile(g.verdictFile(e))
	if err != nil {
		return false
	}
	var r ExerciseReport
	if json.Unmarshal(data, &r) != nil || r.Outcome != Pass || r.ID != e.ID {
		return false
	}
	e.report = r
	e.report.Cached = true
	return true
}

// remember stores a verdict, if it is a pass.
func (g *grading) remember(e *entry) {
	if e.report.Outcome != Pass || g.NoCache {
		return
	}
	if data, err := json.Marshal(e.report); err == nil {
		store(g.verdictFile(e), data, 0o600)
	}
}

// sizeOf adds up the files below a folder, in bytes.
func sizeOf(dir string) (n int64) {
	filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				n += info.Size()
			}
		}
		return nil
	})
	return n
}
