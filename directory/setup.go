package directory

import (
	"context"
	"encoding/json/jsontext"
	"strings"
	"sync"

	"golang.org/x/text/unicode/norm"

	"github.com/rollcall-scim/rollcall/scim"
)

// setup is a tenant's groups, teams, connections, tokens and settings in
// memory. It is never trusted by itself: every SELECT that reads people also
// returns the number of the last change to these, and a setup of another number
// is caught up before it is used. So a revoked token fails on the next request
// of every process.
type setup struct {
	tenant int64
	name   string

	mu           sync.RWMutex
	seq          int64 // number of the last change that is in here
	display      string
	settings     Settings
	defaultGroup string
	groups       map[string]*group
	groupNames   map[string]string
	teams        map[string]*team
	teamNames    map[teamName]string
	connections  map[string]*ConnectionRow
	tokens       map[string]*TokenRow // by hash
	clients      map[string]*ClientRow
	tellsActive  map[string]bool // connections that are known to say who is active
}

type group struct {
	GroupRow
	quoted string // the name as JSON
}

type team struct {
	TeamRow
	quoted string
	words  string // of all its names, each between blanks
}

type teamName struct{ group, key string }

func newSetup(t TenantRow) *setup {
	return &setup{
		tenant: t.ID, name: t.Name, seq: -1,
		groups: map[string]*group{}, groupNames: map[string]string{},
		teams: map[string]*team{}, teamNames: map[teamName]string{},
		connections: map[string]*ConnectionRow{}, tokens: map[string]*TokenRow{}, clients: map[string]*ClientRow{}, tellsActive: map[string]bool{},
	}
}

// current says whether the setup holds everything up to change seq.
func (s *setup) current(seq int64) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.seq >= seq
}

// catchUp reads what was changed since. Within an Update r is the transaction,
// which sees only what is committed: whoever changes a setup seals.
func (s *setup) catchUp(ctx context.Context, r Reader) error {
	s.mu.RLock()
	since := s.seq
	s.mu.RUnlock()
	rows, err := r.SetupSince(ctx, since)
	if err != nil {
		return err
	}
	return s.apply(rows)
}

func (s *setup) apply(rows SetupRows) error {
	settings, err := decodeSettings(rows.Tenant.Settings)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if rows.Tenant.Setup <= s.seq {
		return nil // somebody was faster
	}
	s.display, s.settings = rows.Tenant.Display, settings
	for _, g := range rows.Groups {
		s.putGroup(g)
	}
	for _, t := range rows.Teams {
		s.putTeam(t)
	}
	for _, c := range rows.Connections {
		s.connections[c.ID] = &c
	}
	for _, t := range rows.Tokens {
		if s.tokens[t.Hash] = &t; t.Ended != 0 {
			delete(s.tokens, t.Hash)
		}
	}
	for _, c := range rows.Clients {
		s.putClient(c)
	}
	s.seq = rows.Tenant.Setup
	return nil
}

// putGroup takes away only the names that are still the group's own: another
// may have got one since, and come before it in what is caught up.
func (s *setup) putGroup(g GroupRow) {
	if was := s.groups[g.ID]; was != nil {
		for _, n := range append(was.Also, was.Name) {
			if key := groupKey(n); s.groupNames[key] == g.ID {
				delete(s.groupNames, key)
			}
		}
		delete(s.groups, g.ID)
	}
	if g.Gone {
		return
	}
	s.groups[g.ID] = &group{g, quote(g.Name)}
	if g.First {
		s.defaultGroup = g.ID
	}
	for _, n := range append(g.Also, g.Name) {
		s.groupNames[groupKey(n)] = g.ID
	}
}

func (s *setup) putTeam(t TeamRow) {
	if was := s.teams[t.ID]; was != nil {
		for _, n := range append(was.Also, was.Name) {
			if key := (teamName{was.Group, scim.Fold(n)}); s.teamNames[key] == t.ID {
				delete(s.teamNames, key)
			}
		}
		delete(s.teams, t.ID)
	}
	if t.Gone {
		return
	}
	s.teams[t.ID] = &team{t, quote(t.Name), " " + strings.Join(splitWords(strings.Join(append([]string{t.Name}, t.Also...), " ")), " ")}
	for _, n := range append(t.Also, t.Name) {
		s.teamNames[teamName{t.Group, scim.Fold(n)}] = t.ID
	}
}

// groupKey is how group names are compared: case and all, in NFC.
func groupKey(name string) string { return norm.NFC.String(name) }

// Group and Team make a setup the Names of profiling.
func (s *setup) Group(name string) (string, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	id, ok := s.groupNames[name]
	return id, ok
}

func (s *setup) Team(group, key string) (string, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	id, ok := s.teamNames[teamName{group, key}]
	return id, ok
}

func (s *setup) config() (Settings, string) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.settings, s.defaultGroup
}

// policy is what a connection does with leavers.
func (s *setup) policy(connection string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if c := s.connections[connection]; c != nil && c.Deprovision != "" {
		return c.Deprovision
	}
	return s.settings.get("deprovision")
}

// token returns a copy, so that nobody reads it while it is caught up.
func (s *setup) token(hash string) (TokenRow, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if t := s.tokens[hash]; t != nil {
		return *t, true
	}
	return TokenRow{}, false
}

func quote(s string) string {
	b, _ := jsontext.AppendQuote(nil, s)
	return string(b)
}
