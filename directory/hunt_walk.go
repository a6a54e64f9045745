package directory

import (
	"context"
	"slices"
)

// find returns the people of the page, and the page without them.
func (h *hunt) find(ctx context.Context) ([]*Found, PeoplePage, error) {
	if h.nobody {
		return nil, PeoplePage{}, nil
	}
	streams, _, err := h.rarest(ctx)
	if err != nil {
		return nil, PeoplePage{}, err
	}
	if streams != nil {
		return h.narrow(ctx, streams)
	}
	return h.wide(ctx)
}

// gather reads all of a small set, sorted.
func (h *hunt) gather(ctx context.Context, streams []Set) ([]*Found, error) {
	seen := map[string]bool{}
	var out []*Found
	for _, set := range streams {
		found, err := h.t.r.WalkSet(ctx, set, Mark{}, 2*narrowSet)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			if !seen[f.ID] && h.has(f) {
				seen[f.ID] = true
				out = append(out, f)
			}
		}
	}
	slices.SortFunc(out, func(a, b *Found) int { return compareMarks(h.order(a), h.order(b)) })
	return out, nil
}

// narrow cuts the page out of a small set.
func (h *hunt) narrow(ctx context.Context, streams []Set) ([]*Found, PeoplePage, error) {
	all, err := h.gather(ctx, streams)
	if err != nil {
		return nil, PeoplePage{}, err
	}
	page := PeoplePage{Total: len(all)}
	from, to := 0, min(h.q.Limit, len(all))
	at := func(c pageMark) int {
		i, _ := slices.BinarySearchFunc(all, c.Mark, func(f *Found, m Mark) int { return compareMarks(h.order(f), m) })
		return i
	}
	if c := readMark(h.q.Before); h.q.Before != "" && c.Sorted {
		to = at(c)
		from = max(0, to-h.q.Limit)
		to = min(len(all), max(to, from+h.q.Limit))
	} else if c := readMark(h.q.After); h.q.After != "" && c.Sorted {
		if from = at(c); from < len(all) && h.order(all[from]) == c.Mark {
			from++
		}
		to = min(from+h.q.Limit, len(all))
	}
	if to < len(all) && to > from {
		page.Next = pageMark{Sorted: true, Mark: h.order(all[to-1])}.text()
	}
	if from > 0 && from < len(all) {
		page.Previous = pageMark{Sorted: true, Mark: h.order(all[from])}.text()
	}
	return all[from:to], page, nil
}

// wide walks: by the first word that is searched for, or along the order that
// is asked for.
func (h *hunt) wide(ctx context.Context) ([]*Found, PeoplePage, error) {
	streams, page := h.streams(), PeoplePage{ByWord: len(h.terms) > 0}
	c := readMark(h.q.After)
	backwards := h.q.Before != "" && !page.ByWord && !h.removed
	if backwards {
		c = readMark(h.q.Before)
		streams[0].Backwards = true
	}
	if c.Sorted == page.ByWord || c.Stream >= len(streams) {
		c = pageMark{Sorted: !page.ByWord} // of a page of another kind
	}
	begun, counted := c.Mark != Mark{}, h.countable()
	var found []*Found
	var next *pageMark
	scanned, stopped := 0, false
	err := h.walk(ctx, streams, c, func(f *Found, at pageMark, fits bool) bool {
		scanned++
		switch {
		case fits && len(found) < h.q.Limit:
			if found = append(found, f); len(found) == h.q.Limit {
				next = &at
			}
		case fits:
			page.Total++
		}
		full := len(found) == h.q.Limit
		if !full && scanned >= widest {
			next = &at
		}
		// With a full page it goes on a little, to say of how many at least.
		stopped = full && (page.Total > 0 && counted || scanned >= min(toldSet, narrowSet)) || scanned >= widest
		return !stopped
	})
	if err != nil {
		return nil, page, err
	}
	if next != nil && page.Total == 0 && !stopped {
		next = nil // the page ends where all ends
	}
	if page.Total += len(found); next != nil {
		page.Next, page.More = next.text(), true
	}
	if begun && !page.ByWord && len(found) > 0 && !h.removed {
		page.Previous = pageMark{Sorted: true, Mark: found[0].Mark}.text()
	}
	if backwards {
		slices.Reverse(found)
		page.Next, page.Previous = "", page.Next
		if len(found) > 0 {
			page.Next = pageMark{Sorted: true, Mark: found[len(found)-1].Mark}.text()
		}
	}
	return found, page, h.count(ctx, &page)
}

func (h *hunt) streams() []Set {
	switch {
	case len(h.terms) > 0:
		return h.terms[0].streams
	case h.removed:
		return []Set{{Kind: SetRemoved}}
	case h.q.ByUserName:
		return []Set{{Kind: SetUserName}}
	}
	return []Set{{Kind: SetShown}}
}

// walk goes along the streams until fn has enough. Who stands in several of
// them, or under several words, is met once.
func (h *hunt) walk(ctx context.Context, streams []Set, c pageMark, fn func(f *Found, at pageMark, fits bool) (further bool)) error {
	for ; c.Stream < len(streams); c.Stream, c.Mark = c.Stream+1, (Mark{}) {
		for step := 100; ; step = 500 {
			found, err := h.t.r.WalkSet(ctx, streams[c.Stream], c.Mark, step)
			if err != nil {
				return err
			}
			for _, f := range found {
				c.Mark = f.Mark
				if !fn(f, c, h.has(f) && h.stands(f, c)) {
					return nil
				}
			}
			if len(found) < step {
				break
			}
		}
	}
	return nil
}

// stands says whether this is the place where the person is met first.
func (h *hunt) stands(f *Found, c pageMark) bool {
	if len(h.terms) == 0 || c.Sorted {
		return true
	}
	stream, word := h.terms[0].firstIn(f)
	return stream == c.Stream && (stream > 0 || word == f.Mark.Key)
}

// countable says that there is one condition at most, and its people are counted
// somewhere.
func (h *hunt) countable() bool {
	if len(h.terms) > 0 || h.q.State == "active" || h.q.Role != "" || h.q.Origin != "" && h.q.Origin != ByHand {
		return false // sets are larger than what is found in them
	}
	if m := h.q.Matched; m != nil {
		return len(h.sets) == map[bool]int{true: 0, false: 1}[*m] && (h.q.LeftAlone == nil || !*m && !*h.q.LeftAlone)
	}
	return len(h.sets) <= 1 && h.q.LeftAlone == nil
}

// count says how many there are where that costs little, and else of how many at
// least.
func (h *hunt) count(ctx context.Context, page *PeoplePage) error {
	if !h.countable() {
		if page.More && page.Total > 100 {
			page.Total -= page.Total % 100
		}
		return nil
	}
	switch matched := h.q.Matched; {
	case matched != nil && *matched:
		page.Total, page.More = int(h.row.Matched), false
		return nil
	case matched != nil:
		page.Total, page.More = int(h.row.Users-h.row.Matched), false
		if h.q.LeftAlone == nil {
			return nil
		}
		left, err := h.t.r.CountSet(ctx, Set{Kind: SetLeftAlone}, countedSet)
		page.Total, page.More = page.Total-left, left == countedSet
		return err
	case len(h.sets) == 0:
		page.Total, page.More = int(h.row.Users), false
		return nil
	}
	n, err := h.t.r.CountSet(ctx, h.sets[0], countedSet+1)
	page.Total, page.More = min(n, countedSet), n > countedSet
	return err
}

// each calls fn with everybody who is found, whatever it costs.
func (h *hunt) each(ctx context.Context, fn func(*Found) error) error {
	if h.nobody {
		return nil
	}
	streams, _, err := h.rarest(ctx)
	if err != nil {
		return err
	}
	if streams != nil {
		all, err := h.gather(ctx, streams)
		for _, f := range all {
			if err == nil {
				err = fn(f)
			}
		}
		return err
	}
	streams = h.streams()
	var failed error
	err = h.walk(ctx, streams, pageMark{Sorted: len(h.terms) == 0}, func(f *Found, _ pageMark, fits bool) bool {
		if fits {
			failed = fn(f)
		}
		return failed == nil
	})
	if failed != nil {
		return failed
	}
	return err
}
