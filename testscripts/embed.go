// Package testscripts holds what only the judge sees: the scripts that check exercises, wrong and
// right programs to check the scripts with, the pristine stubs, and the key of the quiz.
package testscripts

import "embed"

// Files is the tree.
//
//go:embed stubs.txtar */*/*.txtar */*/*.yaml quiz
var Files embed.FS
