// Package scim is the SCIM 2.0 data model and its languages (RFC 7643, RFC
// 7644): schemas, resources, filters, paths, PATCH and projection. It is pure:
// it opens no file, no socket and no database, and knows no rule of ours but
// tolerance towards what real clients send, each leniency one named branch
// that carries the ids of its wire cases.
//
// ServiceProvider is the narrow waist of the whole product: the directory's
// tenant is one, the HTTP client is one, the HTTP handler serves one.
package scim

import (
	"context"
	"strings"
)

// Object is a JSON object after parsing: string, bool, Number, Object, []any.
// After ResourceType.Parse its names have the schema's spelling and its values
// the schema's types; absent, null and empty are the same, and absent (RFC 7643
// section 2.5).
type Object = map[string]any

// Number is a JSON number in the text it came in.
type Number string

// MarshalJSON keeps a Number a number for whoever encodes an Object himself.
func (n Number) MarshalJSON() ([]byte, error) { return []byte(n), nil }

// Resource is one SCIM resource: canonical JSON, parsed on first use. It is not
// safe for concurrent use.
type Resource struct {
	typ     *ResourceType // nil for a resource that came as JSON
	json    []byte
	object  Object
	cleared []string // attributes that the body set to null, [] or {}

	id      string  // if whoever made it said so
	version Version // likewise

	// Notes says what parsing skipped, in words for the activity log: unknown
	// attributes, read-only ones. It names attributes, never values. Never an
	// error.
	Notes []string
	// Faults are the attributes whose values broke the schema and were left
	// out. Whoever applies the resource decides: normally the first one is the
	// answer; a request that takes access away goes on without them.
	Faults []Fault
}

// Fault is one part of a request that could not be applied.
type Fault struct {
	Path string // the attribute, or the PATCH operation's path
	Err  *Error
}

// Version is an entity tag, such as W/"42". As a condition it may also be a list
// of them, "*" for any version, or empty for no check (RFC 7644 section 3.14).
type Version string

// Holds reports whether the condition v is met by a resource of version now.
// Tags compare the weak way: ours are weak, and by HTTP's strong comparison
// (RFC 9110 section 13.1.1) none would ever match.
func (v Version) Holds(now Version) bool {
	if strings.TrimSpace(string(v)) == "" {
		return true
	}
	for tag := range strings.SplitSeq(string(v), ",") {
		tag = strings.TrimSpace(tag)
		if tag == "*" || strings.TrimPrefix(tag, "W/") == strings.TrimPrefix(string(now), "W/") {
			return true
		}
	}
	return false
}

// Query asks for a list of resources (RFC 7644 section 3.4.2).
type Query struct {
	Filter     *Filter // nil: every resource
	StartIndex int     // from 1
	Count      int     // at most so many; 0 asks for the total alone
	SortBy     string  // canonical, such as userName or name.familyName; see SortKey
	Descending bool
	Projection Projection
	// Cursor asks for pages by cursor (RFC 9865): empty for the first, else the
	// NextCursor of the page before, with everything else as it was then. Nil
	// asks for pages by index.
	Cursor *string
}

// Page is one page of a list.
type Page struct {
	Total      int // of all pages, true
	StartIndex int
	Resources  []*Resource
	NextCursor string // of the next page by cursor; empty on the last
}

// ServiceProvider keeps resources. Every method's error is an *Error when the
// caller is to blame or can do something about it; any other error is the
// provider's own and must not be shown to clients.
//
// A write is atomic: it is done whole or not at all, and when it returns
// without error it survives a crash. typ is a ResourceType's Name. A resource
// that is not there is an Error of status 404.
type ServiceProvider interface {
	Create(ctx context.Context, typ string, r *Resource) (*Resource, error)
	Get(ctx context.Context, typ, id string) (*Resource, error)
	Query(ctx context.Context, typ string, q Query) (*Page, error)
	Replace(ctx context.Context, typ, id string, r *Resource, v Version) (*Resource, error)
	Patch(ctx context.Context, typ, id string, p *Patch, v Version) (*Resource, error)
	Delete(ctx context.Context, typ, id string, v Version) error
}

// Projecting is a provider that spares itself what nobody will see: the members
// of a large IdP group.
type Projecting interface {
	// Projected is the same provider. Of the resources that its methods return
	// it may leave out what p does not want, but never meta.
	Projected(p Projection) ServiceProvider
}
