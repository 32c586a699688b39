// Package solutions holds the reference: a program that keeps every promise, for each stub.
package solutions

import "embed"

// Files is the tree.
//
//go:embed */*/*/*.go
var Files embed.FS
