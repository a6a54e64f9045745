package scimhttp

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/scim"
)

// bulk sends operations and returns their results.
func (f *fixture) bulk(t *testing.T, more string, operations ...string) []scim.Object {
	t.Helper()
	w := f.send("POST", Base+"/Bulk", `{"schemas":["`+scim.BulkRequestURN+`"],`+more+`"Operations":[`+strings.Join(operations, ",")+`]}`)
	if w.Code != 200 { // item 171
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	o := object(t, w)
	if fmt.Sprint(o["schemas"]) != "["+scim.BulkResponseURN+"]" {
		t.Errorf("schemas: %v", o["schemas"])
	}
	var results []scim.Object
	for _, r := range o["Operations"].([]any) {
		results = append(results, r.(scim.Object))
	}
	return results
}

func statuses(results []scim.Object) string {
	var all []string
	for _, r := range results {
		all = append(all, r["status"].(string)) // item 170: text
	}
	return strings.Join(all, " ")
}

func post(id, path, data string) string {
	return fmt.Sprintf(`{"method":"POST","bulkId":%q,"path":%q,"data":%s}`, id, path, data)
}

func user(name string) string { return `{"userName":"` + name + `@acme.test"}` }

func (f *fixture) get(t *testing.T, location any) scim.Object {
	t.Helper()
	return object(t, f.send("GET", strings.TrimPrefix(location.(string), "http://acme.test"), ""))
}

func TestItem164And170Bulk(t *testing.T) {
	f := newFixture(t)
	id := f.user(t, "anna@acme.test")
	results := f.bulk(t, "",
		post("b", "/Users", user("bo")),
		`{"method":"patch","path":"/Users/`+id+`","version":"W/\"1\"","data":{"Operations":[{"op":"Add","path":"title","value":"Chief"}]}}`,
		`{"method":"PATCH","path":"/Users/`+id+`","data":[{"op":"add","path":"nickName","value":"A"}]}`, // item 165
		`{"method":"PUT","path":"Users/`+id+`","version":"W/\"1\"","data":{"userName":"anna@acme.test"}}`,
		post("c", "/Users", user("BO")),
		`{"method":"DELETE","path":"`+"http://acme.test"+Base+`/Users/`+id+`"}`,
		`{"method":"DELETE","path":"/Users/`+id+`"}`,
	)
	if got := statuses(results); got != "201 200 200 412 409 204 404" {
		t.Fatalf("%s: %v", got, results)
	}
	where := "http://acme.test" + Base + "/Users/"
	made := results[0]
	if made["bulkId"] != "b" || made["method"] != "POST" || made["location"] != where+"id-2" || made["version"] != `W/"1"` || made["response"] != nil {
		t.Errorf("created: %v", made)
	}
	if r := results[2]; r["location"] != where+id || r["version"] != `W/"3"` {
		t.Errorf("patched: %v", r)
	}
	clash := results[4]["response"].(scim.Object)
	if results[4]["location"] != nil || clash["status"] != "409" || clash["scimType"] != scim.Uniqueness || fmt.Sprint(clash["schemas"]) != "["+scim.ErrorURN+"]" {
		t.Errorf("failed: %v", results[4])
	}
	if results[3]["location"] != where+id || results[3]["response"] == nil {
		t.Errorf("version that does not match: %v", results[3])
	}
	if len(f.exchanges) != 1+7+1 || f.exchanges[5].Code != "409.1" || f.exchanges[5].Method != "POST" || f.exchanges[5].Name == "" {
		t.Errorf("told: %+v", f.exchanges)
	}
}

func TestItem166FailOnErrors(t *testing.T) {
	bad := post("", "/Users", `{}`)
	for _, c := range []struct{ more, want string }{
		{`"failOnErrors":1,`, "201 400"},
		{`"failonerrors":"2",`, "201 400 400"},
		{`"failOnErrors":9,`, "201 400 400 201"},
		{``, "201 400 400 201"},
		{`"failOnErrors":0,`, "201 400 400 201"},
	} {
		f := newFixture(t)
		if got := statuses(f.bulk(t, c.more, post("a", "/Users", user("a")), bad, bad, post("b", "/Users", user("b")))); got != c.want {
			t.Errorf("%s: %s, want %s", c.more, got, c.want)
		}
	}
}

func TestItem167References(t *testing.T) {
	f := newFixture(t)
	results := f.bulk(t, "",
		post("boss", "/Users", user("boss")),
		post("anna", "/Users", `{"userName":"anna@acme.test","`+scim.EnterpriseSchema+`":{"department":"Deck","manager":{"value":"bulkId:boss"}}}`),
		post("g", "/Groups", `{"displayName":"Crew","members":[{"value":"bulkId:boss","$ref":"../Users/bulkId:boss"}]}`),
		`{"method":"PATCH","path":"/Groups/bulkId:g","data":{"Operations":[
			{"op":"add","path":"members","value":[{"value":"bulkId:anna"}]},{"op":"remove","path":"members[value eq \"bulkId:boss\"]"}]}}`,
	)
	if got := statuses(results); got != "201 201 201 204" {
		t.Fatalf("%s: %v", got, results)
	}
	boss, anna := f.get(t, results[0]["location"]), f.get(t, results[1]["location"])
	if got := anna[scim.EnterpriseSchema].(scim.Object); got["manager"].(scim.Object)["value"] != boss["id"] || got["department"] != "Deck" {
		t.Errorf("manager: %v", got)
	}
	members := f.get(t, results[2]["location"])["members"].([]any)
	if len(members) != 1 || members[0].(scim.Object)["value"] != anna["id"] {
		t.Errorf("members: %v", members)
	}
	if results[3]["location"] != results[2]["location"] {
		t.Errorf("location: %v", results[3])
	}
}

// Two IdP groups that are members of each other, a manager who is made later,
// and a PATCH that is about somebody who comes after it.
func TestItem168CircularReferences(t *testing.T) {
	f := newFixture(t)
	anna := f.user(t, "anna@acme.test")
	results := f.bulk(t, "",
		post("a", "/Groups", `{"displayName":"A","members":[{"type":"Group","value":"bulkId:b"},{"value":"`+anna+`"}]}`),
		post("b", "/Groups", `{"displayName":"B","members":[{"type":"Group","value":"bulkId:a"}]}`),
		`{"method":"PATCH","path":"/Users/`+anna+`","data":{"Operations":[{"op":"add","path":"title","value":"Chief"},
			{"op":"add","path":"`+scim.EnterpriseSchema+`:manager","value":{"value":"bulkId:boss"}},{"op":"replace","path":"title","value":"Mate"}]}}`,
		post("bo", "/Users", `{"userName":"bo@acme.test","`+scim.EnterpriseSchema+`":{"manager":{"value":"bulkId:boss"}}}`),
		post("boss", "/Users", user("boss")),
	)
	if got := statuses(results); got != "201 201 200 201 201" {
		t.Fatalf("%s: %v", got, results)
	}
	a, b, boss := f.get(t, results[0]["location"]), f.get(t, results[1]["location"]), f.get(t, results[4]["location"])["id"]
	if got := fmt.Sprint(a["members"]); !strings.Contains(got, fmt.Sprint(b["id"])) || !strings.Contains(got, anna) || strings.Contains(got, "bulkId") {
		t.Errorf("members of A: %v", a)
	}
	if got := fmt.Sprint(b["members"]); !strings.Contains(got, fmt.Sprint(a["id"])) {
		t.Errorf("members of B: %v", b)
	}
	if results[0]["version"] != a["meta"].(scim.Object)["version"] {
		t.Errorf("version of A: %v, is %v", results[0], a["meta"])
	}
	for _, location := range []any{results[2]["location"], results[3]["location"]} {
		o := f.get(t, location)
		if e, _ := o[scim.EnterpriseSchema].(scim.Object); e == nil || e["manager"].(scim.Object)["value"] != boss {
			t.Errorf("manager of %v", o)
		}
	}
	if title := f.get(t, results[2]["location"])["title"]; title != "Mate" {
		t.Errorf("operations out of order: title is %v", title)
	}
}

func TestItem173ReferencesThatLeadNowhere(t *testing.T) {
	f := newFixture(t)
	wantError(t, f.send("POST", Base+"/Bulk", `{"Operations":[`+post("a", "/Users", user("a"))+","+post("a", "/Users", user("b"))+`]}`), "400.46", scim.InvalidSyntax)
	if w := f.send("GET", Base+"/Users", ""); object(t, w)["totalResults"] != scim.Number("0") {
		t.Errorf("something was done: %s", w.Body)
	}
	results := f.bulk(t, "",
		post("g", "/Groups", `{"displayName":"A","members":[{"value":"bulkId:nobody"}]}`),
		post("bad", "/Users", `{}`),
		post("h", "/Groups", `{"displayName":"B","members":[{"value":"bulkId:bad"}]}`),
		`{"method":"DELETE","path":"/Users/bulkId:late"}`,
		post("i", "/Groups", `{"displayName":"C","members":[{"value":"bulkId:alsoBad"}]}`),
		post("alsoBad", "/Users", `{}`),
		post("late", "/Users", `{"userName":"late@acme.test","title":"see bulkId:42"}`),
	)
	if got := statuses(results); got != "400 400 409 409 409 400 201" {
		t.Fatalf("%s: %v", got, results)
	}
	if f.get(t, results[6]["location"])["title"] != "see bulkId:42" {
		t.Error("text that is no reference was changed")
	}
	// What could be done was done, and the answer says where it is.
	if results[4]["location"] == nil || f.get(t, results[4]["location"])["displayName"] != "C" {
		t.Errorf("%v", results[4])
	}
}

func TestItem172BulkLimits(t *testing.T) {
	f := newFixture(t)
	many := strings.Repeat(`{"method":"DELETE","path":"/Users/x"},`, 1001)
	w := f.send("POST", Base+"/Bulk", `{"Operations":[`+strings.TrimSuffix(many, ",")+`]}`)
	wantError(t, w, "413.2", "")
	if !strings.Contains(w.Body.String(), "maxOperations) is 1000") {
		t.Errorf("the limit is not named: %s", w.Body)
	}
	w = f.send("POST", Base+"/Bulk", `{"Operations":[]}`+strings.Repeat(" ", 16<<20))
	wantError(t, w, "413.1", "")
	if !strings.Contains(w.Body.String(), "maxPayloadSize) is 16 MiB") {
		t.Errorf("the limit is not named: %s", w.Body)
	}
	results := f.bulk(t, "", post("", "/Users", `{"userName":"a@acme.test","title":"`+strings.Repeat("x", 1<<20)+`"}`))
	if statuses(results) != "413" {
		t.Errorf("an operation larger than a request: %v", results[0]["status"])
	}
}

func TestBulkOfWrongForm(t *testing.T) {
	f := newFixture(t)
	for body, code := range map[string]string{
		`{}`: "400.17", `[]`: "400.17", `{"Operations":{}}`: "400.17", `{"Operations":[1]}`: "400.17",
		`{"Operations":[],"failOnErrors":"x"}`: "400.17", `{"Operations":[{"method":1}]}`: "400.17", `{`: "400.10",
	} {
		wantError(t, f.send("POST", Base+"/Bulk", body), code, scim.InvalidSyntax)
	}
	for operation, status := range map[string]string{
		`{"method":"GET","path":"/Users"}`:                                     "400",
		`{"method":"POST","path":"/Bulk","data":{}}`:                           "400",
		`{"method":"POST","path":"/Users/.search","data":{}}`:                  "400",
		`{"method":"POST","data":{}}`:                                          "400",
		`{"method":"POST","path":"/Schemas","data":{}}`:                        "400",
		`{"method":"POST","path":"/Users"}`:                                    "400",
		`{"method":"TRACE","path":"/Users/x"}`:                                 "405",
		`{"method":"DELETE","path":"/Users"}`:                                  "405",
		`{"method":"PATCH","path":"/Users/x","data":{"Operations":[]}}`:        "404",
		`{"method":"PATCH","path":"/Users/x","data":{"Operations":"bulkId:"}}`: "400",
	} {
		w := f.send("POST", Base+"/Bulk", `{"Operations":[`+operation+`]}`)
		if w.Code != 200 || w.Header().Get("Allow") != "" || !strings.Contains(w.Body.String(), `"status":"`+status+`"`) {
			t.Errorf("%s: %d %s", operation, w.Code, w.Body)
		}
	}
	if results := f.bulk(t, ""); results != nil {
		t.Errorf("no operations: %v", results)
	}
}

// Item 83: what is asked for in the address holds for every answer.
func TestBulkProjection(t *testing.T) {
	f := newFixture(t)
	w := f.send("POST", Base+"/Bulk?attributes=userName", `{"Operations":[`+post("", "/Users", `{"userName":"a@acme.test","title":"x"}`)+`]}`)
	result := object(t, w)["Operations"].([]any)[0].(scim.Object)
	if r, _ := result["response"].(scim.Object); w.Code != http.StatusOK || r["userName"] != "a@acme.test" || r["title"] != nil {
		t.Errorf("%s", w.Body)
	}
}
