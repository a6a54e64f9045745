package main

import (
	"bytes"
	"context"
	"encoding/json/v2"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"uuid"

	"github.com/rollcall-scim/rollcall/scim"
)

// entra is a client that asks and writes in the forms of Entra ID's
// provisioning service: look up by filter, then POST or PATCH.
type entra struct {
	base  string // what is dialled
	host  string // what is asked for
	token string
	http  *http.Client

	requests atomic.Int64
}

// atOnce is how many people are provisioned at the same time.
const atOnce = 4

// entraUser is a user in Entra's own form, to send and to compare with.
type entraUser struct {
	Schemas     []string          `json:"schemas"`
	ExternalID  string            `json:"externalId"`
	ID          string            `json:"id,omitzero"`
	UserName    string            `json:"userName"`
	Active      bool              `json:"active"`
	Addresses   []entraAddress    `json:"addresses"`
	DisplayName string            `json:"displayName"`
	Emails      []entraEmail      `json:"emails"`
	Meta        map[string]string `json:"meta"`
	Name        entraName         `json:"name"`
	Enterprise  entraEnterprise   `json:"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`
}

type entraAddress struct {
	Type      string `json:"type"`
	Formatted any    `json:"formatted"`
	Locality  string `json:"locality"`
	Country   string `json:"country"`
}

type entraEmail struct {
	Primary bool   `json:"primary"`
	Type    string `json:"type"`
	Value   string `json:"value"`
}

type entraName struct {
	Formatted  string `json:"formatted"`
	FamilyName string `json:"familyName"`
	GivenName  string `json:"givenName"`
}

type entraEnterprise struct {
	Department string `json:"department"`
}

func entraForm(p person) entraUser {
	nick, _, _ := strings.Cut(p.address, "@")
	return entraUser{
		Schemas:    []string{scim.UserSchema, scim.EnterpriseSchema},
		ExternalID: nick, UserName: p.address, Active: true, DisplayName: p.name(),
		Addresses:  []entraAddress{{Type: "work", Locality: p.city, Country: p.country}},
		Emails:     []entraEmail{{Primary: true, Type: "work", Value: p.address}},
		Meta:       map[string]string{"resourceType": "User"},
		Name:       entraName{p.name(), p.family, p.given},
		Enterprise: entraEnterprise{p.department},
	}
}

// testConnection looks for somebody who cannot be there. Entra wants 200 and an
// empty list.
func (e *entra) testConnection(ctx context.Context) error {
	found, err := e.find(ctx, uuid.NewV4().String())
	if err == nil && found != nil {
		err = fmt.Errorf("a userName that nobody has was found")
	}
	return err
}

// result is how one person's provisioning ended.
type result struct {
	person  person
	created bool
	matched bool
	refused string // what the server said
}

// cycle provisions everybody, a few at a time.
func (e *entra) cycle(ctx context.Context, people []person, progress func(done, of int)) ([]result, error) {
	results := make([]result, len(people))
	errs := make([]error, atOnce)
	var next, done atomic.Int64
	var wait sync.WaitGroup
	for worker := range atOnce {
		wait.Go(func() {
			for errs[worker] == nil {
				i := int(next.Add(1)) - 1
				if i >= len(people) {
					return
				}
				results[i], errs[worker] = e.provision(ctx, people[i])
				progress(int(done.Add(1)), len(people))
			}
		})
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return results, nil
}

// provision looks one person up and creates or updates.
func (e *entra) provision(ctx context.Context, p person) (result, error) {
	found, err := e.find(ctx, p.address)
	if err != nil {
		return result{}, err
	}
	method, path, body := "POST", "/Users", any(entraForm(p))
	if found != nil {
		method, path, body = "PATCH", "/Users/"+found.ID, patchOf(*found, entraForm(p))
	}
	status, answer, err := e.send(ctx, method, path, body)
	if err != nil {
		return result{}, err
	}
	if status >= 300 {
		return result{person: p, refused: detail(answer)}, nil
	}
	return result{person: p, created: found == nil, matched: found != nil}, nil
}

// entraOperation is an operation in Entra's own form: capitals, and "True" for
// true.
type entraOperation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value string `json:"value"`
}

// patchOf replaces what differs and adds what is missing.
func patchOf(has, wants entraUser) any {
	work := entraAddress{}
	for _, a := range has.Addresses {
		if a.Type == "work" {
			work = a
		}
	}
	ops := []entraOperation{{"Replace", "active", "True"}}
	for _, f := range []struct{ path, has, wants string }{
		{"externalId", has.ExternalID, wants.ExternalID},
		{"displayName", has.DisplayName, wants.DisplayName},
		{"name.givenName", has.Name.GivenName, wants.Name.GivenName},
		{"name.familyName", has.Name.FamilyName, wants.Name.FamilyName},
		{`addresses[type eq "work"].country`, work.Country, wants.Addresses[0].Country},
		{`addresses[type eq "work"].locality`, work.Locality, wants.Addresses[0].Locality},
		{scim.EnterpriseSchema + ":department", has.Enterprise.Department, wants.Enterprise.Department},
	} {
		switch f.has {
		case f.wants:
		case "":
			ops = append(ops, entraOperation{"Add", f.path, f.wants})
		default:
			ops = append(ops, entraOperation{"Replace", f.path, f.wants})
		}
	}
	return map[string]any{"schemas": []string{scim.PatchOpURN}, "Operations": ops}
}

// find looks somebody up by userName; nil when nobody has it.
func (e *entra) find(ctx context.Context, userName string) (*entraUser, error) {
	status, answer, err := e.send(ctx, "GET", "/Users?filter="+url.QueryEscape(`userName eq "`+userName+`"`), nil)
	if err != nil {
		return nil, err
	}
	var list struct {
		Total     int         `json:"totalResults"`
		Resources []entraUser `json:"Resources"`
	}
	if err := json.Unmarshal(answer, &list); status != 200 || err != nil {
		return nil, fmt.Errorf("a look-up was answered %d: %s", status, detail(answer))
	}
	if list.Total == 0 {
		return nil, nil
	}
	return &list.Resources[0], nil
}

func (e *entra) send(ctx context.Context, method, path string, body any) (status int, answer []byte, err error) {
	var text []byte
	if body != nil {
		if text, err = json.Marshal(body); err != nil {
			return 0, nil, err
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, e.base+path, bytes.NewReader(text))
	if err != nil {
		return 0, nil, err
	}
	// *.localhost is not in every resolver: dial the listener, name the tenant.
	r.Host = e.host
	r.Header.Set("Authorization", "Bearer "+e.token)
	r.Header.Set("User-Agent", "Entra-ID-demo/1.0")
	if body != nil {
		r.Header.Set("Content-Type", "application/scim+json; charset=utf-8")
	}
	e.requests.Add(1)
	resp, err := e.http.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return resp.StatusCode, answer, err
}

// detail is what a SCIM error says.
func detail(answer []byte) string {
	var e struct {
		Detail string `json:"detail"`
	}
	if json.Unmarshal(answer, &e) != nil || e.Detail == "" {
		return string(answer)
	}
	return e.Detail
}
