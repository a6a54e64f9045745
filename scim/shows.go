package scim

import "strings"

// Shows reports whether an answer under the projection holds anything of the
// attribute, or of the sub-attribute that a path such as "members.display"
// names: what costs much to fetch is left unfetched when nobody will see it.
func (t *ResourceType) Shows(p Projection, path string) bool {
	name, sub, _ := strings.Cut(path, ".")
	about := func(r ref) bool { return r.ext == "" && r.attr != nil && r.attr.Name == name }
	asked := len(p.Attributes) == 0
	for _, r := range t.named(p.Attributes) {
		whole := r.ext == "" && r.attr == nil // the core schema's URN
		asked = asked || whole || about(r) && (sub == "" || r.sub == nil || r.sub.Name == sub)
	}
	for _, r := range t.named(p.Excluded) {
		whole := r.ext == "" && r.attr == nil
		if whole || about(r) && (r.sub == nil || r.sub.Name == sub) {
			return false
		}
	}
	return asked
}
