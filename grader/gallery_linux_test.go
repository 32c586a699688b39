package grader_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ipclab/grader/build"
	"ipclab/grader/room"
	"ipclab/grader/script"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var updateGallery = flag.Bool("update-gallery", false, "write the messages of the gallery anew")

// exhibit is a program, or two, that gets stuck or breaks, with the script that meets it.
type exhibit struct {
	name     string
	script   *script.Script
	programs []*build.Source
}

// TestGallery shows what a student is told of each way to get stuck: one golden message for each.
func TestGallery(t *testing.T) {
	exhibits := gallery(t)
	require.GreaterOrEqual(t, len(exhibits), 24)
	binary := buildAll(t, exhibits)
	for _, x := range exhibits {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			f := x.run(t, binary)
			require.NotNil(t, f, "the check must fail")
			golden := filepath.Join("testdata", "gallery", x.name+".golden")
			if *updateGallery {
				require.NoError(t, os.WriteFile(golden, []byte(stable(f)), 0o666))
				return
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			assert.Equal(t, string(want), stable(f))
		})
	}
}

func gallery(t testing.TB) []exhibit {
	files, err := filepath.Glob("testdata/gallery/*.txtar")
	require.NoError(t, err)
	var all []exhibit
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		x := exhibit{name: strings.TrimSuffix(filepath.Base(file), ".txtar")}
		a := txtar.Parse(data)
		var names []string
		for _, f := range a.Files {
			name := filepath.Dir(f.Name)
			names = append(names, name)
			x.programs = append(x.programs, &build.Source{Name: name, Files: []build.File{{Name: "main.go", Data: f.Data}}})
		}
		x.script, err = script.Parse(x.name, file, a.Comment, names)
		require.NoError(t, err)
		all = append(all, x)
	}
	return all
}

func buildAll(t testing.TB, exhibits []exhibit) func(exhibit, string) string {
	cache, err := os.UserCacheDir()
	require.NoError(t, err)
	tools, err := build.Find(context.Background(), filepath.Join(cache, "ipclab", "go-build"))
	require.NoError(t, err)
	var jobs []build.Job
	key := func(x exhibit, program string) string { return "student/gallery/" + x.name + "/" + program }
	for _, x := range exhibits {
		for _, p := range x.programs {
			jobs = append(jobs, build.Job{Key: key(x, p.Name), Source: p})
		}
	}
	res, err := tools.Build(context.Background(), t.TempDir(), jobs)
	require.NoError(t, err)
	require.Empty(t, res.Errors)
	return func(x exhibit, program string) string { return res.Binary[key(x, program)] }
}

func (x exhibit) run(t testing.TB, binary func(exhibit, string) string) *script.Failure {
	f, err := x.script.Run(context.Background(), script.Options{
		Dir: t.TempDir(), Cast: script.Casts(x.script.Programs)[0], Seed: "gallery", Limits: room.DefaultLimits(),
		Binary: func(p string, _ script.Side) string { return binary(x, p) },
	})
	require.NoError(t, err)
	return f
}

// stable takes out of a message what differs from run to run.
func stable(f *script.Failure) string {
	text := f.Command + "\n\n" + f.Message + "\n"
	for _, r := range []struct{ re, with string }{
		{`process \d+`, "process N"}, {`0x[0-9a-f]+`, "0xN"}, {`\d{4}/\d\d/\d\d \d\d:\d\d:\d\d`, "DATE TIME"},
	} {
		text = regexp.MustCompile(r.re).ReplaceAllString(text, r.with)
	}
	return text
}
