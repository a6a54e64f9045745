package scimhttp

import "github.com/rollcall-scim/rollcall/scim"

// discoverySchemas describe the discovery documents (RFC 7643 sections 5 to 7
// and 8.7.2). Schema's own is the one place where a sub-attribute is complex
// (section 2.3.8).
var discoverySchemas = []*scim.Schema{
	{
		ID: scim.ServiceProviderConfigURN, Name: "ServiceProviderConfig", Description: "What this service provider can do",
		Attributes: []*scim.Attribute{
			fixed("documentationUri", "reference", false, "Where the operator's help is"),
			complexAttribute("patch", "Whether PATCH is offered", supported),
			complexAttribute("bulk", "Whether bulk operations are offered", supported,
				fixed("maxOperations", "integer", true, "How many operations one request may hold"),
				fixed("maxPayloadSize", "integer", true, "How many bytes one request may have")),
			complexAttribute("filter", "Whether filters are offered", supported,
				fixed("maxResults", "integer", true, "How many resources one answer holds at most")),
			complexAttribute("changePassword", "Whether passwords can be changed", supported),
			complexAttribute("sort", "Whether sorting is offered", supported),
			complexAttribute("etag", "Whether versions are offered", supported),
			complexAttribute("pagination", "How lists are paged (RFC 9865)",
				fixed("cursor", "boolean", true, "Whether by cursor"),
				fixed("index", "boolean", true, "Whether by index"),
				withValues(fixed("defaultPaginationMethod", "string", false, "Which it is when a request names neither"), "cursor", "index"),
				fixed("defaultPageSize", "integer", false, "How many resources a page holds when a request does not say"),
				fixed("maxPageSize", "integer", false, "How many resources a page holds at most"),
				fixed("cursorTimeout", "integer", false, "How many seconds a cursor is good for")),
			multiValued(complexAttribute("authenticationSchemes", "How a client shows who it is",
				withValues(fixed("type", "string", true, "The scheme"), "oauth", "oauth2", "oauthbearertoken", "httpbasic", "httpdigest"),
				fixed("name", "string", true, "Its name for people"),
				fixed("description", "string", true, "How it is used"),
				fixed("specUri", "reference", false, "Where it is specified"),
				fixed("documentationUri", "reference", false, "Where its help is"),
				fixed("primary", "boolean", false, "Whether it is the preferred one"))),
		},
	},
	{
		ID: scim.ResourceTypeURN, Name: "ResourceType", Description: "A kind of resource and its schemas",
		Attributes: []*scim.Attribute{
			fixed("id", "string", false, "The type's id, the same as its name"),
			unique(fixed("name", "string", true, "The type's name")),
			fixed("description", "string", false, "What it is for"),
			unique(fixed("endpoint", "reference", true, "Its endpoint, relative to the base URL")),
			fixed("schema", "reference", true, "The URN of its schema"),
			multiValued(optional(complexAttribute("schemaExtensions", "The extensions that it may carry",
				fixed("schema", "reference", true, "The URN of the extension"),
				fixed("required", "boolean", true, "Whether every resource has to carry it")))),
		},
	},
	{
		ID: scim.SchemaURN, Name: "Schema", Description: "The attributes under one URN",
		Attributes: []*scim.Attribute{
			fixed("id", "string", true, "The schema's URN"),
			fixed("name", "string", false, "Its name for people"),
			fixed("description", "string", false, "What it describes"),
			multiValued(complexAttribute("attributes", "Its attributes", append(characteristics(),
				multiValued(optional(complexAttribute("subAttributes", "The attributes of a complex one", characteristics()...))))...)),
		},
	},
}

var supported = fixed("supported", "boolean", true, "Whether it is offered")

// characteristics are what RFC 7643 section 7 says of every attribute.
func characteristics() []*scim.Attribute {
	return []*scim.Attribute{
		exact(fixed("name", "string", true, "The attribute's name")),
		withValues(fixed("type", "string", true, "The type of its values"),
			"string", "boolean", "decimal", "integer", "dateTime", "binary", "reference", "complex"),
		fixed("multiValued", "boolean", true, "Whether it may have several values"),
		fixed("description", "string", false, "What it means"),
		fixed("required", "boolean", true, "Whether it must have a value"),
		multiValued(exact(fixed("canonicalValues", "string", false, "Values that are suggested"))),
		fixed("caseExact", "boolean", false, "Whether case counts when values are compared"),
		withValues(fixed("mutability", "string", true, "When a value may change"),
			"readOnly", "readWrite", "immutable", "writeOnly"),
		withValues(fixed("returned", "string", true, "When it is part of an answer"),
			"always", "never", "default", "request"),
		withValues(fixed("uniqueness", "string", false, "How far a value is unique"),
			"none", "server", "global"),
		multiValued(exact(fixed("referenceTypes", "string", false, "What a reference may lead to"))),
	}
}

func fixed(name, typ string, required bool, description string) *scim.Attribute {
	a := &scim.Attribute{
		Name: name, Type: typ, Required: required, Description: description,
		Mutability: "readOnly", Returned: "default", Uniqueness: "none",
	}
	if typ == "reference" {
		a.CaseExact, a.ReferenceTypes = true, []string{"external"}
		if name == "schema" || name == "endpoint" {
			a.ReferenceTypes = []string{"uri"}
		}
	}
	return a
}

// complexAttribute has no uniqueness (RFC 7643, erratum 6004).
func complexAttribute(name, description string, sub ...*scim.Attribute) *scim.Attribute {
	a := fixed(name, "complex", true, description)
	a.Uniqueness, a.SubAttributes = "", sub
	return a
}

func optional(a *scim.Attribute) *scim.Attribute    { a.Required = false; return a }
func multiValued(a *scim.Attribute) *scim.Attribute { a.MultiValued = true; return a }
func exact(a *scim.Attribute) *scim.Attribute       { a.CaseExact = true; return a }

// unique is of a type's name and endpoint (RFC 7643, erratum 8475).
func unique(a *scim.Attribute) *scim.Attribute { a.Uniqueness = "server"; return a }

func withValues(a *scim.Attribute, values ...string) *scim.Attribute {
	a.CanonicalValues = values
	return a
}
