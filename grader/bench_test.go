package grader_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"ipclab/exercises"
	"ipclab/grader"
	"ipclab/grader/build"
	"ipclab/grader/room"
	"ipclab/solutions"
	"ipclab/testscripts"

	"github.com/stretchr/testify/require"
)

// BenchmarkWholeCourse grades the solutions, each program fresh, and compares with the floor: one
// bare go build of the same programs with the same flags and the same warm cache. Both run in turn,
// so that a noisy machine disturbs both. What the compiler and the programs themselves use of the
// processors gives the least ratio that any judge could reach who runs all casts and costs nothing.
//
//	go test -run - -bench WholeCourse -benchtime 5x ./grader
func BenchmarkWholeCourse(b *testing.B) {
	c, err := grader.Load(grader.Files{Exercises: exercises.Files, Solutions: solutions.Files, Testscripts: testscripts.Files})
	require.NoError(b, err)
	grade := func(dir string) time.Duration { return timeGrade(b, c, dir, room.None) }
	grade(fresh(b, "warm")) // the standard library and the reference programs are in the cache from now on
	var floor, whole, used time.Duration
	for i := 0; b.Loop(); i++ {
		floor += bareBuild(b, fresh(b, fmt.Sprint("floor", i)))
		before := usedByChildren(b)
		whole += grade(fresh(b, fmt.Sprint("grade", i)))
		used += usedByChildren(b) - before
	}
	b.ReportMetric(floor.Seconds()*1000/float64(b.N), "floor-ms/op")
	b.ReportMetric(whole.Seconds()*1000/float64(b.N), "grade-ms/op")
	b.ReportMetric(whole.Seconds()/floor.Seconds(), "ratio")
	b.ReportMetric(used.Seconds()/float64(runtime.NumCPU())/floor.Seconds(), "least-ratio")
}

// BenchmarkIsolation grades the solutions, each program fresh, at every tier in turn, and compares with none.
//
//	go test -run - -bench Isolation -benchtime 5x ./grader
func BenchmarkIsolation(b *testing.B) {
	c, err := grader.Load(grader.Files{Exercises: exercises.Files, Solutions: solutions.Files, Testscripts: testscripts.Files})
	require.NoError(b, err)
	tiers := []grader.Tier{room.None, room.Landlock, room.Rooms}
	took := map[grader.Tier]time.Duration{}
	for _, t := range tiers {
		timeGrade(b, c, fresh(b, "warm "+string(t)), t)
	}
	for i := 0; b.Loop(); i++ {
		for _, t := range tiers {
			took[t] += timeGrade(b, c, fresh(b, fmt.Sprint(t, i)), t)
		}
	}
	b.ReportMetric(took[room.None].Seconds()*1000/float64(b.N), "none-ms/op")
	b.ReportMetric(took[room.Landlock].Seconds()/took[room.None].Seconds(), "landlock/none")
	b.ReportMetric(took[room.Rooms].Seconds()/took[room.None].Seconds(), "rooms/none")
}

// timeGrade grades a submission of which everything is to pass.
func timeGrade(b *testing.B, c *grader.Course, dir string, t grader.Tier) time.Duration {
	b.Helper()
	sub, err := c.OpenSubmission(dir, false)
	require.NoError(b, err)
	defer sub.Close()
	begun := time.Now()
	rep, err := c.Grade(context.Background(), sub, grader.Options{Select: grader.Selection{Exercises: c.Exercises()}, NoCache: true, Isolation: t})
	took := time.Since(begun)
	require.NoError(b, err)
	require.True(b, rep.Passed())
	return took
}

// usedByChildren is the processor time of all processes that have been started and waited for.
func usedByChildren(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_CHILDREN, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// fresh copies the solutions, with a comment that nobody has compiled before.
func fresh(b *testing.B, nonce string) string {
	b.Helper()
	dir := b.TempDir()
	require.NoError(b, fs.WalkDir(solutions.Files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".go" {
			return err
		}
		data, err := fs.ReadFile(solutions.Files, name)
		if err != nil {
			return err
		}
		to := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			return err
		}
		stamp := fmt.Sprintf("\nvar _ = %q\n", nonce+time.Now().String())
		return os.WriteFile(to, append(data, stamp...), 0o666)
	}))
	return dir
}

// bareBuild is the floor.
func bareBuild(b *testing.B, dir string) time.Duration {
	b.Helper()
	require.NoError(b, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module floor\n\ngo 1.25\n"), 0o666))
	base, err := os.UserCacheDir()
	require.NoError(b, err)
	// One folder for each exercise, since programs of two exercises may have one name.
	mains, err := filepath.Glob(filepath.Join(dir, "*", "*", "*", "main.go"))
	require.NoError(b, err)
	args := append([]string{"build"}, build.Flags...)
	args = append(args, "-o", os.DevNull)
	if len(mains) > 1 {
		out := filepath.Join(dir, "out")
		require.NoError(b, os.Mkdir(out, 0o777))
		args[len(args)-1] = out + "/"
	}
	for _, m := range mains {
		rel, err := filepath.Rel(dir, filepath.Dir(m))
		require.NoError(b, err)
		args = append(args, "./"+rel)
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOGC=400", "GOFLAGS=", "GOWORK=off", "GOPROXY=off", "GOCACHE="+filepath.Join(base, "ipclab", "go-build"))
	begun := time.Now()
	out, err := cmd.CombinedOutput()
	took := time.Since(begun)
	require.NoError(b, err, "%s", strings.TrimSpace(string(out)))
	return took
}
