package scim

import (
	"errors"
	"strings"
)

// errUnknown is a name that no schema of the resource type knows. It is no
// error of the client: he may carry attributes of other products (rule 22).
var errUnknown = errors.New("unknown attribute")

// ref is what an attribute name resolves to.
type ref struct {
	ext  string     // URN of the extension it is in, "" for the core schema
	attr *Attribute // nil for the extension, or the core schema, as a whole
	sub  *Attribute
	// standIn marks a name that stands where it does not belong: a bare
	// "department", a bare "country". It gives way to the proper place.
	standIn bool
	// work marks a stand-in for the work address.
	work bool
	// foreign marks an attribute of another type, which has no value here.
	foreign bool
}

// path is the target of a PATCH operation (RFC 7644 figure 7).
type path struct {
	ref
	filter *node // the value filter in brackets, or nil
}

// lookup resolves a name in any notation of RFC 7644 section 3.10, in any case:
// bare, dotted, or behind a URN with a colon, or a dot as older Entra jobs send
// it (entra-patch-attr-020).
func (t *ResourceType) lookup(name string) (ref, bool) {
	if r, ok := t.bare(name); ok {
		return r, true
	}
	urn, rest := t.splitURN(name)
	switch {
	case urn == "":
		return ref{}, false
	case urn == t.Schema.ID:
		if rest == "" {
			return ref{}, true
		}
		r, ok := t.bare(rest)
		return r, ok && !r.standIn
	case rest == "":
		return ref{ext: urn}, true
	}
	return within(urn, t.extension(urn).Attributes, rest)
}

// bare resolves a name without URN: of the core schema first, then of an
// extension (entra-patch-mgr-002), then of the work address.
func (t *ResourceType) bare(name string) (ref, bool) {
	for _, attributes := range [][]*Attribute{t.Schema.Attributes, common, t.discarded} {
		if r, ok := within("", attributes, name); ok {
			return r, true
		}
	}
	for _, e := range t.Extensions {
		if r, ok := within(e.Schema.ID, e.Schema.Attributes, name); ok {
			r.standIn = true
			return r, true
		}
	}
	for _, w := range t.workAddress {
		if strings.EqualFold(w, name) {
			a := find(t.Schema.Attributes, "addresses")
			return ref{attr: a, sub: a.sub(w), standIn: true, work: true}, true
		}
	}
	return ref{}, false
}

// within resolves "attribute" or "attribute.subAttribute".
func within(ext string, attributes []*Attribute, name string) (ref, bool) {
	name, sub, dotted := strings.Cut(name, ".")
	a := find(attributes, name)
	if a == nil {
		return ref{}, false
	}
	r := ref{ext: ext, attr: a}
	if dotted {
		r.sub = a.sub(sub)
		return r, r.sub != nil
	}
	return r, true
}

// splitURN finds the longest schema URN that name begins with. URNs hold dots
// and colons themselves, so splitting at the first or the last would not do
// (rule 17).
func (t *ResourceType) splitURN(name string) (urn, rest string) {
	longest := 0
	try := func(prefix, id string) {
		if n := len(prefix); n > longest && len(name) >= n && strings.EqualFold(name[:n], prefix) &&
			(len(name) == n || name[n] == ':' || name[n] == '.') {
			longest, urn, rest = n, id, strings.TrimLeft(name[n:], ":.")
		}
	}
	try(t.Schema.ID, t.Schema.ID)
	for _, e := range t.Extensions {
		try(e.Schema.ID, e.Schema.ID)
	}
	for alias, id := range t.aliases {
		try(alias, id)
	}
	return urn, rest
}

// parsePath reads a PATCH path. It answers errUnknown for a well-formed path to
// an attribute that nobody here knows, and an *Error for anything else.
func (t *ResourceType) parsePath(s string) (path, error) {
	s = strings.TrimSpace(s)
	name, rest, filtered := strings.Cut(s, "[")
	name = strings.TrimSpace(name)
	r, ok := t.lookup(name)
	switch {
	case !ok && !nameLike(name):
		return path{}, badPath(s, "there is no attribute name")
	case !ok:
		return path{}, errUnknown
	}
	p := path{ref: r}
	if !filtered {
		return p, nil
	}
	if r.attr == nil || r.sub != nil || r.attr.Type != typeComplex {
		return path{}, badPath(s, "a filter in brackets belongs behind an attribute that has sub-attributes")
	}
	fp := filterParser{t: t, s: rest, in: r.attr}
	var err error
	if p.filter, err = fp.bracket(); fp.unknown {
		return path{}, errUnknown
	} else if err != nil {
		return path{}, err
	}
	rest = strings.TrimSpace(fp.s[fp.pos:])
	if rest == "" {
		return p, nil
	}
	sub, dotted := strings.CutPrefix(rest, ".")
	if sub = strings.TrimSpace(sub); !dotted || !nameLike(sub) {
		return path{}, badPath(s, "something else than a dot and a sub-attribute follows the bracket")
	}
	if p.sub = r.attr.sub(sub); p.sub == nil {
		return path{}, errUnknown
	}
	return p, nil
}

// nameLike reports whether s could name an attribute. A JSON Pointer could not:
// skipping "/active" as unknown would leave access in place.
func nameLike(s string) bool {
	return s != "" && s[0] != '/' && s[0] != '.' && !strings.HasSuffix(s, ".") &&
		!strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || strings.ContainsRune("\"'()[]{},", r) })
}

func badPath(s, why string) *Error {
	return BadRequest(InvalidPath, "400.30",
		"Path does not parse (400.30): %s in %s. Write it like name.familyName, emails[type eq \"work\"].value or <schema URN>:department.", why, quote(s))
}

// readOnly reports whether clients may not write there (RFC 7643 section 7).
func (t *ResourceType) readOnly(r ref) bool {
	if r.attr == nil {
		return r.ext != "" && t.extension(r.ext).readOnly()
	}
	return r.attr.Mutability == readOnly || r.sub != nil && r.sub.Mutability == readOnly
}

// discards reports whether values of a are thrown away.
func (t *ResourceType) discards(a *Attribute) bool {
	for _, d := range t.discarded {
		if a == d {
			return true
		}
	}
	return false
}

// String is the name in canonical notation.
func (r ref) String() string {
	var s string
	if r.attr != nil {
		s = r.attr.Name
	}
	if r.sub != nil {
		s += "." + r.sub.Name
	}
	if r.ext == "" || s == "" {
		return r.ext + s
	}
	return r.ext + ":" + s
}

// quote puts a client's own text into an answer, cut to a bearable length.
func quote(s string) string {
	const most = 80
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "..."
	}
	return `"` + strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, s) + `"`
}
