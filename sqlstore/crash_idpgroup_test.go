package sqlstore_test

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/scim"
)

// crashGroup is an IdP group as the acknowledged requests of its writer made
// it.
type crashGroup struct {
	id, name string
	people   map[*crashPerson]bool
	groups   map[*crashGroup]bool
	deleted  bool
}

// step is what one activity row stands for: a request about an IdP group is one
// step, a bulk request has one for each operation.
type step struct {
	status int
	find   string // a query that finds what the step made; "" for nothing
	done   func(id string)
}

// most is how many living IdP groups one writer keeps.
const most = 6

func (w *crashWriter) livingGroups() []*crashGroup {
	return slices.DeleteFunc(slices.Clone(w.groups), func(g *crashGroup) bool { return g.deleted })
}

// nextGroup is a request about an IdP group, or a bulk request.
func (w *crashWriter) nextGroup(a *attempt) *attempt {
	living := w.livingGroups()
	if len(living) < 2 {
		return w.createGroup(a)
	}
	g := living[w.random.IntN(len(living))]
	a.path, a.want = "/Groups/"+g.id, 204
	switch n := w.random.IntN(20); {
	case n < 2 && len(living) < most:
		return w.createGroup(a)
	case n < 8:
		some := w.some(3)
		a.method, a.body = "PATCH", w.members(`{"op":"Add","path":"members","value":[%s]}`, some)
		return a.groupStep(func(string) { join(g, some) })
	case n < 12:
		return w.takeOut(a, g)
	case n < 14:
		other := living[w.random.IntN(len(living))]
		a.method, a.body = "PATCH", fmt.Sprintf(`{"schemas":["%s"],"Operations":[{"op":"add","path":"members","value":[{"value":"%s"}]},{"op":"replace","path":"displayName","value":"Choir %s"}]}`, scim.PatchOpURN, other.id, a.mark)
		return a.groupStep(func(string) { g.groups[other], g.name = true, "Choir "+a.mark })
	case n < 16:
		some := w.some(4)
		a.method, a.body, a.want = "PUT", w.group("Band "+a.mark, some), 200
		return a.groupStep(func(string) {
			g.name = "Band " + a.mark
			clear(g.people)
			clear(g.groups)
			join(g, some)
		})
	case n < 17 || len(living) > most:
		a.method = "DELETE"
		return a.groupStep(func(string) {
			g.deleted = true
			for _, other := range w.groups {
				delete(other.groups, g)
			}
		})
	}
	return w.bulk(a, g)
}

func (a *attempt) groupStep(done func(id string)) *attempt {
	a.steps = []step{{status: a.want, done: done}}
	if a.method == "PATCH" {
		a.steps[0].status = 200 // what the log says; the answer is 204
	}
	return a
}

func join(g *crashGroup, people []*crashPerson) {
	for _, p := range people {
		g.people[p] = true
	}
}

func (w *crashWriter) createGroup(a *attempt) *attempt {
	some := w.some(3)
	name := "Group " + a.mark
	a.method, a.path, a.body, a.want = "POST", "/Groups", w.group(name, some), 201
	return a.groupStep(func(id string) { w.newGroup(id, name, some) }).finds("/Groups", "displayName", name)
}

func (a *attempt) finds(path, attribute, value string) *attempt {
	a.steps[len(a.steps)-1].find = find(path, attribute, value)
	return a
}

func find(path, attribute, value string) string {
	return path + "?attributes=id&filter=" + url.QueryEscape(fmt.Sprintf("%s eq %q", attribute, value))
}

func (w *crashWriter) newGroup(id, name string, some []*crashPerson) {
	g := &crashGroup{id: id, name: name, people: map[*crashPerson]bool{}, groups: map[*crashGroup]bool{}}
	join(g, some)
	w.groups = append(w.groups, g)
}

// takeOut removes one member in the one or the other way that IdPs do.
func (w *crashWriter) takeOut(a *attempt, g *crashGroup) *attempt {
	some := w.some(1)
	for p := range g.people {
		some = []*crashPerson{p}
		break
	}
	format := `{"op":"Remove","path":"members","value":[%s]}`
	if len(some) > 0 && w.random.IntN(2) == 0 {
		format = `{"op":"remove","path":"members[value eq \"` + some[0].id + `\"]"}`
	}
	a.method, a.body = "PATCH", w.members(format, some)
	return a.groupStep(func(string) {
		for _, p := range some {
			delete(g.people, p)
		}
	})
}

// bulk makes a person and an IdP group with him, and puts him into another.
func (w *crashWriter) bulk(a *attempt, g *crashGroup) *attempt {
	p := &crashPerson{userName: fmt.Sprintf("Person.%s@acme.test", a.mark), mark: a.mark}
	name := "Bulk " + a.mark
	of := *a
	of.p = p
	a.method, a.path, a.want = "POST", "/Bulk", 200
	a.body = fmt.Sprintf(`{"schemas":["%s"],"Operations":[
		{"method":"POST","path":"/Users","bulkId":"u","data":%s},
		{"method":"POST","path":"/Groups","bulkId":"g","data":{"displayName":"%s","members":[{"value":"bulkId:u"}]}},
		{"method":"PATCH","path":"/Groups/%s","data":{"Operations":[{"op":"add","path":"members","value":[{"value":"bulkId:u"}]}]}}]}`,
		bulkURN, w.resource(&of), name, g.id)
	a.steps = []step{
		{201, find("/Users", "userName", p.userName), func(id string) {
			p.id = id
			w.people = append(w.people, p)
			w.written[p] = true
		}},
		{201, find("/Groups", "displayName", name), func(id string) { w.newGroup(id, name, []*crashPerson{p}) }},
		{200, "", func(string) { g.people[p] = true }},
	}
	return a
}

// some are people who can be made members: not those who were deleted.
func (w *crashWriter) some(n int) (some []*crashPerson) {
	for range n {
		if p := w.people[w.random.IntN(len(w.people))]; p.state != deleted && !slices.Contains(some, p) {
			some = append(some, p)
		}
	}
	return some
}

func (w *crashWriter) members(format string, some []*crashPerson) string {
	if strings.Contains(format, "%s") {
		format = fmt.Sprintf(format, listed(some))
	}
	return fmt.Sprintf(`{"schemas":["%s"],"Operations":[%s]}`, scim.PatchOpURN, format)
}

func (w *crashWriter) group(name string, some []*crashPerson) string {
	return fmt.Sprintf(`{"schemas":["%s"],"displayName":"%s","externalId":"ext %s","members":[%s]}`, scim.GroupSchema, name, name, listed(some))
}

func listed(some []*crashPerson) string {
	var out []string
	for _, p := range some {
		out = append(out, `{"value":"`+p.id+`"}`)
	}
	return strings.Join(out, ",")
}

// statuses is what the activity log must say of an acknowledged request.
func (a *attempt) statuses() string {
	if len(a.steps) == 0 {
		return fmt.Sprint(a.want)
	}
	var all []string
	for _, s := range a.steps {
		all = append(all, fmt.Sprint(s.status))
	}
	return strings.Join(all, " ")
}

// settledSteps notes that all steps were done and what they made.
func (w *crashWriter) settledSteps(a *attempt, body string) {
	answer := scim.ResourceFromJSON([]byte(body)).Object()
	if a.path != "/Bulk" {
		id, _ := answer["id"].(string)
		a.steps[0].done(id)
		return
	}
	operations, _ := answer["Operations"].([]any)
	for i, s := range a.steps {
		if i >= len(operations) {
			w.t.Errorf("%s is answered %s", a.body, body)
			return
		}
		o, _ := operations[i].(scim.Object)
		location, _ := o["location"].(string)
		if status, _ := o["status"].(string); status != "201" && status != "204" && status != "200" {
			w.t.Errorf("%s is answered %s", a.body, body)
			return
		}
		s.done(location[strings.LastIndexByte(location, '/')+1:])
	}
}

// settleSteps finds out how far an unanswered request came: the log tells of
// each step that was done, and they were done in order.
func (w *crashWriter) settleSteps(a *attempt) {
	if !strings.HasPrefix(a.statuses()+" ", a.logged+" ") && a.logged != "" {
		w.t.Errorf("the log tells %q of request %s, which has the steps %s", a.logged, a.request, a.statuses())
		return
	}
	done := len(strings.Fields(a.logged))
	for i, s := range a.steps {
		id := ""
		if s.find != "" {
			found := w.client.send(w.t, "GET", s.find, "")
			if resources, _ := scim.ResourceFromJSON([]byte(found.body)).Object()["Resources"].([]any); len(resources) == 1 {
				id, _ = resources[0].(scim.Object)["id"].(string)
			}
			if (id != "") != (i < done) {
				w.t.Errorf("the log tells %q of request %s; its step %d: %s", a.logged, a.request, i, found)
			}
		}
		if i < done {
			s.done(id)
		}
	}
}

var (
	anyGroups = regexp.MustCompile(`,"groups":\[[^\]]*\]`)
	direct    = regexp.MustCompile(`\{"value":"([^"]*)"[^{}]*"type":"direct"\}`)
	member    = regexp.MustCompile(`\{"value":"([^"]*)"[^{}]*"type":"(User|Group)"\}`)
)

// inSight says whether he shows as a member: not while he is out of the tenant.
func (w *crashWriter) inSight(p *crashPerson) bool {
	return p.state == living || p.state == inactive && !w.removes
}

func (w *crashWriter) compareGroup(g *crashGroup) {
	r := w.client.send(w.t, "GET", "/Groups/"+g.id, "")
	if g.deleted {
		if r.status != 404 {
			w.t.Errorf("DELETE of %s was acknowledged: %s", g.id, r)
		}
		return
	}
	want := set{}
	for p := range g.people {
		if w.inSight(p) {
			want[p.id+" User"] = true
		}
	}
	for other := range g.groups {
		want[other.id+" Group"] = true
	}
	got := set{}
	for _, m := range member.FindAllStringSubmatch(r.body, -1) {
		if got[m[1]+" "+m[2]] {
			w.t.Errorf("IdP group %s has %s twice", g.id, m[1])
		}
		got[m[1]+" "+m[2]] = true
	}
	if !maps.Equal(want, got) || !strings.Contains(r.body, fmt.Sprintf(`"displayName":%q`, g.name)) {
		w.t.Errorf("acknowledged: %s with %v\nread: %s", g.name, want, r)
	}
}

// compareGroupsOf compares the groups that a person shows with those that he
// was put into.
func (w *crashWriter) compareGroupsOf(p *crashPerson, body string) {
	want, got := set{}, set{}
	for _, g := range w.groups {
		if !g.deleted && g.people[p] && w.inSight(p) {
			want[g.id] = true
		}
	}
	for _, m := range direct.FindAllStringSubmatch(anyGroups.FindString(body), -1) {
		got[m[1]] = true
	}
	if !maps.Equal(want, got) {
		w.t.Errorf("%s was put into %v, and shows %v: %s", p.id, want, got, body)
	}
}
