package scim

import (
	"encoding/json/v2"
	"strings"
)

// Attribute is one attribute of a schema with its characteristics (RFC 7643
// section 7). What a literal leaves empty has the default of section 2.2.
type Attribute struct {
	Name            string       `json:"name"`
	Type            string       `json:"type"`
	MultiValued     bool         `json:"multiValued"`
	Description     string       `json:"description"`
	Required        bool         `json:"required"`
	CanonicalValues []string     `json:"canonicalValues,omitempty"`
	CaseExact       bool         `json:"caseExact"`
	Mutability      string       `json:"mutability"`
	Returned        string       `json:"returned"`
	Uniqueness      string       `json:"uniqueness,omitempty"`
	ReferenceTypes  []string     `json:"referenceTypes,omitempty"`
	SubAttributes   []*Attribute `json:"subAttributes,omitempty"`
}

// Schema is a set of attributes under one URN (RFC 7643 section 7).
type Schema struct {
	ID, Name, Description string
	Attributes            []*Attribute
}

// Extension is a schema that a resource type carries beside its own (RFC 7643
// section 3.3). Its attributes live in an object under the schema's URN.
type Extension struct {
	Schema   *Schema
	Required bool
}

// ResourceType is a kind of resource, its endpoint and its schemas (RFC 7643
// section 6).
type ResourceType struct {
	Name, Endpoint, Description string
	Schema                      *Schema
	Extensions                  []Extension

	// discarded are accepted and thrown away, and never advertised.
	discarded []*Attribute
	// aliases are other names that clients use for an extension, in lower case.
	aliases map[string]string
	// workAddress are sub-attributes of addresses that clients send bare.
	workAddress []string
}

// The types of attributes (RFC 7643 section 2.3).
const (
	typeString    = "string"
	typeBoolean   = "boolean"
	typeDecimal   = "decimal"
	typeInteger   = "integer"
	typeDateTime  = "dateTime"
	typeBinary    = "binary"
	typeReference = "reference"
	typeComplex   = "complex"
)

const (
	readOnly  = "readOnly"
	immutable = "immutable"
)

// MarshalJSON writes the form of RFC 7643 section 7, without meta, which only
// whoever answers knows.
func (s *Schema) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Schemas     []string     `json:"schemas"`
		ID          string       `json:"id"`
		Name        string       `json:"name"`
		Description string       `json:"description"`
		Attributes  []*Attribute `json:"attributes"`
	}{[]string{SchemaURN}, s.ID, s.Name, s.Description, s.Attributes})
}

// MarshalJSON writes the form of RFC 7643 section 6, without meta.
func (t *ResourceType) MarshalJSON() ([]byte, error) {
	type extension struct {
		Schema   string `json:"schema"`
		Required bool   `json:"required"`
	}
	extensions := make([]extension, len(t.Extensions))
	for i, e := range t.Extensions {
		extensions[i] = extension{e.Schema.ID, e.Required}
	}
	return json.Marshal(struct {
		Schemas     []string    `json:"schemas"`
		ID          string      `json:"id"`
		Name        string      `json:"name"`
		Endpoint    string      `json:"endpoint"`
		Description string      `json:"description"`
		Schema      string      `json:"schema"`
		Extensions  []extension `json:"schemaExtensions,omitempty"`
	}{[]string{ResourceTypeURN}, t.Name, t.Name, t.Endpoint, t.Description, t.Schema.ID, extensions})
}

// find looks a name up without regard to case (RFC 7643 section 2.1). Equal
// length rules out the few letters outside ASCII that fold into it.
func find(attributes []*Attribute, name string) *Attribute {
	for _, a := range attributes {
		if len(a.Name) == len(name) && (a.Name == name || strings.EqualFold(a.Name, name)) {
			return a
		}
	}
	return nil
}

// sub is the sub-attribute of that name, or nil.
func (a *Attribute) sub(name string) *Attribute { return find(a.SubAttributes, name) }

// isText reports whether values compare as text.
func (a *Attribute) isText() bool {
	return a.Type == typeString || a.Type == typeReference || a.Type == typeBinary
}

// mustStay reports whether being without a value is an error: active says who
// may sign in, so null is read neither as true nor as false.
func (a *Attribute) mustStay() bool { return a.Required || a == active }

// extension is the extension's schema, or nil.
func (t *ResourceType) extension(urn string) *Schema {
	for _, e := range t.Extensions {
		if e.Schema.ID == urn {
			return e.Schema
		}
	}
	return nil
}

// readOnly reports whether clients may write none of the schema's attributes.
func (s *Schema) readOnly() bool {
	for _, a := range s.Attributes {
		if a.Mutability != readOnly {
			return false
		}
	}
	return true
}

// asAttribute is an extension's schema as if it were one complex attribute,
// which is how it stands in a resource.
func (s *Schema) asAttribute() *Attribute {
	a := &Attribute{Name: s.ID, Type: typeComplex, Mutability: "readWrite", SubAttributes: s.Attributes}
	if s.readOnly() {
		a.Mutability = readOnly
	}
	return a
}
