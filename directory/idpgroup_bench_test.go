package directory_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
	"github.com/rollcall-scim/rollcall/sqlstore/storetest"
)

// A member is added to, and removed from, an IdP group of ten and one of a
// hundred thousand: the two must cost the same.
func BenchmarkMember10(b *testing.B)     { benchmarkMember(b, 10) }
func BenchmarkMember100000(b *testing.B) { benchmarkMember(b, 100_000) }

func benchmarkMember(b *testing.B, size int) {
	ctx := b.Context()
	store := storetest.Open(b, storetest.SQLite(b))
	d := directory.New(store)
	defer d.Close(ctx)
	admin, err := d.CreateTenant(ctx, directory.NewTenant{Name: "acme", AdminEmail: "admin@acme.test"}, directory.Via{})
	if err != nil {
		b.Fatal(err)
	}
	token, err := admin.CreateToken(ctx, "admin@acme.test", "SCIM", time.Time{})
	if err != nil {
		b.Fatal(err)
	}
	idp, err := d.OpenToken(ctx, token, "acme", directory.Via{Client: "bench", Operation: "TEST", BaseURL: "http://acme.localhost/api/scim/v2"})
	if err != nil {
		b.Fatal(err)
	}
	r, _ := scim.GroupType.Parse([]byte(`{"displayName":"Everybody"}`))
	g, err := idp.Create(ctx, "Group", r)
	if err != nil {
		b.Fatal(err)
	}
	row, err := admin.Row(ctx)
	if err != nil {
		b.Fatal(err)
	}
	crowd(b, store, row.ID, g.ID(), size)
	r, _ = scim.UserType.Parse([]byte(`{"userName":"new@acme.test"}`))
	u, err := idp.Create(ctx, "User", r)
	if err != nil {
		b.Fatal(err)
	}
	add, _ := scim.ParsePatch(fmt.Appendf(nil, `{"Operations":[{"op":"add","path":"members","value":[{"value":%q}]}]}`, u.ID()))
	remove, _ := scim.ParsePatch(fmt.Appendf(nil, `{"Operations":[{"op":"remove","path":"members","value":[{"value":%q}]}]}`, u.ID()))
	for b.Loop() {
		for _, p := range []*scim.Patch{add, remove} {
			if _, err := idp.Patch(ctx, "Group", g.ID(), p, ""); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// crowd writes people and their member rows without the directory, which would
// take minutes over a hundred thousand.
func crowd(b *testing.B, store directory.Store, tenant int64, group string, n int) {
	for from := 0; from < n; from += 1000 {
		err := store.Update(b.Context(), tenant, func(tx directory.Tx) error {
			var rows []directory.MemberRow
			for i := from; i < min(from+1000, n); i++ {
				id := fmt.Sprintf("00000000-0000-7000-8000-%012d", i)
				name := fmt.Sprintf("crowd%d@acme.test", i)
				if err := tx.InsertUser(b.Context(), &directory.UserRow{ID: id, Doc: `{"userName":"` + name + `"}`, State: directory.Active, Keys: directory.Keys{UserName: name}}); err != nil {
					return err
				}
				rows = append(rows, directory.MemberRow{ID: id, Kind: directory.MemberUser, Shown: true})
			}
			_, err := tx.AddMembers(b.Context(), group, rows)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
