package interop

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

const (
	errorURN = "urn:ietf:params:scim:api:messages:2.0:Error"
	bulkURN  = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
	listURN  = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
)

// Manner is what one answer had wrong whatever was asked, so that no case need
// say it.
type Manner struct {
	Text  string
	Level string // must: no standard allows it; should: allowed, and still trips clients
}

type mannersOf []Manner

func (m *mannersOf) must(is bool, text string)   { m.add(is, text, Must) }
func (m *mannersOf) should(is bool, text string) { m.add(is, text, Should) }

func (m *mannersOf) add(is bool, text, level string) {
	if is {
		*m = append(*m, Manner{text, level})
	}
}

// manners judges what every answer must have.
func manners(a *answer, method, target string) []Manner {
	var m mannersOf
	m.must(a.Status == http.StatusUnauthorized && a.Header.Get("WWW-Authenticate") == "", "a 401 has no WWW-Authenticate (RFC 7644 section 2, RFC 9110 section 11.6.1)")
	m.should(method == http.MethodDelete && a.Status < 300 && a.Status != http.StatusNoContent, "a DELETE is answered with another code than 204 (RFC 7644 section 3.6)")
	if a.Status == http.StatusNoContent {
		m.must(len(a.Body) > 0, "a 204 has a body (RFC 9110 section 15.3.5)")
		return m
	}
	object, ok := a.value.(map[string]any)
	switch {
	case a.Status >= 400:
		m.error(a, object)
	case method == http.MethodDelete:
	case !a.isJSON() || !ok:
		m.must(true, "an answer is not one JSON object under application/scim+json or application/json (RFC 7644 section 3.8)")
	case hasSchema(object, listURN):
		m.list(object, strings.Contains(strings.ToLower(target), "cursor"))
	case !hasSchema(object, bulkURN):
		part := strings.Contains(strings.ToLower(target), "attributes=")
		m.resource(object, part)
		if a.Status == http.StatusCreated && method == http.MethodPost && !part {
			m.created(a, object)
		}
	}
	m.should(findNull("", object) != "", "an answer holds null: what has no value is better left out (RFC 7643 section 2.5)")
	return m
}

// error: RFC 7644 section 3.12. The status is a string there.
func (m *mannersOf) error(a *answer, object map[string]any) {
	if !a.isJSON() || !hasSchema(object, errorURN) {
		m.must(true, "an error is no SCIM error: JSON with the Error schema, and status as a string (RFC 7644 section 3.12)")
		return
	}
	m.must(object["status"] != fmt.Sprint(a.Status), "an error does not repeat its status as a string (RFC 7644 section 3.12)")
	detail, _ := object["detail"].(string)
	m.should(detail == "", "an error says nothing in detail, so no admin can know the cure")
}

// list: RFC 7644 section 3.4.2. startIndex and itemsPerPage may be missing
// there when nothing is left out, but Okta insists on them.
func (m *mannersOf) list(object map[string]any, byCursor bool) {
	total, ok := object["totalResults"].(float64)
	m.must(!ok, "totalResults is no number (RFC 7644 section 3.4.2)")
	for _, key := range []string{"startIndex", "itemsPerPage"} {
		_, number := object[key].(float64)
		m.must(object[key] != nil && !number, key+" is no number (RFC 7644 section 3.4.2)")
		m.should(object[key] == nil && !byCursor, "a list has no "+key+": Okta wants it as a number")
	}
	resources, listed := object["Resources"].([]any)
	m.must(object["Resources"] != nil && !listed, "Resources is no list (RFC 7644 section 3.4.2)")
	m.should(object["Resources"] == nil && total == 0, "a list without results has no Resources: Entra ID wants an empty list")
	m.should(listed && object["itemsPerPage"] != nil && object["itemsPerPage"] != float64(len(resources)), "itemsPerPage is not the number of resources on the page (RFC 7644 section 3.4.2)")
}

// resource: RFC 7643 section 3. Part of one may lack what was not asked for.
func (m *mannersOf) resource(object map[string]any, part bool) {
	m.must(object["password"] != nil, "a password is returned (RFC 7643 section 4.1.1)")
	schemas, _ := object["schemas"].([]any)
	m.must(len(schemas) == 0 && !part, "a resource does not list its schemas (RFC 7643 section 3)")
	m.should(len(schemas) == 0 && part, "a resource of which only some attributes were asked for has no schemas: RFC 7644 section 3.9 shows it with them")
	for key := range object {
		m.must(strings.HasPrefix(key, "urn:") && !slices.Contains(schemas, any(key)), "an extension is in the answer and not in schemas (RFC 7643 section 3)")
	}
	for i, s := range schemas {
		urn, _ := s.(string)
		_, there := object[urn]
		m.must(slices.Contains(schemas[:i], s), "a URN stands twice in schemas (RFC 7643 section 3)")
		m.should(!part && strings.Contains(urn, ":extension:") && !there, "schemas names an extension of which the answer has nothing: the validator of Entra ID objects")
	}
}

// created: RFC 7644 section 3.3.
func (m *mannersOf) created(a *answer, object map[string]any) {
	id, _ := object["id"].(string)
	meta, _ := object["meta"].(map[string]any)
	location := a.Header.Get("Location")
	m.must(id == "", "a created resource has no id that is a string (RFC 7643 section 3.1)")
	m.must(!strings.HasSuffix(location, "/"+id), "the answer to a create has no Location with the address of the new resource (RFC 7644 section 3.3)")
	m.must(meta["location"] == nil, "meta.location is missing after a create (RFC 7644 section 3.3)")
	m.must(meta["resourceType"] == nil, "meta.resourceType is missing after a create (RFC 7644 section 3.3.1)")
	m.should(location != "" && meta["location"] != location, "meta.location is not what the header Location says (RFC 7643 section 3.1)")
}

func hasSchema(object map[string]any, urn string) bool {
	schemas, _ := object["schemas"].([]any)
	return slices.Contains(schemas, any(urn))
}

func findNull(path string, v any) string {
	switch v := v.(type) {
	case nil:
		return path
	case []any:
		for i, e := range v {
			if where := findNull(join(path, fmt.Sprint(i)), e); where != "" {
				return where
			}
		}
	case map[string]any:
		for key, e := range v {
			if where := findNull(join(path, key), e); where != "" {
				return where
			}
		}
	}
	return ""
}
