package scimhttp

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/scim"
)

// connect is a client of a served handler.
func connect(t testing.TB) (*Client, *fixture) {
	f := newFixture(t)
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return &Client{BaseURL: server.URL + Base + "/", Token: goodToken, HTTP: server.Client(), UserAgent: "Rollcall/1", Host: "acme.test"}, f
}

func TestClientAgainstHandler(t *testing.T) {
	ctx := t.Context()
	c, f := connect(t)
	created, err := c.Create(ctx, "User", scim.UserType.NewResource(scim.Object{"userName": `anna "a+b" & 100%@acme.test`, "externalId": "7"}))
	if err != nil || created.ID() == "" || created.Version() != `W/"1"` {
		t.Fatalf("create: %v %v", created, err)
	}
	if got, err := c.Get(ctx, "User", created.ID()); err != nil || string(got.JSON()) != string(created.JSON()) {
		t.Errorf("get: %s %v", got.JSON(), err)
	}
	filter, err := scim.ParseFilter(scim.UserType, `userName eq "anna \"a+b\" & 100%@acme.test" and externalId eq "7"`)
	if err != nil {
		t.Fatal(err)
	}
	page, err := c.Query(ctx, "User", scim.Query{Filter: filter, StartIndex: 1, Count: 10, Projection: scim.Projection{Attributes: []string{"externalId"}}})
	if err != nil || page.Total != 1 || len(page.Resources) != 1 || page.Resources[0].String("externalId") != "7" || page.Resources[0].String("userName") != "" {
		t.Errorf("query: %+v %v", page, err)
	}
	patch, err := scim.ParsePatch([]byte(`{"Operations":[{"op":"Replace","path":"name.givenName","value":"Anna"},{"op":"add","value":{"title":"Chief"}},{"op":"remove","path":"externalId"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	patched, err := c.Patch(ctx, "User", created.ID(), patch, created.Version())
	if err != nil || patched.String("name.givenName") != "Anna" || patched.String("title") != "Chief" || patched.String("externalId") != "" || patched.Version() != `W/"2"` {
		t.Fatalf("patch: %v %v", patched, err)
	}
	replaced, err := c.Replace(ctx, "User", created.ID(), scim.UserType.NewResource(scim.Object{"userName": "anna@acme.test"}), patched.Version())
	if err != nil || replaced.String("title") != "" || replaced.String("userName") != "anna@acme.test" {
		t.Errorf("replace: %v %v", replaced, err)
	}
	if err := c.Delete(ctx, "User", created.ID(), replaced.Version()); err != nil {
		t.Errorf("delete: %v", err)
	}
	if page, err := c.Query(ctx, "User", scim.Query{}); err != nil || page.Total != 0 {
		t.Errorf("after delete: %+v %v", page, err)
	}
	for _, call := range f.calls {
		if call.Host != "acme.test" || call.Client != "Rollcall" || call.Token != goodToken {
			t.Errorf("call: %+v", call)
		}
	}
}

func TestClientWalksByCursorInOrder(t *testing.T) {
	c, f := connect(t)
	for _, name := range []string{"c@acme.test", "a@acme.test", "b@acme.test"} {
		f.user(t, name)
	}
	var seen []string
	first := ""
	q := scim.Query{Count: 2, SortBy: "userName", Descending: true, Cursor: &first}
	for more := true; more; more = *q.Cursor != "" {
		page, err := c.Query(t.Context(), "User", q)
		if err != nil || page.Total != 3 {
			t.Fatalf("%+v %v", page, err)
		}
		for _, r := range page.Resources {
			seen = append(seen, r.String("userName"))
		}
		q.Cursor = &page.NextCursor
	}
	if got := strings.Join(seen, " "); got != "c@acme.test b@acme.test a@acme.test" {
		t.Errorf("walked: %s", got)
	}
	wrong := "wrong"
	_, err := c.Query(t.Context(), "User", scim.Query{Count: 2, Cursor: &wrong})
	if refused, ok := errors.AsType[*scim.Error](err); !ok || refused.Type != scim.InvalidCursor {
		t.Errorf("a wrong cursor: %v", err)
	}
}

func TestClientPatchOfGroup(t *testing.T) {
	c, _ := connect(t)
	group, err := c.Create(t.Context(), "Group", scim.GroupType.NewResource(scim.Object{"displayName": "Crew"}))
	if err != nil {
		t.Fatal(err)
	}
	patch, _ := scim.ParsePatch([]byte(`{"Operations":[{"op":"replace","path":"displayName","value":"Staff"}]}`))
	patched, err := c.Patch(t.Context(), "Group", group.ID(), patch, "")
	if err != nil || patched.ID() != group.ID() || patched.Version() != `W/"2"` {
		t.Errorf("%v %v", patched, err)
	}
}

func TestClientErrorsFromHandler(t *testing.T) {
	c, _ := connect(t)
	ctx := t.Context()
	anna := scim.UserType.NewResource(scim.Object{"userName": "anna@acme.test"})
	created, err := c.Create(ctx, "User", anna)
	if err != nil {
		t.Fatal(err)
	}
	second := func() error { _, err := c.Create(ctx, "User", anna); return err }
	missing := func() error { _, err := c.Get(ctx, "User", "a/b?c"); return err }
	stale := func() error { return c.Delete(ctx, "User", created.ID(), `W/"9"`) }
	noType := func() error { _, err := c.Query(ctx, "Device", scim.Query{}); return err }
	noToken := func() error { d := *c; d.Token = ""; _, err := d.Get(ctx, "User", "x"); return err }
	for name, x := range map[string]struct {
		do       func() error
		status   int
		scimType string
		detail   string
	}{
		"taken":   {second, 409, scim.Uniqueness, "(409.1)"},
		"missing": {missing, 404, "", "(404.1)"},
		"stale":   {stale, 412, "", "(412.1)"},
		"no type": {noType, 404, "", "(404.3)"},
		"nobody":  {noToken, 401, "", "(401.1)"},
	} {
		var got *scim.Error
		if err := x.do(); !errors.As(err, &got) || got.Status != x.status || got.Type != x.scimType || !strings.Contains(got.Detail, x.detail) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What servers and those in front of them answer instead of SCIM.
func TestClientReadsWhatServersSay(t *testing.T) {
	for name, c := range map[string]struct {
		status     int
		header     http.Header
		body       string
		wantStatus int
		wantDetail string
		retryAfter int
	}{
		"web page":        {200, nil, "<!DOCTYPE html><title>Sign in</title>", 502, "web page", 0},
		"error page":      {503, http.Header{"Retry-After": {"30"}}, "<html>busy", 503, "web page", 30},
		"plain text":      {429, http.Header{"Retry-After": {"5"}}, "slow down", 429, "It said: slow down", 5},
		"nothing":         {500, nil, "", 500, "said nothing", 0},
		"other JSON":      {400, nil, `{"message":"bad"}`, 400, `{"message":"bad"}`, 0},
		"redirect":        {302, http.Header{"Location": {"https://evil.example"}}, "", 302, "redirects are not followed", 0},
		"broken JSON":     {200, nil, `{"id":`, 502, "not SCIM", 0},
		"a list":          {200, nil, `[]`, 502, "not SCIM", 0},
		"number status":   {409, nil, `{"schemas":[],"status":409,"scimType":"uniqueness","detail":"taken"}`, 409, "taken", 0},
		"too long":        {200, nil, `{"id":"` + strings.Repeat("x", maxAnswer) + `"}`, 502, "16 MiB", 0},
		"date to be back": {503, http.Header{"Retry-After": {"Mon, 02 Jan 2006 15:04:05 GMT"}}, "", 503, "said nothing", 0},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked++
				for k, v := range c.header {
					w.Header()[k] = v
				}
				w.WriteHeader(c.status)
				w.Write([]byte(c.body))
			}))
			defer server.Close()
			_, err := (&Client{BaseURL: server.URL}).Get(t.Context(), "User", "x")
			var got *scim.Error
			if !errors.As(err, &got) || got.Status != c.wantStatus || !strings.Contains(got.Detail, c.wantDetail) || got.RetryAfter != c.retryAfter {
				t.Errorf("%+v", err)
			}
			if asked != 1 {
				t.Errorf("asked %d times", asked)
			}
		})
	}
}

func TestClientTakesETagForVersion(t *testing.T) {
	for body, want := range map[string]string{
		`{"id":"1"}`: `W/"5"`, `{"id":"1","meta":{"resourceType":"User"}}`: `W/"5"`, `{"id":"1","meta":{"version":"W/\"4\""}}`: `W/"4"`,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", `W/"5"`)
			w.Write([]byte(body))
		}))
		r, err := (&Client{BaseURL: server.URL}).Get(t.Context(), "User", "1")
		if err != nil || string(r.Version()) != want || r.ID() != "1" {
			t.Errorf("%s: %v %v", body, r, err)
		}
		server.Close()
	}
}

func TestClientHonoursContext(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	filter, _ := scim.ParseFilter(scim.UserType, `userName eq "anna"`)
	_, err := (&Client{BaseURL: server.URL}).Query(ctx, "User", scim.Query{Filter: filter})
	if !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "anna") {
		t.Errorf("%v", err)
	}
}
