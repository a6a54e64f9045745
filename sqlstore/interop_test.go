package sqlstore_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/interop"
	"github.com/rollcall-scim/rollcall/scim"
	"github.com/rollcall-scim/rollcall/scimhttp"
	"github.com/rollcall-scim/rollcall/sqlstore"
	"github.com/rollcall-scim/rollcall/sqlstore/storetest"
)

// serveInProcess serves the directory over HTTP for the time of the test.
func serveInProcess(t *testing.T, d *directory.Directory) *httptest.Server {
	t.Helper()
	hosts := scimhttp.Hosts{BaseDomain: "localhost"}
	h := &scimhttp.Handler{
		Types: []*scim.ResourceType{scim.UserType, scim.GroupType},
		Hosts: hosts,
		Open: func(ctx context.Context, c scimhttp.Call) (scim.ServiceProvider, error) {
			label, _ := hosts.Tenant(c.Host)
			tenant, err := d.OpenToken(ctx, c.Token, label, directory.Via{Request: c.RequestID, Client: c.Client, Operation: c.Method, BaseURL: c.BaseURL, Started: c.Started})
			if err != nil {
				return nil, err
			}
			return tenant, nil
		},
		Done: func(sp scim.ServiceProvider, x scimhttp.Exchange) {
			if tenant, ok := sp.(*directory.Tenant); ok && x.Status >= 400 {
				tenant.Failed(directory.Failure{Type: x.Type, ID: x.ID, Person: x.Name, Status: x.Status, ScimType: x.ScimType,
					Code: x.Code, Detail: x.Detail, Value: x.Value, Path: x.Path, Body: x.Body, Duration: x.Duration})
			}
		},
	}
	oauth := &scimhttp.OAuth{
		Hosts: hosts, Algorithms: directory.AssertionAlgorithms,
		Grant: func(ctx context.Context, r scimhttp.TokenRequest) (string, time.Duration, error) {
			label, _ := hosts.Tenant(r.Host)
			return d.GrantAccess(ctx, directory.AccessRequest{ClientID: r.ClientID, Secret: r.Secret}, label, directory.Via{Request: r.RequestID, BaseURL: r.BaseURL, Started: r.Started})
		},
	}
	mux := http.NewServeMux()
	h.Mount(mux)
	oauth.Mount(mux)
	server := httptest.NewServer(scimhttp.WithoutDoubleSlashes(mux))
	t.Cleanup(server.Close)
	return server
}

// wireState is a fresh tenant for one wire case.
type wireState struct {
	interop.OverSCIM
	admin *directory.Tenant
}

func (s *wireState) Prepare(ctx context.Context, g *interop.Given) (map[string]string, error) {
	for name, value := range g.Settings {
		if err := s.admin.Set(ctx, name, value); err != nil {
			return nil, err
		}
	}
	for _, name := range g.Groups {
		if _, err := s.admin.CreateGroup(ctx, name); err != nil {
			return nil, err
		}
	}
	ids, err := s.OverSCIM.Prepare(ctx, &interop.Given{Users: g.Users, Crowd: g.Crowd, IdPGroups: g.IdPGroups})
	if err != nil {
		return nil, err
	}
	if g.OAuth {
		id, secret, err := s.admin.CreateClient(ctx, directory.NewClient{Name: "IdP"})
		if err != nil {
			return nil, err
		}
		ids["clientId"], ids["clientSecret"] = id, secret
		ids["clientBasic"] = base64.StdEncoding.EncodeToString([]byte(id + ":" + secret))
		ids["tokenEndpoint"] = strings.TrimSuffix(s.Server.BaseURL, scimhttp.Base) + scimhttp.TokenPath
	}
	for name, attributes := range g.ByHand {
		userName, _ := attributes["userName"].(string)
		flat := map[string]string{}
		flatten(flat, "", attributes)
		delete(flat, "userName")
		u, err := s.admin.CreateUser(ctx, userName, flat)
		if err != nil {
			return nil, err
		}
		ids[name] = u.ID
	}
	return ids, nil
}

// flatten names nested attributes with dots, as the directory takes them.
func flatten(into map[string]string, prefix string, attributes map[string]any) {
	for name, value := range attributes {
		switch v := value.(type) {
		case map[string]any:
			flatten(into, prefix+name+".", v)
		case []any:
			for _, element := range v {
				if e, ok := element.(map[string]any); ok {
					flatten(into, fmt.Sprintf("%s%s[type eq %q].", prefix, name, e["type"]), e)
				}
			}
		case string:
			into[prefix+name] = v
		}
	}
}

// Close leaves the tenant behind: the database goes with the test.
func (s *wireState) Close(context.Context, []string) error { return nil }

// deviations are the cases that Rollcall fails because it means to: what
// identity providers send comes before what the profiles forbid. docs/check.md
// gives the reason of each.
var deviations = []string{
	"rfc-patch-no-target", "rfc-filter-quotes",
	"strict-claim", "strict-undefined", "strict-patch-path", "strict-patch-complex", "strict-listed-inactive", "strict-password",
}

func TestDeviationsAreExplained(t *testing.T) {
	page, err := os.ReadFile("../docs/check.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range deviations {
		if !strings.Contains(string(page), "`"+id+"`") {
			t.Errorf("docs/check.md does not say why Rollcall fails %s", id)
		}
	}
}

// Every case of the wire catalogue and of the profiles, with the defaults,
// judged by the state after.
func TestWireCatalogue(t *testing.T) {
	cases, err := interop.Load()
	if err != nil {
		t.Fatal(err)
	}
	storetest.Each(t, func(t *testing.T, store *sqlstore.Store) {
		d := directory.New(store)
		t.Cleanup(func() { d.Close(context.Background()) })
		server := serveInProcess(t, d)
		for _, c := range cases {
			t.Run(c.ID, func(t *testing.T) {
				result := interop.Run(t.Context(), []interop.Case{c}, func() (interop.State, error) {
					name := "t" + strings.ReplaceAll(strings.ToLower(c.ID), "_", "-")
					admin, err := d.CreateTenant(t.Context(), directory.NewTenant{Name: name, AdminEmail: "first.admin@directory.example"}, directory.Via{})
					if err != nil {
						return nil, err
					}
					token, err := admin.CreateToken(t.Context(), "first.admin@directory.example", "SCIM", time.Time{})
					if err != nil {
						return nil, err
					}
					target := interop.Target{BaseURL: server.URL + scimhttp.Base, Token: token, Host: name + ".localhost"}
					return &wireState{OverSCIM: interop.OverSCIM{Server: target}, admin: admin}, nil
				})[0]
				if result.Skipped != "" {
					t.Skip(result.Skipped)
				}
				deviates := slices.Contains(deviations, c.ID)
				if deviates && result.Failure == nil {
					t.Error("a deviation that is none any more: take it from the list and from docs/check.md")
				}
				if !deviates && !result.OK() {
					t.Error(result.String())
				}
			})
		}
	})
}
