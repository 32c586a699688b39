package room

// Limits bound one process. Zero means that the tier's own default holds: for Output that of
// DefaultLimits.
type Limits struct {
	CPU       int // seconds of processor time
	FileSize  int // bytes of any file that it writes
	OpenFiles int // descriptors
	Output    int // bytes of stdout, and of stderr, that the judge keeps; the rest is thrown away
}

// DefaultLimits are generous for honest programs and bound the others.
func DefaultLimits() Limits {
	return Limits{CPU: 60, FileSize: 256 << 20, OpenFiles: 256, Output: 4 << 20}
}
