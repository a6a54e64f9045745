package scim

import (
	"encoding/json/jsontext"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestDecodeValues(t *testing.T) {
	for _, c := range []struct {
		text string
		want any
	}{
		{`null`, nil},
		{` true `, true},
		{`false`, false},
		{`-0.5e+10`, Number("-0.5e+10")},
		{`0`, Number("0")},
		{`12345678901234567890`, Number("12345678901234567890")},
		{`""`, ""},
		{`"a\"\\\/\b\f\n\r\t\u00e4\ud83d\ude00z"`, "a\"\\/\b\f\n\r\tä😀z"},
		{`"\u0000"`, "\x00"},
		{`[]`, []any{}},
		{`[1,[true],{}]`, []any{Number("1"), []any{true}, Object{}}},
		{`{"a":{"b":[null]},"c":""}`, Object{"a": Object{"b": []any{nil}}, "c": ""}},
		{"\ufeff{}", Object{}},
	} {
		got, err := Decode([]byte(c.text))
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %#v, %v", c.text, got, err)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	many := `{"x":1`
	for i := range 20 {
		many += `,"n` + strings.Repeat("a", i) + `":1`
	}
	for _, c := range []struct{ text, code string }{
		{``, "400.10"},
		{`{`, "400.10"},
		{`{"a"}`, "400.10"},
		{`{"a":1,}`, "400.10"},
		{`{"a":1 "b":2}`, "400.10"},
		{`{'a':1}`, "400.10"},
		{`[1,]`, "400.10"},
		{`[1 2]`, "400.10"},
		{`{} {}`, "400.10"},
		{`01`, "400.10"},
		{`-`, "400.10"},
		{`1.`, "400.10"},
		{`1e`, "400.10"},
		{`+1`, "400.10"},
		{`NaN`, "400.10"},
		{`tru`, "400.10"},
		{`"a`, "400.10"},
		{`"\`, "400.10"},
		{`"\x"`, "400.10"},
		{`"\u12g4"`, "400.10"},
		{`"\ud83d"`, "400.10"},
		{`"\ude00\ud83d"`, "400.10"},
		{"\"a\nb\"", "400.10"},
		{"\"\\t\n\"", "400.10"},
		{"\"\xff\"", "400.10"},
		{`{"userName":"a","userName":"b"}`, "400.11"},
		{`{"userName":"a","USERNAME":"b"}`, "400.11"},
		{`{"name":{"a":1,"A":2}}`, "400.11"},
		{many + `,"X":2}`, "400.11"},
		{strings.Repeat("[", 65) + strings.Repeat("]", 65), "400.12"},
		{strings.Repeat(`{"a":`, 65) + "1" + strings.Repeat("}", 65), "400.12"},
	} {
		_, err := Decode([]byte(c.text))
		e, ok := err.(*Error)
		if !ok || e.Code != c.code || e.Type != InvalidSyntax || e.Status != 400 || !strings.Contains(e.Detail, "("+c.code+")") {
			t.Errorf("%.40s: %v, want %s", c.text, err, c.code)
		}
	}
	if _, err := Decode([]byte(strings.Repeat("[", 64) + strings.Repeat("]", 64))); err != nil {
		t.Errorf("64 levels: %v", err)
	}
}

// FuzzDecode holds the decoder against the standard library's: the same texts
// pass, and what passes means the same.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{typical, `{"a":1,"A":2}`, `"\ud83d\ude00"`, "[1e5,-0,{}]", "\xff", `{"a`, "\ufeff1", " [ ] ", `"\u0000"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := Decode(data)
		if err != nil {
			e := err.(*Error)
			if e.Code != "400.10" {
				return
			}
			if jsontext.Value(data).IsValid() && utf8.Valid(data) {
				t.Fatalf("refuses good JSON %q: %v", data, err)
			}
			return
		}
		text := strings.TrimPrefix(string(data), "\ufeff")
		if !jsontext.Value(text).IsValid() {
			t.Fatalf("takes bad JSON %q", data)
		}
		again, err := Decode(appendValue(nil, v))
		if err != nil || !reflect.DeepEqual(v, again) {
			t.Fatalf("%q: %#v became %#v, %v", data, v, again, err)
		}
	})
}
