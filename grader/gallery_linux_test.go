package grader_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

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
	stuck := gallery(t)
	require.GreaterOrEqual(t, len(stuck), 24)
	binary := buildAll(t, stuck)
	for _, x := range stuck {
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

func gallery(t testing.TB) []exhibit { return exhibits(t, "gallery") }

// exhibits reads a folder of scripts with the programs that they start.
func exhibits(t testing.TB, folder string) []exhibit {
	files, err := filepath.Glob("testdata/" + folder + "/*.txtar")
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
		x.script, err = script.Parse(x.name, file, a.Comment, script.Ensemble{Programs: names})
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
	return x.runWith(t, binary, nil)
}

func (x exhibit) runWith(t testing.TB, binary func(exhibit, string) string, transcript func([]room.Event)) *script.Failure {
	f, err := x.script.Run(context.Background(), script.Options{
		Dir: t.TempDir(), Cast: script.Casts(x.script.Programs)[0], Seed: "gallery", Limits: room.DefaultLimits(),
		Transcript: transcript,
		Binary:     func(p string, _ script.Side) string { return binary(x, p) },
	})
	require.NoError(t, err)
	return f
}

// stable takes out of a message what differs from run to run.
func stable(f *script.Failure) string {
	text := f.Command + "\n\n" + f.Message + "\n"
	if f.Misconception != "" {
		text += "read:     " + f.Misconception + "\n"
	}
	for _, r := range []struct{ re, with string }{
		{`process \d+`, "process N"}, {`0x[0-9a-f]+`, "0xN"}, {`\d{4}/\d\d/\d\d \d\d:\d\d:\d\d`, "DATE TIME"},
	} {
		text = regexp.MustCompile(r.re).ReplaceAllString(text, r.with)
	}
	return text
}

// BenchmarkTold says how long it takes until a program that is blocked for good is told to be: from
// the last thing that happened in the room to the verdict, the median over the gallery.
//
//	go test -run - -bench Told -benchtime 10x ./grader
func BenchmarkTold(b *testing.B) {
	programs := gallery(b)
	binary := buildAll(b, programs)
	stuck := make([]bool, len(programs))
	var wg sync.WaitGroup
	for i, x := range programs { // those that are told by patience take theirs, all at once
		wg.Go(func() {
			x.runWith(b, binary, func(e []room.Event) { stuck[i] = e[len(e)-1].Kind == "blocked" })
		})
	}
	wg.Wait()
	var all []time.Duration
	for b.Loop() {
		for i, x := range programs {
			if stuck[i] {
				x.runWith(b, binary, func(e []room.Event) { all = append(all, told(e)) })
			}
		}
	}
	slices.Sort(all)
	b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, "ms-median")
	b.ReportMetric(float64(all[len(all)-1].Microseconds())/1000, "ms-longest")
	b.ReportMetric(float64(len(all))/float64(b.N), "programs")
}

// told is the time from the last thing that a process or the judge did to the word that all are blocked.
func told(events []room.Event) time.Duration {
	last := len(events) - 1
	before := last
	for before > 0 && (events[before].Kind == "blocked" || events[before].Kind == "taken") {
		before--
	}
	return events[last].At - events[before].At
}
