package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/provision"
	"github.com/rollcall-scim/rollcall/provision/source"
	"github.com/rollcall-scim/rollcall/sqlstore"
	"github.com/rollcall-scim/rollcall/sqlstore/storetest"
)

// eachApplication tests an application's store, beside which others have the
// same anchors and ids and must stay as they are.
func eachApplication(t *testing.T, test func(t *testing.T, a provision.Store)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, s *sqlstore.Store) {
		stores := s.Provision()
		others := []provision.Store{stores.Application(1, "other"), stores.Application(2, "app"), stores.Application(2, "other")}
		for _, o := range others {
			fill(t, o)
		}
		before := shown(t, others[0])
		if want := strings.Count(before, "\n"); want < 10 {
			t.Fatalf("the neighbours have nothing to lose:\n%s", before)
		}
		test(t, stores.Application(1, "app"))
		for i, o := range others {
			if after := shown(t, o); after != before {
				t.Errorf("neighbour %d was\n%s and is\n%s", i, before, after)
			}
		}
	})
}

func fill(t *testing.T, a provision.Store) {
	t.Helper()
	anna, bert, staff := object("anna"), object("bert"), object("staff")
	staff.Type = source.Group
	ok(t, a.PutSource(t.Context(), []*provision.Object{anna, bert, staff}))
	ok(t, a.PutLinks(t.Context(), []*provision.Object{linked(anna, "t-anna"), linked(staff, "t-staff")}))
	ok(t, a.Await(t.Context(), map[provision.Key][]string{bert.Key: []string{"dn=anna", "dn=staff"}}))
	ok(t, a.PutTargets(t.Context(), []provision.TargetObject{atTarget("t-1", 1, "x"), atTarget("t-2", 1, "y")}))
	ok(t, a.PutCycle(t.Context(), &provision.Cycle{Number: 1, Ended: 5}))
	ok(t, a.PutCycle(t.Context(), &provision.Cycle{Number: 2}))
	ok(t, a.InsertOps(t.Context(), []*provision.Op{op(1, 1, "anna"), op(1, 2, "bert"), op(2, 1, "staff")}))
	ok(t, a.Finish(t.Context(), []*provision.Op{done(op(1, 1, "anna"), 5)}, nil))
	ok(t, a.PutState(t.Context(), provision.State{Watermark: "7", Quarantine: "{}"}))
	ok(t, a.Schedule(t.Context(), 50, 0))
}

// shown is all that an application has.
func shown(t *testing.T, a provision.Store) string {
	t.Helper()
	var b strings.Builder
	for _, o := range must(a.Objects(t.Context(), provision.ObjectQuery{})) {
		fmt.Fprintf(&b, "%+v\n", *o)
	}
	for _, typ := range []string{source.User, source.Group} {
		fmt.Fprintf(&b, "%+v\n", must(a.Targets(t.Context(), typ, "", 100)))
	}
	fmt.Fprintf(&b, "%+v\n", must(a.MatchTargets(t.Context(), 1, source.User, provision.MatchKey{Path: "userName", Value: "x"}, 9)))
	fmt.Fprintf(&b, "%+v\n", must(a.Waiting(t.Context(), []string{"dn=anna"})))
	for _, c := range must(a.Cycles(t.Context(), 0, 100)) {
		fmt.Fprintf(&b, "%+v\n", *c)
	}
	for _, o := range must(a.Ops(t.Context(), provision.OpQuery{})) {
		fmt.Fprintf(&b, "%+v\n", *o)
	}
	fmt.Fprintf(&b, "%+v\n%+v\n", must(a.State(t.Context())), must(a.CountObjects(t.Context())))
	return b.String()
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func object(anchor string) *provision.Object {
	return &provision.Object{
		Key: provision.Key{Type: source.User, Anchor: anchor}, Ref: "dn=" + anchor, Name: strings.ToUpper(anchor), NameKey: anchor + "@contoso.test",
		Attributes: `{"a":"` + anchor + `"}`, Seen: 1,
	}
}

func linked(o *provision.Object, target string) *provision.Object {
	l := *o
	l.InScope, l.Why, l.Target, l.Matched, l.Linked, l.Written, l.Version, l.Met = true, "assigned", target, "created", 3, `{"userName":"x"}`, `W/"1"`, 1
	return &l
}

func atTarget(id string, cycle int64, value string) provision.TargetObject {
	return provision.TargetObject{Type: source.User, ID: id, Name: "N " + id, Doc: `{"id":"` + id + `"}`, Seen: cycle,
		Keys: []provision.MatchKey{{Path: "userName", Value: value}, {Path: "externalId", Value: value + value}}}
}

func op(cycle, number int64, anchor string) *provision.Op {
	return &provision.Op{
		Cycle: cycle, Number: number, Phase: 1, Key: provision.Key{Type: source.User, Anchor: anchor}, Name: anchor, NameKey: anchor + "@contoso.test",
		Action: provision.ActionCreate, State: provision.Planned, Why: "new", Method: "POST", Body: "{}", Diff: "[]", After: `{"a":1}`,
	}
}

func done(o *provision.Op, at int64) *provision.Op {
	o.State, o.Time, o.Duration, o.Status, o.Target, o.Detail = provision.Done, at, 2, "success", "t-"+o.Anchor, "{}"
	return o
}

func anchors(objects []*provision.Object) (out []string) {
	for _, o := range objects {
		out = append(out, o.Anchor)
	}
	return out
}

func TestProvisionState(t *testing.T) {
	eachApplication(t, func(t *testing.T, a provision.Store) {
		if st := must(a.State(t.Context())); st != (provision.State{}) {
			t.Errorf("begins with %+v", st)
		}
		want := provision.State{Watermark: "w", Setup: 3, Cycle: 4, LastFull: 5, LastGood: 6, Quarantine: "{}", Escrowed: 7}
		ok(t, a.PutState(t.Context(), want))
		ok(t, a.Schedule(t.Context(), 99, 0))
		scheduled := want
		scheduled.NextRun = 99
		ok(t, a.PutState(t.Context(), want)) // leaves NextRun alone
		if got := must(a.State(t.Context())); got != scheduled {
			t.Errorf("is %+v, want %+v", got, scheduled)
		}
	})
}

// TestProvisionLease: between processes, each of which has the database open.
func TestProvisionLease(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		one, two := storetest.Open(t, url).Provision(), storetest.Open(t, url).Provision()
		a, b := one.Application(1, "app"), two.Application(1, "app")
		lease := func(s provision.Store, owner string, now, until int64, want error) {
			t.Helper()
			if err := s.Lease(t.Context(), owner, now, until); !errors.Is(err, want) {
				t.Errorf("%s at %d: %v, want %v", owner, now, err, want)
			}
		}
		lease(a, "a", 10, 20, nil)
		lease(b, "b", 19, 29, provision.ErrLeased)
		lease(a, "a", 15, 25, nil)
		lease(b, "b", 24, 34, provision.ErrLeased)
		ok(t, b.Release(t.Context(), "b")) // not his
		lease(b, "b", 24, 34, provision.ErrLeased)
		ok(t, b.Schedule(t.Context(), 22, 0))
		if due := must(two.Due(t.Context(), 24)); len(due) != 0 {
			t.Errorf("due while it runs: %v", due)
		}
		if due := must(two.Due(t.Context(), 25)); !reflect.DeepEqual(due, []provision.Due{{Tenant: 1, App: "app"}}) {
			t.Errorf("not due when its time has come and nobody is heard of: %v", due)
		}
		ok(t, b.Schedule(t.Context(), 0, 0))
		if due := must(two.Due(t.Context(), 25)); len(due) != 1 {
			t.Errorf("what ran when its process died is not due: %v", due)
		}
		lease(b, "b", 25, 35, nil)
		lease(a, "a", 26, 36, provision.ErrLeased)
		ok(t, b.Release(t.Context(), "b"))
		if due := must(one.Due(t.Context(), 90)); len(due) != 0 {
			t.Errorf("due without a time: %v", due)
		}
		ok(t, a.Schedule(t.Context(), 91, 0))
		if due := must(one.Due(t.Context(), 90)); len(due) != 0 {
			t.Errorf("due before its time: %v", due)
		}
		lease(a, "a", 26, 36, nil)
	})
}

// TestProvisionWatched: what its tenant changes makes an application due that has
// not seen it, and no other.
func TestProvisionWatched(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *sqlstore.Store) {
		for _, name := range []string{"acme", "globex"} {
			ok(t, s.CreateTenant(t.Context(), directory.TenantRow{Name: name}, func(x directory.Tx) error {
				x.Row().Seq = 5
				return nil
			}))
		}
		stores := s.Provision()
		due := func(want string) {
			t.Helper()
			if got := fmt.Sprint(must(stores.Due(t.Context(), 10))); got != want {
				t.Errorf("due %s, want %s", got, want)
			}
		}
		ok(t, stores.Application(1, "seen").Schedule(t.Context(), 0, 5))
		ok(t, stores.Application(1, "not concerned").Schedule(t.Context(), 0, 0))
		ok(t, stores.Application(2, "of another").Schedule(t.Context(), 0, 5))
		due("[]")
		ok(t, s.Update(t.Context(), 1, func(x directory.Tx) error { x.Row().Seq++; return nil }))
		due("[{1 seen}]")
		ok(t, stores.Application(1, "seen").Lease(t.Context(), "a", 5, 15))
		due("[]")
		ok(t, stores.Application(1, "seen").Release(t.Context(), "a"))
		ok(t, stores.Application(1, "seen").Schedule(t.Context(), 0, 6))
		due("[]")
	})
}

// TestProvisionLeaseRace: of many who ask at once, one gets it.
func TestProvisionLeaseRace(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		one, two := storetest.Open(t, url).Provision(), storetest.Open(t, url).Provision()
		for round := range 5 {
			results := make(chan error)
			for i := range 8 {
				store := []provision.Stores{one, two}[i%2].Application(1, "app")
				go func() {
					results <- store.Lease(context.Background(), fmt.Sprint("owner ", i), int64(round*10), int64(round*10+10))
				}()
			}
			won := 0
			for range 8 {
				if err := <-results; err == nil {
					won++
				} else if !errors.Is(err, provision.ErrLeased) {
					t.Error(err)
				}
			}
			if won != 1 {
				t.Errorf("%d got the lease", won)
			}
		}
	})
}

func TestProvisionObjectParts(t *testing.T) {
	eachApplication(t, func(t *testing.T, a provision.Store) {
		read := func() *provision.Object {
			found := must(a.ObjectsByKey(t.Context(), []provision.Key{{Type: source.User, Anchor: "anna"}}))
			if len(found) != 1 {
				t.Fatalf("found %v", found)
			}
			return found[0]
		}
		same := func(what string, want *provision.Object) {
			t.Helper()
			if got := read(); *got != *want {
				t.Errorf("%s: is\n%+v, want\n%+v", what, *got, *want)
			}
		}
		anna := object("anna")
		anna.Dirty = true
		ok(t, a.PutSource(t.Context(), []*provision.Object{object("anna"), anna})) // the last counts
		same("new", anna)

		scoped := *anna
		scoped.Dirty, scoped.Assigned, scoped.Via, scoped.InScope, scoped.Why = false, 4, "Staff", true, "assigned"
		touched := scoped
		touched.Name, touched.Target = "not scoping's", "not scoping's"
		ok(t, a.PutScope(t.Context(), []*provision.Object{&touched}))
		same("scoped", &scoped)

		want := *linked(&scoped, "t1")
		want.Dirty, want.Left, want.Failures, want.Retry, want.Error, want.Held = true, 8, 2, 77, "{}", "held"
		touched = want
		touched.Name, touched.Attributes, touched.Seen, touched.Gone = "not the link's", "{}", 9, true
		ok(t, a.PutLinks(t.Context(), []*provision.Object{&touched}))
		same("linked", &want)

		again := object("anna")
		again.Retry = 77
		again.Name, again.NameKey, again.Ref, again.Attributes, again.Seen, again.Gone, again.Faulty = "Ann", "ann", "anna", "{}", 5, true, "broken"
		want.Name, want.NameKey, want.Ref, want.Attributes, want.Seen, want.Gone, want.Faulty, want.Dirty = "Ann", "ann", "anna", "{}", 5, true, "broken", false
		ok(t, a.PutSource(t.Context(), []*provision.Object{again}))
		same("read again", &want)

		ok(t, a.MarkSeen(t.Context(), 6, []provision.Key{anna.Key}))
		ok(t, a.MarkMet(t.Context(), 7, []provision.Key{anna.Key, {Type: source.User, Anchor: "nobody"}}))
		want.Seen, want.Met = 6, 7
		same("met", &want)
		ok(t, a.MarkDirty(t.Context(), []provision.Key{anna.Key}))
		want.Dirty, want.Retry = true, 0
		same("dirty", &want)
		// Who is not there is not made.
		ok(t, a.PutLinks(t.Context(), []*provision.Object{linked(object("nobody"), "t9")}))
		if c := must(a.CountObjects(t.Context())); c.Linked != 1 {
			t.Errorf("counts %+v", c)
		}
	})
}

func TestProvisionObjectQueries(t *testing.T) {
	eachApplication(t, func(t *testing.T, a provision.Store) {
		var all []*provision.Object
		for i := range 30 {
			o := object(fmt.Sprintf("p%02d", i))
			if i%3 == 0 {
				o.Type = source.Group
			}
			if i%2 == 0 {
				o.Ref = o.Anchor
			}
			o.Seen, o.Gone = int64(i%4), i%5 == 0
			all = append(all, o)
		}
		ok(t, a.PutSource(t.Context(), all))
		for i, o := range all {
			o.Dirty, o.InScope, o.Assigned = i%2 == 0, i%3 > 0, int64(i%3)
			if i%2 == 1 {
				o.Target = "t" + o.Anchor
				o.Met = int64(i % 5)
				o.Left = int64(max(0, i-20))
			}
			o.Retry = int64(max(0, i-25))
		}
		ok(t, a.PutLinks(t.Context(), all))
		slices.SortFunc(all, func(a, b *provision.Object) int {
			return strings.Compare(a.Type+a.Anchor, b.Type+b.Anchor)
		})
		for name, c := range map[string]struct {
			q    provision.ObjectQuery
			want func(o *provision.Object) bool
		}{
			"all":         {provision.ObjectQuery{}, func(*provision.Object) bool { return true }},
			"users":       {provision.ObjectQuery{Type: source.User}, func(o *provision.Object) bool { return o.Type == source.User }},
			"groups":      {provision.ObjectQuery{Type: source.Group}, func(o *provision.Object) bool { return o.Type == source.Group }},
			"dirty":       {provision.ObjectQuery{Dirty: true, Now: 2}, func(o *provision.Object) bool { return o.Dirty && o.Retry <= 2 }},
			"dirty users": {provision.ObjectQuery{Type: source.User, Dirty: true, Now: 2}, func(o *provision.Object) bool { return o.Type == source.User && o.Dirty && o.Retry <= 2 }},
			"unseen":      {provision.ObjectQuery{Unseen: 3}, func(o *provision.Object) bool { return o.Seen != 3 && !o.Gone }},
			"unassigned":  {provision.ObjectQuery{Unassigned: 2}, func(o *provision.Object) bool { return o.Assigned != 2 && o.Assigned > 0 }},
			"unmet":       {provision.ObjectQuery{Unmet: 4}, func(o *provision.Object) bool { return o.Target != "" && o.Met != 4 }},
			"linked":      {provision.ObjectQuery{Linked: true}, func(o *provision.Object) bool { return o.Target != "" }},
			"escrow":      {provision.ObjectQuery{Escrow: true}, func(o *provision.Object) bool { return o.Retry > 0 }},
			"left":        {provision.ObjectQuery{LeftBefore: 6}, func(o *provision.Object) bool { return o.Left > 0 && o.Left < 6 && o.Target != "" && !o.InScope }},
			"by name":     {provision.ObjectQuery{Search: "p07@contoso.test"}, func(o *provision.Object) bool { return o.Anchor == "p07" }},
			"by anchor":   {provision.ObjectQuery{Search: "p09"}, func(o *provision.Object) bool { return o.Anchor == "p09" }},
			"by target":   {provision.ObjectQuery{Search: "tp11"}, func(o *provision.Object) bool { return o.Anchor == "p11" }},
			"by nothing":  {provision.ObjectQuery{Search: "p"}, func(o *provision.Object) bool { return false }},
			"escrow and linked, after": {provision.ObjectQuery{Escrow: true, Linked: true, After: provision.Key{Type: source.User, Anchor: "p27"}},
				func(o *provision.Object) bool {
					return o.Retry > 0 && o.Target != "" && o.Type == source.User && o.Anchor > "p27"
				}},
		} {
			var want []string
			for _, o := range all {
				if c.want(o) {
					want = append(want, o.Anchor)
				}
			}
			if len(want) == 0 && name != "by nothing" {
				t.Errorf("%s: tests nothing", name)
			}
			for _, limit := range []int{0, 1, 4} {
				if got := anchors(paged(t, a, c.q, limit)); !slices.Equal(got, want) {
					t.Errorf("%s, by %d: %v, want %v", name, limit, got, want)
				}
			}
		}
		counts := provision.Counts{}
		for _, o := range all {
			count(&counts, o)
		}
		if got := must(a.CountObjects(t.Context())); got != counts {
			t.Errorf("counts %+v, want %+v", got, counts)
		}
		byRef := must(a.ObjectsByRef(t.Context(), []string{"p02", "dn=p03", "dn=p04", "p05", "nobody"}))
		if got := slices.Sorted(slices.Values(anchors(byRef))); !slices.Equal(got, []string{"p02", "p03"}) {
			t.Errorf("by ref: %v", got) // p04 is its own ref, p05 is not
		}
		byTarget := must(a.ObjectsByTarget(t.Context(), source.User, []string{"tp01", "tp03", "", "nobody"}))
		if got := anchors(byTarget); !slices.Equal(got, []string{"p01"}) {
			t.Errorf("by target: %v", got) // p03 is a group
		}
	})
}

func paged(t *testing.T, a provision.Store, q provision.ObjectQuery, limit int) (all []*provision.Object) {
	t.Helper()
	for q.Limit = limit; ; {
		page := must(a.Objects(t.Context(), q))
		all = append(all, page...)
		if limit == 0 || len(page) < limit {
			return all
		}
		q.After = page[len(page)-1].Key
	}
}

func count(c *provision.Counts, o *provision.Object) {
	add := func(n *int, is bool) {
		if is {
			*n++
		}
	}
	add(&c.Source, !o.Gone)
	add(&c.InScope, o.InScope && !o.Gone)
	add(&c.Linked, o.Target != "")
	add(&c.LinkedUsers, o.Target != "" && o.Type == source.User)
	add(&c.LinkedGroups, o.Target != "" && o.Type == source.Group)
	add(&c.Dirty, o.Dirty)
	add(&c.Escrow, o.Retry > 0)
	add(&c.Left, o.Left > 0)
	if o.Retry > 0 && (c.NextRetry == 0 || o.Retry < c.NextRetry) {
		c.NextRetry = o.Retry
	}
}
