package target

import (
	"context"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
)

// Features are what a server says it can do (RFC 7643 sections 5 to 7), less
// what its profile knows better.
type Features struct {
	Told       bool // there is a ServiceProviderConfig; without one these are defaults
	Patch      bool
	Bulk       bool
	BulkMax    int // operations of one bulk request
	BulkBytes  int // bytes of its body; 0: not said
	Filter     bool
	MaxResults int // resources of one page; 0: not said
	Sort       bool
	ETag       bool
	Cursor     bool     // pages by cursor (RFC 9865)
	Types      []string // names of resource types: User, Group
	// Schemas are the attributes by the URN of their schema; nil if the server
	// does not tell.
	Schemas map[string][]*scim.Attribute
}

// Has reports whether the server has resources of a type.
func (f Features) Has(typ string) bool { return slices.Contains(f.Types, typ) }

// fresh is how long what a server said of itself is believed.
const fresh = time.Hour

// Features asks the server what it can do, once an hour. A server that does not
// answer such questions is taken for one that knows users, groups, filters and
// PATCH; an error says that it does not answer at all, or to nobody like us.
func (t *Target) Features(ctx context.Context) (Features, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.transport.now()
	if t.features != nil && now.Sub(t.asked) < fresh {
		return *t.features, nil
	}
	f, err := t.ask(ctx)
	if err != nil {
		return Features{}, err
	}
	t.features, t.asked = &f, now
	return f, nil
}

func (t *Target) ask(ctx context.Context) (Features, error) {
	f := Features{Patch: true, Filter: true, Types: []string{"User", "Group"}}
	if err := t.discover(ctx, "/ServiceProviderConfig", f.readConfig); err != nil {
		return f, err
	}
	if err := t.discover(ctx, "/ResourceTypes", f.readTypes); err != nil {
		return f, err
	}
	if err := t.discover(ctx, "/Schemas", f.readSchemas); err != nil {
		return f, err
	}
	p := t.profile
	f.Bulk = f.Bulk && !p.NoBulk && f.BulkMax > 0
	f.Filter = f.Filter && !p.NoFilter
	f.ETag = f.ETag && !p.NoETag
	f.Cursor = f.Cursor && !p.NoPaging
	return f, nil
}

// discover reads one of the documents that a server may not have. What cannot be
// read is as good as absent.
func (t *Target) discover(ctx context.Context, path string, read func([]byte) bool) error {
	status, body, err := t.fetch(ctx, http.MethodGet, path, nil)
	switch {
	case err != nil:
		return err
	case status == http.StatusOK:
		read(body)
		return nil
	case status == http.StatusUnauthorized || status == http.StatusTooManyRequests || status >= 500 && status != http.StatusNotImplemented:
		return scim.Errorf(status, "", "", "%s was answered %d %s.", path, status, http.StatusText(status))
	}
	return nil
}

// fetch is for what scimhttp's client has no method for.
func (t *Target) fetch(ctx context.Context, method, path string, body []byte) (int, []byte, error) {
	var content io.Reader
	if body != nil {
		content = strings.NewReader(string(body))
	}
	req, err := http.NewRequestWithContext(ctx, method, t.client.BaseURL+path, content)
	if err != nil {
		return 0, nil, &unsentError{errors.New("the target's url cannot be used")}
	}
	req.Host = t.client.Host
	req.Header.Set("Accept", contentType)
	req.Header.Set("User-Agent", t.client.UserAgent)
	if body != nil {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := t.transport.RoundTrip(req)
	if err != nil {
		return 0, nil, err
	}
	answer, err := io.ReadAll(res.Body)
	return res.StatusCode, answer, err
}

const contentType = "application/scim+json"

// tolerant reads what a server sends as long as it can be understood.
var tolerant = json.JoinOptions(json.MatchCaseInsensitiveNames(true), jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))

func (f *Features) readConfig(body []byte) bool {
	type supported struct {
		Supported bool `json:"supported"`
	}
	var said struct {
		Patch *supported `json:"patch"`
		Bulk  struct {
			Supported      bool `json:"supported"`
			MaxOperations  int  `json:"maxOperations"`
			MaxPayloadSize int  `json:"maxPayloadSize"`
		} `json:"bulk"`
		Filter *struct {
			Supported  bool `json:"supported"`
			MaxResults int  `json:"maxResults"`
		} `json:"filter"`
		Sort       supported `json:"sort"`
		ETag       supported `json:"etag"`
		Pagination struct {
			Cursor bool `json:"cursor"`
		} `json:"pagination"`
	}
	if json.Unmarshal(body, &said, tolerant) != nil || said.Patch == nil && said.Filter == nil {
		return false
	}
	f.Told = true
	f.Patch = said.Patch == nil || said.Patch.Supported
	f.Bulk, f.BulkMax, f.BulkBytes = said.Bulk.Supported, said.Bulk.MaxOperations, said.Bulk.MaxPayloadSize
	if said.Filter != nil {
		f.Filter, f.MaxResults = said.Filter.Supported, said.Filter.MaxResults
	}
	f.Sort, f.ETag, f.Cursor = said.Sort.Supported, said.ETag.Supported, said.Pagination.Cursor
	return true
}

// listed reads a ListResponse; some servers send the bare list.
func listed[T any](body []byte) []T {
	var list struct {
		Resources []T `json:"Resources"`
	}
	if json.Unmarshal(body, &list, tolerant) == nil && list.Resources != nil {
		return list.Resources
	}
	var bare []T
	if json.Unmarshal(body, &bare, tolerant) != nil {
		return nil
	}
	return bare
}

func (f *Features) readTypes(body []byte) bool {
	type resourceType struct {
		Name     string `json:"name"`
		Endpoint string `json:"endpoint"`
	}
	var types []string
	for _, t := range listed[resourceType](body) {
		for _, known := range []string{"User", "Group"} {
			if strings.HasSuffix("/"+strings.Trim(t.Endpoint, "/"), "/"+known+"s") || t.Endpoint == "" && strings.EqualFold(t.Name, known) {
				types = append(types, known)
			}
		}
	}
	if len(types) == 0 {
		return false
	}
	slices.Sort(types)
	f.Types = slices.Compact(types)
	return true
}

func (f *Features) readSchemas(body []byte) bool {
	type schema struct {
		ID         string            `json:"id"`
		Attributes []*scim.Attribute `json:"attributes"`
	}
	all := map[string][]*scim.Attribute{}
	for _, s := range listed[schema](body) {
		if s.ID != "" && len(s.Attributes) > 0 {
			all[s.ID] = s.Attributes
		}
	}
	if len(all) == 0 {
		return false
	}
	f.Schemas = all
	return true
}
