package room

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// What Probe says is what happens: a tier works, or does not.
func TestProbe(t *testing.T) {
	for tier, try := range map[Tier]func() error{Rooms: tryWalls, Landlock: tryFence} {
		said, happens := Probe(t.Context(), tier), try()
		assert.Equal(t, happens == nil, said == nil, "%s: said %v, but %v", tier, said, happens)
		assert.Equal(t, said, Probe(t.Context(), tier), "a second time")
	}
	assert.NoError(t, Probe(t.Context(), None))
}

func TestBest(t *testing.T) {
	best, why := Best(t.Context())
	for _, tier := range []Tier{Rooms, Landlock} {
		if tier == best {
			break
		}
		assert.Error(t, why[tier], "better than %s", best)
	}
	assert.NoError(t, why[best])
}
