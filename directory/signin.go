package directory

import (
	"context"
	"errors"
	"strings"

	"github.com/rollcall-scim/rollcall/scim"
)

// errSignIn tells whoever does not know the password nothing of what is wrong:
// whether there is such a person, has a password, or may come in.
var errSignIn = scim.Errorf(401, "", "401.4",
	"Signing in did not work (401.4): the name or the password is wrong. Check both; whoever has no password yet, or forgot it, asks an admin for a sign-in link.")

var errPasswordsOff = scim.Errorf(403, "", "403.4",
	"Passwords are off here (403.4): this tenant does not let people sign in with one. Sign in the way your company told you; an admin can make a sign-in link.")

// Door is what anybody may know of a tenant, to sign in.
type Door struct {
	Tenant    string // label
	Display   string
	Passwords bool // whether passwords open it
}

// Door says how the tenant that label names is entered. ErrNotFound when there
// is none.
func (d *Directory) Door(ctx context.Context, label string) (Door, error) {
	row, err := d.Store.TenantByName(ctx, strings.ToLower(label))
	if err != nil {
		return Door{}, err
	}
	settings, err := decodeSettings(row.Settings)
	return Door{row.Name, row.Display, settings.on("password-sign-in")}, err
}

// SignIn opens a session for somebody who knows his password, and returns its
// secret, which is not kept. userName is his userName or, where that is not in
// e-mail form, his primary e-mail (behaviour.md 4.4). Errors are *scim.Error:
// 401 for an unknown name and a wrong password alike, which take the same time;
// 403 where passwords are off; 429 after too many wrong attempts.
func (d *Directory) SignIn(ctx context.Context, label, userName, password string, via Via) (secret string, err error) {
	userName = strings.TrimSpace(userName)
	who := attemptAt(label, scim.Fold(userName), via)
	if err := d.attempts.check(d.Now(), who); err != nil {
		return "", err
	}
	row, err := d.Store.TenantByName(ctx, label)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return "", unavailable(err)
	}
	known := err == nil
	hash, user := nobodysPassword, ""
	var t *Tenant
	if known {
		if t, err = d.openRow(ctx, row, via); err != nil {
			return "", unavailable(err)
		}
		if settings, _ := t.s.config(); !settings.on("password-sign-in") {
			return "", errPasswordsOff
		}
		if hash, user, err = t.passwordOf(ctx, userName); err != nil {
			return "", unavailable(err)
		}
	}
	right, err := verifyPassword(ctx, hash, password)
	if err != nil {
		return "", err
	}
	if !right || user == "" {
		d.attempts.failed(d.Now(), who)
		return "", errSignIn
	}
	return t.signIn(ctx, user, false, func(w *write) error {
		p, err := w.tx.Password(w.ctx, user)
		if settings, _ := t.s.config(); err == nil && p.Hash == hash && settings.on("password-sign-in") {
			return nil
		}
		return errSignIn // changed while we compared
	})
}

// passwordOf returns the hash to compare with, and whose it is: nobody's where
// nobody could sign in anyway.
func (t *Tenant) passwordOf(ctx context.Context, name string) (hash, user string, err error) {
	u, err := t.whoSignsIn(ctx, name)
	if err != nil || u == nil {
		return nobodysPassword, "", err
	}
	p, err := t.r.Password(ctx, u.ID)
	if errors.Is(err, ErrNotFound) {
		return nobodysPassword, "", nil
	}
	return p.Hash, u.ID, err
}

// whoSignsIn finds an active person by the name that he signs in with.
func (t *Tenant) whoSignsIn(ctx context.Context, name string) (*UserRow, error) {
	users, _, err := t.r.FindUsers(ctx, ByUserName, scim.Fold(name))
	if err != nil {
		return nil, err
	}
	if len(users) == 0 && scim.LooksLikeEmail(name) {
		if users, _, err = t.r.FindUsers(ctx, ByEmail, scim.Fold(name)); err != nil {
			return nil, err
		}
	}
	var found *UserRow
	for _, u := range users {
		if u.State != Active || !signsInBy(scim.ResourceFromJSON([]byte(u.Doc)).Object(), name) {
			continue
		}
		if found != nil {
			return nil, nil // an address of two people tells neither
		}
		found = u
	}
	return found, nil
}

func signsInBy(o scim.Object, name string) bool {
	if userNameKey(o) == scim.Fold(name) {
		return true
	}
	userName, _ := o["userName"].(string)
	return !scim.LooksLikeEmail(userName) && scim.Fold(primaryEmail(o)) == scim.Fold(name)
}

// primaryEmail is the primary address, or the first where none is said to be.
func primaryEmail(o scim.Object) string {
	list, _ := o["emails"].([]any)
	first := ""
	for _, e := range list {
		e, _ := e.(scim.Object)
		value, _ := e["value"].(string)
		if e["primary"] == true {
			return value
		}
		if first == "" {
			first = value
		}
	}
	return first
}

// signIn keeps a session for a person whom proof, inside the same change, lets
// in.
func (t *Tenant) signIn(ctx context.Context, user string, byLink bool, proof func(*write) error) (secret string, err error) {
	session, secret := t.d.newSession(t.via)
	session.User, session.ByLink = user, byLink
	h := *t
	h.actor = "user " + user
	err = h.update(ctx, func(w *write) error {
		if err := proof(w); err != nil {
			return err
		}
		u, _, err := w.tx.User(w.ctx, user)
		if err != nil {
			return err
		}
		if u == nil || u.State != Active {
			return errSignIn
		}
		if err := w.tx.PutSession(w.ctx, session); err != nil {
			return err
		}
		return w.change("Session", user, "sign-in", nil, nil)
	})
	if err != nil {
		return "", err
	}
	return secret, nil
}
