package directory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// hunt is one search while it runs: its conditions, each as a set that an index
// enumerates where there is one, and as a question about a person found in
// another.
type hunt struct {
	t       *Tenant
	q       PeopleQuery
	row     TenantRow
	removed bool
	terms   []term
	sets    []Set // those of the filters
	tests   []func(*Found) bool
	nobody  bool // a condition that nobody can fulfil
}

// term is one word that is searched for: the beginning of one of a person's
// words, or of one of a team's that he is in.
type term struct {
	prefix  string
	streams []Set
	teams   map[string]int // where each team stands among the streams
}

func (t *Tenant) hunt(ctx context.Context, q PeopleQuery) (*hunt, error) {
	if err := t.may(ownGroup); err != nil {
		return nil, err
	}
	row, err := t.verified(ctx)
	if err != nil {
		return nil, err
	}
	if t.reach == ownGroup && q.Group == "" {
		q.Group = t.user.Group
	}
	h := &hunt{t: t, q: q, row: row}
	if err := h.places(); err != nil {
		return nil, err
	}
	if err := h.states(); err != nil {
		return nil, err
	}
	h.origins()
	words := splitWords(plain(q.Text))
	for _, word := range words[:min(len(words), wordsOfSearch)] {
		h.terms = append(h.terms, t.s.term(word))
	}
	// Where all are frequent the first one is walked: that of the fewest teams,
	// and of those the longest.
	slices.SortStableFunc(h.terms, func(a, b term) int {
		return cmp.Or(len(a.streams)-len(b.streams), len(b.prefix)-len(a.prefix))
	})
	// Punctuation alone is nobody's name.
	h.nobody = len(words) == 0 && strings.TrimSpace(q.Text) != ""
	return h, nil
}

func (h *hunt) filter(set Set, test func(*Found) bool) {
	h.sets = append(h.sets, set)
	h.tests = append(h.tests, test)
}

// places are the conditions of group and team.
func (h *hunt) places() error {
	w := &write{t: h.t}
	if h.q.Group != "" {
		g, err := w.group(h.q.Group)
		if err != nil {
			return err
		}
		h.filter(Set{Kind: SetGroup, Value: g.ID}, func(f *Found) bool { return f.Group == g.ID })
	}
	if h.q.Team != "" {
		team, err := w.team(TeamRef{Name: h.q.Team})
		if err != nil {
			return err
		}
		h.filter(Set{Kind: SetTeam, Value: team.ID}, func(f *Found) bool { return f.inTeam(team.ID) })
	}
	return nil
}

func (h *hunt) states() error {
	switch h.q.State {
	case "":
		h.tests = append(h.tests, func(f *Found) bool { return f.State == Active || f.State == Inactive })
	case "active":
		h.tests = append(h.tests, func(f *Found) bool { return f.State == Active })
	case "inactive":
		h.filter(Set{Kind: SetInactive}, func(f *Found) bool { return f.State == Inactive })
	case "removed":
		h.removed = true
		h.filter(Set{Kind: SetRemoved}, func(f *Found) bool { return f.State == Removed })
	default:
		return fmt.Errorf("%q is no state of a person. Choose among: active, inactive, removed", h.q.State)
	}
	if h.q.Role == "" {
		return nil
	}
	role := Role(slices.Index(Roles, h.q.Role))
	switch {
	case role < 0:
		return fmt.Errorf("%q is no role. Choose among: %s", h.q.Role, strings.Join(Roles, ", "))
	case role == RoleUser:
		h.tests = append(h.tests, func(f *Found) bool { return f.Role == RoleUser })
	default:
		h.filter(Set{Kind: SetRole}, func(f *Found) bool { return f.Role == role })
	}
	return nil
}

// origins are the conditions of where people come from.
func (h *hunt) origins() {
	if m := h.q.Matched; m != nil && !*m {
		h.filter(Set{Kind: SetUnmatched}, func(f *Found) bool { return !f.Matched() })
	} else if m != nil {
		h.tests = append(h.tests, func(f *Found) bool { return f.Matched() })
	}
	if l := h.q.LeftAlone; l != nil && *l {
		h.filter(Set{Kind: SetLeftAlone}, func(f *Found) bool { return f.LeftAlone })
	} else if l != nil {
		h.tests = append(h.tests, func(f *Found) bool { return !f.LeftAlone })
	}
	switch owner := h.q.Origin; owner {
	case "":
	case ByHand:
		h.filter(Set{Kind: SetByHand}, func(f *Found) bool { return f.Owner == "" })
	default:
		h.filter(Set{Kind: SetConnection, Value: plain(owner)}, func(f *Found) bool { return f.Owner == owner })
	}
}

// term resolves names of teams, other names included, in memory.
func (s *setup) term(prefix string) term {
	m := term{prefix: prefix, streams: []Set{{Kind: SetWord, Value: prefix}}, teams: map[string]int{}}
	s.mu.RLock()
	var ids []string
	for id, team := range s.teams {
		if team.hasWord(prefix) {
			ids = append(ids, id)
		}
	}
	s.mu.RUnlock()
	slices.Sort(ids)
	for _, id := range ids {
		m.teams[id] = len(m.streams)
		m.streams = append(m.streams, Set{Kind: SetTeam, Value: id})
	}
	return m
}

// hasWord compares with the words that the setup keeps folded.
func (t *team) hasWord(prefix string) bool {
	return strings.Contains(t.words, " "+prefix)
}

// firstIn is the stream of the term in which the person stands first, and there
// the word by which; -1 for one whom it does not find.
func (m *term) firstIn(f *Found) (stream int, word string) {
	words := " " + f.Words
	if i := strings.Index(words, " "+m.prefix); i >= 0 {
		word, _, _ = strings.Cut(words[i+1:], " ")
		return 0, word
	}
	stream = -1
	for rest := f.Teams; rest != "" && len(m.teams) > 0; {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		id, _, _ := strings.Cut(line, " ")
		if at, ok := m.teams[id]; ok && (stream < 0 || at < stream) {
			stream = at
		}
	}
	return stream, ""
}

func (u *UserRow) inTeam(id string) bool {
	return strings.HasPrefix(u.Teams, id+" ") || strings.Contains(u.Teams, "\n"+id+" ")
}

// has says whether the person fulfils every condition.
func (h *hunt) has(f *Found) bool {
	for _, test := range h.tests {
		if !test(f) {
			return false
		}
	}
	for i := range h.terms {
		if stream, _ := h.terms[i].firstIn(f); stream < 0 {
			return false
		}
	}
	return true
}

// rarest are the streams of the smallest set, if there is one of at most
// narrowSet people.
func (h *hunt) rarest(ctx context.Context) (streams []Set, size int, err error) {
	size = narrowSet + 1
	consider := func(sets []Set) error {
		if len(sets) > 100 {
			return nil // a letter or two: of teams that begin so there are many
		}
		n := 0
		for _, set := range sets {
			some, err := h.t.r.CountSet(ctx, set, size-n)
			if err != nil {
				return err
			}
			if n += some; n >= size {
				return nil
			}
		}
		streams, size = sets, n
		return nil
	}
	for _, set := range h.sets {
		if err := consider([]Set{set}); err != nil {
			return nil, 0, err
		}
	}
	for i := range h.terms {
		if err := consider(h.terms[i].streams); err != nil {
			return nil, 0, err
		}
	}
	return streams, size, nil
}
