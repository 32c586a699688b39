package room

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHold(t *testing.T) {
	// held starts a process that sends back what it is sent, and holds its output.
	held := func(t *testing.T) (*Room, *Process) {
		r := open(t)
		p := start1(t, r, Command{Name: "p"}, "echo")
		require.NoError(t, p.In.Send([]byte("one\n")))
		require.Equal(t, Met, r.Wait(t.Context(), func() bool { return bytes.Equal(p.Out.Bytes(), []byte("one\n")) }))
		require.Equal(t, Quiescent, r.Wait(t.Context(), never))
		require.NoError(t, p.Out.Hold())
		require.NoError(t, p.In.Send([]byte("two\n")))
		require.Equal(t, Quiescent, r.Wait(t.Context(), func() bool { return len(p.Out.Bytes()) > 4 || p.ExitedLocked() != nil }))
		return r, p
	}
	t.Run("release", func(t *testing.T) {
		r, p := held(t)
		require.NoError(t, p.Out.Hold(), "a second time changes nothing")
		p.Out.Release()
		require.Equal(t, Met, r.Wait(t.Context(), func() bool { return bytes.Equal(p.Out.Bytes(), []byte("one\ntwo\n")) }))
		p.In.Close()
		exits(t, r, p, "0")
		assert.Equal(t, "one\ntwo\n", p.Out.Text(0), "and nothing of the judge's own")
		require.NoError(t, p.Out.Hold(), "there is nothing to be held")
	})
	t.Run("close", func(t *testing.T) {
		r, p := held(t)
		require.NoError(t, r.Close())
		assert.Equal(t, "SIGKILL", p.Exited().Word())
	})
	t.Run("abandon", func(t *testing.T) {
		r, p := held(t)
		p.Out.Abandon()
		exits(t, r, p, "SIGPIPE")
		assert.Equal(t, "one\n", p.Out.Text(0))
	})
}
