package scimhttp

import (
	"net/http"
	"strings"

	"github.com/rollcall-scim/rollcall/scim"
)

// expected is the version that a write expects, and the provider compares (RFC
// 7644 section 3.14). If-None-Match on a write is a condition, too (RFC 9110
// section 13.1.2).
func (x *exchange) expected() (scim.Version, error) {
	if none := x.header("If-None-Match"); none != "" {
		r, err := x.sp.Get(x.r.Context(), x.typ.Name, x.ID)
		if err != nil {
			return "", err
		}
		if scim.Version(none).Holds(r.Version()) {
			return "", mismatch(r.Version())
		}
	}
	if x.part != nil {
		return scim.Version(strings.TrimSpace(x.part.version)), nil
	}
	return scim.Version(x.header("If-Match")), nil
}

// header is a condition of this request; those of a bulk request are none of
// its operations'.
func (x *exchange) header(name string) string {
	if x.part != nil {
		return ""
	}
	return strings.TrimSpace(strings.Join(x.r.Header.Values(name), ","))
}

func mismatch(now scim.Version) error {
	return scim.Errorf(http.StatusPreconditionFailed, "", "412.1",
		"The version does not match (412.1): the resource's version is %s, and the request forbids to act on that. Read it again and repeat your change on what you find.", now)
}
