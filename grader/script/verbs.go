package script

// Flags of several verbs.
var (
	heldPeer    = Flag{"held", "", "PEER reads nothing before release"}
	toChild     = Flag{"child", "", "its only child instead; waits until there is just one"}
	toRunner    = Flag{"runs", "PROGRAM", "the only one of its descendants that runs PROGRAM"}
	toGroup     = Flag{"group", "", "and to all in the process group in which it was started"}
	smallBuffer = Flag{"rcvbuf", "N", "the kernel keeps no more than about N bytes for a PEER that does not read; tcp only"}
)

// Verbs is the script language, in the order in which the reference tells of it.
var Verbs = []*Verb{
	{
		Name: "start", Args: "PROGRAM ARGS...", Min: 1, Max: -1,
		Flags: []Flag{
			{"as", "NAME", "call the process so; needed when a program is started twice"},
			{"held", "", "start with a full stdout pipe, so that its first write waits until release"},
			{"dir", "DIR", "a working folder below the room's"},
			{"env", "K=V", "one more variable in its environment, or another value for one"},
		},
		Summary: "start a program in the room",
		Detail: "Whose program runs, the student's or the reference, is the cast's to say; a prop of the exercise is the judge's " +
			"own (a folder with a main.go beside the scripts). The process gets " +
			"pipes of the judge as stdin, stdout and stderr; its output is always read. The arguments are paths " +
			"and words as the program sees them, so files are named without room/. $NAME_PID is the process's own pid " +
			"(a dash in the name becomes _).",
		run: (*call).start,
	},
	{
		Name: "release", Args: "NAME", Min: 1, Max: 1,
		Summary: "let the output of a process flow that was started with -held, or held with hold; have a held peer read",
		run:     (*call).release,
	},
	{
		Name: "hold", Args: "NAME", Min: 1, Max: 1,
		Summary: "NAME says nothing more, and from now on its stdout pipe is full: its next write waits until release",
		Detail:  "As after silent, all processes are blocked for good at that moment.",
		run:     (*call).hold,
	},
	{
		Name: "expect", Args: "NAME 'RE'|'TEXT'", Min: 2, Max: 2,
		Flags: []Flag{
			{"stderr", "", "look at stderr; there other lines may come before"},
			{"any", "", "skip lines until one matches"},
			{"text", "", "the text itself instead of a regular expression, with Go's escapes; for bytes of all kinds"},
		},
		Summary: "the next line of NAME's output is this",
		Detail: "The regular expression must match the whole next line, without its newline. A line that does " +
			"not match fails the check at once, and so does one that ends without a newline. Named groups become " +
			"variables: (?P<PID>\\d+) sets $PID.",
		run: (*call).expect,
	},
	{
		Name: "expectfile", Args: "NAME FILE", Min: 2, Max: 2,
		Summary: "the next bytes of NAME's output are those of the file",
		run:     (*call).expectFile,
	},
	{
		Name: "silent", Args: "NAME", Min: 1, Max: 1,
		Summary: "NAME says nothing more: all processes are blocked for good, and nothing is unread",
		run:     (*call).silent,
	},
	{
		Name: "blocked", Args: "NAME", Min: 1, Max: 1,
		Summary: "NAME waits for something outside itself",
		run:     (*call).blocked,
	},
	{
		Name: "send", Args: "NAME 'TEXT'", Min: 2, Max: 2, Negates: true,
		Flags: []Flag{
			{"n", "", "without a newline at the end"},
			{"split", "N,N", "in pieces of so many bytes, the rest last, each after the one before was read"},
			{"repeat", "N", "the text N times, as one write"},
			{"async", "", "do not wait until it has been taken"},
		},
		Summary: "send a line to NAME's input",
		Detail: "Go's escapes such as \\n, \\x00 and \\u00e9 are understood. The verb returns when the kernel has " +
			"taken all bytes, and fails when NAME stops reading. Negated: NAME no longer reads.",
		run: (*call).send,
	},
	{
		Name: "sendfile", Args: "NAME FILE", Min: 2, Max: 2,
		Flags:   []Flag{{"async", "", "do not wait until it has been taken"}},
		Summary: "send the bytes of a file to NAME's input",
		run:     (*call).sendFile,
	},
	{
		Name: "connect", Args: "A B", Min: 2, Max: 2,
		Summary: "from now on B's input is A's output, to its end; the timeline shows what passes",
		Detail: "What the script has not read of A's output by now goes first. It may still be read with expect, and need not " +
			"be. When B reads no more, nobody reads A's output.",
		run: (*call).connect,
	},
	{
		Name: "closeinput", Args: "NAME", Min: 1, Max: 1,
		Summary: "end NAME's input: it reads end of file; a peer closes its writing half",
		run:     (*call).closeInput,
	},
	{
		Name: "closeoutput", Args: "NAME", Min: 1, Max: 1,
		Summary: "nobody reads NAME's stdout any more",
		run:     (*call).closeOutput,
	},
	{
		Name: "ends", Args: "NAME", Min: 1, Max: 1,
		Flags:   []Flag{{"stderr", "", "its stderr, not its stdout"}},
		Summary: "NAME's output ends, and nothing is unread; for a peer: the other side closed",
		run:     (*call).ends,
	},
	{
		Name: "exits", Args: "NAME [STATUS,...]", Min: 1, Max: 2,
		Flags: []Flag{
			{"unread", "", "output that was not expected is no fault"},
		},
		Summary: "NAME ends with this exit status (default 0) or signal, and no output is left unread",
		Detail:  "Several may be allowed: exits match 0,1,SIGPIPE.",
		lint:    lintExits,
		run:     (*call).exits,
	},
	{
		Name: "alive", Args: "NAME", Min: 1, Max: 1,
		Summary: "NAME has not ended by now",
		Detail:  "Whether it is about to end is not asked: silent and blocked tell that it goes on.",
		run:     (*call).alive,
	},
	{
		Name: "signal", Args: "NAME SIGNAL", Min: 2, Max: 2,
		Flags:   []Flag{toChild, toRunner, toGroup},
		Summary: "send a signal to NAME",
		lint:    lintSignal,
		run:     (*call).signal,
	},
	{
		Name: "freeze", Args: "NAME", Min: 1, Max: 1, Negates: true,
		Flags: []Flag{toChild, toRunner,
			{"writes", "FILE", "let it go on to its first write into room/..., or into a file below that folder, and stop it right after"},
			{"opens", "FILE", "let it go on until it has that file open, or has opened one below that folder, and stop it right after"},
			{"unlocks", "FILE", "let it go on until it lets go of its lock on the file, and stop it right after, if it has not ended; the judge's own lock goes first"},
			{"misses", "FILE", "let it go on until it finds that there is no such file, and stop it right after; it may as well never ask"},
			{"replaces", "FILE", "let it go on until the name stands for another file than before, or for none, and stop it right after"},
		},
		Summary: "stop NAME with SIGSTOP, and wait until it stands still",
		Detail: "To be stopped at a moment NAME must be held up before: frozen, or waiting for the judge's flock. " +
			"So: freeze, send, freeze -writes. No further call of its is made before thaw, whatever the machine's load. " +
			"Negated, with -writes: it goes on, and writes nothing there until it waits again, or ends.",
		run: (*call).freeze,
	},
	{
		Name: "thaw", Args: "NAME", Min: 1, Max: 1,
		Flags:   []Flag{toChild, toRunner},
		Summary: "let NAME go on after freeze",
		run:     (*call).thaw,
	},
	{
		Name: "limit", Args: "NAME cpu|fsize|nofile|data N", Min: 3, Max: 3,
		Flags:   []Flag{{"soft", "", "a limit that can be lifted again, with unlimited for N"}},
		Summary: "limit what NAME may use from now on",
		Detail: "In seconds, bytes, descriptors, bytes. It holds for NAME itself, and for what it starts from now on. " +
			"A write beyond fsize writes what has room, and the next one fails, as on a full disk. A pipe is no file.",
		run: (*call).limit,
	},
	{
		Name: "processes", Args: "NAME N", Min: 2, Max: 2,
		Flags: []Flag{
			{"same", "", "each of them runs the program that NAME runs; ask after silent, when none is about to begin"},
			{"piped", "", "the stdout of each descendant is a pipe that NAME holds; ask after silent too"},
		},
		Summary: "NAME and its living descendants are N processes",
		run:     (*call).processes,
	},
	{
		Name: "zombies", Args: "NAME N", Min: 2, Max: 2,
		Summary: "NAME has so many children that have ended and were never waited for",
		Detail:  "They are counted when all processes are blocked for good.",
		run:     (*call).zombies,
	},
	{
		Name: "descriptors", Args: "NAME pipe|fifo|socket|listener|file|folder N", Min: 3, Max: 3,
		Summary: "NAME has N open descriptors of a kind at the most, beside stdin, stdout and stderr",
		run:     (*call).descriptors,
	},
	{
		Name: "flock", Args: "FILE", Min: 1, Max: 1,
		Flags: []Flag{
			{"shared", "", "the shared lock, as readers take it"},
			{"queue", "", "do not wait until it is free, but stand in the kernel's queue for it; granted waits"},
		},
		Summary: "take the exclusive flock on a file, as another program would; it must be free, or become so",
		run:     (*call).lock,
	},
	{
		Name: "granted", Args: "FILE", Min: 1, Max: 1, Negates: true,
		Summary: "the judge's request of flock -queue is granted, and unlock lets go of it; negated: it waits on, and all are blocked for good",
		run:     (*call).granted,
	},
	{
		Name: "locked", Args: "FILE [NAME]", Min: 1, Max: 2, Negates: true,
		Summary: "NAME, or a child of its, or if there is no NAME any program holds a lock on the file, of flock or of fcntl",
		Detail:  "It waits until that is so. Negated: until it is not. The judge's own locks do not count.",
		run:     (*call).locked,
	},
	{
		Name: "unlock", Args: "FILE", Min: 1, Max: 1,
		Summary: "let go of the lock taken with flock, or granted",
		run:     (*call).unlock,
	},
	{
		Name: "listen", Args: "PEER unix|tcp|udp ADDR", Min: 3, Max: 3,
		Flags:   []Flag{heldPeer, smallBuffer},
		Summary: "be a server that takes one connection; $PEER_ADDR is its address",
		Detail: "What the client sends is read with expect, as the output of PEER. A Unix path is relative to the room. " +
			"Over udp PEER takes the datagrams of all, and sends to whom the last one came from. Of datagrams, expect and " +
			"expectfile look at the next one as a whole, newlines included.",
		run: (*call).listen,
	},
	{
		Name: "dial", Args: "PEER unix|tcp|udp ADDR", Min: 3, Max: 3, Negates: true,
		Flags:   []Flag{heldPeer, smallBuffer},
		Summary: "be a client; negated: nobody listens there",
		Detail: "Over udp each send is one datagram (with its newline, unless -n), and so is each piece of -split; " +
			"send -n PEER '' sends an empty one.",
		run: (*call).dial,
	},
	{
		Name: "fifo", Args: "PEER read|write FILE", Min: 3, Max: 3, Negates: true,
		Flags:   []Flag{heldPeer},
		Summary: "open one end of the FIFO room/...; negated: nobody has it open for reading",
		Detail: "To read is to open without waiting, and ends only when a writer was there and none is any more. " +
			"To write waits until somebody reads. A held reader's FIFO is full with 4,096 bytes; a full one is filled " +
			"with send -async. Closeinput closes the writing end, reset the reading one.",
		lint: lintFIFO,
		run:  (*call).fifo,
	},
	{
		Name: "curl", Args: "ARGS...", Min: 1, Max: -1, Passes: true,
		Flags:   []Flag{{"as", "NAME", "call the process so, instead of curl"}},
		Summary: "start the real curl; what it prints is read with expect, and its end with exits",
		Detail: "It reads no settings of its user's and takes no proxy, shows no progress, and says its errors on stderr " +
			"(-q -sS --noproxy '*').",
		run: (*call).curl,
	},
	{
		Name: "sendfd", Args: "PEER FILE", Min: 2, Max: 2,
		Flags:   []Flag{{"text", "TEXT", "the bytes that it comes with, with Go's escapes (default one zero byte)"}},
		Summary: "send an open file over PEER's Unix socket (SCM_RIGHTS), which holds what the judge's FILE holds",
		Detail:  "It has no name, so there is no other way to it, and it can only be read.",
		run:     (*call).sendFD,
	},
	{
		Name: "takefd", Args: "PEER [WANT]", Min: 1, Max: 2,
		Flags:   []Flag{{"text", "TEXT", "it holds exactly this, with Go's escapes"}},
		Summary: "an open file comes over PEER's Unix socket, and from its offset on it holds what the judge's file WANT holds",
		Detail:  "The bytes that came with it are read with expect.",
		run:     (*call).takeFD,
	},
	{
		Name: "reset", Args: "PEER", Min: 1, Max: 1,
		Summary: "close PEER's connection at once, on TCP with a reset",
		run:     (*call).reset,
	},
	{
		Name: "file", Args: "PATH [WANT]", Min: 1, Max: 2, Negates: true,
		Flags: []Flag{
			{"text", "TEXT", "it holds exactly this, with Go's escapes"},
			{"mode", "0644", "it has these permissions"},
		},
		Summary: "the regular file room/... is there and holds what the judge's file WANT holds; negated: there is nothing",
		lint:    lintFile,
		run:     (*call).fileVerb,
	},
	{
		Name: "keep", Args: "NAME FILE", Min: 2, Max: 2,
		Summary: "open the file room/... now, to look at it later by that descriptor, as who reads it for a long time",
		run:     (*call).keep,
	},
	{
		Name: "kept", Args: "NAME [WANT]", Min: 1, Max: 2,
		Flags: []Flag{
			{"text", "TEXT", "it holds exactly this, with Go's escapes"},
			{"same", "", "its name still stands for the file that keep opened"},
			{"replaced", "", "its name stands for another file now"},
		},
		Summary: "the file that keep opened as NAME holds what the judge's file WANT holds, read by the old descriptor",
		run:     (*call).keptVerb,
	},
	{
		Name: "leftovers", Args: "DIR [NAMES...]", Min: 1, Max: -1,
		Summary: "the folder holds these names and no others",
		Detail:  "Names are those of files, folders, sockets and FIFOs directly in it. A name that ends in ? may be missing.",
		run:     (*call).leftovers,
	},
	{
		Name: "mkfifo", Args: "PATH", Min: 1, Max: 1,
		Summary: "make a FIFO",
		run:     (*call).mkfifo,
	},
	{
		Name: "random", Args: "NAME", Min: 1, Max: 1,
		Flags: []Flag{
			{"number", "LO,HI", "a number of this range, instead of a word of eight letters"},
		},
		Summary: "set a variable to random data, which the seed decides; $NAME_UPPER is the same in capitals",
		run:     (*call).randomVerb,
	},
	{
		Name: "generate", Args: "FILE", Min: 1, Max: 1,
		Flags: []Flag{
			{"lines", "N", "so many lines (default 1)"},
			{"width", "N", "random letters in each (default 40)"},
			{"prefix", "TEXT", "what each line begins with, beside them"},
			{"number", "", "number the lines: N and a space come first"},
			{"open", "", "the last line lacks its newline"},
			{"upper", "FILE", "write the same in capitals to another file"},
		},
		Summary: "make a file of the judge's with random lines",
		Detail:  "Below room/ it is one for the programs. With -width 0 it holds what -prefix says, a $NAME of random for example.",
		run:     (*call).generate,
	},
}
