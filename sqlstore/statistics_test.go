package sqlstore_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/provision"
	"github.com/rollcall-scim/rollcall/sqlstore/storetest"
)

// TestStatistics: in a database that was empty a minute ago a page of users comes
// in the order of its index, and objects are looked up by their whole key.
func TestStatistics(t *testing.T) {
	s := storetest.Open(t, storetest.Postgres(t))
	ok(t, s.CreateTenant(t.Context(), directory.TenantRow{Name: "acme"}, func(directory.Tx) error { return nil }))
	const people, step = 5000, 500
	a := s.Provision().Application(1, "app")
	for n := 0; n < people; n += step {
		var objects []*provision.Object
		ok(t, s.Update(t.Context(), 1, func(x directory.Tx) error {
			for i := n; i < n+step; i++ {
				id := fmt.Sprintf("%08d", i*7919%people)
				objects = append(objects, object(id))
				u := &directory.UserRow{ID: id, State: directory.Active, Doc: strings.Repeat("x", 400), Keys: directory.Keys{UserName: id}}
				if err := x.InsertUser(t.Context(), u); err != nil {
					return err
				}
			}
			x.Row().Users += step
			return nil
		}))
		ok(t, a.PutSource(t.Context(), objects))
	}
	s.Looked()
	_, _, err := s.Reader(1).ListUsers(t.Context(), directory.List{After: "00001000", Limit: 100})
	ok(t, err)
	plan, err := s.Explain(t.Context(), "order by u.id limit $3 offset $4", 1, "00001000", 100, 0)
	ok(t, err)
	if !strings.Contains(plan, "Index Scan using users_pkey") || strings.Contains(plan, "Sort") {
		t.Errorf("a page is planned as\n%s", plan)
	}
	keys := []string{"00000001", "00004000", "00002000"}
	must(a.ObjectsByKey(t.Context(), []provision.Key{object(keys[0]).Key}))
	plan, err = s.Explain(t.Context(), "anchor = any($4)", 1, "app", "User", keys)
	ok(t, err)
	if !strings.Contains(plan, "app_objects_pkey") || strings.Contains(plan, "Filter") {
		t.Errorf("a look-up is planned as\n%s", plan)
	}
}
