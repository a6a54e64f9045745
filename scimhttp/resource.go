package scimhttp

import (
	"net/http"
	"strings"

	"github.com/rollcall-scim/rollcall/scim"
)

// create is RFC 7644 section 3.3.
func (x *exchange) create() (answer, error) {
	r, err := x.parse()
	if err != nil {
		return answer{}, err
	}
	created, err := x.sp.Create(x.r.Context(), x.typ.Name, r)
	if err != nil {
		return answer{}, err
	}
	x.ID = created.ID()
	a := x.show(http.StatusCreated, created)
	if a.location = created.String("meta.location"); a.location == "" {
		a.location = x.BaseURL + x.typ.Endpoint + "/" + x.ID
	}
	return a, nil
}

// get is RFC 7644 section 3.4.1.
func (x *exchange) get() (answer, error) {
	r, err := x.sp.Get(x.r.Context(), x.typ.Name, x.ID)
	if err != nil {
		return answer{}, err
	}
	if etag := string(r.Version()); etag != "" && matches(x.r.Header.Get("If-None-Match"), etag) {
		return answer{status: http.StatusNotModified, etag: etag}, nil
	}
	return x.show(http.StatusOK, r), nil
}

// replace is RFC 7644 section 3.5.1.
func (x *exchange) replace() (answer, error) {
	r, err := x.parse()
	if err != nil {
		return answer{}, err
	}
	replaced, err := x.sp.Replace(x.r.Context(), x.typ.Name, x.ID, r, x.ifMatch())
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
	r, err := x.sp.Patch(x.r.Context(), x.typ.Name, x.ID, p, x.ifMatch())
	if err != nil {
		return answer{}, err
	}
	if x.typ == scim.GroupType && x.params.projection.Empty() {
		return answer{status: http.StatusNoContent, etag: string(r.Version())}, nil
	}
	return x.show(http.StatusOK, r), nil
}

// delete is RFC 7644 section 3.6.
func (x *exchange) delete() (answer, error) {
	if err := x.sp.Delete(x.r.Context(), x.typ.Name, x.ID, x.ifMatch()); err != nil {
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

// ifMatch is the version that a write expects; the provider compares (RFC 7644
// section 3.14).
func (x *exchange) ifMatch() scim.Version {
	return scim.Version(strings.TrimSpace(x.r.Header.Get("If-Match")))
}

// show answers with a resource. What is stored is what is answered: without a
// projection its bytes go out as they are.
func (x *exchange) show(status int, r *scim.Resource) answer {
	return answer{status: status, body: x.append(nil, r), etag: string(r.Version())}
}

func (x *exchange) append(dst []byte, r *scim.Resource) []byte {
	if !x.params.projection.Empty() {
		return x.typ.Append(dst, x.typ.Project(r.Object(), x.params.projection))
	}
	if dst == nil {
		return r.JSON()
	}
	return append(dst, r.JSON()...)
}

// matches compares entity tags the weak way, as If-None-Match does (RFC 9110
// section 13.1.2).
func matches(header, etag string) bool {
	if header == "" {
		return false
	}
	for tag := range strings.SplitSeq(header, ",") {
		tag = strings.TrimSpace(tag)
		if tag == "*" || strings.TrimPrefix(tag, "W/") == strings.TrimPrefix(etag, "W/") {
			return true
		}
	}
	return false
}

// nameOf is the attribute by which people know a resource of the type.
func nameOf(t *scim.ResourceType) string {
	if t == scim.UserType {
		return "userName"
	}
	return "displayName"
}
