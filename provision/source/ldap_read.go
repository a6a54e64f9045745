package source

import (
	"context"
	"encoding/json/v2"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// ldapMark is the watermark: from where changes are read on. It belongs to one
// way of finding them, and on Active Directory to one domain controller.
type ldapMark struct {
	Kind       string    `json:"kind"`
	Made       time.Time `json:"made,omitzero"` // these are Active Directory's
	Controller string    `json:"controller,omitzero"`
	Invocation string    `json:"invocation,omitzero"`
	USN        int64     `json:"usn,omitzero"`
	Cookie     []byte    `json:"cookie,omitzero"` // DirSync's
	Time       string    `json:"time,omitzero"`   // the newest modifyTimestamp
}

func (m ldapMark) String() string {
	if m.Kind == "" {
		return ""
	}
	text, err := json.Marshal(m)
	if err != nil {
		panic("source: a watermark cannot be written: " + err.Error()) // it holds texts and numbers only
	}
	return string(text)
}

// gap is why there is no reading on from a watermark.
type gap struct {
	why string
	// elsewhere says that another domain controller answers, or the old one
	// with an older database. It may not have heard of everybody yet, so that
	// absence there is no deletion.
	elsewhere bool
}

// tombstones is how long Active Directory keeps a deleted object to be found,
// where nobody shortened it; a week less, to be safe.
const tombstones = (60 - 7) * 24 * time.Hour

// resume reads a watermark, and says when there is no reading on from it here.
func (l *ldapSource) resume(since string) (ldapMark, gap) {
	var old ldapMark
	if err := json.Unmarshal([]byte(since), &old); err != nil {
		return old, gap{why: "the last watermark is not one of LDAP"}
	}
	wanted := l.c.Changes
	if wanted == "" && l.server.ad && (old.Kind == byDirSync || old.Kind == byUSN) {
		wanted = old.Kind
	}
	if wanted == "" && !l.server.ad {
		wanted = byTimestamp
	}
	switch {
	case old.Kind != wanted:
		return old, gap{why: "changes are found in another way than before"}
	case !l.server.ad:
		return old, gap{}
	case old.Controller != l.server.controller:
		return old, gap{why: "another domain controller answers: " + l.server.name, elsewhere: true}
	case old.Invocation != l.server.invocation, old.USN > l.server.usn:
		return old, gap{why: "the domain controller's database was restored", elsewhere: true}
	case l.now().Sub(old.Made) > tombstones:
		return old, gap{why: "the last read is so long ago that Active Directory may have forgotten deleted objects"}
	}
	return old, gap{}
}

// Read reads everything, or what changed since. On Active Directory that tells
// deletions too; on other servers they are found when everything is read.
func (l *ldapSource) Read(ctx context.Context, since string, each func(Record) error) (Reading, error) {
	if err := l.connect(ctx); err != nil {
		return Reading{}, err
	}
	p := &ldapPass{ldapSource: l, each: each, started: l.now()}
	if err := p.findTwins(ctx); err != nil {
		return Reading{}, err
	}
	var old ldapMark
	var missed gap
	if since != "" {
		if old, missed = l.resume(since); missed.why == "" {
			next, err := p.changes(ctx, old)
			if !refusedCookie(old, err) {
				return p.reading(next, false, err)
			}
			missed.why = "the server does not take its own DirSync cookie any more"
		}
		p.note("Everything was read: %s.", missed.why)
	}
	next, notes, err := l.mark(ctx) // before the first entry, so that nothing falls between
	if err != nil {
		return Reading{}, err
	}
	p.notes = append(p.notes, notes...)
	if err := p.everything(ctx); err != nil {
		return Reading{}, err
	}
	if err := p.movers(ctx, l.server.usn); err != nil {
		return Reading{}, err
	}
	if missed.elsewhere {
		p.note("Nobody is taken for deleted for being absent there; deleted objects were looked for.")
		err = p.changed(ctx, func(do func([]*ldap.Entry) error) error {
			return l.deletedSince(ctx, old.Made.Add(-24*time.Hour), do)
		})
	}
	return p.reading(p.stamp(next, ""), !missed.elsewhere, err)
}

// refusedCookie says that the server answered, and did not like the cookie.
func refusedCookie(old ldapMark, err error) bool {
	var e *ldap.Error
	return old.Kind == byDirSync && errors.As(err, &e) && e.ResultCode < ldap.ErrorNetwork &&
		e.ResultCode != ldap.LDAPResultBusy && e.ResultCode != ldap.LDAPResultUnavailable
}

// mark is where the server stands, and how its changes will be found.
func (l *ldapSource) mark(ctx context.Context) (ldapMark, []string, error) {
	m := ldapMark{Kind: l.c.Changes}
	switch {
	case m.Kind == byNothing:
		return ldapMark{}, nil, nil
	case l.server.ad:
		return l.markAD(ctx, m)
	case m.Kind == byDirSync, m.Kind == byUSN:
		return m, nil, fmt.Errorf("LDAP: changes: %s is Active Directory's, and %s is %s; leave changes out", m.Kind, l.dialer.host, l.server.name)
	}
	m.Kind = byTimestamp
	return m, nil, nil
}

// changes gives what changed after the mark, each object whole.
func (p *ldapPass) changes(ctx context.Context, old ldapMark) (ldapMark, error) {
	next := old
	if p.server.ad {
		next.Made, next.USN = p.started, p.server.usn
	}
	var err error
	switch old.Kind {
	case byTimestamp:
		err = p.walk(ctx, p.since(old.Time))
		next = p.stamp(next, old.Time)
	case byUSN:
		err = p.changed(ctx, func(do func([]*ldap.Entry) error) error {
			return p.changedAfter(ctx, old.USN, do)
		})
	case byDirSync:
		err = p.changed(ctx, func(do func([]*ldap.Entry) error) (err error) {
			next.Cookie, err = p.dirSync(ctx, changeable, old.Cookie, do)
			return err
		})
	}
	return next, err
}

// clockSkew is how far the server's clock and ours may be apart. So much of the
// past is read again; rows that say the same do no harm.
const clockSkew = 5 * time.Minute

const generalizedTime = "20060102150405Z"

// stamp sets the time from which a modify-timestamp mark reads on: the newest that was
// seen, but not one that somebody may still write behind our back.
func (p *ldapPass) stamp(m ldapMark, before string) ldapMark {
	if m.Kind != byTimestamp {
		return m
	}
	m.Time = max(before, min(p.latest, p.started.Add(-clockSkew).UTC().Format(generalizedTime)))
	if m.Time == "" {
		p.note("%s does not show modifyTimestamp, so that everything is read every time.", p.dialer.host)
		return ldapMark{}
	}
	return m
}

// everything reads every base, people before groups.
func (p *ldapPass) everything(ctx context.Context) error {
	if err := p.walk(ctx, p.filter); err != nil {
		return err
	}
	if p.people == 0 {
		return p.nobody()
	}
	return nil
}

// movers reads again what changed while everything was read: somebody who was
// moved from a base still to be read to one that was read already has not been
// met. Within one base nobody can be missed.
func (p *ldapPass) movers(ctx context.Context, usn int64) error {
	switch {
	case len(p.bases()) == 1:
		return nil
	case p.server.ad:
		return p.changed(ctx, func(do func([]*ldap.Entry) error) error { return p.changedAfter(ctx, usn, do) })
	}
	return p.walk(ctx, p.since(p.started.Add(-clockSkew).UTC().Format(generalizedTime)))
}

// since narrows the filters to what was written at that time or later.
func (l *ldapSource) since(timestamp string) func(typ string) string {
	return func(typ string) string {
		return "(&" + l.filter(typ) + "(modifyTimestamp>=" + timestamp + "))"
	}
}

func (p *ldapPass) walk(ctx context.Context, filter func(typ string) string) error {
	for _, typ := range []string{User, Group} {
		for _, base := range p.bases() {
			err := p.conn.walk(ctx, p.query(base, filter(typ)), func(entries []*ldap.Entry) error {
				return p.give(ctx, typ, entries)
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// query asks for all of the entries that records are made of.
func (l *ldapSource) query(base, filter string) ldapQuery {
	return ldapQuery{base: base, filter: filter, attributes: l.attributes(), controls: l.controls(), size: l.pageSize()}
}

// attributes are all for users' own use, and the operational ones that we know.
func (l *ldapSource) attributes() []string {
	names := []string{"*", l.anchor()}
	if !l.server.ad {
		names = append(names, "modifyTimestamp", "pwdAccountLockedTime", "nsAccountLock")
	}
	for _, own := range l.c.Attributes {
		names = append(names, own)
	}
	return names
}

// Changed asks for one number, or one entry. A deletion does not show on
// servers other than Active Directory.
func (l *ldapSource) Changed(ctx context.Context, since string) (bool, error) {
	if err := l.connect(ctx); err != nil || since == "" {
		return true, err
	}
	old, missed := l.resume(since)
	switch {
	case missed.why != "":
		return true, nil
	case l.server.ad:
		return l.server.usn != old.USN, nil
	}
	for _, base := range l.bases() {
		found, err := l.conn.any(ctx, base, "(&(|"+l.filter(User)+l.filter(Group)+")(!(modifyTimestamp<="+old.Time+")))")
		if found || err != nil {
			return found, err
		}
	}
	return false, nil
}

// any says whether anything matches.
func (c *ldapConn) any(ctx context.Context, base, filter string) (bool, error) {
	result, err := c.search(ctx, &ldap.SearchRequest{BaseDN: base, Scope: ldap.ScopeWholeSubtree, Filter: filter, SizeLimit: 1, Attributes: []string{"1.1"}})
	if ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded) {
		return true, nil
	}
	return err == nil && len(result.Entries) > 0, err
}

func (p *ldapPass) note(format string, args ...any) {
	p.notes = append(p.notes, fmt.Sprintf(format, args...))
}

// reading ends a pass.
func (p *ldapPass) reading(next ldapMark, full bool, err error) (Reading, error) {
	if err != nil {
		return Reading{}, err
	}
	faults, err := p.twins()
	if err != nil {
		return Reading{}, err
	}
	if p.nameless > 0 {
		p.note("%d entries without %s were left out, such as %s.", p.nameless, p.anchor(), p.example)
	}
	if len(p.conn.referred) > 0 {
		p.note("Other servers that %s named were not asked: %s.", p.dialer.host, strings.Join(p.conn.referred, ", "))
	}
	return Reading{Full: full, Next: next.String(), Faulty: faults, Notes: p.notes}, nil
}
