package room

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// What Probe says is what happens: walls can be raised around a program, or cannot.
func TestProbe(t *testing.T) {
	said := Probe(t.Context())
	if said != nil {
		t.Skip(said)
	}
	assert.NoError(t, tryWalls())
	assert.NoError(t, Probe(t.Context()), "a second time")
}
