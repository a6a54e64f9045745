package source

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// Object identifiers of what servers can do.
const (
	oidActiveDirectory = "1.2.840.113556.1.4.800"
	oidExtendedDN      = "1.2.840.113556.1.4.529"
)

// ldapServer is what a server says about itself in its rootDSE.
type ldapServer struct {
	name     string
	ad       bool
	contexts []string // the trees that it holds
	guidRefs bool     // it can put objectGUIDs beside distinguished names

	// Of Active Directory: which domain controller, in which life of its
	// database, and how far its updates are counted.
	controller string
	invocation string
	usn        int64
}

func (c *ldapConn) server(ctx context.Context) (ldapServer, error) {
	e, err := c.entry(ctx, "", "*", "+", "vendorName", "vendorVersion", "namingContexts", "supportedControl",
		"supportedCapabilities", "dsServiceName", "dnsHostName", "highestCommittedUSN", "objectClass")
	if err != nil {
		return ldapServer{}, err
	}
	s := ldapServer{
		name:     serverName(e),
		ad:       slices.Contains(e.GetEqualFoldAttributeValues("supportedCapabilities"), oidActiveDirectory),
		contexts: e.GetEqualFoldAttributeValues("namingContexts"),
	}
	c.contexts = s.contexts
	if s.ad {
		s.name = strings.TrimSpace("Active Directory " + e.GetEqualFoldAttributeValue("dnsHostName"))
		s.guidRefs = slices.Contains(e.GetEqualFoldAttributeValues("supportedControl"), oidExtendedDN)
		s.controller = e.GetEqualFoldAttributeValue("dsServiceName")
		s.usn, _ = strconv.ParseInt(e.GetEqualFoldAttributeValue("highestCommittedUSN"), 10, 64)
		s.invocation, err = c.invocation(ctx, s.controller)
	}
	return s, err
}

func serverName(e *ldap.Entry) string {
	if slices.Contains(e.GetEqualFoldAttributeValues("objectClass"), "OpenLDAProotDSE") {
		return "OpenLDAP"
	}
	return cmp.Or(e.GetEqualFoldAttributeValue("vendorVersion"), e.GetEqualFoldAttributeValue("vendorName"), "LDAP server")
}

// entry reads the one entry of that name.
func (c *ldapConn) entry(ctx context.Context, dn string, attributes ...string) (*ldap.Entry, error) {
	result, err := c.search(ctx, &ldap.SearchRequest{BaseDN: dn, Scope: ldap.ScopeBaseObject, Filter: "(objectClass=*)", Attributes: attributes})
	if err != nil {
		return nil, err
	}
	if len(result.Entries) != 1 {
		return nil, explainLDAP(ldap.NewError(ldap.LDAPResultNoSuchObject, errors.New("no entry came")), "read "+cmp.Or(dn, "the rootDSE"))
	}
	return result.Entries[0], nil
}
