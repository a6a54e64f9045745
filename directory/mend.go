package directory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
)

// letInTime is how long people are let in before the page is answered; the rest
// is told of, and waits for the next click.
const letInTime = 20 * time.Second

// Mended is what came of a cure.
type Mended struct {
	Done   string // what was done
	Secret string // of a token that was made; shown once
	In     []LetIn
	Out    []LetIn // who could not be let in, with the reason
	Left   int     // who still wait because time was over
}

// LetIn is somebody who waited, and how it went.
type LetIn struct {
	Person string
	ID     string // of the user, if he is in
	Why    string // he is not
	Code   string
}

// Mend carries out a cure of an open entry of Attention: an ordinary change of
// the admin who asks. choice is one of Cure.Among, or the name of a group to be
// made where it should have another than was sent.
func (t *Tenant) Mend(ctx context.Context, entry, cure, choice string) (Mended, error) {
	e, err := t.entry(ctx, entry)
	if err != nil {
		return Mended{}, err
	}
	if !slices.ContainsFunc(e.Cures, func(c Cure) bool { return c.Name == cure }) {
		return Mended{}, errSettled
	}
	switch cure {
	case CureCreateGroup:
		if _, err := t.CreateGroup(ctx, e.Value); err != nil {
			return Mended{}, err
		}
		return t.letAllIn(ctx, e, fmt.Sprintf("The group %s was made.", e.Value))
	case CureOtherName:
		if err := t.AddGroupName(ctx, choice, e.Value); err != nil {
			return Mended{}, err
		}
		return t.letAllIn(ctx, e, fmt.Sprintf("%s is another name of %s now.", e.Value, choice))
	case CureLetIn:
		return t.letAllIn(ctx, e, "What was refused was tried again.")
	case CureToken:
		secret, err := t.CreateConnectionToken(ctx, e.Connection, "Provisioning", time.Time{})
		return Mended{Done: "A token of the connection " + e.Connection + " was made. Give it to the identity provider; then end the personal one.", Secret: secret}, err
	case CureRotate:
		secret, err := t.RotateToken(ctx, e.Subject)
		return Mended{Done: "A new token was made. Give it to the identity provider: the old one works for 7 more days at most.", Secret: secret}, err
	case CureStopTeams:
		return t.stopTeams(ctx, e)
	case CureConfirmHeld:
		n, err := t.ConfirmRemovals(ctx, e.Connection)
		return Mended{Done: fmt.Sprintf("%s will be forgotten when the retention time is over.", number(n, "person", "people"))}, err
	case CureBringBack:
		return t.bringHeldBack(ctx, e)
	}
	return t.decide(ctx, e, cure)
}

// decide remembers what an admin has decided about an entry.
func (t *Tenant) decide(ctx context.Context, e AttentionEntry, cure string) (Mended, error) {
	m := Mended{Done: "It is not shown any more, until something new happens."}
	err := t.update(ctx, func(w *write) error {
		if e.Kind == AttentionReused {
			m.Done = "That is settled."
			if cure == CureSamePerson {
				if err := w.giveTeamsBack(e.Subject); err != nil {
					return err
				}
				m.Done = "The teams were given back, those that still are in the person's group."
			}
			return w.tx.EndMark(w.ctx, markAnother, e.Subject)
		}
		if err := w.change("Tenant", fmt.Sprint(t.s.tenant), "attention", nil, map[string]any{"entry": e.ID, "decision": cure}); err != nil {
			return err
		}
		return w.tx.SeeAttention(w.ctx, e.ID, t.actor, w.now)
	})
	return m, err
}

// giveTeamsBack gives a person the manual teams with which he left.
func (w *write) giveTeamsBack(id string) error {
	was, _, err := w.tx.User(w.ctx, id)
	if err != nil || was == nil {
		return err
	}
	marks, err := w.tx.Marks(w.ctx, markAnother, "", 0)
	if err != nil {
		return err
	}
	for _, m := range marks {
		if m.User != id {
			continue
		}
		left := (&UserRow{Left: m.Note}).departure()
		u, o := *was, w.t.object(was)
		u.SetMemberships(append(u.Memberships(), w.t.s.standing(withOrigin(left.Memberships, Manual), u.Group)...))
		if _, err := w.save(was, o, &u, o, "update"); err != nil {
			return err
		}
	}
	return nil
}

// stopTeams takes an attribute out of those that name teams, and deletes the
// teams that it made, but for those that somebody is in for another reason.
func (t *Tenant) stopTeams(ctx context.Context, e AttentionEntry) (m Mended, err error) {
	settings, err := t.Settings(ctx)
	if err != nil {
		return m, err
	}
	left := slices.DeleteFunc(settings.teamAttributes(), func(name string) bool { return name == e.Subject })
	if err := t.Set(ctx, "team-attributes", strings.Join(left, ",")); err != nil {
		return m, err
	}
	ids, err := t.r.TeamsMade(ctx, t.s.connectionNamed(e.Connection), e.Subject)
	if err != nil {
		return m, err
	}
	removed, kept := 0, 0
	for _, id := range ids {
		other, err := t.r.TeamHasOther(ctx, id, e.Subject)
		if err != nil {
			return m, err
		}
		if other {
			kept++
			continue
		}
		if err := t.DeleteTeam(ctx, TeamRef{Name: id}); err != nil {
			return m, err
		}
		removed++
	}
	m.Done = fmt.Sprintf("%s makes no more teams. %s removed.", e.Subject, number(removed, "team was", "teams were"))
	if kept > 0 {
		m.Done += fmt.Sprintf(" %s kept, because somebody is in for another reason.", number(kept, "team was", "teams were"))
	}
	return m, nil
}

func (t *Tenant) bringHeldBack(ctx context.Context, e AttentionEntry) (m Mended, err error) {
	rows, err := t.r.Removals(ctx)
	if err != nil {
		return m, err
	}
	refs := []string{}
	for _, r := range rows {
		if r.State == RemovalHeld && t.s.connectionName(r.Connection) == e.Connection {
			refs = append(refs, r.User)
		}
	}
	back, problems, err := t.BringBack(ctx, refs)
	m.Done = fmt.Sprintf("%s brought back.", number(back, "person was", "people were"))
	for _, p := range problems {
		person, why, _ := strings.Cut(p, ": ")
		m.Out = append(m.Out, LetIn{Person: person, Why: why})
	}
	return m, err
}

// causeOf is the cause that an entry of the kind refused is about.
func causeOf(entry string) string { return strings.TrimPrefix(entry, string(AttentionRefused)+"-") }

// letAllIn applies what was refused to everybody who waits for the entry's
// cause.
func (t *Tenant) letAllIn(ctx context.Context, e AttentionEntry, done string) (Mended, error) {
	m := Mended{Done: done}
	cause, err := t.r.Cause(ctx, causeOf(e.ID))
	if err != nil || cause == nil {
		return m, err
	}
	began := time.Now()
	for after := ""; ; {
		rows, err := t.r.Refusals(ctx, cause.ID, after, 100)
		if err != nil {
			return m, err
		}
		for _, r := range rows {
			if time.Since(began) > letInTime {
				m.Left = e.People - len(m.In) - len(m.Out)
				return m, nil
			}
			after = r.Subject
			if err := t.letIn(ctx, cause, &r, &m); err != nil {
				return m, err
			}
		}
		if len(rows) < 100 {
			return m, nil
		}
	}
}

// letIn applies what was refused to one person: by the path of a request of his
// IdP, so that he is matched and belongs to it, with the admin as the actor.
func (t *Tenant) letIn(ctx context.Context, cause *CauseRow, r *RefusalRow, m *Mended) error {
	h := *t
	h.via.Operation, h.via.Client, h.sent, h.lettingIn = r.Method, r.Client, sent{r.Path, r.Body}, true
	if slices.ContainsFunc(t.s.listConnections(), func(c Connection) bool { return c.ID == cause.Connection }) {
		h.connection = cause.Connection
	}
	id, err := h.resend(ctx, r)
	var refused *scim.Error
	switch {
	case err == nil:
		m.In = append(m.In, LetIn{Person: r.Person, ID: id})
		return nil
	case !errors.As(err, &refused) || refused.Status >= 500:
		return err
	}
	m.Out = append(m.Out, LetIn{Person: r.Person, Why: refused.Detail, Code: refused.Code})
	return t.refile(ctx, cause, r, refused)
}

// resend sends the write again.
func (t *Tenant) resend(ctx context.Context, r *RefusalRow) (id string, err error) {
	if strings.HasPrefix(r.Body, "(") {
		return "", scim.BadRequest("", "400.10", "No JSON (400.10): the request was not kept whole. Let the identity provider send it again.")
	}
	var answer *scim.Resource
	if r.Method == "PATCH" {
		p, err := scim.ParsePatch([]byte(r.Body))
		if err != nil {
			return "", err
		}
		answer, err = t.Patch(ctx, scim.UserType.Name, r.Subject, p, "")
		if err != nil {
			return "", err
		}
		return answer.ID(), nil
	}
	resource, err := scim.UserType.Parse([]byte(r.Body))
	if err != nil {
		return "", err
	}
	if r.Method == "PUT" {
		answer, err = t.Replace(ctx, scim.UserType.Name, r.Subject, resource, "")
	} else {
		answer, err = t.Create(ctx, scim.UserType.Name, resource)
	}
	if err != nil {
		return "", err
	}
	return answer.ID(), nil
}

// refile puts somebody under the cause for which he could not be let in.
func (t *Tenant) refile(ctx context.Context, was *CauseRow, r *RefusalRow, refused *scim.Error) error {
	return t.update(ctx, func(w *write) error {
		if refused.Status == 404 {
			return endRefusal(w.ctx, w.tx, r) // he has gone meanwhile
		}
		c := &CauseRow{Connection: was.Connection, Type: was.Type, Code: refused.Code, Value: refused.Value, Detail: refused.Detail, Client: r.Client, First: w.now, Last: r.Last}
		c.ID = causeID(c)
		next := *r
		next.Cause, next.Status, next.Detail, next.First = c.ID, refused.Status, refused.Detail, w.now
		return keepRefusal(w.tx, &next, c)
	})
}
