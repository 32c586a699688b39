package build

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"ipclab/grader/room"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// walledCache is a cache of these tests' own, in which the runtime is compiled already, outside of rooms.
var walledCache = sync.OnceValues(func() (dir string, err error) {
	if dir, err = os.MkdirTemp("", "walled-"); err == nil {
		err = os.Chmod(dir, 0o755)
	}
	return dir, err
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := walledCache(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// walledTools is a toolchain that builds in rooms.
func walledTools(t *testing.T) *Toolchain {
	t.Helper()
	require.NoError(t, room.Probe(t.Context(), room.Rooms))
	dir, err := walledCache()
	require.NoError(t, err)
	tools, err := Find(context.Background(), filepath.Join(dir, "go-build"))
	require.NoError(t, err)
	tools.Walled = true
	_, err = tools.Build(context.Background(), reachable(t), []Job{{Key: "student/x/first", Source: oneFile("package main\n\nimport _ \"fmt\"\n\nfunc main() {}\n")}})
	require.NoError(t, err)
	return tools
}

// reachable is a folder that the user of rooms can enter.
func reachable(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for d := dir; d != filepath.Clean(os.TempDir()); d = filepath.Dir(d) {
		require.NoError(t, os.Chmod(d, 0o755))
	}
	return dir
}

func entries(t *testing.T, dir string) (n int) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error { n++; return nil }))
	return n
}

func oneFile(text string) *Source {
	return &Source{Name: "prog", Files: []File{{"main.go", []byte(text)}}}
}

func TestBuildInARoom(t *testing.T) {
	tools := walledTools(t)
	before := entries(t, tools.Cache)
	job := Job{Key: "student/x/second", Source: oneFile("package main\n\nfunc main() { println() }\n")}
	res, err := tools.Build(context.Background(), reachable(t), []Job{job})
	require.NoError(t, err)
	require.Empty(t, res.Errors)
	assert.FileExists(t, res.Binary[job.Key])
	assert.Equal(t, before, entries(t, tools.Cache), "a program's build has written to the cache")
}

func TestErrorsOfABuildInARoom(t *testing.T) {
	tools := walledTools(t)
	res, err := tools.Build(context.Background(), reachable(t), []Job{
		{Key: "student/x/wrong", Source: oneFile("package main\n\nfunc main() { nothing() }\n")},
		{Key: "student/x/right", Source: oneFile("package main\n\nfunc main() {}\n")},
	})
	require.NoError(t, err)
	assert.Equal(t, []Error{{"prog/main.go", 3, 15, "undefined: nothing"}}, res.Errors["student/x/wrong"])
	assert.NotEmpty(t, res.Binary["student/x/right"])
}

// A program whose build takes more memory than there is for it is told so, and the others are built.
func TestGreedyBuild(t *testing.T) {
	tools := walledTools(t)
	defer func(l room.Limits) { toolLimits = l }(toolLimits)
	toolLimits.Memory = 300 << 20
	greedy := "package main\n\nvar a = [60_000_000]int{59_999_999: 1}\n\nfunc main() { println(a[7]) }\n"
	res, err := tools.Build(context.Background(), reachable(t), []Job{
		{Key: "student/x/greedy", Source: oneFile(greedy)},
		{Key: "student/x/modest", Source: oneFile("package main\n\nfunc main() {}\n")},
	})
	require.NoError(t, err)
	require.NotEmpty(t, res.Errors["student/x/greedy"])
	assert.Contains(t, res.Errors["student/x/greedy"][0].Message, "more than 300 MiB of memory")
	assert.NotEmpty(t, res.Binary["student/x/modest"])
}
