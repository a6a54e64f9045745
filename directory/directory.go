// Package directory keeps tenants and their people: users, groups, teams,
// memberships, connections, links and access tokens, and the log of every
// change. Every rule of behaviour.md sections 2 to 8 is here; scim knows none
// of them and the Store behind enforces only keys.
//
// A Tenant is a handle: who asks, how, and for which tenant. It is the only way
// to a tenant's data, and no method of it can be told another tenant. To SCIM a
// Tenant is a scim.ServiceProvider; to admins it offers the same changes by
// hand, by the same path.
package directory

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
	"uuid"

	"github.com/rollcall-scim/rollcall/scim"
)

// Directory is all tenants of one database. Make it with New.
type Directory struct {
	Store  Store
	Now    func() time.Time
	Logger *slog.Logger
	// Key gives the key of KeySize bytes that seals the secrets of applications.
	// It is asked each time one is sealed or opened, so that a key that another
	// process has made is found. make says that one may be made where there is none.
	Key func(make bool) ([]byte, error)

	mu     sync.RWMutex
	setups map[int64]*setup
	hashes map[string]*setup // token hash -> its tenant's setup
	opened map[string]opened // hash of a client's access token

	usedMu sync.Mutex
	used   map[string]int64 // by token hash, when
	seen   map[string]int64 // by session hash, when

	log   *activityLog
	heard heard
	tasks tasks
	names nameUses
	pages pageHints
	seals sealer

	attempts attempts
}

// New opens the directory that the store keeps. Close it before the store.
func New(store Store) *Directory {
	d := &Directory{
		Store: store, Now: time.Now, Logger: slog.Default(),
		setups: map[int64]*setup{}, hashes: map[string]*setup{}, opened: map[string]opened{}, used: map[string]int64{}, seen: map[string]int64{},
	}
	d.log = newActivityLog(d)
	d.tasks.ctx, d.tasks.stop = context.WithCancel(context.Background())
	return d
}

// Close ends tasks, which can be continued, and writes what still waits: activity
// of failed requests, when tokens were last used, and which names matched.
func (d *Directory) Close(ctx context.Context) error {
	d.tasks.close()
	d.log.close()
	return errors.Join(d.FlushTokens(ctx), d.FlushNames(ctx))
}

// Via says who asks and how; changes and activity are marked with it.
type Via struct {
	Request   string // id of the request
	Client    string // "Entra ID", "Okta", ...; of a console, the browser
	Address   string // where a sign-in comes from, for counting wrong ones and for its owner to know it by
	Operation string // POST, PUT, ...
	BaseURL   string // of SCIM, for meta.location; no slash at the end
	Check     bool   // rollcall check asks: its look-ups match nobody (behaviour.md 5.2)
	Started   time.Time
}

// NewTenant asks for a tenant and its first company admin.
type NewTenant struct {
	Name       string // the label of its host: a-z, 0-9 and hyphens
	Display    string
	AdminEmail string
	GivenName  string // from the address when empty, as FamilyName
	FamilyName string
}

var tenantLabel = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// CreateTenant makes a tenant with the group Default, the connection default
// and its first company admin, a user like any other (behaviour.md 2.4).
func (d *Directory) CreateTenant(ctx context.Context, n NewTenant, via Via) (*Tenant, error) {
	return d.createTenant(ctx, n, via, byCommand)
}

func (d *Directory) createTenant(ctx context.Context, n NewTenant, via Via, actor string) (*Tenant, error) {
	n.Name = strings.ToLower(strings.TrimSpace(n.Name))
	if !tenantLabel.MatchString(n.Name) {
		return nil, fmt.Errorf("%q cannot be a tenant's name: it becomes the first label of its address, so use a to z, 0 to 9 and hyphens, at most 63 characters", n.Name)
	}
	if !scim.LooksLikeEmail(n.AdminEmail) {
		return nil, fmt.Errorf("%q is not an e-mail address; the first company admin needs one", n.AdminEmail)
	}
	if n.Display == "" {
		n.Display = n.Name
	}
	if n.GivenName == "" && n.FamilyName == "" {
		n.GivenName, n.FamilyName = namesFromAddress(n.AdminEmail)
	}
	now := d.Now().UnixMicro()
	row := TenantRow{Name: n.Name, Display: n.Display, Created: now}
	err := d.Store.CreateTenant(ctx, row, func(tx Tx) error {
		t := d.handle(newSetup(*tx.Row()), via)
		t.actor = actor
		return t.write(tx).found(n)
	})
	if errors.Is(err, ErrTaken) {
		return nil, fmt.Errorf("there is a tenant named %q already; choose another name, or look at it with: rollcall tenant show %s", n.Name, n.Name)
	}
	if err != nil {
		return nil, err
	}
	t, err := d.OpenAdmin(ctx, n.Name, via)
	if err != nil {
		return nil, err
	}
	t.actor = actor
	return t, nil
}

// found writes a new tenant's first rows.
func (w *write) found(n NewTenant) error {
	w.sealed()
	if err := w.change("Tenant", fmt.Sprint(w.tx.Row().ID), "create", nil, map[string]any{"name": n.Name, "display": n.Display}); err != nil {
		return err
	}
	if _, err := w.createGroup("Default", true); err != nil {
		return err
	}
	if err := w.putConnection(&ConnectionRow{ID: newID(), Name: DefaultConnection, Created: w.now}, "create"); err != nil {
		return err
	}
	// The cache of a tenant that is being made holds nothing yet.
	if err := w.t.s.catchUp(w.ctx, w.tx); err != nil {
		return err
	}
	admin := scim.UserType.NewResource(scim.Object{
		"userName": n.AdminEmail,
		"name":     nameObject(n.GivenName, n.FamilyName),
		"emails":   []any{scim.Object{"value": n.AdminEmail, "type": "work", "primary": true}},
		"active":   true,
	})
	w.role = RoleCompanyAdmin
	_, err := w.create(admin)
	return err
}

func nameObject(given, family string) scim.Object {
	o := scim.Object{}
	if given != "" {
		o["givenName"] = given
	}
	if family != "" {
		o["familyName"] = family
	}
	return o
}

// namesFromAddress makes names of anna.aalto@acme.test.
func namesFromAddress(address string) (given, family string) {
	local, _, _ := strings.Cut(address, "@")
	words := strings.FieldsFunc(local, func(r rune) bool { return r == '.' || r == '_' || r == '-' || r == '+' })
	for i, w := range words {
		_, size := utf8.DecodeRuneInString(w)
		words[i] = strings.ToUpper(w[:size]) + w[size:]
	}
	switch len(words) {
	case 0:
		return local, ""
	case 1:
		return words[0], ""
	}
	return words[0], strings.Join(words[1:], " ")
}

// Tenants lists all tenants by name.
func (d *Directory) Tenants(ctx context.Context) ([]TenantRow, error) {
	return d.Store.Tenants(ctx)
}

// Actors of whoever runs the installation, at a terminal and at a browser.
const (
	byCommand  = "command line"
	byOperator = "operator"
)

// OpenAdmin opens a tenant for whoever runs the installation: the command line,
// later the console. Nobody's token is asked for.
func (d *Directory) OpenAdmin(ctx context.Context, name string, via Via) (*Tenant, error) {
	row, err := d.Store.TenantByName(ctx, strings.ToLower(name))
	if errors.Is(err, ErrNotFound) {
		return nil, fmt.Errorf("there is no tenant %q; see which there are with: rollcall tenant list", name)
	}
	if err != nil {
		return nil, err
	}
	return d.openRow(ctx, row, via)
}

// OpenByID is OpenAdmin for background work, which knows a tenant by its id.
// ErrNotFound when there is none.
func (d *Directory) OpenByID(ctx context.Context, id int64, via Via) (*Tenant, error) {
	row, err := d.Store.Reader(id).Tenant(ctx)
	if err != nil {
		return nil, err
	}
	return d.openRow(ctx, row, via)
}

func (d *Directory) openRow(ctx context.Context, row TenantRow, via Via) (*Tenant, error) {
	s := d.setup(row)
	if !s.current(row.Setup) {
		if err := d.refresh(ctx, s); err != nil {
			return nil, err
		}
	}
	t := d.handle(s, via)
	t.actor = byCommand
	return t, nil
}

// OpenToken opens the tenant of an access token. label is the tenant that the
// request's host names, "" for a bare host (behaviour.md 2.1). Errors are
// *scim.Error: 401 without a valid token, 404 at another tenant's host, 403 when
// SCIM is off.
func (d *Directory) OpenToken(ctx context.Context, token, label string, via Via) (*Tenant, error) {
	if token == "" {
		return nil, scim.Errorf(401, "", "401.1", "No access token (401.1): send it as Authorization: Bearer <token>. A company admin makes one with: rollcall token create.")
	}
	t, err := d.openSecret(ctx, token, via)
	if err != nil {
		return nil, err
	}
	if t.admitted() != nil {
		// What refuses may be what was decided long ago; ask the database.
		if err := t.fresh(ctx); err != nil {
			return nil, unavailable(err)
		}
		if err := t.admitted(); err != nil {
			return nil, err
		}
	}
	if label != "" && label != t.s.name {
		return nil, scim.Errorf(404, "", "404.2", "No such tenant here (404.2): this host names no tenant that the access token opens. Check the Tenant URL.")
	}
	if t.client == "" {
		d.touch(t.token.Hash)
	}
	d.hear(t)
	return t, nil
}

// openSecret opens the tenant of a token of either kind, before anybody has
// asked whether it still stands.
func (d *Directory) openSecret(ctx context.Context, token string, via Via) (*Tenant, error) {
	switch {
	case isSecret(token, accessPrefix):
		return d.openAccess(ctx, tokenHash(token), via)
	case !isSecret(token, tokenPrefix):
		return nil, errToken
	}
	s, row, err := d.findToken(ctx, tokenHash(token))
	if err != nil {
		return nil, err
	}
	t := d.handle(s, via)
	t.token, t.connection, t.actor = row, row.Connection, "token "+row.ID
	return t, nil
}

var errToken = scim.Errorf(401, "", "401.2", "The access token is not valid (401.2): it is wrong, has expired, was revoked, or its owner is no longer a company admin. Make a new one (rollcall token create) and give it to the identity provider.")

// findToken returns the token's setup, caught up at least to the moment in
// which the token was made.
func (d *Directory) findToken(ctx context.Context, hash string) (*setup, TokenRow, error) {
	d.mu.RLock()
	s := d.hashes[hash]
	d.mu.RUnlock()
	if s != nil {
		if row, ok := s.token(hash); ok {
			return s, row, nil
		}
	}
	id, err := d.Store.TokenTenant(ctx, hash)
	if errors.Is(err, ErrNotFound) {
		return nil, TokenRow{}, errToken
	}
	if err != nil {
		return nil, TokenRow{}, unavailable(err)
	}
	if s, err = d.setupByID(ctx, id); err != nil {
		return nil, TokenRow{}, unavailable(err)
	}
	row, ok := s.token(hash)
	if !ok {
		return nil, TokenRow{}, errToken
	}
	d.mu.Lock()
	d.hashes[hash] = s
	d.mu.Unlock()
	return s, row, nil
}

func (d *Directory) setup(t TenantRow) *setup {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.setups[t.ID]
	if s == nil {
		s = newSetup(t)
		d.setups[t.ID] = s
	}
	return s
}

func (d *Directory) setupByID(ctx context.Context, id int64) (*setup, error) {
	row, err := d.Store.Reader(id).Tenant(ctx)
	if err != nil {
		return nil, err
	}
	s := d.setup(row)
	return s, d.refresh(ctx, s)
}

func (d *Directory) refresh(ctx context.Context, s *setup) error {
	return d.Store.View(ctx, s.tenant, func(r Reader) error { return s.catchUp(ctx, r) })
}

func (d *Directory) handle(s *setup, via Via) *Tenant {
	if via.Started.IsZero() {
		via.Started = d.Now()
	}
	if via.Request == "" {
		via.Request = newID()
	}
	return &Tenant{d: d, s: s, via: via, r: d.Store.Reader(s.tenant)}
}

// newID makes an id: a UUIDv7, so that ids sort by the time they were made.
func newID() string { return uuid.NewV7().String() }

// unavailable hides the database's trouble behind a 503.
func unavailable(err error) error {
	var e *scim.Error
	if errors.As(err, &e) {
		return err
	}
	return fmt.Errorf("%w: %w", &scim.Error{Status: 503, Code: "503.1", RetryAfter: 5,
		Detail: "Busy (503.1): the directory could not take the request just now; nothing of it was done. Try again in a few seconds."}, err)
}
