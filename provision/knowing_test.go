package provision_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/provision"
	"github.com/rollcall-scim/rollcall/provision/target"
)

// deaf is the way to a target that ignores an attribute.
type deaf struct {
	next      http.RoundTripper
	attribute string
}

func (d deaf) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		body = bytes.ReplaceAll(body, []byte(d.attribute), []byte("nobodyKnowsThis"))
		r = r.Clone(r.Context())
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
	return d.next.RoundTrip(r)
}

// TestIgnored: what a target ignores is not sent to it again and again, but is
// when it becomes something else.
func TestIgnored(t *testing.T) {
	onRig(t, func(r *rig) {
		run := func(q provision.Request) string {
			t.Helper()
			r.save()
			e := r.engine()
			to, err := target.Open(e.App.Target, target.Environment{HTTP: deaf{http.DefaultTransport, "department"}})
			if err != nil {
				t.Fatal(err)
			}
			e.Target = to
			r.now = r.now.Add(5 * time.Minute)
			r.target.ForgetRequests()
			c, err := e.Run(t.Context(), q)
			if err != nil || c.Outcome != provision.Success {
				t.Fatalf("%v, %v\n%s", c, err, r.log(c))
			}
			var sent strings.Builder
			for _, w := range r.target.Writes() {
				sent.WriteString(w.Method + " " + w.Body + "\n")
			}
			return sent.String()
		}
		r.have(3)
		run(provision.Request{})
		r.with("sync: all}", "sync: all, filters: [[{attribute: department, operator: EQUALS, value: Sales}], [{attribute: department, operator: EQUALS, value: Space}]]}")
		r.want("writes after a set-up that evaluates everybody", run(provision.Request{Full: true}), "")

		r.people[1].name = "other"
		if sent := run(provision.Request{}); strings.Contains(sent, "nobodyKnowsThis") || !strings.Contains(sent, "other@contoso.test") {
			t.Errorf("a change sent %s", sent)
		}
		r.people[2].department = "Space"
		if sent := run(provision.Request{}); strings.Count(sent, "nobodyKnowsThis") != 1 {
			t.Errorf("another value sent %s", sent)
		}
		r.want("writes afterwards", run(provision.Request{Full: true}), "")
	})
}

// TestMembersLeave: whom a group got in the plan that created him leaves it like
// everybody else.
func TestMembersLeave(t *testing.T) {
	onRig(t, func(r *rig) {
		r.have(5)
		r.groups["Staff"] = []string{"k0", "k1", "k2"}
		r.good(provision.Request{})
		r.groups["Staff"] = []string{"k1", "k4"}
		r.good(provision.Request{})
		r.want("members", len(r.target.Group("Staff")["members"].([]any)), 2)
	})
}
