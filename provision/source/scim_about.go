package source

import (
	"context"
	"encoding/json/v2"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// about is what a SCIM server says of itself (RFC 7644 section 4). Servers that
// say nothing are asked the plain way.
type about struct {
	cursor bool // pages by cursor (RFC 9865)
	groups bool
	now    time.Time // by the server's clock
}

func (s *scimSource) about(ctx context.Context) (about, error) {
	a := about{groups: true, now: s.now()}
	var config struct {
		Pagination struct {
			Cursor bool `json:"cursor"`
		} `json:"pagination"`
	}
	header, err := s.discover(ctx, "/ServiceProviderConfig", &config)
	if err != nil {
		return a, err
	}
	a.cursor = config.Pagination.Cursor
	if t, err := http.ParseTime(header.Get("Date")); err == nil {
		a.now = t
	}
	var types struct {
		Resources []struct {
			Endpoint string `json:"endpoint"`
		} `json:"Resources"`
	}
	if _, err := s.discover(ctx, "/ResourceTypes", &types); err != nil {
		return a, err
	}
	if len(types.Resources) > 0 {
		a.groups = false
	}
	for _, t := range types.Resources {
		a.groups = a.groups || strings.EqualFold(strings.Trim(t.Endpoint, "/"), "Groups") || strings.HasSuffix(t.Endpoint, "/Groups")
	}
	return a, nil
}

// discover reads one of the discovery endpoints into to, as far as it is there
// and can be read: many servers have none.
func (s *scimSource) discover(ctx context.Context, path string, to any) (http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(s.c.URL, "/")+path, nil)
	if err != nil {
		return nil, fmt.Errorf("source: url is not a URL; use https://HOST/scim/v2 or the like")
	}
	req.Header.Set("Accept", "application/scim+json, application/json")
	req.Header.Set("User-Agent", "Rollcall")
	if s.c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+s.c.Token)
	}
	// A token is given to nobody but the host that it was made for.
	client := *s.http
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Do(req)
	if err != nil {
		return nil, explain(err)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20)); err == nil && res.StatusCode == http.StatusOK {
		_ = json.Unmarshal(body, to, json.MatchCaseInsensitiveNames(true)) // what is odd is taken for not said
	}
	return res.Header, nil
}
