package scimhttp

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"github.com/rollcall-scim/rollcall/scim"
)

// memory is a small service provider that keeps its resources in memory. It
// does what the contract of scim.ServiceProvider says and has no further rules.
type memory struct {
	base  string
	types map[string]*scim.ResourceType
	off   string // a type that is not offered now
	me    string // whose token it is

	mu     sync.Mutex
	stored map[string][]*scim.Resource // by type, in order of creation
	next   int
}

func newMemory(base string) *memory {
	return &memory{
		base:   base,
		types:  map[string]*scim.ResourceType{"User": scim.UserType, "Group": scim.GroupType},
		stored: map[string][]*scim.Resource{},
	}
}

func (m *memory) Offers(typ string) bool { return typ != m.off }

func (m *memory) Create(_ context.Context, typ string, r *scim.Resource) (*scim.Resource, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.check(typ, "", r); err != nil {
		return nil, err
	}
	m.next++
	stored := m.stamp(typ, "id-"+strconv.Itoa(m.next), 1, r.Object())
	m.stored[typ] = append(m.stored[typ], stored)
	return stored, nil
}

func (m *memory) Get(_ context.Context, typ, id string) (*scim.Resource, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, r, err := m.find(typ, id, "")
	return r, err
}

func (m *memory) Query(_ context.Context, typ string, q scim.Query) (*scim.Page, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	page := &scim.Page{StartIndex: q.StartIndex}
	if q.Cursor != nil {
		q.StartIndex = 1
		if *q.Cursor != "" {
			if _, err := fmt.Sscanf(*q.Cursor, "at-%d", &q.StartIndex); err != nil {
				return nil, scim.BadRequest(scim.InvalidCursor, "400.42", "Cursor not valid (400.42): begin again.")
			}
		}
	}
	for _, r := range m.sorted(typ, q) {
		if q.Filter != nil && !q.Filter.Match(r.Object()) {
			continue
		}
		page.Total++
		if page.Total >= q.StartIndex && len(page.Resources) < q.Count {
			page.Resources = append(page.Resources, r)
		}
	}
	if next := q.StartIndex + len(page.Resources); q.Cursor != nil && next <= page.Total && q.Count > 0 {
		page.NextCursor = fmt.Sprint("at-", next)
	}
	return page, nil
}

// sorted is what is stored in the order that is asked for.
func (m *memory) sorted(typ string, q scim.Query) []*scim.Resource {
	all := slices.Clone(m.stored[typ])
	if q.SortBy == "" {
		return all
	}
	key, err := scim.SortKey(m.types[typ], q.SortBy)
	if err != nil {
		panic(err) // the handler has checked it
	}
	slices.SortStableFunc(all, func(a, b *scim.Resource) int {
		x, hasX := key(a.Object())
		y, hasY := key(b.Object())
		order := cmp.Compare(x, y)
		if hasX != hasY {
			order = map[bool]int{true: -1, false: 1}[hasX]
		}
		if q.Descending {
			return -order
		}
		return order
	})
	return all
}

// Me is whoever memory was told.
func (m *memory) Me(context.Context) (typ, id string, err error) {
	if m.me == "" {
		return "", "", scim.Errorf(404, "", "404.4", "Nobody in particular asks (404.4): ask for /Users.")
	}
	return "User", m.me, nil
}

func (m *memory) Replace(_ context.Context, typ, id string, r *scim.Resource, v scim.Version) (*scim.Resource, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i, was, err := m.find(typ, id, v)
	if err != nil {
		return nil, err
	}
	if err := m.check(typ, id, r); err != nil {
		return nil, err
	}
	return m.put(typ, i, was, m.types[typ].Replace(was.Object(), r.Object())), nil
}

func (m *memory) Patch(_ context.Context, typ, id string, p *scim.Patch, v scim.Version) (*scim.Resource, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i, was, err := m.find(typ, id, v)
	if err != nil {
		return nil, err
	}
	next, _, faults := m.types[typ].Apply(was.Object(), p)
	if len(faults) > 0 {
		return nil, faults[0].Err
	}
	return m.put(typ, i, was, next), nil
}

func (m *memory) Delete(_ context.Context, typ, id string, v scim.Version) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	i, _, err := m.find(typ, id, v)
	if err == nil {
		m.stored[typ] = append(m.stored[typ][:i:i], m.stored[typ][i+1:]...)
	}
	return err
}

func (m *memory) find(typ, id string, v scim.Version) (int, *scim.Resource, error) {
	for i, r := range m.stored[typ] {
		if r.ID() != id {
			continue
		}
		if !v.Holds(r.Version()) {
			return 0, nil, scim.Errorf(412, "", "412.1", "Version does not match (412.1): get the resource again.")
		}
		return i, r, nil
	}
	return 0, nil, scim.Errorf(404, "", "404.1", "No such resource (404.1): nobody has this id.")
}

func (m *memory) check(typ, id string, r *scim.Resource) error {
	if len(r.Faults) > 0 {
		return r.Faults[0].Err
	}
	name := r.String("userName")
	if typ == "User" && name == "" {
		return scim.BadRequest(scim.InvalidValue, "400.14", "Attribute missing (400.14): userName is required.")
	}
	for _, other := range m.stored[typ] {
		if typ == "User" && other.ID() != id && scim.Fold(other.String("userName")) == scim.Fold(name) {
			return scim.Errorf(409, scim.Uniqueness, "409.1", "userName is taken (409.1): %s.", name)
		}
	}
	return nil
}

func (m *memory) put(typ string, i int, was *scim.Resource, next scim.Object) *scim.Resource {
	if len(scim.Changed(was.Object(), next)) == 0 {
		return was
	}
	var n int
	fmt.Sscanf(string(was.Version()), `W/"%d"`, &n)
	m.stored[typ][i] = m.stamp(typ, was.ID(), n+1, next)
	return m.stored[typ][i]
}

// stamp makes what is answered: the object with what the provider adds.
func (m *memory) stamp(typ, id string, n int, o scim.Object) *scim.Resource {
	t := m.types[typ]
	answered := scim.Object{}
	for name, v := range o {
		answered[name] = v
	}
	answered["id"] = id
	answered["schemas"] = []any{t.Schema.ID}
	answered["meta"] = scim.Object{
		"resourceType": typ,
		"created":      "2026-11-22T08:00:00.000Z", "lastModified": "2026-11-22T08:00:00.000Z",
		"location": m.base + t.Endpoint + "/" + id,
		"version":  fmt.Sprintf(`W/"%d"`, n),
	}
	return scim.ResourceFromJSON(t.Append(nil, answered))
}
