package grader

import (
	"context"
	"fmt"
	"os"
	"syscall"

	"ipclab/grader/build"
	"ipclab/grader/room"
)

// Finding is something about the machine that bears on grading.
type Finding = room.Fact

// How much a finding matters.
const (
	Good    = room.Good
	Less    = room.Less
	Missing = room.Missing
)

// Examine looks at the machine. Nothing is left behind.
func Examine(ctx context.Context) ([]Finding, error) {
	c, found := examineCache()
	temp, err := os.MkdirTemp("", "ipclab-")
	if err != nil {
		found = append(found, Finding{Name: "temporary files", Found: err.Error(), Level: Missing, Do: "set TMPDIR to a folder that can be written"})
		return append(found, room.Facts(ctx)...), ctx.Err()
	}
	defer os.RemoveAll(temp)
	all := append([]Finding{examineToolchain(ctx, c)}, found...)
	all = append(all, examineDisk(os.TempDir()), examineCommand("curl", "the exercises that speak HTTP are tried with it by hand: install it with your package manager"))
	return append(all, room.Facts(ctx)...), ctx.Err()
}

func examineToolchain(ctx context.Context, gocache string) Finding {
	f := Finding{Name: "Go toolchain", Level: Good}
	t, err := build.Find(ctx, gocache)
	switch {
	case err != nil:
		f.Found, f.Level, f.Do = "cannot be used: "+err.Error(), Missing, "install Go from https://go.dev/dl, or add its bin folder to PATH"
	default:
		f.Found = fmt.Sprintf("%s, %s", t.Version, t.Go)
		if !t.Recent() {
			f.Level, f.Do = Missing, "the course wants Go "+build.OldestLanguage+" or later: https://go.dev/dl"
		}
	}
	return f
}

// examineCache gives the folder of compiled packages too.
func examineCache() (gocache string, found []Finding) {
	if c := userCache(); c != nil {
		return c.gocache(room.None), []Finding{{Name: "cache", Found: c.dir + ", " + megabytes(sizeOf(c.dir)) + ", writable", Level: Good}}
	}
	return os.TempDir(), []Finding{{Name: "cache", Found: "no folder of the user's can be written", Level: Less,
		Do: "set XDG_CACHE_HOME or HOME to a folder that can be written: without a cache each run compiles the standard library anew"}}
}

// wantedDisk is what a run takes at its worst, about.
const wantedDisk = 300 << 20

func examineDisk(dir string) Finding {
	f := Finding{Name: "temporary files", Level: Good}
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		f.Found, f.Level, f.Do = err.Error(), Missing, "set TMPDIR to a folder that can be written"
		return f
	}
	free := int64(st.Bavail) * int64(st.Bsize)
	f.Found = fmt.Sprintf("%s, %s free", dir, megabytes(free))
	if free < wantedDisk {
		f.Level, f.Do = Missing, "free "+megabytes(wantedDisk)+" there, or set TMPDIR to a folder with more"
	}
	return f
}

func examineCommand(name, what string) Finding {
	path, err := room.Look(name)
	if err != nil {
		return Finding{Name: name, Found: "not found", Level: Less, Do: what}
	}
	return Finding{Name: name, Found: path, Level: Good}
}

func megabytes(n int64) string { return fmt.Sprintf("%d MiB", n>>20) }
