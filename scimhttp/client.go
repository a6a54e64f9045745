package scimhttp

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/rollcall-scim/rollcall/scim"
)

// Client is a SCIM service provider somewhere else. Its errors are *scim.Error
// with that server's status, scimType and detail when it answered, and others
// when it could not be reached. A Client may be used by several goroutines.
type Client struct {
	BaseURL   string // without an endpoint; a slash at the end does no harm
	Token     string // sent as a bearer token; empty sends none
	HTTP      *http.Client
	UserAgent string // empty is "Rollcall"
	Host      string // sent instead of the URL's host when set
}

var _ scim.ServiceProvider = (*Client)(nil)

// Create is RFC 7644 section 3.3.
func (c *Client) Create(ctx context.Context, typ string, r *scim.Resource) (*scim.Resource, error) {
	return c.resource(ctx, request{method: http.MethodPost, path: endpoint(typ), body: r.JSON()})
}

// Get is RFC 7644 section 3.4.1.
func (c *Client) Get(ctx context.Context, typ, id string) (*scim.Resource, error) {
	return c.resource(ctx, request{method: http.MethodGet, path: resourcePath(typ, id)})
}

// Query is RFC 7644 section 3.4.2.
func (c *Client) Query(ctx context.Context, typ string, q scim.Query) (*scim.Page, error) {
	a, err := c.send(ctx, request{method: http.MethodGet, path: endpoint(typ) + queryString(q)})
	if err != nil {
		return nil, err
	}
	return readPage(a)
}

// Replace is RFC 7644 section 3.5.1.
func (c *Client) Replace(ctx context.Context, typ, id string, r *scim.Resource, v scim.Version) (*scim.Resource, error) {
	return c.change(ctx, id, request{method: http.MethodPut, path: resourcePath(typ, id), body: r.JSON(), version: v})
}

// Patch is RFC 7644 section 3.5.2.
func (c *Client) Patch(ctx context.Context, typ, id string, p *scim.Patch, v scim.Version) (*scim.Resource, error) {
	body, err := patchBody(p)
	if err != nil {
		return nil, err
	}
	return c.change(ctx, id, request{method: http.MethodPatch, path: resourcePath(typ, id), body: body, version: v})
}

// Delete is RFC 7644 section 3.6.
func (c *Client) Delete(ctx context.Context, typ, id string, v scim.Version) error {
	_, err := c.send(ctx, request{method: http.MethodDelete, path: resourcePath(typ, id), version: v})
	return err
}

func (c *Client) resource(ctx context.Context, r request) (*scim.Resource, error) {
	a, err := c.send(ctx, r)
	if err != nil {
		return nil, err
	}
	return readResource(a)
}

// change sends what a server may answer with 204 and no body. The resource then
// holds its id and, when an ETag came, its version; whoever needs more gets it.
func (c *Client) change(ctx context.Context, id string, r request) (*scim.Resource, error) {
	a, err := c.send(ctx, r)
	if err != nil {
		return nil, err
	}
	if a.status == http.StatusNoContent {
		a.body = append(quote([]byte(`{"id":`), id), '}')
	}
	return readResource(a)
}

// request is what is to be sent, below the base URL.
type request struct {
	method, path string
	body         []byte
	version      scim.Version
}

// maxAnswer bounds what a server can make us hold in memory.
const maxAnswer = 16 << 20

// send sends one request and reads its answer; an answer of 300 and above is an
// error, a redirect too: a token is given to nobody but the host it was made
// for.
func (c *Client) send(ctx context.Context, r request) (serverAnswer, error) {
	req, err := c.request(ctx, r)
	if err != nil {
		return serverAnswer{}, err
	}
	res, err := c.client().Do(req)
	if err != nil {
		return serverAnswer{}, unreachable(req, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return serverAnswer{}, unreachable(req, err)
	}
	if len(body) > maxAnswer {
		return serverAnswer{}, scim.Errorf(http.StatusBadGateway, "", notSCIM,
			"The answer is too long (502.1): %s sent more than 16 MiB. Ask for fewer resources at once.", where(req))
	}
	a := serverAnswer{status: res.StatusCode, header: res.Header, body: body, from: where(req)}
	if a.status >= 300 {
		return serverAnswer{}, a.fault()
	}
	return a, nil
}

func (c *Client) request(ctx context.Context, r request) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, r.method, strings.TrimRight(c.BaseURL, "/")+r.path, bytes.NewReader(r.body))
	if err != nil {
		return nil, fmt.Errorf("SCIM base URL: %w", withoutURL(err))
	}
	if c.Host != "" {
		req.Host = c.Host
	}
	req.Header.Set("Accept", scimJSON[0])
	req.Header.Set("User-Agent", cmp.Or(c.UserAgent, "Rollcall"))
	if r.body != nil {
		req.Header.Set("Content-Type", scimJSON[0])
	}
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token)
	}
	if r.version != "" {
		req.Header.Set("If-Match", string(r.version))
	}
	return req, nil
}

func (c *Client) client() *http.Client {
	client := http.Client{}
	if c.HTTP != nil {
		client = *c.HTTP
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}

// unreachable tells what went wrong without the query string, which holds
// names and addresses.
func unreachable(req *http.Request, err error) error {
	return fmt.Errorf("%s %s: %w", req.Method, where(req), withoutURL(err))
}

func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

func where(req *http.Request) string { return req.URL.Host + req.URL.Path }

// endpoint is a type's path: RFC 7644 section 3.2 names it in the plural.
func endpoint(typ string) string { return "/" + typ + "s" }

func resourcePath(typ, id string) string { return endpoint(typ) + "/" + url.PathEscape(id) }

func queryString(q scim.Query) string {
	b := []byte("?count=" + strconv.Itoa(max(q.Count, 0)))
	add := func(name, value string) {
		if value != "" {
			b = append(b, "&"+name+"="+escape(value)...)
		}
	}
	if q.Cursor != nil {
		b = append(b, "&cursor="+escape(*q.Cursor)...)
	} else if q.StartIndex > 0 {
		add("startIndex", strconv.Itoa(q.StartIndex))
	}
	if q.Filter != nil {
		add("filter", q.Filter.String())
	}
	add("sortBy", q.SortBy)
	if q.Descending {
		add("sortOrder", "descending")
	}
	add("attributes", strings.Join(q.Projection.Attributes, ","))
	add("excludedAttributes", strings.Join(q.Projection.Excluded, ","))
	return string(b)
}

// escape writes a blank as %20, which every server decodes; '+' some take
// literally.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
