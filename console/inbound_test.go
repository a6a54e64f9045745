package console_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
	"github.com/rollcall-scim/rollcall/scimhttp"
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
		if !strings.Contains(faq.html, `<h2 id="400.76">`) {
			t.Error("no anchor for 400.76")
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
