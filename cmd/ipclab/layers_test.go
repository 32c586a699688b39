package main

import (
	"encoding/json"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// layers says which packages of ours a package may import. A new package gets a line here.
var layers = map[string][]string{
	"cmd/ipclab":        {"exercises", "solutions", "testscripts", "grader", "grader/class", "grader/report", "grader/quiz", "grader/script", "grader/spell"},
	"grader/class":      {"grader", "grader/report", "grader/spell"},
	"grader/report":     {"grader", "grader/spell"},
	"grader":            {"grader/build", "grader/script", "grader/quiz", "grader/room", "grader/strictyaml", "grader/spell"},
	"grader/build":      {"grader/room"},
	"grader/script":     {"grader/room", "grader/spell"},
	"grader/quiz":       {"grader/strictyaml", "grader/spell"},
	"grader/room":       {"grader/room/wall"},
	"grader/room/wall":  {},
	"grader/strictyaml": {},
	"grader/spell":      {},
	"exercises":         {},
	"solutions":         {},
	"testscripts":       {},
}

// keepers are the only packages that may import some others.
var keepers = map[string][]string{
	"os/exec": {"grader/room"}, // every process is started in one place
	"github.com/rogpeppe/go-internal/testscript": {"grader/script"},
	"gopkg.in/yaml.v3":                           {"grader/strictyaml", "grader/quiz"},
	"go.yaml.in/yaml/v3":                         {"grader/strictyaml", "grader/quiz"},
	"github.com/spf13/cobra":                     {"cmd/ipclab"},
	"plugin":                                     {},
	"net/http":                                   {},
	"net/http/httptest":                          {},
	"github.com/stretchr/testify/assert":         {},
}

// Imports point one way. Programs of the course are no part of the grader, and not looked at.
func TestLayers(t *testing.T) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./cmd/...", "./grader/...", "./exercises", "./solutions", "./testscripts")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	require.NoError(t, err)
	seen := 0
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; seen++ {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); err == io.EOF {
			break
		} else {
			require.NoError(t, err)
		}
		for _, fault := range faults(strings.TrimPrefix(p.ImportPath, "ipclab/"), p.Imports) {
			assert.Fail(t, fault)
		}
	}
	require.Greater(t, seen, 10)
}

func faults(pkg string, imports []string) (out []string) {
	allowed, known := layers[pkg]
	if !known {
		return []string{pkg + " has no line in layers"}
	}
	for _, i := range imports {
		ours, is := strings.CutPrefix(i, "ipclab/")
		keep, kept := keepers[i]
		if is && !slices.Contains(allowed, ours) || kept && !slices.Contains(keep, pkg) {
			out = append(out, pkg+" must not import "+i)
		}
	}
	return out
}

func TestLayersFindFaults(t *testing.T) {
	assert.Empty(t, faults("grader/room", []string{"os/exec", "fmt"}))
	assert.Equal(t, []string{"grader/room must not import ipclab/grader/spell"}, faults("grader/room", []string{"ipclab/grader/spell"}))
	assert.Equal(t, []string{"cmd/ipclab must not import ipclab/grader/build", "cmd/ipclab must not import os/exec"}, faults("cmd/ipclab", []string{"ipclab/grader/build", "os/exec"}))
	assert.Equal(t, []string{"grader/report must not import gopkg.in/yaml.v3"}, faults("grader/report", []string{"gopkg.in/yaml.v3"}))
	assert.Equal(t, []string{"grader/new has no line in layers"}, faults("grader/new", nil))
}
