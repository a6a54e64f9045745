package console_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/directory"
)

const passphrase = "correct horse battery"

// path cuts the address off a link that a page shows.
func path(t *testing.T, p seen, of string) string {
	t.Helper()
	found := regexp.MustCompile(`https?://[^/\s<"]+(` + of + `\w+)`).FindStringSubmatch(p.html)
	if found == nil {
		t.Fatalf("%s shows no link %s: %s", p.what, of, p.text)
	}
	return found[1]
}

// From a link to a password to signing in with it, back on the page that was
// asked for.
func TestSignIn(t *testing.T) {
	each(t, func(s *site) {
		secret, err := s.acme.SignInLink(t.Context(), admin)
		s.must(err)
		b := s.browser("acme.localhost")
		if b.get("/sign-in").ok().has("Acme Oy", "Password").header.Get("Set-Cookie") != "" {
			t.Error("a cookie for somebody who is not signed in")
		}
		for range 2 { // a mail scanner follows the link
			b.get("/sign-in/link/"+secret).ok().has("Welcome, Ada Admin", admin)
		}
		p := b.post("/sign-in/link/" + secret).is(303)
		if p.to != "/profile/password" {
			t.Errorf("sent to %s", p.to)
		}
		if c := p.header.Get("Set-Cookie"); !strings.Contains(c, "HttpOnly") || !strings.Contains(c, "SameSite=Lax") || strings.Contains(c, "Secure") {
			t.Errorf("cookie %s", c)
		}
		b.get(p.to).ok().has("Set your password").hasNot("password now")
		b.post("/profile/password", "password", passphrase, "again", "something else").is(422).has("differ")
		b.post("/profile/password", "password", "ada admin 123", "again", "ada admin 123").is(422).has("everybody knows")
		b.done(b.post("/profile/password", "password", passphrase, "again", passphrase)).has("Your password is set")
		b.done(b.post("/sign-out")).has("signed out")
		b.get("/profile").is(303)
		b.post("/sign-in/link/" + secret).is(410).has("does not work any more")
		b.get("/sign-in/link/" + secret).is(410)

		b.post("/sign-in", "user-name", admin, "password", "wrong", "to", "/settings").is(401).has("Signing in did not work")
		if p := b.post("/sign-in", "user-name", admin, "password", passphrase, "to", "/settings").is(303); p.to != "/settings" {
			t.Errorf("sent to %s", p.to)
		}
		b.get("/settings").ok()
		if p := b.get("/sign-in").is(303); p.to != "/" {
			t.Errorf("somebody who is signed in is sent to %s", p.to)
		}
		for _, to := range []string{"//evil.test", "https://evil.test", `/\evil.test`, "", "/sign-in"} {
			if p := s.browser("acme.localhost").post("/sign-in", "user-name", admin, "password", passphrase, "to", to).is(303); p.to != "/" {
				t.Errorf("%q sends to %s", to, p.to)
			}
		}
		s.must(s.acme.Set(t.Context(), "password-sign-in", "false"))
		s.browser("acme.localhost").get("/sign-in").ok().has("Passwords are off")
		s.browser("acme.localhost").post("/sign-in", "user-name", admin, "password", passphrase).is(403)
	})
}

// The cookie of an https site is bound to its host, and another site's page can
// do nothing.
func TestSignInOverHTTPS(t *testing.T) {
	each(t, func(s *site) {
		s.behind("https://{tenant}.rollcall.example")
		b := s.browser("acme.localhost")
		secret, err := s.acme.SignInLink(t.Context(), admin)
		s.must(err)
		p := b.post("/sign-in/link/" + secret).is(303)
		if c := p.header.Get("Set-Cookie"); !strings.HasPrefix(c, "__Host-rollcall_session=") || !strings.Contains(c, "Secure") || !strings.Contains(c, "Path=/;") {
			t.Errorf("cookie %s", c)
		}
		session, _, _ := strings.Cut(strings.TrimPrefix(p.header.Get("Set-Cookie"), "__Host-rollcall_session="), ";")
		s.withSession("acme.localhost", session).get("/profile").is(303) // the plain cookie counts for nothing
	})
}

func TestAnotherSitesForm(t *testing.T) {
	each(t, func(s *site) {
		r, err := http.NewRequestWithContext(t.Context(), "POST", s.server.URL+"/sign-out", nil)
		s.must(err)
		r.Host = "acme.localhost"
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.AddCookie(&http.Cookie{Name: "rollcall_session", Value: s.session(admin)})
		resp, err := http.DefaultClient.Do(r)
		s.must(err)
		defer resp.Body.Close()
		if resp.StatusCode != 403 {
			t.Errorf("status %d", resp.StatusCode)
		}
	})
}

// Whoever was signed out while he filled in a form comes back to it.
func TestFormOfASessionThatIsOver(t *testing.T) {
	each(t, func(s *site) {
		for referer, want := range map[string]string{"http://acme.localhost/users/new": "/sign-in?to=%2Fusers%2Fnew", "http://evil.test/x": "/sign-in", "": "/sign-in"} {
			r, err := http.NewRequestWithContext(t.Context(), "POST", s.server.URL+"/users/new", nil)
			s.must(err)
			r.Host = "acme.localhost"
			r.Header.Set("Referer", referer)
			resp, err := http.DefaultTransport.RoundTrip(r)
			s.must(err)
			resp.Body.Close()
			if to := resp.Header.Get("Location"); to != want {
				t.Errorf("from %q sent to %s, want %s", referer, to, want)
			}
		}
	})
}

// A bare host asks for the company and sends on to its own host.
func TestSignInAtBareHost(t *testing.T) {
	each(t, func(s *site) {
		b := s.browser("localhost:8080")
		p := b.get("/settings").is(303)
		p = b.get(p.to).ok().has("Which company")
		if csp := p.header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self' http://*.localhost:8080;") {
			t.Errorf("policy %s", csp)
		}
		for _, name := range []string{"acme", " ACME ", "acme.localhost"} {
			if p := b.post("/sign-in", "company", name, "to", "/settings").is(303); p.to != "http://acme.localhost:8080/sign-in?to=%2Fsettings" {
				t.Errorf("sent to %s", p.to)
			}
		}
		b.post("/sign-in", "company", "acmee").is(422).has("No company has that name")
		s.browser("acmee.localhost").get("/sign-in").is(404).has("No such company")
		s.browser("acmee.localhost").get("/sign-in/link/rcl_x").is(404)
	})
}

func TestSlowedDown(t *testing.T) {
	each(t, func(s *site) {
		b := s.browser("acme.localhost")
		for range 10 {
			b.post("/sign-in", "user-name", admin, "password", "wrong").is(401)
		}
		if p := b.post("/sign-in", "user-name", admin, "password", "wrong").is(429).has("try again in"); p.header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	})
}

func TestProfile(t *testing.T) {
	each(t, func(s *site) {
		_, err := s.acme.CreateUser(t.Context(), "anna@acme.test", map[string]string{"name.givenName": "Anna", "department": "Sales"})
		s.must(err)
		anna, elsewhere, third := s.signedIn("anna@acme.test"), s.signedIn("anna@acme.test"), s.signedIn("anna@acme.test")
		p := anna.get("/profile").ok().has("Anna", "Sales", "Default", "unknown", "this one", "no password yet").hasNot("Access tokens")
		anna.get("/profile/tokens").is(403)
		id := regexp.MustCompile(`name="id" value="([^"]+)"`).FindStringSubmatch(p.html)[1]
		anna.done(anna.post("/profile/sessions", "id", id)).has("has ended")
		anna.post("/profile/sessions", "id", id).is(422).has("ended already")
		anna.done(anna.post("/profile/sessions", "others", "yes")).has("Signed out of 1 other session")
		elsewhere.get("/profile").is(303)
		third.get("/profile").is(303)
		anna.get("/profile").ok().hasNot("everywhere else")
		_, err = s.acme.RemoveUser(t.Context(), "anna@acme.test")
		s.must(err)
		anna.get("/profile").is(303)
	})
}

func TestAccessTokens(t *testing.T) {
	each(t, func(s *site) {
		b := s.signedIn(admin)
		b.get("/profile/tokens").ok().has("No tokens yet")
		b.post("/profile/tokens", "name", " ", "expires", "365").is(422).has("1 to 500 characters")
		b.post("/profile/tokens", "name", "Entra", "expires", "forever").is(422).has("how long")
		p := b.post("/profile/tokens", "name", "Entra <b>", "expires", "90").ok().has("shown this once", "http://acme.localhost/api/scim/v2", "Entra <b>")
		token := regexp.MustCompile(`rc_\w{49}`).FindString(p.html)
		_, err := s.dir.OpenToken(t.Context(), token, "acme", directory.Via{})
		s.must(err)
		if strings.Contains(b.get("/profile/tokens").ok().has(token[:7]).html, token) {
			t.Error("the token is shown again")
		}
		id := regexp.MustCompile(`name="id" value="([^"]+)"`).FindStringSubmatch(p.html)[1]
		p = b.post("/profile/tokens/rotate", "id", id).ok().has("The new token for Entra", "7 days")
		next := regexp.MustCompile(`rc_\w{49}`).FindString(p.html)
		for _, one := range []string{token, next} {
			_, err := s.dir.OpenToken(t.Context(), one, "acme", directory.Via{})
			s.must(err)
		}
		b.post("/profile/tokens/revoke", "id", id).ok().has("Are you sure")
		b.done(b.post("/profile/tokens/revoke", "id", id, "sure", "yes")).has("is revoked")
		if _, err := s.dir.OpenToken(t.Context(), token, "acme", directory.Via{}); err == nil {
			t.Error("a revoked token opens")
		}
		// Another admin's tokens are not shown, and not ended, here.
		_, err = s.acme.CreateUser(t.Context(), "bo@acme.test", nil)
		s.must(err)
		_, err = s.acme.SetRole(t.Context(), "bo@acme.test", "company-admin")
		s.must(err)
		bo := s.signedIn("bo@acme.test")
		bo.get("/profile/tokens").ok().has("No tokens yet")
		bo.post("/profile/tokens/rotate", "id", id).is(422)
		s.must(s.acme.Set(t.Context(), "access-tokens", "false"))
		b.get("/profile").ok().hasNot("Access tokens")
		b.get("/profile/tokens").is(422).has("are off")
	})
}

// Admins make links for one or many (behaviour.md 9.4).
func TestLinksForMany(t *testing.T) {
	each(t, func(s *site) {
		var fields []string
		for _, name := range []string{"anna@acme.test", "bo@acme.test"} {
			u, err := s.acme.CreateUser(t.Context(), name, nil)
			s.must(err)
			fields = append(fields, "id", u.ID)
		}
		b := s.signedIn(admin)
		b.post("/users/sign-in-links").is(422).has("Nobody is chosen")
		p := b.post("/users/sign-in-links", append(fields, "id", "gone")...).ok().has("anna@acme.test", "bo@acme.test", "no link", "Nobody here", "All 2")
		link := path(t, p, "/sign-in/link/")
		s.browser("acme.localhost").post(link).is(303)
		s.signedIn("anna@acme.test").post("/users/sign-in-links", fields...).is(403)
	})
}

// An IT admin who is no user sets provisioning up, and sees nothing else.
func TestInvitations(t *testing.T) {
	each(t, func(s *site) {
		b := s.signedIn(admin)
		b.get("/set-up/invitations").ok().has("Nobody is invited")
		b.post("/set-up/invitations", "name", "").is(422)
		p := b.post("/set-up/invitations", "name", "Ida from IT").ok().has("The link for Ida from IT", "not opened yet", "Ada Admin")
		link := path(t, p, "/sign-in/link/")
		ida := s.browser("acme.localhost")
		ida.get(link).ok().has("Welcome, Ida from IT", "set up provisioning")
		if p := ida.post(link).is(303); p.to != "/set-up" {
			t.Errorf("sent to %s", p.to)
		}
		for _, closed := range []string{"/settings", "/profile", "/profile/tokens", "/set-up/invitations"} {
			ida.get(closed).is(403)
		}
		p = b.get("/set-up/invitations").ok().has("in use")
		id := regexp.MustCompile(`name="id" value="([^"]+)"`).FindStringSubmatch(p.html)[1]
		b.done(b.post("/set-up/invitations/revoke", "id", id)).has("revoked")
		ida.get("/settings").is(303)
	})
}

// Operators come in by a command's link, at the bare host alone.
func TestOperatorPages(t *testing.T) {
	each(t, func(s *site) {
		link, err := s.dir.OperatorLink(t.Context())
		s.must(err)
		s.signedIn(admin).get("/operator").is(404)
		s.withSession("localhost", s.session(admin)).get("/operator").is(401)
		s.browser("acme.localhost").post("/operator/sign-in/" + link).is(404)
		b := s.browser("localhost")
		b.get("/operator").is(401).has("rollcall operator sign-in-link")
		b.get("/operator/sign-in/" + link).ok().has("Sign in")
		b.done(b.post("/operator/sign-in/"+link)).has("Acme Oy", "answers", "Running since")
		b.post("/operator/sign-in/" + link).is(410)
		b.get("/operator/new").ok()
		b.post("/operator/new", "name", "acme", "admin-email", "x@y.test").is(422).has("already").hasNot("rollcall tenant")
		p := b.post("/operator/new", "name", "globex", "display", "Globex", "admin-email", "gina@globex.test").ok().has("Globex is there", "gina@globex.test")
		gina := s.browser("globex.localhost")
		gina.post(path(t, p, "/sign-in/link/")).is(303)
		gina.get("/settings").ok().has("Globex")
		b.get("/operator?after=acme").ok().has("Globex").hasNot("Acme Oy")
		if p := b.post("/operator/sign-out").is(303); p.to != "/operator" {
			t.Errorf("sent to %s", p.to)
		}
		b.get("/operator").is(401)
	})
}
