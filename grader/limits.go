package grader

import (
	"ipclab/grader/room"
	"ipclab/grader/strictyaml"
)

// limitsFile is what an exercise.yaml may say of the limits of its programs. What it leaves out is as in
// room.DefaultLimits.
type limitsFile struct {
	CPU       *int `yaml:"cpu"`       // seconds of processor time, of each process
	FileSize  *int `yaml:"file"`      // MiB of any file that it writes
	OpenFiles *int `yaml:"open"`      // open descriptors of a process
	Output    *int `yaml:"output"`    // MiB of stdout, and of stderr, that are kept
	Memory    *int `yaml:"memory"`    // MiB of all processes of a check together
	Processes *int `yaml:"processes"` // of a check
	Disk      *int `yaml:"disk"`      // MiB in the shared folder
}

// limits turns them into those of a room. Each has a ceiling: a course is not to take a machine down.
func (f *limitsFile) limits(doc *strictyaml.Document) (room.Limits, error) {
	l := room.DefaultLimits()
	if f == nil {
		return l, nil
	}
	const mib = 1 << 20
	for _, x := range []struct {
		name string
		said *int
		most int
		unit int
		into *int
	}{
		{"cpu", f.CPU, 600, 1, &l.CPU}, {"file", f.FileSize, 1024, mib, &l.FileSize}, {"open", f.OpenFiles, 4096, 1, &l.OpenFiles},
		{"output", f.Output, 64, mib, &l.Output}, {"memory", f.Memory, 4096, mib, &l.Memory}, {"processes", f.Processes, 512, 1, &l.Processes},
		{"disk", f.Disk, 1024, mib, &l.Disk},
	} {
		if x.said == nil {
			continue
		}
		if *x.said < 1 || *x.said > x.most {
			return l, doc.Errorf([]any{"limits", x.name}, "limits: %s %d: want 1 to %d", x.name, *x.said, x.most)
		}
		*x.into = *x.said * x.unit
	}
	return l, nil
}
