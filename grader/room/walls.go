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
	House    *House            // where they stand
	Channel  string            // the exercise's, see grader.Channels
	Programs map[string]string // role -> binary; what runs at one time is in cells of its own, each
	Folder   bool              // the judge and the programs share a folder, also where the channel is none
	// Props are programs of the judge's: name -> binary. They lie in the PATH of every cell, and each
	// has a cell of its own too, for when the judge starts it.
	Props map[string]string
	// Curl is the host's curl, if the judge is to start it: Command.Cell is "curl" then.
	Curl string
	// Starts are the programs that lie in a role's PATH beside its own and the props: role -> roles.
	Starts map[string][]string
}

// Workshop says what a tool of the host, such as a compiler, sees that is run behind walls: itself, a cache,
// and the folder that it works in, all where they are on the host; and no network.
type Workshop struct {
	Tool  string // the folder of the tool, read-only
	Cache string // what is written there is seen by this room alone, and gone with it
	Dir   string // can be written
}
