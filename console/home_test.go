package console_test

import (
	"testing"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
)

// Home tells where provisioning stands: before it begins, while it works, and
// who waits.
func TestHome(t *testing.T) {
	each(t, func(s *site) {
		b := s.signedIn(admin)
		b.get("/").ok().has("Connect your identity provider", "Nothing waits for you", "Nothing came in over SCIM")

		s.must(s.acme.Set(t.Context(), "groups", "true"))
		token, err := s.acme.CreateConnectionToken(t.Context(), directory.DefaultConnection, "Entra ID", s.dir.Now().AddDate(1, 0, 0))
		s.must(err)
		idp, err := s.dir.OpenToken(t.Context(), token, "acme", directory.Via{Client: "Entra ID", Operation: "POST"})
		s.must(err)
		body, err := scim.UserType.Parse([]byte(`{"userName":"anna@acme.test"}`))
		s.must(err)
		_, err = idp.Create(t.Context(), "User", body)
		s.must(err)
		b.get("/").ok().has("2 people", "1 matched", "1 unmatched", "1 created", "Entra ID", "just now").hasNot("Connect your identity provider")
	})
}
