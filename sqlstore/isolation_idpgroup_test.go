package sqlstore_test

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/rollcall-scim/rollcall/scim"
)

const (
	searchURN = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
	bulkURN   = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
)

// created sends a POST and returns the id of what it made.
func (c *client) created(n *neighbours, path, body string) string {
	n.t.Helper()
	r := c.send(n.t, "POST", path, body)
	if r.status != 201 {
		n.t.Fatalf("POST %s %s: %s", path, body, r)
	}
	return scim.ResourceFromJSON([]byte(r.body)).ID()
}

// makeIdPGroups gives globex an IdP group with people and one with that group.
func (n *neighbours) makeIdPGroups() {
	n.t.Helper()
	n.person = n.ids[0]
	n.idpGroup = n.globex().created(n, "/Groups", fmt.Sprintf(`{"schemas":["%s"],"displayName":"Kanari choir","externalId":"kanari-ext","members":[{"value":"%s"},{"value":"%s"}]}`,
		scim.GroupSchema, n.ids[0], n.ids[1]))
	n.globex().created(n, "/Groups", fmt.Sprintf(`{"schemas":["%s"],"displayName":"Kanari nest","members":[{"value":"%s"}]}`, scim.GroupSchema, n.idpGroup))
}

// otherMembers names globex's people and IdP groups as members and in filters
// about members: the answer is that for ids that nobody has.
func (n *neighbours) otherMembers() {
	n.t.Helper()
	named := fmt.Sprintf(`{"schemas":["%s"],"displayName":"Kanari choir","externalId":"kanari-ext","members":[{"value":"%s"},{"value":"%s","type":"Group"}]}`, scim.GroupSchema, n.person, n.idpGroup)
	r := n.acme.send(n.t, "POST", "/Groups", named)
	own := scim.ResourceFromJSON([]byte(r.body)).ID()
	if r.status != 201 || own == n.idpGroup || strings.Contains(r.body, `"members"`) {
		n.t.Errorf("POST of an IdP group's name and members that globex has: %s", r)
	}
	mine := n.acme.created(n, "/Users", `{"schemas":["`+scim.UserSchema+`"],"userName":"mine@acme.test"}`)
	bodies := map[string][]string{
		"PATCH": {
			`{"Operations":[{"op":"add","path":"members","value":[{"value":"%s"}]}]}`,
			`{"Operations":[{"op":"add","value":{"members":[{"value":"%s","$ref":"http://globex.localhost/api/scim/v2/Users/%[1]s"}]}}]}`,
			`{"Operations":[{"op":"remove","path":"members[value eq \"%s\"]"}]}`,
			`{"Operations":[{"op":"remove","path":"members","value":[{"value":"%s"}]}]}`,
			`{"Operations":[{"op":"replace","path":"members","value":[{"value":"` + mine + `"},{"value":"%s"}]}]}`,
			`{"Operations":[{"op":"replace","path":"members[value eq \"%s\"].value","value":"` + mine + `"}]}`,
		},
		"PUT": {`{"displayName":"Kanari choir","externalId":"kanari-ext","members":[{"value":"` + mine + `"},{"value":"%s"}]}`},
	}
	for method, formats := range bodies {
		for _, format := range formats {
			ask := func(id string) (answered, after reply) {
				reset := n.acme.send(n.t, "PUT", "/Groups/"+own, `{"displayName":"Kanari choir","externalId":"kanari-ext","members":[{"value":"`+mine+`"}]}`)
				if reset.status != 200 {
					n.t.Fatal(reset)
				}
				return n.acme.send(n.t, method, "/Groups/"+own, fmt.Sprintf(format, id)), n.acme.send(n.t, "GET", "/Groups/"+own, "")
			}
			ask(nobody) // from the second time on the versions differ no more than they should
			for _, id := range n.ids {
				want, wantAfter := ask(nobody)
				r, after := ask(id)
				what, said := fmt.Sprintf("%s of %s with %s", method, format, id), id+named
				n.alike(what, sameVersion(r), id, sameVersion(want), nobody)
				n.alike("GET after "+what, sameVersion(after), id, sameVersion(wantAfter), nobody)
				n.untold(what, said, r)
				n.untold("GET after "+what, named, after)
			}
		}
	}
	n.otherMemberFilters(named)
}

// sameVersion is the answer without what counts the changes before it.
func sameVersion(r reply) reply {
	r.header = r.header.Clone()
	r.header.Del("ETag")
	r.body = anyTime.ReplaceAllString(anyVersion.ReplaceAllString(r.body, "{version}"), "{time}")
	return r
}

// otherMemberFilters looks at acme, whose IdP group has the name and externalId
// of globex's, for what is globex's alone: in a query and in a search, of one
// type and of all.
func (n *neighbours) otherMemberFilters(named string) {
	n.t.Helper()
	filters := map[string][]string{
		"/Groups": {`members.value eq "%s"`, `members eq "%s"`, `members[value eq "%s"]`, `members[value eq "%s" and type eq "User"]`, `members[type eq "Group" and value eq "%s"]`,
			`members.value co "%s"`, `not (not (members.value eq "%s"))`, `displayName eq "Kanari choir" and members.value eq "%s"`, `id eq "%s"`, `members.display co "%s"`,
			`members.$ref ew "%s"`, `displayName eq "Kanari nest" or id eq "%s"`},
		"/Users": {`groups.value eq "%s"`, `groups[value eq "%s"]`, `groups.display eq "%s"`, `userName sw "mine" and groups.value eq "%s"`, `id eq "%s"`},
		"":       {`id eq "%s"`, `members.value eq "%s" or userName eq "%[1]s"`},
	}
	for path, formats := range filters {
		for _, format := range formats {
			for _, id := range append(n.ids, "Kanari nest", "canary") {
				filter := fmt.Sprintf(format, id)
				for _, more := range []string{"", "cursor", "members,groups"} {
					query, body := url.Values{"filter": {filter}}, map[string]string{"filter": filter}
					switch more {
					case "cursor":
						query.Set("cursor", "")
						body["cursor"] = ""
					case "members,groups":
						query.Set("attributes", more)
						body["attributes"] = more
					}
					for _, r := range []reply{n.acme.send(n.t, "GET", path+"?"+query.Encode(), ""), n.acme.send(n.t, "POST", path+"/.search", searchFor(body))} {
						if r.status != 200 || !strings.Contains(r.body, `"totalResults":0`) {
							n.t.Errorf("%s %s %s: %s", path, filter, more, r)
						}
						n.untold(path+" "+filter, filter, r)
					}
				}
			}
		}
	}
	for _, path := range []string{"", "/Users", "/Groups"} {
		for _, query := range []string{"", "?count=1000", "?startIndex=2", "?sortBy=displayName", "?cursor=&count=1000", "?filter=" + url.QueryEscape(`id pr`)} {
			r := n.acme.send(n.t, "GET", path+query, "")
			if r.status != 200 {
				n.t.Errorf("GET %s%s: %s", path, query, r)
			}
			n.untold("GET "+path+query, named, r)
		}
		for _, search := range []map[string]string{{}, {"count": "1000"}, {"sortBy": "displayName"}, {"cursor": "", "count": "1000"}, {"filter": "id pr"}} {
			r := n.acme.send(n.t, "POST", path+"/.search", searchFor(search))
			if r.status != 200 {
				n.t.Errorf("POST %s/.search %v: %s", path, search, r)
			}
			n.untold("POST "+path+"/.search", named, r)
		}
	}
}

func searchFor(parameters map[string]string) string {
	body := `{"schemas":["` + searchURN + `"]`
	for name, value := range parameters {
		body += fmt.Sprintf(`,%q:%q`, name, value)
	}
	return body + "}"
}

// otherOperations is otherIDs and otherMembers within bulk requests.
func (n *neighbours) otherOperations() {
	n.t.Helper()
	mine := n.acme.created(n, "/Groups", `{"schemas":["`+scim.GroupSchema+`"],"displayName":"Bulk"}`)
	operations := []string{
		`{"method":"PATCH","path":"/Users/%s","data":{"Operations":[{"op":"replace","path":"title","value":"taken"}]}}`,
		`{"method":"PUT","path":"/Users/%s","data":{"userName":"taken@acme.test"}}`,
		`{"method":"DELETE","path":"/Users/%s"}`,
		`{"method":"PATCH","path":"/Groups/%s","data":{"Operations":[{"op":"replace","path":"displayName","value":"taken"}]}}`,
		`{"method":"PATCH","path":"/Groups/%s","data":{"Operations":[{"op":"remove","path":"members"}]}}`,
		`{"method":"PUT","path":"/Groups/%s","data":{"displayName":"taken"}}`,
		`{"method":"DELETE","path":"/Groups/%s"}`,
		`{"method":"DELETE","path":"/Groups/%s","version":"*"}`,
		`{"method":"PATCH","path":"/Groups/` + mine + `","data":{"Operations":[{"op":"add","path":"members","value":[{"value":"%s"}]}]}}`,
		`{"method":"PATCH","path":"/Groups/` + mine + `","data":{"Operations":[{"op":"add","path":"members","value":[{"value":"bulkId:%s"}]}]}}`,
		`{"method":"PATCH","path":"/Groups/bulkId:%s","data":{"Operations":[{"op":"remove","path":"members"}]}}`,
		`{"method":"DELETE","path":"http://globex.localhost/api/scim/v2/Users/%s"}`,
		`{"method":"POST","path":"/Groups/%s","bulkId":"1","data":{"displayName":"taken"}}`,
		`{"method":"POST","path":"/Groups/.search","bulkId":"1","data":{"filter":"members.value eq \"%s\""}}`,
		`{"method":"GET","path":"/Users/%s"}`,
	}
	bulk := func(operation string) reply {
		return n.acme.send(n.t, "POST", "/Bulk", `{"schemas":["`+bulkURN+`"],"Operations":[`+operation+`]}`)
	}
	for _, format := range operations {
		want := bulk(fmt.Sprintf(format, nobody))
		if want.status != 200 {
			n.t.Errorf("%s: %s", format, want)
		}
		for _, id := range n.ids {
			r := bulk(fmt.Sprintf(format, id))
			n.alike(fmt.Sprintf(format, id), r, id, want, nobody)
			n.untold(fmt.Sprintf(format, id), id+format, r)
		}
	}
	// What makes something of its own answers with an id of its own.
	posts := `{"method":"POST","path":"/Users","bulkId":"u","data":{"userName":"canary0@globex.test","externalId":"canary-ext-0","` + scim.EnterpriseSchema + `":{"manager":{"value":"` + n.person + `"}}}},
		{"method":"POST","path":"/Groups","bulkId":"g","data":{"displayName":"Kanari nest","members":[{"value":"bulkId:u"},{"value":"` + n.idpGroup + `"},{"value":"` + n.person + `"}]}}`
	r := bulk(posts)
	if r.status != 200 || strings.Count(r.body, `"status":"201"`) != 2 {
		n.t.Errorf("bulk: %s", r)
	}
	n.untold("bulk", posts, r)
	for _, path := range []string{"/Users", "/Groups"} {
		list := n.acme.send(n.t, "GET", path+"?count=1000", "")
		if strings.Contains(list.body, `"value":"`+n.idpGroup+`"`) {
			n.t.Errorf("after a bulk request globex's IdP group is a member: %s", list)
		}
	}
	me := n.acme.send(n.t, "GET", "/Me", "")
	if !strings.Contains(me.body, `"admin@acme.test"`) {
		n.t.Errorf("GET /Me: %s", me)
	}
	n.untold("GET /Me", "", me)
}
