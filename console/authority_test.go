package console_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/directory"
)

// Every page opens for those whom routes.go lets in, and for nobody else: what
// a page asks of the directory is open to all of them too.
func TestEveryPageByRole(t *testing.T) {
	source, err := os.ReadFile("routes.go")
	if err != nil {
		t.Fatal(err)
	}
	routes := regexp.MustCompile(`c\.on\(mux, (\w+), "GET (\S+)"`).FindAllStringSubmatch(string(source), -1)
	if len(routes) < 10 {
		t.Fatalf("only %d pages were found in routes.go", len(routes))
	}
	// Whom each word lets in, least authority first.
	admits := map[string]string{"anyUser": "user group company", "groupAdmin": "group company", "companyAdmin": "company", "invited": "invitation company"}
	each(t, func(s *site) {
		kinds := s.oneOfEach()
		real := s.addresses()
		for _, route := range routes {
			least, path := route[1], route[2]
			if strings.HasSuffix(path, "/live") {
				continue // has no end
			}
			for prefix, id := range real {
				if strings.HasPrefix(path, prefix+"{") {
					path = strings.Replace(path, "{id}", id, 1)
				}
			}
			path = strings.TrimSuffix(regexp.MustCompile(`\{\w+\}`).ReplaceAllString(path, "x"), "{$}")
			for kind, b := range kinds {
				p := b.get(path)
				may := strings.Contains(admits[least], kind)
				switch {
				case p.status >= 500:
					t.Errorf("%s at %s: status %d", kind, path, p.status)
				case may && p.status == 403:
					t.Errorf("%s may open %s, and is refused: %s", kind, path, p.text)
				case !may && p.status != 403 && p.to == "":
					t.Errorf("%s opened %s: status %d", kind, path, p.status)
				}
			}
		}
	})
}

// oneOfEach signs in somebody of each kind.
func (s *site) oneOfEach() map[string]*browser {
	s.t.Helper()
	ctx := s.t.Context()
	s.must(s.acme.Set(ctx, "groups", "true"))
	for name, role := range map[string]string{"group@acme.test": "group-admin", "user@acme.test": "user"} {
		_, err := s.acme.CreateUser(ctx, name, map[string]string{"department": "Sales"})
		s.must(err)
		_, err = s.acme.SetRole(ctx, name, role)
		s.must(err)
	}
	_, link, err := s.acme.Invite(ctx, "Ida from IT")
	s.must(err)
	invited, err := s.dir.RedeemLink(ctx, link, "acme", directory.Via{})
	s.must(err)
	return map[string]*browser{"company": s.signedIn(admin), "group": s.signedIn("group@acme.test"),
		"user": s.signedIn("user@acme.test"), "invitation": s.withSession("acme.localhost", invited)}
}

// addresses are ids of things that are there, by where their pages are.
func (s *site) addresses() map[string]string {
	s.t.Helper()
	ctx := s.t.Context()
	u, err := s.acme.User(ctx, "user@acme.test")
	s.must(err)
	teams, err := s.acme.Teams(ctx, "")
	s.must(err)
	return map[string]string{"/users/": u.ID, "/groups/": u.GroupID, "/teams/": teams[0].ID}
}

// Whoever is outside of a group is not there for its admin.
func TestPagesOfAnotherGroup(t *testing.T) {
	each(t, func(s *site) {
		ctx := t.Context()
		kinds := s.oneOfEach()
		_, err := s.acme.CreateGroup(ctx, "Sweden")
		s.must(err)
		sven, err := s.acme.CreateUser(ctx, "sven@acme.test", map[string]string{"country": "Sweden", "department": "Fika"})
		s.must(err)
		boss, err := s.acme.User(ctx, admin)
		s.must(err)
		group := kinds["group"]
		group.get("/users?q=sven").ok().hasNot("sven@acme.test")
		group.get("/users").ok().has("user@acme.test").hasNot("sven@acme.test")
		group.get("/groups").ok().hasNot("Sweden")
		group.get("/teams").ok().has("Sales").hasNot("Fika")
		for _, path := range []string{"/users/" + sven.ID, "/users/" + sven.ID + "/edit", "/groups/" + sven.GroupID, "/teams/" + sven.Memberships[0].Team} {
			if p := group.get(path); p.status != 404 && p.status != 422 && p.status != 403 {
				t.Errorf("%s: status %d: %s", path, p.status, p.text)
			}
		}
		for _, id := range []string{sven.ID, boss.ID} {
			if p := group.post("/users/sign-in-links", "id", id).ok(); strings.Contains(p.html, "rcl_") {
				t.Errorf("a group admin got a link for %s", id)
			}
			group.post("/users/" + id + "/sign-out").hasNot("is signed out")
			group.post("/users/act", "id", id, "do", "remove", "sure", "yes")
			group.post("/users/"+id, "do", "remove", "sure", "yes")
			if u, err := s.acme.User(ctx, id); err != nil || u.State != "active" {
				t.Errorf("a group admin removed %s: %+v, %v", id, u, err)
			}
		}
		kinds["user"].get("/users").is(403)
	})
}
