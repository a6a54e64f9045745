package target

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
	"uuid"

	"github.com/rollcall-scim/rollcall/scim"
)

// authentication asks for users, which no server gives to strangers. Where
// nobody answers, or not as a SCIM server does, there is nothing more to ask.
func (p *prober) authentication(ctx context.Context) verdict {
	a, err := p.page(ctx, 1, 2, "")
	switch {
	case err != nil:
		p.closed = "Not asked, because the target did not answer the first question."
		return wrongBy(err)
	case a.status == http.StatusUnauthorized || a.status == http.StatusForbidden:
		p.closed = "Not asked, because the target does not let us in."
		return wrongBy(a.fault())
	case a.status == http.StatusNotFound:
		p.closed = "Not asked, because there are no users at this url."
		return wrong("There is no /Users at the target's url (404).", "Check the url: it ends right before /Users, often with /scim/v2.")
	case a.status == http.StatusOK && !a.isList || a.status >= 300 && a.status < 400:
		p.closed = "Not asked, because what answers is no SCIM server."
		return wrongBy(a.fault())
	case a.status >= 500 || a.status == http.StatusTooManyRequests:
		p.closed = "Not asked, because the target fails."
		return wrongBy(a.fault())
	case a.status != http.StatusOK:
		return fine("The token is taken. A list of all users is refused: %s", Classify(a.fault()).Text)
	}
	p.users = a.users
	return fine("The token is taken; the target has %d users.", a.total)
}

func (p *prober) config(ctx context.Context) verdict {
	status, body, err := p.t.fetch(ctx, http.MethodGet, "/ServiceProviderConfig", nil)
	if err != nil {
		return wrongBy(err)
	}
	p.found = Features{Patch: true, Filter: true}
	if status == http.StatusOK && p.found.readConfig(body) {
		f := p.found
		return fine("It says: PATCH %s, bulk %s, filter %s, ETag %s, cursors %s.", yes(f.Patch), yes(f.Bulk), yes(f.Filter), yes(f.ETag), yes(f.Cursor))
	}
	return p.missing("/ServiceProviderConfig", status, body, "Users, groups, filters and PATCH are taken for granted.")
}

func (p *prober) schemas(ctx context.Context) verdict {
	status, body, err := p.t.fetch(ctx, http.MethodGet, "/Schemas", nil)
	if err != nil {
		return wrongBy(err)
	}
	if status != http.StatusOK || !p.found.readSchemas(body) {
		return p.missing("/Schemas", status, body, "Mappings cannot be compared with what the target knows.")
	}
	n := 0
	for _, attributes := range p.found.Schemas {
		n += len(attributes)
	}
	if p.found.Schemas[scim.UserSchema] == nil {
		return wrong("/Schemas does not have the schema of users, "+scim.UserSchema+".", "Ask the target's makers; mappings work all the same.")
	}
	return fine("It knows %d schemas with %d attributes.", len(p.found.Schemas), n)
}

// missing is about a document that a server should have (RFC 7644 section 4) and
// many do not: it is told, and provisioning goes on without.
func (p *prober) missing(path string, status int, body []byte, follows string) verdict {
	if status >= 500 && status != http.StatusNotImplemented || status == http.StatusUnauthorized {
		return wrongBy(answer{status: status, body: body}.fault())
	}
	if status == http.StatusOK {
		return skip("%s cannot be read. %s", path, follows)
	}
	return skip("The target has no %s (%d). %s", path, status, follows)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// filter is Entra's own test connection.
func (p *prober) filter(ctx context.Context) verdict {
	if p.t.profile.NoFilter {
		return skip("The profile %s does without filters.", p.t.profile.Name)
	}
	a, err := p.page(ctx, 1, 1, p.match+` eq "`+uuid.New().String()+`"`)
	switch {
	case err != nil:
		return wrongBy(err)
	case a.status == http.StatusNotFound:
		return wrong("A search that finds nobody is answered 404.", "The target has to answer it by 200 and an empty list (RFC 7644 section 3.4.2): tell its makers.")
	case a.status != http.StatusOK || !a.isList:
		v := wrongBy(a.fault())
		v.cure = "The target has to find users by " + p.match + ". Match by another attribute, such as userName, or tell its makers."
		return v
	case a.total > 0 || len(a.users) > 0:
		return wrong(fmt.Sprintf("A search for somebody who cannot exist finds %d users: the target ignores the filter.", max(a.total, len(a.users))),
			"Do not provision like this: people would be taken for others. Match by an attribute that the target can filter by, or tell its makers.")
	}
	return fine("A search by %s for somebody who does not exist finds nobody.", p.match)
}

func (p *prober) paging(ctx context.Context) verdict {
	switch {
	case p.t.profile.NoPaging:
		return skip("The profile %s reads lists whole.", p.t.profile.Name)
	case len(p.users) < 2:
		return skip("The target has fewer than two users to page through.")
	case len(p.users) > 2:
		return wrong(fmt.Sprintf("Asked for 2 users, it sends %d.", len(p.users)), "If it sends all of them whatever is asked, set the profile google. Otherwise tell its makers: count is at most so many (RFC 7644 section 3.4.2.4).")
	}
	a, err := p.page(ctx, 2, 1, "")
	switch {
	case err != nil:
		return wrongBy(err)
	case a.status != http.StatusOK || !a.isList:
		return wrongBy(a.fault())
	case len(a.users) != 1 || a.users[0]["id"] != p.users[1]["id"]:
		return wrong("The page that begins with the second user does not hold the second user.",
			"Tell the target's makers: startIndex counts from 1, and the order stays the same (RFC 7644 section 3.4.2.4). Until then set the profile google if it has one page only.")
	}
	return fine("Pages begin where they should.")
}

// patch is about somebody who cannot exist, so nothing can change.
func (p *prober) patch(ctx context.Context) verdict {
	if p.t.profile.UsePUT || !p.found.Patch {
		return skip("Users are changed by PUT.")
	}
	body := []byte(`{"schemas":["` + scim.PatchOpURN + `"],"Operations":[{"op":"replace","path":"displayName","value":"Nobody"}]}`)
	status, answered, err := p.t.fetch(ctx, http.MethodPatch, "/Users/"+uuid.New().String(), body)
	if err != nil {
		return wrongBy(err)
	}
	a := answer{status: status, body: answered}
	switch {
	case status == http.StatusNotFound:
		return fine("It knows PATCH: somebody who does not exist is 404.")
	case status == http.StatusMethodNotAllowed || status == http.StatusNotImplemented:
		return wrong(fmt.Sprintf("The target does not know PATCH (%d).", status), "Set the profile okta-like, which changes users by PUT.")
	case status < 300:
		return wrong(fmt.Sprintf("A change of somebody who does not exist is answered %d, as if it had been done.", status), "Tell the target's makers: it has to be 404 (RFC 7644 section 3.12).")
	case status == http.StatusUnsupportedMediaType, status == http.StatusUnauthorized, status == http.StatusForbidden, status >= 500, status < 400:
		return wrongBy(a.fault())
	}
	return fine("It knows PATCH, though somebody who does not exist is %d and not 404.", status)
}

// contentType looks at the first answer (RFC 7644 section 3.8).
func (p *prober) contentType(context.Context) verdict {
	sent := p.list.Header["Content-Type"]
	kind, _, _ := strings.Cut(sent, ";")
	switch strings.ToLower(strings.TrimSpace(kind)) {
	case contentType:
		return fine("Answers are %s.", sent)
	case "application/json":
		return fine("Answers are %s; the RFC wants %s, and either is understood.", sent, contentType)
	case "":
		return wrong("Answers have no content type.", "Tell the target's makers: it is "+contentType+" (RFC 7644 section 3.8).")
	}
	return wrong("Answers are "+sent+".", "Check that nothing between here and the target changes answers; the content type is "+contentType+" (RFC 7644 section 3.8).")
}

// skew is how far two clocks may be apart before tokens and signatures fail.
const skew = 5 * time.Minute

func (p *prober) clock(context.Context) verdict {
	found := "The target does not tell its time."
	if date, err := http.ParseTime(p.list.Header["Date"]); err == nil {
		off := date.Sub(p.list.Started.Add(time.Duration(p.list.Duration) * time.Microsecond)).Round(time.Second)
		if off.Abs() > skew {
			return wrong(fmt.Sprintf("The target's clock and ours are %v apart.", off.Abs()), "Have both set by a time server: tokens are valid by the clock.")
		}
		found = "Its clock agrees with ours."
	}
	if !p.found.ETag || p.t.profile.NoETag || len(p.users) == 0 {
		return fine("%s", found)
	}
	if meta, _ := p.users[0]["meta"].(scim.Object); meta["version"] == nil {
		return wrong("The target says it has ETags, and its users have no meta.version.", "Tell the target's makers (RFC 7644 section 3.14). Changes by others are then overwritten without notice.")
	}
	return fine("%s Users have ETags.", found)
}
