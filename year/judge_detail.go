package year

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// judgeAttributes compares what the server shows of somebody with what his
// provider has. Of who has two accounts at two providers nothing is said: which
// of them counts is the server's to decide.
func (v *view) judgeAttributes(person string, shown map[string]any, problem string) {
	a := v.liveOne(person)
	if a == nil {
		return
	}
	want := map[string]string{"userName": a.UserName, "externalId": a.external}
	if a.idp > 0 { // the judge reads with the first provider's token, and an externalId is what the asking one gave
		want["externalId"] = text(shown, "externalId")
	}
	for _, f := range fieldsOf(a) {
		want[f.path] = f.want
	}
	var wrong []string
	for _, path := range paths {
		if has := text(shown, judged[path]...); v.shows[path] && has != want[path] && !(path == "userName" && strings.EqualFold(has, want[path])) {
			wrong = append(wrong, fmt.Sprintf("%s is %q and should be %q", path, has, want[path]))
		}
	}
	if len(wrong) > 0 {
		v.find(Attribute, person, v.company.name(person), v.company.name(person)+": "+strings.Join(wrong, "; "), problem)
	}
}

// liveOne is somebody's account, if exactly one is to be in.
func (v *view) liveOne(person string) (found *account) {
	for _, a := range v.company.of[person] {
		if !a.live() {
			continue
		}
		if found != nil {
			return nil
		}
		found = a
	}
	return found
}

// team is a membership that the server shows.
type team struct {
	name    string
	origins []string
}

func teamsOf(u map[string]any) (teams []team) {
	all, _ := dig(u, rollcallURN, "teams").([]any)
	for _, t := range all {
		m, _ := t.(map[string]any)
		one := team{name: text(m, "display")}
		origins, _ := dig(m, "origins").([]any)
		for _, o := range origins {
			if s, ok := o.(string); ok {
				one.origins = append(one.origins, s)
			}
		}
		teams = append(teams, one)
	}
	return teams
}

// judgeTeams is for servers that show teams as ours does.
func (v *view) judgeTeams(person string, shown map[string]any) {
	a := v.liveOne(person)
	if a == nil || !v.shows["teams"] {
		return
	}
	teams, name := teamsOf(shown), v.company.name(person)
	if has := text(shown, rollcallURN, "group", "display"); v.Server.Group != nil && has != a.Country {
		v.find(Team, person+" group", name, fmt.Sprintf("%s is in the group %q and should be in %q", name, has, a.Country), "")
	}
	for _, by := range [][2]string{{"department", a.Department}, {"locality", a.City}} {
		origin, want := by[0], by[1]
		if has := withOrigin(teams, origin); !slices.Equal(has, []string{strings.ToLower(want)}) {
			v.find(Team, person+" "+origin, name, fmt.Sprintf("%s is in the teams %q by %s and should be in %q", name, has, origin, want), "")
		}
	}
	by, byHand := v.joined[person], withOrigin(teams, "manual")
	if by.account == a && v.idps[a.idp].id(a) != by.id && (a.away > recycleBin || v.company.hold(by.id).name == "") {
		return // a DELETE is final, and nobody need remember for longer than Entra ID itself does
	}
	switch {
	case by.account == a && !slices.Contains(byHand, strings.ToLower(by.team)):
		v.find(Membership, person, name, name+" was put into "+by.team+" by hand, is the same person under the same account, and is not in it any more", "")
	case by.account != a && len(byHand) > 0:
		v.find(Membership, person, name, name+" is in "+strings.Join(byHand, ", ")+" by hand, where nobody put this account: it is what somebody before him had", "")
	}
}

func withOrigin(teams []team, origin string) (names []string) {
	for _, t := range teams {
		if slices.Contains(t.origins, origin) {
			names = append(names, strings.ToLower(t.name))
		}
	}
	return names
}

// judgeGroups compares the IdP groups and their members.
func (v *view) judgeGroups(ctx context.Context) error {
	all, err := v.list(ctx, "/Groups")
	if err != nil {
		return v.cannotRead(v.day, err)
	}
	shown := map[string]map[string]any{}
	for _, g := range all {
		shown[text(g, "id")] = g
		if members, _ := dig(g, "members").([]any); len(members) > 0 {
			v.shows["members"] = true
		}
	}
	for _, g := range v.company.groups {
		id := v.idps[g.idp].groupID(g)
		if owing, _ := v.idps[g.idp].owesGroup(g); owing || id == "" {
			continue
		}
		v.judgeGroup(g, shown[id])
	}
	return nil
}

func (v *view) judgeGroup(g *group, shown map[string]any) {
	switch {
	case shown == nil:
		v.find(IdPGroup, g.key, g.name, "the group "+g.name+" is not there", "")
		return
	case text(shown, "displayName") != g.name:
		v.find(IdPGroup, g.key, g.name, fmt.Sprintf("the group %s is called %q", g.name, text(shown, "displayName")), "")
	}
	if !v.shows["members"] {
		return
	}
	has := map[string]bool{}
	members, _ := dig(shown, "members").([]any)
	for _, m := range members {
		has[text(m, "value")] = true
	}
	want := map[string]bool{}
	for _, a := range g.members {
		id := v.idps[a.idp].id(a)
		if !a.live() || id == "" || v.byID[id] == nil {
			continue
		}
		want[id] = true
		if excused, _ := v.excused(a.person); !has[id] && !excused {
			v.find(IdPGroup, g.key+" "+a.person, v.company.name(a.person), v.company.name(a.person)+" should be in the group "+g.name+" and is not", "")
		}
	}
	for _, id := range slices.SortedFunc(maps.Keys(has), func(a, b string) int { return cmp.Compare(v.orderOf[a], v.orderOf[b]) }) {
		if u := v.byID[id]; u != nil && !want[id] {
			if h := v.company.held[id]; h != nil && h.inherited {
				continue // Okta takes nobody out of groups for being deactivated, and then gave his account to the next
			}
			person := v.whose(u)
			if excused, _ := v.excused(person); !excused {
				v.find(IdPGroup, g.key+" "+person, v.company.name(person), v.company.name(person)+" is in the group "+g.name+" and should not be", "")
			}
		}
	}
}
