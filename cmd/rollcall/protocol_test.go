package main

import (
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/directory"
)

const base = "/api/scim/v2"

// What scimhttp's own tests show over a small provider, over the directory.
func TestBulkSearchAndMeOverTheDirectory(t *testing.T) {
	s := newServed(t)
	tenant, token := s.tenant("acme", "admin@acme.test")
	send := func(method, path, body string) string {
		t.Helper()
		status, answer := s.send(method, "acme.localhost", base+path, token, body)
		if status != 200 {
			t.Fatalf("%s %s: %d %s", method, path, status, answer)
		}
		return answer
	}
	answer := send("POST", "/Bulk", `{"Operations":[
		{"method":"POST","path":"/Users","bulkId":"boss","data":{"userName":"boss@acme.test","active":true}},
		{"method":"POST","path":"/Users","bulkId":"anna","data":{"userName":"anna@acme.test","active":true,
			"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"bulkId:boss"}}}},
		{"method":"POST","path":"/Users","bulkId":"again","data":{"userName":"ANNA@acme.test","active":true}}]}`)
	if strings.Count(answer, `"status":"201"`) != 2 || strings.Count(answer, `"status":"409"`) < 1 || strings.Contains(answer, "bulkId:") {
		t.Errorf("bulk: %s", answer)
	}
	s.dir.Flush()
	if failed, err := tenant.Activity(t.Context(), directory.ActivityFilter{Person: "anna@acme.test", Failed: true}); err != nil || len(failed) != 1 || failed[0].Code != "409.1" {
		t.Errorf("the refused operation in the activity log: %v %v", failed, err)
	}
	answer = send("POST", "/.search", `{"filter":"userName sw \"a\" and active eq true","sortBy":"userName","sortOrder":"descending","attributes":["userName"]}`)
	anna, admin := strings.Index(answer, "anna@acme.test"), strings.Index(answer, "admin@acme.test")
	if !strings.Contains(answer, `"totalResults":2`) || anna < 0 || admin < anna {
		t.Errorf("search: %s", answer)
	}
	if answer = send("GET", "/Me", ""); !strings.Contains(answer, `"userName":"admin@acme.test"`) {
		t.Errorf("/Me: %s", answer)
	}
}

// Two IdP groups in each other, made in one request, and everything there is
// walked by cursor.
func TestCircularIdPGroupsAndCursorsOverTheDirectory(t *testing.T) {
	s := newServed(t)
	tenant, token := s.tenant("acme", "admin@acme.test")
	if err := tenant.Set(t.Context(), "idp-groups", "true"); err != nil {
		t.Fatal(err)
	}
	status, answer := s.send("POST", "acme.localhost", base+"/Bulk", token, `{"Operations":[
		{"method":"POST","path":"/Groups","bulkId":"a","data":{"displayName":"A","members":[{"type":"Group","value":"bulkId:b"}]}},
		{"method":"POST","path":"/Groups","bulkId":"b","data":{"displayName":"B","members":[{"type":"Group","value":"bulkId:a"},{"value":"bulkId:anna"}]}},
		{"method":"POST","path":"/Users","bulkId":"anna","data":{"userName":"anna@acme.test","active":true}}]}`)
	if status != 200 || strings.Count(answer, `"status":"201"`) != 3 {
		t.Fatalf("%d %s", status, answer)
	}
	_, answer = s.send("GET", "acme.localhost", base+"/?filter=userName+eq+%22anna@acme.test%22+or+displayName+pr&excludedAttributes=members.display", token, "")
	if !strings.Contains(answer, `"totalResults":3`) || strings.Count(answer, `"members":[`) != 2 {
		t.Errorf("root query: %s", answer)
	}
	seen, cursor := 0, ""
	for more := true; more; more = cursor != "" {
		status, answer = s.send("GET", "acme.localhost", base+"/?count=1&sortBy=id&cursor="+cursor, token, "")
		if status != 200 || !strings.Contains(answer, `"totalResults":4`) {
			t.Fatalf("%d %s", status, answer)
		}
		seen += strings.Count(answer, `"userName":`) + strings.Count(answer, `"resourceType":"Group"`)
		_, cursor, _ = strings.Cut(answer, `"nextCursor":"`)
		cursor, _, _ = strings.Cut(cursor, `"`)
	}
	if seen != 4 {
		t.Errorf("%d of 4 resources were walked", seen)
	}
	status, answer = s.send("GET", "acme.localhost", base+"/Users?cursor=nonsense", token, "")
	if status != 400 || !strings.Contains(answer, "invalidCursor") {
		t.Errorf("%d %s", status, answer)
	}
}

func TestRatesAreLimited(t *testing.T) {
	for _, rate := range []float64{-1, 0.5, 1e9} {
		if err := checkRate("--rate-token", rate); err == nil || !strings.Contains(err.Error(), "--rate-token") {
			t.Errorf("--rate-token %g: %v", rate, err)
		}
	}
	limits := (&config{rateTenant: 500, rateToken: 300}).limits()
	if len(limits) != 2 || limits[0].Burst != 1000 || limits[1].Burst != 600 {
		t.Errorf("limits: %v", limits)
	}
}
