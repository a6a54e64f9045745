package directory

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/rollcall-scim/rollcall/scim"
)

// The attributes that profiling reads. Country gives the group, the five give
// teams.
const (
	Country      = "country"
	Locality     = "locality"
	Region       = "region"
	Organization = "organization"
	Division     = "division"
	Department   = "department"

	// Manual is the origin of a membership that a person made.
	Manual = "manual"
)

// TeamAttributes are the five attributes that can name a team, in the order in
// which teams are made.
var TeamAttributes = []string{Locality, Region, Organization, Division, Department}

// Values are the attributes that profiling reads, by name; absent is empty.
type Values map[string]string

// Membership is one reason why a user is in a team.
type Membership struct {
	Team   string
	Origin string // Manual, the attribute that named the team, or an IdP group's origin
}

// Placement is where a user is: one group, and memberships of its teams.
type Placement struct {
	Group       string
	Memberships []Membership
}

// Names finds groups and teams by the names that profiling matches, other
// names included.
type Names interface {
	// Group finds a group by its exact name in NFC.
	Group(name string) (id string, ok bool)
	// Team finds a team of the group by its folded name.
	Team(group, key string) (id string, ok bool)
}

// NewTeam is a team that profiling asks to be made. Its memberships name it by
// Key, as Membership.Team.
type NewTeam struct {
	Key  string // "new:" and the folded name
	Name string // the case as it came
}

// Profiled is what profiling decides.
type Profiled struct {
	Group     string
	Add       []Membership
	Withdraw  []Membership
	NewTeams  []NewTeam
	Unchanged bool
}

// Profiling is the question: where does this user belong?
type Profiling struct {
	Groups     bool     // the tenant's group feature
	Attributes []string // those of the five that name teams in this tenant, then origins of IdP groups
	Before     Placement
	Now        Values
	// Changed are the attributes whose values this request changes; all of
	// them when the user is new, comes back or is profiled again.
	Changed map[string]bool
	// MoveTo is the group an admin chose; it beats country.
	MoveTo string
}

// Profile answers it (behaviour.md section 6). It is pure: the same question
// has the same answer, and nothing is done.
//
// A user ends in exactly one group; every team he is in is a team of that
// group. A value that stands unchanged moves nobody (6.1).
func Profile(names Names, p Profiling) (Profiled, error) {
	group, err := profileGroup(names, p)
	if err != nil {
		return Profiled{}, err
	}
	out := Profiled{Group: group}
	moved := group != p.Before.Group
	if moved {
		// 6.4: a move removes every team, manual ones too.
		out.Withdraw = slices.Clone(p.Before.Memberships)
	}
	made := map[string]bool{}
	for _, attribute := range p.Attributes {
		if !moved && !p.Changed[attribute] {
			continue
		}
		if !moved {
			out.Withdraw = append(out.Withdraw, withOrigin(p.Before.Memberships, attribute)...)
		}
		name := strings.TrimSpace(p.Now[attribute])
		if name == "" {
			continue
		}
		key := scim.Fold(name)
		team, ok := names.Team(group, key)
		if !ok {
			team = "new:" + key
			if !made[team] {
				made[team] = true
				out.NewTeams = append(out.NewTeams, NewTeam{Key: team, Name: name})
			}
		}
		out.Add = append(out.Add, Membership{Team: team, Origin: attribute})
	}
	out.cancel()
	out.Unchanged = !moved && len(out.Add) == 0 && len(out.Withdraw) == 0
	return out, nil
}

// profileGroup decides the group alone (6.2 to 6.4).
func profileGroup(names Names, p Profiling) (string, error) {
	if p.MoveTo != "" {
		return p.MoveTo, nil
	}
	country := p.Now[Country]
	if !p.Groups || !p.Changed[Country] || strings.TrimSpace(country) == "" {
		return p.Before.Group, nil
	}
	if id, ok := names.Group(norm.NFC.String(country)); ok {
		return id, nil
	}
	missing := scim.BadRequest(scim.InvalidValue, "400.76",
		"Group does not exist (400.76): no group is named %q. Group names are case-sensitive. Create the group, then let SCIM sync again.", country)
	missing.Value = country
	return "", missing
}

// cancel drops what would be withdrawn and added in one breath: a value that
// changed only its case names the same team.
func (p *Profiled) cancel() {
	both := map[Membership]bool{}
	for _, m := range p.Add {
		if slices.Contains(p.Withdraw, m) {
			both[m] = true
		}
	}
	if len(both) == 0 {
		return
	}
	drop := func(m Membership) bool { return both[m] }
	p.Add = slices.DeleteFunc(p.Add, drop)
	p.Withdraw = slices.DeleteFunc(p.Withdraw, drop)
}

func withOrigin(ms []Membership, origin string) []Membership {
	var out []Membership
	for _, m := range ms {
		if m.Origin == origin {
			out = append(out, m)
		}
	}
	return out
}

// ValuesOf reads the six attributes of a user (behaviour.md 4.3): the address
// is the first of type work, else the first without a type; a home address
// never counts.
func ValuesOf(o scim.Object) Values {
	v := Values{}
	set := func(name string, from scim.Object) {
		if s, _ := from[name].(string); s != "" {
			v[name] = s
		}
	}
	if a := workAddress(o); a != nil {
		set(Country, a)
		set(Locality, a)
		set(Region, a)
	}
	if e, _ := o[scim.EnterpriseSchema].(scim.Object); e != nil {
		set(Organization, e)
		set(Division, e)
		set(Department, e)
	}
	return v
}

func workAddress(o scim.Object) scim.Object {
	list, _ := o["addresses"].([]any)
	var untyped scim.Object
	for _, e := range list {
		a, _ := e.(scim.Object)
		typ, _ := a["type"].(string)
		switch {
		case strings.EqualFold(typ, "work"):
			return a
		case typ == "" && untyped == nil:
			untyped = a
		}
	}
	return untyped
}

// changedValues names the attributes whose values differ.
func changedValues(was, now Values) map[string]bool {
	changed := map[string]bool{}
	for _, name := range append([]string{Country}, TeamAttributes...) {
		if was[name] != now[name] {
			changed[name] = true
		}
	}
	return changed
}

// allValues says that every attribute counts as changed.
func allValues() map[string]bool {
	all := changedValues(Values{}, Values{Country: "x", Locality: "x", Region: "x", Organization: "x", Division: "x", Department: "x"})
	all[everyIdPGroup] = true
	return all
}

// Memberships reads the teams column: "team origin,origin" lines.
func (u *UserRow) Memberships() []Membership {
	var out []Membership
	for rest := u.Teams; rest != ""; {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		team, origins, _ := strings.Cut(line, " ")
		for origin := range strings.SplitSeq(origins, ",") {
			out = append(out, Membership{Team: team, Origin: origin})
		}
	}
	return out
}

// SetMemberships writes the teams column, sorted, each reason once.
func (u *UserRow) SetMemberships(ms []Membership) {
	ms = slices.Clone(ms)
	sort.Slice(ms, func(i, j int) bool {
		if ms[i].Team != ms[j].Team {
			return ms[i].Team < ms[j].Team
		}
		return ms[i].Origin < ms[j].Origin
	})
	ms = slices.Compact(ms)
	var b strings.Builder
	for i, m := range ms {
		switch {
		case i == 0:
			fmt.Fprintf(&b, "%s %s", m.Team, m.Origin)
		case m.Team == ms[i-1].Team:
			fmt.Fprintf(&b, ",%s", m.Origin)
		default:
			fmt.Fprintf(&b, "\n%s %s", m.Team, m.Origin)
		}
	}
	u.Teams = b.String()
}

// after applies a decision to memberships.
func (p Profiled) after(before []Membership) []Membership {
	var out []Membership
	for _, m := range before {
		if !slices.Contains(p.Withdraw, m) {
			out = append(out, m)
		}
	}
	return append(out, p.Add...)
}
