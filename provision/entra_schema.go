package provision

import (
	"encoding/json/v2"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/provision/source"
)

// The parts of Microsoft Graph's synchronizationSchema that an outbound
// application has a counterpart for. What else a schema holds describes the two
// directories, which Rollcall asks for itself.
type entraSchema struct {
	Rules []entraRule `json:"synchronizationRules"`
}

type entraRule struct {
	Name     string        `json:"name"`
	Source   string        `json:"sourceDirectoryName"`
	Target   string        `json:"targetDirectoryName"`
	Mappings []entraObject `json:"objectMappings"`
}

type entraObject struct {
	Enabled    *bool            `json:"enabled"`
	FlowTypes  string           `json:"flowTypes"`
	Name       string           `json:"name"`
	Source     string           `json:"sourceObjectName"`
	Target     string           `json:"targetObjectName"`
	Scope      *entraScope      `json:"scope"`
	Attributes []entraAttribute `json:"attributeMappings"`
}

type entraScope struct {
	Groups   []entraFilter `json:"groups"`
	Input    []entraFilter `json:"inputFilterGroups"`
	Category []entraFilter `json:"categoryFilterGroups"`
}

type entraFilter struct {
	Name    string        `json:"name"`
	Clauses []entraClause `json:"clauses"`
}

type entraClause struct {
	Operator string `json:"operatorName"`
	Source   string `json:"sourceOperandName"`
	Target   struct {
		Values []string `json:"values"`
	} `json:"targetOperand"`
}

type entraAttribute struct {
	Default  *string      `json:"defaultValue"`
	Missing  bool         `json:"exportMissingReferences"`
	Behavior string       `json:"flowBehavior"`
	Type     string       `json:"flowType"`
	Matching int          `json:"matchingPriority"`
	Source   *entraOrigin `json:"source"`
	Target   string       `json:"targetAttributeName"`
}

type entraOrigin struct {
	Expression string `json:"expression"`
	Name       string `json:"name"`
	Type       string `json:"type"`
	Parameters []struct {
		Key   string       `json:"key"`
		Value *entraOrigin `json:"value"`
	} `json:"parameters"`
}

// ImportSchema makes an application's YAML of a synchronization schema as Entra
// exports it (Microsoft Graph: synchronizationSchema). What has no counterpart
// is noted, and stands as comments above the YAML. Source and target are to be
// filled in.
func ImportSchema(schema []byte, name string) (text []byte, notes []string, err error) {
	rule, err := readSchema(schema)
	if err != nil {
		return nil, nil, err
	}
	t := translation{app: &Application{Name: name, Status: Off, Scope: Scope{Sync: SyncAssigned, Nested: Deep}}}
	t.app.Source.Kind = "directory"
	t.app.Target.URL = "https://acme.example.com/api/scim/v2"
	t.app.Target.Token = "${" + secretName(name, "token") + "}"
	for _, o := range rule.Mappings {
		t.object(o)
	}
	if len(t.app.Users.Mappings)+len(t.app.Groups.Mappings) == 0 {
		return nil, nil, errors.New("the schema maps neither users nor groups; export it again from the enterprise application's provisioning page")
	}
	return t.text(), t.notes, nil
}

// readSchema finds the rule that goes out of Entra: the one whose source it is,
// or the only one. Some exports wrap the schema into another object.
func readSchema(text []byte) (entraRule, error) {
	var s struct {
		entraSchema
		Wrapped *entraSchema `json:"schema"`
	}
	if err := json.Unmarshal([]byte(strings.TrimPrefix(string(text), "\ufeff")), &s, json.MatchCaseInsensitiveNames(true)); err != nil {
		return entraRule{}, fmt.Errorf("the file is no schema in JSON: %w", err)
	}
	rules := s.Rules
	if s.Wrapped != nil {
		rules = append(rules, s.Wrapped.Rules...)
	}
	if len(rules) == 0 {
		return entraRule{}, errors.New("the file has no synchronizationRules; export the schema with the button Download, or GET .../synchronization/jobs/ID/schema")
	}
	for _, r := range rules {
		if isEntra(r.Source) {
			return r, nil
		}
	}
	return rules[0], nil
}

// isEntra says that a rule's directory is Entra itself, by its old names too.
func isEntra(name string) bool {
	for _, part := range []string{"azure active directory", "entra"} {
		if strings.Contains(strings.ToLower(name), part) {
			return true
		}
	}
	return false
}

type translation struct {
	app   *Application
	notes []string
}

func (t *translation) note(format string, args ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

func (t *translation) object(o entraObject) {
	part, typ := &t.app.Users, source.User
	filters := &t.app.Scope.Filters
	switch {
	case isOne(o, "user", "provisioninguser"):
	case isOne(o, "group", "provisioninggroup"):
		part, typ, filters = &t.app.Groups, source.Group, &t.app.Scope.GroupFilters
	default:
		t.note("the object mapping %q: only users and groups are provisioned", o.Name)
		return
	}
	if len(part.Mappings) > 0 {
		t.note("the object mapping %q: there is one for %ss already", o.Name, typ)
		return
	}
	part.Enabled = o.Enabled == nil || *o.Enabled
	part.Actions = t.actions(o)
	for _, a := range o.Attributes {
		t.attribute(typ, part, a)
	}
	if o.Scope != nil {
		*filters = t.filters(o)
	}
}

// isOne says that an object mapping is about that kind of objects: by its source, or
// by its target where the source has a name of its own.
func isOne(o entraObject, names ...string) bool {
	return slices.Contains(names, strings.ToLower(o.Source)) ||
		strings.HasSuffix(strings.ToLower(o.Target), ":"+names[0]) && !strings.EqualFold(o.Source, "group") && !strings.EqualFold(o.Source, "user")
}

// actions translates Add, Update, Delete.
func (t *translation) actions(o entraObject) (actions []string) {
	for word := range strings.SplitSeq(o.FlowTypes, ",") {
		switch word = strings.TrimSpace(word); strings.ToLower(word) {
		case "add":
			actions = append(actions, ActionCreate)
		case "update":
			actions = append(actions, ActionUpdate)
		case "delete":
			actions = append(actions, ActionDelete)
		case "", "none":
		default:
			t.note("the action %q of %q", word, o.Name)
		}
	}
	if len(actions) == len(objectActions) {
		return nil
	}
	return actions
}
