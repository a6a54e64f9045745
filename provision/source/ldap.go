package source

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// Ways in which an LDAP server's changes are found.
const (
	byDirSync   = "dirsync"          // Active Directory's change feed, deletions too
	byUSN       = "usn"              // Active Directory's update sequence numbers
	byTimestamp = "modify-timestamp" // any other server; deletions only by reading everything
	byNothing   = "none"             // every read is full
)

// ldapSource reads Active Directory and other LDAP servers (RFC 4511). It
// connects when it is first used, and again when the connection was lost in
// between.
//
// A person's groups are what groups list as members: Active Directory's primary
// group (Domain Users as a rule) lists nobody.
type ldapSource struct {
	c      Config
	now    func() time.Time
	dialer ldapDialer
	conn   *ldapConn
	server ldapServer
}

// openLDAP looks at the set-up; the server is asked when it is needed.
func openLDAP(_ context.Context, c Config, env Environment) (Source, error) {
	dialer, err := ldapDialerFor(c)
	if err != nil {
		return nil, err
	}
	dialer.reach = env.Reach
	for _, base := range c.Base {
		if _, err := ldap.ParseDN(base); err != nil {
			return nil, fmt.Errorf("base %q is not a distinguished name such as ou=people,dc=example,dc=com: %w", base, err)
		}
	}
	for key, filter := range map[string]string{"user-filter": c.UserFilter, "group-filter": c.GroupFilter} {
		if filter == "" {
			continue
		}
		if _, err := ldap.CompileFilter(filter); err != nil {
			return nil, fmt.Errorf("%s %s is not an LDAP filter such as (objectClass=person): %w", key, filter, err)
		}
	}
	return &ldapSource{c: c, now: env.Now, dialer: dialer}, nil
}

// Close ends the connection.
func (l *ldapSource) Close() error {
	if l.conn != nil {
		l.conn.close()
	}
	return nil
}

// connect sees to it that there is a bound connection, and learns what the
// server says about itself now.
func (l *ldapSource) connect(ctx context.Context) (err error) {
	if l.conn != nil && l.conn.alive() {
		l.conn.referred = nil
		if l.server, err = l.conn.server(ctx); err == nil || ctx.Err() != nil {
			return err
		}
		l.conn.close() // the server has hung up since
	}
	if l.conn, err = l.dialer.dial(ctx); err != nil {
		return err
	}
	l.server, err = l.conn.server(ctx)
	return err
}

func (l *ldapSource) pageSize() int { return cmp.Or(l.c.PageSize, 500) }

// filter is which entries are people, or groups.
func (l *ldapSource) filter(typ string) string {
	switch {
	case typ == User && l.c.UserFilter != "":
		return l.c.UserFilter
	case typ == Group && l.c.GroupFilter != "":
		return l.c.GroupFilter
	case typ == User && l.server.ad: // a computer is a user there, but no person
		return "(&(objectCategory=person)(objectClass=user))"
	case typ == User:
		return "(objectClass=person)"
	case l.server.ad:
		return "(objectClass=group)"
	}
	return "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup))"
}

// bases are the subtrees to read. One below another is left out, so that
// nobody is met twice.
func (l *ldapSource) bases() []string { return outermost(l.c.Base) }

// outermost leaves out every name that is another's, or below another.
func outermost(names []string) []string {
	var out []string
	for i, name := range names {
		if !beneathAny(name, names[:i], true) && !beneathAny(name, names[i+1:], false) {
			out = append(out, name)
		}
	}
	return out
}

// beneathAny says whether the name is below one of those, or, with same, equal
// to one.
func beneathAny(name string, others []string, same bool) bool {
	dn, err := ldap.ParseDN(name)
	if err != nil {
		return false
	}
	for _, other := range others {
		above, err := ldap.ParseDN(other)
		if err == nil && (above.AncestorOfFold(dn) || same && above.EqualFold(dn)) {
			return true
		}
	}
	return false
}

// Test reads the rootDSE and a first page of people and of groups.
func (l *ldapSource) Test(ctx context.Context) (string, error) {
	if err := l.connect(ctx); err != nil {
		return "", err
	}
	people, err := l.firstPage(ctx, User)
	if err != nil {
		return "", err
	}
	if people == "0" {
		return "", l.nobody()
	}
	groups, err := l.firstPage(ctx, Group)
	if err != nil {
		return "", err
	}
	mark, notes, err := l.mark(ctx)
	if err != nil {
		return "", err
	}
	told := fmt.Sprintf("%s at %s: people: %s, groups: %s, below %s; %s", l.server.name, l.dialer.host, people, groups, strings.Join(l.bases(), " and "), changesTold[mark.Kind])
	return strings.Join(append([]string{told}, notes...), "; "), nil
}

var changesTold = map[string]string{
	byDirSync:   "changes and deletions are found by DirSync",
	byUSN:       "changes are found by uSNChanged, deletions among the deleted objects",
	byTimestamp: "changes are found by modifyTimestamp, deletions when everything is read",
	"":          "everything is read every time",
}

// firstPage counts what a first page holds.
func (l *ldapSource) firstPage(ctx context.Context, typ string) (string, error) {
	count := 0
	for _, base := range l.bases() {
		q := ldapQuery{base: base, filter: l.filter(typ), attributes: []string{"1.1"}, size: l.pageSize()}
		entries, more, err := l.conn.page(ctx, &q)
		if err != nil {
			return "", err
		}
		if count += len(entries); more {
			return fmt.Sprintf("%d and more", count), nil
		}
	}
	return fmt.Sprint(count), nil
}

// nobody is the error of a read that came to its end without meeting anybody: a
// right that was lost or a mistyped base looks like that, and would remove
// everybody.
func (l *ldapSource) nobody() error {
	who := cmp.Or(l.c.BindDN, "the anonymous account")
	return fmt.Errorf("LDAP: nobody is below %s by the filter %s. Correct base or user-filter, or let %s read there; until then nobody is taken for deleted",
		strings.Join(l.bases(), " and "), l.filter(User), who)
}
