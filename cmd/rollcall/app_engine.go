package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/provision"
	"github.com/rollcall-scim/rollcall/provision/source"
	"github.com/rollcall-scim/rollcall/provision/target"
	"github.com/rollcall-scim/rollcall/scimhttp"
	"github.com/rollcall-scim/rollcall/sqlstore"
)

// engines opens applications: the set-up from the directory, their secrets, the
// source, the target, and where their state is kept.
type engines struct {
	directory *directory.Directory
	store     *sqlstore.Store
	logger    *slog.Logger
	reach     *scimhttp.Reach // where applications may connect to
}

// open opens an application; the engine is closed by calling closing.
func (e *engines) open(ctx context.Context, t *directory.Tenant, a directory.Application) (engine *provision.Engine, closing func(), err error) {
	app, err := provision.Parse([]byte(a.Document))
	if err != nil {
		return nil, nil, err
	}
	secrets, err := t.ApplicationSecrets(ctx, a.ID)
	if err != nil {
		return nil, nil, err
	}
	if err := app.Expand(secrets); err != nil {
		return nil, nil, err
	}
	hide := func(err error) error { return provision.HideError(err, secrets) }
	state, err := e.state(ctx, t, a.ID)
	if err != nil {
		return nil, nil, err
	}
	from, err := source.Open(ctx, app.Source, source.Environment{Directory: t, Logger: e.logger, Reach: e.reach})
	if err != nil {
		return nil, nil, hide(err)
	}
	to, err := target.Open(app.Target, target.Environment{Logger: e.logger, Reach: e.reach})
	if err != nil {
		return nil, nil, hide(errors.Join(err, from.Close()))
	}
	engine = &provision.Engine{App: app, Source: from, Target: to, Store: state, Now: time.Now, Logger: e.logger, Version: a.Version}
	engine.Changed = func(ctx context.Context) (bool, error) {
		version, err := t.ApplicationSeq(ctx, a.ID)
		return version != a.Version, err
	}
	return engine, func() { from.Close(); to.Close() }, nil
}

func (e *engines) state(ctx context.Context, t *directory.Tenant, app string) (provision.Store, error) {
	row, err := t.Row(ctx)
	if err != nil {
		return nil, err
	}
	return e.store.Provision().Application(row.ID, app), nil
}

// stateOf is where an application's state is kept.
func stateOf(ctx context.Context, d *directory.Directory, t *directory.Tenant, app string) (provision.Store, error) {
	store, ok := d.Store.(*sqlstore.Store)
	if !ok {
		return nil, errors.New("this database keeps no applications")
	}
	return (&engines{store: store}).state(ctx, t, app)
}

// appSession is what a command on one application has at hand.
type appSession struct {
	*cobra.Command
	engines *engines
	tenant  *directory.Tenant
	app     directory.Application
	state   provision.Store
}

// onApplication runs a command on the application that its first argument names.
func onApplication(fn func(s *appSession, args []string) error) func(*cobra.Command, []string) error {
	return onApplicationsOf(func(c *cobra.Command, args []string, d *directory.Directory, t *directory.Tenant) error {
		a, err := t.Application(c.Context(), args[0])
		if err != nil {
			return err
		}
		store, ok := d.Store.(*sqlstore.Store)
		if !ok {
			return errors.New("this database keeps no applications")
		}
		reach, err := reachFromEnvironment()
		if err != nil {
			return err
		}
		s := &appSession{Command: c, engines: &engines{d, store, d.Logger, reach}, tenant: t, app: a}
		if s.state, err = s.engines.state(c.Context(), t, a.ID); err != nil {
			return err
		}
		return fn(s, args[1:])
	})
}

// onEngine runs a command with the application's engine.
func onEngine(fn func(s *appSession, e *provision.Engine, args []string) error) func(*cobra.Command, []string) error {
	return onApplication(func(s *appSession, args []string) error {
		e, closing, err := s.engines.open(s.Context(), s.tenant, s.app)
		if err != nil {
			return err
		}
		defer closing()
		return fn(s, e, args)
	})
}
