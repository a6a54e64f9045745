package source

import (
	"context"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// calledBy are the attributes by which people name somebody.
var calledBy = []string{"userPrincipalName", "mail", "uid", "sAMAccountName", "cn", "displayName", "employeeID", "employeeNumber"}

// Find asks the server for the anchor, the distinguished name, and what people
// call somebody. It folds case by each attribute's own rule, which makes no
// difference between upper and lower in any of those.
func (l *ldapSource) Find(ctx context.Context, typ, name string) (found []Record, err error) {
	if err := l.connect(ctx); err != nil {
		return nil, err
	}
	p := &ldapPass{ldapSource: l, started: l.now(), each: func(r Record) error {
		found = append(found, r)
		return nil
	}}
	if dn, bad := ldap.ParseDN(name); bad == nil && len(dn.RDNs) > 1 {
		err = p.findDN(ctx, typ, name)
		return found, err
	}
	filter := "(&" + l.filter(typ) + "(|" + l.nameFilter(name) + "))"
	for _, base := range l.bases() {
		err := l.conn.walk(ctx, l.query(base, filter), func(entries []*ldap.Entry) error {
			return p.give(ctx, typ, entries)
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (l *ldapSource) nameFilter(name string) string {
	var terms strings.Builder
	if guid, ok := guidBytes(name); ok && strings.EqualFold(l.anchor(), "objectGUID") {
		terms.WriteString("(objectGUID=" + escapedBytes(guid) + ")")
	} else if ok || l.c.Anchor != "" {
		terms.WriteString("(" + l.anchor() + "=" + ldap.EscapeFilter(name) + ")")
	}
	for _, attribute := range calledBy {
		terms.WriteString("(" + attribute + "=" + ldap.EscapeFilter(name) + ")")
	}
	return terms.String()
}

// findDN reads the one entry of that name, if it is below a base and of the type.
func (p *ldapPass) findDN(ctx context.Context, typ, dn string) error {
	if !beneathAny(dn, p.bases(), true) {
		return nil
	}
	result, err := p.conn.search(ctx, &ldap.SearchRequest{BaseDN: dn, Scope: ldap.ScopeBaseObject, Filter: p.filter(typ), Attributes: p.attributes(), Controls: p.controls()})
	if ldap.IsErrorWithCode(err, ldap.LDAPResultNoSuchObject) {
		return nil
	}
	if err != nil {
		return err
	}
	return p.give(ctx, typ, result.Entries)
}
