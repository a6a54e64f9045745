package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
	"github.com/rollcall-scim/rollcall/sqlstore"
)

// The sizes of the two IdP groups, and how many times as long a change of a
// member may take in the large one.
const (
	fewMembers  = 10
	manyMembers = 100_000
	memberAim   = 1.5
)

// memberMeasure is one row of the table of members.
type memberMeasure struct {
	name              string
	operations        int // in one PATCH
	connections       int
	few, many, writer measure
}

func memberMeasures(only string) (out []*memberMeasure) {
	for _, m := range []*memberMeasure{
		{name: "add one member, then remove it", operations: 1, connections: 8},
		{name: "50 member operations in one PATCH", operations: 50, connections: 1},
	} {
		if strings.Contains(m.name, only) {
			out = append(out, m)
		}
	}
	return out
}

// measureMembers comes last: its hundred thousand people are in nobody else's
// way. The two IdP groups take turns.
func measureMembers(ctx context.Context, o options, db *database, binary string, s *seed, w *bareWriter) ([]*memberMeasure, error) {
	measures := memberMeasures(o.only)
	if len(measures) == 0 {
		return nil, nil
	}
	progress("%s: an IdP group of %s members", db.title, thousands(manyMembers))
	few, many, err := s.idpGroups(ctx)
	if err != nil {
		return nil, err
	}
	ours, err := startServer(ctx, binary, db.url, s)
	if err != nil {
		return nil, err
	}
	defer ours.stop()
	for _, m := range measures {
		progress("%s: %s, over %d connections", db.title, m.name, m.connections)
		inFew, inMany := memberKind(few, m.operations), memberKind(many, m.operations)
		const turns = 3
		for range turns {
			if err := m.few.take(ctx, ours, inFew, m.connections, o.duration/turns); err != nil {
				return nil, err
			}
			if err := m.many.take(ctx, ours, inMany, m.connections, o.duration/turns); err != nil {
				return nil, err
			}
			if err := m.writer.takeWriter(ctx, w, m.connections, o.duration/turns); err != nil {
				return nil, fmt.Errorf("bare writer: %w", err)
			}
		}
	}
	return measures, nil
}

// hand is the people whom one worker adds and removes in turn.
type hand struct {
	first int
	in    bool
}

// hands keeps those that no worker holds, so that the next worker removes whom
// the last one has left in: the IdP group stays as large as it is.
type hands struct {
	mu   sync.Mutex
	free []*hand
	made int
}

func (h *hands) take(people int) *hand {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n := len(h.free); n > 0 {
		one := h.free[n-1]
		h.free = h.free[:n-1]
		return one
	}
	h.made++
	return &hand{first: fewMembers + (h.made-1)*people}
}

func (h *hands) give(one *hand) {
	h.mu.Lock()
	h.free = append(h.free, one)
	h.mu.Unlock()
}

// memberKind adds so many members to the IdP group by as many operations, then
// removes them in the same way.
func memberKind(group string, operations int) *kind {
	all := &hands{}
	return &kind{name: "members", writes: true, want: 204, next: func(w *worker) (request, bool) {
		if w.hand == nil {
			w.hand = all.take(operations)
			w.release = func() { all.give(w.hand) }
		}
		op := "Add"
		if w.hand.in {
			op = "Remove"
		}
		w.hand.in = !w.hand.in
		var list []string
		for i := range operations {
			list = append(list, fmt.Sprintf(`{"op":"%s","path":"members","value":[{"value":"%s"}]}`, op, w.ids[(w.hand.first+i)%len(w.ids)]))
		}
		return request{"PATCH", "/Groups/" + group, fmt.Sprintf(`{"schemas":["%s"],"Operations":[%s]}`, scim.PatchOpURN, strings.Join(list, ","))}, true
	}}
}

// idpGroups makes one of few members and one of many.
func (s *seed) idpGroups(ctx context.Context) (few, many string, err error) {
	store, err := sqlstore.Open(ctx, s.url)
	if err != nil {
		return "", "", err
	}
	defer store.Close()
	d := directory.New(store)
	defer d.Close(ctx)
	t, err := d.OpenToken(ctx, s.token, "", directory.Via{Client: "bench", Operation: "POST", BaseURL: "http://bench.test"})
	if err != nil {
		return "", "", err
	}
	if few, err = createIdPGroup(ctx, t, "Few", s.ids[:fewMembers]); err != nil {
		return "", "", err
	}
	if many, err = createIdPGroup(ctx, t, "Many", nil); err != nil {
		return "", "", err
	}
	row, err := t.Row(ctx)
	if err != nil {
		return "", "", err
	}
	return few, many, crowd(ctx, store, row.ID, many)
}

func createIdPGroup(ctx context.Context, t *directory.Tenant, name string, people []string) (id string, err error) {
	var members []string
	for _, p := range people {
		members = append(members, `{"value":"`+p+`"}`)
	}
	r, err := scim.GroupType.Parse(fmt.Appendf(nil, `{"displayName":"%s","members":[%s]}`, name, strings.Join(members, ",")))
	if err != nil {
		return "", err
	}
	if r, err = t.Create(ctx, scim.GroupType.Name, r); err != nil {
		return "", err
	}
	return r.ID(), nil
}

// crowd writes people and their member rows past the directory, which would
// take minutes over so many.
func crowd(ctx context.Context, store directory.Store, tenant int64, group string) error {
	const step = 2000
	for from := 0; from < manyMembers; from += step {
		if err := store.Update(ctx, tenant, func(tx directory.Tx) error {
			var rows []directory.MemberRow
			for i := from; i < from+step; i++ {
				name := fmt.Sprintf("crowd.%07d@bench.test", i)
				id := fmt.Sprintf("00000000-0000-7000-8000-%012d", i)
				if err := tx.InsertUser(ctx, &directory.UserRow{ID: id, Doc: `{"userName":"` + name + `"}`, State: directory.Active, Keys: directory.Keys{UserName: name}}); err != nil {
					return err
				}
				rows = append(rows, directory.MemberRow{ID: id, Kind: directory.MemberUser, Shown: true})
			}
			if _, err := tx.AddMembers(ctx, group, rows); err != nil {
				return err
			}
			was, _, err := tx.IdPGroup(ctx, group)
			if err != nil {
				return err
			}
			g := *was
			g.Members += step
			return tx.UpdateIdPGroup(ctx, was, &g)
		}); err != nil {
			return err
		}
	}
	return nil
}

// reportMembers writes the table of members, and in words what matters of it.
func reportMembers(out io.Writer, measures []*memberMeasure) {
	if len(measures) == 0 {
		return
	}
	fmt.Fprintf(out, "Members of IdP groups: requests per second to a group of %s and to one of %s, and how many times as long the large one takes.\n\n", thousands(fewMembers), thousands(manyMembers))
	fmt.Fprintf(out, "| | connections | %s members | p50 | %s members | p50 | times as long | of the bare writer | aim |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n", thousands(fewMembers), thousands(manyMembers))
	for _, m := range measures {
		fmt.Fprintf(out, "| %s | %d | %s | %s | %s | %s | %s | %s | at most %.1f |\n", m.name, m.connections,
			thousands(int(m.few.rate())), short(m.few.at(0.5)), thousands(int(m.many.rate())), short(m.many.at(0.5)), ratio(m.few, m.many), ratio(m.many, m.writer), memberAim)
	}
	fmt.Fprintln(out)
	for _, m := range measures {
		verdict := "within"
		if m.few.rate() > memberAim*m.many.rate() {
			verdict = "beyond"
		}
		fmt.Fprintf(out, "In an IdP group of %s, %q takes %s times as long as in one of %s: %s the aim of %.1f.\n", thousands(manyMembers), m.name, ratio(m.few, m.many), thousands(fewMembers), verdict, memberAim)
	}
	fmt.Fprintln(out)
}
