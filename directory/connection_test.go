package directory_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
)

// second makes a connection and opens the tenant as its IdP.
func (w *world) second(name string) *directory.Tenant {
	w.t.Helper()
	w.must(w.admin.CreateConnection(w.t.Context(), name))
	token, err := w.admin.CreateConnectionToken(w.t.Context(), name, "SCIM", time.Time{})
	w.must(err)
	return w.open(token)
}

// as lets another IdP act in fn.
func (w *world) as(t *directory.Tenant, fn func()) {
	was := w.idp
	w.idp = t
	defer func() { w.idp = was }()
	fn()
}

func TestTwoConnections(t *testing.T) {
	each(t, func(w *world) {
		okta := w.second("okta")
		id := w.post(`{"userName":"anna@acme.test","externalId":"entra-1","title":"Chief"}`)
		w.as(okta, func() {
			if n := len(w.find(`userName eq "anna@acme.test"`)); n != 1 {
				t.Fatalf("found %d", n)
			}
			w.patch(id, `{"op":"replace","value":{"externalId":"okta-1","title":"Slave"}}`)
			if o := w.get(id); o["externalId"] != "okta-1" || o["title"] != "Chief" {
				t.Errorf("okta sees %v", o)
			}
			if n := len(w.find(`externalId eq "entra-1"`)); n != 0 {
				t.Error("another connection's externalId is found")
			}
		})
		if o := w.get(id); o["externalId"] != "entra-1" || o["title"] != "Chief" {
			t.Errorf("entra sees %v", o)
		}
		w.counts(2, 1)
		w.as(okta, func() { w.patch(id, `{"op":"replace","path":"active","value":false}`) })
		if u := w.user("anna@acme.test"); u.State != "active" {
			t.Error("the other connection's active false removed her")
		}
		if _, err := w.admin.HandOver(t.Context(), "okta", []string{"anna@acme.test"}); err != nil {
			t.Fatal(err)
		}
		w.patch(id, `{"op":"replace","path":"title","value":"Nobody"}`)
		w.as(okta, func() { w.patch(id, `{"op":"replace","value":{"externalId":"okta-2","title":"Owner"}}`) })
		if u := w.user("anna@acme.test"); u.Resource["title"] != "Owner" {
			t.Errorf("title %v", u.Resource["title"])
		}
		n, err := w.admin.DeleteConnection(t.Context(), "okta")
		w.must(err)
		if n != 1 {
			t.Errorf("%d unlinked", n)
		}
		_, err = okta.Get(t.Context(), "User", id)
		w.fails(err, 401, "401.2")
		w.counts(2, 1)
		w.patch(id, `{"op":"replace","path":"title","value":"Entra's again"}`)
		if u := w.user("anna@acme.test"); u.Resource["title"] != "Entra's again" {
			t.Error("nobody owns her, and entra's word does not count")
		}
		_, err = w.admin.Unlink(t.Context(), "default", nil)
		w.must(err)
		w.counts(2, 0)
	})
}

func TestConnectionPolicy(t *testing.T) {
	each(t, func(w *world) {
		okta := w.second("okta")
		w.must(w.admin.SetConnection(t.Context(), "okta", "deprovision", "deactivate"))
		ben := w.post(`{"userName":"ben@acme.test"}`)
		var anna string
		w.as(okta, func() {
			anna = w.post(`{"userName":"anna@acme.test"}`)
			w.patch(anna, `{"op":"replace","path":"active","value":false}`)
		})
		w.patch(ben, `{"op":"replace","path":"active","value":false}`)
		if a, b := w.user("anna@acme.test").State, w.user("ben@acme.test").State; a != "inactive" || b != "removed" {
			t.Errorf("anna is %s, ben is %s", a, b)
		}
	})
}

func TestIdPGroupOfAnotherConnection(t *testing.T) {
	each(t, func(w *world) {
		okta := w.second("okta")
		p := w.people(2)
		g := w.postGroup("Staff", p[0])
		w.as(okta, func() {
			w.patchGroup(g, `{"op":"replace","value":{"displayName":"Other","externalId":"o1"}},{"op":"add","path":"members","value":[{"value":"`+p[1]+`"}]}`)
			if o := w.getGroup(g); o["externalId"] != "o1" || o["displayName"] != "Staff" {
				t.Errorf("okta sees %v", o)
			}
			w.must(okta.Delete(t.Context(), "Group", g, ""))
		})
		w.hasMembers(g, "User P0")
		if err := w.admin.AddToIdPGroup(t.Context(), "Staff", []string{"p1@acme.test"}); err == nil {
			t.Error("an IdP's group can be changed by hand")
		}
		_, err := w.admin.DeleteConnection(t.Context(), "default")
		if err == nil {
			t.Error("the default connection can be deleted")
		}
		w.must(w.admin.CreateIdPGroup(t.Context(), "Board"))
		w.must(w.admin.AddToIdPGroup(t.Context(), "board", []string{"p1@acme.test", "staff"}))
		_, members, err := w.admin.IdPGroup(t.Context(), "Board")
		w.must(err)
		if len(members) != 2 {
			t.Errorf("members %v", members)
		}
		w.must(w.admin.RemoveFromIdPGroup(t.Context(), "Board", []string{"Staff"}))
		w.must(w.admin.DeleteIdPGroup(t.Context(), "Board"))
	})
}

func TestRemovalGuard(t *testing.T) {
	each(t, func(w *world) {
		p := w.people(60) // the limit is 3
		leave := func(id string) { w.patch(id, `{"op":"replace","path":"active","value":false}`) }
		for _, id := range p[:3] {
			leave(id)
		}
		w.held(0)
		leave(p[3])
		w.held(4)
		w.must(w.idp.Delete(t.Context(), "User", p[4], ""))
		w.held(5)
		w.now = w.now.AddDate(0, 0, 46)
		w.purged(0)
		back, problems, err := w.admin.BringBack(t.Context(), []string{"p0@acme.test"})
		w.must(err)
		if back != 1 || problems != nil {
			t.Errorf("%d back, %v", back, problems)
		}
		w.held(4)
		leave(p[0]) // a new word
		w.patch(p[0], `{"op":"replace","path":"active","value":true}`)
		n, err := w.admin.ConfirmRemovals(t.Context(), "default")
		w.must(err)
		if n != 4 {
			t.Errorf("%d confirmed, want 4", n)
		}
		w.purged(4)
	})
}

// What the IdP takes back needs no click.
func TestRemovalGuardTakenBack(t *testing.T) {
	each(t, func(w *world) {
		p := w.people(10)
		for _, id := range p {
			w.patch(id, `{"op":"replace","path":"active","value":false}`)
		}
		w.held(10)
		for _, id := range p {
			w.patch(id, `{"op":"replace","path":"active","value":true}`)
		}
		w.held(0)
		w.counts(11, 10)
	})
}

// The limit grows with the people: 5 % of 100 is 5.
func TestRemovalGuardLimit(t *testing.T) {
	each(t, func(w *world) {
		p := w.people(100)
		for i, id := range p[:6] {
			w.must(w.idp.Delete(t.Context(), "User", id, ""))
			if i == 4 {
				w.held(0)
			}
		}
		w.held(6)
	})
}

func (w *world) held(want int) {
	w.t.Helper()
	removals, err := w.admin.Removals(w.t.Context())
	w.must(err)
	n := 0
	for _, r := range removals {
		if !r.Kept {
			n++
		}
	}
	if n != want {
		w.t.Errorf("%d removals are held, want %d", n, want)
	}
}

func (w *world) purged(want int) {
	w.t.Helper()
	n, err := w.d.Purge(w.t.Context())
	w.must(err)
	if n != want {
		w.t.Errorf("%d people are forgotten, want %d", n, want)
	}
}

func TestSortAndCursors(t *testing.T) {
	each(t, func(w *world) {
		for i, name := range []string{"Çelik", "Aalto", "bäck", "Zorn", "", "aalto"} {
			w.post(fmt.Sprintf(`{"userName":"u%d@acme.test","name":{"familyName":%q}}`, 9-i, name))
		}
		all := func(q scim.Query) (names []string) {
			t.Helper()
			cursor := ""
			for q.Cursor = &cursor; ; {
				page, err := w.idp.Query(t.Context(), "User", q)
				w.must(err)
				if page.Total != 7 || len(page.Resources) > q.Count {
					t.Errorf("total %d, %d on the page", page.Total, len(page.Resources))
				}
				for _, r := range page.Resources {
					names = append(names, r.String("userName")[:2])
				}
				if cursor = page.NextCursor; cursor == "" {
					return names
				}
			}
		}
		filter, err := scim.ParseFilter(scim.UserType, `userName co "acme"`)
		w.must(err)
		for _, c := range []struct {
			q    scim.Query
			want string
		}{
			{scim.Query{}, "[ad u9 u8 u7 u6 u5 u4]"},
			{scim.Query{Filter: filter}, "[ad u9 u8 u7 u6 u5 u4]"},
			{scim.Query{SortBy: "userName"}, "[ad u4 u5 u6 u7 u8 u9]"},
			{scim.Query{SortBy: "userName", Descending: true}, "[u9 u8 u7 u6 u5 u4 ad]"},
			{scim.Query{SortBy: "name.familyName"}, "[u8 u4 u7 u6 u9 ad u5]"},
			{scim.Query{SortBy: "name.familyName", Descending: true}, "[ad u5 u9 u6 u7 u8 u4]"},
		} {
			for _, count := range []int{1, 2, 3, 7, 100} {
				c.q.Count = count
				got := fmt.Sprint(all(c.q))
				if got != c.want {
					t.Errorf("%s %v by %d: %s, want %s", c.q.SortBy, c.q.Descending, count, got, c.want)
				}
				c.q.Cursor, c.q.StartIndex = nil, 1
				page, err := w.idp.Query(t.Context(), "User", c.q)
				w.must(err)
				if page.NextCursor != "" {
					t.Error("a cursor where none was asked for")
				}
			}
		}
	})
}

// otherLetter is the text with another letter at i than was there.
func otherLetter(text string, i int) string {
	letter := "A"
	if text[i] == 'A' {
		letter = "B"
	}
	return text[:i] + letter + text[i+1:]
}

func TestCursorsAreBound(t *testing.T) {
	each(t, func(w *world) {
		w.people(5)
		first := ""
		q := scim.Query{Count: 2, Cursor: &first}
		page, err := w.idp.Query(t.Context(), "User", q)
		w.must(err)
		next := page.NextCursor
		try := func(change func(q *scim.Query), as *directory.Tenant, code string) {
			t.Helper()
			q := scim.Query{Count: 2, Cursor: &next}
			change(&q)
			_, err := as.Query(t.Context(), "User", q)
			w.fails(err, 400, code)
		}
		try(func(q *scim.Query) { q.Count = 3 }, w.idp, "400.44")
		try(func(q *scim.Query) { q.SortBy = "userName" }, w.idp, "400.42")
		try(func(q *scim.Query) { q.Filter, _ = scim.ParseFilter(scim.UserType, `active eq true`) }, w.idp, "400.42")
		try(func(*scim.Query) {}, w.second("okta"), "400.42")
		// Never the last characters: some of their bits are not part of the message.
		try(func(q *scim.Query) { forged := otherLetter(next, len(next)/2); q.Cursor = &forged }, w.idp, "400.42")
		try(func(q *scim.Query) { short := "x"; q.Cursor = &short }, w.idp, "400.42")
		w.now = w.now.Add(directory.CursorLifetime + time.Second)
		try(func(*scim.Query) {}, w.idp, "400.43")
	})
}

// Personal tokens belong to the connection default, so it stays what it is.
func TestDefaultConnectionKeepsItsName(t *testing.T) {
	each(t, func(w *world) {
		err := w.admin.SetConnection(t.Context(), directory.DefaultConnection, "name", "other")
		if err == nil || !strings.Contains(err.Error(), "keeps its name") {
			t.Errorf("renamed: %v", err)
		}
		w.must(w.admin.CreateConnection(t.Context(), "okta"))
		w.must(w.admin.SetConnection(t.Context(), "okta", "name", "Okta"))
	})
}
