package scimhttp

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/rollcall-scim/rollcall/scim"
)

// part is an operation of a bulk request, in the place of a request's body and
// conditions.
type part struct {
	data    []byte
	version string
}

func (p *part) body(limit int64) ([]byte, error) {
	switch {
	case int64(len(p.data)) > limit:
		return nil, tooLarge(limit)
	case len(p.data) == 0:
		return nil, scim.BadRequest(scim.InvalidSyntax, "400.10",
			"No JSON (400.10): the operation has no data. Send the resource or the message in it.")
	}
	return p.data, nil
}

// bulkOperation is one operation as it was sent (RFC 7644 section 3.7).
type bulkOperation struct {
	Method  string         `json:"method"`
	BulkID  string         `json:"bulkId"`
	Path    string         `json:"path"`
	Version string         `json:"version"`
	Data    jsontext.Value `json:"data"`
}

// bulkResult is how it went.
type bulkResult struct {
	Location string         `json:"location,omitempty"`
	Method   string         `json:"method"`
	BulkID   string         `json:"bulkId,omitempty"`
	Version  string         `json:"version,omitempty"`
	Status   string         `json:"status"`
	Response jsontext.Value `json:"response,omitzero"`
}

// bulk is RFC 7644 section 3.7. Operations are done in the order in which they
// came, each whole or not at all; the request as a whole is not undone.
func (x *exchange) bulk() (answer, error) {
	data, err := x.body()
	if err != nil {
		return answer{}, err
	}
	operations, most, err := parseBulk(data)
	if err != nil {
		return answer{}, err
	}
	b := bulk{x: x, refs: references{}}
	if err := b.refs.declare(operations); err != nil {
		return answer{}, err
	}
	x.charge(max(len(operations)-1, 0)) // the first was admitted
	for _, op := range operations {
		b.do(op)
		if most > 0 && b.failed >= most {
			break
		}
	}
	b.settle(true)
	body, err := json.Marshal(struct {
		Schemas    []string      `json:"schemas"`
		Operations []*bulkResult `json:"Operations"`
	}{[]string{scim.BulkResponseURN}, b.results})
	return answer{status: http.StatusOK, body: body}, err
}

// parseBulk reads a BulkRequest; most is failOnErrors, 0 for no end.
func parseBulk(data []byte) (operations []bulkOperation, most int, err error) {
	if _, err := scim.Decode(data); err != nil {
		return nil, 0, err
	}
	var message struct {
		Operations   []bulkOperation `json:"Operations"`
		FailOnErrors jsontext.Value  `json:"failOnErrors"`
	}
	if err := json.Unmarshal(data, &message, json.MatchCaseInsensitiveNames(true)); err != nil || message.Operations == nil {
		return nil, 0, badBulk("Operations is missing or not a list of objects")
	}
	if n := len(message.Operations); n > scim.MaxOperations {
		return nil, 0, scim.Errorf(http.StatusRequestEntityTooLarge, "", "413.2",
			"Too many operations (413.2): %d in one request, and the limit (maxOperations) is %d. Send several requests.", n, scim.MaxOperations)
	}
	if text := strings.Trim(string(message.FailOnErrors), `"`); text != "" && text != "null" {
		if most, err = strconv.Atoi(text); err != nil {
			return nil, 0, badBulk("failOnErrors is no whole number")
		}
	}
	return message.Operations, most, nil
}

func badBulk(why string) error {
	return scim.BadRequest(scim.InvalidSyntax, "400.17",
		"Bulk message has the wrong structure (400.17): %s. Send {\"schemas\":[\"%s\"],\"Operations\":[{\"method\":\"POST\",\"path\":\"/Users\",\"bulkId\":\"1\",\"data\":{...}}]}.", why, scim.BulkRequestURN)
}

// bulk is a bulk request on its way.
type bulk struct {
	x       *exchange
	refs    references
	results []*bulkResult
	failed  int
	waiting []deferred
}

// deferred is what of an operation has to wait for ids that are not known yet.
type deferred struct {
	operations []any // of a PATCH
	on         *exchange
	result     *bulkResult
}

// do carries out one operation and enters its result.
func (b *bulk) do(op bulkOperation) {
	op.Method = strings.ToUpper(strings.TrimSpace(op.Method))
	result := &bulkResult{Method: op.Method, BulkID: op.BulkID}
	b.results = append(b.results, result)
	sub := b.exchange(op.Method)
	var wait []any
	a, err := safely(func() (a answer, err error) {
		a, wait, err = b.try(sub, op)
		return a, err
	})
	b.enter(result, sub, a, err)
	if err == nil && len(wait) > 0 {
		b.waiting = append(b.waiting, deferred{wait, sub, result})
	}
	if op.BulkID != "" && op.Method == http.MethodPost {
		b.refs[op.BulkID] = reference{id: sub.ID, done: err == nil, failed: err != nil}
		b.settle(false)
	}
}

// exchange is the request that an operation would be alone.
func (b *bulk) exchange(method string) *exchange {
	sub := &exchange{server: b.x.server, w: b.x.w, r: b.x.r, sp: b.x.sp, part: &part{}}
	sub.params.projection = b.x.params.projection
	sub.Exchange = Exchange{Call: b.x.Call}
	sub.Method, sub.Started = method, b.x.Now()
	if o, ok := b.x.sp.(Operating); ok {
		sub.sp = o.Operation(method)
	}
	return sub
}

// try carries out what can be done of an operation now.
func (b *bulk) try(sub *exchange, op bulkOperation) (a answer, wait []any, err error) {
	path, err := b.path(sub, op.Path)
	if err != nil {
		return a, nil, err
	}
	do, err := sub.find(path)
	if err != nil {
		return a, nil, err
	}
	if op.Method != http.MethodDelete {
		if op.Data, wait, err = b.refs.split(op); err != nil {
			return a, nil, err
		}
		if op.Data == nil && len(wait) > 0 {
			return answer{status: http.StatusOK}, wait, nil // all of a PATCH waits
		}
	}
	sub.part = &part{op.Data, op.Version}
	a, err = do(sub)
	return a, wait, err
}

// path is where an operation aims at: below the endpoint of a type, and at
// nothing else.
func (b *bulk) path(sub *exchange, raw string) (path, error) {
	raw, waits, err := b.refs.resolve(strings.TrimPrefix(strings.TrimSpace(raw), b.x.BaseURL))
	if err == nil && waits {
		err = scim.Errorf(http.StatusConflict, "", "409.3",
			"Reference cannot be resolved (409.3): the path names a resource that a later operation makes. Put that operation before this one.")
	}
	if err != nil {
		return path{}, err
	}
	u, err := url.Parse(root + version + "/" + strings.TrimLeft(raw, "/"))
	if err != nil || raw == "" {
		return path{}, badBulk("an operation has no path such as /Users")
	}
	p, err := splitPath(u)
	if err != nil {
		return path{}, err
	}
	if r := b.x.routes[p.endpoint]; r.typ != nil && p.id != search {
		sub.aim(p.endpoint, p.id)
	}
	if sub.Method == http.MethodGet || sub.typ == nil {
		return path{}, badBulk("an operation is POST, PUT, PATCH or DELETE on the endpoint of a resource type")
	}
	return p, nil
}

// enter writes down how an operation, or the rest of one, went.
func (b *bulk) enter(result *bulkResult, sub *exchange, a answer, err error) {
	if sub.typ != nil && sub.ID != "" {
		result.Location = sub.address(sub.typ, sub.ID)
	}
	if err != nil {
		b.failed++
		fault := sub.fault(err)
		sub.ScimType, sub.Code, sub.Detail, sub.Value = fault.Type, fault.Code, fault.Detail, fault.Value
		a = answer{status: fault.Status, body: errorBody(fault)}
		result.Response = a.body
	} else if !sub.params.projection.Empty() {
		result.Response = a.body
	}
	result.Status, result.Version = strconv.Itoa(a.status), a.etag
	if b.x.Done != nil {
		sub.Status, sub.Duration = a.status, b.x.Now().Sub(sub.Started)
		b.x.Done(sub.sp, sub.Exchange)
	}
}

// settle carries out what has waited and need not wait any longer; at the end,
// what never got its ids fails.
func (b *bulk) settle(end bool) {
	var still []deferred
	for _, d := range b.waiting {
		operations, waits, err := b.refs.resolveAll(d.operations)
		if waits && !end {
			still = append(still, d)
			continue
		}
		if waits {
			err = errUnresolved
		}
		b.finish(d, operations, err)
	}
	b.waiting = still
}

// finish does the rest of an operation, as a PATCH of what it made.
func (b *bulk) finish(d deferred, operations any, err error) {
	d.on.Method = http.MethodPatch
	a, err := safely(func() (answer, error) {
		if err != nil {
			return answer{}, err
		}
		data, err := json.Marshal(map[string]any{"Operations": operations}, json.Deterministic(true))
		if err != nil {
			return answer{}, err
		}
		d.on.part = &part{data: data}
		return d.on.patch()
	})
	status := d.result.Status
	b.enter(d.result, d.on, a, err)
	if err == nil && d.result.Method == http.MethodPost {
		d.result.Status = status
	}
}

var errUnresolved = scim.Errorf(http.StatusConflict, "", "409.3",
	"Reference cannot be resolved (409.3): the operation that was to make the resource failed or was not reached. What this operation says without the reference is done; send the rest again by PATCH.")
