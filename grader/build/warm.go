package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"ipclab/grader/room"
)

// What a build in a room writes to its cache is gone with the room, so that nobody can leave something
// there for the next. The standard library, which all programs share, is therefore compiled outside, and
// stays.

// warmFor is how long a package counts as compiled. The go command throws away what has not been used for
// five days, and does not see that rooms use it.
const warmFor = 24 * time.Hour

// warm has the packages compiled that programs import. For those that it has seen before it does nothing.
func (b *builder) warm(ctx context.Context, jobs []Job) error {
	if !b.Walled {
		return nil
	}
	var cold []string
	for _, p := range imports(jobs) {
		if info, err := os.Stat(b.mark(p)); err != nil || time.Since(info.ModTime()) > warmFor {
			cold = append(cold, p)
		}
	}
	if len(cold) == 0 {
		return nil
	}
	unlock, err := b.lockCache(ctx, true)
	if err != nil {
		return err
	}
	defer unlock()
	args := slices.Concat([]string{"build"}, Flags, cold)
	_, stderr, exit, err := room.Run(ctx, room.Config{Dir: b.dir, Env: b.env(b.tmp()), Limits: toolLimits}, room.Command{Name: "go", Path: b.Go, Args: args})
	if err != nil {
		return err
	}
	if exit.Code != 0 || exit.Signal != 0 {
		return fmt.Errorf("go build of the standard library: %s: %s", exit, strings.TrimSpace(string(stderr)))
	}
	for _, p := range cold {
		if err := os.MkdirAll(filepath.Dir(b.mark(p)), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(b.mark(p), nil, 0o600); err != nil {
			return err
		}
	}
	// What is not the user's of rooms they cannot copy, and their own copy is what they write to. The folder
	// above the cache keeps everybody else out.
	return room.GiveToInmates(b.Cache)
}

// lockCache keeps those who write to the cache and rooms that look at it apart, in other graders too: to the
// user of rooms a file that is half written is one that it may not mend. Call the function to let go.
func (b *builder) lockCache(ctx context.Context, write bool) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(b.Cache, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	how := syscall.LOCK_SH
	if write {
		how = syscall.LOCK_EX
	}
	for syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB) != nil {
		select {
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	return func() { f.Close() }, nil
}

// mark is a file whose age tells when a package was compiled last.
func (b *builder) mark(p string) string {
	sum := sha256.Sum256(fmt.Append(nil, b.Version, b.Root, Flags, p))
	return filepath.Join(b.Cache, "warm", hex.EncodeToString(sum[:8]))
}

// imports gives the packages that the programs need, sorted: what they import, which the preflight has
// found to be of the standard library, and the runtime.
func imports(jobs []Job) []string {
	all := map[string]bool{"runtime": true}
	for _, j := range jobs {
		for _, f := range j.Source.Files {
			tree, err := parser.ParseFile(token.NewFileSet(), f.Name, f.Data, parser.ImportsOnly)
			if err != nil {
				continue
			}
			for _, spec := range tree.Imports {
				if p, err := strconv.Unquote(spec.Path.Value); err == nil && p != "unsafe" {
					all[p] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}
