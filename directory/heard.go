package directory

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// heard remembers who has asked lately; flushHeard writes it with the tokens, so
// that a request that only reads costs no write.
type heard struct {
	mu     sync.Mutex
	calls  map[caller]*TallyRow
	knocks map[string][]Knock
}

type caller struct {
	tenant             int64
	connection, client string
}

// hear notes that a connection's client has asked.
func (d *Directory) hear(t *Tenant) {
	if t.via.Check {
		return
	}
	client, now := plain(cut(t.via.Client, 64)), d.Now().UnixMicro()
	d.heard.mu.Lock()
	defer d.heard.mu.Unlock()
	by := caller{t.s.tenant, t.connection, client}
	row := d.heard.calls[by]
	if row == nil {
		row = &TallyRow{Connection: t.connection, Name: tallyClient + client, First: now}
		if d.heard.calls == nil {
			d.heard.calls = map[caller]*TallyRow{}
		}
		d.heard.calls[by] = row
	}
	row.N, row.Last = row.N+1, now
}

// flushHeard writes it. What could not be written is lost: the next request
// says the same.
func (d *Directory) flushHeard(ctx context.Context) error {
	d.heard.mu.Lock()
	calls := d.heard.calls
	d.heard.calls = nil
	d.heard.mu.Unlock()
	tenants := map[int64][]TallyRow{}
	for by, row := range calls {
		tenants[by.tenant] = append(tenants[by.tenant], *row)
	}
	var errs []error
	for tenant, rows := range tenants {
		errs = append(errs, d.Store.Update(ctx, tenant, func(tx Tx) error {
			for _, row := range rows {
				tx.Tally(row)
			}
			return nil
		}))
	}
	return errors.Join(errs...)
}

// Knock is a request at a tenant's host that was not let in.
type Knock struct {
	Time   time.Time
	Client string
	Status int
	Code   string
	Detail string
	Times  int // so often, with this outcome
}

// knocksKept is how many outcomes are remembered for a host, and knocksFor how
// many hosts: anybody may knock at any.
const (
	knocksKept = 8
	knocksFor  = 1000
)

// Knocked notes a request that was refused before anybody knew whose it was. It
// is remembered in this process, for whoever sets the connection up just now; no
// token is kept.
func (d *Directory) Knocked(label string, k Knock) {
	k.Time, k.Client, k.Times = d.Now(), plain(cut(k.Client, 64)), 1
	d.heard.mu.Lock()
	defer d.heard.mu.Unlock()
	if d.heard.knocks == nil || len(d.heard.knocks) >= knocksFor && d.heard.knocks[label] == nil {
		d.heard.knocks = map[string][]Knock{}
	}
	list := d.heard.knocks[label]
	if i := slices.IndexFunc(list, func(was Knock) bool { return was.Client == k.Client && was.Code == k.Code }); i >= 0 {
		k.Times += list[i].Times
		list = slices.Delete(list, i, i+1)
	}
	list = slices.Insert(list, 0, k)
	d.heard.knocks[label] = list[:min(len(list), knocksKept)]
}

// Knocks lists the outcomes of requests at this tenant's host that were not let
// in since then, the latest first.
func (t *Tenant) Knocks(since time.Time) ([]Knock, error) {
	if err := t.may(settingUp); err != nil {
		return nil, err
	}
	t.d.heard.mu.Lock()
	defer t.d.heard.mu.Unlock()
	var out []Knock
	for _, k := range t.d.heard.knocks[t.s.name] {
		if k.Time.After(since) {
			out = append(out, k)
		}
	}
	return out, nil
}
