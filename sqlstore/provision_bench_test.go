package sqlstore_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/provision"
	"github.com/rollcall-scim/rollcall/sqlstore/storetest"
)

// BenchmarkProvision is what an initial cycle writes and the next one reads, for
// 50,000 people with random anchors, 500 in a call; in rows a second.
func BenchmarkProvision(b *testing.B) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				initialCycle(b, storetest.Open(b, url(b)).Provision().Application(1, "01980000-0000-7000-8000-000000000001"))
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

const benchPeople, benchBatch = 50_000, 500

func initialCycle(b *testing.B, a provision.Store) {
	random := rand.New(rand.NewPCG(1, 2))
	people, ops := make([]*provision.Object, benchPeople), make([]*provision.Op, benchPeople)
	text := `{"userPrincipalName":"` + strings.Repeat("x", 500) + `"}`
	for i := range people {
		anchor := fmt.Sprintf("%08x-%04x-4%03x-9%03x-%012x", random.Uint32(), random.IntN(1<<16), random.IntN(1<<12), random.IntN(1<<12), random.Int64N(1<<48))
		o := object(anchor)
		o.Ref, o.Attributes, o.Dirty = o.Anchor, text, true
		people[i] = o
		p := op(1, int64(i+1), anchor)
		p.Body, p.Diff, p.After = text, text, text
		ops[i] = p
	}
	ctx := b.Context()
	batches := func(what string, act func(from, to int) error) {
		b.Helper()
		start := b.Elapsed()
		for i := 0; i < benchPeople; i += benchBatch {
			if err := act(i, i+benchBatch); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(benchPeople/(b.Elapsed()-start).Seconds(), what+"/s")
	}
	keys := make([]provision.Key, benchPeople)
	for i, o := range people {
		keys[i] = o.Key
	}
	batches("PutSource", func(from, to int) error { return a.PutSource(ctx, people[from:to]) })
	batches("ObjectsByKey", func(from, to int) error { _, err := a.ObjectsByKey(ctx, keys[from:to]); return err })
	var after provision.Key
	batches("Dirty", func(from, to int) error {
		page, err := a.Objects(ctx, provision.ObjectQuery{Dirty: true, After: after, Limit: benchBatch})
		if err == nil {
			after = page[len(page)-1].Key
		}
		return err
	})
	slices.SortFunc(people, func(a, b *provision.Object) int { return strings.Compare(a.Anchor, b.Anchor) })
	for i, o := range people {
		ops[i].Anchor = o.Anchor
		o.InScope, o.Why, o.Dirty = true, "assigned", false
	}
	batches("InsertOps", func(from, to int) error { return a.InsertOps(ctx, ops[from:to]) })
	batches("PutLinks", func(from, to int) error { return a.PutLinks(ctx, people[from:to]) })
	for i, o := range people {
		o.Target, o.Matched, o.Linked, o.Written, o.Version = fmt.Sprintf("01980000-0000-7000-8000-%012x", i), "created", 1, text, `W/"1"`
		done(ops[i], int64(1000+i))
		ops[i].Target, ops[i].Detail = o.Target, text
	}
	batches("Finish", func(from, to int) error { return a.Finish(ctx, ops[from:to], people[from:to]) })
	batches("MarkSeen", func(from, to int) error { return a.MarkSeen(ctx, 2, keys[from:to]) })
	start := b.Elapsed()
	if _, err := a.CountObjects(ctx); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric((b.Elapsed()-start).Seconds()*1000, "ms/count")
	start = b.Elapsed()
	if err := a.MarkDirty(ctx, nil); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(benchPeople/(b.Elapsed()-start).Seconds(), "MarkDirtyAll/s")
}
