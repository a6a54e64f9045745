package target

import (
	"context"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/rollcall-scim/rollcall/scim"
)

// Probe is one question of a test connection, and what became of it.
type Probe struct {
	Name    string
	OK      bool
	Skipped bool   // not asked, or not to be asked of this server; then OK says nothing
	Found   string // what the server did
	Cure    string // what to do, if it is not OK
	// Exchange is the one that decided; nil where nothing was sent.
	Exchange *Exchange
}

// Failed is the first probe that went wrong, which is the one to cure; nil if
// none did. What comes after it often fails for the same reason.
func Failed(probes []Probe) *Probe {
	for i := range probes {
		if !probes[i].OK && !probes[i].Skipped {
			return &probes[i]
		}
	}
	return nil
}

// Probe tests the connection without changing anything, by eight questions in
// this order: authentication, ServiceProviderConfig, Schemas, a filter for
// somebody who cannot exist (which is all that Entra asks), paging, a PATCH of
// somebody who does not exist, the content type, and the clock and ETags.
// matchAttribute is the one that people are matched by; userName if empty.
func (t *Target) Probe(ctx context.Context, matchAttribute string) []Probe {
	if matchAttribute == "" {
		matchAttribute = "userName"
	}
	p := &prober{t: t, match: matchAttribute}
	for _, question := range []struct {
		name string
		ask  func(context.Context) verdict
	}{
		{"Authentication", p.authentication},
		{"ServiceProviderConfig", p.config},
		{"Schemas", p.schemas},
		{"Filter", p.filter},
		{"Paging", p.paging},
		{"PATCH", p.patch},
		{"Content type", p.contentType},
		{"Clock and ETag", p.clock},
	} {
		p.probes = append(p.probes, p.ask(ctx, question.name, question.ask))
	}
	return p.probes
}

// prober asks the questions, and keeps for the later ones what the first answers
// were.
type prober struct {
	t      *Target
	match  string
	probes []Probe
	closed string        // why it makes no sense to go on; empty: it does
	list   *Exchange     // the answer to a list of users
	users  []scim.Object // the first two of them
	found  Features
}

// verdict is what a question ended in.
type verdict struct {
	ok, skipped bool
	found, cure string
}

func fine(format string, args ...any) verdict {
	return verdict{ok: true, found: fmt.Sprintf(format, args...)}
}

func skip(format string, args ...any) verdict {
	return verdict{skipped: true, found: fmt.Sprintf(format, args...)}
}

func wrong(found, cure string) verdict { return verdict{found: found, cure: cure} }

// wrongBy is the verdict of an error, by its class.
func wrongBy(err error) verdict {
	f := Classify(err)
	return wrong(f.Text, f.Cure)
}

func (p *prober) ask(ctx context.Context, name string, question func(context.Context) verdict) Probe {
	if p.closed != "" {
		return Probe{Name: name, Skipped: true, Found: p.closed}
	}
	ctx, record := Recording(ctx)
	v := question(ctx)
	probe := Probe{Name: name, OK: v.ok, Skipped: v.skipped, Found: v.found, Cure: v.cure}
	if made := record.Exchanges(); len(made) > 0 {
		probe.Exchange = &made[len(made)-1]
		if p.list == nil {
			p.list = probe.Exchange
		}
	}
	return probe
}

// answer is one that was read.
type answer struct {
	status int
	total  int
	users  []scim.Object
	isList bool
	body   []byte
}

// fault is the Error of an answer that is none of those that were hoped for.
func (a answer) fault() error {
	var said struct {
		ScimType string `json:"scimType"`
		Detail   string `json:"detail"`
	}
	if err := json.Unmarshal(a.body, &said, tolerant); err != nil {
		said.Detail = plain(a.body)
	}
	if a.status < 300 {
		return scim.Errorf(http.StatusBadGateway, "", noSCIM, "It answered %d. %s", a.status, plain(a.body))
	}
	return scim.Errorf(a.status, said.ScimType, "", "%s", said.Detail)
}

// plain describes a body that is no SCIM.
func plain(body []byte) string {
	text := strings.TrimSpace(string(body))
	switch {
	case text == "":
		return "The body is empty."
	case strings.HasPrefix(text, "<"):
		return "It is a web page."
	case len(text) > 200:
		text = text[:200] + "..."
	}
	return "It said: " + strings.ToValidUTF8(text, "?")
}

// page asks for a page of users, with a filter if there is one.
func (p *prober) page(ctx context.Context, startIndex, count int, filter string) (answer, error) {
	query := "/Users?startIndex=" + strconv.Itoa(startIndex) + "&count=" + strconv.Itoa(count)
	if filter != "" {
		query += "&filter=" + strings.ReplaceAll(url.QueryEscape(filter), "+", "%20")
	}
	status, body, err := p.t.fetch(ctx, http.MethodGet, query, nil)
	a := answer{status: status, body: body}
	if err != nil {
		return a, err
	}
	var list struct {
		Total     *int             `json:"totalResults"`
		Resources []jsontext.Value `json:"Resources"`
	}
	if json.Unmarshal(body, &list, tolerant) != nil || list.Total == nil {
		return a, nil
	}
	a.isList, a.total = true, *list.Total
	for _, r := range list.Resources {
		a.users = append(a.users, scim.ResourceFromJSON(r).Object())
	}
	return a, nil
}
