package grader_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"ipclab/exercises"
	"ipclab/grader"
	"ipclab/grader/room"
	"ipclab/solutions"
	"ipclab/testscripts"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	runs = flag.Int("runs", 100, "how many right programs TestNoFalseAlarm runs, about")
	load = flag.Int("load", 0, "how many busy processes per processor run beside them")
)

// TestMain turns the test binary into a process that keeps a processor busy, if it is asked to. It ends
// when whoever started it does.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "burn" {
		go func() {
			os.Stdin.Read(make([]byte, 1))
			os.Exit(0)
		}()
		for {
			busy++
		}
	}
	os.Exit(m.Run())
}

var busy int

// TestNoFalseAlarm runs right programs: the solutions with all casts, and programs that sleep, poll,
// tick, talk slowly and compute. None may be called stuck, and none may fail. What matters is a run on
// a machine that has four times as much to do as it can:
//
//	go test ./grader -run NoFalseAlarm -timeout 60m -v -args -runs 10000 -load 4
func TestNoFalseAlarm(t *testing.T) {
	steady := exhibits(t, "steady")
	binary := buildAll(t, steady)
	burn(t, *load*runtime.NumCPU())

	n := solutionRuns(t, 1)
	if more := *runs*3/4/n - 1; more > 0 {
		n += solutionRuns(t, more)
	}

	work := make(chan exhibit)
	var passed atomic.Int64
	var wg sync.WaitGroup
	for range 4 * runtime.NumCPU() {
		wg.Go(func() {
			for x := range work {
				if f := x.run(t, binary); assert.Nil(t, f, "%s: %v", x.name, f) {
					passed.Add(1)
				}
			}
		})
	}
	for i, left := 0, max(len(steady), *runs-n); left > 0; i++ {
		x := steady[i%len(steady)]
		if x.name == "computes" && i >= 20*len(steady) { // which would take most of the time
			continue
		}
		work <- x
		left--
	}
	close(work)
	wg.Wait()
	t.Logf("%d runs of solutions and %d of other right programs, beside %d busy processes", n, passed.Load(), *load*runtime.NumCPU())
}

// solutionRuns grades the solutions and tells how many runs that took. All must pass.
func solutionRuns(t *testing.T, repeat int) (n int) {
	c, err := grader.Load(grader.Files{Exercises: exercises.Files, Solutions: solutions.Files, Testscripts: testscripts.Files})
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, solutions.Files))
	sub, err := c.OpenSubmission(dir, false)
	require.NoError(t, err)
	defer sub.Close()
	rep, err := c.Grade(context.Background(), sub, grader.Options{
		Select: grader.Selection{Exercises: c.Exercises()}, NoCache: true, Repeat: repeat})
	require.NoError(t, err)
	for _, e := range rep.Exercises {
		for _, k := range e.Checks {
			n += repeat * len(k.Casts)
			if k.Failure != nil {
				assert.Fail(t, fmt.Sprintf("%s/%s", e.ID, k.ID), "%s", k.Failure.Message)
			}
		}
	}
	require.True(t, rep.Passed())
	return n
}

// burn keeps processors busy until the test ends.
func burn(t *testing.T, n int) {
	exe, err := os.Executable()
	require.NoError(t, err)
	r, err := room.Open(room.Config{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	for range n {
		_, err := r.Start(room.Command{Name: "busy", Path: exe, Args: []string{"burn"}})
		require.NoError(t, err)
	}
}
