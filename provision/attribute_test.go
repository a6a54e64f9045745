package provision

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/scim"
)

const ent = scim.EnterpriseSchema

func mustDecode(t testing.TB, text string) map[string]any {
	t.Helper()
	v, err := scim.Decode([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v.(map[string]any)
}

func TestParsePath(t *testing.T) {
	work := []Term{{"type", "work"}}
	for text, want := range map[string]Path{
		`userName`:                                                   {Attribute: "userName"},
		` userName `:                                                 {Attribute: "userName"},
		`name.givenName`:                                             {Attribute: "name", Sub: "givenName"},
		`emails[type eq "work"].value`:                               {Attribute: "emails", Filter: work, Sub: "value"},
		`emails[ type EQ "work" ].value`:                             {Attribute: "emails", Filter: work, Sub: "value"},
		`emails[type eq "work"]`:                                     {Attribute: "emails", Filter: work},
		`roles[primary eq "True"].value`:                             {Attribute: "roles", Filter: []Term{{"primary", true}}, Sub: "value"},
		`roles[primary eq true].value`:                               {Attribute: "roles", Filter: []Term{{"primary", true}}, Sub: "value"},
		`emails[type eq "work" and primary eq "false"].value`:        {Attribute: "emails", Filter: []Term{{"type", "work"}, {"primary", false}}, Sub: "value"},
		`emails[type eq "a]\"b\\"].value`:                            {Attribute: "emails", Filter: []Term{{"type", `a]"b\`}}, Sub: "value"},
		ent + `:department`:                                          {URN: ent, Attribute: "department"},
		strings.ToUpper(ent) + `:department`:                         {URN: ent, Attribute: "department"},
		ent + `.department`:                                          {URN: ent, Attribute: "department"},
		ent + `:manager.value`:                                       {URN: ent, Attribute: "manager", Sub: "value"},
		scim.UserSchema + `:userName`:                                {Attribute: "userName"},
		scim.UserSchema + `:name.givenName`:                          {Attribute: "name", Sub: "givenName"},
		scim.GroupSchema + `:members`:                                {Attribute: "members"},
		`urn:ietf:params:scim:schemas:extension:acme:2.0:User:badge`: {URN: "urn:ietf:params:scim:schemas:extension:acme:2.0:User", Attribute: "badge"},
		`urn:acme:x:list[type eq "a:b"].value`:                       {URN: "urn:acme:x", Attribute: "list", Filter: []Term{{"type", "a:b"}}, Sub: "value"},
	} {
		got, err := ParsePath(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %#v, %v", text, got, err)
			continue
		}
		if again, err := ParsePath(got.String()); err != nil || !reflect.DeepEqual(again, got) {
			t.Errorf("%s: written as %s, read as %#v, %v", text, got, again, err)
		}
	}
}

func TestParsePathErrors(t *testing.T) {
	for text, want := range map[string]struct {
		pos  int
		says string
	}{
		``:                              {0, "the name of an attribute"},
		`.value`:                        {0, "the name of an attribute"},
		`name.`:                         {5, "behind the dot"},
		`name.given.more`:               {10, "should end"},
		`emails[`:                       {7, "a comparison"},
		`emails[type]`:                  {11, "only eq"},
		`emails[type ne "work"]`:        {12, "only eq"},
		`emails[type eqx "work"]`:       {12, "only eq"},
		`emails[type eq work]`:          {15, "in quotation marks"},
		`emails[type eq "work]`:         {15, "does not end"},
		`emails[type eq "\x"]`:          {15, "JSON string"},
		`emails[type eq "work"`:         {21, "closing bracket"},
		`emails[type eq "a" or x eq 1]`: {19, "closing bracket"},
		`emails[type eq "work"]value`:   {22, "should end"},
		`user name`:                     {4, "should end"},
		ent:                             {len(ent), "should follow"},
		`urn:`:                          {0, "a schema"},
		`urn:x`:                         {0, "a schema"},
		`urn:acme:x:`:                   {11, "the name of an attribute"},
	} {
		_, err := ParsePath(text)
		var e *PathError
		if !errors.As(err, &e) || e.Pos != want.pos || !strings.Contains(e.Want, want.says) {
			t.Errorf("%s: got %v (%+v), want %q at %d", text, err, e, want.says, want.pos)
		}
	}
}

func FuzzParsePath(f *testing.F) {
	for _, s := range []string{`emails[type eq "work"].value`, ent + ":manager.value", `a[b eq true and c eq "\u0041"].d`, `urn:a:b[`, `x."`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePath(s)
		if err != nil {
			return
		}
		again, err := ParsePath(p.String())
		if err != nil || !p.equal(again) {
			t.Fatalf("%q was read as %#v, and that, written as %q, as %#v, %v", s, p, p.String(), again, err)
		}
	})
}

const person = `{"userName":"ada","NAME":{"givenName":"Ada"},"active":false,
	"emails":[{"value":"h","type":"home"},{"value":"w","type":"Work"},{"value":"p","primary":true}],
	"addresses":[{"type":"work","country":"FI"}],"x":"",
	"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"R","manager":{"value":"7","$ref":"r","displayName":"M"}}}`

func TestPathGet(t *testing.T) {
	doc := mustDecode(t, person)
	for path, want := range map[string]any{
		"userName":                        "ada",
		"USERNAME":                        "ada",
		"active":                          false,
		"name.givenName":                  "Ada",
		"name.familyName":                 nil,
		"x":                               nil, // "" is no value
		"nothing":                         nil,
		`emails[type eq "work"].value`:    "w",
		`emails[type eq "other"].value`:   nil,
		`emails[primary eq "True"].value`: "p",
		`emails[primary eq false].value`:  "h",
		"emails.value":                    "p",
		`addresses[type eq "work"]`:       map[string]any{"type": "work", "country": "FI"},
		ent + ":department":               "R",
		ent + ":manager.value":            "7",
		"urn:acme:x:badge":                nil,
	} {
		if got := mustPath(path).Get(doc); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %#v, want %#v", path, got, want)
		}
	}
}

func TestPathSetAndClear(t *testing.T) {
	for _, c := range []struct {
		path  string
		value any
		was   string
		set   string
		clear string // after Set
	}{
		{"userName", "b", `{"USERNAME":"a"}`, `{"USERNAME":"b"}`, `{}`},
		{"name.givenName", "b", `{}`, `{"name":{"givenName":"b"}}`, `{}`},
		{"name.givenName", "b", `{"name":{"familyName":"f"}}`, `{"name":{"familyName":"f","givenName":"b"}}`, `{"name":{"familyName":"f"}}`},
		{`emails[type eq "work"].value`, "b", `{}`, `{"emails":[{"type":"work","value":"b"}]}`, `{}`},
		{`emails[type eq "work"].value`, "b", `{"emails":[{"type":"home","value":"h"},{"type":"work","value":"a","display":"d"}]}`,
			`{"emails":[{"type":"home","value":"h"},{"type":"work","value":"b","display":"d"}]}`, `{"emails":[{"type":"home","value":"h"},{"type":"work","display":"d"}]}`},
		{`addresses[type eq "work"]`, map[string]any{"country": "FI"}, `{"addresses":[{"type":"work","region":"x"}]}`, `{"addresses":[{"type":"work","country":"FI"}]}`, `{}`},
		{`roles[primary eq "True"].value`, "b", `{"roles":[{"value":"a"}]}`, `{"roles":[{"value":"a"},{"primary":true,"value":"b"}]}`, `{"roles":[{"value":"a"}]}`},
		{ent + ":department", "b", `{}`, `{"` + ent + `":{"department":"b"}}`, `{}`},
		{ent + ":manager.value", "8", `{"` + ent + `":{"manager":{"value":"7","$ref":"r","displayName":"M"}}}`, `{"` + ent + `":{"manager":{"value":"8"}}}`, `{}`},
		{"emails", []any{map[string]any{"value": "b"}}, `{"emails":[{"value":"a"}]}`, `{"emails":[{"value":"b"}]}`, `{}`},
	} {
		doc, p := mustDecode(t, c.was), mustPath(c.path)
		p.Set(doc, c.value)
		if want := mustDecode(t, c.set); !reflect.DeepEqual(doc, want) {
			t.Errorf("Set %s in %s:\n got %v\nwant %v", c.path, c.was, doc, want)
		}
		p.Clear(doc)
		if want := mustDecode(t, c.clear); !reflect.DeepEqual(doc, want) {
			t.Errorf("Clear %s in %s:\n got %v\nwant %v", c.path, c.set, doc, want)
		}
		p.Clear(doc) // once more is no harm
		if want := mustDecode(t, c.clear); !reflect.DeepEqual(doc, want) {
			t.Errorf("Clear %s twice: %v", c.path, doc)
		}
	}
}

func TestKindOf(t *testing.T) {
	for _, c := range []struct{ typ, path, declared, canonical, want string }{
		{"User", "USERNAME", "", "userName", "string"},
		{"User", "active", "", "active", "boolean"},
		{"User", `EMAILS[TYPE eq "work"].VALUE`, "", `emails[type eq "work"].value`, "string"},
		{"User", "emails", "", "emails", "complex many"},
		{"User", `emails[type eq "work"]`, "", `emails[type eq "work"]`, "complex"},
		{"User", ent + ":Manager", "", ent + ":manager", "reference"},
		{"User", ent + ":manager.value", "", ent + ":manager.value", "reference"},
		{"User", "profileUrl", "", "profileUrl", "string"},
		{"User", `photos[type eq "photo"].value`, "", `photos[type eq "photo"].value`, "string"},
		{"Group", "members", "", "members", "reference many"},
		{"User", "externalId", "", "externalId", "string"},
		{"User", "id", "", "id", "string read-only"},
		{"User", "groups", "", "groups", "reference many read-only"},
		{"User", "urn:acme:x:count", "integer", "urn:acme:x:count", "integer unknown"},
		{"User", "urn:acme:x:badge", "", "urn:acme:x:badge", "string unknown"},
		{"User", "name.nothing", "", "name.nothing", "string unknown"},
	} {
		p, k := KindOf(c.typ, mustPath(c.path), c.declared)
		got := k.Type
		for word, is := range map[string]bool{" many": k.MultiValued, " read-only": k.ReadOnly, " unknown": !k.Known} {
			if is {
				got += word
			}
		}
		if p.String() != c.canonical || len(got) != len(c.want) || !strings.HasPrefix(got, strings.Fields(c.want)[0]) {
			t.Errorf("%s: got %s, %s", c.path, p, got)
		}
	}
}
