package room

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Fence says what is around the processes of a room at the tier Landlock. They work in the room's Dir, which
// is the host's, and which the judge has made theirs by ActAsFenced.
type Fence struct {
	Channel  string            // the exercise's, see grader.Channels
	Programs map[string]string // role -> binary; each role gets a Landlock domain of its own
	Folder   bool              // as in Walls, and so are the next three
	Props    map[string]string
	Starts   map[string][]string
	Curl     string
	Paths    string // a folder with a folder for each role, which its PATH names; need not be there
	Own      string // is made; below it each role gets folders that no other can reach
}

// owned gives a folder of a role's own, and makes it.
func (f Fence) owned(name string) (string, error) {
	dir := filepath.Join(f.Own, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("a folder for %s: %w", name, err)
	}
	return dir, nil
}

// withTemp gives an environment in which temporary files go to a folder.
func withTemp(env []string, dir string) []string {
	var out []string
	for _, v := range env {
		if !strings.HasPrefix(v, "TMPDIR=") && !strings.HasPrefix(v, "HOME=") {
			out = append(out, v)
		}
	}
	return append(out, "TMPDIR="+dir, "HOME="+dir)
}
