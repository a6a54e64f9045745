package interop

import (
	"context"
	"encoding/json/v2"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// OverSCIM makes state on a server with nothing but SCIM: users, by POST. It
// can neither turn settings nor make workspace groups nor people whom SCIM
// never saw; a State that has a way to do so embeds OverSCIM, makes these
// itself and passes the rest on.
type OverSCIM struct {
	Server Target
	Keep   bool // leave behind what was made
	made   []string
}

// Target is the server.
func (o *OverSCIM) Target() Target { return o.Server }

// Prepare creates the users, then the IdP groups, each in the order of their
// names.
func (o *OverSCIM) Prepare(ctx context.Context, g *Given) (map[string]string, error) {
	switch {
	case len(g.Settings) > 0:
		return nil, &CannotMake{"settings", "SCIM has no settings; turn them on the server and run the case there"}
	case len(g.Groups) > 0:
		return nil, &CannotMake{"workspace groups", "SCIM does not know them"}
	case g.OAuth:
		return nil, &CannotMake{"an OAuth client", "its administrators make these"}
	case len(g.ByHand) > 0:
		return nil, &CannotMake{"people made by hand", "whoever comes over SCIM is known to SCIM"}
	}
	ids := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(g.Users)) {
		id, err := o.create(ctx, g.Users[name])
		if err != nil {
			return nil, fmt.Errorf("user %s: %w", name, err)
		}
		ids[name] = id
	}
	for i := range g.Crowd {
		name := fmt.Sprint("crowd", i+1)
		id, err := o.create(ctx, map[string]any{"userName": name + "@" + o.Server.Run + "crowd.example", "displayName": name})
		if err != nil {
			return nil, fmt.Errorf("user %s: %w", name, err)
		}
		ids[name] = id
	}
	for _, name := range slices.Sorted(maps.Keys(g.IdPGroups)) {
		id, err := o.createGroup(ctx, g, g.IdPGroups[name], ids)
		if err != nil {
			return nil, fmt.Errorf("IdP group %s: %w", name, err)
		}
		ids[name] = id
	}
	return ids, nil
}

// createGroup turns the names of the members into their ids.
func (o *OverSCIM) createGroup(ctx context.Context, g *Given, attributes map[string]any, ids map[string]string) (string, error) {
	body := map[string]any{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Group"}}
	maps.Copy(body, attributes)
	members := []any{}
	names, _ := attributes["members"].([]any)
	for _, n := range names {
		if n != "crowd" {
			members = append(members, map[string]any{"value": ids[fmt.Sprint(n)]})
			continue
		}
		for i := range g.Crowd {
			members = append(members, map[string]any{"value": ids[fmt.Sprint("crowd", i+1)]})
		}
	}
	delete(body, "members")
	if len(members) > 0 {
		body["members"] = members
	}
	id, err := o.post(ctx, "/Groups", body)
	if err != nil || len(members) == 0 {
		return id, err
	}
	a, err := o.Server.get(ctx, "/Groups/"+id)
	if err != nil {
		return id, err
	}
	if shown, _ := at(a.value, "members").([]any); len(shown) == 0 {
		return id, &CannotMake{"an IdP group with members", "the server shows none when it is read (the case authentik-gget-001), so nothing can be judged by them"}
	}
	return id, err
}

// create sends active last: a server may refuse a new user who is inactive.
func (o *OverSCIM) create(ctx context.Context, attributes map[string]any) (string, error) {
	body := map[string]any{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"}}
	for key, value := range attributes {
		body[longName(key)] = value
	}
	inactive := body["active"] == false
	delete(body, "active")
	id, err := o.post(ctx, "/Users", body)
	if err != nil || !inactive {
		return id, err
	}
	a, err := o.send(ctx, http.MethodPatch, "/Users/"+id, map[string]any{
		"schemas":    []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"},
		"Operations": []any{map[string]any{"op": "replace", "path": "active", "value": false}},
	})
	if err == nil && a.Status >= 300 {
		err = fmt.Errorf("PATCH of active answered %d: %s", a.Status, a.Body)
	}
	return id, err
}

func (o *OverSCIM) post(ctx context.Context, path string, body any) (id string, err error) {
	a, err := o.send(ctx, http.MethodPost, path, body)
	if err != nil {
		return "", err
	}
	id, ok := dig(a.value, "id")
	if a.Status != http.StatusCreated || !ok {
		return "", fmt.Errorf("POST %s answered %d: %s", path, a.Status, a.Body)
	}
	o.made = append(o.made, path+"/"+id)
	return id, nil
}

// Close deletes what Prepare and the case made, the last first, so that no
// IdP group loses members that are deleted under it.
func (o *OverSCIM) Close(ctx context.Context, made []string) error {
	if o.Keep {
		return nil
	}
	var errs []error
	all := append(o.made, made...)
	slices.Reverse(all)
	for _, path := range all {
		a, err := o.send(ctx, http.MethodDelete, path, nil)
		if err == nil && a.Status >= 300 && a.Status != http.StatusNotFound {
			err = fmt.Errorf("DELETE %s answered %d", path, a.Status)
		}
		errs = append(errs, err)
	}
	o.made = nil
	return errors.Join(errs...)
}

func (o *OverSCIM) send(ctx context.Context, method, path string, body any) (*answer, error) {
	r := request{Method: method, Target: path, Header: http.Header{}}
	r.Header.Set("Authorization", "Bearer "+o.Server.Token)
	if body != nil {
		text, err := json.Marshal(body, json.Deterministic(true))
		if err != nil {
			return nil, err
		}
		r.Body = string(text)
		r.Header.Set("Content-Type", "application/scim+json")
	}
	return o.Server.do(ctx, r)
}
