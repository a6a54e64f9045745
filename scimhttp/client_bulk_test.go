package scimhttp

import (
	"encoding/json/jsontext"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/scim"
)

func TestClientBulkAgainstHandler(t *testing.T) {
	c, f := connect(t)
	anna := f.user(t, "anna@acme.test")
	results, err := c.Bulk(t.Context(), []BulkOperation{
		{Method: "POST", Path: "/Users", BulkID: "bo", Data: jsontext.Value(`{"userName":"bo@acme.test"}`)},
		{Method: "POST", Path: "/Groups", BulkID: "crew", Data: jsontext.Value(`{"displayName":"Crew","members":[{"value":"bulkId:bo"}]}`)},
		{Method: "PATCH", Path: "/Users/" + anna, Version: `W/"1"`, Data: jsontext.Value(`{"Operations":[{"op":"add","path":"title","value":"Chief"}]}`)},
		{Method: "PATCH", Path: "/Users/" + anna, Version: `W/"1"`, Data: jsontext.Value(`{"Operations":[{"op":"add","path":"title","value":"Mate"}]}`)},
		{Method: "POST", Path: "/Users", BulkID: "bo2", Data: jsontext.Value(`{"userName":"BO@acme.test"}`)},
		{Method: "DELETE", Path: "/Users/" + anna},
		{Method: "DELETE", Path: "/Users/" + anna},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range results {
		refused, _ := r.Err.(*scim.Error)
		if (r.Err != nil) != (r.Status >= 300) || r.Err != nil && (refused == nil || refused.Status != r.Status) {
			t.Errorf("%+v", r)
		}
		got = append(got, fmt.Sprint(r.Status))
	}
	if strings.Join(got, " ") != "201 201 200 412 409 204 404" {
		t.Errorf("%v", got)
	}
	if results[2].Version != `W/"2"` || results[2].ID != anna || !strings.HasSuffix(results[0].Location, "/Users/"+results[0].ID) {
		t.Errorf("%+v", results)
	}
	if taken := results[4].Err.(*scim.Error); taken.Type != scim.Uniqueness || !strings.Contains(taken.Detail, "(409.1)") {
		t.Errorf("%+v", taken)
	}
	crew, err := c.Get(t.Context(), "Group", results[1].ID)
	if err != nil || !strings.Contains(string(crew.JSON()), results[0].ID) {
		t.Errorf("a reference by bulkId: %v %v", crew, err)
	}
	if results, err := c.Bulk(t.Context(), []BulkOperation{}); err != nil || len(results) != 0 {
		t.Errorf("no operations: %v %v", results, err)
	}
	stranger := *c
	stranger.Token = "rc_wrong"
	if _, err := stranger.Bulk(t.Context(), []BulkOperation{{Method: "DELETE", Path: "/Users/" + anna}}); err == nil || err.(*scim.Error).Status != 401 {
		t.Errorf("a stranger: %v", err)
	}
}

// What other servers make of a BulkResponse. Each result is told by its status
// and id; "-" is an operation that nothing is said about.
func TestClientBulkMatchesWhatServersSay(t *testing.T) {
	ops := []BulkOperation{
		{Method: "POST", Path: "/Users", BulkID: "1", Data: jsontext.Value(`{}`)},
		{Method: "POST", Path: "/Users", BulkID: "2", Data: jsontext.Value(`{}`)},
		{Method: "PATCH", Path: "/Users/7", Data: jsontext.Value(`{}`)},
		{Method: "DELETE", Path: "/Users/8"},
	}
	for name, x := range map[string]struct{ body, want string }{
		"out of order": {`[{"method":"DELETE","location":"https://a/v2/Users/8","status":"204"},{"method":"PATCH","location":"https://a/v2/Users/7","status":"200"},
			{"method":"POST","bulkId":"2","location":"https://a/v2/Users/b","status":"201"},{"method":"POST","bulkId":"1","location":"https://a/v2/Users/a","status":"201"}]`,
			"201 a, 201 b, 200 7, 204 8"},
		"failures without a place": {`[{"method":"POST","bulkId":"1","status":"409"},{"method":"POST","bulkId":"2","location":"/Users/b","status":"201"},
			{"method":"PATCH","status":"404","response":{"detail":"gone"}},{"method":"DELETE","status":"404"}]`,
			"409 , 201 b, 404 , 404 "},
		"nothing but order": {`[{"status":201,"response":{"id":"a"}},{"status":201,"response":{"id":"b"}},{"status":{"code":"200"}},{"status":"204"}]`,
			"201 a, 201 b, 200 , 204 "},
		"ended early":       {`[{"method":"POST","bulkId":"1","status":"500"}]`, "500 , -, -, -"},
		"one is missing":    {`[{"method":"POST","status":"201"},{"method":"PATCH","location":"/Users/7","status":"200"},{"method":"DELETE","status":"204"}]`, "-, -, 200 7, -"},
		"no status":         {`[{"method":"POST","bulkId":"1"},{"method":"POST","bulkId":"2","status":"x"},{"method":"PATCH","status":"200"},{"method":"DELETE","status":"204"}]`, "?, ?, 200 , 204 "},
		"others in between": {`[{"method":"POST","bulkId":"9","status":"201"},{"method":"POST","bulkId":"2","location":"/Users/b","status":"201"}]`, "-, 201 b, -, -"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, `{"Operations":`+x.body+`}`)
		}))
		results, err := (&Client{BaseURL: server.URL}).Bulk(t.Context(), ops)
		server.Close()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for _, r := range results {
			switch refused, _ := r.Err.(*scim.Error); {
			case r.Err != nil && strings.Contains(r.Err.Error(), "says nothing about the operation"):
				got = append(got, "-")
			case refused != nil && refused.Status == http.StatusBadGateway:
				got = append(got, "?")
			default:
				got = append(got, fmt.Sprint(r.Status, " ", r.ID))
			}
		}
		if strings.Join(got, ", ") != x.want {
			t.Errorf("%s: %s, want %s", name, strings.Join(got, ", "), x.want)
		}
	}
	for _, body := range []string{"<html>", "[]", `{"Operations":{}}`, `{}`} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) }))
		if _, err := (&Client{BaseURL: server.URL}).Bulk(t.Context(), ops); err == nil || err.(*scim.Error).Code != notSCIM {
			t.Errorf("%s: %v", body, err)
		}
		server.Close()
	}
}
