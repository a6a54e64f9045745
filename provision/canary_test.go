package provision_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/provision"
	"github.com/rollcall-scim/rollcall/provision/target/hostile"
	"github.com/rollcall-scim/rollcall/sqlstore/storetest"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"
)

// TestI9NoSecret: no table, log, error or export has a token, a password or what
// an expression says is to be redacted.
func TestI9NoSecret(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		r := newRig(t, storetest.Open(t, url))
		const header, redacted, password = "canary-header-41", "canary-redacted-42", "canary-password-43"
		r.with("token: \""+r.target.Token+"\"", "token: \""+r.target.Token+"\", header: {X-Api-Key: "+header+"}",
			"{from: department}", "{expression: 'Redact([department])'}", "groups: {enabled: true}", "    password: {constant: "+password+"}\ngroups: {enabled: true}")
		r.have(14)
		r.people[0].department = redacted
		var said bytes.Buffer
		logged := func(e *provision.Engine) *provision.Engine {
			e.Logger = slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{Level: slog.LevelDebug}))
			return e
		}
		r.opened, r.as = logged(r.open()), r.setup()
		r.good(provision.Request{})
		r.people[0].department += "b"
		r.good(provision.Request{})
		r.target.Misbehave(hostile.Fault{Kind: hostile.Fail, Method: "PATCH"})
		r.people[0].department, r.people[1].department = redacted, "Space"
		r.cycle(provision.Request{})
		r.target.Behave()
		secret := r.target.Token
		r.target.Token = "another" // the target says back what it was sent
		r.now = r.now.Add(time.Hour)
		c := r.cycle(provision.Request{Full: true})
		r.want("a refused token", c.Outcome, provision.Breaking)
		r.people[2].department = "Space"
		r.cycle(provision.Request{})

		text := said.String() + c.Message
		if x, err := r.engine().Why(r.Context(), "p0@contoso.test"); err == nil {
			text += fmt.Sprint(x.Faults, x.Log)
			for _, op := range x.Log {
				text += fmt.Sprintf("%+v", *op)
			}
		}
		text += dump(r, url)
		for _, canary := range []string{secret, header, password, redacted} {
			if i := strings.Index(text, canary); i >= 0 {
				r.Errorf("%s is told: %.300s", canary, text[max(0, i-200):])
			}
		}
		if !strings.Contains(text, "p0@contoso.test") {
			r.Error("nothing was looked at")
		}
	})
}

// dump is everything that the database keeps of applications, but for what the
// source gave: an attribute is no secret there.
func dump(r *rig, url string) string {
	driver, name, _ := strings.Cut(url, ":")
	if driver == "postgres" {
		driver, name = "pgx", url
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		r.Fatal(err)
	}
	defer db.Close()
	var b strings.Builder
	for _, table := range []string{"app_state", "app_objects", "app_waiting", "app_targets", "app_target_keys", "app_cycles", "app_ops"} {
		rows, err := db.QueryContext(context.Background(), "select * from "+table)
		if err != nil {
			r.Fatal(err)
		}
		columns, _ := rows.Columns()
		for rows.Next() {
			values, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			if err := rows.Scan(into...); err != nil {
				r.Fatal(err)
			}
			for i, v := range values {
				if columns[i] != "attributes" {
					fmt.Fprintf(&b, "%s.%s=%s ", table, columns[i], v)
				}
			}
		}
		if err := rows.Err(); err != nil {
			r.Fatal(err)
		}
		rows.Close()
	}
	return b.String()
}
