package source

import (
	"context"
	"fmt"
	"hash/maphash"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// ldapPass is one Read or Find: it makes records of entries and gives them on.
type ldapPass struct {
	*ldapSource
	each    func(Record) error
	started time.Time

	people   int    // that were met
	latest   string // the newest modifyTimestamp that was met
	nameless int    // entries without the anchor
	example  string
	notes    []string

	// Of an anchor that the set-up chose: hashes that came more than once, and
	// the records that have them.
	seed  maphash.Seed
	twice map[uint64]bool
	held  map[string][]heldRecord
}

type heldRecord struct {
	record Record
	dn     string
}

// give makes records of a page's entries. The page is whole by now, so that
// there can be questions between.
func (p *ldapPass) give(ctx context.Context, typ string, entries []*ldap.Entry) error {
	for _, e := range entries {
		if err := p.complete(ctx, e); err != nil {
			return err
		}
		r := p.record(typ, e)
		if typ == Group && !p.server.ad {
			if err := p.addUIDs(ctx, e, &r); err != nil {
				return err
			}
		}
		p.latest = max(p.latest, seconds(e.GetEqualFoldAttributeValue("modifyTimestamp")))
		if typ == User {
			p.people++
		}
		if err := p.pass(r, plainDN(e.DN)); err != nil {
			return err
		}
	}
	return nil
}

// seconds cuts a generalized time down to what we compare and ask for.
func seconds(timestamp string) string {
	whole, _, _ := strings.Cut(timestamp, ".")
	if whole == "" || strings.HasSuffix(whole, "Z") {
		return whole
	}
	return whole + "Z"
}

// pass gives the record on, unless it has no anchor, or maybe a twin.
func (p *ldapPass) pass(r Record, dn string) error {
	switch {
	case r.Anchor == "" && p.c.Anchor == "":
		return fmt.Errorf("LDAP: %s does not show %s of %s. Let the bind account read it, or set anchor to an attribute that never changes, such as nsUniqueId or employeeNumber", p.dialer.host, p.anchor(), dn)
	case r.Anchor == "":
		if p.nameless++; p.example == "" {
			p.example = dn
		}
		return nil
	case len(p.twice) > 0 && p.twice[maphash.String(p.seed, r.Type+r.Anchor)]:
		p.held[r.Anchor] = append(p.held[r.Anchor], heldRecord{r, dn})
		return nil
	}
	return p.each(r)
}

// findTwins reads the anchors alone where the set-up chose an attribute: nobody
// keeps those unique. It remembers eight bytes of each.
func (p *ldapPass) findTwins(ctx context.Context) error {
	p.seed, p.twice, p.held = maphash.MakeSeed(), map[uint64]bool{}, map[string][]heldRecord{}
	if p.c.Anchor == "" || strings.EqualFold(p.c.Anchor, p.ownAnchor()) {
		return nil
	}
	met := map[uint64]struct{}{}
	for _, typ := range []string{User, Group} {
		for _, base := range p.bases() {
			q := ldapQuery{base: base, filter: p.filter(typ), attributes: []string{p.c.Anchor}, size: p.pageSize()}
			err := p.conn.walk(ctx, q, func(entries []*ldap.Entry) error {
				for _, e := range entries {
					h := maphash.String(p.seed, typ+p.anchorOf(e))
					if _, ok := met[h]; ok {
						p.twice[h] = true
					}
					met[h] = struct{}{}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// twins are the held records that really have one anchor; a record that only
// shares a hash with others is given on.
func (p *ldapPass) twins() (faults []Fault, err error) {
	for anchor, held := range p.held {
		if len(held) == 1 {
			if err := p.each(held[0].record); err != nil {
				return nil, err
			}
			continue
		}
		var where []string
		for _, h := range held {
			where = append(where, h.dn)
		}
		twin := twins(anchor, where)
		faults = append(faults, Fault{held[0].record.Type, anchor, twin + "; give each its own " + p.c.Anchor})
	}
	return faults, nil
}

// addUIDs puts the people whom a posixGroup names by uid among its members
// (RFC 2307); other entries call them by their distinguished names.
func (p *ldapPass) addUIDs(ctx context.Context, e *ldap.Entry, r *Record) error {
	uids := e.GetEqualFoldAttributeValues("memberUid")
	if len(uids) == 0 {
		return nil
	}
	refs := r.Get("members").Texts()
	for len(uids) > 0 {
		batch := uids[:min(len(uids), 100)]
		uids = uids[len(batch):]
		var named strings.Builder
		for _, uid := range batch {
			named.WriteString("(uid=" + ldap.EscapeFilter(uid) + ")")
		}
		for _, base := range p.bases() {
			q := ldapQuery{base: base, filter: "(&" + p.filter(User) + "(|" + named.String() + "))", attributes: []string{"1.1"}, size: p.pageSize()}
			err := p.conn.all(ctx, q, func(found *ldap.Entry) { refs = append(refs, dnRef(found.DN)) })
			if err != nil {
				return err
			}
		}
	}
	r.Attributes["members"] = distinct(refs)
	return nil
}

// all calls each for every entry, in one answer: a second paged search would end
// the one that is under way on the same connection.
func (c *ldapConn) all(ctx context.Context, q ldapQuery, each func(*ldap.Entry)) error {
	result, err := c.search(ctx, &ldap.SearchRequest{BaseDN: q.base, Scope: ldap.ScopeWholeSubtree, Filter: q.filter, Attributes: q.attributes, Controls: q.controls})
	if err != nil {
		return err
	}
	for _, e := range result.Entries {
		each(e)
	}
	return nil
}
