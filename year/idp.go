package year

import (
	"context"
	"net/url"
	"slices"
	"strings"
)

// IdPs are the identity providers that a year can be played as.
var IdPs = []string{"entra", "okta", "onelogin", "rfc", "entra+okta"}

// idpsOf are the providers of a name of IdPs; nil if it is none.
func idpsOf(name string) []string {
	if !slices.Contains(IdPs, name) {
		return nil
	}
	return strings.Split(name, "+")
}

// idp is one identity provider: a state machine that looks at its directory when
// it really would, sends what it really sends, and reacts to answers as it
// really does.
type idp interface {
	// next is when it has something to do; never if it has not.
	next() Minute
	// run does what is due. An error ends the year.
	run(ctx context.Context, now Minute) error
	// owes says whether the server has not been told of the account as it is,
	// and whether that is the network's doing or the provider's own habit, not the
	// server's.
	owes(a *account) (owing, excused bool)
	// owesGroup is owes of a group.
	owesGroup(g *group) (owing, excused bool)
	// id is the account's on the server; "" if it knows none.
	id(a *account) string
	// groupID is the group's.
	groupID(g *group) string
	// problem is the last that went wrong with the account; "" if nothing did.
	problem(a *account) string
}

func newIdP(kind string, s side) idp {
	if kind == "entra" {
		return newEntra(s)
	}
	return newPusher(kind, s)
}

// side is what every provider has: its part of the company and its wire.
type side struct {
	number  int
	company *company
	wire    *wire
	seed    uint64
}

// taking takes what was touched since it was last asked.
func (s *side) taking() (accounts []*account, groups []*group) {
	accounts, s.company.touched[s.number] = s.company.touched[s.number], nil
	groups, s.company.moved[s.number] = s.company.moved[s.number], nil
	return accounts, groups
}

// trouble is what an answer that is not good means for a retry.
type trouble struct {
	excused bool   // the network did it
	soon    bool   // worth another try at once: nobody answered, 429, 5xx
	stop    bool   // the token is refused, or this is no SCIM
	wait    Minute // what the server asked for
	text    string
}

func (s *side) trouble(a answer, err error) *trouble {
	if err != nil {
		return &trouble{excused: a.faulty, soon: true, text: "no answer"}
	}
	t := &trouble{excused: a.faulty, text: a.detail(), wait: Minute((a.retryAfter + 59) / 60)}
	switch {
	case a.status == 401 || a.status == 403:
		t.stop = true
	case a.status == 429 || a.status >= 500:
		t.soon = true
	}
	return t
}

// quoted is a value in a filter, with its quotes, as the clients of the
// recordings encode it: %20, %22 and %40.
func quoted(value string) string {
	return strings.ReplaceAll(url.QueryEscape(`"`+value+`"`), "+", "%20")
}

func userPath(id string) string { return "/Users/" + url.PathEscape(id) }

func groupPath(id string) string { return "/Groups/" + url.PathEscape(id) }

// remembered is what a provider knows of somebody or something at the server.
type remembered struct {
	id      string
	name    string // the userName, as the server last took it
	active  bool   // as the server last took it
	members map[*account]string

	due     Minute // of the next try; never if none is waiting
	first   Minute // of the first failure
	tries   int
	trouble *trouble
}

func (r *remembered) fine() { r.due, r.tries, r.trouble = never, 0, nil }
