package main

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// family stays for ever, with an orphan that does so too and with the orphan's child, once it has said
// that they are there. Its own child, who leaves the orphan behind, has ended by then.
func family(args []string) {
	if len(args) == 0 {
		r, w, err := os.Pipe()
		must(err)
		p := relative(w, "leaver")
		w.Close()
		_, err = p.Wait()
		must(err)
		_, err = r.Read(make([]byte, 1))
		must(err)
		fmt.Println("all here")
		rest()
	}
	w := os.NewFile(3, "pipe")
	switch args[0] {
	case "leaver":
		relative(w, "orphan")
	case "orphan":
		relative(w, "child")
		_, err := w.Write([]byte{1})
		must(err)
		rest()
	case "child":
		rest()
	}
}

func relative(w *os.File, who string) *os.Process {
	p, err := os.StartProcess(program, []string{program, "family", who}, &os.ProcAttr{Files: []*os.File{nil, nil, nil, w}})
	must(err)
	return p
}

func rest() {
	for {
		unix.Poll(nil, -1)
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
