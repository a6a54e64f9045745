package interop

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// What a server may leave out, by the names that a case gives in needs. Most
// are seen from the steps of a case and need not be said.
var offered = []string{"patch", "bulk", "filter", "sort", "etag", "cursor", "groups", "enterprise", "me", "operators"}

// Offer is what a server says of itself: what it does not offer is no fault.
type Offer struct {
	lacks map[string]string // why not, by the names of offered
	User  map[string]bool   // the attributes of its users; empty if it does not tell
	Total int               // people who are there already
}

// ErrCannotRun is why a server cannot be examined at all.
var ErrCannotRun = errors.New("the check cannot run")

// Offer asks a server what it offers. It refuses a server that does not let us
// in, because every case would fail and none would tell why.
func (t *Target) Offer(ctx context.Context) (*Offer, error) {
	users, err := t.get(ctx, "/Users?count=1")
	if err != nil {
		var broken *url.Error
		if errors.As(err, &broken) {
			err = broken.Err // its own text repeats the address, and not as it was given
		}
		return nil, fmt.Errorf("%w: no answer from %s: %w", ErrCannotRun, t.BaseURL, err)
	}
	if problem := refusal(users); problem != "" {
		return nil, fmt.Errorf("%w: GET /Users?count=1 answered %d: %s", ErrCannotRun, users.Status, problem)
	}
	o := &Offer{lacks: map[string]string{}, User: map[string]bool{}}
	if total, ok := at(users.value, "totalResults").(float64); ok {
		o.Total = int(total)
	}
	o.readConfig(t.object(ctx, "/ServiceProviderConfig"))
	o.readTypes(t.object(ctx, "/ResourceTypes"))
	o.readSchemas(t.object(ctx, "/Schemas"))
	if a, err := t.get(ctx, "/Groups?count=1"); err == nil && (a.Status == http.StatusNotFound || a.Status == http.StatusNotImplemented) {
		o.lacks["groups"] = fmt.Sprintf("GET /Groups answers %d", a.Status)
	}
	if a, err := t.get(ctx, "/Me"); err == nil && (a.Status == http.StatusNotFound || a.Status == http.StatusNotImplemented) {
		o.lacks["me"] = fmt.Sprintf("GET /Me answers %d", a.Status)
	}
	if a, err := t.get(ctx, `/Users?filter=userName%20sw%20%22nobody%22&count=1`); err == nil && a.Status != http.StatusOK {
		o.lacks["operators"] = fmt.Sprintf("a filter with sw is answered %d; the case needs it to leave other people out", a.Status)
	}
	return o, nil
}

func refusal(a *answer) string {
	switch {
	case a.Status == http.StatusUnauthorized || a.Status == http.StatusForbidden:
		return "the server does not take this token; make one that may read and write users"
	case a.Status == http.StatusNotFound:
		return "there is no SCIM endpoint; give the address below which /Users lies, such as https://host/scim/v2"
	case a.Status >= 300:
		return "expected a list of users"
	case a.value == nil:
		return "expected JSON; is this the address of a SCIM endpoint?"
	}
	return ""
}

// readConfig: RFC 7643 section 5, RFC 9865 section 4.
func (o *Offer) readConfig(config any) {
	if config == nil {
		for _, name := range []string{"bulk", "sort", "etag", "cursor"} {
			o.lacks[name] = "it has no ServiceProviderConfig that would offer " + name
		}
		return
	}
	for _, name := range []string{"patch", "bulk", "filter", "sort", "etag"} {
		if at(config, name, "supported") == false {
			o.lacks[name] = "its ServiceProviderConfig says that " + name + " is not supported"
		}
	}
	if at(config, "pagination", "cursor") != true {
		o.lacks["cursor"] = "its ServiceProviderConfig does not offer cursors"
	}
}

func (o *Offer) readTypes(types any) {
	listed, _ := at(types, "Resources").([]any)
	if len(listed) == 0 {
		return
	}
	user := ofType(listed, "/Users")
	extensions, _ := at(user, "schemaExtensions").([]any)
	if !slices.ContainsFunc(extensions, func(e any) bool { return at(e, "schema") == any(shortNames["enterprise"]) }) {
		o.lacks["enterprise"] = "its type User has no enterprise extension"
	}
	if ofType(listed, "/Groups") == nil {
		o.lacks["groups"] = "its ResourceTypes have no Group"
	}
}

func ofType(types []any, endpoint string) any {
	for _, t := range types {
		if path, ok := at(t, "endpoint").(string); ok && strings.HasSuffix(path, endpoint) {
			return t
		}
	}
	return nil
}

func (o *Offer) readSchemas(schemas any) {
	listed, _ := at(schemas, "Resources").([]any)
	for _, s := range listed {
		attributes, _ := at(s, "attributes").([]any)
		if at(s, "id") != any("urn:ietf:params:scim:schemas:core:2.0:User") {
			continue
		}
		for _, a := range attributes {
			if name, ok := at(a, "name").(string); ok {
				o.User[strings.ToLower(name)] = true
			}
		}
	}
}

// People up to here fit on the smallest first page that a server is likely to have.
const smallPage = 10

// Lacks says why a case cannot be asked of this server, or "".
func (o *Offer) Lacks(c *Case) string {
	for _, need := range c.needs() {
		if why := o.lacks[need]; why != "" {
			return why
		}
	}
	if c.Alone && o.Total > smallPage {
		return fmt.Sprintf("it needs a server without other people, and this one has %d", o.Total)
	}
	for _, attributes := range c.Given.Users {
		for name := range attributes {
			if len(o.User) > 0 && !o.User[strings.ToLower(name)] && !slices.Contains([]string{"externalId", "enterprise"}, name) {
				return "its schema of User has no " + name
			}
		}
	}
	return ""
}

// startsWith finds a filter that no client sends and cases use to keep other
// people out of a list.
var startsWith = regexp.MustCompile(`filter=username(%20|\+| )sw`)

// needs are those that the case names and those that its steps show.
func (c *Case) needs() []string {
	needs := slices.Clone(c.Needs)
	add := func(need string, is bool) {
		if is && !slices.Contains(needs, need) {
			needs = append(needs, need)
		}
	}
	add("groups", len(c.Given.IdPGroups) > 0)
	for _, people := range c.Given.Users {
		add("enterprise", people["enterprise"] != nil)
	}
	for i := range c.Steps {
		s := &c.Steps[i]
		path := strings.ToLower(s.path())
		add("groups", strings.HasPrefix(path, "/groups") && s.Read == "")
		add("patch", s.method() == http.MethodPatch)
		add("bulk", strings.HasPrefix(path, "/bulk"))
		add("filter", strings.Contains(path, "filter="))
		add("operators", c.Profile == Compat && startsWith.MatchString(path))
		add("sort", strings.Contains(path, "sortby="))
		add("cursor", strings.Contains(path, "cursor"))
		add("me", strings.HasPrefix(path, "/me"))
		add("enterprise", mentions(s.Answer, "enterprise"))
		for key := range s.Headers {
			add("etag", strings.HasPrefix(strings.ToLower(key), "if-"))
		}
	}
	return needs
}

// mentions says whether an answer is expected to have the key.
func mentions(v any, key string) bool {
	object, _ := v.(map[string]any)
	if object[key] != nil && object[key] != any("<absent>") {
		return true
	}
	list, _ := object["Resources"].([]any)
	return slices.ContainsFunc(list, func(e any) bool { return mentions(e, key) })
}

func (t *Target) get(ctx context.Context, path string) (*answer, error) {
	r := request{Method: http.MethodGet, Target: path, Header: http.Header{}}
	r.Header.Set("Authorization", "Bearer "+t.Token)
	r.Header.Set("Accept", "application/scim+json")
	return t.do(ctx, r)
}

// object is what a server answers to a GET, or nil.
func (t *Target) object(ctx context.Context, path string) any {
	a, err := t.get(ctx, path)
	if err != nil || a.Status != http.StatusOK {
		return nil
	}
	return a.value
}

// at is the value below keys, or nil.
func at(v any, keys ...string) any {
	for _, key := range keys {
		object, _ := v.(map[string]any)
		v = object[key]
	}
	return v
}
