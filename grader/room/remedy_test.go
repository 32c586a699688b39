//go:build linux

package room

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The table in THREATS.md is the one in the code.
func TestRemediesAreTold(t *testing.T) {
	text, err := os.ReadFile("THREATS.md")
	require.NoError(t, err)
	_, table, found := strings.Cut(string(text), "| where | why | what to do |\n|---|---|---|\n")
	require.True(t, found)
	table, _, _ = strings.Cut(table, "\n\n")
	var want strings.Builder
	for _, r := range Remedies {
		fmt.Fprintf(&want, "| %s | %s | %s |\n", r.Where, r.Why, r.Do)
	}
	assert.Equal(t, strings.TrimSpace(want.String()), strings.TrimSpace(table))
}

func TestRemedyForAMachine(t *testing.T) {
	const restricted, most = "proc/sys/kernel/apparmor_restrict_unprivileged_userns", "proc/sys/user/max_user_namespaces"
	for _, x := range []struct {
		where  string
		github bool
		files  map[string]string
	}{
		{"Ubuntu 24.04", false, map[string]string{restricted: "1\n", most: "95000\n", "proc/1/cgroup": "0::/init.scope\n"}},
		{"runners of GitHub", true, map[string]string{restricted: "1\n"}},
		{"Docker", false, map[string]string{".dockerenv": "", restricted: "1\n"}},
		{"Docker", false, map[string]string{"proc/1/cgroup": "12:pids:/docker/0123\n"}},
		{"Podman", false, map[string]string{"run/.containerenv": ""}},
		{"any Linux", false, map[string]string{most: "0\n", restricted: "1\n"}},
		{"WSL 1", false, map[string]string{"proc/version": "Linux version 4.4.0-19041-Microsoft\n"}},
		{"WSL", false, map[string]string{"proc/version": "Linux version 5.15.0-microsoft-standard-WSL2\n"}},
		{"", false, map[string]string{most: "95000\n", "proc/version": "Linux version 6.8\n", restricted: "0\n"}},
	} {
		t.Run(x.where, func(t *testing.T) {
			t.Setenv("GITHUB_ACTIONS", fmt.Sprint(x.github))
			machine := fstest.MapFS{}
			for name, text := range x.files {
				machine[name] = &fstest.MapFile{Data: []byte(text)}
			}
			if got := Remedies.on(machine); x.where == "" {
				assert.Nil(t, got)
			} else if assert.NotNil(t, got) {
				assert.Equal(t, x.where, got.Where)
			}
		})
	}
}
