package year

import (
	"maps"
	"slices"
)

// okta is Okta's SCIM provisioning. Sources: developer.okta.com/docs/concepts/
// scim and /faqs, Okta's SPEC and CRUD suites, the recordings in
// interop/cases/okta*.yaml, and for what comes after a deactivation
// https://github.com/better-auth/better-auth/issues/11111 and
// https://github.com/growthbook/growthbook/pull/1680 .
//
// It looks people up by userName and creates them with a password that nobody
// uses; before an update it reads the user, merges its own values into whatever
// came, and sends all of it back by PUT. An app made with the wizard deactivates by
// PUT, one of the network by PATCH without a path. It never deletes people. An
// account that was deactivated is looked up again when it returns, and created with
// the same externalId where the look-up finds nobody. Nobody is taken out of
// groups for being deactivated (https://support.okta.com/help/s/article/Deactivated-
// Users-not-Removed-From-Okta-Groups-Automatically). 429 waits
// as long as was said, else 5 minutes, doubling, ten times at most; a 400 is final
// until an admin tries again.
type okta struct {
	put  bool // an app made with the wizard
	seed uint64
}

var oktaHeader = map[string]string{
	"Accept": "application/scim+json", "Accept-Charset": "utf-8",
	"Content-Type": "application/scim+json; charset=utf-8", "User-Agent": "Okta SCIM Client 1.0.0",
}

func (o *okta) lookUp(userName string) request {
	return request{method: "GET", path: "/Users?filter=userName%20eq%20" + quoted(userName) + "&startIndex=1&count=100", header: oktaHeader}
}

func (o *okta) lookUpGroup(name string) request {
	return request{method: "GET", path: "/Groups?filter=displayName%20eq%20" + quoted(name) + "&startIndex=1&count=100", header: oktaHeader}
}

func (o *okta) create(a *account) request {
	return request{method: "POST", path: "/Users", header: oktaHeader, body: obj{
		"schemas", list{userURN, enterpriseURN},
		"userName", a.UserName,
		"name", obj{"givenName", a.Given, "familyName", a.Family},
		"emails", list{obj{"primary", true, "value", a.UserName, "type", "work"}},
		"displayName", a.display(),
		"locale", "en-US",
		"externalId", a.external,
		"groups", list{},
		"password", "1mz050nq",
		"title", a.Title,
		"addresses", list{obj{"type", "work", "country", a.Country, "locality", a.City}},
		enterpriseURN, obj{"department", a.Department, "employeeNumber", a.Employee},
		"active", true,
	}}
}

func (o *okta) asks(active bool) bool { return active || o.put }

// write merges into what came: what Okta does not know goes back as it was.
func (o *okta) write(a *account, id string, there map[string]any) request {
	body := obj{}
	mine := o.create(a).body
	for _, key := range slices.Sorted(maps.Keys(there)) {
		if _, ours := valueOf(mine, key); !ours && key != "schemas" {
			body = append(body, key, there[key])
		}
	}
	body = append(body, "schemas", schemasOf(there))
	for i := 0; i < len(mine); i += 2 {
		if key := mine[i].(string); key != "schemas" && key != "password" && key != "groups" {
			body = append(body, key, mine[i+1])
		}
	}
	if _, has := valueOf(body, "id"); !has {
		body = append(obj{"id", id}, body...)
	}
	return request{method: "PUT", path: userPath(id), header: oktaHeader, body: body}
}

// schemasOf are the server's own and the enterprise extension.
func schemasOf(there map[string]any) list {
	var all list
	had, _ := there["schemas"].([]any)
	for _, s := range append(had, userURN, enterpriseURN) {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

func valueOf(o obj, key string) (any, bool) {
	for i := 0; i+1 < len(o); i += 2 {
		if o[i] == key {
			return o[i+1], true
		}
	}
	return nil, false
}

func (o *okta) turn(a *account, id string, active bool, there map[string]any) request {
	if !o.put {
		return request{method: "PATCH", path: userPath(id), header: oktaHeader, body: patch([]change{{"replace", "", obj{"active", active}, false}})}
	}
	q := o.write(a, id, there)
	for i := 0; i < len(q.body); i += 2 {
		if q.body[i] == "active" {
			q.body[i+1] = active
		}
	}
	return q
}

func (o *okta) deletes(*account) bool { return false }

// forgets: whoever is deactivated loses his assignments, and with them the
// link; when he is assigned again he is looked up again.
func (o *okta) forgets(*account) bool { return true }

func (o *okta) newGroup(g *group, members []string) request {
	return request{method: "POST", path: "/Groups", header: oktaHeader, body: obj{
		"schemas", list{groupURN}, "displayName", g.name, "members", valuesOf(members)}}
}

func valuesOf(ids []string) list {
	all := list{}
	for _, id := range ids {
		all = append(all, obj{"value", id})
	}
	return all
}

// groupChange: an app made with the wizard puts the whole group; others push the
// name each time and then the members.
func (o *okta) groupChange(g *group, id string, _ bool, come, gone, all []string) []request {
	if o.put {
		return []request{{method: "PUT", path: groupPath(id), header: oktaHeader, body: obj{
			"schemas", list{groupURN}, "id", id, "displayName", g.name, "members", valuesOf(all)}}}
	}
	requests := []request{{method: "PATCH", path: groupPath(id), header: oktaHeader,
		body: patch([]change{{"replace", "", obj{"id", id, "displayName", g.name}, false}})}}
	var ops []change
	for _, member := range gone {
		ops = append(ops, change{"remove", `members[value eq "` + member + `"]`, nil, true})
	}
	if len(come) > 0 {
		ops = append(ops, change{"add", "members", valuesOf(come), false})
	}
	if len(ops) > 0 {
		requests = append(requests, request{method: "PATCH", path: groupPath(id), header: oktaHeader, body: patch(ops)})
	}
	return requests
}

func (o *okta) again(t *trouble, tries int) Minute {
	switch {
	case !t.soon || tries > 10:
		return never
	case t.wait > 0:
		return t.wait
	}
	return 5 << min(tries-1, 9)
}
