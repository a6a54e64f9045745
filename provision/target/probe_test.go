package target

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/provision/target/hostile"
)

func TestProbesOfAGoodServer(t *testing.T) {
	s := hostile.Start(t)
	target, err := Open(Config{URL: s.URL, Token: s.Token}, Environment{})
	if err != nil {
		t.Fatal(err)
	}
	create(t, target, "anna@acme.test")
	create(t, target, "bo@acme.test")
	s.ForgetRequests()
	probes := target.Probe(t.Context(), "")
	var names []string
	for _, p := range probes {
		names = append(names, p.Name)
		if !p.OK || p.Skipped || p.Cure != "" || p.Found == "" {
			t.Errorf("%+v", p)
		}
	}
	if got := strings.Join(names, ", "); got != "Authentication, ServiceProviderConfig, Schemas, Filter, Paging, PATCH, Content type, Clock and ETag" {
		t.Error(got)
	}
	for _, r := range s.Writes() {
		if r.Method != http.MethodPatch || r.Status != http.StatusNotFound {
			t.Errorf("a test wrote: %+v", r)
		}
	}
	if Failed(probes) != nil || probes[3].Exchange == nil || !strings.Contains(probes[3].Exchange.Path, "filter=userName%20eq%20%22") {
		t.Errorf("%+v", probes[3])
	}
}

// The first probe that fails is the answer, and says the cure.
func TestProbesNameTheFirstFault(t *testing.T) {
	switched := func(change func(*hostile.Switches)) func(*hostile.Server, *Config) {
		return func(s *hostile.Server, _ *Config) { s.Switch(change) }
	}
	broken := func(f hostile.Fault) func(*hostile.Server, *Config) {
		return func(s *hostile.Server, _ *Config) { s.Misbehave(f) }
	}
	for name, x := range map[string]struct {
		spoil func(*hostile.Server, *Config)
		first string // empty: none fails
		found string
		cure  string
		asked int // how many of the eight are not skipped
	}{
		"wrong token":  {func(_ *hostile.Server, c *Config) { c.Token = "wrong-token" }, "Authentication", "401", "new token", 1},
		"forbidden":    {broken(hostile.Fault{Status: 403}), "Authentication", "403", "right at the target", 1},
		"wrong url":    {func(s *hostile.Server, c *Config) { c.URL = s.URL + "/directory" }, "Authentication", "404", "ends right before /Users", 1},
		"website":      {broken(hostile.Fault{Kind: hostile.WebPage}), "Authentication", "web page", "Check that the target's url", 1},
		"nobody there": {func(_ *hostile.Server, c *Config) { c.URL = "http://127.0.0.1:1" }, "Authentication", "could not be reached", "check the target's url", 1},
		"down":         {broken(hostile.Fault{Status: 500}), "Authentication", "500", "tried again", 1},
		"redirect":     {broken(hostile.Fault{Status: 302}), "Authentication", "elsewhere", "address", 1},
		"config fails": {broken(hostile.Fault{Resource: "ServiceProviderConfig", Status: 500}), "ServiceProviderConfig", "500", "tried again", 8},
		"no discovery": {switched(func(w *hostile.Switches) { w.NoDiscovery = true }), "", "", "", 6},
		"no filter":    {switched(func(w *hostile.Switches) { w.IgnoreFilter = true }), "Filter", "ignores the filter", "people would be taken for others", 8},
		"no PATCH":     {switched(func(w *hostile.Switches) { w.NoPatch = true }), "PATCH", "405", "okta-like", 8},
		"odd pages":    {switched(func(w *hostile.Switches) { w.RepeatPages = true }), "Paging", "second user", "startIndex", 8},
		"no ETags":     {switched(func(w *hostile.Switches) { w.NoETags = true }), "Clock and ETag", "meta.version", "3.14", 8},
		"clock":        {broken(hostile.Fault{Kind: hostile.OldDate}), "Clock and ETag", "apart", "time server", 8},
		"content type": {broken(hostile.Fault{Kind: hostile.ForgetHeaders}), "Content type", "no content type", "scim+json", 8},
		"media type":   {broken(hostile.Fault{Method: "PATCH", Status: 415}), "PATCH", "415", "profile", 8},
		"eager PATCH":  {broken(hostile.Fault{Method: "PATCH", Kind: hostile.ErrorIn200}), "PATCH", "as if it had been done", "404", 8},
		"okta-like": {func(s *hostile.Server, c *Config) {
			c.Profile = "okta-like"
			s.Switch(func(w *hostile.Switches) { w.NoPatch = true })
		}, "", "", "", 7},
	} {
		t.Run(name, func(t *testing.T) {
			s := hostile.Start(t)
			good, _ := open(t, s)
			create(t, good, "anna@acme.test")
			create(t, good, "bo@acme.test")
			c := Config{URL: s.URL, Token: s.Token}
			x.spoil(s, &c)
			target, err := Open(c, Environment{Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
			if err != nil {
				t.Fatal(err)
			}
			probes := target.Probe(t.Context(), "userName")
			asked := 0
			for _, p := range probes {
				if !p.Skipped {
					asked++
				}
				if !p.OK && !p.Skipped && p.Cure == "" || p.Found == "" {
					t.Errorf("%+v", p)
				}
			}
			failed := Failed(probes)
			if failed == nil {
				failed = &Probe{}
			}
			if len(probes) != 8 || failed.Name != x.first || !strings.Contains(failed.Found, x.found) || !strings.Contains(failed.Cure, x.cure) || asked != x.asked {
				t.Errorf("%d asked, the first that failed: %+v", asked, failed)
			}
			if failed.Name != "" && x.first != "Clock and ETag" && x.first != "Content type" && failed.Exchange == nil {
				t.Error("no exchange")
			}
		})
	}
}
