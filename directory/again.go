package directory

import (
	"context"
	"encoding/json/v2"
	"fmt"
	"slices"
	"strings"
)

// Move is what profiling again would do, or did, with one person.
type Move struct {
	User     string   `json:"user"` // userName
	From     string   `json:"from"` // group
	To       string   `json:"to"`
	Joins    []string `json:"joins"`  // teams
	Leaves   []string `json:"leaves"` // teams
	Problem  string   `json:"problem,omitzero"`
	id       string
	profiled Profiled
}

// ProfileAgain runs profiling over everybody, or over those named, as if every
// value had just come (behaviour.md 6.8). With dryRun nothing is written. Who
// cannot be placed is listed with the problem and stays where he is. All
// changes carry one request id, which UndoProfiling takes.
func (t *Tenant) ProfileAgain(ctx context.Context, refs []string, dryRun bool, progress func(done, of int)) ([]Move, error) {
	if err := t.may(everything); err != nil {
		return nil, err
	}
	row, err := t.Row(ctx)
	if err != nil {
		return nil, err
	}
	if err := t.fresh(ctx); err != nil {
		return nil, err
	}
	ids, err := t.selected(ctx, refs)
	if err != nil {
		return nil, err
	}
	var moves []Move
	done := 0
	for after := ""; ; {
		l := List{After: after, Limit: 200}
		users, _, err := t.r.ListUsers(ctx, l)
		if err != nil {
			return moves, err
		}
		for _, u := range users {
			after = u.ID
			done++
			if ids != nil && !slices.Contains(ids, u.ID) || u.State != Active {
				continue
			}
			move, err := t.again(ctx, u.ID, dryRun)
			if err != nil {
				return moves, err
			}
			if move != nil {
				moves = append(moves, *move)
			}
		}
		if progress != nil {
			progress(done, int(row.Users))
		}
		if len(users) < 200 {
			return moves, nil
		}
	}
}

func (t *Tenant) selected(ctx context.Context, refs []string) ([]string, error) {
	var ids []string
	for _, ref := range refs {
		u, err := t.lookUpPerson(ctx, t.r, ref)
		if err != nil {
			return nil, err
		}
		ids = append(ids, u.ID)
	}
	return ids, nil
}

// again profiles one person; nil when he stays as he is.
func (t *Tenant) again(ctx context.Context, id string, dryRun bool) (*Move, error) {
	if dryRun {
		u, _, err := t.r.User(ctx, id)
		if err != nil || u == nil {
			return nil, err
		}
		return t.wouldMove(ctx, t.r, u)
	}
	var move *Move
	err := t.update(ctx, func(w *write) error {
		u, _, err := w.tx.User(w.ctx, id)
		if err != nil || u == nil || u.State != Active {
			return err
		}
		move, err = w.again(u)
		return err
	})
	return move, err
}

// kindProfileAgain is the kind of the changes that UndoProfiling takes back.
const kindProfileAgain = "profile again"

func (w *write) again(u *UserRow) (*Move, error) {
	t := w.t
	move, err := t.wouldMove(w.ctx, w.tx, u)
	if err != nil || move == nil || move.Problem != "" {
		return move, err
	}
	o := t.object(u)
	next := *u
	if err := w.place(&next, Placement{u.Group, u.Memberships()}, o, allValues(), t.s.gather()); err != nil {
		return nil, err
	}
	_, err = w.save(u, o, &next, o, kindProfileAgain)
	return move, err
}

func (t *Tenant) wouldMove(ctx context.Context, r Reader, u *UserRow) (*Move, error) {
	o := t.object(u)
	name, _ := o["userName"].(string)
	question, err := t.profiling(ctx, r, u, o, allValues())
	if err != nil {
		return nil, err
	}
	question.Before, question.MoveTo = Placement{u.Group, u.Memberships()}, t.s.gather()
	p, err := Profile(t.s, question)
	move := &Move{User: name, From: t.s.groupName(u.Group), To: t.s.groupName(p.Group), id: u.ID, profiled: p}
	if err != nil {
		move.To, move.Problem = move.From, err.Error()
		return move, nil
	}
	if p.Unchanged {
		return nil, nil
	}
	move.Joins, move.Leaves = t.s.teamNamesOf(p.Add, p.NewTeams), t.s.teamNamesOf(p.Withdraw, nil)
	return move, nil
}

// gather is the default group while the group feature is off: then everybody is
// in it (behaviour.md 2.6).
func (s *setup) gather() string {
	settings, home := s.config()
	if settings.Groups() {
		return ""
	}
	return home
}

func (s *setup) teamNamesOf(ms []Membership, made []NewTeam) []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []string
	for _, m := range ms {
		name := ""
		if t := s.teams[m.Team]; t != nil {
			name = t.Name
		}
		for _, n := range made {
			if n.Key == m.Team {
				name = n.Name
			}
		}
		if name != "" && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// UndoProfiling puts the people whom one ProfileAgain moved back into the
// groups and teams in which they were. Who was changed since is left alone.
func (t *Tenant) UndoProfiling(ctx context.Context, request string) (back, left int, err error) {
	if err := t.may(everything); err != nil {
		return 0, 0, err
	}
	for after := int64(0); ; {
		changes, err := t.r.Changes(ctx, ChangeQuery{After: after, Limit: 1000})
		if err != nil {
			return back, left, err
		}
		for _, c := range changes {
			after = c.Seq
			if c.Request != request || c.Kind != kindProfileAgain {
				continue
			}
			undone, err := t.putBack(ctx, c)
			if err != nil {
				return back, left, err
			}
			if undone {
				back++
			} else {
				left++
			}
		}
		if len(changes) < 1000 {
			break
		}
	}
	if back+left == 0 {
		return 0, 0, fmt.Errorf("the change log has no run of profile-again with the id %q; the ids stand in: rollcall changes --json", request)
	}
	return back, left, nil
}

func (t *Tenant) putBack(ctx context.Context, c ChangeRow) (done bool, err error) {
	err = t.update(ctx, func(w *write) error {
		done, err = w.putBack(c)
		return err
	})
	return done, err
}

// putBack undoes one change of place, if it is the person's last.
func (w *write) putBack(c ChangeRow) (done bool, err error) {
	type side struct {
		Group       string   `json:"group"`
		Memberships []string `json:"memberships"`
	}
	var before, after side
	if err := decodeSide(c.Before, &before); err != nil {
		return false, err
	}
	if err := decodeSide(c.After, &after); err != nil {
		return false, err
	}
	was, _, err := w.tx.User(w.ctx, c.Object)
	if err != nil || was == nil || was.State != Active || was.Version != c.Seq {
		return false, err
	}
	s, u := w.t.s, *was
	if before.Group != "" {
		u.Group = s.home(before.Group)
	}
	ms := slices.DeleteFunc(was.Memberships(), func(m Membership) bool {
		return slices.Contains(after.Memberships, m.Team+" "+m.Origin)
	})
	for _, line := range before.Memberships {
		team, origin, _ := strings.Cut(line, " ")
		ms = append(ms, s.standing([]Membership{{team, origin}}, u.Group)...)
	}
	u.SetMemberships(ms)
	o := w.t.object(was)
	_, err = w.save(was, o, &u, o, "undo")
	return true, err
}

func decodeSide(text string, into any) error {
	if text == "" {
		return nil
	}
	return json.Unmarshal([]byte(text), into)
}
