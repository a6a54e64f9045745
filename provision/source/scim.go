package source

import (
	"context"
	"encoding/json/jsontext"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/provision/expression"
	"github.com/rollcall-scim/rollcall/scim"
	"github.com/rollcall-scim/rollcall/scimhttp"
)

// scimSource reads another SCIM 2.0 service provider. Who was deleted there only
// a full read shows.
type scimSource struct {
	c      Config
	client *scimhttp.Client
	http   *http.Client
	now    func() time.Time
}

func openSCIM(c Config, env Environment) (Source, error) {
	return &scimSource{c: c, http: env.HTTP, now: env.Now,
		client: &scimhttp.Client{BaseURL: c.URL, Token: c.Token, HTTP: env.HTTP}}, nil
}

// overlap is how long before the read began its watermark lies: nodes of one
// server may disagree about the time, and a change may show late. What is read
// twice does no harm.
const overlap = time.Minute

// Read reads what meta.lastModified says was changed, where the server answers
// that, else everything.
func (s *scimSource) Read(ctx context.Context, since string, each func(Record) error) (Reading, error) {
	about, err := s.about(ctx)
	if err != nil {
		return Reading{}, err
	}
	r := Reading{Next: about.now.Add(-overlap).UTC().Format(time.RFC3339)}
	if _, err := time.Parse(time.RFC3339, since); err == nil {
		err := s.readTypes(ctx, about, since, each)
		if err == nil || ctx.Err() != nil {
			return r, err
		}
		r.Notes = append(r.Notes, "what changed could not be read, so everything was: "+err.Error())
	}
	r.Full = true
	people := 0
	if err := s.readTypes(ctx, about, "", func(r Record) error {
		if r.Type == User {
			people++
		}
		return each(r)
	}); err != nil {
		return Reading{}, err
	}
	if people == 0 {
		return Reading{}, errors.New("source: the SCIM server says that it has nobody: that is taken for a server in trouble, because everybody would be deleted. Look at it, and whether the token may see its people")
	}
	if !s.tellsChanges(ctx) {
		r.Next = ""
	}
	return r, nil
}

func (s *scimSource) readTypes(ctx context.Context, about about, since string, each func(Record) error) error {
	for _, typ := range []string{User, Group} {
		if typ == Group && !about.groups {
			continue
		}
		if err := s.readType(ctx, about, typ, since, each); err != nil {
			return err
		}
	}
	return nil
}

// tellsChanges asks for what was changed after the end of time. Whoever answers
// with people does not read the filter.
func (s *scimSource) tellsChanges(ctx context.Context) bool {
	page, err := s.client.Query(ctx, User, scim.Query{Filter: changedSince(User, "9999-01-01T00:00:00Z"), StartIndex: 1, Count: 1})
	return err == nil && page.Total == 0 && len(page.Resources) == 0
}

var resourceTypes = map[string]*scim.ResourceType{User: scim.UserType, Group: scim.GroupType}

func changedSince(typ, since string) *scim.Filter {
	f, err := scim.ParseFilter(resourceTypes[typ], `meta.lastModified ge "`+since+`"`)
	if err != nil {
		return nil // not for a time of RFC 3339
	}
	return f
}

// record is the resource in Entra's words.
func (s *scimSource) record(typ string, res *scim.Resource) Record {
	o := res.Object()
	r := Record{Type: typ, Anchor: res.ID(), Attributes: make(map[string]expression.Value, 48)}
	f := flat{r.Attributes}
	f.resource(o)
	delete(r.Attributes, "schemas")
	f.entra(typ)
	if _, ok := r.Attributes["members"]; !ok && typ == Group {
		r.Attributes["members"] = expression.List()
	}
	s.c.named(&r)
	return r
}

// Find asks by id, and then with a filter for each name that it may be.
func (s *scimSource) Find(ctx context.Context, typ, name string) (found []Record, err error) {
	if res, err := s.client.Get(ctx, typ, name); err == nil && res.ID() == name {
		return []Record{s.record(typ, res)}, nil
	}
	paths := []string{"userName", "emails.value", "displayName"}
	if typ == Group {
		paths = []string{"displayName"}
	}
	quoted, err := jsontext.AppendQuote(nil, name)
	if err != nil {
		return nil, nil // no text, so nobody's name
	}
	seen := map[string]bool{}
	var refused error
	for _, path := range paths {
		filter, err := scim.ParseFilter(resourceTypes[typ], path+" eq "+string(quoted))
		if err != nil {
			return nil, err
		}
		page, err := s.client.Query(ctx, typ, scim.Query{Filter: filter, StartIndex: 1, Count: 10})
		if err != nil {
			refused = errors.Join(refused, err) // it may know another of the filters
			continue
		}
		for _, res := range page.Resources {
			r := s.record(typ, res)
			if !seen[r.Anchor] && (r.isCalled(name) || path == "emails.value") {
				seen[r.Anchor] = true
				found = append(found, r)
			}
		}
	}
	if len(found) > 0 {
		refused = nil
	}
	return found, refused
}

// Test asks for one person and one group.
func (s *scimSource) Test(ctx context.Context) (string, error) {
	about, err := s.about(ctx)
	if err != nil {
		return "", err
	}
	counts := map[string]int{}
	for typ := range resourceTypes {
		if typ == Group && !about.groups {
			continue
		}
		page, err := s.client.Query(ctx, typ, scim.Query{StartIndex: 1, Count: 1})
		if err != nil {
			return "", explain(err)
		}
		counts[typ] = page.Total
	}
	paging := "index"
	if about.cursor {
		paging = "cursor"
	}
	return fmt.Sprintf("%s: %d people, %d groups, pages by %s", strings.TrimRight(s.c.URL, "/"), counts[User], counts[Group], paging), nil
}

func (s *scimSource) Close() error { return nil }

// explain adds the cure to what a server refuses.
func explain(err error) error {
	var e *scim.Error
	if !errors.As(err, &e) {
		return fmt.Errorf("source: the SCIM server cannot be reached: %w; check url, and that this machine may reach it", err)
	}
	switch e.Status {
	case 401, 403:
		return fmt.Errorf("source: the SCIM server does not accept the token: %w; set token to one that may read users and groups", err)
	case 404:
		return fmt.Errorf("source: there is no SCIM at url: %w; set url to the base URL, without /Users", err)
	}
	return fmt.Errorf("source: the SCIM server answers: %w", err)
}
