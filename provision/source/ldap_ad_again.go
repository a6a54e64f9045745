package source

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// changed reads the objects that a feed names again, each whole, and tells those
// that are not there any more.
func (p *ldapPass) changed(ctx context.Context, feed func(each func([]*ldap.Entry) error) error) error {
	return feed(func(entries []*ldap.Entry) error {
		for batch := range slices.Chunk(entries, 50) {
			if err := p.again(ctx, batch); err != nil {
				return err
			}
		}
		return nil
	})
}

// again reads the entries of a feed. One that our bases and filters do not show
// is gone, as far as we are concerned: a full read would not meet it either.
func (p *ldapPass) again(ctx context.Context, batch []*ldap.Entry) error {
	var guids, alive []string
	for _, e := range batch {
		guid := string(e.GetEqualFoldRawAttributeValue("objectGUID"))
		guids = append(guids, guid)
		if e.GetEqualFoldAttributeValue("isDeleted") != "TRUE" {
			alive = append(alive, guid)
		}
	}
	found, err := p.giveByGUID(ctx, alive)
	if err != nil {
		return err
	}
	if !strings.EqualFold(p.anchor(), p.ownAnchor()) {
		return nil // what is deleted keeps its objectGUID, and no other key
	}
	return p.giveGone(ctx, slices.DeleteFunc(guids, func(g string) bool { return found[g] }))
}

func (p *ldapPass) giveByGUID(ctx context.Context, guids []string) (found map[string]bool, err error) {
	found = map[string]bool{}
	if len(guids) == 0 {
		return found, nil
	}
	for _, typ := range []string{User, Group} {
		for _, base := range p.bases() {
			var entries []*ldap.Entry
			err := p.conn.all(ctx, p.query(base, "(&"+p.filter(typ)+byGUID(guids)+")"), func(e *ldap.Entry) {
				found[string(e.GetEqualFoldRawAttributeValue("objectGUID"))] = true
				entries = append(entries, e)
			})
			if err == nil {
				err = p.give(ctx, typ, entries)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}

// giveGone tells what is gone. The feed does not say of which class a deleted
// object was; the object itself does, to those who may see it. Otherwise both a
// person and a group are told: an objectGUID is nobody else's.
func (p *ldapPass) giveGone(ctx context.Context, guids []string) error {
	if len(guids) == 0 {
		return nil
	}
	types := map[string][]string{}
	err := p.withDeleted(ctx, byGUID(guids), func(entries []*ldap.Entry) error {
		for _, e := range entries {
			types[string(e.GetEqualFoldRawAttributeValue("objectGUID"))] = adTypes(e)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, guid := range guids {
		told, ok := types[guid]
		if !ok {
			told = []string{User, Group}
		}
		for _, typ := range told {
			if err := p.each(Record{Type: typ, Anchor: guidText([]byte(guid)), Deleted: true}); err != nil {
				return err
			}
		}
	}
	return nil
}

// adTypes is the type of record by the object's classes; none of a computer.
func adTypes(e *ldap.Entry) []string {
	classes := e.GetEqualFoldAttributeValues("objectClass")
	switch {
	case slices.Contains(classes, "computer"):
		return nil
	case slices.Contains(classes, "group"):
		return []string{Group}
	}
	return []string{User}
}

func byGUID(guids []string) string {
	var filter strings.Builder
	filter.WriteString("(|")
	for _, guid := range guids {
		filter.WriteString("(objectGUID=" + escapedBytes([]byte(guid)) + ")")
	}
	return filter.String() + ")"
}

func escapedBytes(b []byte) string {
	var out strings.Builder
	for _, x := range b {
		fmt.Fprintf(&out, `\%02x`, x)
	}
	return out.String()
}
