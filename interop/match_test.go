package interop

import (
	"encoding/json/v2"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestMatch(t *testing.T) {
	const anna = `{"id":"1","active":false,"age":7,"name":{"givenName":"Anna"},"empty":[],
		"emails":[{"type":"work","value":"a@x"},{"type":"home","value":"a@y"}],
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Sales"}}`
	tests := []struct {
		want string // as in a case
		diff string // "" where it agrees
	}{
		{`{id: "1", active: false, age: 7}`, ""},
		{`{id: 1}`, `id: expected the number 1, found "1"`},
		{`{id: "2"}`, `id: expected "2", found "1"`},
		{`{id: "{anna}"}`, ""},
		{`{id: "<not {anna}>"}`, `id: expected <not 1>, found "1"`},
		{`{id: "<not 2>"}`, ""},
		{`{active: "false"}`, `active: expected "false", found false`},
		{`{active: true}`, `active: expected true, found false`},
		{`{active: <filled>}`, ""},
		{`{age: <number>}`, ""},
		{`{age: <least 7>}`, ""},
		{`{age: <least 8>}`, `age: expected <least 8>, found 7`},
		{`{id: <number>}`, `id: expected <number>, found "1"`},
		{`{id: <text>}`, ""},
		{`{title: <absent>}`, ""},
		{`{id: <absent>}`, `id: expected <absent>, found "1"`},
		{`{title: <any>}`, `title: expected <any>, found nothing`},
		{`{title: x}`, `title: expected "x", found nothing`},
		{`{empty: <empty>}`, ""},
		{`{emails: <empty>}`, `emails: expected <empty>, found [{"type":"work","value":"a@x"},{"type":"home","value":"a@y"}]`},
		{`{empty: <filled>}`, `empty: expected <filled>, found []`},
		{`{name: {givenName: <has nn>}}`, ""},
		{`{name: {givenName: <has xx>}}`, `name.givenName: expected <has xx>, found "Anna"`},
		{`{name: x}`, `name: expected "x", found {"givenName":"Anna"}`},
		{`{emails: [{type: home}]}`, ""},
		{`{emails: [{type: home}, {type: work}]}`, ""},
		{`{emails: [{type: home}, {type: home}]}`, `emails: expected an element {"type":"home"}, found [{"type":"work","value":"a@x"},{"type":"home","value":"a@y"}]`},
		{`{emails: {only: [{type: home}, {type: work}]}}`, ""},
		{`{emails: {only: [{type: home}]}}`, `emails: expected 1 elements and no others, found [{"type":"work","value":"a@x"},{"type":"home","value":"a@y"}]`},
		{`{emails: {without: [{type: other}]}}`, ""},
		{`{emails: {without: [{type: work}]}}`, `emails: expected no element {"type":"work"}, found [{"type":"work","value":"a@x"},{"type":"home","value":"a@y"}]`},
		{`{phones: {without: [{type: work}]}}`, ""},
		{`{phones: {only: [{type: work}]}}`, `phones: expected a list, found nothing`},
		{`{enterprise: {department: Sales}}`, ""},
		{`{enterprise: {department: <absent>}}`, `enterprise.department: expected <absent>, found "Sales"`},
	}
	var got any
	if err := json.Unmarshal([]byte(anna), &got); err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.want, func(t *testing.T) {
			var want any
			if err := yaml.Unmarshal([]byte(tt.want), &want); err != nil {
				t.Fatal(err)
			}
			if diff := match("", want, got, map[string]string{"anna": "1"}); diff != tt.diff {
				t.Errorf("got  %s\nwant %s", diff, tt.diff)
			}
		})
	}
}
