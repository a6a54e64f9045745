package scimhttp

import (
	"context"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"net/http"
	"strconv"
	"strings"

	"github.com/rollcall-scim/rollcall/scim"
)

// BulkOperation is one operation of a bulk request (RFC 7644 section 3.7).
type BulkOperation struct {
	Method  string         `json:"method"`            // POST, PUT, PATCH or DELETE
	Path    string         `json:"path"`              // below the base URL: /Users, /Users/{id}
	BulkID  string         `json:"bulkId,omitempty"`  // of a POST, which needs one; others may refer to it by bulkId:<BulkID>
	Version scim.Version   `json:"version,omitempty"` // a condition, as If-Match is
	Data    jsontext.Value `json:"data,omitzero"`     // the body; of a DELETE none
}

// BulkResult is how one operation went. Err is what the same request alone would
// have returned; then the fields beside it may be empty.
type BulkResult struct {
	Status   int
	Location string
	ID       string // the last segment of Location, or the id in Response
	Version  scim.Version
	Response jsontext.Value // the server's to send; mostly of errors
	Err      error
}

// Bulk sends several operations in one request (RFC 7644 section 3.7). The
// results are in the order of the operations, whatever the order of the answer. An
// operation that the answer does not speak of may have been done: its Err is of
// status 502. If the request failed as a whole, only the error is returned.
func (c *Client) Bulk(ctx context.Context, ops []BulkOperation) ([]BulkResult, error) {
	body, err := json.Marshal(struct {
		Schemas    []string        `json:"schemas"`
		Operations []BulkOperation `json:"Operations"`
	}{[]string{scim.BulkRequestURN}, ops})
	if err != nil {
		return nil, err
	}
	a, err := c.send(ctx, request{method: http.MethodPost, path: "/Bulk", body: body})
	if err != nil {
		return nil, err
	}
	var said struct {
		Operations []bulkAnswer `json:"Operations"`
	}
	if err := json.Unmarshal(a.body, &said, tolerant); err != nil || said.Operations == nil && len(ops) > 0 {
		return nil, a.nonsense()
	}
	results := make([]BulkResult, len(ops))
	for i, answered := range matchBulk(ops, said.Operations) {
		if answered == nil {
			results[i].Err = scim.Errorf(http.StatusBadGateway, "", notSCIM,
				"The answer is not complete (502.1): %s says nothing about the operation %s %s. Look whether it was done.", a.from, ops[i].Method, ops[i].Path)
			continue
		}
		results[i] = answered.result(a)
	}
	return results, nil
}

// bulkAnswer is an operation of a BulkResponse. Older drafts have the status as
// an object.
type bulkAnswer struct {
	Method   string         `json:"method"`
	BulkID   string         `json:"bulkId"`
	Location string         `json:"location"`
	Version  scim.Version   `json:"version"`
	Status   jsontext.Value `json:"status"`
	Response jsontext.Value `json:"response"`
}

func (b *bulkAnswer) result(a serverAnswer) BulkResult {
	r := BulkResult{Status: b.status(), Location: b.Location, Version: b.Version, Response: b.Response}
	if i := strings.LastIndexByte(r.Location, '/'); i >= 0 {
		r.ID = r.Location[i+1:]
	} else if r.Status < 300 && isObject(b.Response) {
		r.ID = scim.ResourceFromJSON(b.Response).ID()
	}
	one := serverAnswer{status: r.Status, header: http.Header{}, body: b.Response, from: a.from}
	switch {
	case r.Status < 200 || r.Status > 599:
		one.status = a.status
		r.Err = one.nonsense()
	case r.Status >= 300:
		r.Err = one.fault()
	}
	return r
}

// status is text by the RFC, a number with some, and {"code":"201"} by a draft.
func (b *bulkAnswer) status() int {
	value := b.Status
	if value.Kind() == jsontext.KindBeginObject {
		var draft struct {
			Code jsontext.Value `json:"code"`
		}
		if json.Unmarshal(value, &draft, tolerant) != nil {
			return 0
		}
		value = draft.Code
	}
	n, _ := strconv.Atoi(strings.Trim(string(value), `"`))
	return n
}

// matchBulk finds each operation's answer: by bulkId, else by where the
// resource is, else by order, if there is one for each that is left. A nil is an
// operation that nothing is said about.
func matchBulk(ops []BulkOperation, answers []bulkAnswer) []*bulkAnswer {
	m := bulkMatch{ops: ops, answers: answers, found: make([]*bulkAnswer, len(ops)), used: make([]bool, len(answers))}
	m.by(func(op BulkOperation) string { return op.BulkID }, func(a *bulkAnswer) string { return a.BulkID })
	m.by(func(op BulkOperation) string { return op.place() }, (*bulkAnswer).place)
	m.inOrder()
	return m.found
}

type bulkMatch struct {
	ops     []BulkOperation
	answers []bulkAnswer
	found   []*bulkAnswer
	used    []bool
}

// by pairs what has the same key; the first with the first where a key stands
// several times, since an operation on the same resource may come twice.
func (m *bulkMatch) by(ofOp func(BulkOperation) string, ofAnswer func(*bulkAnswer) string) {
	waiting := map[string][]int{}
	for i, op := range m.ops {
		if key := ofOp(op); m.found[i] == nil && key != "" {
			waiting[key] = append(waiting[key], i)
		}
	}
	for i := range m.answers {
		key := ofAnswer(&m.answers[i])
		if places := waiting[key]; !m.used[i] && len(places) > 0 {
			m.found[places[0]], m.used[i] = &m.answers[i], true
			waiting[key] = places[1:]
		}
	}
}

// inOrder pairs what is left, if it is as many, and all of the same methods.
func (m *bulkMatch) inOrder() {
	var ops, answers []int
	for i := range m.ops {
		if m.found[i] == nil {
			ops = append(ops, i)
		}
	}
	for i := range m.answers {
		if !m.used[i] {
			answers = append(answers, i)
		}
	}
	if len(ops) != len(answers) {
		return
	}
	for i := range ops {
		if method := m.answers[answers[i]].Method; method != "" && !strings.EqualFold(method, m.ops[ops[i]].Method) {
			return
		}
	}
	for i := range ops {
		m.found[ops[i]] = &m.answers[answers[i]]
	}
}

// place is the method and the last two segments of the path: a location is
// absolute. A POST has none before it is done.
func (o BulkOperation) place() string {
	if strings.EqualFold(o.Method, http.MethodPost) {
		return ""
	}
	return bulkPlace(o.Method, o.Path)
}

func (b *bulkAnswer) place() string {
	if b.Location == "" {
		return ""
	}
	return bulkPlace(b.Method, b.Location)
}

func bulkPlace(method, path string) string {
	segments := strings.Split(strings.TrimRight(path, "/"), "/")
	return strings.ToUpper(method) + " " + strings.Join(segments[max(len(segments)-2, 0):], "/")
}
