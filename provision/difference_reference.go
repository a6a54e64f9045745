package provision

import (
	"bytes"
	"encoding/json/v2"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/provision/source"
	"github.com/rollcall-scim/rollcall/scim"
)

// virtual begins an id that stands for one that the target has not given yet.
const virtual = "rollcall:ref:"

// Reference is a virtual id: a plan can name members and managers that it only
// creates itself. Resolve puts the real one in its place.
func Reference(typ, anchor string) string {
	return virtual + typ + ":" + url.QueryEscape(anchor)
}

// referred are the objects whose virtual ids are in the JSON of a request.
func referred(body []byte) (keys []Key) {
	told := map[Key]bool{}
	for {
		_, token, rest := nextVirtual(body)
		if token == "" {
			return keys
		}
		if key, ok := keyOf(token); ok && !told[key] {
			keys, told[key] = append(keys, key), true
		}
		body = rest
	}
}

// nextVirtual finds the next virtual id, which ends where the text does that
// holds it: an escaped anchor has neither quotation mark nor backslash.
func nextVirtual(body []byte) (before []byte, token string, rest []byte) {
	at := bytes.Index(body, []byte(virtual))
	if at < 0 {
		return body, "", nil
	}
	n := bytes.IndexAny(body[at:], `"\`)
	if n < 0 {
		n = len(body) - at
	}
	return body[:at], string(body[at : at+n]), body[at+n:]
}

// Resolve replaces the virtual ids in the JSON of a request; the rest stays as it
// is, to the byte. What names somebody whom lookup has no id for is left out: the
// member, or the operation, or the attribute; missing tells whom. out is nil when
// nothing is left to be sent.
func Resolve(body []byte, lookup func(Key) (id string, ok bool)) (out []byte, missing []Key) {
	told := map[Key]bool{}
	for {
		before, token, rest := nextVirtual(body)
		out = append(out, before...)
		if token == "" {
			break
		}
		key, ok := keyOf(token)
		id := token
		if ok {
			id, ok = lookup(key)
		}
		if !ok {
			id = token
			if !told[key] {
				missing, told[key] = append(missing, key), true
			}
		}
		id = escaped(id)
		if bytes.HasPrefix(rest, []byte(`\"`)) {
			id = escaped(id) // in a filter, which is a text in a text
		}
		out, body = append(out, id...), rest
	}
	if len(missing) > 0 {
		out = pruned(out)
	}
	return out, missing
}

// keyOf reads a virtual id.
func keyOf(token string) (key Key, ok bool) {
	typ, anchor, _ := strings.Cut(token[len(virtual):], ":")
	anchor, err := url.QueryUnescape(anchor)
	return Key{typ, anchor}, err == nil && (typ == source.User || typ == source.Group)
}

// escaped is a text as it stands within the quotation marks of JSON.
func escaped(s string) string {
	q := quoted(s)
	return q[1 : len(q)-1]
}

// pruned is the JSON without what still names a virtual id.
func pruned(body []byte) []byte {
	v, err := scim.Decode(body)
	if err != nil {
		return nil // not what we write
	}
	v, ok := prune(v)
	if !ok {
		return nil
	}
	out, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return nil
	}
	return out
}

// prune answers v without what names a virtual id; ok is false if v is nothing
// without it.
func prune(v any) (left any, ok bool) {
	switch v := v.(type) {
	case string:
		return v, !strings.Contains(v, virtual)
	case []any:
		return pruneList(v)
	case map[string]any:
		return pruneObject(v)
	}
	return v, true
}

func pruneList(list []any) (any, bool) {
	kept := make([]any, 0, len(list))
	for _, e := range list {
		if e, ok := prune(e); ok {
			kept = append(kept, e)
		}
	}
	return kept, len(kept) > 0 || len(list) == 0
}

// pruneObject leaves out a member without value, an operation without value or
// path, a message without operations; of anything else only the attribute.
func pruneObject(o map[string]any) (any, bool) {
	before := len(o)
	for _, name := range slices.Collect(maps.Keys(o)) {
		v, ok := prune(o[name])
		if ok {
			o[name] = v
			continue
		}
		switch strings.ToLower(name) {
		case "value", "path", "operations":
			return nil, false
		}
		delete(o, name)
	}
	return o, len(o) > 0 || before == 0
}
