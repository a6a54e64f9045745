package directory

import (
	"context"
	"slices"

	"github.com/rollcall-scim/rollcall/scim"
)

// reach is how far a handle reaches within its tenant (behaviour.md 2.3). It is
// decided when the handle is opened, and held to in four places: may refuses
// what is not for this reach; update is for everything, unless a method says
// within; and whoever reaches one group or himself reads and writes through
// narrowed and narrowedTx, which know nobody else.
type reach uint8

const (
	everything reach = 0         // company admins, tokens, commands, what goes on by itself
	ownGroup   reach = 1 << iota // group admins: people and teams of their group
	oneself                      // users
	settingUp                    // invitations
)

func (t *Tenant) reachOf(s SessionRow, u *UserRow) reach {
	switch {
	case s.Invitation != "":
		return settingUp
	case u.Role == RoleCompanyAdmin:
		return everything
	case u.Role == RoleGroupAdmin:
		return ownGroup
	}
	return oneself
}

var errReach = scim.Errorf(403, "", "403.5",
	"That is not for you (403.5): it is for a company admin, or concerns somebody outside of your group. Ask a company admin to do it, or to make you one.")

// may refuses those who reach less than everything, but for the reaches given.
func (t *Tenant) may(also reach) error {
	if t.reach == everything || t.reach&also != 0 {
		return nil
	}
	return errReach
}

// within lets also those reaches make the change that follows.
func (t *Tenant) within(also reach) *Tenant {
	h := *t
	h.admits = also
	return &h
}

// narrow is what a handle of that reach reads through. A reader of no tenant
// stands behind narrowed: whatever it does not allow is not there.
func (t *Tenant) narrow() {
	if t.reach&(ownGroup|oneself) != 0 {
		t.r = narrowed{Reader: t.d.Store.Reader(noTenant), all: t.r, t: t}
	}
}

// noTenant is the number of no tenant; 0 is that of operators.
const noTenant = -1

// reaches says whether the person is one whom the handle reaches.
func (t *Tenant) reaches(u *UserRow) bool {
	switch t.reach {
	case ownGroup:
		return u.Group == t.user.Group || u.ID == t.user.ID
	case oneself:
		return u.ID == t.user.ID
	}
	return true
}

// reachesGroup is the same of a group.
func (t *Tenant) reachesGroup(id string) bool {
	return t.reach&(ownGroup|oneself) == 0 || id == t.user.Group
}

// narrowed reads a tenant for a group admin or a user.
type narrowed struct {
	Reader // of nobody
	all    Reader
	t      *Tenant
}

func (n narrowed) Tenant(ctx context.Context) (TenantRow, error) { return n.all.Tenant(ctx) }

func (n narrowed) User(ctx context.Context, id string) (*UserRow, Stamp, error) {
	u, st, err := n.all.User(ctx, id)
	if u != nil && !n.t.reaches(u) {
		u = nil
	}
	return u, st, err
}

func (n narrowed) FindUsers(ctx context.Context, k Key, value string) ([]*UserRow, Stamp, error) {
	users, st, err := n.all.FindUsers(ctx, k, value)
	return slices.DeleteFunc(users, func(u *UserRow) bool { return !n.t.reaches(u) }), st, err
}

func (n narrowed) ListUsers(ctx context.Context, l List) ([]*UserRow, Stamp, error) {
	if !n.t.lists(&l) {
		return nil, Stamp{}, nil
	}
	return n.all.ListUsers(ctx, l)
}

func (n narrowed) CountUsers(ctx context.Context, l List) (int, error) {
	if !n.t.lists(&l) {
		return 0, nil
	}
	return n.all.CountUsers(ctx, l)
}

// lists makes a list one of the own group, and says whether there can be
// anybody in it. A team's is one of its group already.
func (t *Tenant) lists(l *List) bool {
	if t.reach != ownGroup || l.Group != "" && l.Group != t.user.Group {
		return false
	}
	if l.Team != "" {
		return t.reachesTeam(l.Team)
	}
	l.Group = t.user.Group
	return true
}

func (t *Tenant) reachesTeam(id string) bool {
	t.s.mu.RLock()
	defer t.s.mu.RUnlock()
	team := t.s.teams[id]
	return team != nil && t.reachesGroup(team.Group)
}

func (n narrowed) Password(ctx context.Context, user string) (PasswordRow, error) {
	if user != n.t.user.ID {
		return PasswordRow{}, ErrNotFound
	}
	return n.all.Password(ctx, user)
}

func (n narrowed) Sessions(ctx context.Context, user string) ([]SessionRow, error) {
	if user != n.t.user.ID {
		return nil, nil
	}
	return n.all.Sessions(ctx, user)
}

// narrowedTx is a change of a group admin or a user.
type narrowedTx struct {
	Tx
	n narrowed
}

func (t *Tenant) narrowedTx(tx Tx) Tx {
	if t.reach&(ownGroup|oneself) == 0 {
		return tx
	}
	return narrowedTx{tx, narrowed{all: tx, t: t}}
}

func (x narrowedTx) User(ctx context.Context, id string) (*UserRow, Stamp, error) {
	return x.n.User(ctx, id)
}

func (x narrowedTx) FindUsers(ctx context.Context, k Key, value string) ([]*UserRow, Stamp, error) {
	return x.n.FindUsers(ctx, k, value)
}

func (x narrowedTx) ListUsers(ctx context.Context, l List) ([]*UserRow, Stamp, error) {
	return x.n.ListUsers(ctx, l)
}

// InsertUser lets a group admin make people of his group, with no role.
func (x narrowedTx) InsertUser(ctx context.Context, u *UserRow) error {
	if t := x.n.t; t.reach != ownGroup || u.Group != t.user.Group || u.Role > RoleUser {
		return errReach
	}
	return x.Tx.InsertUser(ctx, u)
}

// UpdateUser lets a group admin change, and remove, people of his group whose
// role is not above his own, and give no role.
func (x narrowedTx) UpdateUser(ctx context.Context, was, u *UserRow) error {
	t := x.n.t
	removed := u.State == Removed && u.Group == ""
	if t.reach != ownGroup || was.Group != t.user.Group || u.Group != was.Group && !removed || was.Role > t.user.Role || u.Role > was.Role {
		return errReach
	}
	return x.Tx.UpdateUser(ctx, was, u)
}

func (x narrowedTx) PutTeam(ctx context.Context, row *TeamRow) error {
	if t := x.n.t; t.reach != ownGroup || row.Group != t.user.Group {
		return errReach
	}
	return x.Tx.PutTeam(ctx, row)
}

func (x narrowedTx) PutGroup(context.Context, *GroupRow) error           { return errReach }
func (x narrowedTx) PutConnection(context.Context, *ConnectionRow) error { return errReach }
func (x narrowedTx) PutClient(context.Context, *ClientRow) error         { return errReach }
func (x narrowedTx) PutInvitation(context.Context, InvitationRow) error  { return errReach }

// PutToken lets tokens end with their owner; none is made.
func (x narrowedTx) PutToken(ctx context.Context, row *TokenRow) error {
	if row.Ended == 0 {
		return errReach
	}
	return x.Tx.PutToken(ctx, row)
}

// PutPassword lets people set their own.
func (x narrowedTx) PutPassword(ctx context.Context, p PasswordRow) error {
	if p.User != x.n.t.user.ID {
		return errReach
	}
	return x.Tx.PutPassword(ctx, p)
}
