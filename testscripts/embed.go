// Package testscripts holds what only the judge sees: the scripts that check exercises, wrong and
// right programs to check the scripts with, what a student is shown in its time (hints, and a page after a
// pass), the table of bugs, the pristine stubs, and the key of the quiz.
package testscripts

import "embed"

// Files is the tree.
//
//go:embed stubs.txtar bugs.yaml */*
var Files embed.FS
