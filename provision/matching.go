package provision

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/rollcall-scim/rollcall/scim"
)

// match finds, for those without a link, whom the target has already. The rules
// are tried in their order of precedence; the first that finds anybody decides.
func (p *planner) match(ctx context.Context, subjects []*subject) error {
	var open []*subject
	for _, s := range subjects {
		if s.trouble == nil && s.Target == "" && !s.out {
			open = append(open, s)
		}
	}
	if len(open) > 0 && !p.indexed && !p.features.Filter {
		if err := p.list(ctx); err != nil { // one by one, each look-up would be such a list
			return err
		}
	}
	parallel := p.each
	if p.indexed {
		parallel = one // the database is asked, and nobody waits for it
	}
	if err := parallel(ctx, open, p.seek); err != nil {
		return err
	}
	return one(ctx, open, p.join) // in their order, so that the same plan comes of it each time
}

// one does fn for all subjects, one after the other.
func one(ctx context.Context, subjects []*subject, fn func(context.Context, *subject) error) error {
	for _, s := range subjects {
		if err := fn(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// matchOne is match for one.
func (p *planner) matchOne(ctx context.Context, s *subject) error {
	return cmp.Or(p.seek(ctx, s), p.join(ctx, s))
}

// seek finds who the subject is at the target; several are its trouble, for a
// guess could give somebody another's account.
func (p *planner) seek(ctx context.Context, s *subject) error {
	rules := p.rules(s.Type).Match(s.desired)
	if len(rules) == 0 {
		s.trouble = &trouble{"MissingValues", "Every matching attribute is empty, so nobody could tell whether the target has it already. Give it one, or add another matching attribute."}
		return nil
	}
	for _, terms := range rules {
		found, err := p.find(ctx, s.Type, terms)
		if err != nil {
			return p.excuse(ctx, s, err)
		}
		switch {
		case len(found) == 1:
			s.found, s.by = &found[0], terms
			return nil
		case len(found) > 1:
			s.trouble = &trouble{"DuplicateTargetEntries", fmt.Sprintf("The target has %d with %s: %s. Link one by hand: rollcall app links %s --link, or remove the others.", len(found), describe(terms), candidates(found), p.App.Name)}
			return nil
		}
	}
	return nil
}

// find looks in what was listed, or asks the target.
func (p *planner) find(ctx context.Context, typ string, terms []MatchTerm) ([]TargetObject, error) {
	if p.indexed {
		return p.findListed(ctx, typ, terms)
	}
	return p.search(ctx, typ, terms)
}

// search asks the target who has the values: by a filter, or, where it has none,
// by reading all.
func (c *run) search(ctx context.Context, typ string, terms []MatchTerm) (found []TargetObject, err error) {
	strangers := false
	see := func(r *scim.Resource) {
		doc := decode(string(r.JSON()))
		switch {
		case r.ID() == "":
		case agrees(c.rules(typ), doc, terms):
			found = append(found, c.targetObject(typ, r.ID(), doc, r))
		case !c.profile.SimpleFilter || !hasText(doc, terms[0].Value):
			strangers = true
		}
	}
	if !c.features.Filter {
		_, err := c.pages(ctx, typ, func(page []*scim.Resource) error {
			for _, r := range page {
				see(r)
			}
			return nil
		})
		return found, err
	}
	filter, err := c.filter(typ, terms)
	if err != nil {
		return nil, err
	}
	q := scim.Query{Filter: filter, StartIndex: 1, Count: 5}
	if typ == groupType {
		q.Projection.Excluded = []string{membersPath}
	}
	page, err := c.sp.Query(ctx, typ, q)
	if err != nil {
		return nil, err
	}
	c.breaker.went()
	for _, r := range page.Resources {
		see(r)
	}
	if strangers && len(found) == 0 { // a server that ignores the filter must not hand us one
		return nil, fmt.Errorf("the target was asked for %s and answered with others: it does not support this filter; match by another attribute", describe(terms))
	}
	return found, nil
}

// filter asks for all terms. Where the target knows only eq and and, what is in
// brackets is left out, and looked at in the answer.
func (c *run) filter(typ string, terms []MatchTerm) (*scim.Filter, error) {
	parts := make([]string, len(terms))
	for i, t := range terms {
		if parts[i] = t.Filter(); c.profile.SimpleFilter {
			t.Path.Filter = nil
			parts[i] = filterTerm(t.Path.String(), t.Value)
		}
	}
	rt := scim.UserType
	if typ == groupType {
		rt = scim.GroupType
	}
	return scim.ParseFilter(rt, strings.Join(parts, " and "))
}

// hasText says that the value is anywhere in the resource.
func hasText(v any, text string) bool {
	switch v := v.(type) {
	case string:
		return fold(v) == fold(text)
	case []any:
		return slices.ContainsFunc(v, func(e any) bool { return hasText(e, text) })
	case map[string]any:
		for _, e := range v {
			if hasText(e, text) {
				return true
			}
		}
	}
	return false
}

func (p *planner) findListed(ctx context.Context, typ string, terms []MatchTerm) (found []TargetObject, err error) {
	key := MatchKey{terms[0].Path.String(), fold(terms[0].Value)}
	if _, listed := p.free[key.hash(typ)]; !listed {
		return nil, nil
	}
	listed, err := p.Store.MatchTargets(ctx, p.cycle.Number, typ, key, 20)
	for _, t := range listed {
		if agrees(p.rules(typ), decode(t.Doc), terms) {
			found = append(found, t)
		}
	}
	return found, err
}

// agrees compares as the attributes do: an externalId in another case is another
// one.
func agrees(rules *Rules, doc map[string]any, terms []MatchTerm) bool {
	for _, t := range terms {
		v := textOf(t.Path.Get(doc))
		u := rules.find(t.Path.String())
		exact := u != nil && u.kind.CaseExact
		if exact && v != t.Value || !exact && fold(v) != fold(t.Value) {
			return false
		}
	}
	return true
}

// join links the subject to the one it found.
func (p *planner) join(ctx context.Context, s *subject) error {
	if s.found == nil || s.trouble != nil {
		return nil
	}
	return p.link(ctx, s, *s.found, s.by)
}

// link takes who was found for the subject's own.
func (p *planner) link(ctx context.Context, s *subject, t TargetObject, terms []MatchTerm) error {
	holders, err := p.Store.ObjectsByTarget(ctx, s.Type, []string{t.ID})
	if err != nil {
		return err
	}
	for _, o := range holders {
		if o.Key != s.Key {
			s.trouble = &trouble{"DuplicateSourceEntries", fmt.Sprintf("%s has %s too, and the target's %s is linked to it. Two people cannot have one account: correct one of them at the source, or end that link.", o.Name, describe(terms), t.Name)}
			return nil
		}
	}
	if !p.claim(s.Type, t.ID) {
		s.trouble = &trouble{"DuplicateSourceEntries", fmt.Sprintf("Somebody else of the source has %s too. Two people cannot have one account: correct one of them.", describe(terms))}
		return nil
	}
	doc := decode(t.Doc)
	if s.Type == groupType {
		r, err := p.sp.Get(ctx, s.Type, t.ID) // its members were not listed
		if err != nil {
			return p.excuse(ctx, s, err)
		}
		doc = decode(string(r.JSON()))
	}
	s.how = matchedBy(terms)
	s.Object.Target = t.ID
	s.current, s.stored, s.known = doc, nil, knowledgeOf("")
	p.remember(s.Key, t.ID)
	return nil
}

// claimKeys takes the matching values of somebody who is to be created; false
// when another one of this plan has them, who would be found by them.
func (p *planner) claimKeys(s *subject) bool {
	free := true
	for _, terms := range p.rules(s.Type).Match(s.desired) {
		free = p.claim(s.Type, fold(describe(terms))) && free
	}
	return free
}

func matchedBy(terms []MatchTerm) string {
	names := make([]string, len(terms))
	for i, t := range terms {
		names[i] = t.Path.String()
	}
	return "matched by " + strings.Join(names, " and ")
}

func describe(terms []MatchTerm) string {
	parts := make([]string, len(terms))
	for i, t := range terms {
		parts[i] = filterTerm(t.Path.String(), t.Value)
	}
	return strings.Join(parts, " and ")
}

func candidates(found []TargetObject) string {
	var names []string
	for _, t := range found {
		names = append(names, fmt.Sprintf("%s (%s)", t.Name, t.ID))
	}
	return strings.Join(names, ", ")
}

func filterTerm(path, value string) string {
	return path + " eq " + encode(value)
}

const groupType = "Group"

// each does fn for all subjects, some at a time; the first error ends it.
func (p *planner) each(ctx context.Context, subjects []*subject, fn func(context.Context, *subject) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var mu sync.Mutex
	var first error
	next := make(chan *subject)
	var wait sync.WaitGroup
	for range min(p.parallel(), len(subjects)) {
		wait.Go(func() {
			for s := range next {
				if err := fn(ctx, s); err != nil {
					mu.Lock()
					if first == nil {
						first = err
					}
					mu.Unlock()
					cancel(err)
				}
			}
		})
	}
feed:
	for _, s := range subjects {
		select {
		case next <- s:
		case <-ctx.Done():
			break feed
		}
	}
	close(next)
	wait.Wait()
	if first != nil {
		return first
	}
	return ctx.Err()
}

func (c *run) parallel() int {
	if c.Parallel > 0 {
		return c.Parallel
	}
	return max(1, c.Target.Parallel())
}
