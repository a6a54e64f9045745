package year

// plainly is a provider that keeps to RFC 7644 and has no habits: PATCH with
// paths, true booleans, DELETE for who was deleted.
type plainly struct{}

var plainHeader = map[string]string{"Accept": "application/scim+json", "Content-Type": "application/scim+json", "User-Agent": "rollcall-year"}

func (plainly) lookUp(userName string) request {
	return request{method: "GET", path: "/Users?filter=userName%20eq%20" + quoted(userName), header: plainHeader}
}

func (plainly) lookUpGroup(name string) request {
	return request{method: "GET", path: "/Groups?filter=displayName%20eq%20" + quoted(name), header: plainHeader}
}

func (plainly) create(a *account) request {
	return request{method: "POST", path: "/Users", header: plainHeader, body: obj{
		"schemas", list{userURN, enterpriseURN}, "externalId", a.external, "userName", a.UserName, "active", true,
		"name", obj{"givenName", a.Given, "familyName", a.Family}, "displayName", a.display(), "title", a.Title,
		"emails", list{obj{"value", a.UserName, "type", "work", "primary", true}},
		"addresses", list{obj{"type", "work", "locality", a.City, "country", a.Country}},
		enterpriseURN, obj{"employeeNumber", a.Employee, "department", a.Department}}}
}

func (plainly) asks(bool) bool { return false }

// write replaces whole values: what has a filter in its path is noTarget by the
// RFC where there is nothing yet.
func (plainly) write(a *account, id string, _ map[string]any) request {
	ops := []change{{"replace", "active", true, false}, {"replace", "externalId", a.external, false}, {"replace", "userName", a.UserName, false},
		{"replace", "name", obj{"givenName", a.Given, "familyName", a.Family}, false},
		{"replace", "displayName", a.display(), false}, {"replace", "title", a.Title, false},
		{"replace", "emails", list{obj{"value", a.UserName, "type", "work", "primary", true}}, false},
		{"replace", "addresses", list{obj{"type", "work", "locality", a.City, "country", a.Country}}, false},
		{"replace", enterpriseURN + ":department", a.Department, false}, {"replace", enterpriseURN + ":employeeNumber", a.Employee, false}}
	return request{method: "PATCH", path: userPath(id), header: plainHeader, body: patch(ops)}
}

func (plainly) turn(_ *account, id string, active bool, _ map[string]any) request {
	return request{method: "PATCH", path: userPath(id), header: plainHeader, body: patch([]change{{"replace", "active", active, false}})}
}

func (plainly) deletes(a *account) bool { return a.deleted != never }

func (plainly) forgets(*account) bool { return false }

func (plainly) newGroup(g *group, members []string) request {
	return request{method: "POST", path: "/Groups", header: plainHeader, body: obj{
		"schemas", list{groupURN}, "externalId", g.object, "displayName", g.name, "members", valuesOf(members)}}
}

func (plainly) groupChange(g *group, id string, renamed bool, come, gone, _ []string) []request {
	var ops []change
	if renamed {
		ops = append(ops, change{"replace", "displayName", g.name, false})
	}
	for _, member := range gone {
		ops = append(ops, change{"remove", `members[value eq "` + member + `"]`, nil, true})
	}
	if len(come) > 0 {
		ops = append(ops, change{"add", "members", valuesOf(come), false})
	}
	return []request{{method: "PATCH", path: groupPath(id), header: plainHeader, body: patch(ops)}}
}

func (plainly) again(_ *trouble, tries int) Minute { return min(Minute(30)<<min(tries-1, 10), dayLong) }

// onelogin is OneLogin. Sources: developers.onelogin.com/scim/implement-scim-api,
// https://github.com/goauthentik/authentik/issues/11249 (a log of its requests)
// and interop/cases/onelogin.yaml: a question mark with nothing behind it,
// obsolete URNs, e-mails as one object, PUT of all it knows, DELETE for who was
// deleted, a member added by PATCH right after the user.
type onelogin struct{ plainly }

var oneloginHeader = map[string]string{"Content-Type": "application/json"}

func (onelogin) lookUp(userName string) request {
	return request{method: "GET", path: "/Users?filter=userName+eq+" + quoted(userName) + "&", header: oneloginHeader}
}

func (onelogin) lookUpGroup(name string) request {
	return request{method: "GET", path: "/Groups?filter=displayName+eq+" + quoted(name) + "&", header: oneloginHeader}
}

func (onelogin) body(a *account) obj {
	return obj{"schemas", list{"urn:scim:schemas:core:2.0", "urn:scim:schemas:extension:enterprise:2.0"},
		"userName", a.UserName, "externalId", a.external, "displayName", a.display(), "title", a.Title,
		"name", obj{"familyName", a.Family, "givenName", a.Given},
		"emails", obj{"value", a.UserName, "type", "work", "primary", true},
		"addresses", list{obj{"type", "work", "country", a.Country, "locality", a.City}},
		enterpriseURN, obj{"department", a.Department, "employeeNumber", a.Employee}, "active", true}
}

func (o onelogin) create(a *account) request {
	return request{method: "POST", path: "/Users?", header: oneloginHeader, body: o.body(a)}
}

func (o onelogin) write(a *account, id string, _ map[string]any) request {
	return request{method: "PUT", path: userPath(id) + "?", header: oneloginHeader, body: o.body(a)}
}

func (onelogin) turn(_ *account, id string, active bool, _ map[string]any) request {
	return request{method: "PATCH", path: userPath(id) + "?", header: oneloginHeader, body: patch([]change{{"replace", "active", active, false}})}
}

func (o onelogin) groupChange(g *group, id string, renamed bool, come, gone, all []string) []request {
	requests := o.plainly.groupChange(g, id, renamed, come, gone, all)
	for i := range requests {
		requests[i].path += "?"
		requests[i].header = map[string]string{"Content-Type": "application/scim+json", "User-Agent": ""}
	}
	return requests
}

func (onelogin) again(t *trouble, tries int) Minute {
	if !t.soon {
		return never
	}
	return min(Minute(10)<<min(tries-1, 10), dayLong)
}
