package directory

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
)

// Connection is one IdP's way in, for people to read.
type Connection struct {
	ID          string
	Name        string
	Deprovision string // its policy; that of the tenant where it has none of its own
	Own         bool   // whether the policy is its own
	Linked      int    // people it knows
	Tokens      int    // valid ones
	Created     time.Time
}

// Connections lists the tenant's connections, the default one first.
func (t *Tenant) Connections(ctx context.Context) ([]Connection, error) {
	if err := t.may(settingUp); err != nil {
		return nil, err
	}
	if err := t.fresh(ctx); err != nil {
		return nil, err
	}
	out := t.s.listConnections()
	for i := range out {
		n, err := t.r.CountUsers(ctx, List{Connection: out[i].ID})
		if err != nil {
			return nil, err
		}
		out[i].Linked, out[i].Deprovision = n, t.s.policy(out[i].ID)
	}
	return out, nil
}

func (s *setup) listConnections() (out []Connection) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	tokens := map[string]int{}
	for _, k := range s.tokens {
		tokens[k.Connection]++
	}
	for _, c := range s.connections {
		if !c.Gone {
			out = append(out, Connection{ID: c.ID, Name: c.Name, Own: c.Deprovision != "", Tokens: tokens[c.ID], Created: time.UnixMicro(c.Created)})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].ID < out[j].ID })
	return out
}

func (w *write) connection(name string) (*ConnectionRow, error) {
	s := w.t.s
	id := s.connectionNamed(name)
	s.mu.RLock()
	defer s.mu.RUnlock()
	if c := s.connections[id]; c != nil {
		row := *c
		return &row, nil
	}
	return nil, fmt.Errorf("there is no connection %q; see which there are with: rollcall connection list", name)
}

// CreateConnection makes a connection for a second identity provider.
func (t *Tenant) CreateConnection(ctx context.Context, name string) error {
	return t.update(ctx, func(w *write) error {
		name, err := chosen(name, "connection")
		if err != nil {
			return err
		}
		if t.s.connectionNamed(name) != "" {
			return fmt.Errorf("there is a connection %q already; choose another name", name)
		}
		return w.putConnection(&ConnectionRow{ID: newID(), Name: name, Created: w.now}, "create")
	})
}

// SetConnection changes deprovision, which "" gives back to the tenant's
// setting, or name.
func (t *Tenant) SetConnection(ctx context.Context, name, setting, value string) error {
	return t.update(ctx, func(w *write) error {
		c, err := w.connection(name)
		if err != nil {
			return err
		}
		switch setting {
		case "deprovision":
			if value != "" {
				if value, err = checkDeprovision(value); err != nil {
					return err
				}
			}
			c.Deprovision = value
		case "name":
			if c.Name == DefaultConnection {
				return fmt.Errorf("the connection %q keeps its name: personal access tokens go by it. Make another connection under the name that you want", c.Name)
			}
			if value, err = chosen(value, "connection"); err != nil {
				return err
			}
			if id := t.s.connectionNamed(value); id != "" && id != c.ID {
				return fmt.Errorf("there is a connection %q already; choose another name", value)
			}
			c.Name = value
		default:
			return fmt.Errorf("a connection has no setting %q. The settings are: deprovision, name", setting)
		}
		return w.putConnection(c, "set")
	})
}

// CreateConnectionToken makes an access token that belongs to the connection and
// to nobody in particular, so that it outlives the admins (behaviour.md 3.2).
func (t *Tenant) CreateConnectionToken(ctx context.Context, connection, name string, expires time.Time) (secret string, err error) {
	err = t.within(settingUp).update(ctx, func(w *write) error {
		c, err := w.connection(connection)
		if err != nil {
			return err
		}
		secret, err = w.mintNamed(TokenRow{Name: name, Connection: c.ID}, expires)
		return err
	})
	return secret, err
}

// HandOver makes the connection the owner of people's attributes: from now on
// its word counts, and that of others touches only their own links (behaviour.md
// 5.3). Without names it hands over everybody whom the connection knows.
func (t *Tenant) HandOver(ctx context.Context, connection string, refs []string) (n int, err error) {
	return t.eachLinked(ctx, named(connection), refs, func(c *ConnectionRow, u *UserRow) { u.Owner = c.ID })
}

// Unlink makes the connection forget people: their externalIds and that it owns
// them. Without names it forgets everybody.
func (t *Tenant) Unlink(ctx context.Context, connection string, refs []string) (n int, err error) {
	return t.eachLinked(ctx, named(connection), refs, forget)
}

func named(connection string) func(*write) (*ConnectionRow, error) {
	return func(w *write) (*ConnectionRow, error) { return w.connection(connection) }
}

func forget(c *ConnectionRow, u *UserRow) {
	u.Links = withoutLink(u.Links, c.ID)
	if u.Owner == c.ID {
		u.Owner = ""
	}
}

// eachLinked changes the people named, or all whom the connection knows, in
// steps that each commit.
func (t *Tenant) eachLinked(ctx context.Context, find func(*write) (*ConnectionRow, error), refs []string, fn func(*ConnectionRow, *UserRow)) (n int, err error) {
	if refs != nil {
		err = t.update(ctx, func(w *write) error {
			c, err := find(w)
			if err != nil {
				return err
			}
			for _, ref := range refs {
				u, err := t.lookUpPerson(w.ctx, w.tx, ref)
				if err != nil {
					return err
				}
				if err := w.relink(c, u, fn); err != nil {
					return err
				}
			}
			n = len(refs)
			return nil
		})
		return n, err
	}
	for after := ""; ; {
		var users []*UserRow
		if err = t.update(ctx, func(w *write) error {
			c, err := find(w)
			if err != nil {
				return err
			}
			l := List{Connection: c.ID, After: after, Limit: peopleAtOnce, States: []State{Active, Inactive, Removed}}
			if users, _, err = w.tx.ListUsers(w.ctx, l); err != nil {
				return err
			}
			for _, u := range users {
				if err := w.relink(c, u, fn); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return n, err
		}
		if n += len(users); len(users) < peopleAtOnce {
			return n, nil
		}
		after = users[len(users)-1].ID
	}
}

// relink changes who knows and owns a person. It is no part of the resource:
// version and lastModified stay.
func (w *write) relink(c *ConnectionRow, was *UserRow, fn func(*ConnectionRow, *UserRow)) error {
	u := *was
	if fn(c, &u); u.Links == was.Links && u.Owner == was.Owner {
		return nil
	}
	s := w.t.s
	side := func(u *UserRow) map[string]any {
		_, linked := linkLine(u.Links, c.ID)
		return map[string]any{"connection": c.ID, "linked": linked, "owner": s.connectionName(u.Owner)}
	}
	if err := w.change("User", u.ID, "link", side(was), side(&u)); err != nil {
		return err
	}
	w.count(was, -1)
	w.count(&u, +1)
	was.Keys, u.Keys = Keys{}, Keys{} // the keys stand
	if err := w.tx.UpdateUser(w.ctx, was, &u); err != nil {
		return err
	}
	if _, linked := linkLine(u.Links, c.ID); !linked {
		return w.tx.DeleteLink(w.ctx, c.ID, u.ID)
	}
	return nil
}

// DeleteConnection ends a connection: its tokens and clients at once, then its
// links. People stay; IdP groups that it pushed become the tenant's own.
func (t *Tenant) DeleteConnection(ctx context.Context, name string) (unlinked int, err error) {
	if name == DefaultConnection {
		return 0, fmt.Errorf("the connection %q is the one that every tenant has; unlink its people instead with: rollcall connection unlink %s --all", name, name)
	}
	var gone *ConnectionRow
	if err := t.update(ctx, func(w *write) error {
		c, err := w.connection(name)
		if err != nil {
			return err
		}
		if err := w.endTokensOfConnection(c); err != nil {
			return err
		}
		if err := w.releaseIdPGroups(c); err != nil {
			return err
		}
		c.Gone, gone = true, c
		return w.putConnection(c, "delete")
	}); err != nil {
		return 0, err
	}
	return t.eachLinked(ctx, func(*write) (*ConnectionRow, error) { return gone, nil }, nil, forget)
}

// endTokensOfConnection ends its tokens; its clients end with it anyway.
func (w *write) endTokensOfConnection(c *ConnectionRow) error {
	for _, row := range w.liveTokens() {
		if row.Connection != c.ID {
			continue
		}
		if err := w.endToken(&row, "ended with its connection"); err != nil {
			return err
		}
	}
	return nil
}

func (w *write) releaseIdPGroups(c *ConnectionRow) error {
	groups, _, err := w.tx.ListIdPGroups(w.ctx, "", 0, 0)
	if err != nil {
		return err
	}
	for _, was := range groups {
		_, linked := linkLine(was.Links, c.ID)
		if was.Owner != c.ID && !linked {
			continue
		}
		g := *was
		if g.Links = withoutLink(g.Links, c.ID); g.Owner == c.ID {
			g.Owner = ""
		}
		if err := w.change("IdPGroup", g.ID, "link", map[string]any{"connection": c.ID}, nil); err != nil {
			return err
		}
		if err := w.tx.UpdateIdPGroup(w.ctx, was, &g); err != nil {
			return err
		}
	}
	return nil
}

// owns says whether the caller's word about the person counts: that of the
// first connection that wrote, and of an admin.
func (w *write) owns(u *UserRow) bool {
	return w.t.connection == "" || u.Owner == "" || u.Owner == w.t.connection
}

// applyLink is what a request means that comes from a connection that does not
// own the person: his externalId is kept on its own link, and active false ends
// that link (behaviour.md 5.3).
func (w *write) applyLink(was *UserRow, before, next scim.Object) (*UserRow, error) {
	c := w.t.connection
	w.subject, w.person = was.ID, textOf(before, "userName")
	if names := scim.Changed(before, next); slices.ContainsFunc(names, func(n string) bool { return n != "externalId" }) {
		w.note("attributes were left as they are: they belong to the connection " + w.t.s.connectionName(was.Owner))
	}
	if next["active"] == false && before["active"] != false {
		return w.endLink(was)
	}
	u := *was
	ext := textOf(next, "externalId")
	if quoted, linked := was.linkLine(c); linked && quoted == quote(ext) {
		return was, nil
	}
	u.setLink(c, ext)
	u.linkRow = &LinkRow{Connection: c, User: u.ID, ExternalID: ext, FirstSeen: w.now, LastWord: w.now}
	return &u, w.saveLinkOnly(was, &u)
}

// endLink makes the connection forget the person, and answers it as it asked.
func (w *write) endLink(was *UserRow) (*UserRow, error) {
	w.note("the link ended; the person stays with the connection " + w.t.s.connectionName(was.Owner))
	c := &ConnectionRow{ID: w.t.connection}
	if err := w.relink(c, was, forget); err != nil {
		return nil, err
	}
	shown := *was
	forget(c, &shown)
	shown.Doc = string(scim.UserType.Append(nil, cloneWith(scim.ResourceFromJSON([]byte(was.Doc)).Object(), "active", false)))
	return &shown, nil
}
