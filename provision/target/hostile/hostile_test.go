package hostile

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
	"github.com/rollcall-scim/rollcall/scimhttp"
)

func connect(t testing.TB) (*Server, *scimhttp.Client) {
	s := Start(t)
	return s, &scimhttp.Client{BaseURL: s.URL, Token: s.Token}
}

func user(name string) *scim.Resource {
	return scim.UserType.NewResource(scim.Object{"userName": name, "emails": []any{scim.Object{"value": name, "type": "home"}}})
}

func status(err error) int {
	if e, ok := err.(*scim.Error); ok {
		return e.Status
	}
	return 0
}

func TestGoodBehaviour(t *testing.T) {
	s, c := connect(t)
	ctx := t.Context()
	anna, err := c.Create(ctx, "User", user("anna@acme.test"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Create(ctx, "User", user("ANNA@acme.test")); status(err) != 409 {
		t.Errorf("taken: %v", err)
	}
	rename := &scim.Patch{Operations: []scim.Operation{{Op: "replace", Path: "userName", Value: "anne@acme.test"}}}
	changed, err := c.Patch(ctx, "User", anna.ID(), rename, anna.Version())
	if err != nil || changed.Version() == anna.Version() || s.User("anna@acme.test") != nil || s.User("ANNE@acme.test") == nil {
		t.Errorf("renamed: %v %v", changed, err)
	}
	if _, err := c.Patch(ctx, "User", anna.ID(), rename, anna.Version()); status(err) != 412 {
		t.Errorf("old version: %v", err)
	}
	filter, _ := scim.ParseFilter(scim.UserType, `userName eq "anne@ACME.test"`)
	if page, err := c.Query(ctx, "User", scim.Query{Filter: filter, Count: 5}); err != nil || page.Total != 1 || page.Resources[0].ID() != anna.ID() {
		t.Errorf("found: %+v %v", page, err)
	}
	crew := scim.GroupType.NewResource(scim.Object{"displayName": "Crew", "members": []any{scim.Object{"value": anna.ID()}}})
	if _, err := c.Create(ctx, "Group", crew); err != nil || s.Group("crew") == nil || len(s.Groups()) != 1 {
		t.Errorf("group: %v", err)
	}
	if err := c.Delete(ctx, "User", anna.ID(), ""); err != nil || len(s.Users()) != 0 {
		t.Errorf("deleted: %v", err)
	}
	if n := len(s.Requests()); n != 7 || len(s.Writes()) != 6 || s.Writes()[0].Method != "POST" || s.Writes()[0].Path != "/Users" || s.Writes()[1].Status != 409 {
		t.Errorf("%d requests: %+v", n, s.Requests())
	}
}

func TestSwitches(t *testing.T) {
	s, c := connect(t)
	ctx := t.Context()
	for i := range 4 {
		if _, err := c.Create(ctx, "User", user(fmt.Sprintf("u%d", i))); err != nil {
			t.Fatal(err)
		}
	}
	one := s.Users()[0]["id"].(string)
	s.Switch(func(w *Switches) {
		*w = Switches{Reject: map[string]int{"bad": 400, "taken": 409}, AcceptDuplicates: true, Strict: true, WrongTotal: 3, RepeatPages: true, PageSize: 2}
	})
	for name, want := range map[string]int{"bad": 400, "taken": 409, "u0": 0} {
		if _, err := c.Create(ctx, "User", user(name)); status(err) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s.Duplicates() != 1 || len(s.Users()) != 5 {
		t.Errorf("%d duplicates of %d", s.Duplicates(), len(s.Users()))
	}
	page, err := c.Query(ctx, "User", scim.Query{StartIndex: 3, Count: 100})
	if err != nil || page.Total != 8 || len(page.Resources) != 2 || page.Resources[0].String("userName") != "u1" {
		t.Errorf("%+v %v", page, err)
	}
	for path, want := range map[string]int{`emails[type eq "work"].value`: 400, `emails[type eq "home"].value`: 0} {
		patch := &scim.Patch{Operations: []scim.Operation{{Op: "replace", Path: path, Value: "x@acme.test"}}}
		if _, err := c.Patch(ctx, "User", one, patch, ""); status(err) != want {
			t.Errorf("%s: %v", path, err)
		}
	}
	s.Switch(func(w *Switches) { w.NoETags = true })
	if r, err := c.Get(ctx, "User", one); err != nil || r.Version() != "" {
		t.Errorf("%v %v", r, err)
	}
	s.Forget(one)
	if _, err := c.Get(ctx, "User", one); status(err) != 404 {
		t.Errorf("forgotten: %v", err)
	}
}

func TestFaults(t *testing.T) {
	s, c := connect(t)
	ctx := t.Context()
	for i, x := range []struct {
		fault  Fault
		status int // of the error; 0: no answer, -1: no error
		done   bool
	}{
		{Fault{Kind: Refuse, Status: 429, RetryAfter: 3 * time.Second}, 429, false},
		{Fault{Kind: LoseAnswer}, 0, true},
		{Fault{Kind: Fail, Status: 504}, 504, true},
		{Fault{Kind: WebPage}, 502, false},
		{Fault{Kind: Truncate}, 502, true},
		{Fault{Kind: ForgetAfter}, -1, false},
	} {
		name := fmt.Sprintf("user%d", i)
		x.fault.Times, x.fault.Method, x.fault.Body = 1, "POST", name
		s.Misbehave(x.fault)
		if _, err := c.Create(ctx, "User", user("other-"+fmt.Sprint(i))); err != nil {
			t.Errorf("another one: %v", err)
		}
		_, err := c.Create(ctx, "User", user(name))
		if (err == nil) != (x.status < 0) || status(err) != max(x.status, 0) || (s.User(name) != nil) != x.done {
			t.Errorf("%+v: %v", x.fault, err)
		}
		if e, ok := err.(*scim.Error); ok && x.fault.RetryAfter > 0 && e.RetryAfter != 3 {
			t.Errorf("%+v", e)
		}
	}
	s.Misbehave(Fault{Kind: Refuse, Every: 3, Times: 2})
	var got []int
	for range 10 {
		_, err := c.Get(ctx, "User", "x")
		got = append(got, status(err))
	}
	if fmt.Sprint(got) != "[404 404 503 404 404 503 404 404 404 404]" {
		t.Errorf("each third, twice: %v", got)
	}
	s.Misbehave(Fault{})
	s.Behave()
	if _, err := c.Get(ctx, "User", "x"); status(err) != http.StatusNotFound {
		t.Errorf("it goes on: %v", err)
	}
}

func BenchmarkCreate(b *testing.B) {
	_, c := connect(b)
	for i := 0; b.Loop(); i++ {
		if _, err := c.Create(b.Context(), "User", user(fmt.Sprintf("user%d@acme.test", i))); err != nil {
			b.Fatal(err)
		}
	}
}
