package directory_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
)

// Whatever is asked for, whichever way it is answered: found is who a plain
// look at everybody finds, in the order that was asked for.
func TestFindIsWhatLookingAtAllFinds(t *testing.T) {
	each(t, func(w *world) {
		ctx := t.Context()
		w.groups("Finland", "Sweden")
		r := rand.New(rand.NewPCG(1, 2))
		pick := func(of ...string) string { return of[r.IntN(len(of))] }
		for i := range 40 {
			w.person(fmt.Sprintf("u%d.%s@%s.test", i, pick("anna", "bo", "åsa"), pick("acme", "beta")), pick("Anna", "Anna-Maria", "Bo", "Åsa", "Annika"), pick("Aalto", "Berg", "Å", "von Anka"),
				map[string]string{"country": pick("Finland", "Sweden", ""), "department": pick("Sales", "Anna's team", "")})
		}
		for range 6 {
			page, err := w.admin.Find(ctx, directory.PeopleQuery{Limit: 100, Role: "user"})
			w.must(err)
			w.removed(page.People[r.IntN(len(page.People))].ID)
		}
		everybody := w.all()
		words := []string{"a", "an", "anna", "ann maria", "åsa", "BERG", "sales", "sal b", "beta", "anna's", "team an", "von", "u1", "u1 berg", "x"}
		for range 150 {
			q := directory.PeopleQuery{Limit: 100, ByUserName: r.IntN(2) == 0}
			if r.IntN(4) > 0 {
				q.Text = pick(words...)
			}
			if r.IntN(3) == 0 {
				q.Group = pick("Finland", "Sweden", "Default")
			}
			q.State = pick("", "", "", "active", "removed")
			was := directory.SetNarrow([]int{1, 3, 1000}[r.IntN(3)])
			page, err := w.admin.Find(ctx, q)
			directory.SetNarrow(was)
			w.must(err)
			var want []string
			for _, u := range everybody {
				if fulfils(u, q) {
					want = append(want, u.UserName)
				}
			}
			var got []string
			for _, u := range page.People {
				got = append(got, u.UserName)
			}
			if !page.ByWord && q.State != "removed" && q.ByUserName && !slices.IsSortedFunc(got, func(a, b string) int { return strings.Compare(scim.Fold(a), scim.Fold(b)) }) {
				t.Errorf("%+v: not in the order of user names: %v", q, got)
			}
			if !page.More && page.Total != len(want) {
				t.Errorf("%+v: %d are counted, and there are %d", q, page.Total, len(want))
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%+v finds\n%v, want\n%v", q, got, want)
			}
		}
	})
}

// all are the people in sight and the removed.
func (w *world) all() []directory.User {
	w.t.Helper()
	living, err := w.admin.Users(w.t.Context(), directory.UserQuery{})
	w.must(err)
	gone, err := w.admin.Users(w.t.Context(), directory.UserQuery{Removed: true})
	w.must(err)
	return append(living, gone...)
}

// fulfils is the search in its plainest form.
func fulfils(u directory.User, q directory.PeopleQuery) bool {
	if (q.State == "removed") != (u.State == "removed") || q.Group != "" && u.Group != q.Group {
		return false
	}
	separates := func(r rune) bool { return strings.ContainsRune(" .@-'", r) }
	has := strings.FieldsFunc(scim.Fold(strings.Join(append([]string{u.UserName, u.GivenName, u.FamilyName}, u.Teams...), " ")), separates)
	for _, word := range strings.FieldsFunc(scim.Fold(q.Text), separates) {
		if !slices.ContainsFunc(has, func(h string) bool { return strings.HasPrefix(h, word) }) {
			return false
		}
	}
	return true
}

// A search, a task and what was left alone stay within their tenant.
func TestPeopleOfAnotherTenant(t *testing.T) {
	each(t, func(w *world) {
		ctx := t.Context()
		other, err := w.d.CreateTenant(ctx, directory.NewTenant{Name: "other", AdminEmail: "admin@acme.test"}, directory.Via{})
		w.must(err)
		ids := w.crowd(25)
		done, err := w.admin.Do(ctx, directory.Bulk{Kind: directory.TaskLeaveAlone, People: ids})
		w.must(err)
		w.ended(done.Task)
		page, err := other.Find(ctx, directory.PeopleQuery{Text: "a"})
		w.must(err)
		if len(page.People) != 1 {
			t.Errorf("finds %d people of two tenants", len(page.People))
		}
		if _, err := other.Task(ctx, done.Task); err != directory.ErrNotFound {
			t.Errorf("sees another tenant's task: %v", err)
		}
		if err := other.ContinueTask(ctx, done.Task); err != directory.ErrNotFound {
			t.Errorf("continues it: %v", err)
		}
		if _, err := other.History(ctx, ids[0], 0, 5); err == nil {
			t.Error("reads another tenant's history")
		}
		refused, err := other.Do(ctx, directory.Bulk{Kind: directory.TaskRemove, People: ids[:3]})
		w.must(err)
		if refused.People != 0 || len(refused.Problems) != 3 {
			t.Errorf("%+v", refused)
		}
	})
}
