// Package exercises holds what students get: lessons, exercises with their stubs, and the questions
// of the quiz.
package exercises

import "embed"

// Files is the tree.
//
//go:embed course.yaml */README.md */*/README.md */*/exercise.yaml */*/*/*.go quiz
var Files embed.FS
