package provision_test

import (
	"bytes"
	"encoding/json/v2"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/scim"
)

// meddler stands between the engine and the target, and makes another kind of
// server of it.
type meddler struct {
	noPatch bool // says so of itself, and means it
	silent  bool // changes are answered 204
	shout   bool // keeps displayName in capitals with an exclamation mark
	deaf    bool // ignores department
}

// RoundTrip is http.RoundTripper's.
func (m meddler) RoundTrip(req *http.Request) (*http.Response, error) {
	if m.noPatch && req.Method == http.MethodPatch {
		return answer(req, http.StatusMethodNotAllowed, `{"status":"405"}`), nil
	}
	if req.Body != nil && req.Method != http.MethodGet {
		body, _ := io.ReadAll(req.Body)
		if body = m.body(body); body == nil {
			return answer(req, http.StatusNoContent, ""), nil
		}
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if m.silent && res.StatusCode == http.StatusOK && req.Method != http.MethodGet {
		res.Body.Close()
		return answer(req, http.StatusNoContent, ""), nil
	}
	if m.noPatch && strings.HasSuffix(req.URL.Path, "/ServiceProviderConfig") {
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		return answer(req, res.StatusCode, strings.Replace(string(body), `"patch":{"supported":true}`, `"patch":{"supported":false}`, 1)), nil
	}
	return res, nil
}

func answer(req *http.Request, status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Request: req, Header: http.Header{"Content-Type": {"application/scim+json"}}, Body: io.NopCloser(strings.NewReader(body))}
}

// body is what the server understands of a request; nil where nothing is left.
func (m meddler) body(body []byte) []byte {
	var doc map[string]any
	if !m.shout && !m.deaf || json.Unmarshal(body, &doc) != nil {
		return body
	}
	operations, patch := doc["Operations"].([]any)
	operations = slices.DeleteFunc(operations, func(o any) bool {
		op := o.(map[string]any)
		if name, ok := op["value"].(string); ok && m.shout && op["path"] == "displayName" {
			op["value"] = shouted(name)
		}
		return m.deaf && strings.HasSuffix(op["path"].(string), ":department")
	})
	if patch {
		doc["Operations"] = operations
		if len(operations) == 0 {
			return nil
		}
	}
	if name, ok := doc["displayName"].(string); ok && m.shout {
		doc["displayName"] = shouted(name)
	}
	if e, ok := doc[scim.EnterpriseSchema].(map[string]any); ok && m.deaf {
		delete(e, "department")
	}
	out, _ := json.Marshal(doc, json.Deterministic(true))
	return out
}

func shouted(name string) string { return strings.ToUpper(strings.TrimSuffix(name, "!")) + "!" }
