package sqlstore

import (
	"reflect"
	"testing"

	"github.com/rollcall-scim/rollcall/directory"
)

func TestFacts(t *testing.T) {
	for _, u := range []directory.UserRow{
		{},
		{State: directory.Active, Role: directory.RoleCompanyAdmin, Enterprise: true, Group: "g", Teams: "t manual\nu locality,region", Links: "c \"x\"\nd \"\"",
			Owner: "c", Created: 1, Modified: 2, Version: 3},
		{State: directory.Removed, RemovedAt: 4, RemovedBy: "c", Left: `{"group":"g","values":{"country":"a\\nb"}}`},
	} {
		var got directory.UserRow
		if err := decodeFacts(&got, encodeFacts(&u)); err != nil || !reflect.DeepEqual(got, u) {
			t.Errorf("got %+v, %v; want %+v", got, err, u)
		}
	}
	for _, damaged := range []string{"", "1\n2", "1\n0\n0\nx\n0\n0\n0\n", "1\n0\n0\n0\n0\n0\n0\ng\n\n\n\nteams"} {
		if err := decodeFacts(&directory.UserRow{}, damaged); err == nil {
			t.Errorf("%q is read", damaged)
		}
	}
}
