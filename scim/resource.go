package scim

import (
	"strings"
)

// ResourceFromJSON is a resource whose JSON we or a peer made. It is parsed when
// somebody first looks inside, and answered as it is.
func ResourceFromJSON(data []byte) *Resource { return &Resource{json: data} }

// Answered is ResourceFromJSON for a provider that has the id and the version at
// hand: every answer needs them, and reading them out of the JSON costs.
func Answered(data []byte, id string, v Version) *Resource {
	return &Resource{json: data, id: id, version: v}
}

// NewResource is a resource of an object whose names and values are already
// those of the schema. The object is the resource's from now on.
func (t *ResourceType) NewResource(o Object) *Resource { return &Resource{typ: t, object: o} }

// JSON is the resource in canonical form. It must not be changed.
func (r *Resource) JSON() []byte {
	if r.json == nil {
		r.json = r.typ.Append(make([]byte, 0, 1024), r.object)
	}
	return r.json
}

// Object is the resource as an object; empty if a peer's JSON is no object. It
// must not be changed.
func (r *Resource) Object() Object {
	if r.object == nil {
		v, _ := Decode(r.json)
		r.object, _ = v.(Object)
		if r.object == nil {
			r.object = Object{}
		}
	}
	return r.object
}

// ID is the resource's id, "" if it has none yet.
func (r *Resource) ID() string {
	if r.id != "" {
		return r.id
	}
	return r.String("id")
}

// Version is meta.version (RFC 7644 section 3.14).
func (r *Resource) Version() Version {
	if r.version != "" {
		return r.version
	}
	return Version(r.String("meta.version"))
}

// String is the text at a path such as "userName", "name.givenName" or
// "<URN>:department", in the schema's spelling; "" if there is none or it is no
// text. Of a multi-valued attribute it is that of the primary element, else of
// the first. JSON that nobody has looked into yet is read only as far as needed.
func (r *Resource) String(path string) string {
	if r.object == nil && strings.IndexByte(path, ':') < 0 {
		if s, ok := peek(r.json, path); ok {
			return s
		}
	}
	o := r.Object()
	if i := strings.LastIndexByte(path, ':'); i >= 0 {
		o, _ = o[path[:i]].(Object)
		path = path[i+1:]
	}
	return textAt(o, path)
}

func textAt(o Object, path string) string {
	name, sub, dotted := strings.Cut(path, ".")
	v := o[name]
	if dotted {
		if list, ok := v.([]any); ok {
			if v = nil; len(list) > 0 {
				v = list[preferred(list)]
			}
		}
		e, _ := v.(Object)
		v = e[sub]
	}
	s, _ := v.(string)
	return s
}

// preferred is the place of the primary element, else of the first, else -1.
func preferred(list []any) int {
	if len(list) == 0 {
		return -1
	}
	for i, e := range list {
		if isPrimary(e) {
			return i
		}
	}
	return 0
}
