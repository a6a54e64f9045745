package directory

import (
	"context"
	"errors"
	"fmt"

	"github.com/rollcall-scim/rollcall/scim"
)

// DefaultConnection is the name of the connection that every tenant has.
const DefaultConnection = "default"

// Tenant is one tenant as one caller sees it.
type Tenant struct {
	d   *Directory
	s   *setup
	r   Reader
	via Via

	actor      string
	connection string // "" by hand
	token      TokenRow
	session    SessionRow      // of whoever has signed in
	user       *UserRow        // the person of the session, as he was when it was opened
	reach      reach           // how much of the tenant is open to the caller
	admits     reach           // who else than those who reach everything may make this change
	client     string          // the OAuth client whose access token this is; "" for others
	projection scim.Projection // what the caller will look at
	sent       sent            // what the request consisted of
	lettingIn  bool            // an admin repeats what was refused
	// fresher are names, as JSON, of teams that are not in the setup yet, by id.
	fresher map[string]string
}

var _ scim.ServiceProvider = (*Tenant)(nil)

// Name is the label of the tenant's host.
func (t *Tenant) Name() string { return t.s.name }

// Display is the company's name for people to read.
func (t *Tenant) Display() string {
	t.s.mu.RLock()
	defer t.s.mu.RUnlock()
	return t.s.display
}

// SetDisplay changes the company's name. Its host keeps its own.
func (t *Tenant) SetDisplay(ctx context.Context, display string) error {
	return t.update(ctx, func(w *write) error {
		display, err := chosen(display, "company")
		if err != nil {
			return err
		}
		was := w.tx.Row().Display
		if was == display {
			return nil
		}
		w.sealed()
		w.tx.Row().Display = display
		return w.change("Tenant", fmt.Sprint(t.s.tenant), "rename", map[string]any{"display": was}, map[string]any{"display": display})
	})
}

// Row returns the tenant's own row, with its counts.
func (t *Tenant) Row(ctx context.Context) (TenantRow, error) { return t.r.Tenant(ctx) }

// Settings returns what the tenant decided.
func (t *Tenant) Settings(ctx context.Context) (Settings, error) {
	if err := t.fresh(ctx); err != nil {
		return Settings{}, err
	}
	s, _ := t.s.config()
	return s, nil
}

// fresh catches the setup up with the database, for callers who read nothing
// else that would tell its number.
func (t *Tenant) fresh(ctx context.Context) error { return t.d.refresh(ctx, t.s) }

// admitted says whether the caller may still act: his token, if he came with
// one, is alive, and the tenant takes it.
func (t *Tenant) admitted() error {
	if t.token.Hash == "" {
		return nil
	}
	if err := t.lives(); err != nil {
		return err
	}
	settings, _ := t.s.config()
	if !settings.on("access-tokens") {
		return scim.Errorf(401, "", "401.2", "The access token is not valid (401.2): access tokens are off in this tenant. An admin can turn them on with the setting access-tokens.")
	}
	if !settings.on("scim") {
		return scim.Errorf(403, "", "403.1", "SCIM is off in this tenant (403.1): an admin can turn it on with the setting scim.")
	}
	return nil
}

// saw makes sure that what a SELECT answered may be shown: the setup it was
// read beside is in memory, and the caller is still admitted under it.
func (t *Tenant) saw(ctx context.Context, st Stamp) error {
	if !t.s.current(st.Setup) {
		if err := t.fresh(ctx); err != nil {
			return unavailable(err)
		}
	}
	return t.admitted()
}

// write begins a change. The transaction may be others' as well, so a caller who
// goes away in the middle of it does not end it.
func (t *Tenant) write(tx Tx) *write {
	return &write{t: t, tx: tx, ctx: noCancel, now: t.d.Now().UnixMicro(), made: map[teamName]string{}}
}

// Verify proves that the caller is still admitted, for requests that read
// nothing else, and those that go on for long. ErrSignedOut when a session is
// over.
func (t *Tenant) Verify(ctx context.Context) error {
	_, err := t.verified(ctx)
	return err
}

func (t *Tenant) verified(ctx context.Context) (TenantRow, error) {
	row, err := t.r.Tenant(ctx)
	if err != nil {
		return row, unavailable(err)
	}
	if err := t.stands(t.d.Store.Reader(t.s.tenant)); err != nil {
		return row, err
	}
	return row, t.saw(ctx, Stamp{Setup: row.Setup})
}

// update runs fn as one change of the tenant, for those who reach everything and
// those whom within has let in.
func (t *Tenant) update(ctx context.Context, fn func(*write) error) error {
	if err := t.may(t.admits); err != nil {
		return err
	}
	err := t.d.Store.Update(ctx, t.s.tenant, func(tx Tx) error {
		if !t.s.current(tx.Row().Setup) {
			if err := t.s.catchUp(noCancel, tx); err != nil {
				return err
			}
		}
		if err := t.admitted(); err != nil {
			return err
		}
		if err := t.stands(tx); err != nil {
			return err
		}
		return fn(t.write(t.narrowedTx(tx)))
	})
	if errors.Is(err, ErrUnavailable) {
		return unavailable(err)
	}
	return err
}

// Set changes a setting; the error says what it takes.
func (t *Tenant) Set(ctx context.Context, name, value string) error {
	return t.update(ctx, func(w *write) error {
		was, _ := t.s.config()
		next, err := was.With(name, value)
		if err != nil {
			return err
		}
		if next.get(name) == was.get(name) {
			return nil
		}
		w.sealed()
		if err := w.change("Tenant", fmt.Sprint(t.s.tenant), "set",
			map[string]any{name: was.get(name)}, map[string]any{name: next.get(name)}); err != nil {
			return err
		}
		w.tx.Row().Settings = next.encode()
		return nil
	})
}

// Offers says which resource types the tenant offers over SCIM now.
func (t *Tenant) Offers(typ string) bool {
	settings, _ := t.s.config()
	return typ == scim.UserType.Name || typ == scim.GroupType.Name && settings.on("idp-groups")
}
