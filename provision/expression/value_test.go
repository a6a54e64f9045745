package expression_test

import (
	"encoding/json/v2"
	"testing"

	. "github.com/rollcall-scim/rollcall/provision/expression"
)

func TestValueAsJSON(t *testing.T) {
	for want, v := range map[string]Value{
		`null`: Null, `""`: Text(""), `"a"`: Text("a"), `["a"]`: List("a"), `["a","b"]`: List("a", "b"), `"True"`: Bool(true), `"False"`: Bool(false),
	} {
		data, err := json.Marshal(v)
		if err != nil || string(data) != want {
			t.Errorf("%s is written as %s, %v", want, data, err)
		}
		var again Value
		if err := json.Unmarshal(data, &again); err != nil || !again.Equal(v) {
			t.Errorf("%s is read as %v, %v", data, again, err)
		}
	}
	var v Value
	if err := json.Unmarshal([]byte(`{"a": 1}`), &v); err == nil {
		t.Error("an object was read as a value")
	}
}
