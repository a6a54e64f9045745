package console_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/docs"
	"github.com/rollcall-scim/rollcall/scim"
	"github.com/rollcall-scim/rollcall/scimhttp"
	"github.com/rollcall-scim/rollcall/sqlstore/storetest"
)

// idp is an identity provider that provisions acme over real HTTP.
type idp struct {
	s     *site
	url   string
	token string
	agent string
}

// provisions serves SCIM beside the console, as rollcall serve does.
func (s *site) provisions() *idp {
	s.t.Helper()
	token, err := s.acme.CreateConnectionToken(s.t.Context(), directory.DefaultConnection, "IdP", time.Time{})
	s.must(err)
	mux := http.NewServeMux()
	(&scimhttp.Handler{
		Types: []*scim.ResourceType{scim.UserType, scim.GroupType}, Hosts: scimhttp.Hosts{BaseDomain: "localhost"},
		Open: func(ctx context.Context, c scimhttp.Call) (scim.ServiceProvider, error) {
			t, err := s.dir.OpenToken(ctx, c.Token, "acme", directory.Via{Request: c.RequestID, Client: c.Client, Operation: c.Method, BaseURL: c.BaseURL, Started: c.Started})
			if err != nil {
				return nil, err
			}
			return t, nil
		},
		Done: func(sp scim.ServiceProvider, x scimhttp.Exchange) {
			t, ok := sp.(*directory.Tenant)
			switch {
			case x.Status < 400:
			case !ok:
				s.dir.Knocked("acme", directory.Knock{Client: x.Client, Status: x.Status, Code: x.Code, Detail: x.Detail})
			default:
				t.Failed(directory.Failure{Type: x.Type, ID: x.ID, Person: x.Name, Status: x.Status, ScimType: x.ScimType, Code: x.Code,
					Detail: x.Detail, Value: x.Value, Path: x.Path, Body: x.Body, Duration: x.Duration})
			}
		},
	}).Mount(mux)
	server := httptest.NewServer(mux)
	s.t.Cleanup(server.Close)
	return &idp{s, server.URL + scimhttp.Base, token, "Okta SCIM Client 1.0.0"}
}

func (i *idp) send(method, path, body string) (status int, answer string) {
	i.s.t.Helper()
	r, err := http.NewRequestWithContext(i.s.t.Context(), method, i.url+path, strings.NewReader(body))
	i.s.must(err)
	r.Header.Set("Authorization", "Bearer "+i.token)
	r.Header.Set("User-Agent", i.agent)
	resp, err := http.DefaultClient.Do(r)
	i.s.must(err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	i.s.must(err)
	i.s.dir.Flush()
	return resp.StatusCode, string(text)
}

// person sends one with a country.
func (i *idp) person(userName, country string) (status int, answer string) {
	return i.send("POST", "/Users", `{"schemas":["`+scim.UserSchema+`"],"userName":"`+userName+`","password":"canary-secret","active":true,
		"addresses":[{"type":"work","country":"`+country+`"}]}`)
}

// A refused person waits, the group is made from the page, and he is in.
func TestAttentionPage(t *testing.T) {
	each(t, func(s *site) {
		s.must(s.acme.Set(t.Context(), "groups", "true"))
		okta := s.provisions()
		b := s.signedIn(admin)
		b.get("/attention").ok().has("Nothing needs you")
		okta.person("aino@acme.test", "Finland")
		okta.person("bo@acme.test", "Finland")
		p := b.get("/attention").ok().has(`Group "Finland" does not exist: 2 people wait`, "Create the group and let 2 in now", "aino@acme.test", "Retry selected", "400.76")
		entry := between(p.html, `action="/attention/`, `"`)
		b.get("/attention/"+entry).ok().has("aino@acme.test", "bo@acme.test", "Retry selected")
		b.post("/attention/"+entry, "cure", directory.CureCreateGroup).ok().has("The group Finland was made", "2 people are in", "bo@acme.test")
		u, err := s.acme.User(t.Context(), "bo@acme.test")
		if s.must(err); u.Group != "Finland" || !u.Matched {
			t.Errorf("bo: %+v", u)
		}
		b.get("/attention").ok().hasNot("Finland")
		b.post("/attention/"+entry, "cure", directory.CureLetIn).is(422).has("settled meanwhile")
	})
}

func between(s, before, after string) string {
	_, s, _ = strings.Cut(s, before)
	s, _, _ = strings.Cut(s, after)
	return s
}

func TestHelp(t *testing.T) {
	each(t, func(s *site) {
		b := s.browser("acme.localhost")
		b.get("/help/").ok().has("What every error code means")
		faq := b.get("/help/faq").ok().has("Group does not exist")
		text, _ := docs.Text("faq")
		codes := regexp.MustCompile(`(?m)^## (\d{3}\.\d+) `).FindAllSubmatch(text, -1)
		for _, code := range codes {
			if !strings.Contains(faq.html, `<h2 id="`+string(code[1])+`">`) {
				t.Errorf("no entry in Help for %s", code[1])
			}
		}
		if len(codes) < 30 {
			t.Errorf("only %d codes", len(codes))
		}
		if p := b.get("/help/profiling").ok(); !strings.Contains(p.html, `href="/help/faq#400.76"`) || !strings.Contains(p.html, "<table>") {
			t.Error("a link to an error's entry, or a table, is missing")
		}
		b.get("/help/?q=compared+case+and+all").ok().has("400.76 Group does not exist")
		b.get("/help/?q=nothing-of-that-kind").ok().has("Nothing about that")
		b.get("/help/conformance").is(404)
		s.signedIn(admin).get("/help/faq").ok().has("Sign out")
	})
}

func TestActivityPages(t *testing.T) {
	each(t, func(s *site) {
		s.must(s.acme.Set(t.Context(), "groups", "true"))
		okta := s.provisions()
		b := s.signedIn(admin)
		b.get("/activity").ok().has("Nothing here")
		okta.person("aino@acme.test", "Finland")
		_, err := s.acme.CreateGroup(t.Context(), "Sweden")
		s.must(err)
		okta.person("bo@acme.test", "Sweden")
		b.get("/activity").ok().has("aino@acme.test", "bo@acme.test", "Okta", "400.76")
		b.get("/activity?outcome=worked").ok().has("bo@acme.test").hasNot("aino@")
		b.get("/activity?person=aino%40acme.test").ok().has("aino@acme.test").hasNot("bo@")
		b.get("/activity?q=group+does+not").ok().has("aino@acme.test").hasNot("bo@")
		p := b.get("/activity?outcome=worked").ok()
		id := between(p.html, `<a href="/activity/0`, `"`)
		d := b.get("/activity/0"+id).ok().has("POST bo@acme.test", "201", "Sweden", "password", "Passwords and tokens are struck out")
		if strings.Contains(d.html, "canary-secret") {
			t.Error("a password is shown")
		}
		refused := b.get("/activity?outcome=refused").ok()
		b.get("/activity/0"+between(refused.html, `<a href="/activity/0`, `"`)).ok().has("Refused with 400 invalidValue", "What 400.76 means", `"scimType": "invalidValue"`)
		b.get("/activity/nobody").is(404)
		if csv := b.get("/activity/export/csv?outcome=refused").ok(); !strings.HasPrefix(csv.html, "time,connection") || strings.Count(csv.html, "\n") != 2 {
			t.Errorf("CSV %s", csv.html)
		}
		if p := b.get("/activity/export/json").ok(); strings.Count(p.html, `"client":"Okta"`) != 2 || !strings.HasPrefix(p.html, "[\n{") {
			t.Errorf("JSON %s", p.html)
		}
		b.get("/activity/export/xml").is(404)
	})
}

func TestSetUpPages(t *testing.T) {
	each(t, func(s *site) {
		okta := s.provisions()
		b := s.signedIn(admin)
		list := b.get("/set-up").ok()
		for _, idp := range []string{"entra", "okta", "onelogin", "jumpcloud", "google", "keycloak", "authentik", "other"} {
			if !strings.Contains(list.html, `href="/set-up/`+idp+`"`) {
				t.Errorf("no guide for %s in the list", idp)
			}
			b.get("/set-up/"+idp).ok().has("http://acme.localhost/api/scim/v2", "Make another token", "Waiting for", "country", "Ignored: groups are off",
				"cannot reach this Tenant URL yet", "It begins with http://", "means this machine")
		}
		b.get("/set-up/nobody").is(404)
		b.get("/set-up/okta?connection=nobody").is(404)
		made := b.post("/set-up/okta").ok().has("This is shown once")
		okta.token = "rc_wrong"
		okta.send("GET", `/Users?filter=userName%20eq%20%22x%22`, "")
		b.get("/set-up/okta").ok().has("Requests arrive, and are refused", "401.2")
		okta.token = between(made.html, `<code id="secret">`, `<`)
		okta.send("GET", `/Users?filter=userName%20eq%20%22x%22`, "")
		b.get("/set-up/okta").ok().has("Okta has come in").hasNot("are refused")
		s.must(s.acme.Set(t.Context(), "idp-groups", "false"))
		s.must(s.acme.Set(t.Context(), "team-attributes", "department"))
		b.get("/set-up/entra").ok().has("Switch the mapping of groups off", "names no team in this tenant")

		_, link, err := s.acme.Invite(t.Context(), "Ida of IT")
		s.must(err)
		session, err := s.dir.RedeemLink(t.Context(), link, "acme", directory.Via{})
		s.must(err)
		ida := s.withSession("acme.localhost", session)
		ida.get("/set-up").ok().hasNot("Invite your IT admin")
		ida.post("/set-up/entra").ok().has("This is shown once")
		ida.get("/activity").ok()
		ida.get("/attention").ok()
		ida.get("/connections").is(403)
	})
}

func TestConnectionPages(t *testing.T) {
	each(t, func(s *site) {
		okta := s.provisions()
		b := s.signedIn(admin)
		b.get("/connections").ok().has("default", "removed", "none yet")
		b.post("/connections", "name", "default").is(422).has("already")
		b.done(b.post("/connections", "name", "second")).has("The connection second was made")
		b.post("/connections/second", "do", "token", "name", "x", "expires", "soon").is(422).has("is no date")
		b.post("/connections/second", "do", "token", "name", "Provisioning", "expires", "2099-01-01").ok().has("This is shown once", "1 Jan 2099")
		b.post("/connections/second", "do", "rotate", "token", "Provisioning").ok().has("This is shown once")
		b.post("/connections/second", "do", "client", "name", "App").ok().has("Client id", "This is shown once", "App")
		b.post("/connections/second", "do", "client", "name", "App", "keys", "nonsense").is(422)
		b.done(b.post("/connections/second", "do", "policy", "policy", "deactivate")).has("Saved")
		b.get("/connections").ok().has("deactivated")
		b.done(b.post("/connections/second", "do", "rename", "name", "two words")).has("two words")

		for i := range 8 {
			okta.person("p"+string(rune('0'+i))+"@acme.test", "")
		}
		b.post("/connections/two%20words", "do", "hand-over", "whom", "some").is(422).has("Name the people")
		b.post("/connections/two%20words", "do", "hand-over", "whom", "some", "people", "p0@acme.test\np1@acme.test").ok().has("Are you sure?")
		b.done(b.post("/connections/two%20words", "do", "hand-over", "whom", "some", "people", "p0@acme.test\np1@acme.test", "sure", "yes")).has("2 people were handed over")
		b.done(b.post("/connections/default", "do", "unlink", "people", "p0@acme.test", "sure", "yes")).has("1 person was unlinked")

		users, err := s.acme.Users(t.Context(), directory.UserQuery{})
		s.must(err)
		for _, u := range users[2:] {
			okta.send("PATCH", "/Users/"+u.ID, `{"Operations":[{"op":"replace","path":"active","value":false}]}`)
		}
		b.get("/attention").ok().has("the guard holds 6 people")
		held := b.get("/connections/default").ok().has("The removal guard", "p7@acme.test")
		b.post("/connections/default", "do", "bring-back").is(422).has("Choose somebody")
		b.done(b.post("/connections/default", "do", "bring-back", "id", between(held.html, `name="id" value="`, `"`), "sure", "yes")).has("1 person was brought back", "Kept here")
		b.done(b.post("/connections/default", "do", "confirm", "sure", "yes")).has("5 removals were confirmed").hasNot("Confirm: they have left")
		b.done(b.post("/connections/two%20words", "do", "delete", "sure", "yes")).has("is deleted")
		b.get("/connections/nobody").is(404)
	})
}

// A list that is looked at keeps itself true.
func TestActivityIsLive(t *testing.T) {
	s := newSite(t, storetest.Open(t, storetest.SQLite(t)))
	okta := s.provisions()
	b := s.signedIn(admin)
	r, err := http.NewRequestWithContext(t.Context(), "GET", s.server.URL+"/activity/live?outcome=refused", nil)
	s.must(err)
	r.Host = b.host
	resp, err := b.client.Do(r)
	s.must(err)
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	sent := false
	for lines.Scan() {
		if strings.Contains(lines.Text(), "Nothing here") && !sent {
			sent = true
			okta.send("POST", "/Users", `{"displayName":"aino"}`)
		}
		if strings.Contains(lines.Text(), "400.14") {
			return
		}
	}
	t.Errorf("the stream ended: %v", lines.Err())
}
