package scimhttp

import (
	"context"
	"fmt"
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
	for _, r := range m.stored[typ] {
		if q.Filter != nil && !q.Filter.Match(r.Object()) {
			continue
		}
		page.Total++
		if page.Total >= q.StartIndex && len(page.Resources) < q.Count {
			page.Resources = append(page.Resources, r)
		}
	}
	return page, nil
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
		if v != "" && v != "*" && v != r.Version() {
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
