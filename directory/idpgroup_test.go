package directory_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
)

func (w *world) tryPostGroup(body string) (string, error) {
	w.t.Helper()
	r, err := scim.GroupType.Parse([]byte(body))
	w.must(err)
	if r, err = w.idp.Create(w.t.Context(), "Group", r); err != nil {
		return "", err
	}
	return r.ID(), nil
}

// postGroup makes an IdP group of these members.
func (w *world) postGroup(name string, members ...string) (id string) {
	w.t.Helper()
	id, err := w.tryPostGroup(fmt.Sprintf(`{"displayName":%q,"externalId":%q,"members":%s}`, name, "x-"+name, memberList(members)))
	w.must(err)
	return id
}

func memberList(ids []string) string {
	var out []string
	for _, id := range ids {
		out = append(out, fmt.Sprintf(`{"value":%q}`, id))
	}
	return "[" + strings.Join(out, ",") + "]"
}

func (w *world) tryPatchGroup(id, operations string) error {
	w.t.Helper()
	p, err := scim.ParsePatch([]byte(`{"Operations":[` + operations + `]}`))
	w.must(err)
	_, err = w.idp.Patch(w.t.Context(), "Group", id, p, "")
	return err
}

func (w *world) patchGroup(id, operations string) {
	w.t.Helper()
	w.must(w.tryPatchGroup(id, operations))
}

func (w *world) add(group string, members ...string) {
	w.t.Helper()
	w.patchGroup(group, `{"op":"Add","path":"members","value":`+memberList(members)+`}`)
}

func (w *world) remove(group string, members ...string) {
	w.t.Helper()
	w.patchGroup(group, `{"op":"Remove","path":"members","value":`+memberList(members)+`}`)
}

func (w *world) getGroup(id string) scim.Object {
	w.t.Helper()
	r, err := w.idp.Get(w.t.Context(), "Group", id)
	w.must(err)
	return r.Object()
}

// members are "type display" of an IdP group's members.
func (w *world) members(id string) (out []string) {
	w.t.Helper()
	list, _ := w.getGroup(id)["members"].([]any)
	for _, m := range list {
		m := m.(scim.Object)
		out = append(out, fmt.Sprintf("%v %v", m["type"], m["display"]))
	}
	slices.Sort(out)
	return out
}

func (w *world) hasMembers(id string, want ...string) {
	w.t.Helper()
	if got := w.members(id); !slices.Equal(got, want) {
		w.t.Errorf("members are %q, want %q", got, want)
	}
}

func (w *world) findGroups(filter string) (names []string) {
	w.t.Helper()
	f, err := scim.ParseFilter(scim.GroupType, filter)
	w.must(err)
	page, err := w.idp.Query(w.t.Context(), "Group", scim.Query{Filter: f, Count: 100, StartIndex: 1})
	w.must(err)
	for _, r := range page.Resources {
		names = append(names, r.String("displayName"))
	}
	return names
}

// inGroups are "type display" of a user's IdP groups.
func (w *world) inGroups(id string) (out []string) {
	w.t.Helper()
	list, _ := w.get(id)["groups"].([]any)
	for _, g := range list {
		g := g.(scim.Object)
		out = append(out, fmt.Sprintf("%v %v", g["type"], g["display"]))
	}
	slices.Sort(out)
	return out
}

func (w *world) people(n int) (ids []string) {
	for i := range n {
		ids = append(ids, w.post(fmt.Sprintf(`{"userName":"p%d@acme.test","displayName":"P%d"}`, i, i)))
	}
	return ids
}

// wholeGroups checks what is kept twice: counts and what is counted.
func (w *world) wholeGroups() {
	w.t.Helper()
	row, err := w.admin.Row(w.t.Context())
	w.must(err)
	r := w.store.Reader(row.ID)
	groups, st, err := r.ListIdPGroups(w.t.Context(), "", 0, 0)
	w.must(err)
	if int(row.IdPGroups) != len(groups) || st.IdPGroups != row.IdPGroups {
		w.t.Errorf("%d IdP groups, %d rows", row.IdPGroups, len(groups))
	}
	for _, g := range groups {
		members, err := r.Members(w.t.Context(), directory.MemberQuery{Group: g.ID})
		w.must(err)
		if int(g.Members) != len(members) {
			w.t.Errorf("%s: %d members, %d rows", g.Key, g.Members, len(members))
		}
	}
	waiting, err := r.Profilings(w.t.Context())
	w.must(err)
	if len(waiting) > 0 {
		w.t.Errorf("people still wait for their teams: %v", waiting)
	}
}

func TestMemberThatNoDatabaseCanHold(t *testing.T) {
	each(t, func(w *world) {
		p := w.people(1)
		g := w.postGroup("Staff", p...)
		for _, id := range []string{strings.Repeat("x", 100_000), "' or 1=1 --"} {
			w.add(g, id)
			w.remove(g, id)
		}
		w.fails(w.tryPatchGroup(g, `{"op":"add","path":"members","value":[{"value":"a\u0000b"}]}`), 400, "400.13")
		if _, err := w.idp.Get(t.Context(), "Group", "\x00"); err == nil {
			t.Error("found")
		}
		w.hasMembers(g, "User P0")
		if _, err := w.tryPostGroup(`{"displayName":"a\u0000b"}`); err != nil {
			w.fails(err, 400, "400.13")
		}
	})
}

func TestIdPGroupLife(t *testing.T) {
	each(t, func(w *world) {
		defer w.wholeGroups()
		p := w.people(3)
		g := w.postGroup("Staff", p[0], p[0], "nobody-knows")
		w.hasMembers(g, "User P0")
		o := w.getGroup(g)
		meta := o["meta"].(scim.Object)
		if o["externalId"] != "x-Staff" || meta["resourceType"] != "Group" || meta["location"] != "https://acme.example/api/scim/v2/Groups/"+g {
			t.Errorf("got %v", o)
		}
		version := meta["version"]
		w.add(g, p[0])
		if w.getGroup(g)["meta"].(scim.Object)["version"] != version {
			t.Error("adding who is a member changes the version")
		}
		w.add(g, p[1], p[2], "unknown")
		w.hasMembers(g, "User P0", "User P1", "User P2")
		if w.getGroup(g)["meta"].(scim.Object)["version"] == version {
			t.Error("adding members does not change the version")
		}
		w.patchGroup(g, `{"op":"remove","path":"members[value eq \"`+p[1]+`\"]"}`)
		w.hasMembers(g, "User P0", "User P2")
		w.patchGroup(g, `{"op":"replace","value":{"id":"other","displayName":"All staff"}}`)
		w.hasMembers(g, "User P0", "User P2")
		w.postGroup("staff")
		_, err := w.tryPostGroup(`{"displayName":"ALL STAFF"}`)
		w.fails(err, 409, "409.2")
		w.fails(w.tryPatchGroup(g, `{"op":"replace","path":"displayName","value":"STAFF"}`), 409, "409.2")
		w.hasMembers(g, "User P0", "User P2")
		w.must(w.idp.Delete(t.Context(), "Group", g, ""))
		_, err = w.idp.Get(t.Context(), "Group", g)
		w.fails(err, 404, "404.1")
		w.fails(w.idp.Delete(t.Context(), "Group", g, ""), 404, "404.1")
		w.postGroup("All Staff")
	})
}

func TestIdPGroupsOfAUser(t *testing.T) {
	each(t, func(w *world) {
		defer w.wholeGroups()
		p := w.people(2)
		version := w.get(p[0])["meta"].(scim.Object)["version"]
		inner, outer := w.postGroup("Inner", p[0]), w.postGroup("Outer", p[1])
		w.add(outer, inner)
		w.add(inner, outer) // a circle
		w.add(inner, inner)
		if got := w.inGroups(p[0]); !slices.Equal(got, []string{"direct Inner", "indirect Outer"}) {
			t.Errorf("got %q", got)
		}
		if w.get(p[0])["meta"].(scim.Object)["version"] != version {
			t.Error("being in an IdP group changes the user's version")
		}
		w.hasMembers(outer, "Group Inner", "User P1")
		if found := w.find(`groups.value eq "` + outer + `"`); len(found) != 2 {
			t.Errorf("%d users are found in Outer, want 2", len(found))
		}
		w.must(w.idp.Delete(t.Context(), "Group", inner, ""))
		w.hasMembers(outer, "User P1")
		if got := w.inGroups(p[0]); got != nil {
			t.Errorf("still in %q", got)
		}
	})
}

func TestIdPGroupFilters(t *testing.T) {
	each(t, func(w *world) {
		p := w.people(2)
		a, b := w.postGroup("All Staff", p[0]), w.postGroup("PRIMARY/system", p[0], p[1])
		w.add(a, b)
		for filter, want := range map[string][]string{
			`displayName eq "all staff"`:                                   {"All Staff"},
			`displayName Eq PRIMARY/system`:                                {"PRIMARY/system"},
			`externalId eq "x-All Staff"`:                                  {"All Staff"},
			`externalId eq "X-ALL STAFF"`:                                  nil,
			`id eq "` + a + `"`:                                            {"All Staff"},
			`members.value eq "` + p[0] + `"`:                              {"All Staff", "PRIMARY/system"},
			`members eq "` + p[1] + `"`:                                    {"PRIMARY/system"},
			`members[value eq "` + b + `"]`:                                {"All Staff"},
			`members[value eq "` + b + `" and type eq "User"]`:             nil,
			`members[value eq "` + b + `" and type eq "Group"]`:            {"All Staff"},
			`members.value eq "` + p[0] + `" and displayName eq "all"`:     nil,
			`id eq "` + b + `" and members.value eq "` + p[1] + `"`:        {"PRIMARY/system"},
			`id eq "` + a + `" and members.value eq "` + p[1] + `"`:        nil,
			`displayName co "a"`:                                           {"All Staff", "PRIMARY/system"},
			`displayName sw "all" and members.display co "P0"`:             {"All Staff"},
			`members.value eq "` + p[0] + `" and not (displayName sw "p")`: {"All Staff"},
		} {
			if got := w.findGroups(filter); !slices.Equal(got, want) {
				t.Errorf("%s finds %q, want %q", filter, got, want)
			}
		}
	})
}

func TestMembersLeaveAndComeBack(t *testing.T) {
	each(t, func(w *world) {
		defer w.wholeGroups()
		p := w.people(2)
		g := w.postGroup("Staff", p...)
		w.patch(p[0], `{"op":"replace","path":"active","value":false}`)
		w.hasMembers(g, "User P1")
		if n := len(w.findGroups(`members.value eq "` + p[0] + `"`)); n != 0 {
			t.Error("a removed person is found as a member")
		}
		w.patch(p[0], `{"op":"replace","path":"active","value":true}`)
		w.hasMembers(g, "User P0", "User P1")
		// What the IdP says of him while he is away, holds when he is back.
		w.patch(p[0], `{"op":"replace","path":"active","value":false}`)
		w.remove(g, p[0])
		w.patch(p[0], `{"op":"replace","path":"active","value":true}`)
		w.hasMembers(g, "User P1")
		w.must(w.idp.Delete(t.Context(), "User", p[1], ""))
		w.hasMembers(g)
		w.add(g, p[1]) // nobody any more
		w.hasMembers(g)
	})
}

func TestIdPGroupsSwitchedOff(t *testing.T) {
	each(t, func(w *world) {
		p := w.people(1)
		g := w.postGroup("Staff", p...)
		w.set("idp-groups", "false")
		if found := w.findGroups(`displayName eq "Staff"`); found != nil {
			t.Errorf("found %q", found)
		}
		_, err := w.tryPostGroup(`{"displayName":"More"}`)
		w.fails(err, 403, "403.2")
		w.fails(w.tryPatchGroup(g, `{"op":"remove","path":"members"}`), 403, "403.2")
		w.fails(w.idp.Delete(t.Context(), "Group", g, ""), 403, "403.2")
		if w.idp.Offers("Group") || w.inGroups(p[0]) != nil {
			t.Error("IdP groups are off and shown")
		}
		w.set("idp-groups", "true")
		w.hasMembers(g, "User P0")
	})
}

// TestMembersAgainstAMap runs random operations on members against a plain map.
func TestMembersAgainstAMap(t *testing.T) {
	each(t, func(w *world) {
		defer w.wholeGroups()
		p := w.people(6)
		g := w.postGroup("Staff")
		model := map[string]bool{}
		rapid.Check(t, func(rt *rapid.T) {
			var ops []string
			for range rapid.IntRange(1, 50).Draw(rt, "operations") {
				some := rapid.SliceOfDistinct(rapid.SampledFrom(p), rapid.ID[string]).Draw(rt, "members")
				switch rapid.IntRange(0, 8).Draw(rt, "kind") {
				case 0:
					ops = append(ops, `{"op":"replace","path":"members","value":`+memberList(some)+`}`)
					clear(model)
					for _, id := range some {
						model[id] = true
					}
				case 1:
					ops = append(ops, `{"op":"remove","path":"members"}`)
					clear(model)
				case 2, 3, 4:
					ops = append(ops, `{"op":"remove","path":"members","value":`+memberList(some)+`}`)
					if len(some) == 0 {
						ops = ops[:len(ops)-1]
					}
					for _, id := range some {
						delete(model, id)
					}
				default:
					ops = append(ops, `{"op":"add","path":"members","value":`+memberList(some)+`}`)
					for _, id := range some {
						model[id] = true
					}
				}
			}
			if len(ops) > 0 {
				w.patchGroup(g, strings.Join(ops, ","))
			}
			var got []string
			list, _ := w.getGroup(g)["members"].([]any)
			for _, m := range list {
				got = append(got, m.(scim.Object)["value"].(string))
			}
			if want := slices.Sorted(maps.Keys(model)); !slices.Equal(got, want) {
				rt.Fatalf("members %v, want %v", got, want)
			}
		})
	})
}

func TestConcurrentMembersLoseNothing(t *testing.T) {
	each(t, func(w *world) {
		defer w.wholeGroups()
		p := w.people(40)
		g := w.postGroup("Staff", p[:20]...)
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				patch, _ := scim.ParsePatch(fmt.Appendf(nil, `{"Operations":[{"op":"add","path":"members","value":[{"value":%q}]},{"op":"remove","path":"members[value eq %q]"}]}`, p[20+i], p[i]))
				if patch == nil {
					patch, _ = scim.ParsePatch(fmt.Appendf(nil, `{"Operations":[{"op":"add","path":"members","value":[{"value":%q}]},{"op":"remove","path":"members","value":[{"value":%q}]}]}`, p[20+i], p[i]))
				}
				if _, err := w.open(w.token).Patch(t.Context(), "Group", g, patch, ""); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := len(w.members(g)); n != 20 {
			t.Errorf("%d members, want 20", n)
		}
		if got := w.findGroups(`members.value eq "` + p[0] + `"`); got != nil {
			t.Error("a removal was lost")
		}
	})
}

func TestGroupPagesWithoutMembers(t *testing.T) {
	each(t, func(w *world) {
		p := w.people(2)
		for i := range 7 {
			w.postGroup(fmt.Sprintf("G%d", i), p...)
		}
		var names []string
		for start := 1; start <= 7; start += 3 {
			page, err := w.idp.Query(t.Context(), "Group", scim.Query{StartIndex: start, Count: 3, Projection: scim.Projection{Excluded: []string{"members"}}})
			w.must(err)
			if page.Total != 7 {
				t.Errorf("total %d", page.Total)
			}
			for _, r := range page.Resources {
				names = append(names, r.String("displayName"))
				if r.Object()["members"] != nil {
					t.Error("members are read though excluded")
				}
			}
		}
		if got := strings.Join(names, " "); got != "G0 G1 G2 G3 G4 G5 G6" {
			t.Errorf("got %s", got)
		}
		page, err := w.idp.Query(t.Context(), "Group", scim.Query{StartIndex: 1, Count: 3})
		w.must(err)
		if page.Resources[0].Object()["members"] == nil {
			t.Error("members are missing")
		}
	})
}

func TestTeamsFromIdPGroups(t *testing.T) {
	each(t, func(w *world) {
		defer w.wholeGroups()
		w.groups("Finland")
		w.set("teams-from-idp-groups", "true")
		anna := w.post(`{"userName":"anna@acme.test","department":"Sales"}`)
		ben := w.post(`{"userName":"ben@acme.test"}`)
		g := w.postGroup("sales", anna, ben)
		w.placed("anna@acme.test", "Default: Sales")
		w.placed("ben@acme.test", "Default: Sales")
		w.remove(g, anna)
		w.placed("anna@acme.test", "Default: Sales") // her department still says so
		w.patchGroup(g, `{"op":"replace","path":"displayName","value":"Service"}`)
		w.placed("ben@acme.test", "Default: Service")
		outer := w.postGroup("Everybody")
		w.add(outer, g)
		w.placed("ben@acme.test", "Default: Everybody, Service")
		w.patch(ben, `{"op":"add","path":"addresses","value":[{"type":"work","country":"Finland"}]}`)
		w.placed("ben@acme.test", "Finland: Everybody, Service")
		_, err := w.admin.RemoveFromTeam(t.Context(), "ben@acme.test", directory.TeamRef{Name: "Service"})
		w.must(err)
		w.patch(ben, `{"op":"replace","path":"title","value":"Chief"}`)
		w.add(g, anna)
		w.placed("ben@acme.test", "Finland: Everybody")
		w.placed("anna@acme.test", "Default: Everybody, Sales, Service")
		w.patch(ben, `{"op":"replace","path":"active","value":false}`)
		w.patch(ben, `{"op":"replace","path":"active","value":true}`)
		w.placed("ben@acme.test", "Finland: Everybody, Service")
		_, err = w.admin.RemoveUser(t.Context(), "ben@acme.test")
		w.must(err)
		w.remove(outer, g)
		_, err = w.admin.RestoreUser(t.Context(), "ben@acme.test")
		w.must(err)
		w.placed("ben@acme.test", "Finland: Service")
		w.must(w.idp.Delete(t.Context(), "Group", g, ""))
		w.placed("ben@acme.test", "Finland: ")
		w.placed("anna@acme.test", "Default: Sales")
	})
}

// More people than one transaction takes, and a switch that is turned later.
func TestTeamsFromALargeIdPGroup(t *testing.T) {
	each(t, func(w *world) {
		defer w.wholeGroups()
		p := w.people(450)
		g := w.postGroup("Large", p...)
		outer := w.postGroup("Outer", g)
		w.placed("p7@acme.test", "Default: ")
		w.set("teams-from-idp-groups", "true")
		_, err := w.admin.ProfileAgain(t.Context(), nil, false, nil)
		w.must(err)
		w.placed("p7@acme.test", "Default: Large, Outer")
		w.patchGroup(g, `{"op":"replace","path":"displayName","value":"Larger"}`)
		w.placed("p449@acme.test", "Default: Larger, Outer")
		w.remove(outer, g)
		w.placed("p449@acme.test", "Default: Larger")
		w.patchGroup(g, `{"op":"remove","path":"members"}`)
		for _, name := range []string{"p0", "p250", "p449"} {
			w.placed(name+"@acme.test", "Default: ")
		}
	})
}
