package sqlstore_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/provision"
	"github.com/rollcall-scim/rollcall/provision/source"
	"github.com/rollcall-scim/rollcall/provision/target"
	"github.com/rollcall-scim/rollcall/provision/target/hostile"
	"github.com/rollcall-scim/rollcall/sqlstore"
	"github.com/rollcall-scim/rollcall/sqlstore/storetest"
)

// outpost is an application with a source and a target of its own. The keys at
// the source are the same in all of them; names, values and the token hold its
// canary.
type outpost struct {
	t      *testing.T
	tenant *directory.Tenant
	id     int64 // of the tenant
	canary string
	dir    string
	target *hostile.Server
	app    directory.Application
	state  provision.Store
}

// outposts are two applications of each of two tenants.
func outposts(t *testing.T, store *sqlstore.Store) (list []*outpost) {
	t.Helper()
	d := directory.New(store)
	d.Logger, d.Key = slog.New(slog.DiscardHandler), func(bool) ([]byte, error) { return make([]byte, directory.KeySize), nil }
	for i, name := range []string{"acme", "globex"} {
		tenant, _ := newTenant(t, d, name, "Finland")
		for _, app := range []string{"crm", "wiki"} {
			o := &outpost{t: t, tenant: tenant, id: int64(i + 1), canary: "canary" + name + app, dir: t.TempDir(), target: hostile.Start(t)}
			o.target.Token = "secret-of-" + o.canary
			o.save("Sales", "k0", "k1", "k2")
			o.apply(app)
			o.state = store.Provision().Application(o.id, o.app.ID)
			list = append(list, o)
		}
	}
	return list
}

// apply keeps the set-up in the tenant's directory, its token sealed.
func (o *outpost) apply(name string) {
	o.t.Helper()
	a, err := provision.Parse(fmt.Appendf(nil, `
name: %s
source: {kind: csv, path: %s, anchor: key}
target: {url: "%s", token: "%s"}
scope: {sync: all}
approval: auto
users:
  mappings:
    userName: {from: userPrincipalName, match: 1}
    title: {from: jobTitle}
    active: {expression: 'Switch([IsSoftDeleted], , "False", "True", "True", "False")'}
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager': {from: manager}
`, name, o.dir, o.target.URL, o.target.Token))
	if err != nil {
		o.t.Fatal(err)
	}
	secrets := a.Seclude()
	if o.app, err = o.tenant.PutApplication(o.t.Context(), name, string(a.YAML()), secrets, 0); err != nil {
		o.t.Fatal(err)
	}
}

// save writes the source: people, and a group of them. The last one's manager
// does not exist, so that somebody waits.
func (o *outpost) save(title string, keys ...string) {
	o.t.Helper()
	users, groups := "key,userPrincipalName,jobTitle,manager\n", "key,displayName,members\n"
	for _, k := range keys {
		users += fmt.Sprintf("%s,%s.%s@contoso.test,%s %s,nobody\n", k, o.canary, k, title, o.canary)
	}
	groups += "g,Staff " + o.canary + "," + strings.Join(keys, "|") + "\n"
	for name, text := range map[string]string{"users.csv": users, "groups.csv": groups} {
		path := filepath.Join(o.dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			o.t.Fatal(err)
		}
		if hour := time.Now().Add(-time.Hour); os.Chtimes(path, hour, hour) != nil {
			o.t.Fatal("the time of a file could not be set")
		}
	}
}

// run opens the application as a server does, and runs a full cycle.
func (o *outpost) run() {
	o.t.Helper()
	app, err := provision.Parse([]byte(o.app.Document))
	if err != nil {
		o.t.Fatal(err)
	}
	secrets, err := o.tenant.ApplicationSecrets(o.t.Context(), o.app.ID)
	if err != nil {
		o.t.Fatal(err)
	}
	if err := app.Expand(secrets); err != nil {
		o.t.Fatal(err)
	}
	from, err := source.Open(o.t.Context(), app.Source, source.Environment{})
	if err != nil {
		o.t.Fatal(err)
	}
	defer from.Close()
	to, err := target.Open(app.Target, target.Environment{Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
	if err != nil {
		o.t.Fatal(err)
	}
	defer to.Close()
	e := &provision.Engine{App: app, Source: from, Target: to, Store: o.state, Logger: slog.New(slog.DiscardHandler)}
	c, err := e.Run(o.t.Context(), provision.Request{Full: true})
	if err != nil || c.Outcome != provision.Success {
		o.t.Fatalf("%s: %+v, %v", o.canary, c, err)
	}
}

// keeps are the rows of the application, all as text.
func (o *outpost) keeps(d *dump) set {
	o.t.Helper()
	rows := set{}
	for _, table := range []string{"app_state", "app_objects", "app_waiting", "app_targets", "app_target_keys", "app_cycles", "app_ops"} {
		n := 0
		for _, row := range d.rows(fmt.Sprintf(`select '%s', x.* from %[1]s x where tenant=%d and app='%s'`, table, o.id, o.app.ID)) {
			rows.add(row...)
			n++
		}
		if n == 0 && table != "app_targets" && table != "app_target_keys" {
			o.t.Errorf("%s has nothing in %s that could leak", o.canary, table)
		}
	}
	return rows
}

// TestApplicationsAreIsolated: what one application reads, writes and keeps
// concerns no other, of its own tenant or another, though their people have the
// same keys; and no token is anywhere in the clear.
func TestApplicationsAreIsolated(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		all := outposts(t, storetest.Open(t, url))
		for _, o := range all {
			o.run()
		}
		d := openDump(t, url)
		defer d.db.Close()
		for _, o := range all {
			rows := o.keeps(d)
			for _, user := range o.target.Users() {
				if name, _ := user["userName"].(string); !strings.HasPrefix(name, o.canary+".k") {
					t.Errorf("%s has provisioned %s", o.canary, name)
				}
			}
			if n := len(o.target.Users()); n != 3 {
				t.Errorf("%s has provisioned %d", o.canary, n)
			}
			for _, other := range all {
				for row := range rows {
					if other != o && (strings.Contains(row, other.canary) || strings.Contains(row, other.target.URL)) {
						t.Errorf("%s keeps of %s: %s", o.canary, other.canary, row)
					}
				}
			}
		}
		for row := range d.everything("") {
			for _, o := range all {
				if strings.Contains(row, o.target.Token) {
					t.Errorf("the token of %s stands in %s", o.canary, row)
				}
			}
		}
		first, others := all[0], all[1:]
		var before []set
		for _, o := range others {
			before = append(before, o.keeps(d))
			o.target.ForgetRequests()
		}
		unchanged := func(what string) {
			t.Helper()
			for i, o := range others {
				d.same(o.canary+" "+what, before[i], o.keeps(d))
				if writes := o.target.Requests(); len(writes) > 0 {
					t.Errorf("%s: %s was asked %v", what, o.canary, writes)
				}
			}
		}
		first.save("Boss", "k0", "k1")
		first.run()
		if boss := first.target.User(first.canary + ".k0@contoso.test")["title"]; boss != "Boss "+first.canary {
			t.Errorf("the title is %v", boss)
		}
		unchanged("after another's change")
		checkWhole(t, url)
		if err := first.state.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		unchanged("after another's restart")
		id, err := first.tenant.DeleteApplication(t.Context(), "crm")
		if err == nil {
			err = first.state.Forget(t.Context())
		}
		if err != nil || id != first.app.ID {
			t.Fatal(id, err)
		}
		unchanged("after another's end")
		for _, table := range []string{"app_state", "app_objects", "app_waiting", "app_targets", "app_target_keys", "app_cycles", "app_ops"} {
			if left := d.rows(`select * from ` + table + ` where app='` + first.app.ID + `'`); len(left) > 0 {
				t.Errorf("forgotten, and %s has %v", table, left)
			}
		}
		if rows := d.rows(`select secrets from applications where id='` + first.app.ID + `'`); !slices.Equal(rows[0], []string{""}) {
			t.Errorf("the application is gone, and its secrets are %q", rows[0])
		}
	})
}
