package sqlstore_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/provision"
	"github.com/rollcall-scim/rollcall/provision/source"
	"github.com/rollcall-scim/rollcall/sqlstore"
	"github.com/rollcall-scim/rollcall/sqlstore/storetest"
)

func numbers(ops []*provision.Op) (out []string) {
	for _, o := range ops {
		out = append(out, fmt.Sprintf("%d.%d", o.Cycle, o.Number))
	}
	return out
}

func TestProvisionOps(t *testing.T) {
	eachApplication(t, func(t *testing.T, a provision.Store) {
		var ops []*provision.Op
		for cycle := range int64(3) {
			for i := range int64(70) {
				o := op(cycle+1, i+1, fmt.Sprintf("p%d", i))
				o.Guard, o.Loss, o.Losing, o.Target, o.Message, o.Last = "g", 2, provision.LosesAccess, "t", "m\x00\xff", true
				ops = append(ops, o)
			}
		}
		ok(t, a.InsertOps(t.Context(), ops))
		got := must(a.Ops(t.Context(), provision.OpQuery{Cycle: 2, After: 10, Limit: 3, States: []string{provision.Planned}}))
		if !slices.Equal(numbers(got), []string{"2.11", "2.12", "2.13"}) {
			t.Errorf("paged %v", numbers(got))
		}
		want := *ops[80]
		if want.Message = "m\uFFFD\uFFFD"; *got[0] != want {
			t.Errorf("is\n%+v, want\n%+v", *got[0], want)
		}

		ok(t, a.PutSource(t.Context(), []*provision.Object{object("p1"), object("p2")}))
		one, two := *ops[71], *ops[72]
		done(&one, 30)
		one.After, one.Code, one.Message, one.Why = `{"b":2}`, "SystemForCrossDomainIdentityManagementConflict", "said", "not written again"
		two.State, two.Time, two.Status = provision.Failed, 31, "failure"
		p1 := linked(object("p1"), "t-p1")
		ok(t, a.Finish(t.Context(), []*provision.Op{&two, &one}, []*provision.Object{p1}))
		got = must(a.Ops(t.Context(), provision.OpQuery{Log: true}))
		if !slices.Equal(numbers(got), []string{"2.3", "2.2"}) {
			t.Fatalf("log %v", numbers(got))
		}
		if one.Why = "new"; *got[1] != one {
			t.Errorf("is\n%+v, want\n%+v", *got[1], one)
		}
		if found := must(a.ObjectsByKey(t.Context(), []provision.Key{p1.Key})); *found[0] != *p1 {
			t.Errorf("is\n%+v, want\n%+v", *found[0], *p1)
		}
		counts := must(a.CountOps(t.Context(), 2))
		if want := []provision.OpCount{
			{Action: "create", State: "done", Losing: "deprovision", N: 1, Loss: 2},
			{Action: "create", State: "failed", Losing: "deprovision", N: 1, Loss: 2},
			{Action: "create", State: "planned", Losing: "deprovision", N: 68, Loss: 136},
		}; !slices.Equal(counts, want) {
			t.Errorf("counts %+v", counts)
		}
		if n := must(a.Losses(t.Context(), provision.LosesAccess, 30)); n != 2 {
			t.Errorf("lost %d", n) // what failed was not lost
		}
		if n := must(a.Losses(t.Context(), provision.LosesAccess, 31)) + must(a.Losses(t.Context(), provision.LosesMembers, 0)); n != 0 {
			t.Errorf("lost %d", n)
		}
	})
}

func TestProvisionOpStates(t *testing.T) {
	eachApplication(t, func(t *testing.T, a provision.Store) {
		var ops []*provision.Op
		for i := range int64(6) {
			o := op(1+i/3, i, "anna")
			if i%3 > 0 {
				o.Losing = provision.LosesAccess
			}
			if i%3 == 2 {
				o.Guard = "protected"
			}
			ops = append(ops, o)
		}
		ok(t, a.InsertOps(t.Context(), ops))
		states := func(want string) {
			t.Helper()
			var got []string
			for _, o := range must(a.Ops(t.Context(), provision.OpQuery{})) {
				got = append(got, o.State)
			}
			if strings.Join(got, " ") != want {
				t.Errorf("states %v, want %s", got, want)
			}
		}
		if n := must(a.StageOps(t.Context(), 2, provision.LosesAccess, "too many")); n != 1 {
			t.Errorf("staged %d", n)
		}
		states("planned planned planned planned staged planned")
		if o := must(a.Ops(t.Context(), provision.OpQuery{States: []string{provision.Staged, provision.Done}})); len(o) != 1 || o[0].Guard != "too many" {
			t.Errorf("staged %v", o)
		}
		if n := must(a.SetOpState(t.Context(), 2, provision.Staged, provision.Planned, nil)); n != 1 {
			t.Errorf("set %d", n)
		}
		if n := must(a.SetOpState(t.Context(), 2, provision.Planned, provision.Rejected, []int64{3, 5, 0})); n != 2 {
			t.Errorf("set %d", n)
		}
		if n := must(a.SetOpState(t.Context(), 2, provision.Planned, provision.Rejected, []int64{})); n != 0 {
			t.Errorf("set %d", n)
		}
		states("planned planned planned rejected planned rejected")
		ok(t, a.SupersedeBefore(t.Context(), 2))
		states("superseded superseded superseded rejected planned rejected")
	})
}

// TestProvisionSuperseded: what waited is forgotten when it is planned again, but
// in a plan that somebody looked at.
func TestProvisionSuperseded(t *testing.T) {
	eachApplication(t, func(t *testing.T, a provision.Store) {
		for cycle, phase := range []string{provision.PhaseEnded, provision.PhasePlanning, provision.PhaseEnded} {
			n := int64(cycle + 1)
			ok(t, a.PutCycle(t.Context(), &provision.Cycle{Number: n, Phase: phase, Ended: n, Outcome: provision.Success}))
			staged, planned := op(n, 1, "anna"), op(n, 2, "bert")
			staged.State = provision.Staged
			ok(t, a.InsertOps(t.Context(), []*provision.Op{staged, planned}))
		}
		ok(t, a.SupersedeBefore(t.Context(), 3))
		var got []string
		for _, o := range must(a.Ops(t.Context(), provision.OpQuery{})) {
			got = append(got, fmt.Sprintf("%d %s", o.Cycle, o.State))
		}
		if want := "1 superseded, 2 superseded, 2 superseded, 3 staged, 3 planned"; strings.Join(got, ", ") != want {
			t.Errorf("left %v, want %s", got, want)
		}
	})
}

// TestProvisionLog: a page of the log breaks off at no moment that others share.
func TestProvisionLog(t *testing.T) {
	eachApplication(t, func(t *testing.T, a provision.Store) {
		ok(t, a.PutSource(t.Context(), []*provision.Object{object("renamed")}))
		var ops []*provision.Op
		for i := range int64(40) {
			o := done(op(1, i+1, fmt.Sprintf("p%d", i%4)), 100+i/6)
			if i%5 == 0 {
				o.Status = "failure"
			}
			if i%10 == 0 {
				o.Anchor, o.NameKey, o.Target = "renamed", "former@contoso.test", "t-gone"
			}
			ops = append(ops, o)
		}
		ok(t, a.InsertOps(t.Context(), append(slices.Clone(ops), op(1, 99, "p1"), op(1, 98, "renamed"))))
		slices.Reverse(ops)
		for name, c := range map[string]struct {
			q    provision.OpQuery
			want func(o *provision.Op) bool
		}{
			"all":         {provision.OpQuery{}, func(o *provision.Op) bool { return true }},
			"since":       {provision.OpQuery{Since: 103}, func(o *provision.Op) bool { return o.Time >= 103 }},
			"failed":      {provision.OpQuery{Failed: true}, func(o *provision.Op) bool { return o.Status == "failure" }},
			"by anchor":   {provision.OpQuery{Person: "p1"}, func(o *provision.Op) bool { return o.Anchor == "p1" }},
			"by id":       {provision.OpQuery{Person: "t-p3"}, func(o *provision.Op) bool { return o.Target == "t-p3" }},
			"by name":     {provision.OpQuery{Person: "p3@contoso.test"}, func(o *provision.Op) bool { return o.Anchor == "p3" }},
			"former name": {provision.OpQuery{Person: "former@contoso.test"}, func(o *provision.Op) bool { return o.Anchor == "renamed" }},
			"former id":   {provision.OpQuery{Person: "t-gone"}, func(o *provision.Op) bool { return o.Anchor == "renamed" }},
			"name of now": {provision.OpQuery{Person: "renamed@contoso.test"}, func(o *provision.Op) bool { return o.Anchor == "renamed" }},
			"all of it": {provision.OpQuery{Cycle: 1, Person: "renamed@contoso.test", Failed: true, Since: 102},
				func(o *provision.Op) bool { return o.Anchor == "renamed" && o.Status == "failure" && o.Time >= 102 }},
		} {
			var want []string
			for _, o := range ops {
				if c.want(o) {
					want = append(want, fmt.Sprintf("%d.%d", o.Cycle, o.Number))
				}
			}
			if len(want) == 0 {
				t.Errorf("%s: tests nothing", name)
			}
			for _, limit := range []int{0, 1, 7} {
				if got := numbers(logged(t, a, c.q, limit)); !slices.Equal(got, want) {
					t.Errorf("%s, by %d: %v, want %v", name, limit, got, want)
				}
			}
		}
	})
}

func logged(t *testing.T, a provision.Store, q provision.OpQuery, limit int) (all []*provision.Op) {
	t.Helper()
	for q.Log, q.Limit = true, limit; ; {
		page := must(a.Ops(t.Context(), q))
		all = append(all, page...)
		if limit == 0 || len(page) < limit {
			return all
		}
		q.Before = page[len(page)-1].Time
	}
}

func TestProvisionPrune(t *testing.T) {
	eachApplication(t, func(t *testing.T, a provision.Store) {
		for cycle := range int64(4) {
			c := &provision.Cycle{Number: cycle + 1, Ended: 10 * (cycle + 1), Kind: provision.Full, Stats: "{}"}
			ok(t, a.PutCycle(t.Context(), c))
			if got := must(a.Cycle(t.Context(), c.Number)); *got != *c {
				t.Errorf("is %+v, want %+v", got, c)
			}
			superseded, staged := op(c.Number, 2, "b"), op(c.Number, 3, "c")
			superseded.State = provision.Superseded
			if staged.State = provision.Superseded; cycle == 1 {
				staged.State = provision.Staged
			}
			ok(t, a.InsertOps(t.Context(), []*provision.Op{done(op(c.Number, 1, "a"), c.Ended-1), superseded, staged}))
		}
		if c := must(a.Cycle(t.Context(), 9)); c != nil {
			t.Errorf("there is %+v", c)
		}
		if n := must(a.Prune(t.Context(), 31)); n != 8 {
			t.Errorf("pruned %d", n)
		}
		if got := numbers(must(a.Ops(t.Context(), provision.OpQuery{}))); !slices.Equal(got, []string{"2.3", "4.1", "4.2", "4.3"}) {
			t.Errorf("left %v", got)
		}
		var left []int64
		for _, c := range must(a.Cycles(t.Context(), 0, 9)) {
			left = append(left, c.Number)
		}
		if !slices.Equal(left, []int64{4, 2}) {
			t.Errorf("cycles %v", left)
		}
		ok(t, a.PutCycle(t.Context(), &provision.Cycle{Number: 4, Ended: 3}))
		must(a.Prune(t.Context(), 99))
		if c := must(a.Cycle(t.Context(), 4)); c == nil || c.Ended != 3 {
			t.Errorf("the newest cycle is %+v", c)
		}
	})
}

func TestProvisionTargets(t *testing.T) {
	eachApplication(t, func(t *testing.T, a provision.Store) {
		match := func(cycle int64, value string, limit int, want ...string) {
			t.Helper()
			var got []string
			for _, o := range must(a.MatchTargets(t.Context(), cycle, source.User, provision.MatchKey{Path: "userName", Value: value}, limit)) {
				got = append(got, o.ID)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s in cycle %d is %v, want %v", value, cycle, got, want)
			}
		}
		long := strings.Repeat("x", 9000)
		twin := atTarget("t3", 1, "x")
		group := atTarget("t9", 1, "x")
		group.Type = source.Group
		ok(t, a.PutTargets(t.Context(), []provision.TargetObject{atTarget("t2", 1, "x"), twin, atTarget("t1", 1, "y"), group, atTarget("t4", 1, long), twin}))
		match(1, "x", 9, "t2", "t3")
		match(1, "x", 1, "t2")
		match(2, "x", 9)
		match(1, "xx", 9) // is the externalId
		match(1, long, 9, "t4")
		if got := must(a.Targets(t.Context(), source.User, "t2", 1)); len(got) != 1 || !reflect.DeepEqual(got[0], twin) {
			t.Errorf("is %+v, want %+v", got, twin)
		}
		ok(t, a.PutTargets(t.Context(), []provision.TargetObject{atTarget("t2", 2, "z"), atTarget("t1", 2, "y")}))
		match(2, "z", 9, "t2")
		match(1, "x", 9, "t3")
		ok(t, a.DeleteTargetsBefore(t.Context(), 2))
		match(1, "x", 9)
		if got := must(a.Targets(t.Context(), source.Group, "", 9)); len(got) != 0 {
			t.Errorf("left %v", got)
		}
		ok(t, a.DeleteTargets(t.Context(), source.User, []string{"t1", "nobody"}))
		match(2, "y", 9)
		match(2, "z", 9, "t2")
	})
}

func TestProvisionWaiting(t *testing.T) {
	eachApplication(t, func(t *testing.T, a provision.Store) {
		waiting := func(want string, refs ...string) {
			t.Helper()
			keys := must(a.Waiting(t.Context(), refs))
			slices.SortFunc(keys, func(a, b provision.Key) int { return strings.Compare(a.Type+a.Anchor, b.Type+b.Anchor) })
			if got := fmt.Sprint(keys); got != want {
				t.Errorf("%s wait for %v, want %s", got, refs, want)
			}
		}
		anna, staff := provision.Key{Type: source.User, Anchor: "anna"}, provision.Key{Type: source.Group, Anchor: "staff"}
		ok(t, a.Await(t.Context(), map[provision.Key][]string{anna: []string{"boss", "boss", "deputy"}}))
		ok(t, a.Await(t.Context(), map[provision.Key][]string{staff: []string{"boss"}}))
		waiting("[{Group staff} {User anna}]", "deputy", "boss")
		ok(t, a.Await(t.Context(), map[provision.Key][]string{anna: []string{"deputy"}}))
		waiting("[{Group staff}]", "boss")
		ok(t, a.Await(t.Context(), map[provision.Key][]string{anna: nil}))
		waiting("[]", "deputy")
	})
}

// TestProvisionAll: what concerns all goes in steps, and reaches all.
func TestProvisionAll(t *testing.T) {
	eachApplication(t, func(t *testing.T, a provision.Store) {
		defer sqlstore.SetProvisionStep(7)()
		fill(t, a)
		var people []*provision.Object
		for i := range 30 {
			o := linked(object(fmt.Sprintf("p%02d", i)), fmt.Sprintf("t%02d", i))
			o.Failures, o.Retry, o.Error = 3, 50, "{}"
			people = append(people, o)
		}
		ok(t, a.PutSource(t.Context(), people))
		ok(t, a.PutLinks(t.Context(), people))
		ok(t, a.MarkDirty(t.Context(), nil))
		if c := must(a.CountObjects(t.Context())); c.Dirty != 33 || c.Escrow != 0 {
			t.Errorf("counts %+v", c)
		}
		ok(t, a.PutLinks(t.Context(), people))
		ok(t, a.PutState(t.Context(), provision.State{Watermark: "w", Setup: 1, Cycle: 2, LastFull: 3, LastGood: 4, Quarantine: "{}", Escrowed: 5}))
		ok(t, a.Restart(t.Context()))
		if st := must(a.State(t.Context())); st != (provision.State{NextRun: 50, Setup: 1, Cycle: 2, LastGood: 4}) {
			t.Errorf("restarted with %+v", st)
		}
		if c := must(a.CountObjects(t.Context())); c.Dirty != 33 || c.Escrow != 0 || c.Linked != 32 {
			t.Errorf("counts %+v", c)
		}
		for _, o := range must(a.Objects(t.Context(), provision.ObjectQuery{})) {
			if o.Failures != 0 || o.Error != "" {
				t.Errorf("still in escrow: %+v", o)
			}
		}
		if got := must(a.Targets(t.Context(), source.User, "", 9)); len(got) != 0 {
			t.Errorf("left %v", got)
		}
		ok(t, a.Forget(t.Context()))
		nobody := shown(t, must(a, nil))
		if strings.Contains(nobody, "anna") || strings.Contains(nobody, "staff") || !strings.HasSuffix(nobody, fmt.Sprintf("%+v\n%+v\n", provision.State{}, provision.Counts{})) {
			t.Errorf("forgotten, and left is\n%s", nobody)
		}
	})
}

// TestProvisionLong: what is too long to be a key is refused with the cure; what
// is only searched is found by its hash.
func TestProvisionLong(t *testing.T) {
	eachApplication(t, func(t *testing.T, a provision.Store) {
		long := strings.Repeat("ü", 5000)
		o := object("anna")
		o.Ref, o.NameKey, o.Name = long, long, long
		ok(t, a.PutSource(t.Context(), []*provision.Object{o}))
		if got := must(a.ObjectsByRef(t.Context(), []string{long})); len(got) != 1 || got[0].Ref != long {
			t.Errorf("by ref: %v", got)
		}
		if got := must(a.Objects(t.Context(), provision.ObjectQuery{Search: long})); len(got) != 1 {
			t.Errorf("by name: %v", got)
		}
		for _, err := range []error{a.PutSource(t.Context(), []*provision.Object{object(long)}), a.PutLinks(t.Context(), []*provision.Object{linked(o, long)})} {
			if err == nil || !strings.Contains(err.Error(), "may have 512: choose another attribute") {
				t.Errorf("said %v", err)
			}
		}
	})
}

// TestProvisionTogether: several at once neither wait for each other for ever
// nor lose anything; on PostgreSQL from two processes.
func TestProvisionTogether(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		stores := []provision.Stores{storetest.Open(t, url).Provision(), storetest.Open(t, url).Provision()}
		var people []*provision.Object
		for i := range 200 {
			people = append(people, object(fmt.Sprintf("p%03d", i)))
		}
		ok(t, stores[0].Application(1, "app").PutSource(t.Context(), people))
		results := make(chan error)
		for i := range 8 {
			a := stores[i%2].Application(1, "app")
			mine := slices.Clone(people)
			if i%4 > 1 {
				slices.Reverse(mine)
			}
			go func() {
				var err error
				for range 5 {
					switch i / 2 {
					case 0:
						err = a.PutLinks(t.Context(), mine)
					case 1:
						err = a.MarkDirty(t.Context(), nil)
					default:
						err = a.PutSource(t.Context(), mine)
					}
					if err != nil {
						break
					}
				}
				results <- err
			}()
		}
		for range 8 {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
		if c := must(stores[1].Application(1, "app").CountObjects(t.Context())); c.Source != 200 {
			t.Errorf("counts %+v", c)
		}
	})
}
