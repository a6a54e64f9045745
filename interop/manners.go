package interop

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

const (
	errorURN = "urn:ietf:params:scim:api:messages:2.0:Error"
	listURN  = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
)

// manners judges what every answer must have whatever was asked, so that no
// case need repeat it. It says what is wrong, or "".
func manners(a *answer, method, target string) string {
	if a.Status == http.StatusNoContent {
		if len(a.Body) > 0 {
			return "a 204 must have no body"
		}
		return ""
	}
	if len(a.Body) == 0 {
		return "the answer is empty: clients read that as a failure"
	}
	if !a.isJSON() {
		return fmt.Sprintf("the answer is no SCIM JSON (Content-Type %q): clients hide its text from the admin", a.Header.Get("Content-Type"))
	}
	object, ok := a.value.(map[string]any)
	if !ok {
		return "the answer is no JSON object"
	}
	if where := findNull("", object); where != "" {
		return where + " is null: leave out what has no value (RFC 7643 section 2.5)"
	}
	if a.Status >= 400 {
		return errorManners(a, object)
	}
	if hasSchema(object, listURN) {
		return listManners(object)
	}
	return resourceManners(a, object, method, target)
}

// errorManners: RFC 7644 section 3.12. The status is a string there.
func errorManners(a *answer, object map[string]any) string {
	detail, _ := object["detail"].(string)
	switch {
	case !hasSchema(object, errorURN):
		return "an error must have the Error schema (RFC 7644 section 3.12)"
	case object["status"] != fmt.Sprint(a.Status):
		return fmt.Sprintf("an error must repeat its status as the string \"%d\"", a.Status)
	case detail == "":
		return "an error must say what to do in detail"
	}
	return ""
}

// listManners: RFC 7644 section 3.4.2.
func listManners(object map[string]any) string {
	for _, key := range []string{"totalResults", "startIndex", "itemsPerPage"} {
		if _, ok := object[key].(float64); !ok {
			return key + " must be a number"
		}
	}
	resources, ok := object["Resources"].([]any)
	if !ok {
		return "Resources must be a list, also when it is empty"
	}
	if object["itemsPerPage"] != float64(len(resources)) {
		return fmt.Sprintf("itemsPerPage is %v, but the page has %d", object["itemsPerPage"], len(resources))
	}
	return ""
}

func resourceManners(a *answer, object map[string]any, method, target string) string {
	if _, ok := object["password"]; ok {
		return "a password must never be returned"
	}
	schemas, _ := object["schemas"].([]any)
	if len(schemas) == 0 {
		return "a resource must list its schemas"
	}
	for key := range object {
		if strings.HasPrefix(key, "urn:") && !slices.Contains(schemas, any(key)) {
			return key + " is in the answer but not in schemas"
		}
	}
	whole := !strings.Contains(strings.ToLower(target), "attributes=")
	for i, s := range schemas {
		urn, _ := s.(string)
		if slices.Contains(schemas[:i], s) {
			return urn + " stands twice in schemas"
		}
		_, there := object[urn]
		if whole && strings.Contains(urn, ":extension:") && !there {
			return urn + " is in schemas, but the answer has nothing of it"
		}
	}
	if a.Status == http.StatusCreated && method == http.MethodPost {
		return createdManners(a, object)
	}
	return ""
}

// createdManners: RFC 7644 section 3.3.
func createdManners(a *answer, object map[string]any) string {
	id, _ := object["id"].(string)
	meta, _ := object["meta"].(map[string]any)
	location := a.Header.Get("Location")
	switch {
	case id == "":
		return "a created resource must have an id that is a string"
	case !strings.HasSuffix(location, "/"+id):
		return fmt.Sprintf("Location must be the address of the new resource, found %q", location)
	case meta["location"] != location:
		return "meta.location must be what Location says"
	case meta["resourceType"] == nil:
		return "meta.resourceType is missing"
	}
	return ""
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
