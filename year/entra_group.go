package year

import (
	"context"
)

// syncGroup brings a group, and then its members, to the server.
func (e *entra) syncGroup(ctx context.Context, g *group) error {
	if e.groups[g] == nil {
		e.groups[g] = &remembered{due: never, members: map[*account]string{}}
	}
	r := e.groups[g]
	if r.id == "" {
		if done, err := e.matchGroup(ctx, g, r); !done || err != nil {
			return err
		}
	}
	if r.name != g.name {
		if done, err := e.tell(ctx, g, r, []change{{e.op("Replace"), "displayName", g.name, false}}); !done || err != nil {
			return err
		}
		r.name = g.name
	}
	return e.syncMembers(ctx, g, r)
}

func (e *entra) op(name string) string {
	if e.flag {
		return map[string]string{"Add": "add", "Replace": "replace", "Remove": "remove"}[name]
	}
	return name
}

func (e *entra) matchGroup(ctx context.Context, g *group, r *remembered) (done bool, err error) {
	found, err := e.wire.send(ctx, g.key, request{method: "GET", path: "/Groups?excludedAttributes=members&filter=displayName%20eq%20" + quoted(g.name)})
	if t, err := e.failed(found, err); t != nil || err != nil {
		return false, e.escrowGroup(r, t, err)
	}
	if hits := resources(found.body); len(hits) == 1 {
		r.id, r.name = text(hits[0], "id"), g.name
		e.company.groupMade(r.id)
		return true, nil
	}
	body := obj{"schemas", list{groupURN, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"},
		"externalId", g.object, "displayName", g.name, "meta", obj{"resourceType", "Group"}}
	made, err := e.wire.send(ctx, g.key, request{method: "POST", path: "/Groups", body: body, header: entraHeader})
	if t, err := e.failed(made, err); t != nil || err != nil {
		return false, e.escrowGroup(r, t, err)
	}
	r.id, r.name = text(made.body, "id"), g.name
	e.company.groupMade(r.id)
	return true, nil
}

// syncMembers sends who came and who went. Whoever is in the recycle bin has
// left all groups until he is restored; whoever is disabled or out of scope has
// not, and nothing is sent of him again when he comes back.
func (e *entra) syncMembers(ctx context.Context, g *group, r *remembered) error {
	var come, gone list
	want := map[*account]string{}
	for _, a := range g.members {
		id := e.id(a)
		if id == "" || a.deleted != never {
			continue
		}
		want[a] = id
		if r.members[a] != id {
			come = append(come, obj{"$ref", nil, "value", id})
		}
	}
	var ops []change
	for _, a := range e.company.accounts {
		if id := r.members[a]; id != "" && want[a] != id && e.id(a) != "" {
			gone = append(gone, obj{"$ref", nil, "value", id})
			ops = append(ops, change{"remove", `members[value eq "` + id + `"]`, nil, true})
		}
	}
	if len(come) > 0 {
		if done, err := e.tell(ctx, g, r, []change{{e.op("Add"), "members", come, false}}); !done || err != nil {
			return err
		}
	}
	if len(gone) > 0 {
		if !e.flag {
			ops = []change{{"Remove", "members", gone, false}}
		}
		if done, err := e.tell(ctx, g, r, ops); !done || err != nil {
			return err
		}
	}
	r.members = want
	r.fine()
	return nil
}

// tell changes a group. One that is not there any more is matched anew in the
// next cycle.
func (e *entra) tell(ctx context.Context, g *group, r *remembered, ops []change) (done bool, err error) {
	a, err := e.wire.send(ctx, g.key, request{method: "PATCH", path: groupPath(r.id), body: patch(ops), header: entraHeader})
	if t, err := e.failed(a, err); t != nil || err != nil {
		if t != nil && a.status == 404 {
			r.id, r.members = "", map[*account]string{}
		}
		return false, e.escrowGroup(r, t, err)
	}
	return true, nil
}

// escrowGroup is escrow, but a server without groups is no reason for
// quarantine: the admin switches the group mapping off.
func (e *entra) escrowGroup(r *remembered, t *trouble, err error) error {
	if t != nil && t.stop {
		t.stop = false
	}
	return e.escrow(r, t, err)
}
