package provision

import (
	"encoding/json/jsontext"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/provision/expression"
	"github.com/rollcall-scim/rollcall/scim"
)

// references are the objects that a value names, each once.
func (k Kind) references(v expression.Value) (refs []string) {
	seen := map[string]bool{}
	for _, ref := range v.Texts() {
		if ref != "" && !seen[ref] {
			seen[ref] = true
			refs = append(refs, ref)
		}
	}
	if !k.MultiValued && len(refs) > 1 {
		refs = refs[:1]
	}
	return refs
}

// convert makes JSON of the texts of the source's language. Of several values for
// an attribute that takes one, the first counts.
func (k Kind) convert(v expression.Value) (any, error) {
	if !k.MultiValued && (k.Known || !v.Many()) {
		for _, text := range v.Texts() {
			if text != "" {
				return k.one(text)
			}
		}
		return nil, nil
	}
	list := make([]any, 0, len(v.Texts()))
	for _, text := range v.Texts() {
		if text == "" {
			continue
		}
		e, err := k.one(text)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return k.distinct(list), nil
}

// one converts one text.
func (k Kind) one(text string) (any, error) {
	text = strings.ToValidUTF8(text, "\ufffd")
	if strings.Contains(text, virtual) {
		return nil, fmt.Errorf("a value holds %q, which is kept for references between objects: change it at the source", virtual)
	}
	switch k.Type {
	case TypeBoolean:
		if truth, ok := truthOf(text); ok {
			return truth, nil
		}
		return nil, unfit(text, "true or false", `an expression such as Switch([attribute], "False", "yes", "True")`)
	case TypeInteger:
		if _, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64); err == nil {
			return number(strings.TrimSpace(text)), nil
		}
		return nil, unfit(text, "a whole number", "an expression that takes the digits out of it")
	case TypeDecimal:
		if n := jsontext.Value(strings.TrimSpace(text)); n.Kind() == jsontext.KindNumber && n.IsValid() {
			return scim.Number(n), nil
		}
		return nil, unfit(text, "a number with a point, such as 12.5", "Replace to turn a comma into a point")
	case TypeDateTime:
		return dateTime(text)
	case TypeComplex:
		return k.complex(text)
	}
	return text, nil
}

// number is a whole number as JSON writes it: without + and leading zeros.
func number(text string) scim.Number {
	n, _ := strconv.ParseInt(text, 10, 64) // parsed before
	return scim.Number(strconv.FormatInt(n, 10))
}

func unfit(text, want, with string) error {
	return fmt.Errorf("%s is not %s: map it with %s", show(text), want, with)
}

// dateTimes are the ways in which dates come out of sources and of Entra's
// functions. A date without a zone is in UTC.
var dateTimes = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05.999999999", "2006-01-02",
	"1/2/2006 3:04:05 PM", "20060102150405Z", "20060102150405.9Z",
}

// dateTime is xsd:dateTime in UTC (RFC 7643 section 2.3.5).
func dateTime(text string) (any, error) {
	for _, layout := range dateTimes {
		if t, err := time.Parse(layout, strings.TrimSpace(text)); err == nil {
			return t.UTC().Format(time.RFC3339Nano), nil
		}
	}
	return nil, unfit(text, "a date such as 2026-02-28T09:30:00Z", "FormatDateTime")
}

// complex reads an object that an expression wrote as JSON; a bare text is the
// value of what has one.
func (k Kind) complex(text string) (any, error) {
	if !strings.HasPrefix(strings.TrimSpace(text), "{") {
		if k.Element || !k.Known {
			return map[string]any{"value": text}, nil
		}
		return nil, unfit(text, "a JSON object", "one mapping for each sub-attribute")
	}
	v, err := scim.Decode([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("%s is no JSON object: %w", show(text), err)
	}
	e, ok := v.(map[string]any)
	if !ok {
		return nil, unfit(text, "one JSON object", "one mapping for each sub-attribute")
	}
	for name, v := range e {
		if !scim.Present(v) {
			delete(e, name)
		}
	}
	// Entra's functions for app roles write it as text.
	if key := keyIn(e, "primary"); e[key] != nil {
		if truth, ok := boolean(e[key]); ok {
			e[key] = truth
		}
	}
	return e, nil
}

// distinct leaves out values that are there already, as a target would, and
// lets one element alone be primary (RFC 7643 section 2.4).
func (k Kind) distinct(list []any) []any {
	seen, primary := map[string]bool{}, false
	kept := list[:0]
	for _, v := range list {
		key := k.identity(v)
		if key == "" || seen[key] {
			continue
		}
		seen[key] = true
		if e, ok := v.(map[string]any); ok && e["primary"] == true {
			if primary {
				delete(e, "primary")
			}
			primary = true
		}
		kept = append(kept, v)
	}
	if len(kept) == 0 {
		return nil
	}
	return kept
}

// identity tells the elements of a list apart as the attribute's schema does: by
// type and value, or else by all that they say; "" for one that says nothing.
func (k Kind) identity(v any) string {
	e, ok := v.(map[string]any)
	if !ok {
		if !scim.Present(v) {
			return ""
		}
		return "v" + k.folded(textOf(v))
	}
	value := e[keyIn(e, "value")]
	if !scim.Present(value) {
		if !scim.Present(e) {
			return ""
		}
		return "o" + encode(e)
	}
	typ, _ := e[keyIn(e, "type")].(string)
	if k.Type == TypeReference {
		typ = ""
	}
	return "e" + quoted(scim.Fold(typ)) + k.folded(textOf(value))
}

func (k Kind) folded(text string) string {
	if k.CaseExact || !k.Known || k.Type == TypeReference {
		return text
	}
	return scim.Fold(text)
}

// show puts a value into a message, cut to a bearable length.
func show(text string) string {
	const most = 60
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	return strconv.Quote(text)
}

// equalName compares names of attributes, which count in any case.
func equalName(a, b string) bool { return len(a) == len(b) && strings.EqualFold(a, b) }
