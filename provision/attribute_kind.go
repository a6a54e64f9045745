package provision

import (
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/scim"
)

// Types of attributes: those of RFC 7643 section 2.3.
const (
	TypeString    = "string"
	TypeBoolean   = "boolean"
	TypeInteger   = "integer"
	TypeDecimal   = "decimal"
	TypeDateTime  = "dateTime"
	TypeBinary    = "binary"
	TypeComplex   = "complex"
	TypeReference = "reference" // to another object of the source: manager, members
)

// Kind is what a target attribute takes.
type Kind struct {
	Type        string
	MultiValued bool
	CaseExact   bool
	Required    bool
	ReadOnly    bool
	// Known says that a schema of RFC 7643 tells; else it is the mapping's word,
	// and a list is whatever is given as one.
	Known bool
	// Element: the values are objects with a sub-attribute value, so that a bare
	// text is that value.
	Element bool
}

// KindOf is the kind of a target attribute of users or groups, by the schemas of
// RFC 7643, else as declared, which is Mapping.Type. It answers the path in the
// schema's spelling.
func KindOf(typ string, p Path, declared string) (Path, Kind) {
	a := p.attribute(typ)
	if a == nil {
		if declared == "" {
			declared = TypeString
		}
		return p, Kind{Type: declared, CaseExact: true}
	}
	p.Attribute = a.Name
	k := Kind{
		Type: a.Type, CaseExact: a.CaseExact, Required: a.Required && p.Sub == "", ReadOnly: a.Mutability == "readOnly",
		MultiValued: a.MultiValued && len(p.Filter) == 0, Known: true, Element: subOf(a, "value") != nil && p.Sub == "",
	}
	p.Filter = slices.Clone(p.Filter)
	for i, t := range p.Filter {
		sub := subOf(a, t.Sub)
		if sub == nil {
			return p, Kind{Type: TypeString}
		}
		p.Filter[i].Sub = sub.Name
	}
	refers := refersToObjects(a)
	if p.Sub != "" {
		sub := subOf(a, p.Sub)
		if sub == nil {
			return p, Kind{Type: TypeString}
		}
		p.Sub = sub.Name
		k.Type, k.CaseExact, k.ReadOnly = sub.Type, sub.CaseExact, k.ReadOnly || sub.Mutability == "readOnly"
		refers = refers && sub.Name == "value"
	}
	switch {
	case refers:
		k.Type = TypeReference
	case k.Type == TypeReference:
		k.Type = TypeString // an address of something elsewhere
	}
	return p, k
}

// attribute is the schema's attribute that the path is a part of, or nil.
func (p Path) attribute(typ string) *scim.Attribute {
	t := scim.UserType
	if typ == scim.GroupType.Name {
		t = scim.GroupType
	}
	if p.URN == "" {
		if a := find(t.Schema.Attributes, p.Attribute); a != nil {
			return a
		}
		return find(everywhere, p.Attribute)
	}
	for _, e := range t.Extensions {
		if strings.EqualFold(e.Schema.ID, p.URN) {
			return find(e.Schema.Attributes, p.Attribute)
		}
	}
	return nil
}

// everywhere are attributes that are in no schema of their own (RFC 7643 section
// 3.1), and password, which is never read back (section 4.1.1).
var everywhere = []*scim.Attribute{
	{Name: "externalId", Type: TypeString, CaseExact: true},
	{Name: "password", Type: TypeString, CaseExact: true, Returned: "never"},
	{Name: "id", Type: TypeString, CaseExact: true, Mutability: "readOnly"},
	{Name: "meta", Type: TypeComplex, Mutability: "readOnly"},
	{Name: "schemas", Type: TypeString, MultiValued: true, Mutability: "readOnly"},
}

func find(attributes []*scim.Attribute, name string) *scim.Attribute {
	for _, a := range attributes {
		if strings.EqualFold(a.Name, name) {
			return a
		}
	}
	return nil
}

func subOf(a *scim.Attribute, name string) *scim.Attribute { return find(a.SubAttributes, name) }

// refersToObjects says that the attribute's value is the id of a user or group:
// its $ref would be that one's address.
func refersToObjects(a *scim.Attribute) bool {
	ref := subOf(a, "$ref")
	return ref != nil && (slices.Contains(ref.ReferenceTypes, "User") || slices.Contains(ref.ReferenceTypes, "Group"))
}

// proper finds where an attribute stands that somebody gave the last name of
// alone: department, givenName.
func proper(typ, name string) string {
	if typ != scim.UserType.Name {
		return ""
	}
	for _, e := range scim.UserType.Extensions {
		if a := find(e.Schema.Attributes, name); a != nil && a.Mutability != "readOnly" {
			return e.Schema.ID + ":" + a.Name
		}
	}
	for _, a := range scim.UserType.Schema.Attributes {
		sub := subOf(a, name)
		switch {
		case sub == nil || a.Mutability == "readOnly":
		case a.MultiValued:
			return a.Name + `[type eq "work"].` + sub.Name
		default:
			return a.Name + "." + sub.Name
		}
	}
	return ""
}
