package expression

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"slices"
)

// Value is what a source attribute holds and what an expression yields: nothing,
// one text, or a list of texts. Numbers, dates and references are texts, and so
// are the truth values "True" and "False", as in Entra's language; the mapping
// turns them into what the target's schema asks for. The zero Value is Null.
type Value struct {
	texts []string
	many  bool

	// Redacted values are written to the target and shown nowhere else.
	Redacted bool
	// Ignored leaves the target's attribute as it is.
	Ignored bool
}

// Null is no value.
var Null Value

// Text is one text; an empty one is a value, and not Null.
func Text(s string) Value { return Value{texts: []string{s}} }

// Bool is "True" or "False".
func Bool(b bool) Value {
	if b {
		return Text("True")
	}
	return Text("False")
}

// List is the value of a multi-valued attribute; an empty one is Null to
// IsNull.
func List(texts ...string) Value { return Value{texts: texts, many: true} }

// IsNull says that there is no value.
func (v Value) IsNull() bool { return len(v.texts) == 0 }

// IsEmpty says that there is no value, or only an empty text.
func (v Value) IsEmpty() bool { return len(v.texts) == 0 || len(v.texts) == 1 && v.texts[0] == "" }

// Many says that the value is a list, even of one.
func (v Value) Many() bool { return v.many }

// String is the only text or a list's first; "" of Null.
func (v Value) String() string {
	if len(v.texts) == 0 {
		return ""
	}
	return v.texts[0]
}

// Texts are all texts; they belong to the value.
func (v Value) Texts() []string { return v.texts }

// Equal compares the texts, in their order.
func (v Value) Equal(w Value) bool {
	return v.many == w.many && slices.Equal(v.texts, w.texts)
}

// MarshalJSONTo writes null, a text or an array of texts.
func (v Value) MarshalJSONTo(e *jsontext.Encoder) error {
	switch {
	case v.many:
		return json.MarshalEncode(e, v.texts)
	case v.IsNull():
		return e.WriteToken(jsontext.Null)
	}
	return e.WriteToken(jsontext.String(v.texts[0]))
}

// UnmarshalJSONFrom reads what MarshalJSONTo wrote.
func (v *Value) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	*v = Value{}
	switch kind := d.PeekKind(); kind {
	case jsontext.KindBeginArray:
		v.many = true
		return json.UnmarshalDecode(d, &v.texts)
	case jsontext.KindNull, jsontext.KindString:
		token, err := d.ReadToken()
		if err == nil && kind == jsontext.KindString {
			v.texts = []string{token.String()}
		}
		return err
	default:
		data, err := d.ReadValue()
		if err != nil {
			return err
		}
		return fmt.Errorf("an attribute's value is a text, a list of texts or null, not %s", data)
	}
}
