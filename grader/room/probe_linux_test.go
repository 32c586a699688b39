package room

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// What Probe says is what happens: walls can be raised around a program, or cannot.
func TestProbe(t *testing.T) {
	said := Probe(t.Context())
	happens := tryWalls()
	assert.Equal(t, happens == nil, said == nil, "said %v, but %v", said, happens)
	assert.Equal(t, said, Probe(t.Context()), "a second time")
}
