package hostile

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/rollcall-scim/rollcall/scim"
)

// provider keeps resources in memory, with indexes that let 10,000 people be
// found fast.
type provider struct {
	base     string
	switches func() Switches

	mu    sync.Mutex
	made  int
	kinds map[string]*kind
}

// kind is all resources of one type.
type kind struct {
	typ   *scim.ResourceType
	byID  map[string]*stored
	order []*stored // as they were made
	index map[string]map[string][]*stored
}

// stored is one resource; what it holds is never changed, only replaced.
type stored struct {
	id      string
	version int
	object  scim.Object
	json    []byte
}

// indexed are the paths that a kind is looked up by.
var indexed = []string{"userName", "externalId", "displayName"}

func newProvider(base string, switches func() Switches) *provider {
	p := &provider{base: base, switches: switches, kinds: map[string]*kind{}}
	for _, t := range []*scim.ResourceType{scim.UserType, scim.GroupType} {
		k := &kind{typ: t, byID: map[string]*stored{}, index: map[string]map[string][]*stored{}}
		for _, path := range indexed {
			k.index[path] = map[string][]*stored{}
		}
		p.kinds[t.Name] = k
	}
	return p
}

func (k *kind) put(s *stored) {
	if was := k.byID[s.id]; was != nil {
		k.unindex(was)
		k.order[slices.Index(k.order, was)] = s
	} else {
		k.order = append(k.order, s)
	}
	k.byID[s.id] = s
	for _, path := range indexed {
		if name, _ := s.object[path].(string); name != "" {
			name = scim.Fold(name)
			k.index[path][name] = append(k.index[path][name], s)
		}
	}
}

func (k *kind) unindex(s *stored) {
	for _, path := range indexed {
		if name, _ := s.object[path].(string); name != "" {
			name = scim.Fold(name)
			k.index[path][name] = slices.DeleteFunc(k.index[path][name], func(other *stored) bool { return other == s })
		}
	}
}

func (k *kind) delete(s *stored) {
	k.unindex(s)
	delete(k.byID, s.id)
	if i := slices.Index(k.order, s); i >= 0 {
		k.order = slices.Delete(k.order, i, i+1)
	}
}

// candidates are those that can match: of an index where the filter has such a
// term, else all.
func (k *kind) candidates(f *scim.Filter) []*stored {
	if f != nil {
		for _, eq := range f.Equalities() {
			if eq.Path == "id" {
				return slices.DeleteFunc([]*stored{k.byID[eq.Value]}, func(s *stored) bool { return s == nil })
			}
			if index := k.index[eq.Path]; index != nil {
				return index[scim.Fold(eq.Value)]
			}
		}
	}
	return k.order
}

// answer is the resource as it is sent, without its version if there are to be
// none.
func (p *provider) answer(k *kind, s *stored) *scim.Resource {
	if !p.switches().NoETags {
		return scim.Answered(s.json, s.id, s.tag())
	}
	bare, meta := maps.Clone(s.object), maps.Clone(s.object["meta"].(scim.Object))
	delete(meta, "version")
	bare["meta"] = meta
	return scim.Answered(k.typ.Append(nil, bare), s.id, "")
}

func (s *stored) tag() scim.Version { return scim.Version(fmt.Sprintf(`W/"%d"`, s.version)) }

// store makes the next version of a resource from the object that clients own.
func (p *provider) store(k *kind, id string, version int, o scim.Object) *stored {
	s := &stored{id: id, version: version, object: maps.Clone(o)}
	s.object["id"] = id
	s.object["meta"] = scim.Object{"resourceType": k.typ.Name, "location": p.base + k.typ.Endpoint + "/" + id, "version": string(s.tag())}
	s.object["schemas"] = []any{k.typ.Schema.ID}
	for _, e := range k.typ.Extensions {
		if s.object[e.Schema.ID] != nil {
			s.object["schemas"] = append(s.object["schemas"].([]any), e.Schema.ID)
		}
	}
	s.json = k.typ.Append(nil, s.object)
	k.put(s)
	return s
}

// Create is scim.ServiceProvider's.
func (p *provider) Create(_ context.Context, typ string, r *scim.Resource) (*scim.Resource, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := p.kinds[typ]
	if err := p.check(k, "", r); err != nil {
		return nil, err
	}
	p.made++
	return p.answer(k, p.store(k, fmt.Sprintf("t-%d", p.made), 1, r.Object())), nil
}

// check refuses what cannot be used, names that are rejected, and userNames that
// are taken.
func (p *provider) check(k *kind, id string, r *scim.Resource) error {
	if len(r.Faults) > 0 {
		return r.Faults[0].Err
	}
	switches := p.switches()
	name, _ := r.Object()["userName"].(string)
	if status := switches.Reject[name]; name != "" && status != 0 {
		scimType := scim.InvalidValue
		if status == http.StatusConflict {
			scimType = scim.Uniqueness
		}
		return scim.Errorf(status, scimType, "", "This target does not take the user %s.", name)
	}
	for _, other := range k.index["userName"][scim.Fold(name)] {
		if name != "" && other.id != id && !switches.AcceptDuplicates {
			return scim.Errorf(http.StatusConflict, scim.Uniqueness, "", "userName %s is taken.", name)
		}
	}
	return nil
}

// Get is scim.ServiceProvider's.
func (p *provider) Get(_ context.Context, typ, id string) (*scim.Resource, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, err := p.find(typ, id, "")
	if err != nil {
		return nil, err
	}
	return p.answer(p.kinds[typ], s), nil
}

func (p *provider) find(typ, id string, v scim.Version) (*stored, error) {
	s := p.kinds[typ].byID[id]
	switch {
	case s == nil:
		return nil, scim.Errorf(http.StatusNotFound, "", "", "There is no %s %s.", typ, id)
	case !p.switches().NoETags && !v.Holds(s.tag()):
		return nil, scim.Errorf(http.StatusPreconditionFailed, "", "", "It was changed meanwhile.")
	}
	return s, nil
}

// Query is scim.ServiceProvider's, with the lies about totals and pages that the
// switches ask for. A cursor is the index to go on at.
func (p *provider) Query(_ context.Context, typ string, q scim.Query) (*scim.Page, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switches := p.switches()
	if q.Cursor != nil {
		q.StartIndex = 1
		if _, err := fmt.Sscanf(*q.Cursor, "at-%d", &q.StartIndex); *q.Cursor != "" && err != nil {
			return nil, scim.BadRequest(scim.InvalidCursor, "", "This cursor was not made here.")
		}
	}
	if switches.IgnoreFilter {
		q.Filter = nil
	}
	if most := switches.PageSize; most > 0 {
		q.Count = min(q.Count, most)
	}
	start := max(q.StartIndex, 1)
	if switches.RepeatPages && start > 1 {
		start--
	}
	page := &scim.Page{StartIndex: max(q.StartIndex, 1)}
	for _, s := range p.kinds[typ].candidates(q.Filter) {
		if q.Filter != nil && !q.Filter.Match(s.object) {
			continue
		}
		page.Total++
		if page.Total >= start && len(page.Resources) < q.Count {
			page.Resources = append(page.Resources, p.answer(p.kinds[typ], s))
		}
	}
	if next := q.StartIndex + len(page.Resources); q.Cursor != nil && next <= page.Total && q.Count > 0 {
		page.NextCursor = fmt.Sprintf("at-%d", next)
	}
	page.Total = max(page.Total+switches.WrongTotal, 0)
	return page, nil
}

// Replace is scim.ServiceProvider's.
func (p *provider) Replace(_ context.Context, typ, id string, r *scim.Resource, v scim.Version) (*scim.Resource, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, err := p.find(typ, id, v)
	if err != nil {
		return nil, err
	}
	k := p.kinds[typ]
	if err := p.check(k, id, r); err != nil {
		return nil, err
	}
	return p.answer(k, p.store(k, id, s.version+1, k.typ.ReplaceWith(s.object, r))), nil
}

// Patch is scim.ServiceProvider's.
func (p *provider) Patch(_ context.Context, typ, id string, patch *scim.Patch, v scim.Version) (*scim.Resource, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, err := p.find(typ, id, v)
	if err != nil {
		return nil, err
	}
	k := p.kinds[typ]
	if p.switches().Strict {
		if err := strict(k.typ, s.object, patch); err != nil {
			return nil, err
		}
	}
	next, _, faults := k.typ.Apply(s.object, patch)
	if len(faults) > 0 {
		return nil, faults[0].Err
	}
	if err := p.check(k, id, k.typ.NewResource(next)); err != nil {
		return nil, err
	}
	if len(scim.Changed(s.object, next)) == 0 {
		return p.answer(k, s), nil
	}
	return p.answer(k, p.store(k, id, s.version+1, next)), nil
}

// strict is RFC 7644 section 3.5.2.3 to the letter: a filter in a path that
// nothing matches is noTarget, and makes no element. Operations are judged by
// what stands before the first of them.
func strict(t *scim.ResourceType, o scim.Object, patch *scim.Patch) error {
	for _, op := range patch.Operations {
		end := strings.IndexByte(op.Path, ']')
		if end < 0 || op.Op == "remove" {
			continue
		}
		f, err := scim.ParseFilter(t, op.Path[:end+1])
		if err != nil {
			return scim.BadRequest(scim.InvalidPath, "", "The path %s cannot be read.", op.Path)
		}
		if !f.Match(o) {
			return scim.BadRequest(scim.NoTarget, "", "Nothing matches the path %s.", op.Path)
		}
	}
	return nil
}

// Delete is scim.ServiceProvider's.
func (p *provider) Delete(_ context.Context, typ, id string, v scim.Version) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, err := p.find(typ, id, v)
	if err == nil {
		p.kinds[typ].delete(s)
	}
	return err
}
