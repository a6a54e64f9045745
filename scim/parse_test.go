package scim

import (
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// parsed is what Parse makes of a body: the object as JSON, the codes of the
// faults with their paths, and the number of notes.
func parsed(t *testing.T, typ *ResourceType, body string) (json, faults string, notes int) {
	t.Helper()
	r, err := typ.Parse([]byte(body))
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	var codes []string
	for _, f := range r.Faults {
		codes = append(codes, f.Path+" "+f.Err.Code)
	}
	return string(r.JSON()), strings.Join(codes, ", "), len(r.Notes)
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, body, want, faults string
		notes                    int
	}{
		{"rule 9: unknown", `{"userName":"a","shoe":1,"name":{"shoe":2,"givenName":"G"},"urn:x:y":{"a":1}}`, `{"userName":"a","name":{"givenName":"G"}}`, "", 3},
		{"rule 9: read-only", `{"userName":"a","id":"1","meta":{"version":0},"groups":[{"value":"g"}],"schemas":"x","` + our + `":{"teams":[]}}`, `{"userName":"a"}`, "", 1},
		{"rule 9: password", `{"userName":"a","Password":"p"}`, `{"userName":"a"}`, "", 0},
		{"rule 10: unassigned", `{"userName":"a","title":"","nickName":null,"name":{},"emails":[{},null,{"value":""}],"roles":[],"` + ent + `":{"manager":{"value":null},"department":""}}`, `{"userName":"a"}`, "", 0},
		{"rule 10: active null", `{"userName":"a","active":null}`, `{"userName":"a"}`, "active 400.16", 0},
		{"rule 10: active empty", `{"userName":"a","active":""}`, `{"userName":"a"}`, "active 400.16", 0},
		{"rule 10: userName null", `{"userName":null}`, `{}`, "userName 400.16", 0},
		{"userName of blanks", `{"userName":"  "}`, `{}`, "userName 400.16", 0},
		{"item 81: userName missing", `{"title":"t"}`, `{"title":"t"}`, "userName 400.14", 0},
		{"rule 11: names", `{"USERNAME":"a","Name":{"GIVENNAME":"G"},"eMails":[{"Value":"x","PRIMARY":true}]}`, `{"userName":"a","name":{"givenName":"G"},"emails":[{"value":"x","primary":true}]}`, "", 0},
		{"rule 11: booleans", `{"userName":"a","active":"False","emails":[{"value":"x","primary":"true"}],"roles":[{"value":"r","primary":" TRUE "}]}`, `{"userName":"a","active":false,"emails":[{"value":"x","primary":true}],"roles":[{"value":"r","primary":true}]}`, "", 0},
		{"rule 11: numbers", `{"userName":7,"externalId":701984,"` + ent + `":{"employeeNumber":12}}`, `{"externalId":"701984","userName":"7","` + ent + `":{"employeeNumber":"12"}}`, "", 0},
		{"rule 11: lists", `{"userName":["a"],"name":[{"givenName":"G"}],"emails":{"value":"x"},"phoneNumbers":"1","roles":["r",{"value":"s"}],"active":[true]}`, `{"userName":"a","name":{"givenName":"G"},"active":true,"emails":[{"value":"x"}],"phoneNumbers":[{"value":"1"}],"roles":[{"value":"r"},{"value":"s"}]}`, "", 0},
		{"bare e-mail", `{"userName":"a","emails":"x@y"}`, `{"userName":"a","emails":[{"value":"x@y","type":"work","primary":true}]}`, "", 0},
		{"rule 12: manager", `{"userName":"a","` + ent + `":{"manager":[{"value":"m","$ref":"r","displayName":"M"}]}}`, `{"userName":"a","` + ent + `":{"manager":{"value":"m","$ref":"r"}}}`, "", 0},
		{"bare enterprise names", `{"userName":"a","Department":"D","MANAGER":"m","costCenter":1}`, `{"userName":"a","` + ent + `":{"costCenter":"1","department":"D","manager":{"value":"m"}}}`, "", 0},
		{"they lose", `{"userName":"a","department":"x","` + ent + `":{"department":"D"},"organization":"O"}`, `{"userName":"a","` + ent + `":{"organization":"O","department":"D"}}`, "", 0},
		{"they win over null", `{"userName":"a","department":"x","` + ent + `":{"department":null}}`, `{"userName":"a","` + ent + `":{"department":"x"}}`, "", 0},
		{"bare country", `{"userName":"a","country":"FI","Locality":"Turku"}`, `{"userName":"a","addresses":[{"locality":"Turku","country":"FI","type":"work"}]}`, "", 0},
		{"bare country loses", `{"userName":"a","country":"SE","region":"R","addresses":[{"type":"home","country":"DK"},{"type":"Work","country":"FI"}]}`, `{"userName":"a","addresses":[{"country":"DK","type":"home"},{"region":"R","country":"FI","type":"Work"}]}`, "", 0},
		{"bare country, untyped address", `{"userName":"a","country":"SE","addresses":[{"locality":"L"}]}`, `{"userName":"a","addresses":[{"locality":"L","country":"SE"}]}`, "", 0},
		{"aliases", `{"userName":"a","enterprise":{"division":"d"},"urn:scim:schemas:extension:enterprise:1.0":{"department":"D"}}`, `{"userName":"a","` + ent + `":{"division":"d","department":"D"}}`, "", 0},
		{"URN names", `{"` + UserSchema + `:userName":"a","` + strings.ToUpper(ent) + `:department":"D"}`, `{"userName":"a","` + ent + `":{"department":"D"}}`, "", 0},
		{"item 50: one primary", `{"userName":"a","emails":[{"value":"x","primary":true},{"value":"y","primary":true}]}`, `{"userName":"a","emails":[{"value":"x","primary":true},{"value":"y","primary":false}]}`, "", 0},
		{"item 51: twice the same", `{"userName":"a","emails":[{"value":"x","type":"work"},{"value":"X","type":"Work","primary":true},{"value":"x"}]}`, `{"userName":"a","emails":[{"value":"x","type":"work","primary":true},{"value":"x"}]}`, "", 0},
		{"wrong types", `{"userName":{"a":1},"active":"maybe","title":true,"name":"N","emails":[true],"nickName":["a","b"],"` + ent + `":"x"}`, `{}`,
			"userName 400.13, active 400.13, title 400.13, name 400.13, emails 400.13, nickName 400.13, " + ent + " 400.13", 0},
		{"the rest of a bad element stays", `{"userName":"a","emails":[{"value":"x","type":{}, "primary":1}]}`, `{"userName":"a","emails":[{"value":"x"}]}`, "emails.primary 400.13", 0},
		{"no character", `{"userName":"a\u0000"}`, `{}`, "userName 400.13", 0},
		{"a filter as a name", `{"userName":"a","emails[type eq \"work\"].value":"x"}`, `{"userName":"a","emails":[{"value":"x","type":"work"}]}`, "", 0},
		{"a bad filter as a name", `{"userName":"a","emails[type eq":"x"}`, `{"userName":"a"}`, "emails[type eq 400.20", 0},
	} {
		json, faults, notes := parsed(t, UserType, c.body)
		if json != c.want || faults != c.faults || notes != c.notes {
			t.Errorf("%s:\n got %s, %q, %d notes\nwant %s, %q, %d notes", c.name, json, faults, notes, c.want, c.faults, c.notes)
		}
	}
	for _, body := range []string{`[]`, `"x"`, `null`, ``, `{"userName":"a","username":"b"}`} {
		if _, err := UserType.Parse([]byte(body)); err == nil {
			t.Errorf("%s is taken", body)
		}
	}
}

func TestParseGroup(t *testing.T) {
	json, faults, notes := parsed(t, GroupType, `{"displayName":"devs","members":["u1",{"value":"u2","$ref":null,"displayName":"B"},{"value":"u1","type":"User"},{"display":"nobody"}]}`)
	if want := `{"displayName":"devs","members":[{"value":"u1","type":"User"},{"value":"u2"},{"display":"nobody"}]}`; json != want || faults != "" || notes != 1 {
		t.Errorf("%s, %s, %d", json, faults, notes)
	}
	if _, faults, _ := parsed(t, GroupType, `{"displayName":""}`); faults != "displayName 400.16" { // generic-create-001
		t.Error(faults)
	}
}

func TestNotesHoldNoValues(t *testing.T) {
	r, err := UserType.Parse([]byte(`{"userName":"a","password":"secret","x":"secret","groups":[{"value":"secret"}],"name":{"y":"secret"},"active":"secret"}`))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(r.Notes, " ")
	for _, f := range r.Faults {
		text += f.Err.Detail
	}
	if strings.Contains(text, "secret") || len(r.Notes) != 3 {
		t.Errorf("%q", text)
	}
}

func TestRemarksAreBounded(t *testing.T) {
	body := `{"userName":"a","roles":[` + strings.Repeat("true,", 5000) + `true]`
	for i := range 5000 {
		body += `,"x` + strings.Repeat("y", i%50) + string(appendValue(nil, Number(strings.Repeat("1", 1+i/50)))) + `":1`
	}
	r, err := UserType.Parse([]byte(body + "}"))
	if err != nil || len(r.Notes) > maxRemarks || len(r.Faults) > maxRemarks {
		t.Errorf("%d notes, %d faults, %v", len(r.Notes), len(r.Faults), err)
	}
}

// TestParseAppend: what was written reads the same, byte for byte.
func TestParseAppend(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := drawUser(t)
		canonical(t, o)
		text := UserType.Append(nil, o)
		v, err := Decode(text)
		if err != nil || !reflect.DeepEqual(v, any(o)) {
			t.Fatalf("%s: %v, %v", text, v, err)
		}
	})
}

func TestAppendOrder(t *testing.T) {
	got := string(UserType.Append([]byte("x"), barbara))
	order := []string{`x{"schemas":[`, `"id":`, `"externalId":`, `"userName":`, `"name":{"formatted":`, `"emails":[{"value":`, `"groups":`, `"` + ent, `"` + our, `"origins":["department","manual"]`, `"meta":{"resourceType":`}
	at := 0
	for _, s := range order {
		i := strings.Index(got[at:], s)
		if i < 0 {
			t.Fatalf("%s is missing or too early in %s", s, got)
		}
		at += i
	}
	if v, err := Decode([]byte(got[1:])); err != nil || !reflect.DeepEqual(v, any(barbara)) {
		t.Errorf("%s: %v", got, err)
	}
	if got := string(UserType.Append(nil, Object{"userName": "a\xffb\u2028\x01", "shoe": "x", "title": "", "emails": []any{}, EnterpriseSchema: Object{"department": ""}})); got != `{"userName":"a`+"\ufffd"+"b\u2028"+`\u0001"}` {
		t.Error(got)
	}
}

func TestResource(t *testing.T) {
	text := string(UserType.Append(nil, barbara))
	for _, r := range []*Resource{ResourceFromJSON([]byte(text)), UserType.NewResource(barbara)} {
		for path, want := range map[string]string{
			"id": "2819c223-7f76-453a-919d-413861904646", "userName": "bjensen@example.com", "name.givenName": "Barbara", "name.shoe": "",
			"meta.version": `W/"7"`, "emails.value": "bjensen@example.com", "addresses.country": "USA", ent + ":department": "Tour Operations",
			ent + ":manager.value": "26118915-6090", "active": "", "nickName": "", "shoe.size": "", "phoneNumbers.value": "",
		} {
			if got := r.String(path); got != want {
				t.Errorf("%s: %q, want %q", path, got, want)
			}
		}
		if r.Version() != `W/"7"` || r.ID() != barbara["id"] || string(r.JSON()) != text {
			t.Errorf("%s", r.JSON())
		}
	}
	for _, bad := range []string{``, `[]`, `{"id":1`, `<html>`, `{"id"`, `{"x":[}`, `{"a":{"b":`} {
		if r := ResourceFromJSON([]byte(bad)); r.ID() != "" || r.Version() != "" || len(r.Object()) != 0 {
			t.Errorf("%s: %v", bad, r.Object())
		}
	}
}
