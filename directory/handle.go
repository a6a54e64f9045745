package directory

import (
	"context"

	"github.com/rollcall-scim/rollcall/scim"
)

// Projected is the tenant for somebody who looks at p alone (scim.Projecting):
// what is costly and not wanted is left out of what its methods return.
func (t *Tenant) Projected(p scim.Projection) scim.ServiceProvider { return t.projected(p) }

func (t *Tenant) projected(p scim.Projection) *Tenant {
	h := *t
	h.projection = p
	return &h
}

// Operation is the tenant for one operation among several of a request; changes
// and activity are marked with its method.
func (t *Tenant) Operation(method string) scim.ServiceProvider {
	h := *t
	h.via.Operation = method
	h.via.Started = t.d.Now()
	return &h
}

// Caller tells callers of a tenant apart: tokens, clients, admins at a console.
func (t *Tenant) Caller() string { return t.s.name + " " + t.actor }

// Me is the user whose token it is (RFC 7644 section 3.11).
func (t *Tenant) Me(context.Context) (typ, id string, err error) {
	if t.token.Owner == "" {
		return "", "", scim.Errorf(404, "", "404.4", "Nobody in particular asks (404.4): this access token belongs to a connection, not to a person. Ask for /Users/{id}, or use a personal token.")
	}
	return scim.UserType.Name, t.token.Owner, nil
}
