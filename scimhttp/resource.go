package scimhttp

import (
	"net/http"

	"github.com/rollcall-scim/rollcall/scim"
)

// create is RFC 7644 section 3.3.
func (x *exchange) create() (answer, error) {
	r, err := x.parse()
	if err != nil {
		return answer{}, err
	}
	created, err := x.provider().Create(x.r.Context(), x.typ.Name, r)
	if err != nil {
		return answer{}, err
	}
	x.ID = created.ID()
	a := x.show(http.StatusCreated, created)
	if a.location = created.String("meta.location"); a.location == "" {
		a.location = x.address(x.typ, x.ID)
	}
	return a, nil
}

// get is RFC 7644 section 3.4.1.
func (x *exchange) get() (answer, error) {
	r, err := x.provider().Get(x.r.Context(), x.typ.Name, x.ID)
	if err != nil {
		return answer{}, err
	}
	etag := r.Version()
	if !scim.Version(x.header("If-Match")).Holds(etag) {
		return answer{}, mismatch(etag)
	}
	if none := x.header("If-None-Match"); none != "" && etag != "" && scim.Version(none).Holds(etag) {
		return answer{status: http.StatusNotModified, etag: string(etag)}, nil
	}
	return x.show(http.StatusOK, r), nil
}

// replace is RFC 7644 section 3.5.1.
func (x *exchange) replace() (answer, error) {
	r, err := x.parse()
	if err != nil {
		return answer{}, err
	}
	expected, err := x.expected()
	if err != nil {
		return answer{}, err
	}
	replaced, err := x.provider().Replace(x.r.Context(), x.typ.Name, x.ID, r, expected)
	if err != nil {
		return answer{}, err
	}
	return x.show(http.StatusOK, replaced), nil
}

// patch is RFC 7644 section 3.5.2. A Group is answered without a body unless
// attributes of it are asked for: it may have 100,000 members.
func (x *exchange) patch() (answer, error) {
	data, err := x.body()
	if err != nil {
		return answer{}, err
	}
	p, err := scim.ParsePatch(data)
	if err != nil {
		return answer{}, err
	}
	expected, err := x.expected()
	if err != nil {
		return answer{}, err
	}
	r, err := x.provider().Patch(x.r.Context(), x.typ.Name, x.ID, p, expected)
	if err != nil {
		return answer{}, err
	}
	if x.unseen() {
		return answer{status: http.StatusNoContent, etag: string(r.Version())}, nil
	}
	return x.show(http.StatusOK, r), nil
}

// delete is RFC 7644 section 3.6.
func (x *exchange) delete() (answer, error) {
	expected, err := x.expected()
	if err != nil {
		return answer{}, err
	}
	x.record(nil)
	if err := x.sp.Delete(x.r.Context(), x.typ.Name, x.ID, expected); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, nil
}

func (x *exchange) parse() (*scim.Resource, error) {
	data, err := x.body()
	if err != nil {
		return nil, err
	}
	r, err := x.typ.Parse(data)
	if err == nil {
		x.Name, _ = r.Object()[nameOf(x.typ)].(string)
	}
	return r, err
}

// provider spares itself what this answer does not hold.
func (x *exchange) provider() scim.ServiceProvider {
	p, ok := x.sp.(scim.Projecting)
	switch {
	case !ok:
		return x.sp
	case x.unseen():
		return p.Projected(scim.Projection{Attributes: []string{"meta"}})
	case x.params.projection.Empty():
		return x.sp
	}
	return p.Projected(x.params.projection)
}

// unseen reports that the answer has no body.
func (x *exchange) unseen() bool {
	return x.Method == http.MethodPatch && x.typ == scim.GroupType && x.params.projection.Empty()
}

// show answers with a resource. What is stored is what is answered: without a
// projection its bytes go out as they are.
func (x *exchange) show(status int, r *scim.Resource) answer {
	return answer{status: status, body: x.append(nil, r), etag: string(r.Version())}
}

func (x *exchange) append(dst []byte, r *scim.Resource) []byte { return x.appendAs(x.typ, dst, r) }

func (x *exchange) appendAs(t *scim.ResourceType, dst []byte, r *scim.Resource) []byte {
	if !x.params.projection.Empty() {
		return t.Append(dst, t.Project(r.Object(), x.params.projection))
	}
	if dst == nil {
		return r.JSON()
	}
	return append(dst, r.JSON()...)
}

// nameOf is the attribute by which people know a resource of the type.
func nameOf(t *scim.ResourceType) string {
	if t == scim.UserType {
		return "userName"
	}
	return "displayName"
}
