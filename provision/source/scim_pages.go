package source

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"

	"github.com/rollcall-scim/rollcall/scim"
)

const (
	resourcesAtOnce = 100
	passes          = 3
	emptyPages      = 100
)

var seed = maphash.MakeSeed()

// readType reads all resources of a type, or those changed since. A pass counts
// only if it met as many different ones as the server says there are, and the
// server said the same all the while; people come and go during a read, so there
// are several.
func (s *scimSource) readType(ctx context.Context, about about, typ, since string, each func(Record) error) error {
	p := &pass{s: s, typ: typ, cursor: about.cursor, given: map[uint64]bool{}, each: each}
	if since != "" {
		p.filter = changedSince(typ, since)
	}
	var why error
	for range passes {
		if why = p.run(ctx); why == nil {
			return nil
		}
		var odd *incomplete
		if !errors.As(why, &odd) {
			return why
		}
	}
	return fmt.Errorf("source: /%ss was read %d times and never completely: %w. Nobody is taken for deleted; if the server is not busy just now, its paging is at fault", typ, passes, why)
}

// incomplete says why a pass does not count.
type incomplete struct{ why string }

func (e *incomplete) Error() string { return e.why }

// pass reads all pages once.
type pass struct {
	s      *scimSource
	typ    string
	filter *scim.Filter
	cursor bool
	given  map[uint64]bool // by 64 bits of their ids; over all passes
	each   func(Record) error

	met   map[uint64]bool
	total int
	empty int
}

func (p *pass) run(ctx context.Context) error {
	p.met, p.total, p.empty = map[uint64]bool{}, -1, 0
	q := scim.Query{Filter: p.filter, Count: resourcesAtOnce, StartIndex: 1}
	if p.cursor {
		q.Cursor = new("")
	}
	for {
		page, err := p.s.client.Query(ctx, p.typ, q)
		if err != nil {
			if err = p.refused(err, q); err == nil {
				q.Cursor = nil
				continue
			}
			return err
		}
		if err := p.take(page); err != nil {
			return err
		}
		if !p.next(&q, page) {
			break
		}
	}
	if len(p.met) != p.total {
		return &incomplete{fmt.Sprintf("it says that there are %d and shows %d", p.total, len(p.met))}
	}
	return nil
}

// refused goes over to pages by index where the server advertises cursors and
// does not know them, and starts again where it forgot one (RFC 9865 section
// 2.3).
func (p *pass) refused(err error, q scim.Query) error {
	var e *scim.Error
	if q.Cursor == nil || !errors.As(err, &e) || e.Status != 400 {
		return explain(err)
	}
	if *q.Cursor != "" {
		return &incomplete{"it no longer knows its cursor: " + e.Detail}
	}
	p.cursor = false
	return nil
}

// take gives out what no page showed before.
func (p *pass) take(page *scim.Page) error {
	if p.total >= 0 && page.Total != p.total {
		return &incomplete{fmt.Sprintf("its total was %d, and %d a page later", p.total, page.Total)}
	}
	p.total = page.Total
	news := 0
	for _, res := range page.Resources {
		id := res.ID()
		if id == "" {
			return fmt.Errorf("source: a resource of /%ss has no id, which RFC 7643 section 3.1 demands; the server is no SCIM server that can be read", p.typ)
		}
		key := maphash.String(seed, id)
		if p.met[key] {
			continue
		}
		p.met[key] = true
		news++
		if p.given[key] {
			continue
		}
		p.given[key] = true
		if err := p.each(p.s.record(p.typ, res)); err != nil {
			return err
		}
	}
	if news == 0 && len(page.Resources) > 0 && len(p.met) < p.total {
		return &incomplete{"it shows the same page again and again"}
	}
	if len(page.Resources) == 0 {
		p.empty++
	}
	return nil
}

// next turns q to the next page; false when there is none. A server that pages
// by cursor alone says so with its first page. One that gives the length of the
// page for its total is found out by asking for one page more.
func (p *pass) next(q *scim.Query, page *scim.Page) bool {
	if page.NextCursor != "" {
		q.Cursor = &page.NextCursor
		return p.empty < emptyPages
	}
	n := len(page.Resources)
	if q.Cursor != nil && *q.Cursor != "" || n == 0 || len(p.met) >= p.total && n < q.Count {
		return false
	}
	if q.Cursor != nil && len(p.met) >= p.total {
		return false
	}
	q.Cursor = nil // cursors were asked for and are not known: by index
	p.cursor = false
	q.StartIndex += n
	return true
}
