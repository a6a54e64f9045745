package provision

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/provision/expression"
	"github.com/rollcall-scim/rollcall/provision/source"
)

// mappings checks both kinds of mappings as they are compiled for a cycle.
func (c *checking) mappings() {
	c.compiled("users", source.User, c.app.Users)
	c.compiled("groups", source.Group, c.app.Groups)
	if !c.app.Users.Enabled && !c.app.Groups.Enabled {
		c.fault([]string{"users", "enabled"}, "users and groups are both off, so that nothing is left to do; turn one on")
	}
}

func (c *checking) compiled(part, typ string, m ObjectMapping) {
	_, faults := Compile(typ, m)
	for _, f := range faults {
		// A target has dots of its own, so the path is what the fault begins with.
		path, where := []string{part}, strings.TrimPrefix(f.Where, part+".")
		key, target, _ := strings.Cut(where, ".")
		if path = append(path, key); target != "" {
			path = append(path, target)
		}
		c.fault(path, "%s", f.Why)
	}
}

// Warnings are what is most likely a slip and yet may be meant: attributes that
// Entra has no name for and the set-up does not name either.
func (a *Application) Warnings() (out []string) {
	warn := func(path, name string) {
		if text := a.unknown(name); text != "" {
			out = append(out, path+": "+text)
		}
	}
	for part, m := range map[string]ObjectMapping{"users": a.Users, "groups": a.Groups} {
		for _, one := range m.Mappings {
			for _, name := range one.reads() {
				warn(part+".mappings."+one.Target, name)
			}
		}
	}
	for key, filters := range map[string][][]Clause{"filters": a.Scope.Filters, "group-filters": a.Scope.GroupFilters} {
		for _, clause := range slices.Concat(filters...) {
			warn("scope."+key, clause.Attribute)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// reads are the source's attributes that the mapping needs.
func (m Mapping) reads() []string {
	if m.From != "" {
		return []string{m.From}
	}
	e, err := expression.Parse(m.Expression)
	if err != nil {
		return nil
	}
	return e.Attributes()
}

// unknown says what is wrong with the name of a source's attribute; "" for
// nothing.
func (a *Application) unknown(name string) string {
	for own := range a.Source.Attributes {
		if strings.EqualFold(own, name) {
			return ""
		}
	}
	if spelled, alias := source.Spelling(name); spelled != "" && !alias || strings.EqualFold(name, "IsSoftDeleted") {
		return ""
	}
	text := fmt.Sprintf("%q is no attribute that Entra has; it is empty for everybody unless the source has it by that name", name)
	if meant := source.Suggest(name); meant != "" {
		text += " (did you mean " + meant + "?)"
	}
	return text
}
