package provision

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-scim/rollcall/provision/expression"
	"github.com/rollcall-scim/rollcall/provision/source"
	"github.com/rollcall-scim/rollcall/scim"
)

// CompiledScope is a Scope made ready to decide. It is safe for concurrent use.
type CompiledScope struct {
	all           bool
	users, groups [][]condition // one filter must hold, and all conditions of it
}

// Decision is whether an object is provisioned, and why.
type Decision struct {
	In  bool
	Why string
	// Clauses are the results of all clauses of all filters, for who asks "why?".
	Clauses []ClauseResult
}

// ClauseResult is what a clause of a scoping filter says of one object.
type ClauseResult struct {
	Filter int // from 1
	Clause
	Value expression.Value
	Holds bool
	// Says is the finding: department is "HR". Must is what the clause asks for:
	// must be "Sales".
	Says, Must string
}

// condition is a clause made ready.
type condition struct {
	Clause
	operator *operator
	value    string // folded where case does not count
	pattern  *regexp.Regexp
	number   int64
}

// CompileScope makes a scope ready, or says all that is wrong with it; then it
// lets nobody in.
func CompileScope(s Scope) (*CompiledScope, []Fault) {
	c := &CompiledScope{all: s.Sync == SyncAll}
	var faults []Fault
	c.users, faults = conditions("scope.filters", s.Filters)
	groups, more := conditions("scope.group-filters", s.GroupFilters)
	c.groups = groups
	return c, append(faults, more...)
}

func conditions(where string, filters [][]Clause) (ready [][]condition, faults []Fault) {
	for i, filter := range filters {
		at := fmt.Sprintf("%s.%d", where, i+1)
		if len(filter) == 0 {
			faults = append(faults, Fault{at, "a filter needs at least one clause: add one, or take the filter out"})
		}
		conditions := make([]condition, len(filter))
		for j, clause := range filter {
			c, why := clause.compile()
			if why != "" {
				faults = append(faults, Fault{fmt.Sprintf("%s.%d", at, j+1), why})
				c.operator = nil // it holds of nobody
			}
			conditions[j] = c
		}
		ready = append(ready, conditions)
	}
	return ready, faults
}

// compile makes a clause ready; why says what is wrong with it.
func (c Clause) compile() (ready condition, why string) {
	ready = condition{Clause: c, operator: operatorOf(c.Operator), value: c.Value}
	if c.IgnoreCase {
		ready.value = scim.Fold(c.Value)
	}
	var err error
	switch o := ready.operator; {
	case c.Attribute == "":
		return ready, "the clause names no attribute: write one of the source's, such as department"
	case o == nil:
		return ready, fmt.Sprintf("there is no operator %q: write one of %s", c.Operator, strings.Join(Operators(), ", "))
	case o.unary && c.Value != "":
		return ready, fmt.Sprintf("%s takes no value", o.name)
	case !o.unary && c.Value == "":
		return ready, fmt.Sprintf("%s needs a value; to ask whether there is any, write IS NULL or IS NOT NULL", o.name)
	case o.integer:
		if ready.number, err = strconv.ParseInt(strings.TrimSpace(c.Value), 10, 64); err != nil {
			return ready, fmt.Sprintf("%s compares whole numbers, and %s is none", o.name, show(c.Value))
		}
	case o.regex:
		return ready.withPattern()
	}
	return ready, ""
}

func (c condition) withPattern() (condition, string) {
	text := c.Value
	if c.IgnoreCase {
		text = "(?i)" + text
	}
	var err error
	if c.pattern, err = regexp.Compile(text); err == nil {
		return c, ""
	}
	if slices.ContainsFunc([]string{"(?=", "(?!", "(?<=", "(?<!"}, func(s string) bool { return strings.Contains(text, s) }) {
		return c, "the pattern looks ahead or behind, which is not supported: write what it excludes as a clause of its own with NOT REGEX MATCH"
	}
	return c, fmt.Sprintf("the pattern cannot be read: %s", err)
}

// Decide says whether an object is provisioned. assigned says that somebody
// assigned it, by way of via: "direct", or the groups on the way.
func (s Scope) Decide(rec *source.Record, assigned bool, via string) Decision {
	c, _ := CompileScope(s)
	return c.Decide(rec, assigned, via)
}

// Decide is Scope.Decide, for many objects.
func (c *CompiledScope) Decide(rec *source.Record, assigned bool, via string) Decision {
	d := Decision{Why: "everybody is in scope"}
	switch {
	case !c.all && !assigned:
		d.Why = "not assigned, neither directly nor by a group"
		return d
	case !c.all && (via == "" || via == "direct"):
		d.Why = "assigned directly"
	case !c.all:
		d.Why = "assigned via " + via
	}
	filters := c.users
	if rec.Type == source.Group {
		filters = c.groups
	}
	d.In = len(filters) == 0
	var failed []string
	for i, filter := range filters {
		holds, says := d.filter(i+1, filter, rec)
		if holds && !d.In {
			d.In = true
			d.Why += fmt.Sprintf("; %s: filter %d holds", says, i+1)
		}
		failed = append(failed, fmt.Sprintf("in filter %d, %s", i+1, says))
	}
	if !d.In {
		d.Why += "; no filter holds: " + strings.Join(failed, "; ")
	}
	return d
}

// filter asks one filter, and says what its clauses found: all when they hold,
// else those that do not.
func (d *Decision) filter(number int, filter []condition, rec *source.Record) (holds bool, says string) {
	holds = len(filter) > 0
	var yes, no []string
	for i := range filter {
		r := filter[i].ask(rec)
		r.Filter = number
		d.Clauses = append(d.Clauses, r)
		if r.Holds {
			yes = append(yes, r.Says)
			continue
		}
		holds = false
		no = append(no, r.Says+", and "+r.Must)
	}
	if holds {
		return true, strings.Join(yes, " and ")
	}
	return false, strings.Join(no, " and ")
}

// ask asks one clause.
func (c *condition) ask(rec *source.Record) ClauseResult {
	v := attributeOf(rec, c.Attribute, false)
	r := ClauseResult{Clause: c.Clause, Value: v, Says: c.Attribute + " " + findingOf(v)}
	if c.operator != nil {
		r.Must = c.operator.must(c.Value)
		r.Holds = c.holds(v)
	}
	return r
}

// holds is the truth table: nothing holds of no value but IS NULL, the negated
// operators neither. Of a list, one value is enough; a negated operator asks
// that it be true of none.
func (c *condition) holds(v expression.Value) bool {
	o := c.operator
	switch {
	case o.null:
		return isEmpty(v) != o.negated
	case isEmpty(v):
		return false
	}
	found := slices.ContainsFunc(v.Texts(), func(text string) bool {
		if c.IgnoreCase && !o.regex {
			text = scim.Fold(text)
		}
		return text != "" && o.test(c, text)
	})
	return found != o.negated
}

// findingOf is an attribute's value in a sentence.
func findingOf(v expression.Value) string {
	const most = 3
	var shown []string
	for _, text := range v.Texts() {
		if text == "" {
			continue
		}
		if len(shown) == most {
			shown = append(shown, "and more")
			break
		}
		shown = append(shown, show(text))
	}
	if len(shown) == 0 {
		return "has no value"
	}
	return "is " + strings.Join(shown, ", ")
}
