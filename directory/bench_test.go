package directory_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
	"github.com/rollcall-scim/rollcall/sqlstore/storetest"
)

// Each operation as the HTTP handler calls it, by itself, on SQLite. The ratios
// that the README states are measured over HTTP, by make bench.
func BenchmarkTenant(b *testing.B) {
	ctx := context.Background()
	d := directory.New(storetest.Open(b, storetest.SQLite(b)))
	defer d.Close(ctx)
	admin, err := d.CreateTenant(ctx, directory.NewTenant{Name: "acme", AdminEmail: "admin@acme.test"}, directory.Via{})
	if err != nil {
		b.Fatal(err)
	}
	token, err := admin.CreateToken(ctx, "admin@acme.test", "SCIM", time.Time{})
	if err != nil {
		b.Fatal(err)
	}
	open := func() *directory.Tenant {
		t, err := d.OpenToken(ctx, token, "acme", directory.Via{Client: "bench", Operation: "TEST", BaseURL: "http://acme.localhost/api/scim/v2"})
		if err != nil {
			b.Fatal(err)
		}
		return t
	}
	var n atomic.Int64
	create := func() *scim.Resource {
		i := n.Add(1)
		r, err := scim.UserType.Parse(fmt.Appendf(nil, `{"userName":"user%d@acme.test","externalId":"x%d","name":{"givenName":"Anna","familyName":"Aalto"},"displayName":"Anna Aalto %d","active":true,
			"emails":[{"value":"user%d@acme.test","type":"work","primary":true}],"title":"Engineer","addresses":[{"type":"work","country":"Finland","locality":"Helsinki"}],
			"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Sales","employeeNumber":"%d"}}`, i, i, i, i, i))
		if err != nil {
			b.Fatal(err)
		}
		if r, err = open().Create(ctx, "User", r); err != nil {
			b.Fatal(err)
		}
		return r
	}
	link, err := admin.SignInLink(ctx, "admin@acme.test")
	if err != nil {
		b.Fatal(err)
	}
	session, err := d.RedeemLink(ctx, link, "acme", directory.Via{})
	if err != nil {
		b.Fatal(err)
	}
	first := create().ID()
	for range 200 {
		create()
	}
	each := func(name string, fn func()) {
		b.Run(name, func(b *testing.B) {
			b.SetParallelism(4)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					fn()
				}
			})
		})
	}
	each("OpenSession", func() {
		if _, err := d.OpenSession(ctx, session, "acme", directory.Via{}); err != nil {
			b.Error(err)
		}
	})
	each("Get", func() {
		if _, err := open().Get(ctx, "User", first); err != nil {
			b.Error(err)
		}
	})
	query := func(filter string, count int) func() {
		return func() {
			q := scim.Query{StartIndex: 1, Count: count}
			if filter != "" {
				q.Filter, _ = scim.ParseFilter(scim.UserType, filter)
			}
			if _, err := open().Query(ctx, "User", q); err != nil {
				b.Error(err)
			}
		}
	}
	each("FilterUserName", query(`userName eq "user7@acme.test"`, 100))
	each("FilterEmail", query(`emails[type eq "work"].value eq "user7@acme.test"`, 100))
	each("Page100", query("", 100))
	each("Create", func() { create() })
	each("Patch", func() {
		p, _ := scim.ParsePatch(fmt.Appendf(nil, `{"Operations":[{"op":"replace","path":"title","value":"Chief %d"}]}`, n.Add(1)))
		if _, err := open().Patch(ctx, "User", first, p, ""); err != nil {
			b.Error(err)
		}
	})
}
