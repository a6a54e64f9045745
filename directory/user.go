package directory

import (
	"context"
	"strconv"
	"strings"

	"github.com/rollcall-scim/rollcall/scim"
)

var noCancel = context.Background()

// sees says whether the caller finds the user over SCIM: those in sight, and
// for the retention time those whom his connection removed (behaviour.md 7.2).
func (t *Tenant) sees(u *UserRow) bool {
	switch u.State {
	case Active, Inactive:
		return true
	case Removed:
		return t.connection != "" && u.RemovedBy == t.connection && u.RemovedAt > t.d.retained(t.s)
	}
	return false
}

// retained is the moment before which removed people are forgotten.
func (d *Directory) retained(s *setup) int64 {
	settings, _ := s.config()
	return d.Now().AddDate(0, 0, -settings.RetentionDays()).UnixMicro()
}

func errNoUser(id string) error {
	return scim.Errorf(404, "", "404.1", "No such user (404.1): nobody here has the id %q. He may have been removed; find him with a filter on userName.", id)
}

// Get is one SELECT, which also proves that the token still holds.
func (t *Tenant) Get(ctx context.Context, typ, id string) (*scim.Resource, error) {
	if err := t.may(everything); err != nil {
		return nil, err
	}
	if typ != scim.UserType.Name {
		return t.getIdPGroup(ctx, id)
	}
	u, st, err := t.r.User(noCancel, id)
	if err != nil {
		return nil, unavailable(err)
	}
	if err := t.saw(ctx, st); err != nil {
		return nil, err
	}
	if u == nil || !t.sees(u) {
		return nil, errNoUser(id)
	}
	if u, err = t.meet(u); err != nil {
		return nil, err
	}
	return t.answerOne(u)
}

// Create obeys RFC 7644 section 3.3.
func (t *Tenant) Create(ctx context.Context, typ string, r *scim.Resource) (*scim.Resource, error) {
	if typ != scim.UserType.Name {
		return t.changeIdPGroup(ctx, 201, true, func(w *write) (*IdPGroupRow, error) { return w.createIdPGroup(r) })
	}
	return t.scim(ctx, 201, func(w *write) (*UserRow, error) {
		if _, ok := r.Object()["active"]; ok {
			w.tellActive()
		}
		return w.create(r)
	})
}

// Replace obeys RFC 7644 section 3.5.1, with what behaviour.md 4.8 keeps.
func (t *Tenant) Replace(ctx context.Context, typ, id string, r *scim.Resource, v scim.Version) (*scim.Resource, error) {
	if typ != scim.UserType.Name {
		return t.changeIdPGroup(ctx, 200, true, onIdPGroup(id, v, func(w *write, was *IdPGroupRow) (*IdPGroupRow, error) { return w.replaceIdPGroup(was, r) }))
	}
	return t.scim(ctx, 200, func(w *write) (*UserRow, error) {
		was, err := w.find(id, v)
		if err != nil {
			return nil, err
		}
		if _, ok := r.Object()["active"]; ok {
			w.tellActive()
		}
		w.note(r.Notes...)
		before := t.object(was)
		return w.apply(was, before, scim.UserType.ReplaceWith(before, r), r.Faults)
	})
}

// Patch obeys RFC 7644 section 3.5.2.
func (t *Tenant) Patch(ctx context.Context, typ, id string, p *scim.Patch, v scim.Version) (*scim.Resource, error) {
	if typ != scim.UserType.Name {
		return t.changeIdPGroup(ctx, 200, !t.projection.Empty(), onIdPGroup(id, v, func(w *write, was *IdPGroupRow) (*IdPGroupRow, error) { return w.patchIdPGroup(was, p) }))
	}
	return t.scim(ctx, 200, func(w *write) (*UserRow, error) {
		was, err := w.find(id, v)
		if err != nil {
			return nil, err
		}
		if saysActive(p) {
			w.tellActive()
		}
		before := t.object(was)
		next, notes, faults := scim.UserType.Apply(before, p)
		w.note(notes...)
		return w.apply(was, before, next, faults)
	})
}

// Delete is final on the wire under either policy (behaviour.md 7.3); an admin
// can restore for the retention time.
func (t *Tenant) Delete(ctx context.Context, typ, id string, v scim.Version) error {
	if typ != scim.UserType.Name {
		_, err := t.changeIdPGroup(ctx, 204, false, onIdPGroup(id, v, func(w *write, was *IdPGroupRow) (*IdPGroupRow, error) { return w.deleteIdPGroup(was) }))
		return err
	}
	_, err := t.scim(ctx, 204, func(w *write) (*UserRow, error) {
		was, err := w.find(id, v)
		if err != nil {
			return nil, err
		}
		w.tellActive()
		return w.erase(was)
	})
	return err
}

// erase removes a user for good, as far as the wire can tell.
func (w *write) erase(was *UserRow) (*UserRow, error) {
	before := w.t.object(was)
	if !w.owns(was) {
		w.subject, w.person = was.ID, textOf(before, "userName")
		return w.endLink(was)
	}
	u := *was
	if was.State == Removed {
		u.RemovedBy = "" // he left before; the time runs from then
	} else {
		u.Left = departed(was, before)
		w.remove(&u, "")
	}
	next := cloneWith(before, "active", false)
	return w.save(was, before, &u, next, "delete")
}

func cloneWith(o scim.Object, name string, value any) scim.Object {
	next := scim.Object{}
	for k, v := range o {
		next[k] = v
	}
	next[name] = value
	return next
}

// scim runs one SCIM write with its row of activity and answers with the user. The
// answer is made before the commit, so that it can be kept beside the activity.
func (t *Tenant) scim(ctx context.Context, status int, fn func(*write) (*UserRow, error)) (*scim.Resource, error) {
	var answer *scim.Resource
	err := t.update(ctx, func(w *write) error {
		u, err := fn(w)
		if err != nil {
			return err
		}
		if answer, err = w.answer(u); err != nil {
			return err
		}
		return w.told(status, t.shown(status, answer))
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// answer is what the caller is told of a user after the change, whose teams may
// be new.
func (w *write) answer(u *UserRow) (*scim.Resource, error) {
	h := *w.t
	h.r, h.fresher = w.tx, w.quoted
	return h.answerOne(u)
}

// shown is the body of the answer, for people to read.
func (t *Tenant) shown(status int, answer *scim.Resource) string {
	switch {
	case status == 204 || t.sent.path == "":
		return ""
	case t.projection.Empty():
		return string(answer.JSON())
	}
	return string(scim.UserType.Append(nil, scim.UserType.Project(answer.Object(), t.projection)))
}

// find reads the user for a change and compares the version (RFC 7644 section
// 3.14: the opaque part decides, weak or not).
func (w *write) find(id string, v scim.Version) (*UserRow, error) {
	u, _, err := w.tx.User(w.ctx, id)
	if err != nil {
		return nil, err
	}
	if u == nil || !w.t.sees(u) {
		return nil, errNoUser(id)
	}
	if v != "" && v != "*" && !sameVersion(v, u.Version) {
		return nil, scim.Errorf(412, "", "412.1", "The version does not match (412.1): the user was changed since you read him; his version is %s. Read him again and repeat your change on what you find.", etag(u.Version))
	}
	return u, nil
}

func etag(version int64) scim.Version {
	return scim.Version(`W/"` + strconv.FormatInt(version, 10) + `"`)
}

// sameVersion reads an If-Match list.
func sameVersion(v scim.Version, version int64) bool {
	for one := range strings.SplitSeq(string(v), ",") {
		one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
		if strings.Trim(one, `"`) == strconv.FormatInt(version, 10) {
			return true
		}
	}
	return false
}
