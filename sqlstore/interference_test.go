package sqlstore_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/scim"
	"github.com/rollcall-scim/rollcall/sqlstore/storetest"
)

// TestNonInterference: what one tenant is answered is the same with and without
// another's traffic.
func TestNonInterference(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		n := newNeighbours(t, url)
		d, end := inProcess(t, url)
		_, token := newTenant(t, d, "umbra", "Finland") // as acme, to the letter
		end()
		alone := n.conversation(n.acme.at("acme.localhost"), func() {})
		busy := n.conversation(n.acme.at("umbra.localhost").with(token), func() {
			for _, c := range []*client{n.globex(), n.acme.at("acme.localhost")} {
				c.send(t, "POST", "/Users", `{"userName":"anna@acme.test","externalId":"e1","addresses":[{"type":"work","country":"Default"}],"`+scim.EnterpriseSchema+`":{"department":"Sales"}}`)
				c.send(t, "GET", "/Users?startIndex=2&count=1", "")
				c.send(t, "DELETE", "/Users/"+nobody, "")
			}
		})
		for i := range alone {
			if alone[i] != busy[i] {
				t.Errorf("answer %d alone\n%s\nand beside others\n%s", i, alone[i], busy[i])
			}
		}
	})
}

var (
	anyID      = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	anyVersion = regexp.MustCompile(`W/\\"[0-9]+\\"`)
	anyTime    = regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+Z`)
)

// conversation is a fixed one; ids are told by the order in which they come.
func (n *neighbours) conversation(c *client, between func()) (answers []string) {
	n.t.Helper()
	known := map[string]string{}
	plain := func(r reply) string {
		text := anyID.ReplaceAllStringFunc(r.String(), func(id string) string {
			if known[id] == "" {
				known[id] = fmt.Sprintf("{%d}", len(known))
			}
			return known[id]
		})
		tenant, _, _ := strings.Cut(c.host, ".")
		return anyTime.ReplaceAllString(strings.ReplaceAll(text, tenant+".localhost", "{tenant}.localhost"), "{time}")
	}
	say := func(method, path, body string) reply {
		between()
		r := c.send(n.t, method, path, body)
		answers = append(answers, plain(r))
		return r
	}
	created := say("POST", "/Users", `{"userName":"anna@acme.test","externalId":"e1","addresses":[{"type":"work","country":"Finland"}],"`+scim.EnterpriseSchema+`":{"department":"Sales"}}`)
	id := scim.ResourceFromJSON([]byte(created.body)).ID()
	say("GET", "/Users?filter="+url.QueryEscape(`userName eq "anna@acme.test"`), "")
	say("GET", "/Users?filter="+url.QueryEscape(`externalId eq "e1"`), "")
	say("POST", "/Users", `{"userName":"ANNA@acme.test"}`)
	say("PATCH", "/Users/"+id, `{"schemas":["`+scim.PatchOpURN+`"],"Operations":[{"op":"replace","path":"title","value":"x"}]}`)
	say("GET", "/Users?startIndex=2&count=1", "")
	say("GET", "/Users?startIndex=1&count=2&attributes=title", "")
	say("PATCH", "/Users/"+id, `{"schemas":["`+scim.PatchOpURN+`"],"Operations":[{"op":"replace","path":"active","value":false}]}`)
	say("GET", "/Users/"+id, "")
	say("DELETE", "/Users/"+id, "")
	say("GET", "/Users/"+id, "")
	return answers
}
