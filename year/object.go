package year

import (
	"bytes"
	"encoding/json/v2"
	"strings"
)

// obj is a JSON object whose keys keep their order: name, value, name, value.
type obj []any

// MarshalJSON writes the members in order.
func (o obj) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i := 0; i+1 < len(o); i += 2 {
		if i > 0 {
			b.WriteByte(',')
		}
		for j, v := range o[i : i+2] {
			text, err := json.Marshal(v, json.Deterministic(true))
			if err != nil {
				return nil, err
			}
			if j == 1 {
				b.WriteByte(':')
			}
			b.Write(text)
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// list is a JSON array.
type list []any

const (
	userURN       = "urn:ietf:params:scim:schemas:core:2.0:User"
	groupURN      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	enterpriseURN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	rollcallURN   = "urn:ietf:params:scim:schemas:extension:rollcall:2.0:User"
	patchURN      = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
)

// dig finds a value by keys, in any case, as tolerant clients read; through a
// list it goes by the element of type work, else the first.
func dig(v any, keys ...string) any {
	for _, key := range keys {
		if elements, ok := v.([]any); ok {
			v = work(elements)
		}
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = member(m, key)
	}
	return v
}

func member(m map[string]any, key string) any {
	if v, ok := m[key]; ok {
		return v
	}
	for k, v := range m {
		if strings.EqualFold(k, key) {
			return v
		}
	}
	return nil
}

func work(elements []any) any {
	for _, e := range elements {
		if m, ok := e.(map[string]any); ok && m["type"] == "work" {
			return e
		}
	}
	if len(elements) > 0 {
		return elements[0]
	}
	return nil
}

func text(v any, keys ...string) string {
	s, _ := dig(v, keys...).(string)
	return s
}

// resources are the elements of a ListResponse.
func resources(body map[string]any) (found []map[string]any) {
	all, _ := dig(body, "Resources").([]any)
	for _, r := range all {
		if m, ok := r.(map[string]any); ok {
			found = append(found, m)
		}
	}
	return found
}

// isActive reads active as everybody must: what is not said is true.
func isActive(user map[string]any) bool {
	switch v := dig(user, "active").(type) {
	case bool:
		return v
	case string:
		return !strings.EqualFold(v, "false")
	}
	return true
}
