package sqlstore_test

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/scim"
)

// crashWriter is one client and the people whom it alone writes.
type crashWriter struct {
	t           *testing.T
	number      int
	host, token string
	client      *client
	random      *rand.Rand
	removes     bool // who is inactive is out of the tenant
	people      []*crashPerson
	groups      []*crashGroup
	written     map[*crashPerson]bool // in this round
	acked       map[string]string     // request id -> status, in this round
	unsure      *attempt              // the one whose answer never came
	count       int
}

// crashPerson is a person as the last acknowledged answer showed him.
type crashPerson struct {
	id, userName string
	body         string // without his IdP groups; "" when only a bulk request told of him
	mark         string
	state        crashState
}

type crashState int

const (
	living crashState = iota
	inactive
	deleted
)

// attempt is one request.
type attempt struct {
	p            *crashPerson
	request      string // its id
	method, path string
	body         string
	want         int
	mark         string // the title that it sets, unlike any other
	then         crashState
	steps        []step // of a request about an IdP group, and of a bulk request
	logged       string // the statuses that the activity log tells of it
}

// write sends requests, one after the other, until the server is gone.
func (w *crashWriter) write() {
	if w.written == nil {
		w.written, w.acked = map[*crashPerson]bool{}, map[string]string{}
	}
	for {
		a := w.next()
		r, err := w.client.try(a.method, a.path, a.body, "X-Request-Id", a.request)
		if err != nil {
			w.unsure = a
			return
		}
		if r.status != a.want {
			w.t.Errorf("%s %s %s: %s", a.method, a.path, a.body, r)
			return
		}
		w.acked[a.request] = a.statuses()
		w.settled(a, r.body)
	}
}

// settled notes that a request was done and what it answered.
func (w *crashWriter) settled(a *attempt, body string) {
	if len(a.steps) > 0 {
		w.settledSteps(a, body)
		return
	}
	p := a.p
	if p.id == "" {
		p.id = scim.ResourceFromJSON([]byte(body)).ID()
		w.people = append(w.people, p)
	}
	p.body, p.state = anyGroups.ReplaceAllString(body, ""), a.then
	w.written[p] = true
}

// next chooses a request for a person who can take it.
func (w *crashWriter) next() *attempt {
	w.count++
	a := &attempt{mark: fmt.Sprintf("w%d-%d", w.number, w.count), want: 200}
	a.request = "crash-" + a.mark
	if len(w.people) < 3 || w.random.IntN(4) == 0 {
		a.p = &crashPerson{userName: fmt.Sprintf("Person.%s@acme.test", a.mark)}
		a.method, a.path, a.body, a.want = "POST", "/Users", w.resource(a), 201
		return a
	}
	if w.random.IntN(5) < 2 {
		return w.nextGroup(a)
	}
	a.p = w.people[w.random.IntN(len(w.people))]
	a.path = "/Users/" + a.p.id
	switch n := w.random.IntN(10); {
	case a.p.state == deleted:
		return w.next()
	case a.p.state == inactive:
		a.method, a.body = "PATCH", w.operations(a, `{"op":"Replace","path":"active","value":"True"}`)
	case n < 2:
		a.method, a.body = "PUT", w.resource(a)
	case n < 6:
		a.method, a.body = "PATCH", w.operations(a, fmt.Sprintf(`{"op":"Add","path":"%s:department","value":"%s"}`, scim.EnterpriseSchema, w.department(a)))
	case n < 7:
		a.method, a.body = "PATCH", w.operations(a, fmt.Sprintf(`{"op":"replace","path":"addresses[type eq \"work\"].country","value":"%s"}`, w.country()))
	case n < 9:
		a.method, a.body, a.then = "PATCH", w.operations(a, `{"op":"Replace","path":"active","value":"False"}`), inactive
	default:
		a.method, a.want, a.then = "DELETE", 204, deleted
	}
	return a
}

func (w *crashWriter) operations(a *attempt, operation string) string {
	return fmt.Sprintf(`{"schemas":["%s"],"Operations":[%s,{"op":"replace","path":"title","value":"%s"}]}`, scim.PatchOpURN, operation, a.mark)
}

func (w *crashWriter) resource(a *attempt) string {
	return fmt.Sprintf(`{"schemas":["%s","%s"],"userName":"%s","externalId":"ext-%s","title":"%s","displayName":"Name %s",
		"emails":[{"value":"%s.%s","type":"work","primary":true},{"value":"home.%s@home.test","type":"home"}],
		"addresses":[{"type":"work","country":"%s","locality":"Town %d"}],"%s":{"department":"%s"}}`,
		scim.UserSchema, scim.EnterpriseSchema, a.p.userName, a.mark, a.mark, a.mark, a.mark, a.p.userName, a.mark,
		w.country(), w.random.IntN(5), scim.EnterpriseSchema, w.department(a))
}

func (w *crashWriter) country() string {
	return []string{"Default", "Finland", "Sweden"}[w.random.IntN(3)]
}

// department is now one that others send too, in another case, and now one
// that makes a team.
func (w *crashWriter) department(a *attempt) string {
	if w.random.IntN(5) == 0 {
		return "Crew " + a.mark
	}
	return fmt.Sprintf([]string{"Section %d", "SECTION %d"}[w.random.IntN(2)], w.random.IntN(12))
}

// compare reads a person whose last request was acknowledged.
func (w *crashWriter) compare(p *crashPerson) {
	r := w.client.send(w.t, "GET", "/Users/"+p.id, "")
	switch {
	case p.state == deleted && r.status != 404:
		w.t.Errorf("DELETE of %s was acknowledged: %s", p.id, r)
	case p.state == deleted:
		return
	case p.body == "" && r.status == 200 && strings.Contains(r.body, `"title":"`+p.mark+`"`):
		p.body = anyGroups.ReplaceAllString(r.body, "")
	case anyGroups.ReplaceAllString(r.body, "") != p.body:
		w.t.Errorf("acknowledged: %s\nread:         %s", p.body, r)
	}
	w.compareGroupsOf(p, r.body)
}

// settle finds out whether an unanswered request was done: by the activity log,
// and the person must be as that says. Then his state is known again.
func (w *crashWriter) settle(a *attempt) {
	if len(a.steps) > 0 {
		w.settleSteps(a)
		return
	}
	if a.p.id == "" {
		w.settleCreate(a)
		return
	}
	if a.logged == "" {
		w.written[a.p] = true // he must be what he was
		return
	}
	r := w.client.send(w.t, "GET", "/Users/"+a.p.id, "")
	if a.then == deleted {
		if r.status != 404 {
			w.t.Errorf("the log tells of request %s, a DELETE: %s", a.request, r)
		}
	} else if !strings.Contains(r.body, `"title":"`+a.mark+`"`) {
		w.t.Errorf("the log tells of request %s, and he has not the title %s: %s", a.request, a.mark, r)
	}
	w.settled(a, r.body)
}

func (w *crashWriter) settleCreate(a *attempt) {
	filter := url.QueryEscape(fmt.Sprintf("userName eq %q", a.p.userName))
	found := w.client.send(w.t, "GET", "/Users?filter="+filter, "")
	id := ""
	if resources, _ := scim.ResourceFromJSON([]byte(found.body)).Object()["Resources"].([]any); len(resources) == 1 {
		id, _ = resources[0].(scim.Object)["id"].(string)
	}
	if (a.logged != "") != (id != "") {
		w.t.Errorf("the log tells of request %s, a POST: %q; found: %s", a.request, a.logged, found)
	}
	if id == "" {
		return
	}
	w.settled(a, w.client.send(w.t, "GET", "/Users/"+id, "").body)
}
