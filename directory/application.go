package directory

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
)

// ApplicationRow is the set-up of an outbound provisioning application. The
// directory keeps its document and does not read it.
type ApplicationRow struct {
	ID       string
	Name     string // unique by scim.Fold among the living
	Document string
	Secrets  string // sealed; see sealSecret
	Created  int64
	Changed  int64
	Seq      int64 // number of the last change: its version
	Gone     bool
}

// ApplicationReader is the part of a Reader that reads applications. Their
// documents may be large, so they are in no setup.
type ApplicationReader interface {
	// Applications returns the living by name.
	Applications(ctx context.Context) ([]*ApplicationRow, error)
	// Application and ApplicationNamed, by folded name, return nil for one
	// that is not there or gone.
	Application(ctx context.Context, id string) (*ApplicationRow, error)
	ApplicationNamed(ctx context.Context, key string) (*ApplicationRow, error)
	// ApplicationSeq is an application's version; 0 for one that is gone.
	ApplicationSeq(ctx context.Context, id string) (int64, error)
}

// ApplicationTx is the part of a Tx that writes applications.
type ApplicationTx interface {
	PutApplication(ctx context.Context, a *ApplicationRow) error // ErrTaken
}

// Application is an outbound provisioning set-up as an admin wrote it.
type Application struct {
	ID       string
	Name     string
	Document string   // YAML; secrets stand in it as ${NAME}
	Secrets  []string // the names of those that are kept for it
	Version  int64    // number of the change that made it so
	Created  time.Time
	Changed  time.Time
}

func readableApplication(row *ApplicationRow) Application {
	return Application{ID: row.ID, Name: row.Name, Document: row.Document, Version: row.Seq,
		Secrets: slices.Sorted(maps.Keys(sealedSecrets(row.Secrets))),
		Created: moment(row.Created), Changed: moment(row.Changed)}
}

// Applications lists the tenant's applications by name.
func (t *Tenant) Applications(ctx context.Context) ([]Application, error) {
	if err := t.may(everything); err != nil {
		return nil, err
	}
	rows, err := t.r.Applications(ctx)
	out := make([]Application, 0, len(rows))
	for _, row := range rows {
		out = append(out, readableApplication(row))
	}
	return out, err
}

// Application finds one by its name, in any case. The error for one that is
// not there names those that are.
func (t *Tenant) Application(ctx context.Context, name string) (Application, error) {
	if err := t.may(everything); err != nil {
		return Application{}, err
	}
	row, err := applicationNamed(ctx, t.r, name)
	if err != nil {
		return Application{}, err
	}
	return readableApplication(row), nil
}

func applicationNamed(ctx context.Context, r Reader, name string) (*ApplicationRow, error) {
	row, err := r.ApplicationNamed(ctx, applicationKey(name))
	if err != nil || row != nil {
		return row, err
	}
	rows, err := r.Applications(ctx)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("there is no application %q, and none at all yet; begin with: rollcall app template", name)
	}
	var names []string
	for _, row := range rows {
		names = append(names, row.Name)
	}
	return nil, fmt.Errorf("there is no application %q; there are: %s", name, strings.Join(names, ", "))
}

func applicationKey(name string) string { return scim.Fold(strings.TrimSpace(name)) }

// ApplicationByID finds one by its id; ErrNotFound when it is gone.
func (t *Tenant) ApplicationByID(ctx context.Context, id string) (Application, error) {
	if err := t.may(everything); err != nil {
		return Application{}, err
	}
	row, err := t.applicationRow(ctx, id)
	if err != nil {
		return Application{}, err
	}
	return readableApplication(row), nil
}

func (t *Tenant) applicationRow(ctx context.Context, id string) (*ApplicationRow, error) {
	row, err := t.r.Application(ctx, id)
	if err == nil && row == nil {
		err = ErrNotFound
	}
	return row, err
}

// ApplicationSeq is the version of an application, 0 when it is deleted: one
// short SELECT, for whoever works by it and wants to know whether it still
// stands.
func (t *Tenant) ApplicationSeq(ctx context.Context, id string) (int64, error) {
	if err := t.may(everything); err != nil {
		return 0, err
	}
	return t.r.ApplicationSeq(ctx, id)
}

// ApplicationSecrets opens the secrets of an application. Only whoever is about
// to use them asks.
func (t *Tenant) ApplicationSecrets(ctx context.Context, id string) (map[string]string, error) {
	if err := t.may(everything); err != nil {
		return nil, err
	}
	row, err := t.applicationRow(ctx, id)
	if err != nil {
		return nil, err
	}
	return t.openSecrets(row)
}

// ApplicationVersion is an application as it was after one change.
type ApplicationVersion struct {
	Number   int64 // of the change
	Time     time.Time
	Actor    string
	Kind     string // create, set or delete
	Document string
	Secrets  []string // names of the secrets that the change set or forgot
}
