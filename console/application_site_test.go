package console_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/console"
	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/provision"
	"github.com/rollcall-scim/rollcall/provision/source"
	"github.com/rollcall-scim/rollcall/provision/target"
	"github.com/rollcall-scim/rollcall/provision/target/hostile"
	"github.com/rollcall-scim/rollcall/sqlstore"
)

// applications is what a server gives pages about applications.
func applications(t *testing.T, store *sqlstore.Store) *console.Applications {
	var working sync.WaitGroup
	ctx, end := context.WithCancel(context.WithoutCancel(t.Context()))
	t.Cleanup(func() { end(); working.Wait() })
	return &console.Applications{
		Stores: store.Provision(),
		Open: func(ctx context.Context, t *directory.Tenant, a directory.Application) (*provision.Engine, func(), error) {
			return openEngine(ctx, store, t, a)
		},
		Background: func(work func(context.Context)) { working.Go(func() { work(ctx) }) },
	}
}

func openEngine(ctx context.Context, store *sqlstore.Store, t *directory.Tenant, a directory.Application) (*provision.Engine, func(), error) {
	app, err := provision.Parse([]byte(a.Document))
	if err != nil {
		return nil, nil, err
	}
	secrets, err := t.ApplicationSecrets(ctx, a.ID)
	if err != nil {
		return nil, nil, err
	}
	row, err := t.Row(ctx)
	if err := errors.Join(err, app.Expand(secrets)); err != nil {
		return nil, nil, err
	}
	from, err := source.Open(ctx, app.Source, source.Environment{Directory: t})
	if err != nil {
		return nil, nil, err
	}
	to, err := target.Open(app.Target, target.Environment{})
	if err != nil {
		return nil, nil, err
	}
	e := &provision.Engine{App: app, Source: from, Target: to, Store: store.Provision().Application(row.ID, a.ID), Now: time.Now, Logger: slog.New(slog.DiscardHandler), Version: a.Version}
	return e, func() { from.Close(); to.Close() }, nil
}

// rig is an application of acme into a server of the test, and its admin's browser.
type rig struct {
	*browser
	target *hostile.Server
}

// eachRig runs a test on both databases, with the application "out" and the people
// p0, p1, ... of acme.
func eachRig(t *testing.T, people int, test func(t *testing.T, r *rig)) {
	each(t, func(s *site) {
		s.dir.Key = func(bool) ([]byte, error) { return make([]byte, directory.KeySize), nil }
		r := &rig{s.signedIn(admin), hostile.Start(s.t)}
		for i := range people {
			_, err := s.acme.CreateUser(s.t.Context(), "p"+string(rune('0'+i))+"@acme.test", nil)
			s.must(err)
		}
		p := r.post("/new-application", "document", r.document("scope: {sync: all}"), "secret-OUT_TOKEN", r.target.Token)
		r.done(p).has("out is made", "Off", "No cycle has run yet")
		test(s.t, r)
	})
}

func (r *rig) document(scope string) string {
	return strings.NewReplacer("URL", r.target.URL, "SCOPE", scope).Replace(`name: out
source: {kind: directory}
target: {url: "URL", token: "${OUT_TOKEN}", plain-text: true}
SCOPE
users:
  mappings:
    userName: {from: userPrincipalName, match: 1}
    active: {expression: 'Switch([IsSoftDeleted], , "False", "True", "True", "False")'}
    displayName: {from: displayName}
groups: {enabled: false}
`)
}

// settled waits until the last cycle has ended, and shows the overview.
func (r *rig) settled() seen {
	r.s.t.Helper()
	for range 600 {
		if p := r.get("/applications/out").ok(); strings.Contains(p.text, "Cycle ") && !strings.Contains(p.html, `class="waiting"`) {
			return p
		}
		select {
		case <-r.s.t.Context().Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
	r.s.t.Fatal("the cycle does not end")
	return seen{}
}

// run begins a cycle, or a plan, and waits for its end.
func (r *rig) run(fields ...string) seen {
	r.s.t.Helper()
	r.post("/applications/out/run", fields...).is(303)
	return r.settled()
}
