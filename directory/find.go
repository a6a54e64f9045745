package directory

import (
	"context"
	"encoding/base64"
	"encoding/json/v2"
	"fmt"
	"math"
	"slices"
	"strings"
)

// narrowSet is how many people are looked at one by one. Where any one word or
// filter leaves no more than these, what is found is exact and sorted.
var narrowSet = 1_000

const (
	// widest is how far a page looks for people of whom every single condition
	// finds many and all together find few.
	widest = 5_000
	// toldSet is how far a page whose order is by words looks to say of how many at
	// least.
	toldSet = 500
	// countedSet is how far people are counted.
	countedSet = 10_000
)

// PeopleQuery asks for people as admins look for them. Conditions are joined by
// and.
type PeopleQuery struct {
	Text      string // words, each the beginning of one of a name, an address or a team
	Group     string // name or id
	Team      string // id
	Matched   *bool
	Origin    string // id of the connection that owns the attributes; ByHand for none
	State     string // active, inactive, removed; "" for those in sight
	Role      string // "" for all
	LeftAlone *bool

	ByUserName bool   // instead of by the name that is shown
	After      string // the Next of a page
	Before     string // the Previous of a page
	Limit      int
}

// ByHand is the origin of those whom no connection has written.
const ByHand = "by-hand"

// PeoplePage is a page of people.
type PeoplePage struct {
	People   []User
	Total    int
	More     bool   // there are more than Total
	Next     string // "" at the end
	Previous string // "" at the beginning, and where the order is by word
	// ByWord says that so many are found that they are in the order of the words
	// by which they are found.
	ByWord bool
}

// Find looks for people. What it costs does not grow with the tenant: it reads
// the rarest of the sets that the conditions name, or walks along an order until
// the page is full. A page may then be short, or empty, and have a Next that
// looks further.
func (t *Tenant) Find(ctx context.Context, q PeopleQuery) (PeoplePage, error) {
	if q.Limit <= 0 {
		q.Limit = 50
	}
	h, err := t.hunt(ctx, q)
	if err != nil {
		return PeoplePage{}, err
	}
	found, page, err := h.find(ctx)
	if err != nil {
		return PeoplePage{}, err
	}
	page.People, err = t.peopleOf(ctx, found)
	return page, err
}

// peopleOf reads the documents of those who are shown. Who went meanwhile is
// left out.
func (t *Tenant) peopleOf(ctx context.Context, found []*Found) ([]User, error) {
	ids := make([]string, len(found))
	for i, f := range found {
		ids[i] = f.ID
	}
	rows, err := t.r.UsersByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]User, 0, len(rows))
	for _, f := range found {
		i, ok := slices.BinarySearchFunc(rows, f.ID, func(u *UserRow, id string) int { return strings.Compare(u.ID, id) })
		if ok && rows[i].State != Purged {
			u := t.person(rows[i])
			u.LeftAlone = f.LeftAlone
			out = append(out, u)
		}
	}
	return out, nil
}

// Chosen are the ids of everybody whom the query finds, for work on all of
// them. More than atMost are refused.
func (t *Tenant) Chosen(ctx context.Context, q PeopleQuery, atMost int) ([]string, error) {
	h, err := t.hunt(ctx, q)
	if err != nil {
		return nil, err
	}
	var ids []string
	err = h.each(ctx, func(f *Found) error {
		if ids = append(ids, f.ID); len(ids) > atMost {
			return fmt.Errorf("more than %d people are chosen; narrow the choice with a search or a filter, and do it in parts", atMost)
		}
		return nil
	})
	return ids, err
}

// EachPerson calls fn with everybody whom the query finds, in the order of
// names, reading as it goes: memory does not grow with people.
func (t *Tenant) EachPerson(ctx context.Context, q PeopleQuery, fn func(User) error) error {
	h, err := t.hunt(ctx, q)
	if err != nil {
		return err
	}
	var waiting []*Found
	flush := func() error {
		people, err := t.peopleOf(ctx, waiting)
		for _, p := range people {
			if err == nil {
				err = fn(p)
			}
		}
		waiting = waiting[:0]
		return err
	}
	if err := h.each(ctx, func(f *Found) error {
		if waiting = append(waiting, f); len(waiting) < 200 {
			return nil
		}
		return flush()
	}); err != nil {
		return err
	}
	return flush()
}

// pageMark is where a page ended: a mark in one of the streams that are walked, or
// a place among those sorted by key.
type pageMark struct {
	Stream int  `json:"n,omitzero"`
	Sorted bool `json:"o,omitzero"`
	Mark   Mark `json:"m"`
}

func (m pageMark) text() string {
	b, _ := json.Marshal(m)
	return base64.RawURLEncoding.EncodeToString(b)
}

// readMark takes what it cannot read for the beginning: links to pages are
// kept, and outlive what they point to.
func readMark(text string) pageMark {
	var c pageMark
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(b, &c) != nil || c.Stream < 0 {
		return pageMark{}
	}
	c.Mark.Key, c.Mark.Shown, c.Mark.ID = plain(c.Mark.Key), plain(c.Mark.Shown), plain(c.Mark.ID)
	return c
}

// order is the key by which the hunt sorts who is found.
func (h *hunt) order(f *Found) Mark {
	switch {
	case h.removed:
		return Mark{Key: fmt.Sprintf("%019d", math.MaxInt64-f.RemovedAt), ID: f.ID}
	case h.q.ByUserName:
		return Mark{Key: f.Name, ID: f.ID}
	}
	return Mark{Key: f.Shown, ID: f.ID}
}

func compareMarks(a, b Mark) int {
	if c := strings.Compare(a.Key, b.Key); c != 0 {
		return c
	}
	return strings.Compare(a.ID, b.ID)
}
