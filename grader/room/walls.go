package room

// Tier says how far the processes of a room are shut in.
type Tier string

const (
	// Rooms: namespaces of their own, and nothing crosses but the exercise's channel.
	Rooms Tier = "rooms"
	// Landlock: each process behind a fence of Landlock, seccomp and limits, on the host. For where namespaces
	// are denied.
	Landlock Tier = "landlock"
	// None: process groups, limits, and a sweep over all descendants. For programs of one's own.
	None Tier = "none"
	// Auto is the best of these that works here.
	Auto Tier = "auto"
)

// Walls say what is around the processes of a room at the tier Rooms.
type Walls struct {
	Channel  string            // the exercise's, see grader.Channels
	Programs map[string]string // role -> binary; each role gets a cell of its own
}
