package source

import (
	"strings"

	"github.com/rollcall-scim/rollcall/provision/expression"
	"github.com/rollcall-scim/rollcall/scim"
)

// named adds the attributes that the configuration names itself. It goes last:
// its word goes before what the kind of source does.
func (c Config) named(r *Record) {
	given := make(map[string]expression.Value, len(c.Attributes))
	for entra, own := range c.Attributes {
		given[entra] = r.Get(own) // all are read before any is written: two may change places
	}
	for entra, v := range given {
		if v.IsNull() {
			delete(r.Attributes, entra)
			continue
		}
		r.Attributes[entra] = v
	}
}

// isCalled says whether people mean the record by that name (see Source.Find).
func (r *Record) isCalled(name string) bool {
	if strings.EqualFold(r.Anchor, name) || r.Ref != "" && strings.EqualFold(r.Ref, name) {
		return true
	}
	folded := scim.Fold(name)
	for _, a := range []string{"userPrincipalName", "mail", "displayName", "userName", "mailNickname", "employeeId"} {
		for _, text := range r.Get(a).Texts() {
			if scim.Fold(text) == folded {
				return true
			}
		}
	}
	return false
}

// truth reads the ways in which people write yes and no; anything else is left
// as it is, for the mapping to judge.
func truth(text string) expression.Value {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "yes", "y", "1", "t", "active", "enabled":
		return expression.Bool(true)
	case "false", "no", "n", "0", "f", "inactive", "disabled":
		return expression.Bool(false)
	}
	return expression.Text(text)
}
