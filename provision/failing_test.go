package provision

import (
	"testing"

	"github.com/rollcall-scim/rollcall/provision/target"
)

// What the network said has no full stop, and the cure begins a sentence.
func TestACureIsASentenceOfItsOwn(t *testing.T) {
	for _, c := range []struct{ text, cure, want string }{
		{"connection refused", "Check the url.", "connection refused. Check the url."},
		{"It said: no.", "Ask it.", "It said: no. Ask it."},
		{"It said: no", "", "It said: no"},
	} {
		if got := inFull(target.Failure{Text: c.text, Cure: c.cure}); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
