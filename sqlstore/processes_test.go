package sqlstore_test

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/rollcall-scim/rollcall/scim"
	"github.com/rollcall-scim/rollcall/sqlstore/storetest"
)

// servers is what one database carries: two processes on PostgreSQL, one on
// SQLite. Commands beside them are further processes on both.
type servers struct {
	t     *testing.T
	url   string
	token string
	all   []*client
}

func startServers(t *testing.T, url string) *servers {
	t.Helper()
	d, end := inProcess(t, url)
	_, token := newTenant(t, d, "acme", "Finland", "Sweden")
	end()
	s := &servers{t: t, url: url, token: token}
	s.all = append(s.all, serve(t, url).client("acme.localhost", token))
	if !strings.HasPrefix(url, "sqlite:") {
		s.all = append(s.all, serve(t, url).client("acme.localhost", token))
	}
	return s
}

// race sends requests through all servers at once.
func (s *servers) race(n int, send func(c *client, i int) reply) []reply {
	answers := make([]reply, n)
	ready := make(chan struct{})
	var racing sync.WaitGroup
	for i := range n {
		racing.Go(func() {
			<-ready
			answers[i] = send(s.all[i%len(s.all)], i)
		})
	}
	close(ready)
	racing.Wait()
	return answers
}

// spellings are one name to us, and several to a byte comparison.
func spellings(name string) []string {
	return []string{name, norm.NFD.String(name), strings.ToUpper(name), norm.NFD.String(strings.ToUpper(name)), strings.ToLower(name)}
}

// TestRacingCreates: of concurrent creates of one userName one is answered 201
// and the others 409, whatever process they come to.
func TestRacingCreates(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := startServers(t, url)
		for _, name := range []string{"anna@acme.test", "åsa.öberg@acme.test", "straße@acme.test"} {
			same := spellings(name)
			answers := s.race(64, func(c *client, i int) reply {
				return c.send(t, "POST", "/Users", fmt.Sprintf(`{"schemas":["%s"],"userName":"%s","externalId":"%d"}`, scim.UserSchema, same[i%len(same)], i))
			})
			count := map[int]int{}
			for _, r := range answers {
				count[r.status]++
				if r.status == 409 && !strings.Contains(r.body, `"scimType":"uniqueness"`) {
					t.Errorf("%s: %s", name, r)
				}
			}
			if count[201] != 1 || count[409] != 63 {
				t.Errorf("%s: answered %v; want one 201 and 63 409", name, count)
			}
		}
		checkWhole(t, url)
	})
}

// TestRacingFirstMembers: a team that many bring into being at once is one
// team (behaviour.md 6.5).
func TestRacingFirstMembers(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := startServers(t, url)
		same := spellings("Forschung für Öl")
		answers := s.race(64, func(c *client, i int) reply {
			return c.send(t, "POST", "/Users", fmt.Sprintf(`{"schemas":["%s"],"userName":"p%d@acme.test","%s":{"department":"%s"},
				"addresses":[{"type":"work","country":"Finland"}]}`, scim.UserSchema, i, scim.EnterpriseSchema, same[i%len(same)]))
		})
		teams := map[string]int{}
		for _, r := range answers {
			if r.status != 201 {
				t.Errorf("POST: %s", r)
				continue
			}
			teams[teamOf(t, r)]++
		}
		if len(teams) != 1 {
			t.Errorf("64 people of one department are in the teams %v", teams)
		}
		d := openDump(t, url)
		defer d.db.Close()
		if rows := d.rows(`select id, name from teams`); len(rows) != 1 {
			t.Errorf("teams: %v", rows)
		}
		checkWhole(t, url)
	})
}

// teamOf is the id and name of the user's only team.
func teamOf(t *testing.T, r reply) string {
	t.Helper()
	ours, _ := scim.ResourceFromJSON([]byte(r.body)).Object()[scim.RollcallSchema].(scim.Object)
	teams, _ := ours["teams"].([]any)
	if len(teams) != 1 {
		t.Fatalf("not in one team: %s", r)
	}
	team, _ := teams[0].(scim.Object)
	return fmt.Sprint(team["value"], " ", team["display"])
}

// asking is every way to use an access token.
var asking = []struct{ name, method, path, body string }{
	{"get by id", "GET", "/Users/{id}", ""},
	{"get of nobody", "GET", "/Users/nobody", ""},
	{"list", "GET", "/Users?count=2", ""},
	{"list of nobody", "GET", "/Users?count=0", ""},
	{"filter", "GET", `/Users?filter=userName+eq+"anna@acme.test"`, ""},
	{"filter that finds nobody", "GET", `/Users?filter=userName+eq+"nobody@acme.test"`, ""},
	{"filter that scans", "GET", `/Users?filter=title+pr`, ""},
	{"list of IdP groups", "GET", "/Groups", ""},
	{"IdP group", "GET", "/Groups/1", ""},
	{"POST of an IdP group", "POST", "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"x"}`},
	{"PATCH", "PATCH", "/Users/{id}", `{"schemas":["` + scim.PatchOpURN + `"],"Operations":[{"op":"add","path":"title","value":"late"}]}`},
	{"PUT", "PUT", "/Users/{id}", `{"schemas":["` + scim.UserSchema + `"],"userName":"anna@acme.test","title":"late"}`},
	{"POST", "POST", "/Users", `{"schemas":["` + scim.UserSchema + `"],"userName":"late@acme.test"}`},
	{"DELETE", "DELETE", "/Users/{id}", ""},
	{"change of an IdP group", "PATCH", "/Groups/{group}", `{"schemas":["` + scim.PatchOpURN + `"],"Operations":[{"op":"add","path":"members","value":[{"value":"{id}"}]}]}`},
	{"PUT of an IdP group", "PUT", "/Groups/{group}", `{"schemas":["` + scim.GroupSchema + `"],"displayName":"late"}`},
	{"get of an IdP group", "GET", "/Groups/{group}", ""},
	{"DELETE of an IdP group", "DELETE", "/Groups/{group}", ""},
	{"filter by member", "GET", `/Groups?filter=members.value+eq+"{id}"`, ""},
	{"list of all", "GET", "?count=2", ""},
	{"page by cursor", "GET", "/Users?count=1&cursor=", ""},
	{"sorted list", "GET", "/Users?sortBy=title", ""},
	{"search", "POST", "/.search", `{"schemas":["` + searchURN + `"],"filter":"id pr"}`},
	{"search of nothing", "POST", "/.search", `{"schemas":["` + searchURN + `"],"count":0}`},
	{"search for users", "POST", "/Users/.search", `{"schemas":["` + searchURN + `"],"filter":"userName eq \"anna@acme.test\""}`},
	{"search for IdP groups", "POST", "/Groups/.search", `{"schemas":["` + searchURN + `"]}`},
	{"me", "GET", "/Me", ""},
	{"change of me", "PATCH", "/Me", `{"schemas":["` + scim.PatchOpURN + `"],"Operations":[{"op":"add","path":"title","value":"late"}]}`},
	{"bulk of nothing", "POST", "/Bulk", `{"schemas":["` + bulkURN + `"],"Operations":[]}`},
	{"bulk", "POST", "/Bulk", `{"schemas":["` + bulkURN + `"],"Operations":[{"method":"POST","path":"/Users","bulkId":"1","data":{"userName":"late@acme.test"}},{"method":"DELETE","path":"/Users/{id}"}]}`},
	{"bulk that does not parse", "POST", "/Bulk", `{"schemas":["` + bulkURN + `"],"Operations":7}`},
	{"nothing that there is", "GET", "/Nothing", ""},
	{"discovery", "GET", "/ServiceProviderConfig", ""},
	{"schemas", "GET", "/Schemas", ""},
}

// TestTakenAway: what another process took away is gone with the very next
// request, of whatever kind it is and whichever process it comes to.
func TestTakenAway(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := startServers(t, url)
		s.post("anna@acme.test")
		d, end := inProcess(t, url)
		defer end()
		tenant, err := d.OpenAdmin(t.Context(), "acme", testVia)
		if err != nil {
			t.Fatal(err)
		}
		set := func(name, value string) func() error {
			return func() error { return tenant.Set(t.Context(), name, value) }
		}
		cases := []struct {
			name       string
			take, give func() error
			want       int
		}{
			{"SCIM off", set("scim", "false"), set("scim", "true"), 403},
			{"access tokens off", set("access-tokens", "false"), set("access-tokens", "true"), 401},
			{"owner demoted", func() error { _, err := tenant.SetRole(t.Context(), "second@acme.test", "user"); return err }, nil, 401},
			{"token revoked", func() error { return tenant.RevokeToken(t.Context(), "for revoking") }, nil, 401},
			{"client revoked", func() error { return tenant.RevokeClient(t.Context(), "for revoking") }, nil, 401},
			{"connection of a token deleted", func() error { _, err := tenant.DeleteConnection(t.Context(), "second"); return err }, nil, 401},
			{"connection of a client deleted", func() error { _, err := tenant.DeleteConnection(t.Context(), "second"); return err }, nil, 401},
		}
		// A second admin, whose token and role can go.
		if _, err := tenant.CreateUser(t.Context(), "second@acme.test", nil); err != nil {
			t.Fatal(err)
		}
		id := s.find("anna@acme.test")
		group := s.all[0].send(t, "POST", "/Groups", `{"displayName":"Choir"}`)
		fill := strings.NewReplacer("{id}", id, "{group}", scim.ResourceFromJSON([]byte(group.body)).ID())
		store := openDump(t, url)
		defer store.db.Close()
		for _, c := range cases {
			for _, ask := range asking {
				for i, server := range s.all {
					*server = *server.with(s.token)
					if c.give == nil {
						*server = *server.with(server.freshAccess(t, tenant, c.name))
					}
					if warm := server.send(t, "GET", "/Users/"+id, ""); warm.status != 200 {
						t.Fatalf("before %s: %s", c.name, warm)
					}
					if err := c.take(); err != nil {
						t.Fatalf("%s: %v", c.name, err)
					}
					before := store.everything("acme")
					r := server.send(t, ask.method, fill.Replace(ask.path), fill.Replace(ask.body))
					if r.status != c.want {
						t.Errorf("%s: then %s at server %d is answered %.300s; want %d", c.name, ask.name, i, r, c.want)
					}
					store.same(c.name+": then "+ask.name, before, store.everything("acme"))
					if c.give != nil {
						if err := c.give(); err != nil {
							t.Fatal(err)
						}
					}
				}
			}
		}
	})
}

// TestCommandsBeside: what a command changes shows in the next answer of every
// server.
func TestCommandsBeside(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := startServers(t, url)
		r := s.all[0].send(t, "POST", "/Users", fmt.Sprintf(`{"schemas":["%s"],"userName":"anna@acme.test","%s":{"department":"Sales"}}`, scim.UserSchema, scim.EnterpriseSchema))
		id := scim.ResourceFromJSON([]byte(r.body)).ID()
		shows := func(want string) {
			t.Helper()
			for i, c := range s.all {
				if r := c.send(t, "GET", "/Users/"+id, ""); !strings.Contains(r.body, want) {
					t.Errorf("server %d does not show %s: %s", i, want, r)
				}
			}
		}
		shows(`"display":"Sales"`)
		mustCommand(t, url, "team", "rename", "Sales", "Selling", "--tenant", "acme")
		shows(`"display":"Selling"`)
		mustCommand(t, url, "group", "rename", "Default", "Everywhere", "--tenant", "acme")
		shows(`"display":"Everywhere"`)
		mustCommand(t, url, "user", "move", "anna@acme.test", "Sweden", "--tenant", "acme")
		shows(`"display":"Sweden"`)

		mustCommand(t, url, "tenant", "set", "email-user-names", "true", "--tenant", "acme")
		for i, c := range s.all {
			if r := c.send(t, "POST", "/Users", `{"userName":"no-address"}`); r.status != 400 || !strings.Contains(r.body, "(400.15)") {
				t.Errorf("server %d, email-user-names on: %s", i, r)
			}
		}
		token := mustCommand(t, url, "token", "create", "--user", "admin@acme.test", "--name", "second", "--tenant", "acme")
		for i, c := range s.all {
			if r := c.with(token).send(t, "GET", "/Users/"+id, ""); r.status != 200 {
				t.Errorf("server %d, a new token: %s", i, r)
			}
		}
		mustCommand(t, url, "token", "revoke", "second", "--tenant", "acme")
		for i, c := range s.all {
			if r := c.with(token).send(t, "GET", "/Users/"+id, ""); r.status != 401 {
				t.Errorf("server %d, a revoked token: %s", i, r)
			}
		}
		checkWhole(t, url)
	})
}

// TestSecondServe: one SQLite file has one server.
func TestSecondServe(t *testing.T) {
	url := storetest.SQLite(t)
	startServers(t, url)
	_, err := command(t, url, "serve", "--listen", "127.0.0.1:0")
	if err == nil || !strings.Contains(err.Error(), "another rollcall serve") || !strings.Contains(err.Error(), "exit status 1") {
		t.Errorf("a second serve: %v", err)
	}
}

func (s *servers) post(userName string) {
	s.t.Helper()
	if r := s.all[0].send(s.t, "POST", "/Users", fmt.Sprintf(`{"schemas":["%s"],"userName":"%s"}`, scim.UserSchema, userName)); r.status != 201 {
		s.t.Fatalf("POST of %s: %s", userName, r)
	}
}

func (s *servers) find(userName string) (id string) {
	s.t.Helper()
	r := s.all[0].send(s.t, "GET", "/Users?filter="+url.QueryEscape(fmt.Sprintf("userName eq %q", userName)), "")
	list, _ := scim.ResourceFromJSON([]byte(r.body)).Object()["Resources"].([]any)
	if len(list) != 1 {
		s.t.Fatalf("%s is not found: %s", userName, r)
	}
	return list[0].(scim.Object)["id"].(string)
}
