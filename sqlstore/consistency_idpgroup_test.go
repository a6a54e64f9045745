package sqlstore_test

import (
	"encoding/json/v2"
	"fmt"
	"maps"
	"reflect"
	"strconv"
	"strings"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
)

// toldGroup is an IdP group as the change log tells it.
type toldGroup struct {
	attributes map[string]any
	members    set
	version    string
	gone       bool
}

// tellGroup applies one change to the IdP group as it was told so far.
func (d *dump) tellGroup(told map[string]*toldGroup, c []string) {
	d.t.Helper()
	g := told[c[5]]
	if g == nil {
		g = &toldGroup{attributes: map[string]any{}, members: set{}}
		told[c[5]] = g
	}
	if g.gone {
		d.t.Errorf("change %s of tenant %s is about an IdP group that was deleted before", c[1], c[0])
	}
	if c[6] == "link" {
		return
	}
	g.version = c[1]
	var sides [2]map[string]any
	for i := range sides {
		if text := c[7+i]; text != "" {
			if err := json.Unmarshal([]byte(text), &sides[i]); err != nil {
				d.t.Fatalf("change %s of tenant %s: %v", c[1], c[0], err)
			}
		}
	}
	switch before, after := sides[0], sides[1]; c[6] {
	case "members":
		for _, id := range list(before["members"]) {
			delete(g.members, id)
		}
		for _, id := range list(after["members"]) {
			g.members[id] = true
		}
	case "delete":
		g.gone = true
	default:
		for name := range before {
			delete(g.attributes, name)
		}
		maps.Copy(g.attributes, after)
	}
}

func list(v any) (out []string) {
	values, _ := v.([]any)
	for _, one := range values {
		out = append(out, fmt.Sprint(one))
	}
	return out
}

// checkIdPGroups compares each IdP group with its member rows, its links, the
// tenant's count and what the change log tells.
func (d *dump) checkIdPGroups() {
	d.t.Helper()
	told := map[string]*toldGroup{}
	for _, c := range d.rows(`select tenant, seq, request, connection, type, object, kind, value_before, value_after from changes where type='IdPGroup' order by tenant, seq`) {
		d.tellGroup(told, c)
	}
	shown, hidden := d.checkMembers()
	count, links := map[string]int{}, set{}
	for _, row := range d.rows(`select tenant, id, name_key, doc, owner, links, members, version from idp_groups`) {
		tenant, id := row[0], row[1]
		count[tenant]++
		var attributes map[string]any
		if err := json.Unmarshal([]byte(row[3]), &attributes); err != nil {
			d.t.Fatalf("document of IdP group %s: %v", id, err)
		}
		if name, _ := attributes["displayName"].(string); name == "" || scim.Fold(name) != row[2] {
			d.t.Errorf("IdP group %s: key %q, and its document makes %q", id, row[2], scim.Fold(name))
		}
		if row[6] != strconv.Itoa(len(shown[id])) {
			d.t.Errorf("IdP group %s counts %s members and has %d in sight", id, row[6], len(shown[id]))
		}
		d.addGroupLinks(links, row)
		g := told[id]
		if g == nil || g.gone {
			d.t.Errorf("IdP group %s: the change log does not know it, or tells that it went", id)
			continue
		}
		delete(g.attributes, "externalId") // a link's, not the document's
		if g.version != row[7] || !reflect.DeepEqual(g.attributes, attributes) {
			d.t.Errorf("IdP group %s: the change log tells\n%+v, and it is\n%v", id, *g, row)
		}
		d.sameMembers(id, g.members, shown[id], hidden[id])
		g.gone = true
	}
	for id, g := range told {
		if !g.gone {
			d.t.Errorf("the change log tells of the IdP group %s, which is not there", id)
		}
	}
	for _, row := range d.rows(`select id, idp_groups from tenants`) {
		if row[1] != strconv.Itoa(count[row[0]]) {
			d.t.Errorf("tenant %s counts %s IdP groups and has %d", row[0], row[1], count[row[0]])
		}
	}
	d.same("idp_group_links", links, d.set(`select tenant, group_id, connection, external_id from idp_group_links`))
}

// sameMembers compares those in sight with those whom the log tells. Who joined
// while he was out of sight is told already and shows when he comes back.
func (d *dump) sameMembers(group string, told, shown, hidden set) {
	d.t.Helper()
	for id := range shown {
		if !told[id] {
			d.t.Errorf("IdP group %s has the member %s, and the change log does not tell of it", group, id)
		}
	}
	for id := range told {
		if !shown[id] && !hidden[id] {
			d.t.Errorf("the change log tells that %s is in the IdP group %s, and there is no row of it", id, group)
		}
	}
}

func (d *dump) addGroupLinks(links set, row []string) {
	d.t.Helper()
	for line := range strings.SplitSeq(row[5], "\n") {
		connection, quoted, ok := strings.Cut(line, " ")
		var ext string
		if !ok {
			continue
		}
		if err := json.Unmarshal([]byte(quoted), &ext); err != nil {
			d.t.Fatalf("links of IdP group %s: %v", row[1], err)
		}
		if ext != "" {
			links.add(row[0], row[1], connection, ext)
		}
	}
	if row[4] != "" && !strings.Contains(row[5], row[4]+" ") {
		d.t.Errorf("IdP group %s belongs to the connection %s, which does not know it: %q", row[1], row[4], row[5])
	}
}

// checkMembers reads the member rows: a person is in sight as long as he is not
// removed, a group always, and what is forgotten has no row.
func (d *dump) checkMembers() (shown, hidden map[string]set) {
	d.t.Helper()
	shown, hidden = map[string]set{}, map[string]set{}
	for _, m := range d.rows(`select m.group_id, m.member, m.kind, case when m.shown then 'shown' else 'hidden' end, coalesce(cast(u.state as text), ''), coalesce(s.id, ''), coalesce(g.id, '')
			from idp_members m left join users u on u.tenant=m.tenant and u.id=m.member
			left join idp_groups s on s.tenant=m.tenant and s.id=m.member left join idp_groups g on g.tenant=m.tenant and g.id=m.group_id`) {
		want := "shown"
		if m[4] == strconv.Itoa(int(directory.Removed)) {
			want = "hidden"
		}
		isUser := m[4] != "" && m[4] != strconv.Itoa(int(directory.Purged))
		if m[6] == "" || m[3] != want || (m[2] == "1") != isUser || (m[2] == "2") != (m[5] != "") {
			d.t.Errorf("a member row of group, member, kind, sight, state, group %q: want it %s", m, want)
		}
		into := shown
		if m[3] == "hidden" {
			into = hidden
		}
		if into[m[0]] == nil {
			into[m[0]] = set{}
		}
		into[m[0]][m[1]] = true
	}
	return shown, hidden
}

// checkRemovals compares what the guard remembers with who is removed, and by
// whom; where an admin let the clock run it may have forgotten.
func (d *dump) checkRemovals() {
	d.t.Helper()
	confirmed := d.set(`select distinct tenant from changes where kind='confirm removals'`)
	want, held := set{}, set{}
	last := map[string]string{}
	for _, c := range d.rows(`select object, connection from changes where type='User' and kind in ('remove','delete') and value_after like '%"state"%' order by tenant, seq`) {
		last[c[0]] = c[1]
	}
	for _, u := range d.rows(`select tenant, id from users where state=` + strconv.Itoa(int(directory.Removed))) {
		if c := last[u[1]]; c != "" && !confirmed[u[0]] {
			want.add(u[0], c, u[1])
		}
	}
	for _, r := range d.rows(`select r.tenant, r.connection, r.user_id, u.state from removals r left join users u on u.tenant=r.tenant and u.id=r.user_id where r.kind='removed' and r.state<2`) {
		if r[3] != strconv.Itoa(int(directory.Removed)) {
			d.t.Errorf("the guard counts user %s as removed, and his state is %s", r[2], r[3])
		}
		if !confirmed[r[0]] {
			held.add(r[:3]...)
		}
	}
	d.same("removals", want, held)
}
