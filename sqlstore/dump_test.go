package sqlstore_test

import (
	"database/sql"
	"maps"
	"slices"
	"strings"
	"testing"
)

// dump is a database read by plain SQL, past the store that is being tested.
type dump struct {
	t  *testing.T
	db *sql.DB
}

func openDump(t *testing.T, url string) *dump {
	t.Helper()
	driver, name := "pgx", url
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		driver, name = "sqlite", "file:"+path+"?_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		t.Fatal(err)
	}
	d := &dump{t, db}
	if driver == "pgx" {
		d.settle()
	}
	return d
}

// settle waits for what a killed server had sent: PostgreSQL goes on with it.
// Every change of a tenant locks the tenant's row.
func (d *dump) settle() {
	d.t.Helper()
	tx, err := d.db.Begin()
	if err != nil {
		d.t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.Exec("lock table tenants in exclusive mode"); err != nil {
		d.t.Fatal(err)
	}
}

// rows returns every row as text; NULL is "NULL".
func (d *dump) rows(query string) (out [][]string) {
	d.t.Helper()
	rows, err := d.db.Query(query)
	if err != nil {
		d.t.Fatal(err)
	}
	defer rows.Close()
	columns, _ := rows.Columns()
	for rows.Next() {
		cells, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			d.t.Fatal(err)
		}
		row := make([]string, len(columns))
		for i, c := range cells {
			if row[i] = "NULL"; c.Valid {
				row[i] = c.String
			}
		}
		out = append(out, row)
	}
	if err := rows.Err(); err != nil {
		d.t.Fatal(err)
	}
	return out
}

// set is rows without order.
type set map[string]bool

func (s set) add(cells ...string) { s[strings.Join(cells, " | ")] = true }

func (d *dump) set(query string) set {
	d.t.Helper()
	s := set{}
	for _, row := range d.rows(query) {
		s.add(row...)
	}
	return s
}

// everything is all that a tenant keeps, or with "" all tenants do; not what
// requests leave behind that changed nothing: activity, and when tokens were
// used.
func (d *dump) everything(tenant string) set {
	d.t.Helper()
	all := set{}
	for _, table := range []string{"users", "emails", "memberships", "links", "groups", "group_names", "teams", "team_names", "connections", "changes", "idp_groups", "idp_group_links", "idp_members", "idp_profiling", "removals", "words", "left_alone", "tasks", "task_people",
		"applications", "app_state", "app_objects", "app_waiting", "app_targets", "app_target_keys", "app_cycles", "app_ops"} {
		for _, row := range d.rows("select '" + table + "', x.*, t.name from " + table + " x join tenants t on t.id=x.tenant") {
			if tenant == "" || row[len(row)-1] == tenant {
				all.add(row...)
			}
		}
	}
	for _, row := range d.rows(`select 'tokens', x.id, x.hash, x.expires, x.ended, x.ended_why, x.seq, t.seq, t.setup, t.users, t.matched, t.settings, t.name
		from tokens x join tenants t on t.id=x.tenant`) {
		if tenant == "" || row[len(row)-1] == tenant {
			all.add(row...)
		}
	}
	return all
}

func (d *dump) same(what string, want, got set) {
	d.t.Helper()
	for _, row := range slices.Sorted(maps.Keys(want)) {
		if !got[row] {
			d.t.Errorf("%s: lacks %s", what, row)
		}
	}
	for _, row := range slices.Sorted(maps.Keys(got)) {
		if !want[row] {
			d.t.Errorf("%s: has %s, which nothing explains", what, row)
		}
	}
}
