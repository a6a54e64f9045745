package directory

import (
	"context"
	"encoding/json/v2"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
)

// Event is one thing that happened to a person, in words.
type Event struct {
	Seq     int64 // number of the change
	Time    time.Time
	What    []string
	Who     string // a person's name, a connection, the command line, ...
	Request string
}

// Page of a person's history.
type Page struct {
	Events []Event
	Older  int64 // the before of the next page; 0 at the end
}

// History tells what happened to a person, the newest first, from before the
// given number on; 0 means from the last.
func (t *Tenant) History(ctx context.Context, ref string, before int64, limit int) (Page, error) {
	changes, err := t.changesOf(ctx, ref, before, limit+1)
	if err != nil {
		return Page{}, err
	}
	var page Page
	if len(changes) > limit {
		changes = changes[:limit]
		page.Older = changes[limit-1].Seq
	}
	n := t.namer()
	for _, c := range changes {
		e, err := n.event(ctx, c)
		if err != nil {
			return Page{}, err
		}
		page.Events = append(page.Events, e)
	}
	return page, nil
}

// changesOf reads the change log of somebody whom the caller reaches.
func (t *Tenant) changesOf(ctx context.Context, ref string, before int64, limit int) ([]ChangeRow, error) {
	if err := t.may(ownGroup); err != nil {
		return nil, err
	}
	if err := t.Verify(ctx); err != nil {
		return nil, err
	}
	u, err := t.lookUpPerson(ctx, t.r, ref)
	if err != nil {
		return nil, err
	}
	return t.d.Store.Reader(t.s.tenant).Changes(ctx, ChangeQuery{Object: u.ID, Newest: true, Before: before, Limit: limit})
}

// changeSide is one side of a change of a person; see userChange.
type changeSide struct {
	Attributes  map[string]any `json:"attributes"`
	Group       *string        `json:"group"`
	State       *State         `json:"state"`
	Role        *Role          `json:"role"`
	Memberships []string       `json:"memberships"`
	Connection  string         `json:"connection"`
	Linked      *bool          `json:"linked"`
	Owner       *string        `json:"owner"`
}

func (n *namer) event(ctx context.Context, c ChangeRow) (Event, error) {
	var before, after changeSide
	if err := decodeSide(c.Before, &before); err != nil {
		return Event{}, err
	}
	if err := decodeSide(c.After, &after); err != nil {
		return Event{}, err
	}
	e := Event{Seq: c.Seq, Time: moment(c.Time), Who: n.who(ctx, c), Request: c.Request}
	e.What = append(n.effects(ctx, c, before, after), differences(before.Attributes, after.Attributes)...)
	if len(e.What) == 0 {
		e.What = []string{strings.ToUpper(c.Kind[:1]) + c.Kind[1:]}
	}
	return e, nil
}

// effects tell of all of a change but the attributes.
func (n *namer) effects(ctx context.Context, c ChangeRow, before, after changeSide) (what []string) {
	say := func(format string, args ...any) { what = append(what, fmt.Sprintf(format, args...)) }
	if first := firstWords[c.Kind]; first != "" {
		say("%s", first)
	}
	if c.Kind == "link" {
		n.linked(before, after, say)
	}
	if after.Group != nil && *after.Group != "" && before.Group != nil && *before.Group != "" {
		say("Moved from the group %s to %s", n.group(ctx, *before.Group), n.group(ctx, *after.Group))
	} else if after.Group != nil && *after.Group != "" {
		say("In the group %s", n.group(ctx, *after.Group))
	}
	for _, m := range after.Memberships {
		say("Joined the team %s", n.membership(ctx, m))
	}
	for _, m := range before.Memberships {
		say("Left the team %s", n.membership(ctx, m))
	}
	if before.Role != nil && after.Role != nil {
		say("Role: %s, before %s", Roles[*after.Role], Roles[*before.Role])
	}
	return what
}

// firstWords begin the story of a change of that kind.
var firstWords = map[string]string{
	"create": "Created", "remove": "Removed", "delete": "Deleted by the identity provider", "restore": "Restored", "deactivate": "Deactivated",
	"sign-in": "Signed in", "sign-out": "Signed out", "sign-out-elsewhere": "Signed out everywhere else", "sign-out-everywhere": "Signed out everywhere",
	"password": "Set a password", "sign-in-link": "A sign-in link was made",
	"reactivate": "Active again", "purge": "Forgotten: names and values were deleted", kindProfileAgain: "Profiled again", "undo": "Put back where he was",
}

func (n *namer) linked(before, after changeSide, say func(string, ...any)) {
	name := n.t.s.connectionName(after.Connection)
	switch {
	case after.Linked != nil && !*after.Linked:
		say("No longer known to the connection %s", name)
	case after.Owner != nil && before.Owner != nil && *after.Owner != *before.Owner:
		say("Handed over to the connection %s", name)
	default:
		say("Matched: the connection %s knows him", name)
	}
}

// differences say which attributes became what.
func differences(before, after map[string]any) (out []string) {
	was, now := flat(before), flat(after)
	all := maps.Clone(was)
	maps.Copy(all, now)
	delete(all, "Active") // the state says it
	for _, name := range slices.Sorted(maps.Keys(all)) {
		switch {
		case was[name] == now[name]:
		case was[name] == "":
			out = append(out, fmt.Sprintf("%s: %s", name, now[name]))
		case now[name] == "":
			out = append(out, fmt.Sprintf("%s: taken away, before %s", name, was[name]))
		default:
			out = append(out, fmt.Sprintf("%s: %s, before %s", name, now[name], was[name]))
		}
	}
	return out
}

// flat names the simple values within attributes as people do: "Work address,
// locality".
func flat(attributes map[string]any) map[string]string {
	out := map[string]string{}
	var walk func(name string, v any)
	walk = func(name string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for sub, value := range v {
				if sub != "type" && sub != "primary" {
					walk(join(name, sub), value)
				}
			}
		case []any:
			for i, value := range v {
				kind := fmt.Sprint(i + 1)
				if m, _ := value.(map[string]any); m != nil {
					if s, _ := m["type"].(string); s != "" {
						kind = s
					}
				}
				walk(name+" ("+kind+")", value)
			}
		case nil:
		default:
			out[Label(name)] = fmt.Sprint(v)
		}
	}
	for name, v := range attributes {
		walk(name, v)
	}
	return out
}

func join(name, sub string) string {
	if name == scim.EnterpriseSchema {
		return sub
	}
	return name + "." + sub
}

// Label is what people call an attribute.
func Label(path string) string {
	for _, known := range [][2]string{
		{"userName", "User name"}, {"displayName", "Display name"}, {"name.givenName", "First name"}, {"name.familyName", "Surname"}, {"name.formatted", "Full name"},
		{"employeeNumber", "Employee number"}, {"costCenter", "Cost center"}, {"userType", "User type"}, {"preferredLanguage", "Language"},
		{"nickName", "Nickname"}, {"profileUrl", "Profile address"}, {"externalId", "External id"},
	} {
		if path == known[0] {
			return known[1]
		}
	}
	path = strings.TrimSuffix(path, ".value")
	path = strings.Replace(path, "addresses (work).", "", 1)
	path = strings.Replace(path, "emails (", "E-mail (", 1)
	path = strings.Replace(path, "phoneNumbers (", "Phone (", 1)
	if path == "" {
		return path
	}
	return strings.ToUpper(path[:1]) + path[1:]
}

// Attribute is one value of a person and where it came from.
type Attribute struct {
	Path  string // as SetUser takes it
	Label string
	Value string
	From  string    // who gave it this value
	Since time.Time // when; zero where nothing tells
	Hand  bool      // an admin's change is the last word, though a connection owns him
}

// ShownAttributes are those that the console shows and edits, as SetUser names
// them.
var ShownAttributes = []string{"userName", "name.givenName", "name.familyName", "displayName", `emails[type eq "work"].value`, "title",
	Country, Locality, Region, Organization, Division, Department, EmployeeNumber}

// EmployeeNumber is the path of that attribute.
const EmployeeNumber = scim.EnterpriseSchema + ":employeeNumber"

// AttributeLabel is what people call one of ShownAttributes.
func AttributeLabel(path string) string { return attributeLabels[path] }

// ShownValue is a person's value of one of ShownAttributes.
func ShownValue(u User, path string) string { return shownValue(u.Resource, path) }

// Origins tell of each attribute where it came from, as far as a thousand
// changes go back.
func (t *Tenant) Origins(ctx context.Context, ref string) ([]Attribute, error) {
	changes, err := t.changesOf(ctx, ref, 0, 1000)
	if err != nil {
		return nil, err
	}
	u, err := t.User(ctx, ref)
	if err != nil {
		return nil, err
	}
	n, out := t.namer(), []Attribute{}
	for _, path := range ShownAttributes {
		out = append(out, Attribute{Path: path, Label: attributeLabels[path], Value: shownValue(u.Resource, path)})
	}
	open := len(out)
	for _, c := range changes {
		var before, after struct {
			Attributes scim.Object `json:"attributes"`
		}
		if c.Before != "" && json.Unmarshal([]byte(c.Before), &before) != nil || c.After == "" || json.Unmarshal([]byte(c.After), &after) != nil || after.Attributes == nil && before.Attributes == nil {
			continue
		}
		for i := range out {
			a := &out[i]
			if a.Since.IsZero() && shownValue(before.Attributes, a.Path) != shownValue(after.Attributes, a.Path) {
				a.From, a.Since, a.Hand = n.who(ctx, c), moment(c.Time), c.Connection == "" && u.Owner != ""
				open--
			}
		}
		if open == 0 {
			break
		}
	}
	return out, nil
}

var attributeLabels = map[string]string{"userName": "User name", "name.givenName": "First name", "name.familyName": "Surname", "displayName": "Display name",
	`emails[type eq "work"].value`: "E-mail", "title": "Title", Country: "Country", Locality: "Locality", Region: "Region",
	Organization: "Organization", Division: "Division", Department: "Department", EmployeeNumber: "Employee number"}

// shownValue reads what ShownAttributes name.
func shownValue(o scim.Object, path string) string {
	if slices.Contains(TeamAttributes, path) || path == Country {
		return ValuesOf(o)[path]
	}
	switch path {
	case EmployeeNumber:
		ext, _ := o[scim.EnterpriseSchema].(scim.Object)
		s, _ := ext["employeeNumber"].(string)
		return s
	case `emails[type eq "work"].value`:
		list, _ := o["emails"].([]any)
		for _, e := range list {
			e, _ := e.(scim.Object)
			if kind, _ := e["type"].(string); kind == "work" {
				s, _ := e["value"].(string)
				return s
			}
		}
		return ""
	}
	name, sub, _ := strings.Cut(path, ".")
	if sub != "" {
		o, _ = o[name].(scim.Object)
		name = sub
	}
	s, _ := o[name].(string)
	return s
}
