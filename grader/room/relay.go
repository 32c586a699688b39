package room

// relay passes an output on to an input, as a pipe between the two would, and its end too.
type relay struct {
	room *Room
	from *Output
	to   *Input
	done int  // bytes of from that have been passed on
	over bool // nothing more will be
}

// Relay passes on what an output holds beyond its first skip bytes, and all that still comes. When it ends,
// the input is closed; when the input takes no more, the output is abandoned.
func (r *Room) Relay(from *Output, skip int, to *Input) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	l := &relay{room: r, from: from, to: to, done: skip}
	r.ends = append(r.ends, l)
	to.feeder = l
	r.running.Go(l.run)
}

func (l *relay) run() {
	for {
		broken, changed := l.pass()
		switch {
		case broken:
			l.from.shut()
			return
		case changed == nil:
			return
		}
		<-changed
	}
}

// pass hands on what there is. It gives the channel that tells of the next event, or nil when all is done.
func (l *relay) pass() (broken bool, changed chan struct{}) {
	l.room.mu.Lock()
	defer l.room.mu.Unlock()
	if l.over || l.to.err != nil || l.to.closed {
		l.over = true
		return true, nil
	}
	if more := l.from.buf[l.done:]; len(more) > 0 {
		l.done += len(more)
		l.to.enqueue(more)
	}
	if l.from.eof {
		l.over = true
		l.to.close()
		return false, nil
	}
	return false, l.room.changed
}

func (l *relay) inFlight() bool {
	return !l.over && (len(l.from.buf) > l.done || l.from.eof || l.to.err != nil || l.to.closed)
}

func (l *relay) shut() {}
