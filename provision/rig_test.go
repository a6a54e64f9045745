package provision_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/provision"
	"github.com/rollcall-scim/rollcall/provision/source"
	"github.com/rollcall-scim/rollcall/provision/target"
	"github.com/rollcall-scim/rollcall/provision/target/hostile"
	"github.com/rollcall-scim/rollcall/scim"
	"github.com/rollcall-scim/rollcall/scimhttp"
	"github.com/rollcall-scim/rollcall/sqlstore"
	"github.com/rollcall-scim/rollcall/sqlstore/storetest"
)

// rig is an application between CSV files and a target that can misbehave, on a
// real database.
type rig struct {
	*testing.T
	dir     string
	people  []person
	groups  map[string][]string // displayName -> keys of members
	target  *hostile.Server
	store   *sqlstore.Store
	now     time.Time
	yaml    string
	app     *provision.Application
	id      string
	opened  *provision.Engine // as long as the set-up is the same
	as      string            // the set-up that it was opened with
	between *meddler          // nil: nobody
	waited  atomic.Int64      // what the target was waited for, in nanoseconds
}

// person is a row of people.csv.
type person struct {
	key, name, department, manager string
	disabled                       bool
}

// onRig runs the test on both databases.
func onRig(t *testing.T, test func(*rig)) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, store *sqlstore.Store) { test(newRig(t, store)) })
}

func newRig(t *testing.T, store *sqlstore.Store) *rig {
	r := &rig{T: t, id: "app", dir: t.TempDir(), target: hostile.Start(t), store: store, groups: map[string][]string{},
		now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	r.yaml = strings.NewReplacer("DIR", r.dir, "URL", r.target.URL, "TOKEN", r.target.Token).Replace(`
name: acme
source: {kind: csv, path: "DIR", anchor: key, reference: key}
target: {url: "URL", token: "TOKEN"}
scope: {sync: all}
status: on
approval: auto
users:
  enabled: true
  mappings:
    userName: {from: userPrincipalName, match: 1}
    displayName: {from: displayName}
    active: {expression: 'Switch([IsSoftDeleted], , "False", "True", "True", "False")'}
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department': {from: department}
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager': {from: manager}
groups: {enabled: true}
`)
	return r
}

// have puts people into the source, named p0, p1, ...
func (r *rig) have(n int) *rig {
	for i := range n {
		r.people = append(r.people, person{key: fmt.Sprintf("k%d", i), name: fmt.Sprintf("p%d", i), department: "Sales"})
	}
	return r
}

// with changes the set-up's text.
func (r *rig) with(oldnew ...string) *rig {
	for i := 0; i < len(oldnew); i += 2 {
		if !strings.Contains(r.yaml, oldnew[i]) {
			r.Fatalf("the set-up has no %q", oldnew[i])
		}
	}
	r.yaml = strings.NewReplacer(oldnew...).Replace(r.yaml)
	return r
}

// save writes the source's files.
func (r *rig) save() {
	var users, groups strings.Builder
	users.WriteString("key,userPrincipalName,displayName,department,manager,accountEnabled\n")
	for _, p := range r.people {
		fmt.Fprintf(&users, "%s,%s@contoso.test,%s,%s,%s,%t\n", p.key, p.name, strings.ToUpper(p.name), quoted(p.department), p.manager, !p.disabled)
	}
	groups.WriteString("key,displayName,members\n")
	for _, name := range slices.Sorted(mapsKeys(r.groups)) {
		fmt.Fprintf(&groups, "g-%s,%s,%s\n", name, name, strings.Join(r.groups[name], "|"))
	}
	r.write("users.csv", users.String())
	os.Remove(filepath.Join(r.dir, "groups.csv"))
	if len(r.groups) > 0 {
		r.write("groups.csv", groups.String())
	}
}

func quoted(cell string) string { return `"` + strings.ReplaceAll(cell, `"`, `""`) + `"` }

func (r *rig) write(name, text string) {
	path := filepath.Join(r.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		r.Fatal(err)
	}
	// A file that was just written would be looked at twice.
	if err := os.Chtimes(path, r.now, r.now); err != nil {
		r.Fatal(err)
	}
}

// engine is the application as a process has it that goes on.
func (r *rig) engine() *provision.Engine {
	r.Helper()
	if as := r.setup(); r.opened == nil || r.as != as {
		r.opened, r.as = r.open(), as
	}
	return r.opened
}

// setup tells applications apart.
func (r *rig) setup() string { return fmt.Sprintf("%p %s %s", r.store, r.id, r.yaml) }

// open opens the application as a new process does.
func (r *rig) open() *provision.Engine {
	r.Helper()
	app, err := provision.Parse([]byte(r.yaml))
	if err != nil {
		r.Fatal(err)
	}
	r.app = app
	src, err := source.Open(r.Context(), app.Source, source.Environment{})
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { src.Close() })
	wait := func(ctx context.Context, d time.Duration) error {
		r.waited.Add(int64(d))
		return ctx.Err()
	}
	env := target.Environment{Wait: wait, Now: func() time.Time { return r.now.Add(time.Duration(r.waited.Load())) }}
	if r.between != nil {
		env.HTTP = *r.between
	}
	to, err := target.Open(app.Target, env)
	if err != nil {
		r.Fatal(err)
	}
	return &provision.Engine{App: app, Source: src, Target: to, Store: r.state(),
		Now: func() time.Time { return r.now }, Logger: slog.New(slog.DiscardHandler), Parallel: 4}
}

// state is what the database keeps of the application.
func (r *rig) state() provision.Store { return r.store.Provision().Application(1, r.id) }

// cycle saves the source and runs a cycle a minute after the last.
func (r *rig) cycle(q provision.Request) *provision.Cycle {
	r.Helper()
	r.save()
	r.now = r.now.Add(time.Minute)
	r.target.ForgetRequests()
	c, err := r.engine().Run(r.Context(), q)
	if err != nil {
		r.Fatal(err)
	}
	return c
}

// good is a cycle that must end well.
func (r *rig) good(q provision.Request) *provision.Cycle {
	r.Helper()
	c := r.cycle(q)
	if c.Outcome != provision.Success {
		r.Fatalf("the cycle ended with %s: %s\n%s", c.Outcome, c.Message, r.log(c))
	}
	return c
}

func (r *rig) log(c *provision.Cycle) string {
	var b strings.Builder
	for _, op := range r.ops(c) {
		fmt.Fprintf(&b, "%d %s %s %s: %s %s (%s) %s %s\n", op.Number, op.Action, op.Name, op.State, op.Code, op.Message, op.Why, op.Method, op.Body)
	}
	return b.String()
}

func (r *rig) ops(c *provision.Cycle) []*provision.Op {
	ops, err := r.state().Ops(r.Context(), provision.OpQuery{Cycle: c.Number, Limit: 10000})
	if err != nil {
		r.Fatal(err)
	}
	return ops
}

// writes are the target's requests that change something, as "POST Users".
func (r *rig) writes() (list []string) {
	for _, q := range r.target.Writes() {
		list = append(list, q.Method+" "+q.Path)
	}
	return list
}

func (r *rig) want(what string, got, want any) {
	r.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		r.Errorf("%s: %v, want %v", what, got, want)
	}
}

// change is what somebody does at the target by hand.
func (r *rig) change(userName, path, value string) {
	r.Helper()
	p := &scim.Patch{Operations: []scim.Operation{{Op: "replace", Path: path, Value: value}}}
	client := &scimhttp.Client{BaseURL: r.target.URL, Token: r.target.Token}
	if _, err := client.Patch(r.Context(), "User", r.target.User(userName)["id"].(string), p, ""); err != nil {
		r.Fatal(err)
	}
}
