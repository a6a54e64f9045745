package console_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
)

// person makes one in acme and returns the id.
func (s *site) person(userName, name string, attributes ...string) string {
	s.t.Helper()
	given, family, _ := strings.Cut(name, " ")
	all := map[string]string{"name.givenName": given, "name.familyName": family}
	for i := 0; i < len(attributes); i += 2 {
		all[attributes[i]] = attributes[i+1]
	}
	u, err := s.acme.CreateUser(s.t.Context(), userName, all)
	s.must(err)
	return u.ID
}

// groups turns the feature on and makes them.
func (s *site) groups(names ...string) map[string]string {
	s.t.Helper()
	s.must(s.acme.Set(s.t.Context(), "groups", "true"))
	ids := map[string]string{}
	for _, name := range names {
		id, err := s.acme.CreateGroup(s.t.Context(), name)
		s.must(err)
		ids[name] = id
	}
	return ids
}

func (s *site) user(ref string) directory.User {
	s.t.Helper()
	u, err := s.acme.User(s.t.Context(), ref)
	s.must(err)
	return u
}

func TestUsersPage(t *testing.T) {
	each(t, func(s *site) {
		ids := s.groups("Finland", "Sweden")
		s.person("anna@acme.test", "Anna Aalto", "country", "Finland", "department", "Sales")
		s.person("bo@acme.test", "Bo Berg", "country", "Sweden")
		b := s.signedIn(admin)
		b.get("/users").ok().has("Anna Aalto", "Bo Berg", "3 people", "Sales", "unmatched", "company admin", "Profile again", "Removed")
		b.get("/users?q=aal").ok().has("Anna Aalto", "1 person").hasNot("Bo Berg")
		b.get("/users?q=sale").ok().has("Anna Aalto").hasNot("Bo Berg")
		b.get("/users?group=" + ids["Sweden"]).ok().has("Bo Berg").hasNot("Anna Aalto")
		b.get("/users?role=company+admin").ok().has("1 person").hasNot("Bo Berg")
		b.get("/users?q=nobody").ok().has("Nobody is found", "clear the filters")
		b.get("/users?state=asleep").is(422).has("Choose among: active, inactive, removed")
		b.get("/users?group=narnia").is(422)
		for _, odd := range []string{"after=%FF%FF", "q=%00&after=eyJtIjp7ImsiOiJcdTAwMDAifX0", "before=eyJtIjp7ImsiOiJcdTAwMDAifSwibyI6dHJ1ZX0", "origin=%00", "q=%FF"} {
			b.get("/users?" + odd).ok().hasNot("our fault")
		}
		b.get("/users/%00").is(404)
		b.get("/tasks/%00").is(404)
		b.get("/groups/%00").is(404)
		b.get("/teams/%00").is(404)
		b.get("/idp-groups/%00").is(404)
		b.post("/users/act", "do", "remove", "id", "\x00").ok().has("Are you sure")
		b.post("/users/act", "do", "remove", "id", "\x00", "sure", "yes").is(422).has("Nobody is chosen")
	})
}

func TestBulkByHand(t *testing.T) {
	each(t, func(s *site) {
		ids := s.groups("Finland", "Sweden")
		anna, bo := s.person("anna@acme.test", "Anna Aalto", "country", "Finland"), s.person("bo@acme.test", "Bo Berg", "country", "Finland")
		team, err := s.acme.CreateTeam(t.Context(), "Finland", "Sauna")
		s.must(err)
		b := s.signedIn(admin)
		b.post("/users/act", "do", "move").is(422).has("Nobody is chosen")
		b.post("/users/act", "id", anna).is(422).has("Choose what to do")
		b.post("/users/act", "id", anna, "id", bo, "do", "join").ok().has("Add to a team", "Sauna", "2 people are chosen")
		b.done(b.post("/users/act", "id", anna, "id", bo, "do", "join", "to", team, "back", "/users?q=a")).has("Added to the team Sauna: 2 people", "Anna")

		b.post("/users/act", "id", anna, "do", "move").ok().has("Move to another group", "Sweden")
		b.post("/users/act", "id", anna, "do", "move", "to", ids["Sweden"]).ok().has("Are you sure?", "Move 1 person to Sweden", "leave all their teams")
		if s.user(anna).Group != "Finland" {
			t.Error("moved before it was confirmed")
		}
		b.done(b.post("/users/act", "id", anna, "do", "move", "to", ids["Sweden"], "sure", "yes")).has("Moved to Sweden: 1 person")
		if u := s.user(anna); u.Group != "Sweden" || len(u.Teams) != 0 {
			t.Errorf("%+v", u)
		}
		// Who is of another group is a problem of his own.
		b.post("/users/act", "id", anna, "id", bo, "do", "join", "to", team).ok().has("1 person done", "Anna Aalto", "only be in teams of their own group")

		// All that are found, not only the page.
		b.post("/users/act", "all", "1", "query", "q=berg", "do", "remove").ok().has("Remove 1 person")
		b.done(b.post("/users/act", "all", "1", "query", "q=berg", "do", "remove", "sure", "yes")).has("Removed: 1 person").hasNot("Bo Berg")
		b.get("/users/removed").ok().has("Bo Berg", "45 days", "in 44 days")
		b.done(b.post("/users/act", "id", bo, "do", "restore", "back", "/users/removed")).has("Restored: 1 person")
		if s.user(bo).State != "active" {
			t.Error("not restored")
		}
	})
}

// Many people are a task, which asks for their number, shows how far it is and
// can be found again.
func TestManyPeopleAreATask(t *testing.T) {
	each(t, func(s *site) {
		for i := range 30 {
			s.person(fmt.Sprintf("temp%d@acme.test", i), fmt.Sprintf("Temp %d", i))
		}
		b := s.signedIn(admin)
		b.post("/users/act", "all", "1", "query", "q=temp", "do", "remove").ok().has("This touches 30 people")
		b.post("/users/act", "all", "1", "query", "q=temp", "do", "remove", "number", "3").ok().has("That is not the number")
		p := b.post("/users/act", "all", "1", "query", "q=temp", "do", "remove", "number", "30").is(303)
		if !strings.HasPrefix(p.to, "/tasks/") {
			t.Fatalf("sent to %s", p.to)
		}
		b.get(p.to).ok().has("Remove 30 people")
		for strings.Contains(b.get(p.to).ok().text, "Stop") {
			continue // it works behind the answer
		}
		b.get(p.to).ok().has("30 of 30", "done").hasNot("problem")
		b.get("/tasks").ok().has("Remove 30 people", "30 of 30")
		b.get("/users").ok().has("1 person")
		b.get("/tasks/nothing").is(404)
	})
}

func TestPersonPage(t *testing.T) {
	each(t, func(s *site) {
		ids := s.groups("Finland", "Sweden")
		b := s.signedIn(admin)
		b.get("/users/new").ok().has("Add a person", "User name")
		b.post("/users/new", "userName", admin).is(409).has("userName is taken")
		b.post("/users/new", "userName", "x@acme.test", "country", "Narnia").is(400).has("Group does not exist", "More about 400.76")
		p := b.post("/users/new", "userName", "anna@acme.test", "name.givenName", "Anna", "name.familyName", "Aalto", "country", "Finland", "department", "Sales")
		b.done(p).has("Anna Aalto is here", "Finland", "Sales", "department", "Created")
		at := p.to
		id := strings.TrimPrefix(at, "/users/")

		b.get(at + "/edit").ok().has("Edit Anna Aalto")
		form := []string{"userName", "anna@acme.test", "name.givenName", "Anna", "name.familyName", "Aalto", "country", "Finland", "department", "Support", "title", "Chief", directory.EmployeeNumber, "77"}
		b.done(b.post(at+"/edit", form...)).has("Saved.", "Support", "Title: Chief", "77", "Ada Admin")
		b.done(b.post(at+"/edit", form...)).has("Nothing was changed")
		b.post(at+"/edit", "userName", "").is(400).has("userName")

		b.post(at, "do", "move", "to", ids["Sweden"]).ok().has("Move Anna Aalto to Sweden")
		b.done(b.post(at, "do", "move", "to", ids["Sweden"], "sure", "yes")).has("Moved to Sweden")
		team, err := s.acme.CreateTeam(t.Context(), "Sweden", "Fika")
		s.must(err)
		b.done(b.post(at, "do", "join", "to", team)).has("Fika", "by hand")
		b.done(b.post(at, "do", "leave", "to", team)).has("Left the team Fika (by hand)")
		b.post(at, "do", "role", "to", "company admin").ok().has("see and change everything")
		b.done(b.post(at, "do", "role", "to", "company admin", "sure", "yes")).has("Anna Aalto is company admin now")
		b.post(at, "do", "dance").is(422)

		b.post(at, "do", "remove").ok().has("Remove Anna Aalto")
		b.done(b.post(at, "do", "remove", "sure", "yes")).has("Anna Aalto is removed")
		b.get(at).ok().has("Removed", "Restore", "deleted for good").hasNot("Sign-in link")
		b.done(b.post(at, "do", "restore")).has("Anna Aalto is back", "Sweden")
		b.get("/users/" + id[:len(id)-1] + "x").is(404)
	})
}

// What an identity provider has given shows where it came from, and that its
// next change wins.
func TestPersonOfAnIdP(t *testing.T) {
	each(t, func(s *site) {
		id := s.provisioned("anna@acme.test", "a", "Anna", "Aalto")
		b := s.signedIn(admin)
		b.get("/users/"+id).ok().has("The connection default provisions this person", "its next change wins", "owns the attributes", "External id")
		b.get("/users/" + id + "/edit").ok().has("its next change wins")
		_, err := s.acme.SetUser(t.Context(), id, map[string]string{"name.familyName": "Zorro"})
		s.must(err)
		b.get("/users/" + id).ok().has("changed by hand since")
		b.get("/users?matched=yes").ok().has("Anna Zorro", "1 person", "matched")
	})
}

func TestUnmatchedPage(t *testing.T) {
	each(t, func(s *site) {
		bo := s.person("bo@acme.test", "Bo Berg", "department", "Sales")
		b := s.signedIn(admin)
		b.get("/users/unmatched").ok().has("No identity provider has matched anybody yet", "Bo Berg")
		s.provisioned("anna@acme.test", "a", "Anna", "Aalto")
		b.get("/users/unmatched").ok().has("2 people", "Bo Berg", "the other 110").hasNot("Anna Aalto")

		p := b.post("/users/unmatched/export", "id", bo, "do", "entra").ok()
		if p.html != "Member object ID or user principal name [memberObjectIdOrUpn] Required\r\nbo@acme.test\r\n" {
			t.Errorf("for Entra: %q", p.html)
		}
		p = b.post("/users/unmatched/export", "all", "1", "query", "matched=no&left=no&q=berg", "do", "okta").ok()
		if lines := strings.Split(p.html, "\r\n"); len(lines) != 3 || !strings.HasPrefix(lines[0], "login,firstName,lastName,email,") || !strings.HasPrefix(lines[1], "bo@acme.test,Bo,Berg,bo@acme.test,") {
			t.Errorf("for Okta: %q", p.html)
		}
		b.post("/users/unmatched/export", "do", "okta").is(422).has("Nobody is chosen")

		b.done(b.post("/users/act", "id", bo, "do", "leave-alone", "back", "/users/unmatched")).has("Left as they are: 1 person").hasNot("Bo Berg")
		b.get("/users/unmatched?left=yes").ok().has("Bo Berg", "Decide again")
		b.done(b.post("/users/unmatched/watch", "id", bo)).has("Back among the unmatched")
		b.get("/users/unmatched").ok().has("Bo Berg")
	})
}

// Of a mass removal nobody is forgotten before an admin has looked.
func TestRemovedPageOfAMassRemoval(t *testing.T) {
	each(t, func(s *site) {
		ctx := t.Context()
		var ids []string
		for i := range 5 {
			ids = append(ids, s.provisioned(fmt.Sprintf("p%d@acme.test", i), fmt.Sprint(i), "Per", fmt.Sprint(i)))
		}
		token, err := s.acme.CreateConnectionToken(ctx, directory.DefaultConnection, "SCIM", time.Time{})
		s.must(err)
		idp, err := s.dir.OpenToken(ctx, token, "acme", directory.Via{Client: "Entra ID", Operation: "DELETE"})
		s.must(err)
		for _, id := range ids {
			s.must(idp.Delete(ctx, "User", id, ""))
		}
		s.signedIn(admin).get("/users/removed").ok().has("5 people", "not before you confirm")
	})
}

// What a spreadsheet would run is text in a file of people.
func TestExport(t *testing.T) {
	each(t, func(s *site) {
		s.person("anna@acme.test", "=1+1 Aalto", "title", "@SUM(A1)", "department", "Sales, north")
		s.person("bo@acme.test", "Bo Berg")
		b := s.signedIn(admin)
		p := b.get("/users/export").ok()
		if got := p.header.Get("Content-Disposition"); got != `attachment; filename="acme-people.csv"` {
			t.Errorf("disposition %q", got)
		}
		for _, want := range []string{"userName,first name,", "anna@acme.test,'=1+1,Aalto,'=1+1 Aalto,anna@acme.test,'@SUM(A1),", `,"Sales, north",Default,"Sales, north",false,active,user,`, "bo@acme.test,Bo,Berg,"} {
			if !strings.Contains(p.html, want) {
				t.Errorf("the file lacks %q:\n%s", want, p.html)
			}
		}
		p = b.get("/users/export?query=" + url.QueryEscape("q=berg")).ok()
		if strings.Count(p.html, "\r\n") != 2 {
			t.Errorf("of a search: %s", p.html)
		}
	})
}

func TestProfileAgainPage(t *testing.T) {
	each(t, func(s *site) {
		s.must(s.acme.Set(t.Context(), "team-attributes", "none"))
		s.person("anna@acme.test", "Anna Aalto", "department", "Sales")
		s.must(s.acme.Set(t.Context(), "team-attributes", "department"))
		b := s.signedIn(admin)
		b.get("/users/profile-again").ok().has("Show who would move", "all 2 people")
		p := b.post("/users/profile-again").is(303)
		for strings.Contains(b.get(p.to).ok().text, "Stop") {
			continue
		}
		b.get(p.to).ok().has("1 person would move", "Anna Aalto", "Sales")
		b.post(p.to, "do", "profile").ok().has("Are you sure?", "can be undone as one")
		did := b.post(p.to, "do", "profile", "sure", "yes").is(303)
		for strings.Contains(b.get(did.to).ok().text, "Stop") {
			continue
		}
		if u := s.user("anna@acme.test"); len(u.Teams) != 1 {
			t.Errorf("in %v", u.Teams)
		}
		undo := b.post(did.to, "do", "undo", "sure", "yes").is(303)
		for strings.Contains(b.get(undo.to).ok().text, "Stop") {
			continue
		}
		if u := s.user("anna@acme.test"); len(u.Teams) != 0 {
			t.Errorf("in %v", u.Teams)
		}
	})
}

func TestGroupPages(t *testing.T) {
	each(t, func(s *site) {
		b := s.signedIn(admin)
		b.get("/groups").ok().has("Groups are off", "Default")
		s.groups()
		p := b.post("/groups", "name", "Finland")
		b.done(p).has("The group is here", "Finland", "Nobody is in it yet")
		at := p.to
		b.post("/groups", "name", "Finland").is(422).has("belongs to the group")
		b.done(b.post(at, "do", "add-name", "name", "FI")).has("FI", "has not matched yet")
		s.person("anna@acme.test", "Anna Aalto", "country", "FI")
		b.get(at).ok().has("last matched", "Anna Aalto", "1 person")
		b.done(b.post(at, "do", "rename", "name", "Suomi")).has("Suomi", "The old name keeps matching", "Finland")
		b.post(at, "do", "rename", "name", "Default").is(422).has("belongs to the group")
		b.done(b.post(at, "do", "remove-name", "name", "FI")).has("Saved.").hasNot("last matched")
		b.post(at, "do", "delete", "sure", "yes").is(422).has("not empty").hasNot("rollcall")
		_, err := s.acme.MoveUser(t.Context(), "anna@acme.test", "Default")
		s.must(err)
		b.post(at, "do", "delete").ok().has("Nobody is in it")
		b.done(b.post(at, "do", "delete", "sure", "yes")).has("is deleted").hasNot("Suomi</a>")
	})
}

func TestTeamPages(t *testing.T) {
	each(t, func(s *site) {
		s.groups("Finland")
		s.person("anna@acme.test", "Anna Aalto", "country", "Finland", "department", "Sales")
		b := s.signedIn(admin)
		b.get("/teams").ok().has("Sales", "Finland", "1 team")
		b.get("/teams?q=xyz").ok().has("No team is found")
		team := s.user("anna@acme.test").Memberships[0].Team
		b.get("/teams/"+team).ok().has("Anna Aalto", "department", "Sales")
		b.done(b.post("/teams/"+team, "do", "rename", "name", "Revenue")).has("Revenue", "Sales")
		p := b.post("/teams", "group", s.user("anna@acme.test").GroupID, "name", "Marketing")
		b.done(p).has("The team is here", "Nobody is in it")
		other := strings.TrimPrefix(p.to, "/teams/")
		b.post("/teams", "group", "narnia", "name", "x").is(422)
		b.post("/teams/"+team, "do", "merge", "into", other).ok().has("Merge Revenue into Marketing: 1 person")
		b.done(b.post("/teams/"+team, "do", "merge", "into", other, "sure", "yes")).has("Revenue is part of Marketing now", "Anna Aalto", "Sales")
		b.get("/teams/" + team).is(404)
		b.done(b.post("/users/act", "id", s.user("anna@acme.test").ID, "do", "leave", "to", other, "back", p.to, "sure", "yes")).has("Taken out of the team Marketing")
		b.done(b.post(p.to, "do", "delete", "sure", "yes")).has("is deleted")
	})
}

func TestIdPGroupPages(t *testing.T) {
	each(t, func(s *site) {
		s.person("anna@acme.test", "Anna Aalto")
		b := s.signedIn(admin)
		b.get("/idp-groups").ok().has("No IdP groups")
		p := b.post("/idp-groups", "name", "Staff")
		b.done(p).has("Staff", "No members")
		q := b.post("/idp-groups", "name", "Everybody")
		b.done(b.post(p.to, "do", "add", "people", "anna@acme.test\n"+admin)).has("anna@acme.test", admin)
		b.post(p.to, "do", "add", "people", "nobody@acme.test").is(422).has("neither a person", "nobody@acme.test")
		b.done(b.post(q.to, "do", "nest", "to", strings.TrimPrefix(p.to, "/idp-groups/"))).has("Staff", "IdP group")
		b.done(b.post(p.to, "do", "rename", "name", "Crew")).has("Crew")
		b.done(b.post(p.to, "do", "take", "id", s.user("anna@acme.test").ID)).hasNot("anna@acme.test")
		b.post("/idp-groups", "name", "Crew").is(409)
		b.done(b.post(p.to, "do", "delete", "sure", "yes")).has("is deleted")
	})
}

// Group admins see their own group, and pages that fit.
func TestPeoplePagesOfGroupAdmins(t *testing.T) {
	each(t, func(s *site) {
		ids := s.groups("Finland", "Sweden")
		s.person("gea@acme.test", "Gea Group", "country", "Finland")
		_, err := s.acme.SetRole(t.Context(), "gea@acme.test", "group-admin")
		s.must(err)
		anna := s.person("anna@acme.test", "Anna Aalto", "country", "Finland", "department", "Sales")
		sven := s.person("sven@acme.test", "Sven Svensson", "country", "Sweden", "department", "Fika")
		gea := s.signedIn("gea@acme.test")
		gea.get("/users").ok().has("Anna Aalto", "2 people").hasNot("Sven", "Profile again", "Removed")
		gea.get("/users?q=sven").ok().has("Nobody is found")
		gea.get("/users?group=" + ids["Sweden"]).is(422)
		gea.get("/users/"+anna).ok().has("Anna Aalto", "Sales").hasNot("Move to")
		gea.get("/users/" + sven).is(404)
		gea.get("/users/removed").is(403)
		gea.get("/users/profile-again").is(403)
		gea.get("/groups").ok().has("Finland").hasNot("Sweden")
		gea.get("/groups/" + ids["Sweden"]).is(404)
		gea.get("/teams").ok().has("Sales").hasNot("Fika")
		gea.get("/users/export").ok()
		gea.post("/users/act", "id", sven, "do", "remove", "sure", "yes").ok().has("left as they were")
		gea.post("/users/act", "id", anna, "do", "profile").is(403)
		if s.user(sven).State != "active" {
			t.Error("a group admin removed somebody of another group")
		}
	})
}

// provisioned is a person whom an identity provider has made.
func (s *site) provisioned(userName, externalID, given, family string) (id string) {
	s.t.Helper()
	ctx := s.t.Context()
	token, err := s.acme.CreateConnectionToken(ctx, directory.DefaultConnection, "SCIM "+externalID, time.Time{})
	s.must(err)
	idp, err := s.dir.OpenToken(ctx, token, "acme", directory.Via{Client: "Entra ID", Operation: "POST"})
	s.must(err)
	r, err := scim.UserType.Parse(fmt.Appendf(nil, `{"userName":%q,"externalId":%q,"active":true,"name":{"givenName":%q,"familyName":%q}}`, userName, externalID, given, family))
	s.must(err)
	r, err = idp.Create(ctx, "User", r)
	s.must(err)
	return r.ID()
}
