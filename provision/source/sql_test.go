package source_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/provision/source"
	"github.com/rollcall-scim/rollcall/sqlstore/storetest"
)

// hr is a database of people with its connection that writes.
type hr struct {
	t   *testing.T
	url string
	db  *sql.DB
}

func eachHR(t *testing.T, test func(t *testing.T, h *hr)) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		driver, name := "pgx", url
		if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
			driver, name = "sqlite", "file:"+path
		}
		db, err := sql.Open(driver, name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		h := &hr{t, url, db}
		h.exec(`create table people (no integer, upn text, first_name text, enabled boolean, hired timestamp, boss integer, changed integer)`)
		h.exec(`create table orgs (code varchar(20), title text)`)
		h.exec(`create table org_members (code varchar(20), no integer)`)
		test(t, h)
	})
}

func (h *hr) exec(statement string, args ...any) {
	h.t.Helper()
	if _, err := h.db.ExecContext(h.t.Context(), statement, args...); err != nil {
		h.t.Fatal(err)
	}
}

func (h *hr) person(no int, upn string, changed int) {
	h.t.Helper()
	h.exec(`insert into people values ($1, $2, 'Anna', true, '2026-11-22 10:00:00', 1, $3)`, no, upn, changed)
}

func (h *hr) config() source.Config {
	return source.Config{Kind: "sql", Database: h.url,
		Users:   `select no as "employeeId", upn, first_name, enabled, hired, boss as manager, changed from people; `,
		Groups:  `select code as id, title as displayname from orgs -- all of them`,
		Members: `select code, no from org_members`, Modified: "changed"}
}

func (h *hr) open(c source.Config) source.Source {
	h.t.Helper()
	return open(h.t, c, source.Environment{})
}

func TestSQL(t *testing.T) {
	eachHR(t, func(t *testing.T, h *hr) {
		for i := range 2500 { // more than one page of a cursor
			h.person(i+1, fmt.Sprintf("p%d@x.test", i+1), 100)
		}
		for _, code := range []string{"ops", "Öl", "sales", "Zoo", "empty"} {
			h.exec(`insert into orgs values ($1, $2)`, code, "The "+code)
		}
		for _, m := range []string{"'sales', 10", "'Zoo', 7", "'nowhere', 1", "'sales', 9", "'Öl', 3", "'ops', 2"} {
			h.exec(`insert into org_members values (` + m + `)`)
		}
		s := h.open(h.config())
		got, full := read(t, s, "")
		if len(got) != 2505 || !full.Full || full.Next == "" {
			t.Fatalf("%d records, %+v", len(got), full)
		}
		expect(t, got["User 9"], map[string]string{"employeeId": "9", "userPrincipalName": "p9@x.test", "upn": "p9@x.test", "givenName": "Anna",
			"accountEnabled": "True", "hired": "2026-11-22T10:00:00Z", "manager": "1", "objectId": "9"})
		for code, members := range map[string]string{"sales": "10|9", "Zoo": "7", "Öl": "3", "ops": "2", "empty": ""} {
			expect(t, got["Group "+code], map[string]string{"displayName": "The " + code, "members": members})
		}

		// Ties are read again; what went before is not.
		h.person(3000, "new@x.test", 100)
		h.exec(`update people set changed=99 where no<=2400`)
		h.exec(`update people set changed=101 where no=5`)
		got, on := read(t, s, full.Next)
		if on.Full || got["User 3000"].Anchor == "" || got["User 5"].Anchor == "" || len(got) != 102+5 {
			t.Errorf("reading on: %d records, %+v", len(got), on)
		}
		if got, _ := read(t, s, on.Next); len(got) != 1+5 {
			t.Errorf("reading on again: %d records", len(got))
		}

		if found, err := s.Find(t.Context(), source.User, "P9@x.test"); err != nil || len(found) != 1 || found[0].Anchor != "9" {
			t.Errorf("Find: %v %v", found, err)
		}
		if found, err := s.Find(t.Context(), source.Group, "the zoo"); err != nil || len(found) != 1 || found[0].Attributes["members"].String() != "7" {
			t.Errorf("Find: %v %v", found, err)
		}
		if text, err := s.Test(t.Context()); err != nil || !strings.Contains(text, "2501 rows by employeeId") || !strings.Contains(text, "5 rows by id") {
			t.Errorf("Test: %s %v", text, err)
		}
	})
}

func TestSQLFaults(t *testing.T) {
	eachHR(t, func(t *testing.T, h *hr) {
		c := h.config()
		c.Groups, c.Members = "", ""
		reads := func(c source.Config) error {
			_, err := h.open(c).Read(t.Context(), "", func(source.Record) error { return nil })
			return err
		}
		fails := func(what, want string, change func(*source.Config)) {
			t.Helper()
			c := c
			change(&c)
			if err := reads(c); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", what, err, want)
			}
		}
		fails("an empty table", "has no rows", func(*source.Config) {})
		h.person(1, "a@x.test", 1)
		h.person(2, "b@x.test", 1)
		h.person(2, "c@x.test", 1)
		h.exec(`insert into people (upn) values ('nobody@x.test')`)
		got, reading := read(t, h.open(c), "")
		if keys(got) != "User 1" || len(reading.Faulty) != 1 || reading.Faulty[0].Anchor != "2" || reading.Full {
			t.Errorf("%s, %+v", keys(got), reading)
		}
		fails("a wrong column", "query users", func(c *source.Config) { c.Users = "select nothing from people" })
		fails("a wrong anchor", "did you mean employeeId", func(c *source.Config) { c.Anchor = "emploeeId" })
		fails("no such modified", "modified", func(c *source.Config) { c.Modified = "when" })
		fails("one column of members", "needs two", func(c *source.Config) {
			c.Groups, c.Members = "select 'a' as id", "select 'a' as id"
		})
		for _, evil := range []string{"delete from people returning no", "with d as (delete from people returning no) select no from d", "select 1 as id) q; delete from people; --"} {
			c := c
			c.Users, c.Modified = evil, ""
			if err := reads(c); err == nil {
				t.Errorf("%s: no error", evil)
			}
			n := 0
			if err := h.db.QueryRowContext(t.Context(), "select count(*) from people").Scan(&n); err != nil || n != 4 {
				t.Fatalf("%s: %d people are left, %v", evil, n, err)
			}
		}
	})
}

// What PostgreSQL has and SQLite does not.
func TestSQLPostgres(t *testing.T) {
	at := storetest.Postgres(t)
	c := source.Config{Kind: "sql", Database: at, Users: `select 'e1'::char(5) as id, array['x,y', 'a"b', null]::text[] as "proxyAddresses", array[1,2] as numbers,
		timestamptz '2026-11-22 12:00:00.5+02' as hired, 'f'::boolean as active, '{"a":1}'::json as extra, 12.50::numeric as share, '1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed'::uuid as badge`}
	got, _ := read(t, open(t, c, source.Environment{}), "")
	expect(t, got["User e1"], map[string]string{"proxyAddresses": `x,y|a"b`, "numbers": "1|2", "hired": "2026-11-22T10:00:00.5Z", "accountEnabled": "False",
		"extra": `{"a":1}`, "share": "12.50", "badge": "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"})

	for _, secret := range []string{"postgres://hr:topsecret@127.0.0.1:1/x?connect_timeout=1", "postgres://hr:topsecret@[::bad/x"} {
		s, err := source.Open(t.Context(), source.Config{Kind: "sql", Database: secret, Users: "select 1 as id"}, source.Environment{})
		if err == nil {
			_, err = s.Test(context.Background())
		}
		if err == nil || strings.Contains(err.Error(), "topsecret") || strings.Contains(err.Error(), url.QueryEscape("topsecret")) {
			t.Errorf("error %v", err)
		}
	}
}
