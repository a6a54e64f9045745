package target

import (
	"maps"
	"slices"
)

// Profile is what is known of a kind of server beside the standard. The zero
// values are those of a server that keeps to RFC 7644.
type Profile struct {
	Name string
	// MaxMembers is how many members one PATCH of a group may hold; never 0
	// in a Target's Profile.
	MaxMembers int
	// KeepMembers: members are only added and removed, never replaced or removed all at
	// once.
	KeepMembers bool
	// ListedRemoval: members to remove are listed in the value of a remove of
	// path members, as Entra did before 2020, rather than named by
	// members[value eq "..."].
	ListedRemoval  bool
	UsePUT         bool // users are changed by PUT; groups, whose members are many, as the server says
	CapitalOps     bool // op is written Add, Replace and Remove
	StringBooleans bool // booleans of a PATCH are written "True" and "False"
	SimpleFilter   bool // only eq and and
	NoFilter       bool // lists have to be read whole
	NoPaging       bool // a list is answered whole, whatever page is asked for
	PartialLists   bool // a list may end early and not say so, so nobody relies on one
	HidesMembers   bool // members of groups are taken, and never shown
	NoBulk         bool // not used, whatever the server says
	NoETag         bool // no If-Match is sent
	PageSize       int  // resources asked for at once; 0: as many as the server says, or 100
	// Limits are those that the server's makers have published; Config.Limits
	// go before.
	Limits map[string]string
}

const (
	defaultMembers = 100
)

// profiles are the kinds of servers that are known, as their makers describe
// them.
var profiles = map[string]Profile{
	"rfc": {},
	// A server that was only ever tried with Entra ID's first dialect.
	"entra-legacy": {CapitalOps: true, StringBooleans: true, ListedRemoval: true, SimpleFilter: true, NoBulk: true},
	// Entra ID as a server.
	"entra": {SimpleFilter: true},
	// AWS IAM Identity Center takes no more members than that, and answers a
	// replacement of members by an error.
	"aws": {MaxMembers: 100, KeepMembers: true, SimpleFilter: true, NoBulk: true},
	"slack": {NoBulk: true, Limits: map[string]string{
		"POST,PUT,PATCH,DELETE *": "600/min burst 180",
		"GET *":                   "1000/min",
		"GET Users":               "300/min",
		"POST Users":              "180/min burst 20",
		"PUT Users":               "180/min burst 20",
		"PATCH Users":             "180/min burst 20",
		"DELETE Users":            "180/min burst 20",
	}},
	"github": {NoBulk: true, MaxMembers: 1000, Limits: map[string]string{"POST Users": "1000/h"}},
	"miro": {NoBulk: true, Limits: map[string]string{
		"GET Users":       "200/30s",
		"POST Users":      "200/30s",
		"PUT,PATCH Users": "100/30s",
		"DELETE Users":    "20/30s",
		"GET Groups":      "5/30s",
		"PATCH Groups":    "5/30s", // of large ones, and ours are
	}},
	"google": {NoPaging: true, NoBulk: true, NoETag: true},
	// Polis (SAML Jackson) makes events of what it is told. It keeps a user as
	// he was sent, changes nothing under a URN by PATCH, finds people by the first
	// e-mail address, and lists fifty.
	"polis": {UsePUT: true, SimpleFilter: true, PartialLists: true, HidesMembers: true, NoBulk: true, NoETag: true},
	// Servers that were built for Okta's applications know PUT of users.
	"okta-like": {UsePUT: true, SimpleFilter: true, NoBulk: true},
}

// Profiles are the names of all profiles.
func Profiles() []string { return slices.Sorted(maps.Keys(profiles)) }

// profile is the one of that name, with its numbers filled in.
func profile(name string) Profile {
	if name == "" {
		name = "rfc"
	}
	p := profiles[name]
	p.Name = name
	if p.MaxMembers == 0 {
		p.MaxMembers = defaultMembers
	}
	return p
}
