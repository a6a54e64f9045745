package scim

// The URNs of RFC 7643 section 10.3 and RFC 7644 section 8.2, and our own.
const (
	UserSchema       = "urn:ietf:params:scim:schemas:core:2.0:User"
	GroupSchema      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	EnterpriseSchema = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	RollcallSchema   = "urn:ietf:params:scim:schemas:extension:rollcall:2.0:User"

	SchemaURN                = "urn:ietf:params:scim:schemas:core:2.0:Schema"
	ResourceTypeURN          = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
	ServiceProviderConfigURN = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"

	ListResponseURN  = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	ErrorURN         = "urn:ietf:params:scim:api:messages:2.0:Error"
	PatchOpURN       = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	SearchRequestURN = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
	BulkRequestURN   = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
	BulkResponseURN  = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
)

// UserType is RFC 7643's User with the enterprise extension and our own.
var UserType = &ResourceType{
	Name: "User", Endpoint: "/Users", Description: "User account",
	Schema: &Schema{UserSchema, "User", "User account", complete(userAttributes)},
	Extensions: []Extension{
		{Schema: &Schema{EnterpriseSchema, "EnterpriseUser", "Enterprise user", complete(enterpriseAttributes)}},
		{Schema: &Schema{RollcallSchema, "RollcallUser", "The user's place in the tenant, decided by profiling", complete(rollcallAttributes)}},
	},
	discarded: complete([]*Attribute{{
		Name: "password", Mutability: "writeOnly", Returned: "never",
		Description: "Accepted and thrown away: provisioning never makes a local login.",
	}}),
	// entra-create-022, entra-patch-attr-026, wso2-patch-001.
	aliases: map[string]string{
		"urn:scim:schemas:core:1.0":                 UserSchema,
		"urn:scim:schemas:core:2.0":                 UserSchema,
		"urn:scim:schemas:core:2.0:user":            UserSchema,
		"urn:scim:schemas:extension:enterprise:1.0": EnterpriseSchema,
		"urn:scim:schemas:extension:enterprise:2.0": EnterpriseSchema,
		"enterprise":     EnterpriseSchema,
		"enterpriseuser": EnterpriseSchema,
	},
	workAddress: []string{"country", "locality", "region"},
}

// GroupType is RFC 7643's Group, which we call an IdP group.
var GroupType = &ResourceType{
	Name: "Group", Endpoint: "/Groups", Description: "Group of an identity provider",
	Schema: &Schema{GroupSchema, "Group", "Group of an identity provider", complete(groupAttributes)},
}

// common are the attributes of every resource; they belong to no schema (RFC
// 7643 section 3.1).
var common = complete([]*Attribute{
	{Name: "schemas", Type: typeReference, MultiValued: true, Mutability: readOnly, Returned: "always", ReferenceTypes: []string{"uri"},
		Description: "The schemas whose attributes the resource carries."},
	{Name: "id", CaseExact: true, Mutability: readOnly, Returned: "always", Uniqueness: "server",
		Description: "Issued by the service provider, never reused."},
	{Name: "externalId", CaseExact: true,
		Description: "The identity provider's own identifier."},
	{Name: "meta", Type: typeComplex, Mutability: readOnly, SubAttributes: []*Attribute{
		{Name: "resourceType", CaseExact: true, Description: "Name of the resource type."},
		{Name: "created", Type: typeDateTime, Description: "When the resource was created."},
		{Name: "lastModified", Type: typeDateTime, Description: "When the resource was last changed."},
		{Name: "location", Type: typeReference, CaseExact: true, ReferenceTypes: []string{"uri"}, Description: "Where the resource is."},
		{Name: "version", CaseExact: true, Description: "Entity tag of the resource."},
	}, Description: "Kept by the service provider."},
})

var active = &Attribute{Name: "active", Type: typeBoolean,
	Description: "Whether the user may use the product."}

var userAttributes = []*Attribute{
	{Name: "userName", Required: true, Uniqueness: "server",
		Description: "The name the user signs in with, best in the form of an e-mail address. Unique in the tenant."},
	{Name: "name", Type: typeComplex, Description: "The parts of the user's name.", SubAttributes: []*Attribute{
		{Name: "formatted", Description: "The full name as it is shown."},
		{Name: "familyName", Description: "Family name."},
		{Name: "givenName", Description: "Given name."},
		{Name: "middleName", Description: "Middle names."},
		{Name: "honorificPrefix", Description: "What stands before the name, such as Dr."},
		{Name: "honorificSuffix", Description: "What stands after the name, such as III."},
	}},
	{Name: "displayName", Description: "The name to show for the user."},
	{Name: "nickName", Description: "How the user likes to be called."},
	{Name: "profileUrl", Type: typeReference, ReferenceTypes: []string{"external"}, CaseExact: true, Description: "Address of the user's page."},
	{Name: "title", Description: "Title, such as Vice President."},
	{Name: "userType", Description: "Relation to the organization, such as Employee."},
	{Name: "preferredLanguage", Description: "Preferred languages, as in Accept-Language."},
	{Name: "locale", Description: "Locale for numbers, currency and dates."},
	{Name: "timezone", Description: "Time zone, such as Europe/Helsinki."},
	active,
	plural("emails", "E-mail addresses.", &Attribute{Description: "The address."}, "work", "home", "other"),
	plural("phoneNumbers", "Telephone numbers.", &Attribute{Description: "The number."}, "work", "home", "mobile", "fax", "pager", "other"),
	plural("ims", "Instant messaging addresses.", &Attribute{Description: "The address."}, "aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"),
	plural("photos", "Pictures of the user.", &Attribute{Type: typeReference, CaseExact: true, ReferenceTypes: []string{"external"}, Description: "Address of an image file."}, "photo", "thumbnail"),
	{Name: "addresses", Type: typeComplex, MultiValued: true, Description: "Postal addresses.", SubAttributes: []*Attribute{
		{Name: "formatted", Description: "The whole address as it is shown."},
		{Name: "streetAddress", Description: "Street, house number, PO box."},
		{Name: "locality", Description: "City or town."},
		{Name: "region", Description: "State or region."},
		{Name: "postalCode", Description: "Postal code."},
		{Name: "country", Description: "Country; any text is accepted."},
		{Name: "type", CanonicalValues: []string{"work", "home", "other"}, Description: "What the address is for."},
		{Name: "primary", Type: typeBoolean, Description: "Whether this is the preferred one; true at most once."},
	}},
	{Name: "groups", Type: typeComplex, MultiValued: true, Mutability: readOnly, Description: "IdP groups the user belongs to; changed through the Group resource.", SubAttributes: []*Attribute{
		{Name: "value", CaseExact: true, Mutability: readOnly, Description: "The group's id."},
		{Name: "$ref", Type: typeReference, CaseExact: true, ReferenceTypes: []string{"Group"}, Mutability: readOnly, Description: "The group's address."},
		{Name: "display", Mutability: readOnly, Description: "The group's name."},
		{Name: "type", CanonicalValues: []string{"direct", "indirect"}, Mutability: readOnly, Description: "Whether the user is a member himself."},
	}},
	plural("entitlements", "Things the user has a right to.", &Attribute{Description: "The entitlement."}),
	plural("roles", "Roles of the user.", &Attribute{Description: "The role."}),
	plural("x509Certificates", "Certificates of the user.", &Attribute{Type: typeBinary, CaseExact: true, Description: "One DER certificate in base64."}),
}

var enterpriseAttributes = []*Attribute{
	{Name: "employeeNumber", Description: "Number the organization gave the user."},
	{Name: "costCenter", Description: "Cost centre."},
	{Name: "organization", Description: "Organization."},
	{Name: "division", Description: "Division."},
	{Name: "department", Description: "Department."},
	{Name: "manager", Type: typeComplex, Description: "The user's manager.", SubAttributes: []*Attribute{
		{Name: "value", CaseExact: true, Description: "The manager's id."},
		{Name: "$ref", Type: typeReference, CaseExact: true, ReferenceTypes: []string{"User"}, Description: "The manager's address."},
		{Name: "displayName", Mutability: readOnly, Description: "The manager's name."},
	}},
}

var rollcallAttributes = []*Attribute{
	{Name: "group", Type: typeComplex, Mutability: readOnly, Description: "The workspace group the user is in.", SubAttributes: []*Attribute{
		{Name: "value", CaseExact: true, Mutability: readOnly, Description: "The group's id."},
		{Name: "display", CaseExact: true, Mutability: readOnly, Description: "The group's name."},
	}},
	{Name: "teams", Type: typeComplex, MultiValued: true, Mutability: readOnly, Description: "The teams the user is in.", SubAttributes: []*Attribute{
		{Name: "value", CaseExact: true, Mutability: readOnly, Description: "The team's id."},
		{Name: "display", Mutability: readOnly, Description: "The team's name."},
		{Name: "origins", MultiValued: true, CaseExact: true, Mutability: readOnly, Description: "Why the user is in the team."},
	}},
}

var groupAttributes = []*Attribute{
	{Name: "displayName", Required: true, Description: "Name of the IdP group."},
	{Name: "members", Type: typeComplex, MultiValued: true, Description: "Members of the IdP group.", SubAttributes: []*Attribute{
		{Name: "value", CaseExact: true, Mutability: immutable, Description: "The member's id."},
		{Name: "$ref", Type: typeReference, CaseExact: true, ReferenceTypes: []string{"User", "Group"}, Mutability: immutable, Description: "The member's address."},
		{Name: "type", CanonicalValues: []string{"User", "Group"}, Mutability: immutable, Description: "What the member is."},
		{Name: "display", Description: "The member's name."},
	}},
}

// plural is a multi-valued complex attribute with the default sub-attributes of
// RFC 7643 section 2.4.
func plural(name, description string, value *Attribute, types ...string) *Attribute {
	value.Name = "value"
	return &Attribute{Name: name, Type: typeComplex, MultiValued: true, Description: description, SubAttributes: []*Attribute{
		value,
		{Name: "display", Description: "The value as it is shown."},
		{Name: "type", CanonicalValues: types, Description: "What the value is for."},
		{Name: "primary", Type: typeBoolean, Description: "Whether this is the preferred one; true at most once."},
	}}
}

// complete fills in the defaults of RFC 7643 section 2.2. A complex attribute
// has no uniqueness (erratum 6004).
func complete(attributes []*Attribute) []*Attribute {
	for _, a := range attributes {
		a.Type = either(a.Type, typeString)
		a.Mutability = either(a.Mutability, "readWrite")
		a.Returned = either(a.Returned, "default")
		if a.Type != typeComplex {
			a.Uniqueness = either(a.Uniqueness, "none")
		}
		complete(a.SubAttributes)
	}
	return attributes
}

func either(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
