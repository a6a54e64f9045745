package main

import (
	"log/slog"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"github.com/rollcall-scim/rollcall/sqlstore"
)

// TestLeaseOfTheDead: a process that died while it had an application that
// cannot run, or that is off, does not make it due again with every look.
func TestLeaseOfTheDead(t *testing.T) {
	for name, document := range map[string]string{"off": "name: acme\nstatus: off\nsource: {kind: directory}\ntarget: {url: \"https://acme.test\", token: x}\n", "damaged": "name: ["} {
		t.Run(name, func(t *testing.T) {
			s := newServed(t)
			tenant, _ := s.tenant("contoso", "admin@contoso.test")
			a, err := tenant.PutApplication(t.Context(), "acme", document, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			row, err := tenant.Row(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			store, logger := s.dir.Store.(*sqlstore.Store), slog.New(slog.DiscardHandler)
			if err := store.Provision().Application(row.ID, a.ID).Lease(t.Context(), "dead", 1, 2); err != nil {
				t.Fatal(err)
			}
			due := func() int {
				list, err := store.Provision().Due(t.Context(), time.Now().UnixMicro())
				if err != nil {
					t.Fatal(err)
				}
				return len(list)
			}
			if due() != 1 {
				t.Fatal("what ran when its process died is not due")
			}
			w := &cycleWorker{cycles: &cycles{engines: &engines{directory: s.dir, store: store, logger: logger}, logger: logger}}
			if err := w.Work(t.Context(), &river.Job[cycleArgs]{Args: cycleArgs{row.ID, a.ID}}); err != nil {
				t.Fatal(err)
			}
			if due() != 0 {
				t.Error("it is due again at once, and will be for ever")
			}
		})
	}
}
