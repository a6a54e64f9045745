package provision

import (
	"slices"

	"github.com/rollcall-scim/rollcall/scim"
)

// MatchTerm is one attribute by which an object is looked for.
type MatchTerm struct {
	Path  Path
	Value string
}

// Key is the term as a TargetStore finds it.
func (t MatchTerm) Key() MatchKey { return MatchKey{t.Path.String(), scim.Fold(t.Value)} }

// Filter is the term as a filter that keeps to RFC 7644 section 3.4.2.2:
// emails[type eq "work" and value eq "x"].
func (t MatchTerm) Filter() string {
	p := t.Path
	if len(p.Filter) == 0 || p.Sub == "" {
		return p.String() + " eq " + quoted(t.Value)
	}
	p.Filter, p.Sub = append(p.Filter[:len(p.Filter):len(p.Filter)], Term{p.Sub, t.Value}), ""
	return p.String()
}

// Match are the ways to find an object, in the order of precedence; all terms of
// one must agree. One with an attribute that has no value is left out, so that
// an object with none at all cannot be matched.
func (r *Rules) Match(d Desired) (ways [][]MatchTerm) {
	values := make(map[string]any, len(d.Values))
	for _, v := range d.Values {
		if !v.Skip {
			values[v.Key] = v.Value
		}
	}
next:
	for _, places := range r.match {
		terms := make([]MatchTerm, 0, len(places))
		for _, i := range places {
			text := textOf(values[r.rules[i].key])
			if text == "" {
				continue next
			}
			terms = append(terms, MatchTerm{r.rules[i].path, text})
		}
		ways = append(ways, terms)
	}
	return ways
}

// MatchPaths are all attributes by which objects are matched.
func (r *Rules) MatchPaths() (paths []Path) {
	for _, places := range r.match {
		for _, i := range places {
			paths = append(paths, r.rules[i].path)
		}
	}
	return paths
}

// MatchIn is Match for a resource, such as one that was about to be created.
func (r *Rules) MatchIn(doc map[string]any) [][]MatchTerm {
	var d Desired
	for _, p := range r.MatchPaths() {
		d.Values = append(d.Values, DesiredValue{Key: p.String(), Value: p.Get(doc)})
	}
	return r.Match(d)
}

// SoftOnly are those values that say whether somebody may use the target at
// all: they read IsSoftDeleted.
func (r *Rules) SoftOnly(d Desired) (only Desired) {
	for _, v := range d.Values {
		if u := r.find(v.Key); u != nil && u.readsSoftDeleted() {
			only.Values = append(only.Values, v)
		}
	}
	return only
}

func (u *rule) readsSoftDeleted() bool {
	if u.expression == nil {
		return equalName(u.mapping.From, softDeleted)
	}
	return slices.ContainsFunc(u.expression.Attributes(), func(name string) bool { return equalName(name, softDeleted) })
}

// volatile says that the path's value is another one each time it is evaluated.
func (r *Rules) volatile(path string) bool {
	u := r.find(path)
	return u != nil && u.expression != nil && (u.expression.Volatile() || u.expression.Unique())
}

func (r *Rules) find(key string) *rule {
	i := slices.IndexFunc(r.rules, func(u rule) bool { return u.key == key })
	if i < 0 {
		return nil
	}
	return &r.rules[i]
}
