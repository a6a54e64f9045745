package provision

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"maps"
	"slices"

	"github.com/rollcall-scim/rollcall/provision/expression"
)

// encode is v as JSON, always the same for the same: what is kept of an object
// is compared as text.
func encode(v any) string { return string(appendJSON(nil, v)) }

// appendJSON writes what resources and records are made of by itself, because a
// cycle writes each of them several times, and leaves the rest to the encoder.
func appendJSON(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return fmt.Append(b, v)
	case string:
		return appendText(b, v)
	case map[string]any:
		return appendObject(b, v, appendJSON)
	case map[string]expression.Value:
		return appendObject(b, v, appendValue)
	case []any:
		return appendList(b, v, appendJSON)
	case []string:
		return appendList(b, v, appendText)
	case []Difference:
		return appendList(b, v, appendDifference)
	}
	text, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		panic(fmt.Sprintf("provision: %v", err)) // only texts, numbers and maps of them are encoded
	}
	return append(b, text...)
}

func appendText(b []byte, s string) []byte {
	b, err := jsontext.AppendQuote(b, s)
	if err != nil {
		panic(fmt.Sprintf("provision: %v", err)) // what comes in is valid UTF-8, or is not read
	}
	return b
}

func appendObject[V any](b []byte, m map[string]V, value func([]byte, V) []byte) []byte {
	b = append(b, '{')
	for i, name := range slices.Sorted(maps.Keys(m)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = value(append(appendText(b, name), ':'), m[name])
	}
	return append(b, '}')
}

func appendList[V any](b []byte, list []V, value func([]byte, V) []byte) []byte {
	b = append(b, '[')
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = value(b, v)
	}
	return append(b, ']')
}

func appendValue(b []byte, v expression.Value) []byte {
	switch {
	case v.Many():
		return appendList(b, v.Texts(), appendText)
	case v.IsNull():
		return append(b, "null"...)
	}
	return appendText(b, v.String())
}

func appendDifference(b []byte, d Difference) []byte {
	if d.Redacted {
		d.Old, d.New = shown(d.Old), shown(d.New)
	}
	b = appendText(append(b, `{"path":`...), d.Path)
	b = appendJSON(append(b, `,"old":`...), d.Old)
	b = appendJSON(append(b, `,"new":`...), d.New)
	if d.Redacted {
		b = append(b, `,"redacted":true`...)
	}
	return append(b, '}')
}
