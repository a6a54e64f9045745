package provision

import (
	"context"
	"encoding/json/v2"
	"fmt"
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
	if !p.indexed {
		return p.each(ctx, open, p.matchOne)
	}
	for _, s := range open {
		if err := p.matchOne(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// matchOne links the subject to the one it finds; several are its trouble, for
// a guess could give somebody another's account.
func (p *planner) matchOne(ctx context.Context, s *subject) error {
	rules := p.rules(s.Type).Match(s.desired)
	if len(rules) == 0 {
		s.trouble = &trouble{"MissingValues", "Every matching attribute is empty, so nobody could tell whether the target has it already. Give it one, or add another matching attribute."}
		return nil
	}
	for _, terms := range rules {
		found, err := p.find(ctx, s.Type, terms)
		if err != nil {
			return p.excuse(s, err)
		}
		switch {
		case len(found) == 1:
			return p.link(ctx, s, found[0], terms)
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
	filters := make([]string, len(terms))
	for i, t := range terms {
		filters[i] = filterTerm(t.Path.String(), t.Value)
	}
	filter, err := parseFilter(typ, strings.Join(filters, " and "))
	if err != nil {
		return nil, err
	}
	q := scim.Query{Filter: filter, StartIndex: 1, Count: 5}
	if typ == groupType {
		q.Projection.Excluded = []string{membersPath}
	}
	page, err := p.sp.Query(ctx, typ, q)
	if err != nil {
		return nil, err
	}
	found := make([]TargetObject, 0, len(page.Resources))
	for _, r := range page.Resources {
		doc := map[string]any{}
		if err := json.Unmarshal(r.JSON(), &doc); err != nil {
			return nil, fmt.Errorf("the target's answer to a look-up is no JSON object: %w", err)
		}
		t := p.targetObject(typ, r.ID(), doc, r)
		// A server that ignores the filter must not hand us a stranger.
		if agrees(doc, terms) {
			found = append(found, t)
		}
	}
	if len(page.Resources) > 0 && len(found) == 0 {
		return nil, fmt.Errorf("the target was asked for %s and answered with others: it does not support this filter", describe(terms))
	}
	return found, nil
}

func (p *planner) findListed(ctx context.Context, typ string, terms []MatchTerm) ([]TargetObject, error) {
	first := terms[0]
	listed, err := p.Store.MatchTargets(ctx, p.cycle.Number, typ, MatchKey{first.Path.String(), fold(first.Value)}, 20)
	if err != nil || len(terms) == 1 {
		return listed, err
	}
	var found []TargetObject
	for _, t := range listed {
		if agrees(decode(t.Doc), terms) {
			found = append(found, t)
		}
	}
	return found, nil
}

func agrees(doc map[string]any, terms []MatchTerm) bool {
	for _, t := range terms {
		v, ok := t.Path.Get(doc).(string)
		if !ok || fold(v) != fold(t.Value) {
			return false
		}
	}
	return true
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
			return p.excuse(s, err)
		}
		doc = decode(string(r.JSON()))
	}
	s.how = "matched by " + strings.Join(paths(terms), " and ")
	s.Object.Target = t.ID
	s.current = doc
	p.remember(s.Key, t.ID)
	return nil
}

func paths(terms []MatchTerm) (names []string) {
	for _, t := range terms {
		names = append(names, t.Path.String())
	}
	return names
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

func parseFilter(typ, text string) (*scim.Filter, error) {
	t := scim.UserType
	if typ == groupType {
		t = scim.GroupType
	}
	return scim.ParseFilter(t, text)
}

func equals(typ, path, value string) *scim.Filter {
	f, err := parseFilter(typ, filterTerm(path, value))
	if err != nil {
		return nil
	}
	return f
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
	for _, s := range subjects {
		if ctx.Err() != nil {
			break
		}
		next <- s
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
