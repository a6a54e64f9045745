package source

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// complete fetches the rest of attributes of which Active Directory sent a
// range: of a large group it tells 1500 members at a time.
func (l *ldapSource) complete(ctx context.Context, e *ldap.Entry) error {
	for _, a := range e.Attributes {
		name, next, more := rangeOf(a.Name)
		if name == "" {
			continue
		}
		dn := plainDN(e.DN)
		if guid := e.GetEqualFoldRawAttributeValue("objectGUID"); len(guid) == 16 {
			dn = "<GUID=" + guidText(guid) + ">" // he may be renamed meanwhile
		}
		for more {
			part, err := l.rangeFrom(ctx, dn, name, next)
			if err != nil {
				return err
			}
			_, end, unfinished := rangeOf(part.Name)
			if unfinished && end <= next {
				return fmt.Errorf("LDAP: %s sends the same range of %s of %s again and again; nothing was changed", l.dialer.host, name, plainDN(e.DN))
			}
			a.Values, a.ByteValues = append(a.Values, part.Values...), append(a.ByteValues, part.ByteValues...)
			next, more = end, unfinished
		}
		a.Name = name
	}
	return nil
}

// rangeFrom reads the values of the attribute from that number on, as many as
// the server likes to send.
func (l *ldapSource) rangeFrom(ctx context.Context, dn, name string, from int) (*ldap.EntryAttribute, error) {
	result, err := l.conn.search(ctx, &ldap.SearchRequest{BaseDN: dn, Scope: ldap.ScopeBaseObject, Filter: "(objectClass=*)",
		Attributes: []string{fmt.Sprintf("%s;range=%d-*", name, from)}, Controls: l.controls()})
	if err != nil {
		return nil, err
	}
	for _, e := range result.Entries {
		for _, a := range e.Attributes {
			if part, _, _ := rangeOf(a.Name); strings.EqualFold(part, name) {
				return a, nil
			}
		}
	}
	return nil, fmt.Errorf("LDAP: %s did not send the values of %s from number %d on: somebody changed it at this moment, maybe. Nothing was changed; the next cycle tries again", l.dialer.host, name, from)
}

// rangeOf reads member;range=0-1499: the values go on at 1500. The last range
// ends with a star. The name is "" when it is no range.
func rangeOf(option string) (name string, next int, more bool) {
	name, span, ok := strings.Cut(option, ";range=")
	if !ok {
		return "", 0, false
	}
	_, end, _ := strings.Cut(span, "-")
	last, err := strconv.Atoi(end)
	return name, last + 1, err == nil
}
