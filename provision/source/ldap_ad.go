package source

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// changeable are the objects that a change feed is asked for: deleted ones keep
// their classes and little else. Which of them are ours is seen when they are
// read again.
const changeable = "(|(objectClass=person)(objectClass=group))"

// controls asks Active Directory to put objectGUIDs beside distinguished names
// ([MS-ADTS] 3.1.1.3.4.1.5): when somebody is renamed, the groups that he is in
// do not count as changed.
func (l *ldapSource) controls() []ldap.Control {
	if !l.server.guidRefs {
		return nil
	}
	const asText = "\x30\x03\x02\x01\x01" // SEQUENCE { INTEGER 1 }
	return []ldap.Control{ldap.NewControlString(oidExtendedDN, true, asText)}
}

// markAD is where the domain controller stands: by DirSync where we may, else
// by update sequence number.
func (l *ldapSource) markAD(ctx context.Context, m ldapMark) (ldapMark, []string, error) {
	if m.Kind == byTimestamp {
		return m, nil, errors.New("LDAP: Active Directory does not filter by modifyTimestamp; leave changes out, or write dirsync, usn or none")
	}
	m.Made, m.Controller, m.Invocation, m.USN = l.now(), l.server.controller, l.server.invocation, l.server.usn
	var notes []string
	if m.Kind != byUSN {
		cookie, err := l.dirSync(ctx, "(!(objectClass=*))", nil, func([]*ldap.Entry) error { return nil })
		if err == nil {
			m.Kind, m.Cookie = byDirSync, cookie
			return m, nil, nil
		}
		if m.Kind == byDirSync || !refusedBy(err) {
			return m, nil, err
		}
		notes = append(notes, "DirSync is not to be had (it needs the right Replicating Directory Changes): changes are found by uSNChanged")
	}
	m.Kind = byUSN
	seen, err := l.seesDeleted(ctx)
	if err == nil && !seen {
		notes = append(notes, "The bind account may not see deleted objects: deletions are found when everything is read")
	}
	return m, notes, err
}

// refusedBy says that the server answered and said no.
func refusedBy(err error) bool {
	var e *ldap.Error
	return errors.As(err, &e) && e.ResultCode < ldap.ErrorNetwork
}

// roots are the trees of the server that our bases are in: deleted objects lie
// below the root, wherever they were.
func (l *ldapSource) roots() ([]string, error) {
	var roots []string
	for _, base := range l.bases() {
		root := ""
		for _, context := range l.server.contexts {
			if beneathAny(base, []string{context}, true) && len(context) > len(root) {
				root = context
			}
		}
		if root == "" {
			return nil, fmt.Errorf("LDAP: %s does not hold base %s; it holds %s", l.dialer.host, base, strings.Join(l.server.contexts, " and "))
		}
		if !slices.Contains(roots, root) {
			roots = append(roots, root)
		}
	}
	return roots, nil
}

// changeAttributes are what tells which object it is that changed.
var changeAttributes = []string{"objectGUID", "objectClass", "isDeleted"}

// changedAfter calls each for what has a higher update sequence number.
func (l *ldapSource) changedAfter(ctx context.Context, usn int64, each func([]*ldap.Entry) error) error {
	return l.withDeleted(ctx, "(&"+changeable+"(uSNChanged>="+strconv.FormatInt(usn+1, 10)+"))", each)
}

// deletedSince calls each for objects that were deleted after that time, by the
// domain controllers' clocks.
func (l *ldapSource) deletedSince(ctx context.Context, since time.Time, each func([]*ldap.Entry) error) error {
	return l.withDeleted(ctx, "(&"+changeable+"(isDeleted=TRUE)(whenChanged>="+since.UTC().Format("20060102150405.0Z")+"))", each)
}

func (l *ldapSource) withDeleted(ctx context.Context, filter string, each func([]*ldap.Entry) error) error {
	roots, err := l.roots()
	if err != nil {
		return err
	}
	for _, root := range roots {
		q := ldapQuery{base: root, filter: filter, attributes: changeAttributes, controls: []ldap.Control{ldap.NewControlMicrosoftShowDeleted()}, size: l.pageSize()}
		if err := l.conn.walk(ctx, q, each); err != nil {
			return err
		}
	}
	return nil
}

// seesDeleted says whether we may look into the container of deleted objects.
func (l *ldapSource) seesDeleted(ctx context.Context) (bool, error) {
	roots, err := l.roots()
	if err != nil {
		return false, err
	}
	result, err := l.conn.search(ctx, &ldap.SearchRequest{BaseDN: "CN=Deleted Objects," + roots[0], Scope: ldap.ScopeBaseObject, Filter: "(objectClass=*)",
		Attributes: []string{"1.1"}, Controls: []ldap.Control{ldap.NewControlMicrosoftShowDeleted()}})
	if refusedBy(err) {
		return false, nil
	}
	return err == nil && len(result.Entries) == 1, err
}

// dirSync calls each for what changed after the cookie was made, and returns the
// next one ([MS-ADTS] 3.1.1.3.4.1.3). Only changed values of member are sent, not
// all of them.
func (l *ldapSource) dirSync(ctx context.Context, filter string, cookie []byte, each func([]*ldap.Entry) error) ([]byte, error) {
	roots, err := l.roots()
	if err != nil {
		return nil, err
	}
	if len(roots) > 1 {
		return nil, explainLDAP(ldap.NewError(ldap.LDAPResultUnwillingToPerform, errors.New("the bases are in several domains")), "use DirSync")
	}
	const onlyChangedValues = 0x80000000
	for {
		result, err := l.conn.search(ctx, &ldap.SearchRequest{BaseDN: roots[0], Scope: ldap.ScopeWholeSubtree, Filter: filter,
			Controls: []ldap.Control{ldap.NewRequestControlDirSync(onlyChangedValues, 0, cookie)}})
		if err != nil {
			return nil, err
		}
		answer, ok := ldap.FindControl(result.Controls, ldap.ControlTypeDirSync).(*ldap.ControlDirSync)
		if !ok || len(answer.Cookie) == 0 {
			return nil, fmt.Errorf("LDAP: %s answered to DirSync without a cookie; set changes: usn", l.dialer.host)
		}
		if err := each(result.Entries); err != nil {
			return nil, err
		}
		if cookie = answer.Cookie; answer.Flags == 0 { // else there is more
			return cookie, nil
		}
	}
}

// invocation is which life of its database the domain controller is in: it gets
// another one when it is restored from a backup.
func (c *ldapConn) invocation(ctx context.Context, controller string) (string, error) {
	e, err := c.entry(ctx, controller, "invocationId")
	if err != nil {
		return "", err
	}
	return guidText(e.GetEqualFoldRawAttributeValue("invocationId")), nil
}
