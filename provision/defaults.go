package provision

import (
	"cmp"
	"slices"
	"time"
)

const day = Duration(24 * time.Hour)

// Complete fills in what is not said, so that nobody else needs to know what
// the default is. What Parse returns is complete.
func (a *Application) Complete() {
	or(&a.Scope.Sync, SyncAssigned)
	or(&a.Status, Off)
	or(&a.Approval, AutoExceptRemoval)
	or(&a.Drift, DriftReport)
	or(&a.Schedule.Every, Duration(40*time.Minute)) // as often as Entra does
	or(&a.Schedule.Full, day)
	or(&a.Leavers.Action, LeaveDisableDelete)
	or(&a.Leavers.After, 30*day)
	or(&a.Retention, 90*day)
	for _, g := range []*Guard{&a.Guards.Deprovision, &a.Guards.Clear, &a.Guards.Members, &a.Guards.Shrink} {
		or(&g.Count, 10)
	}
	or(&a.Guards.Shrink.Percent, 20)
	for _, g := range []*Guard{&a.Guards.Deprovision, &a.Guards.Clear, &a.Guards.Members} {
		or(&g.Percent, 5)
	}
	a.Users.complete(DefaultUserMappings())
	a.Groups.complete(DefaultGroupMappings())
}

func or[T comparable](v *T, fallback T) { *v = cmp.Or(*v, fallback) }

func (m *ObjectMapping) complete(fallback Mappings) {
	if len(m.Mappings) == 0 {
		m.Mappings = fallback
	}
	m.Mappings = slices.Clone(m.Mappings)
	for i := range m.Mappings {
		or(&m.Mappings[i].Apply, ApplyAlways)
		or(&m.Mappings[i].Null, NullKeep)
	}
	if !slices.ContainsFunc(objectActions, func(action string) bool { return !slices.Contains(m.Actions, action) }) {
		m.Actions = nil // all of them
	}
}

// bare is the application without what Complete would fill in again.
func (a *Application) bare() *Application {
	standard := &Application{}
	standard.Complete()
	b := *a
	unless(&b.Approval, standard.Approval)
	unless(&b.Drift, standard.Drift)
	unless(&b.Schedule.Every, standard.Schedule.Every)
	unless(&b.Schedule.Full, standard.Schedule.Full)
	unless(&b.Leavers.Action, standard.Leavers.Action)
	unless(&b.Leavers.After, standard.Leavers.After)
	unless(&b.Retention, standard.Retention)
	b.Guards.Deprovision.bare(standard.Guards.Deprovision)
	b.Guards.Clear.bare(standard.Guards.Clear)
	b.Guards.Members.bare(standard.Guards.Members)
	b.Guards.Shrink.bare(standard.Guards.Shrink)
	b.Users.bare(standard.Users)
	b.Groups.bare(standard.Groups)
	return &b
}

func unless[T comparable](v *T, fallback T) {
	if *v == fallback {
		*v = *new(T)
	}
}

func (g *Guard) bare(standard Guard) {
	unless(&g.Count, standard.Count)
	unless(&g.Percent, standard.Percent)
}

func (m *ObjectMapping) bare(standard ObjectMapping) {
	if slices.EqualFunc(m.Mappings, standard.Mappings, Mapping.equal) {
		m.Mappings = nil
	}
	m.Mappings = slices.Clone(m.Mappings)
	for i := range m.Mappings {
		unless(&m.Mappings[i].Apply, ApplyAlways)
		unless(&m.Mappings[i].Null, NullKeep)
	}
}

func (m Mapping) equal(n Mapping) bool {
	same := equalText(m.Constant, n.Constant) && equalText(m.Default, n.Default)
	m.Constant, n.Constant, m.Default, n.Default = nil, nil, nil, nil
	return same && m == n
}

func equalText(a, b *string) bool {
	return a == b || a != nil && b != nil && *a == *b
}

const enterpriseUser = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:"

// DefaultUserMappings is what Entra maps of a user where nobody has changed it.
func DefaultUserMappings() Mappings {
	return Mappings{
		{Target: "userName", From: "userPrincipalName", Match: 1},
		{Target: "active", Expression: `Switch([IsSoftDeleted], , "False", "True", "True", "False")`},
		{Target: "externalId", From: "mailNickname"},
		{Target: "displayName", From: "displayName"},
		{Target: "name.givenName", From: "givenName"},
		{Target: "name.familyName", From: "surname"},
		{Target: "title", From: "jobTitle"},
		{Target: `emails[type eq "work"].value`, From: "mail"},
		{Target: `emails[type eq "other"].value`, From: "proxyAddresses"},
		{Target: `phoneNumbers[type eq "work"].value`, From: "telephoneNumber"},
		{Target: `phoneNumbers[type eq "mobile"].value`, From: "mobile"},
		{Target: `phoneNumbers[type eq "fax"].value`, From: "facsimileTelephoneNumber"},
		{Target: `addresses[type eq "work"].streetAddress`, From: "streetAddress"},
		{Target: `addresses[type eq "work"].postalCode`, From: "postalCode"},
		{Target: `addresses[type eq "other"].formatted`, From: "physicalDeliveryOfficeName"},
		{Target: enterpriseUser + "employeeNumber", From: "employeeId"},
		{Target: enterpriseUser + "department", From: "department"},
		{Target: enterpriseUser + "manager", From: "manager"},
	}
}

// DefaultGroupMappings is the same of a group.
func DefaultGroupMappings() Mappings {
	return Mappings{
		{Target: "displayName", From: "displayName", Match: 1},
		{Target: "externalId", From: "objectId"},
		{Target: "members", From: "members"},
	}
}

// TeamMappings are the attributes that put people into a group and teams, for a
// target that does so: country, locality, region, organization, division and
// department.
func TeamMappings() Mappings {
	return Mappings{
		{Target: "userName", From: "userPrincipalName", Match: 1},
		{Target: "active", Expression: `Switch([IsSoftDeleted], , "False", "True", "True", "False")`},
		{Target: "externalId", From: "objectId"},
		{Target: "displayName", From: "displayName"},
		{Target: "name.givenName", From: "givenName"},
		{Target: "name.familyName", From: "surname"},
		{Target: "title", From: "jobTitle"},
		{Target: `emails[type eq "work"].value`, From: "mail"},
		{Target: `addresses[type eq "work"].country`, From: "country"},
		{Target: `addresses[type eq "work"].locality`, From: "city"},
		{Target: `addresses[type eq "work"].region`, From: "state"},
		{Target: enterpriseUser + "organization", From: "companyName"},
		{Target: enterpriseUser + "division", From: "division"},
		{Target: enterpriseUser + "department", From: "department"},
	}
}
