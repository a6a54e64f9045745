package directory

import (
	"context"
	"errors"
	"time"
)

// A sign-in link opens one session, once: a person's first, or his next when he
// forgot his password, or an invitation's (behaviour.md 9.3, 9.4). Only whoever
// redeems it uses it up; to look at it does not, since mail scanners follow
// links.
const (
	linkPrefix = "rcl_"
	linkLife   = 7 * 24 * time.Hour
)

// ErrLink says that a sign-in link opens nothing.
var ErrLink = errors.New("this sign-in link does not work any more: it was used, or its time is over, or a newer one was made; ask whoever gave it to you for a new one")

// SignInLink makes a one-time sign-in link for a person, who must be active, and
// returns its secret, which is not kept. It lives for seven days; links that he
// had before end.
func (t *Tenant) SignInLink(ctx context.Context, ref string) (secret string, err error) {
	err = t.within(ownGroup).update(ctx, func(w *write) error {
		u, err := w.living(ref)
		if err != nil {
			return err
		}
		if t.reach == ownGroup && u.Role > RoleUser {
			return errReach // whoever has the link is that person
		}
		secret, err = w.makeLink(u)
		return err
	})
	return secret, err
}

// BreakGlass is SignInLink for whoever runs the installation, and opens a tenant
// that nobody can open any more: where no company admin is left, the person
// becomes one (behaviour.md 2.3, 9.3).
func (t *Tenant) BreakGlass(ctx context.Context, ref string) (secret string, madeAdmin bool, err error) {
	if t.actor != byCommand {
		return "", false, errReach
	}
	err = t.update(ctx, func(w *write) error {
		u, err := w.living(ref)
		if err != nil {
			return err
		}
		admins, err := w.tx.CountUsers(w.ctx, List{Role: RoleCompanyAdmin, States: []State{Active}})
		if err != nil {
			return err
		}
		if madeAdmin = admins == 0 && u.State == Active; madeAdmin {
			next, o := *u, t.object(u)
			next.Role = RoleCompanyAdmin
			if u, err = w.save(u, o, &next, o, "role"); err != nil {
				return err
			}
		}
		secret, err = w.makeLink(u)
		return err
	})
	return secret, madeAdmin && err == nil, err
}

func (w *write) makeLink(u *UserRow) (secret string, err error) {
	if u.State != Active {
		return "", errors.New("he is inactive, so no link can let him in; the identity provider has to activate him first")
	}
	if err := w.tx.DeleteSignInLinks(w.ctx, u.ID, ""); err != nil {
		return "", err
	}
	if secret, err = w.putLink(SignInLinkRow{User: u.ID}, linkLife); err != nil {
		return "", err
	}
	return secret, w.change("SignInLink", u.ID, "sign-in-link", nil, nil)
}

func (w *write) putLink(l SignInLinkRow, life time.Duration) (secret string, err error) {
	secret = mintSecret(linkPrefix)
	l.Hash, l.Created, l.Expires = tokenHash(secret), w.now, w.now+life.Microseconds()
	return secret, w.tx.PutSignInLink(w.ctx, l)
}

// LinkInfo is what a sign-in link says to whoever holds it.
type LinkInfo struct {
	Tenant     string // label
	Display    string // of the tenant
	Name       string // who it is for
	UserName   string // "" for an invitation
	Invitation bool
	Expires    time.Time
}

// LinkInfo says whom a link is for, without using it up. ErrLink when it opens
// nothing at the tenant that label names.
func (d *Directory) LinkInfo(ctx context.Context, secret, label string) (LinkInfo, error) {
	t, l, err := d.openLink(ctx, secret, label, Via{})
	if err != nil {
		return LinkInfo{}, err
	}
	info := LinkInfo{Tenant: t.s.name, Display: t.Display(), Expires: moment(l.Expires)}
	if l.Invitation != "" {
		i, err := t.invitation(ctx, t.r, l.Invitation)
		info.Name, info.Invitation = i.Name, true
		return info, err
	}
	u, _, err := t.r.User(ctx, l.User)
	if err != nil {
		return LinkInfo{}, unavailable(err)
	}
	if u == nil || u.State != Active {
		return LinkInfo{}, ErrLink
	}
	p := t.person(u)
	info.Name, info.UserName = p.DisplayName, p.UserName
	return info, nil
}

func (d *Directory) openLink(ctx context.Context, secret, label string, via Via) (*Tenant, SignInLinkRow, error) {
	if !isSecret(secret, linkPrefix) {
		return nil, SignInLinkRow{}, ErrLink
	}
	l, err := d.Store.FindSignInLink(ctx, tokenHash(secret))
	if errors.Is(err, ErrNotFound) || err == nil && (l.Tenant == 0 || l.Expires <= d.Now().UnixMicro()) {
		return nil, l, ErrLink
	}
	if err != nil {
		return nil, l, unavailable(err)
	}
	t, err := d.OpenByID(ctx, l.Tenant, via)
	if err != nil {
		return nil, l, unavailable(err)
	}
	if t.s.name != label {
		return nil, l, ErrLink
	}
	return t, l, nil
}

// RedeemLink uses a link up and opens a session, whose secret it returns. The
// setting password-sign-in does not touch it: links are what is left when all
// else fails (behaviour.md 9.3). ErrLink when it opens nothing.
func (d *Directory) RedeemLink(ctx context.Context, secret, label string, via Via) (session string, err error) {
	t, l, err := d.openLink(ctx, secret, label, via)
	if err != nil {
		return "", err
	}
	if l.Invitation != "" {
		return t.acceptInvitation(ctx, l)
	}
	session, err = t.signIn(ctx, l.User, true, func(w *write) error { return w.takeLink(l.Hash) })
	if errors.Is(err, errSignIn) {
		return "", ErrLink // removed or deactivated a moment ago
	}
	return session, err
}

func (w *write) takeLink(hash string) error {
	l, err := w.tx.TakeSignInLink(w.ctx, hash)
	if errors.Is(err, ErrNotFound) || err == nil && l.Expires <= w.now {
		return ErrLink
	}
	return err
}
