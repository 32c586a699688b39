package room

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// Probe tells whether walls can be raised here: an error says which step failed. Some systems let a
// user make namespaces and then deny what rooms do in them, so that only a whole set-up and one exec
// tell. It is done once for the process.
func Probe(ctx context.Context) error {
	go probe()
	select {
	case <-probed:
		return probeErr
	case <-ctx.Done():
		return ctx.Err()
	}
}

var (
	probed   = make(chan struct{})
	probeErr error
)

var probe = sync.OnceFunc(func() {
	defer close(probed)
	probeErr = tryWalls()
})

// tryWalls raises walls and executes this very binary behind them. It may be linked dynamically, and a
// cell has no libraries: that the kernel finds no interpreter for it means that it has tried.
func tryWalls() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	house := OpenHouse(filepath.Dir(self))
	defer house.Close()
	k, _, err := raise(Walls{House: house, Channel: "pipe", Programs: map[string]string{"probe": self}}, DefaultLimits())
	if err != nil {
		return fmt.Errorf("raise the walls: %w", err)
	}
	defer k.end(nil)
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	defer w.Close()
	_, err = k.start(Command{Cell: "probe", Args: []string{"--version"}}, "", [3]*os.File{r, w, w}, DefaultLimits())
	if err != nil && !strings.HasSuffix(err.Error(), unix.ENOENT.Error()) {
		return fmt.Errorf("behind the walls: %w (%s)", err, filepath.Base(self))
	}
	return nil
}
