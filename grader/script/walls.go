package script

import (
	"fmt"
	"regexp"
	"strings"

	"ipclab/grader/room"
)

// At the tiers "rooms" and "landlock" a program may meet a wall before it meets a check. What the kernel says then
// ("permission denied") tells a student nothing of the room around the program; these words do.

// leadsOut names what a room lets through, by the exercise's channel.
var leadsOut = map[string]string{
	"pipe": "the pipe", "fifo": "the FIFO", "file": "the file", "signal": "the signal",
	"unix": "the Unix socket", "tcp": "TCP", "udp": "UDP",
}

// wall is what a room denies, as Go's words for it show, and what to tell the student. Words that need
// the channel's name have a %s for it.
type wall struct {
	shows *regexp.Regexp
	says  string
}

var walls = []wall{
	{regexp.MustCompile(`exec[: ].*(no such file or directory|executable file not found|permission denied)`),
		"a room has no shell, and no other programs than those that the exercise names; itself a program finds by os.Executable"},
	{regexp.MustCompile(`address family not supported|socket: operation not permitted`),
		"in this exercise only %s leads out of the room: there are no other sockets"},
	{regexp.MustCompile(`network is unreachable|dial \S+: lookup `),
		"a room has a network of its own: nobody outside can be reached"},
}

// limit is one that a program has run into, as its words for it show. The kernel enforces it, and does not
// say to the judge that it did.
type limit struct {
	shows *regexp.Regexp
	says  func(room.Limits) string
}

var limits = []limit{
	{regexp.MustCompile(`failed to create new OS thread|fork/exec .*resource temporarily unavailable`), func(l room.Limits) string {
		return fmt.Sprintf("all programs of a check together may have no more than %d processes, with %d threads", l.Processes, l.Threads())
	}},
	{regexp.MustCompile(`cannot allocate memory|(?m:^(fatal error|runtime): .*out of memory)`), func(l room.Limits) string {
		return fmt.Sprintf("all programs of a check together may have no more than %d MiB of memory", l.Memory>>20)
	}},
	{regexp.MustCompile(`no space left on device`), func(l room.Limits) string {
		return fmt.Sprintf("the working folder takes no more than %d MiB, and /tmp less", l.Disk>>20)
	}},
	{regexp.MustCompile(`too many open files`), func(l room.Limits) string {
		return fmt.Sprintf("a program may have no more than %d descriptors open, and in some checks less: is each closed that is not needed any more?", l.OpenFiles)
	}},
}

// limitMet tells which limit a program has run into, by what it wrote to its stderr; "" for none. At the
// tier none most are the machine's own.
func limitMet(o Options, stderr string) string {
	if o.Tier != room.Rooms {
		return ""
	}
	for _, l := range limits {
		if l.shows.MatchString(stderr) {
			return l.says(o.Limits)
		}
	}
	return ""
}

// walled is the channel that is let through, or "" where nothing is held back.
func (o Options) walled() string {
	if o.Tier == room.Rooms || o.Tier == room.Landlock {
		return o.Channel
	}
	return ""
}

// wallMet tells which wall of the room, if it has any, a program has run into, by what it wrote to its
// stderr; "" for none.
func wallMet(channel, stderr string) string {
	if channel == "" {
		return ""
	}
	for _, w := range walls {
		if w.shows.MatchString(stderr) {
			return strings.ReplaceAll(w.says, "%s", leadsOut[channel])
		}
	}
	for _, denied := range fileDenied.FindAllStringSubmatch(stderr, -1) {
		if text := folderWall(channel, denied[1]); text != "" {
			return text
		}
	}
	return ""
}

// fileDenied matches what Go says when a file may not be made or opened, and takes its path.
var fileDenied = regexp.MustCompile(`\b(?:open|mkdir|mknod|mkfifo|remove|chmod|chtimes|truncate|link|symlink|rename) (\S+).*: (?:permission denied|operation not permitted|read-only file system)`)

// folderWall says where files can be made, if the path is elsewhere. What is denied where they can be is the
// check's doing, or the program's own.
func folderWall(channel, path string) string {
	own := !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "/room/")
	switch channel {
	case "pipe", "fifo":
		return fmt.Sprintf("in this exercise only %s leads out of the room: no file can be made, in /tmp neither", leadsOut[channel])
	case "unix":
		return "in this exercise only sockets can be made in the working folder; other files can in /tmp, and nowhere else"
	}
	if own || strings.HasPrefix(path, "/tmp/") {
		return ""
	}
	return "in a room files can be made in the working folder and in /tmp, and nowhere else"
}
