package sqlstore_test

import (
	"encoding/json/v2"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
	"github.com/rollcall-scim/rollcall/sqlstore"
)

// checkWhole finds every disagreement within a database: what is kept twice
// (columns and rows, documents and keys, counts and what is counted) must agree,
// the change log must be gapless, and telling it from the start must lead to
// what the users are now.
func checkWhole(t *testing.T, url string) {
	t.Helper()
	d := openDump(t, url)
	defer d.db.Close()
	told := d.checkChanges()
	d.checkNames()
	d.checkUsers(told)
	d.checkIdPGroups()
	d.checkRemovals()
	d.checkApplications()
	d.checkInbound()
	d.checkSignIn()
}

// teller is a user as the change log tells him.
type teller struct {
	attributes  map[string]any
	group       string
	state       int
	memberships set
	version     string
}

func (d *dump) checkChanges() map[string]*teller {
	d.t.Helper()
	expected := map[string]int{}
	told := map[string]*teller{}
	explained := set{}
	for _, a := range d.rows(`select tenant, request, first_change, last_change, status from activity where status<400`) {
		first, _ := strconv.Atoi(a[2])
		last, _ := strconv.Atoi(a[3])
		if first > last || (first == 0) != (last == 0) {
			d.t.Errorf("activity of request %s: changes %d to %d", a[1], first, last)
		}
		for seq := first; seq > 0 && seq <= last; seq++ {
			explained.add(a[0], strconv.Itoa(seq), a[1])
		}
	}
	for _, c := range d.rows(`select tenant, seq, request, connection, type, object, kind, value_before, value_after from changes order by tenant, seq`) {
		expected[c[0]]++
		if c[1] != strconv.Itoa(expected[c[0]]) {
			d.t.Fatalf("the change log of tenant %s has %s where %d should come", c[0], c[1], expected[c[0]])
		}
		row := strings.Join(c[:3], " | ")
		if c[3] != "" && c[6] != "link" && !explained[row] {
			d.t.Errorf("change %s came over a connection, and no activity tells of it", row)
		}
		delete(explained, row)
		if c[4] == "User" {
			d.tell(told, c)
		}
	}
	for row := range explained {
		d.t.Errorf("activity tells of change %s, which is not there", row)
	}
	for _, row := range d.rows(`select id, seq, setup from tenants`) {
		if row[1] != strconv.Itoa(expected[row[0]]) {
			d.t.Errorf("tenant %s counts %s changes and has %d", row[0], row[1], expected[row[0]])
		}
	}
	for _, table := range []string{"groups", "teams", "tokens", "connections"} {
		for _, row := range d.rows(`select x.tenant, x.id, x.seq, t.setup from ` + table + ` x join tenants t on t.id=x.tenant where x.seq>t.setup or t.setup>t.seq`) {
			d.t.Errorf("%s %s of tenant %s was changed by %s, after setup %s", table, row[1], row[0], row[2], row[3])
		}
	}
	return told
}

// tell applies one change to the user as he was told so far.
func (d *dump) tell(told map[string]*teller, c []string) {
	type side struct {
		Attributes  map[string]any `json:"attributes"`
		Group       *string        `json:"group"`
		State       *int           `json:"state"`
		Memberships []string       `json:"memberships"`
	}
	var before, after side
	for i, into := range []*side{&before, &after} {
		if text := c[7+i]; text != "" {
			if err := json.Unmarshal([]byte(text), into); err != nil {
				d.t.Fatalf("change %s of tenant %s: %v", c[1], c[0], err)
			}
		}
	}
	u := told[c[5]]
	if u == nil {
		u = &teller{attributes: map[string]any{}, memberships: set{}}
		told[c[5]] = u
	}
	if c[6] == "link" {
		return
	}
	u.version = c[1]
	for name := range before.Attributes {
		delete(u.attributes, name)
	}
	maps.Copy(u.attributes, after.Attributes)
	if after.Group != nil {
		u.group = *after.Group
	}
	if after.State != nil {
		u.state = *after.State
	}
	for _, m := range before.Memberships {
		delete(u.memberships, m)
	}
	for _, m := range after.Memberships {
		u.memberships[m] = true
	}
}

// checkNames compares the names of groups and teams with the tables that keep
// them unique.
func (d *dump) checkNames() {
	d.t.Helper()
	groups, teams := set{}, set{}
	for _, g := range d.rows(`select tenant, id, name, also from groups where gone=false`) {
		for _, name := range names(g[2], g[3]) {
			groups.add(g[0], name, g[1])
		}
	}
	for _, m := range d.rows(`select tenant, group_id, id, name, also from teams where gone=false`) {
		for _, name := range names(m[3], m[4]) {
			teams.add(m[0], m[1], scim.Fold(name), m[2])
		}
	}
	d.same("group_names", groups, d.set(`select tenant, name, group_id from group_names`))
	d.same("team_names", teams, d.set(`select tenant, group_id, key, team_id from team_names`))
}

func names(name, also string) []string {
	var more []string
	if err := json.Unmarshal([]byte(also), &more); err != nil {
		panic(err)
	}
	return append(more, name)
}

func (d *dump) checkUsers(told map[string]*teller) {
	d.t.Helper()
	group := set{}
	for _, g := range d.rows(`select tenant, id from groups where gone=false`) {
		group.add(g...)
	}
	team := map[string]string{}
	for _, m := range d.rows(`select id, group_id from teams where gone=false`) {
		team[m[0]] = m[1]
	}
	words, emails, memberships, links, counts, people := set{}, set{}, set{}, set{}, set{}, map[string][2]int{}
	for _, row := range d.rows(`select tenant, id, name_key, gone_key, display_key, doc, facts, group_id, state, role,
			case when matched then 'true' else 'false' end, removed_at, owner, words, shown_key from users`) {
		u := readUser(d.t, row)
		tenant, id := row[0], row[1]
		d.checkUser(u, told[id], row)
		for word := range strings.FieldsSeq(row[13]) {
			words.add(tenant, word, row[14], id)
		}
		for _, key := range u.emails {
			emails.add(tenant, key, id)
		}
		for _, m := range u.row.Memberships() {
			memberships.add(tenant, m.Team, id, m.Origin)
			if team[m.Team] != u.row.Group {
				d.t.Errorf("user %s of group %s is in team %s of group %q", id, u.row.Group, m.Team, team[m.Team])
			}
		}
		for line := range strings.SplitSeq(u.row.Links, "\n") {
			if connection, _, ok := strings.Cut(line, " "); ok {
				links.add(tenant, id, connection, u.row.ExternalID(connection))
			}
		}
		if u.row.State == directory.Active || u.row.State == directory.Inactive {
			if !group[tenant+" | "+u.row.Group] {
				d.t.Errorf("user %s is in the group %q, which is not there", id, u.row.Group)
			}
			n := people[tenant]
			n[0]++
			if u.row.Links != "" {
				n[1]++
			}
			people[tenant] = n
		} else if u.row.Group != "" || u.row.Teams != "" {
			d.t.Errorf("user %s is removed and in group %q, teams %q", id, u.row.Group, u.row.Teams)
		}
	}
	for tenant, n := range people {
		counts.add(tenant, strconv.Itoa(n[0]), strconv.Itoa(n[1]))
	}
	d.same("words", words, d.set(`select tenant, word, shown, user_id from words`))
	d.same("emails", emails, d.set(`select tenant, key, user_id from emails`))
	d.same("memberships", memberships, d.set(`select tenant, team_id, user_id, origin from memberships`))
	d.same("links", links, d.set(`select tenant, user_id, connection, external_id from links`))
	d.same("counts of the tenants", counts, d.set(`select id, users, matched from tenants`))
}

// keptUser is a row of users with what its document says.
type keptUser struct {
	row        directory.UserRow
	attributes map[string]any
	emails     []string
}

func readUser(t *testing.T, row []string) keptUser {
	t.Helper()
	u := keptUser{row: directory.UserRow{ID: row[1]}}
	if err := sqlstore.DecodeFacts(&u.row, row[6]); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(row[5]), &u.attributes); err != nil {
		t.Fatalf("document of user %s: %v", row[1], err)
	}
	list, _ := u.attributes["emails"].([]any)
	for _, e := range list {
		if value, _ := e.(map[string]any)["value"].(string); value != "" {
			u.emails = append(u.emails, scim.Fold(value))
		}
	}
	return u
}

func (d *dump) checkUser(u keptUser, told *teller, row []string) {
	d.t.Helper()
	key := func(name string) string {
		if s, _ := u.attributes[name].(string); s != "" {
			return scim.Fold(s)
		}
		return "NULL"
	}
	living, gone := key("userName"), "NULL"
	if u.row.State == directory.Removed {
		living, gone = gone, living
	}
	if want := []string{living, gone, key("displayName")}; !slices.Equal(want, row[2:5]) {
		d.t.Errorf("user %s: keys %q, and his document makes %q", u.row.ID, row[2:5], want)
	}
	facts := []string{u.row.Group, fmt.Sprint(u.row.State), fmt.Sprint(u.row.Role), fmt.Sprint(u.row.Links != ""), fmt.Sprint(u.row.RemovedAt)}
	if !slices.Equal(facts, row[7:12]) {
		d.t.Errorf("user %s: the index columns say %q, his facts %q", u.row.ID, row[7:12], facts)
	}
	keys := directory.KeysOf(row[5])
	if u.row.State == directory.Purged {
		keys.Shown = "NULL"
	}
	if want := []string{u.row.Owner, keys.Words, keys.Shown}; !slices.Equal(want, row[12:15]) {
		d.t.Errorf("user %s: is searched by %q, and his row makes %q", u.row.ID, row[12:15], want)
	}
	if told == nil {
		d.t.Errorf("user %s: the change log does not know him", u.row.ID)
		return
	}
	delete(told.attributes, "externalId") // a link's, not the document's
	memberships := set{}
	for _, m := range u.row.Memberships() {
		memberships[m.Team+" "+m.Origin] = true
	}
	if told.version != fmt.Sprint(u.row.Version) || told.group != u.row.Group || told.state != int(u.row.State) ||
		!maps.Equal(told.memberships, memberships) || !reflect.DeepEqual(told.attributes, u.attributes) {
		d.t.Errorf("user %s: the change log tells\n%+v, and he is\n%v", u.row.ID, *told, row)
	}
}
