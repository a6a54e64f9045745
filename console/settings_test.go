package console_test

import "testing"

// What a change of a setting will do is said before it is done.
func TestSettings(t *testing.T) {
	each(t, func(s *site) {
		b := s.signedIn(admin)
		b.get("/settings").ok().has("Acme Oy", "Attributes that name teams")
		asked := []string{"display", "Acme Ab", "has-groups", "1", "groups", "true", "has-retention-days", "1", "retention-days", "45"}
		b.post("/settings", asked...).ok().has("Acme Oy → Acme Ab", "Nobody is moved now", "Save").hasNot("forgotten")
		settings, err := s.acme.Settings(t.Context())
		if s.must(err); settings.Groups() {
			t.Error("changed before it was confirmed")
		}
		b.done(b.post("/settings", append(asked, "sure", "yes")...)).has("Saved.", "Acme Ab")
		settings, err = s.acme.Settings(t.Context())
		if s.must(err); !settings.Groups() {
			t.Error("not changed")
		}
		b.post("/settings", "has-retention-days", "1", "retention-days", "0").is(422).has("no number of days from 1 to 3650")
		b.post("/settings", "display", " ").is(422).has("needs a name")
	})
}

// The console is not for everybody.
func TestWhoSeesWhat(t *testing.T) {
	each(t, func(s *site) {
		_, err := s.acme.CreateUser(t.Context(), "berta@acme.test", nil)
		s.must(err)
		b := s.browser("acme.localhost")
		if p := b.get("/settings").is(303); p.to != "/sign-in?to=%2Fsettings" {
			t.Errorf("sent to %s", p.to)
		}
		if p := b.post("/settings").is(303); p.to != "/sign-in" {
			t.Errorf("sent to %s", p.to)
		}
		berta := s.signedIn("berta@acme.test")
		berta.get("/settings").is(403).has("another role")
		if p := berta.get("/").is(303); p.to != "/profile" {
			t.Errorf("sent to %s", p.to)
		}
		s.tenant("other", "Other", "olga@other.test")
		elsewhere := s.withSession("other.localhost", s.session(admin))
		elsewhere.get("/settings").is(303)
	})
}
