package directory

import (
	"context"
	"strings"
	"time"
)

// namer tells what ids stand for, those of what is gone too, each asked for
// once.
type namer struct {
	t     *Tenant
	known map[string]string
}

func (t *Tenant) namer() *namer { return &namer{t, map[string]string{}} }

func (n *namer) once(key string, ask func() string) string {
	name, ok := n.known[key]
	if !ok {
		name = ask()
		n.known[key] = name
	}
	return name
}

// who made a change.
func (n *namer) who(ctx context.Context, c ChangeRow) string {
	if c.Connection != "" {
		return n.once("connection "+c.Connection, func() string {
			if name := n.t.s.connectionName(c.Connection); name != "" {
				return "the connection " + name
			}
			return "a connection that is gone"
		})
	}
	return n.actor(ctx, c.Actor)
}

func (n *namer) actor(ctx context.Context, actor string) string {
	kind, id, _ := strings.Cut(actor, " ")
	switch kind {
	case "user":
		return n.once(actor, func() string { return n.person(ctx, id) })
	case "token":
		return "a personal access token"
	case "invitation":
		return "an invited IT admin"
	case "retention":
		return "the retention time"
	case "IdP":
		return "an IdP group"
	}
	return "the " + actor
}

func (n *namer) person(ctx context.Context, id string) string {
	u, _, err := n.t.d.Store.Reader(n.t.s.tenant).User(ctx, id)
	if err != nil || u == nil || u.State == Purged {
		return "somebody who was removed"
	}
	return n.t.person(u).DisplayName
}

// group and team tell the last name of one that was deleted.
func (n *namer) group(ctx context.Context, id string) string {
	if name := n.t.s.groupName(id); name != "" {
		return name
	}
	return n.gone(ctx, id, "a group")
}

func (n *namer) team(ctx context.Context, id string) string {
	if name := n.t.s.teamName(id); name != "" {
		return name
	}
	return n.gone(ctx, id, "a team")
}

func (s *setup) teamName(id string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if t := s.teams[id]; t != nil {
		return t.Name
	}
	return ""
}

func (n *namer) gone(ctx context.Context, id, what string) string {
	return n.once(id, func() string {
		changes, err := n.t.d.Store.Reader(n.t.s.tenant).Changes(ctx, ChangeQuery{Object: id, Newest: true, Limit: 1})
		var side struct {
			Name string `json:"name"`
		}
		if err != nil || len(changes) == 0 || decodeSide(changes[0].Before, &side) != nil || side.Name == "" {
			return what + " that is gone"
		}
		return side.Name + " (deleted)"
	})
}

// membership is a line of a change: team and origin.
func (n *namer) membership(ctx context.Context, line string) string {
	team, origin, _ := strings.Cut(line, " ")
	return n.team(ctx, team) + " (" + n.origin(ctx, origin) + ")"
}

// origin says why somebody is in a team.
func (n *namer) origin(ctx context.Context, origin string) string {
	if origin == Manual {
		return "by hand"
	}
	id, ok := strings.CutPrefix(origin, originPrefix)
	if !ok {
		return origin
	}
	return n.once(origin, func() string {
		g, _, err := n.t.d.Store.Reader(n.t.s.tenant).IdPGroup(ctx, id)
		if err != nil || g == nil {
			return "an IdP group that is gone"
		}
		return "IdP group " + Above{Doc: g.Doc}.name()
	})
}

// InTeam is a team of a person with the reasons why he is in it.
type InTeam struct {
	ID      string
	Name    string
	Origins []string // in words
	Manual  bool     // one of them is an admin's
}

// TeamsOf lists a person's teams with their origins.
func (t *Tenant) TeamsOf(ctx context.Context, u User) []InTeam {
	n := t.namer()
	var out []InTeam
	for _, m := range u.Memberships {
		if len(out) == 0 || out[len(out)-1].ID != m.Team {
			out = append(out, InTeam{ID: m.Team, Name: n.team(ctx, m.Team)})
		}
		in := &out[len(out)-1]
		in.Origins = append(in.Origins, n.origin(ctx, m.Origin))
		in.Manual = in.Manual || m.Origin == Manual
	}
	return out
}

// Link is what a connection knows of a person.
type Link struct {
	Connection string
	ExternalID string
	Owns       bool // its word on his attributes counts
	Alias      string
	First      time.Time
	Last       time.Time // its last word
}

// Links tells which connections know a person.
func (t *Tenant) Links(ctx context.Context, ref string) ([]Link, error) {
	if err := t.may(ownGroup); err != nil {
		return nil, err
	}
	if err := t.Verify(ctx); err != nil {
		return nil, err
	}
	u, err := t.lookUpPerson(ctx, t.r, ref)
	if err != nil {
		return nil, err
	}
	rows, err := t.d.Store.Reader(t.s.tenant).Links(ctx, u.ID)
	var out []Link
	for _, l := range rows {
		out = append(out, Link{Connection: t.s.connectionName(l.Connection), ExternalID: u.ExternalID(l.Connection), Owns: u.Owner == l.Connection,
			Alias: l.Alias, First: moment(l.FirstSeen), Last: moment(l.LastWord)})
	}
	return out, err
}
