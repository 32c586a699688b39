package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"ipclab/exercises"
	"ipclab/grader"
	"ipclab/grader/spell"
	"ipclab/solutions"
	"ipclab/testscripts"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// app is what all subcommands share.
type app struct {
	ctx    context.Context
	stdin  io.Reader
	stdout *checkedWriter
	stderr io.Writer

	courseDir  string // --course
	submission string // -C
}

const longHelp = `A hands-on course on interprocess communication. You fill in small programs that
talk over a file, a signal, a socket or a pipe; ipclab runs them together and says
what passes, and if not: which program, and why.

Without a subcommand it says where you stand and what to do next.`

const examples = `  ipclab init work && cd work     a fresh workspace
  ipclab read pipe                the lesson of a chapter
  ipclab read pipe/filter         what to do in an exercise
  ipclab hint pipe/filter         a hint, if you are stuck
  ipclab grade pipe/filter        grade it
  ipclab quiz                     the questions`

func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:           "ipclab",
		Short:         "a hands-on course on interprocess communication, and its grader",
		Long:          longHelp,
		Example:       examples,
		Version:       version(),
		Args:          a.unknownCommand,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(*cobra.Command, []string) error { return a.standing() },
	}
	root.PersistentFlags().StringVarP(&a.submission, "submission", "C", "", "the submission's folder `DIR` (default: this folder or one above it)")
	root.PersistentFlags().StringVar(&a.courseDir, "course", "", "take the course in `DIR` instead of the built-in one")
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetVersionTemplate("ipclab {{.Version}}\n")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fmt.Errorf("%w (%s --help shows how)", err, c.CommandPath())
	})
	root.AddCommand(a.initCommand(), a.listCommand(), a.readCommand(), a.gradeCommand(), a.resetCommand(),
		a.traceCommand(), a.hintCommand(), a.shownCommand(), a.quizCommand(), a.checkCommand(), a.verbsCommand(), a.doctorCommand())
	return root
}

// unknownCommand refuses what is no subcommand, and names the nearest.
func (a *app) unknownCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	if near := spell.Nearest(args[0], names); near != "" {
		return fmt.Errorf("unknown command %q: did you mean ipclab %s?", args[0], near)
	}
	return fmt.Errorf("unknown command %q: ipclab --help shows them all", args[0])
}

// exactly wants as many arguments as there are words, which say what they are.
func exactly(words ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != len(words) {
			return fmt.Errorf("usage: %s %s", cmd.CommandPath(), strings.Join(words, " "))
		}
		return nil
	}
}

// version tells which grader this is: the module's version where it was installed as one, or the
// commit that it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 && (info.Main.Version == "" || info.Main.Version == "(devel)") {
			return s.Value[:12]
		}
	}
	if info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}

// course loads the course: the built-in one, or that of --course.
func (a *app) course() (*grader.Course, error) {
	if a.courseDir == "" {
		return grader.Load(grader.Files{Exercises: exercises.Files, Solutions: solutions.Files, Testscripts: testscripts.Files})
	}
	for _, tree := range []string{"exercises", "solutions", "testscripts"} {
		if info, err := os.Stat(filepath.Join(a.courseDir, tree)); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("--course %s: it has no folder %s", a.courseDir, tree)
		}
	}
	tree := func(name string) fs.FS { return os.DirFS(filepath.Join(a.courseDir, name)) }
	return grader.Load(grader.Files{Exercises: tree("exercises"), Solutions: tree("solutions"), Testscripts: tree("testscripts")})
}

// open loads the course and opens the submission.
func (a *app) open() (*grader.Course, *grader.Submission, error) {
	c, err := a.course()
	if err != nil {
		return nil, nil, err
	}
	dir := a.submission
	if dir == "" {
		dir = "."
	}
	sub, err := c.OpenSubmission(dir, a.submission == "")
	return c, sub, err
}

// isTerminal tells whether a writer is a terminal, and its width in columns.
func isTerminal(w io.Writer) (bool, int) {
	if c, ok := w.(*checkedWriter); ok {
		w = c.w
	}
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return false, 80
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width < 20 {
		width = 80
	}
	return true, width
}

// colour tells whether to colour what goes to a writer (https://no-color.org).
func colour(w io.Writer) bool {
	tty, _ := isTerminal(w)
	return tty && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

func notExist(err error) bool { return errors.Is(err, fs.ErrNotExist) }
