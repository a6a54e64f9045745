package directory_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
	"github.com/rollcall-scim/rollcall/sqlstore"
	"github.com/rollcall-scim/rollcall/sqlstore/storetest"
)

func (w *world) refused(token, label string) error {
	w.t.Helper()
	tenant, err := w.d.OpenToken(w.t.Context(), token, label, directory.Via{})
	if err != nil {
		return err
	}
	_, err = tenant.Query(w.t.Context(), "User", scim.Query{Count: 1})
	return err
}

func TestTokens(t *testing.T) {
	each(t, func(w *world) {
		ctx := t.Context()
		w.must(w.refused(w.token, "acme"))
		w.must(w.refused(w.token, ""))
		w.fails(w.refused("", ""), 401, "401.1")
		w.fails(w.refused("rc_nonsense", ""), 401, "401.2")
		w.fails(w.refused(w.token, "other"), 404, "404.2")
		w.set("access-tokens", "false")
		w.fails(w.refused(w.token, ""), 401, "401.2")
		w.set("access-tokens", "true")
		w.set("scim", "false")
		w.fails(w.refused(w.token, ""), 403, "403.1")
		w.set("scim", "true")

		next, err := w.admin.RotateToken(ctx, "SCIM")
		w.must(err)
		w.must(w.refused(w.token, ""))
		w.must(w.refused(next, ""))
		w.now = w.now.Add(8 * 24 * time.Hour)
		w.fails(w.refused(w.token, ""), 401, "401.2")
		w.must(w.refused(next, ""))
		w.now = w.now.Add(365 * 24 * time.Hour)
		w.fails(w.refused(next, ""), 401, "401.2")
		w.now = w.now.Add(-365 * 24 * time.Hour)
		tokens, err := w.admin.Tokens(ctx)
		w.must(err)
		if len(tokens) != 2 || tokens[0].Owner != "admin@acme.test" || tokens[0].LastUsed.IsZero() || !strings.HasPrefix(next, tokens[0].Prefix) {
			t.Errorf("tokens %+v", tokens)
		}
		w.must(w.admin.RevokeToken(ctx, tokens[0].ID))
		w.fails(w.refused(next, ""), 401, "401.2")
		_, err = w.admin.CreateUser(ctx, "bo@acme.test", nil)
		w.must(err)
		if _, err := w.admin.CreateToken(ctx, "bo@acme.test", "x", time.Time{}); err == nil || !strings.Contains(err.Error(), "not a company admin") {
			t.Errorf("a plain user made a token: %v", err)
		}
	})
}

// behaviour.md 3.2 and 7.1: the owner's leaving ends his token at once, by
// whatever word, in a request that this very token carries.
func TestTokenEndsWithItsOwner(t *testing.T) {
	for name, end := range map[string]func(w *world, id string) error{
		"removed over SCIM": func(w *world, id string) error { return w.tryPatch(id, leave) },
		"deleted over SCIM": func(w *world, id string) error { return w.idp.Delete(w.t.Context(), "User", id, "") },
		"deactivated": func(w *world, id string) error {
			w.set("deprovision", "deactivate")
			return w.tryPatch(id, leave)
		},
		"demoted": func(w *world, id string) error {
			_, err := w.admin.CreateUser(w.t.Context(), "second@acme.test", nil)
			w.must(err)
			_, err = w.admin.SetRole(w.t.Context(), "second@acme.test", "company admin")
			w.must(err)
			_, err = w.admin.SetRole(w.t.Context(), id, "user")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(w *world) {
				w.must(end(w, w.user("admin@acme.test").ID))
				w.fails(w.refused(w.token, ""), 401, "401.2")
				_, err := w.idp.Query(w.t.Context(), "User", scim.Query{Count: 1})
				w.fails(err, 401, "401.2")
				w.fails(w.tryPatch(w.user("admin@acme.test").ID, back), 401, "401.2")
			})
		})
	}
}

func TestLastAdminByHand(t *testing.T) {
	each(t, func(w *world) {
		ctx := t.Context()
		_, err := w.admin.RemoveUser(ctx, "admin@acme.test")
		if err == nil || !strings.Contains(err.Error(), "last company admin") {
			t.Errorf("removed: %v", err)
		}
		_, err = w.admin.SetRole(ctx, "admin@acme.test", "user")
		if err == nil || !strings.Contains(err.Error(), "last company admin") {
			t.Errorf("demoted: %v", err)
		}
		// The IdP's word stands even for him, and returning gives no role back.
		id := w.user("admin@acme.test").ID
		w.patch(id, leave)
		u, err := w.admin.RestoreUser(ctx, "admin@acme.test")
		w.must(err)
		if u.Role != "company admin" || u.ID != id {
			t.Errorf("an admin's restore gives the role back: %+v", u)
		}
		w.fails(w.refused(w.token, ""), 401, "401.2") // but not the token
	})
}

func TestReturningAdminIsNoAdmin(t *testing.T) {
	each(t, func(w *world) {
		_, err := w.admin.CreateUser(t.Context(), "second@acme.test", nil)
		w.must(err)
		_, err = w.admin.SetRole(t.Context(), "second@acme.test", "company-admin")
		w.must(err)
		id := w.user("second@acme.test").ID
		w.patch(id, leave)
		w.patch(id, back)
		if u := w.user("second@acme.test"); u.Role != "user" {
			t.Errorf("role %s", u.Role)
		}
	})
}

func TestRestoreByHand(t *testing.T) {
	each(t, func(w *world) {
		ctx := t.Context()
		w.groups("Finland")
		id := w.post(`{"userName":"anna@acme.test",` + work("Finland") + `,"department":"Sales"}`)
		w.must(w.idp.Delete(ctx, "User", id, ""))
		u, err := w.admin.RestoreUser(ctx, "anna@acme.test")
		w.must(err)
		if u.ID != id || u.Group != "Finland" || len(u.Teams) != 1 || !u.Active {
			t.Errorf("got %+v", u)
		}
		w.counts(2, 1)
		if o := w.get(id); o["active"] != true {
			t.Error("not to be found over SCIM")
		}
		_, err = w.admin.RemoveUser(ctx, "anna@acme.test")
		w.must(err)
		_, err = w.idp.Get(ctx, "User", id)
		w.fails(err, 404, "404.1")
		users, err := w.admin.Users(ctx, directory.UserQuery{Removed: true})
		w.must(err)
		if len(users) != 1 || users[0].State != "removed" {
			t.Errorf("removed: %v", users)
		}
	})
}

func TestPurge(t *testing.T) {
	each(t, func(w *world) {
		ctx := t.Context()
		id := w.post(`{"userName":"canary.person@acme.test","name":{"givenName":"Canary"},"externalId":"canary-x"}`)
		_, err := w.tryPost(`{"userName":"canary.person@acme.test"}`)
		w.fails(err, 409, "409.1")
		w.idp.Failed(directory.Failure{Person: "canary.person@acme.test", Status: 409, Code: "409.1", Detail: "canary"})
		// So was a request under a name that she had later, and one under that
		// of her IdP's recycle bin.
		const recycled = "0123456789abcdef0123456789abcdefcanary.bird@acme.test"
		w.patch(id, `{"op":"replace","path":"userName","value":"canary.bird@acme.test"}`)
		w.idp.Failed(directory.Failure{Person: "canary.bird@acme.test", Status: 409, Code: "409.1", Detail: "canary"})
		w.idp.Failed(directory.Failure{Person: recycled, Status: 400, Code: "400.50", Detail: "canary"})
		w.d.Flush()
		w.patch(id, leave+`,{"op":"replace","path":"userName","value":"`+recycled+`"}`)
		w.now = w.now.AddDate(0, 0, 44)
		n, err := w.d.Purge(ctx)
		w.must(err)
		if n != 0 {
			t.Error("purged too early")
		}
		w.now = w.now.AddDate(0, 0, 2)
		if n, err = w.d.Purge(ctx); n != 1 || err != nil {
			t.Errorf("purged %d, %v", n, err)
		}
		_, err = w.idp.Get(ctx, "User", id)
		w.fails(err, 404, "404.1")
		changes, err := w.admin.Changes(ctx, directory.ChangeQuery{})
		w.must(err)
		for i, c := range changes {
			if c.Seq != int64(i+1) {
				t.Errorf("change %d has number %d", i+1, c.Seq)
			}
			if strings.Contains(strings.ToLower(c.Before+c.After), "canary") {
				t.Errorf("left behind: %+v", c)
			}
		}
		activity, err := w.admin.Activity(ctx, directory.ActivityFilter{})
		w.must(err)
		for _, a := range activity {
			if strings.Contains(strings.ToLower(a.Person+a.Detail+strings.Join(a.Notes, "")), "canary") {
				t.Errorf("left behind: %+v", a)
			}
		}
		if other := w.post(`{"userName":"canary.person@acme.test","externalId":"canary-x"}`); other == id {
			t.Error("an id was used again")
		}
	})
}

// behaviour.md 7.6: the time runs from the day on which he left. Entra ID deletes
// for good 30 days after, which is no new leaving.
func TestDeletingTheRemovedKeepsTheClock(t *testing.T) {
	each(t, func(w *world) {
		id := w.post(`{"userName":"anna@acme.test"}`)
		w.patch(id, leave)
		w.now = w.now.AddDate(0, 0, 30)
		w.must(w.idp.Delete(t.Context(), "User", id, ""))
		_, err := w.idp.Get(t.Context(), "User", id)
		w.fails(err, 404, "404.1")
		w.now = w.now.AddDate(0, 0, 16)
		if n, err := w.d.Purge(t.Context()); n != 1 || err != nil {
			t.Errorf("purged %d, %v", n, err)
		}
	})
}

func TestActivityAndChanges(t *testing.T) {
	each(t, func(w *world) {
		ctx := t.Context()
		w.groups("Finland")
		id := w.post(`{"userName":"anna","shoeSize":"39",` + work("Finland") + `,"department":"Sales"}`)
		activity, err := w.admin.Activity(ctx, directory.ActivityFilter{Person: "ANNA"})
		w.must(err)
		if len(activity) != 1 || activity[0].Status != 201 || activity[0].Person != "anna" || len(activity[0].Notes) != 2 {
			t.Fatalf("activity %+v", activity)
		}
		a := activity[0]
		changes, err := w.admin.Changes(ctx, directory.ChangeQuery{After: a.First - 1})
		w.must(err)
		if len(changes) != 2 || changes[0].Type != "Team" || changes[1].Type != "User" || changes[1].Seq != a.Last || changes[1].Object != id {
			t.Errorf("changes %+v", changes)
		}
		w.patch(id, `{"op":"replace","path":"title","value":"x"}`)
		changes, err = w.admin.Changes(ctx, directory.ChangeQuery{Object: id})
		w.must(err)
		last := changes[len(changes)-1]
		if last.Before != "" || last.After != `{"attributes":{"title":"x"}}` || last.Kind != "update" {
			t.Errorf("change %+v", last)
		}
		w.idp.Failed(directory.Failure{Person: "nobody@acme.test", Status: 400, Code: "400.76", Detail: "Group does not exist"})
		w.d.Flush()
		failed, err := w.admin.Activity(ctx, directory.ActivityFilter{Failed: true})
		w.must(err)
		if len(failed) != 1 || failed[0].Code != "400.76" {
			t.Errorf("failed %+v", failed)
		}
	})
}

// An IdP whose every write fails is not slowed by it, and each failure is told.
func TestManyFailures(t *testing.T) {
	each(t, func(w *world) {
		const all = 5000
		for i := range all {
			w.idp.Failed(directory.Failure{Person: fmt.Sprintf("u%d@acme.test", i), Status: 400, Code: "400.76", Detail: "Group does not exist"})
		}
		w.d.Flush()
		failed, err := w.admin.Activity(t.Context(), directory.ActivityFilter{Failed: true})
		w.must(err)
		if len(failed) != all {
			t.Errorf("%d of %d failures are in the log", len(failed), all)
		}
	})
}

// By hand nothing is accepted that is not kept.
func TestNoExternalIDByHand(t *testing.T) {
	each(t, func(w *world) {
		id := w.post(`{"userName":"anna@acme.test","externalId":"x1"}`)
		if _, err := w.admin.SetUser(t.Context(), id, map[string]string{"externalId": "x2"}); err == nil || !strings.Contains(err.Error(), "identity provider") {
			t.Errorf("set: %v", err)
		}
		if _, err := w.admin.CreateUser(t.Context(), "bo@acme.test", map[string]string{"externalId": "x2"}); err == nil {
			t.Error("created with an externalId that is nobody's")
		}
	})
}

func TestMembersAreListedAsAskedFor(t *testing.T) {
	each(t, func(w *world) {
		ctx := t.Context()
		w.groups("Finland")
		w.post(`{"userName":"anna@acme.test",` + work("Finland") + `,"department":"Sales"}`)
		_, err := w.admin.CreateUser(ctx, "bo@acme.test", map[string]string{"country": "Finland", "department": "Sales"})
		w.must(err)
		no := false
		for name, c := range map[string]struct {
			q    directory.UserQuery
			want string
		}{
			"all":                {directory.UserQuery{}, "anna@acme.test bo@acme.test"},
			"unmatched":          {directory.UserQuery{Matched: &no}, "bo@acme.test"},
			"of another group":   {directory.UserQuery{Group: "Default"}, ""},
			"removed":            {directory.UserQuery{Removed: true}, ""},
			"unmatched of group": {directory.UserQuery{Group: "Finland", Matched: &no, Limit: 5}, "bo@acme.test"},
		} {
			c.q.Team = directory.TeamRef{Name: "Sales"}
			users, err := w.admin.Users(ctx, c.q)
			w.must(err)
			var got []string
			for _, u := range users {
				got = append(got, u.UserName)
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("%s: %v, want %s", name, got, c.want)
			}
		}
	})
}

func TestProfileAgain(t *testing.T) {
	each(t, func(w *world) {
		ctx := t.Context()
		w.post(`{"userName":"anna@acme.test",` + work("Finland") + `,"department":"Sales"}`)
		w.post(`{"userName":"bo@acme.test",` + work("Norway") + `}`)
		w.placed("anna@acme.test", "Default: Sales")
		w.groups("Finland")
		w.placed("anna@acme.test", "Default: Sales") // a switch turned moves nobody
		moves, err := w.admin.ProfileAgain(ctx, nil, true, nil)
		w.must(err)
		if len(moves) != 2 || moves[0].To != "Finland" || moves[1].Problem == "" {
			t.Errorf("plan %+v", moves)
		}
		w.placed("anna@acme.test", "Default: Sales")
		_, err = w.admin.ProfileAgain(ctx, nil, false, nil)
		w.must(err)
		w.placed("anna@acme.test", "Finland: Sales")
		w.placed("bo@acme.test", "Default: ")
		changes, err := w.admin.Changes(ctx, directory.ChangeQuery{})
		w.must(err)
		back, left, err := w.admin.UndoProfiling(ctx, changes[len(changes)-1].Request)
		w.must(err)
		if back != 1 || left != 0 {
			t.Errorf("undone %d, left %d", back, left)
		}
		w.placed("anna@acme.test", "Default: Sales")
		// With the group feature off everybody belongs into the default group.
		_, err = w.admin.ProfileAgain(ctx, nil, false, nil)
		w.must(err)
		w.set("groups", "false")
		w.placed("anna@acme.test", "Finland: Sales")
		_, err = w.admin.ProfileAgain(ctx, []string{"anna@acme.test"}, false, nil)
		w.must(err)
		w.placed("anna@acme.test", "Default: Sales")
	})
}

// Two directories on one database stand for two processes: what one commits
// counts in the next answer of the other.
func TestTwoProcesses(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		w := newWorld(t, storetest.Open(t, url))
		other := directory.New(storetest.Open(t, url))
		other.Now = w.d.Now
		t.Cleanup(func() { other.Close(context.Background()) })
		idp, err := other.OpenToken(t.Context(), w.token, "", directory.Via{})
		w.must(err)
		w.groups("Finland")
		r, err := idp.Create(t.Context(), "User", parse(t, `{"userName":"anna@acme.test",`+work("Finland")+`,"department":"Sales"}`))
		w.must(err)
		w.must(w.admin.RenameGroup(t.Context(), "Finland", "Suomi"))
		got, err := idp.Get(t.Context(), "User", r.ID())
		w.must(err)
		if g := got.Object()[scim.RollcallSchema].(scim.Object)["group"].(scim.Object)["display"]; g != "Suomi" {
			t.Errorf("shown group %v", g)
		}
		w.must(w.admin.RevokeToken(t.Context(), "SCIM"))
		_, err = idp.Get(t.Context(), "User", r.ID())
		w.fails(err, 401, "401.2")
		_, err = idp.Create(t.Context(), "User", parse(t, `{"userName":"bo@acme.test"}`))
		w.fails(err, 401, "401.2")
	})
}

// Two processes make tenants, and note the use of the same tokens, at one time.
func TestProcessesInEachOthersWay(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		w := newWorld(t, storetest.Open(t, url))
		stores := []*sqlstore.Store{w.store, storetest.Open(t, url)}
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() {
				row := directory.TenantRow{Name: fmt.Sprintf("t%d", i%8)}
				err := stores[i%2].CreateTenant(t.Context(), row, func(directory.Tx) error { return nil })
				if err != nil && !errors.Is(err, directory.ErrTaken) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		tenants, err := w.d.Tenants(t.Context())
		w.must(err)
		if len(tenants) != 9 {
			t.Errorf("%d tenants, want acme and eight", len(tenants))
		}

		used := map[string]int64{}
		w.must(w.store.Update(t.Context(), 1, func(tx directory.Tx) error {
			for i := range 300 {
				hash := fmt.Sprint("hash", i)
				used[hash] = 1
				if err := tx.PutToken(t.Context(), &directory.TokenRow{Hash: hash, ID: hash}); err != nil {
					return err
				}
			}
			return nil
		}))
		for i := range 8 {
			wg.Go(func() {
				again := maps.Clone(used)
				for hash := range again {
					again[hash] = int64(i + 2)
				}
				if err := stores[i%2].TouchTokens(t.Context(), again); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	})
}

// A name that went from one group, or team, to another is the other's, in
// whatever order a process hears of it.
func TestNamesThatChangeHands(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		w := newWorld(t, storetest.Open(t, url))
		ctx := t.Context()
		w.groups("Finland", "Sweden")
		w.must(w.admin.AddGroupName(ctx, "Finland", "FI"))
		sales, _ := w.admin.CreateTeam(ctx, "Sweden", "Sales")
		export, _ := w.admin.CreateTeam(ctx, "Sweden", "Export")
		w.must(w.admin.AddTeamName(ctx, directory.TeamRef{Name: sales}, "S1"))
		w.post(`{"userName":"anna@acme.test",` + work("FI") + `}`)

		other := directory.New(storetest.Open(t, url))
		t.Cleanup(func() { other.Close(context.Background()) })
		commands, err := other.OpenAdmin(ctx, "acme", directory.Via{})
		w.must(err)
		w.must(commands.RemoveGroupName(ctx, "Finland", "FI"))
		w.must(commands.AddGroupName(ctx, "Sweden", "FI"))
		w.must(commands.AddGroupName(ctx, "Finland", "Suomi"))
		_, err = commands.CreateTeam(ctx, "Sweden", "Vienti")
		w.must(err)
		w.must(commands.DeleteTeam(ctx, directory.TeamRef{Name: sales}))
		w.must(commands.AddTeamName(ctx, directory.TeamRef{Name: export}, "S1"))
		w.must(commands.AddTeamName(ctx, directory.TeamRef{Name: "Vienti"}, "V1"))

		w.post(`{"userName":"bo@acme.test",` + work("FI") + `,"department":"s1"}`)
		w.placed("bo@acme.test", "Sweden: Export")
	})
}

func TestTenants(t *testing.T) {
	storetest.Each(t, func(t *testing.T, store *sqlstore.Store) {
		w := newWorld(t, store)
		ctx := t.Context()
		umlaut, err := w.d.CreateTenant(ctx, directory.NewTenant{Name: "umlaut", AdminEmail: "äiti.öberg@acme.test"}, directory.Via{})
		w.must(err)
		if u, _ := umlaut.User(ctx, "äiti.öberg@acme.test"); u.GivenName != "Äiti" || u.FamilyName != "Öberg" {
			t.Errorf("names %q %q", u.GivenName, u.FamilyName)
		}
		for _, n := range []directory.NewTenant{
			{Name: "acme", AdminEmail: "a@b.test"}, {Name: "Not A Label", AdminEmail: "a@b.test"}, {Name: "ok", AdminEmail: "nonsense"},
		} {
			if _, err := w.d.CreateTenant(ctx, n, directory.Via{}); err == nil {
				t.Errorf("made %+v", n)
			}
		}
		other, err := w.d.CreateTenant(ctx, directory.NewTenant{Name: "Globex", AdminEmail: "mary-ann.smith@globex.test"}, directory.Via{})
		w.must(err)
		u, err := other.User(ctx, "mary-ann.smith@globex.test")
		w.must(err)
		if other.Name() != "globex" || u.GivenName != "Mary" || u.FamilyName != "Ann Smith" || u.Role != "company admin" || u.Group != "Default" || u.Matched {
			t.Errorf("got %s, %+v", other.Name(), u)
		}
		if _, err := w.d.OpenAdmin(ctx, "nobody", directory.Via{}); err == nil || !strings.Contains(err.Error(), "tenant list") {
			t.Errorf("no cure: %v", err)
		}
		// The same userName in two tenants; neither sees the other's.
		_, err = other.CreateUser(ctx, "admin@acme.test", nil)
		w.must(err)
		if got := w.find(`userName eq "mary-ann.smith@globex.test"`); len(got) != 0 {
			t.Error("found another tenant's user")
		}
		_, err = w.idp.Get(ctx, "User", u.ID)
		w.fails(err, 404, "404.1")
	})
}

// What people do by hand is refused where an IdP's word would be forgiven, and
// says whose a name is.
func TestByHandIsRefused(t *testing.T) {
	each(t, func(w *world) {
		ctx := t.Context()
		w.groups("Finland", "Sweden")
		w.must(w.admin.AddGroupName(ctx, "Finland", "FI"))
		if err := w.admin.AddGroupName(ctx, "Sweden", "FI"); err == nil || !strings.Contains(err.Error(), `"FI" belongs to the group "Finland"`) {
			t.Errorf("got %v", err)
		}
		if _, err := w.admin.CreateGroup(ctx, "Two\nlines"); err == nil || !strings.Contains(err.Error(), "line breaks") {
			t.Errorf("got %v", err)
		}
		if _, err := w.admin.Teams(ctx, "Nope"); err == nil || !strings.Contains(err.Error(), "there is no group") {
			t.Errorf("got %v", err)
		}
		w.set("deprovision", "deactivate")
		id := w.post(`{"userName":"anna@acme.test"}`)
		w.patch(id, leave)
		_, err := w.admin.SetUser(ctx, "anna@acme.test", map[string]string{"userName": "admin@acme.test"})
		w.fails(err, 409, "409.1")
		_, err = w.admin.SetUser(ctx, "anna@acme.test", map[string]string{"contry": "Finland"})
		if err == nil || !strings.Contains(err.Error(), "nothing was changed") {
			t.Errorf("got %v", err)
		}
	})
}

// A restore gives back the role that was lost on deactivation, before the
// removal.
func TestRestoreAfterDeactivation(t *testing.T) {
	each(t, func(w *world) {
		ctx := t.Context()
		w.set("deprovision", "deactivate")
		_, err := w.admin.CreateUser(ctx, "bo@acme.test", nil)
		w.must(err)
		_, err = w.admin.SetRole(ctx, "bo@acme.test", "company-admin")
		w.must(err)
		id := w.user("bo@acme.test").ID
		w.patch(id, leave)
		w.must(w.idp.Delete(ctx, "User", id, ""))
		u, err := w.admin.RestoreUser(ctx, "bo@acme.test")
		w.must(err)
		if u.Role != "company admin" || u.ID != id {
			t.Errorf("got %+v", u)
		}
	})
}

func TestRotatedNameIsClearAfterAWeek(t *testing.T) {
	each(t, func(w *world) {
		_, err := w.admin.RotateToken(t.Context(), "SCIM")
		w.must(err)
		w.now = w.now.Add(8 * 24 * time.Hour)
		_, err = w.admin.RotateToken(t.Context(), "SCIM")
		w.must(err)
	})
}
