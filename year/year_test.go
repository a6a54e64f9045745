package year_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
	"github.com/rollcall-scim/rollcall/scimhttp"
	"github.com/rollcall-scim/rollcall/sqlstore"
	"github.com/rollcall-scim/rollcall/sqlstore/storetest"
	"github.com/rollcall-scim/rollcall/year"
)

// ours is our own server with its defaults, whose clock the year moves.
type ours struct {
	testing.TB
	dir    *directory.Directory
	server *httptest.Server
	now    atomic.Int64
	purged int64
	n      int
	fault  string // of broken

	groups   []string // workspace groups, with the feature on
	personal bool     // the token is the admin's own
}

func serve(t testing.TB, store *sqlstore.Store) *ours {
	t.Helper()
	o := &ours{TB: t, dir: directory.New(store)}
	o.now.Store(year.Begin.UnixMicro())
	o.dir.Now = func() time.Time { return time.UnixMicro(o.now.Load()).UTC() }
	o.dir.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	hosts := scimhttp.Hosts{BaseDomain: "localhost"}
	h := &scimhttp.Handler{
		Types: []*scim.ResourceType{scim.UserType, scim.GroupType}, Hosts: hosts,
		Open: func(ctx context.Context, c scimhttp.Call) (scim.ServiceProvider, error) {
			tenant, err := o.dir.OpenToken(ctx, c.Token, "", directory.Via{Request: c.RequestID, Client: c.Client, Operation: c.Method, BaseURL: c.BaseURL, Started: c.Started})
			if err != nil || o.fault == "" {
				return tenant, err
			}
			return broken{tenant, o.fault}, nil
		},
	}
	mux := http.NewServeMux()
	h.Mount(mux)
	o.server = httptest.NewServer(scimhttp.WithoutDoubleSlashes(mux))
	t.Cleanup(func() { o.server.Close(); o.dir.Close(context.Background()) })
	return o
}

// place is a tenant for a story, whose first person is its admin and owns no
// token: the connection has them (behaviour.md 3.2).
func (o *ours) place(s year.Story) year.Server {
	o.Helper()
	o.n++
	ctx := o.Context()
	o.now.Store(year.Begin.UnixMicro())
	owner := "nobody@elsewhere.test"
	if len(s.People) > 0 {
		owner = s.People[0].UserName
	}
	admin, err := o.dir.CreateTenant(ctx, directory.NewTenant{Name: "t" + strconv.Itoa(o.n), AdminEmail: owner}, directory.Via{})
	o.must(err)
	_, err = admin.CreateTeam(ctx, "Default", "Choir")
	o.must(err)
	token, err := admin.CreateConnectionToken(ctx, "default", "year", time.Time{})
	o.must(err)
	if o.personal {
		token, err = admin.CreateToken(ctx, owner, "year", time.Time{})
		o.must(err)
	}
	o.must(admin.CreateConnection(ctx, "second"))
	second, err := admin.CreateConnectionToken(ctx, "second", "year", time.Time{})
	o.must(err)
	server := year.Server{BaseURL: o.server.URL + scimhttp.Base, Token: token, Token2: second, Owner: owner,
		Clock: o.tick,
		Join: func(ctx context.Context, id, team string) error {
			_, err := admin.AddToTeam(ctx, id, directory.TeamRef{Name: team})
			return err
		}}
	if o.groups == nil {
		return server
	}
	o.must(admin.Set(ctx, "groups", "true"))
	server.Group = func(ctx context.Context, name string) error {
		_, err := admin.CreateGroup(ctx, name)
		return err
	}
	for _, name := range o.groups {
		o.must(server.Group(ctx, name))
	}
	return server
}

// tick is also what serve does every hour: the purge, here every five days.
func (o *ours) tick(to time.Time) {
	o.now.Store(to.UnixMicro())
	if days := to.Unix() / (5 * 86400); days != o.purged {
		o.purged = days
		_, err := o.dir.Purge(o.Context())
		o.must(err)
	}
}

func (o *ours) must(err error) {
	if err != nil {
		o.Helper()
		o.Fatal(err)
	}
}

func (o *ours) play(s year.Story) *year.Report {
	o.Helper()
	y := year.Year{Story: s, Server: o.place(s)}
	report, err := y.Run(o.Context())
	o.must(err)
	return report
}

func text(r *year.Report) string {
	var b bytes.Buffer
	_ = r.WriteText(&b)
	return b.String()
}

// Ten small companies live through their year as Entra ID and as Okta provision
// them, against the defaults, and nothing is wrong at the end of any day.
func TestTenCompanies(t *testing.T) {
	for name, database := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		for _, idp := range []string{"entra", "okta"} {
			t.Run(name+" "+idp, func(t *testing.T) {
				t.Parallel()
				o := serve(t, storetest.Open(t, database(t)))
				for seed := range uint64(10) {
					o.right(year.Draw(seed, idp, 30, 80))
				}
			})
		}
	}
}

// The other providers, and one beside the other.
func TestOtherProviders(t *testing.T) {
	t.Parallel()
	o := serve(t, storetest.Open(t, storetest.SQLite(t)))
	for _, idp := range []string{"onelogin", "rfc", "entra+okta"} {
		for seed := range uint64(2) {
			o.right(year.Draw(seed, idp, 30, 80))
		}
	}
}

// With the group feature on, everybody is in the group of his country, and waits
// for one that is not made yet no longer than his provider's next try.
func TestCountriesAndGroups(t *testing.T) {
	t.Parallel()
	o := serve(t, storetest.Open(t, storetest.SQLite(t)))
	o.groups = []string{"Finland", "Sweden", "Germany", "Spain", "Poland", "France"}
	for _, idp := range []string{"entra", "okta"} {
		for seed := range uint64(2) {
			o.right(year.Draw(seed, idp, 20, 60))
		}
	}
}

// behaviour.md 3.2: a personal token ends with its owner's access, and with it
// the provisioning. The year says on which day.
func TestTheOwnerOfTheTokenLeaves(t *testing.T) {
	t.Parallel()
	o := serve(t, storetest.Open(t, storetest.SQLite(t)))
	o.personal = true
	r := o.play(year.Draw(1, "entra", 12, 30))
	if !has(r, year.Stopped) || len(r.Findings) != 1 || r.Findings[0].Day != 21 || len(r.Calendar) != 20 {
		t.Error(text(r))
	}
}

func (o *ours) right(s year.Story) {
	o.Helper()
	if r := o.play(s); !r.OK() || r.Requests < len(s.People) {
		o.Errorf("seed %d as %s: %s", s.Seed, s.IdP, text(r))
	}
}

// TestYears plays what YEAR asks for, as in YEAR="entra 0 100 1000 365", with
// the first seed and how many: make year.
func TestYears(t *testing.T) {
	if os.Getenv("YEAR") == "" {
		t.Skip("YEAR says which: identity provider, first seed, how many, people, days")
	}
	var idp string
	var seed, seeds uint64
	var people, days int
	if _, err := fmt.Sscan(os.Getenv("YEAR"), &idp, &seed, &seeds, &people, &days); err != nil {
		t.Fatal(err)
	}
	for ; seeds > 0; seeds, seed = seeds-1, seed+1 {
		o := serve(t, storetest.Open(t, storetest.SQLite(t)))
		start := time.Now()
		r := o.play(year.Draw(seed, idp, people, days))
		t.Logf("seed %d as %s: %d ghosts, %d doubles, %d lock-outs, %d beside; %d requests in %s", seed, idp, r.Ghosts, r.Doubles, r.LockOuts,
			len(r.Findings)-r.Ghosts-r.Doubles-r.LockOuts, r.Requests+r.Reads, time.Since(start).Round(time.Second))
		if !r.OK() {
			t.Error(text(r))
		}
	}
}
