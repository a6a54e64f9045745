package scimhttp

import (
	"net/http"

	"github.com/rollcall-scim/rollcall/scim"
)

// asMe does what is asked for with the resource of whoever asks, and says where
// it is for good (RFC 7644 section 3.11).
func (x *exchange) asMe(do func(*exchange) (answer, error)) (answer, error) {
	p, ok := x.sp.(Personal)
	if !ok {
		return answer{}, scim.Errorf(http.StatusNotFound, "", "404.4",
			"Nobody in particular asks (404.4): this server cannot tell whose access token it is. Ask for /Users/{id}.")
	}
	typ, id, err := p.Me(x.r.Context())
	if err != nil {
		return answer{}, err
	}
	for endpoint, r := range x.routes {
		if r.typ != nil && r.typ.Name == typ {
			x.aim(endpoint, id)
		}
	}
	a, err := do(x)
	if err == nil {
		a.location = x.address(x.typ, x.ID)
	}
	return a, err
}

// address is a resource's permanent URI.
func (x *exchange) address(t *scim.ResourceType, id string) string {
	return x.BaseURL + t.Endpoint + "/" + id
}
