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
	made   []string
}

// Target is the server.
func (o *OverSCIM) Target() Target { return o.Server }

// Prepare creates the users, in the order of their names.
func (o *OverSCIM) Prepare(ctx context.Context, g *Given) (map[string]string, error) {
	switch {
	case len(g.Settings) > 0:
		return nil, &CannotMake{"settings", "SCIM has no settings; turn them on the server and run the case there"}
	case len(g.Groups) > 0:
		return nil, &CannotMake{"workspace groups", "SCIM does not know them"}
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
	return ids, nil
}

// create sends active last: a server may refuse a new user who is inactive.
func (o *OverSCIM) create(ctx context.Context, attributes map[string]any) (string, error) {
	body := map[string]any{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"}}
	for key, value := range attributes {
		body[longName(key)] = value
	}
	inactive := body["active"] == false
	delete(body, "active")
	a, err := o.send(ctx, http.MethodPost, "/Users", body)
	if err != nil {
		return "", err
	}
	id, ok := dig(a.value, "id")
	if a.Status != http.StatusCreated || !ok {
		return "", fmt.Errorf("POST /Users answered %d: %s", a.Status, a.Body)
	}
	o.made = append(o.made, "/Users/"+id)
	if !inactive {
		return id, nil
	}
	a, err = o.send(ctx, http.MethodPatch, "/Users/"+id, map[string]any{
		"schemas":    []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"},
		"Operations": []any{map[string]any{"op": "replace", "path": "active", "value": false}},
	})
	if err == nil && a.Status >= 300 {
		err = fmt.Errorf("PATCH of active answered %d: %s", a.Status, a.Body)
	}
	return id, err
}

// Close deletes what Prepare and the case made.
func (o *OverSCIM) Close(ctx context.Context, made []string) error {
	var errs []error
	for _, path := range append(o.made, made...) {
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
