package sqlstore_test

import (
	"fmt"
	"testing"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/sqlstore"
	"github.com/rollcall-scim/rollcall/sqlstore/storetest"
)

// A database of before words is filled in when it is opened, also when that is
// cut off half way.
func TestPeopleOfAnOlderDatabaseAreFilledIn(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		store := storetest.Open(t, url)
		d := directory.New(store)
		admin, err := d.CreateTenant(t.Context(), directory.NewTenant{Name: "acme", AdminEmail: "admin@acme.test"}, directory.Via{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 25 {
			if _, err := admin.CreateUser(t.Context(), fmt.Sprintf("user%d@acme.test", i), map[string]string{"name.givenName": "Anna", "name.familyName": fmt.Sprintf("Aalto%d", i)}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := admin.RemoveUser(t.Context(), "user3@acme.test"); err != nil {
			t.Fatal(err)
		}
		d.Close(t.Context())
		store.Close()

		dump := openDump(t, url)
		for _, statement := range []string{
			"delete from words", "update users set owner='', shown_key=null, words=''",
			"insert into fills (name, tenant, walked) values ('people', 0, '')",
		} {
			if _, err := dump.db.Exec(statement); err != nil {
				t.Fatal(err)
			}
		}
		dump.db.Close()

		was := sqlstore.SetFillStep(10)
		defer sqlstore.SetFillStep(was)
		storetest.Open(t, url)
		checkWhole(t, url)
	})
}
