package provision_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/provision"
	"github.com/rollcall-scim/rollcall/provision/target/hostile"
)

// TestThrottled: refusals for asking too often are waited for, and nobody fails
// by them.
func TestThrottled(t *testing.T) {
	onRig(t, func(r *rig) {
		r.have(30)
		r.target.Misbehave(hostile.Fault{Status: 429, RetryAfter: 2 * time.Second, Every: 3, Times: 20})
		c := r.good(provision.Request{})
		r.want("failed", c.Counted().Failed, 0)
		r.want("users", len(r.target.Users()), 30)
		if r.waited.Load() == 0 {
			r.Error("nobody waited")
		}
	})
}

// TestEscrow: whoever failed is tried again after a minute, and each time later,
// but at once when the source has another value.
func TestEscrow(t *testing.T) {
	onRig(t, func(r *rig) {
		r.have(20)
		r.target.Misbehave(hostile.Fault{Kind: hostile.Refuse, Status: 500, Method: "POST", Body: "p7@contoso.test"})
		var last time.Duration
		for i := range 5 {
			r.ends(provision.Warning, provision.Request{})
			o := r.object("k7")
			wait := time.UnixMicro(o.Retry).Sub(r.now)
			if o.Failures != i+1 || wait < last*3/2 || wait < time.Minute || wait > 7*time.Hour {
				r.Errorf("failure %d: %d, next try in %s after %s", i+1, o.Failures, wait, last)
			}
			last = wait
			r.target.ForgetRequests()
			r.now = r.now.Add(wait/2 - time.Minute)
			r.cycle(provision.Request{})
			r.want("tried before its time", r.writes(), []string(nil))
			r.now = time.UnixMicro(o.Retry).Add(-30 * time.Second)
		}
		r.now = r.now.Add(-time.Hour)
		r.target.Behave()
		r.person("k7").department = "Space"
		r.good(provision.Request{})
		r.want("at once after a change", departmentOf(r.user("p7")), "Space")
		r.want("escrow is over", r.object("k7").Retry, 0)
	})
}

// TestBreaker: a target where most fails is left alone and tried again later; one
// that refuses the token at once.
func TestBreaker(t *testing.T) {
	onRig(t, func(r *rig) {
		r.have(60)
		r.target.Misbehave(hostile.Fault{Kind: hostile.Refuse, Status: 400, Method: "POST"})
		r.ends(provision.Breaking, provision.Request{})
		if n := len(r.writes()); n > 20 {
			r.Errorf("%d requests before it was noticed", n)
		}
		_, err := r.engine().Run(r.Context(), provision.Request{Actor: provision.BySchedule})
		if !errors.Is(err, provision.ErrQuarantined) {
			r.Errorf("a cycle in quarantine: %v", err)
		}
		r.now = r.now.Add(15 * time.Minute)
		r.ends(provision.Breaking, provision.Request{Actor: provision.BySchedule})
		if n := len(r.writes()); n > 20 {
			r.Errorf("%d requests of a probe", n)
		}
		r.target.Behave()
		r.now = r.now.Add(30 * time.Minute)
		r.good(provision.Request{Actor: provision.BySchedule})
		r.want("users", len(r.target.Users()), 60)
		st, err := r.state().State(r.Context())
		if err != nil || st.Quarantined() != nil {
			r.Errorf("%+v %v", st, err)
		}

		token := r.target.Token
		r.target.Token = "another"
		r.people[0].department = "Space"
		r.ends(provision.Breaking, provision.Request{})
		if n := len(r.target.Requests()); n > 5 {
			r.Errorf("%d requests with a token that is refused", n)
		}
		r.want("nobody is to blame", r.object("k0").Failures, 0)
		r.target.Token = token
		r.good(provision.Request{})
	})
}

// TestFewFailures: forty percent of a handful is no reason to stop.
func TestFewFailures(t *testing.T) {
	onRig(t, func(r *rig) {
		r.have(4)
		r.target.Switch(func(w *hostile.Switches) {
			w.Reject = map[string]int{"p0@contoso.test": 400, "p1@contoso.test": 400, "p2@contoso.test": 400}
		})
		r.ends(provision.Warning, provision.Request{})
		r.want("users", len(r.target.Users()), 1)
	})
}

// TestLists that cannot be relied on are not: nobody is made twice and nobody
// vanishes.
func TestLists(t *testing.T) {
	for name, x := range map[string]struct {
		switches hostile.Switches
		profile  string
	}{
		"too high a total":      {switches: hostile.Switches{WrongTotal: 7}},
		"too low a total":       {switches: hostile.Switches{WrongTotal: -7}},
		"pages overlap":         {switches: hostile.Switches{RepeatPages: true, PageSize: 5}},
		"small pages":           {switches: hostile.Switches{PageSize: 3}},
		"no filter":             {switches: hostile.Switches{IgnoreFilter: true}},
		"no filter, wrong":      {profile: "aws", switches: hostile.Switches{WrongTotal: 7}},
		"as Entra wrote before": {profile: "entra-legacy"},
		"all on one page":       {profile: "google"},
	} {
		t.Run(name, func(t *testing.T) {
			onRig(t, func(r *rig) {
				x.switches.AcceptDuplicates = true
				r.target.Switch(func(w *hostile.Switches) { *w = x.switches })
				if x.profile != "" {
					r.with("token:", "profile: "+x.profile+", token:")
				}
				r.have(20)
				r.groups["Staff"] = []string{"k0", "k1", "k2"}
				id := r.make(r.client(), "User", map[string]any{"userName": "p17@contoso.test"})
				r.cycle(provision.Request{})
				r.want("found", r.object("k17").Target, id)
				r.cycle(provision.Request{Full: true})
				r.want("writes", r.writes(), []string(nil))
				r.groups["Staff"] = []string{"k1"}
				r.people[4].department = "Space"
				r.cycle(provision.Request{})
				r.want("users", len(r.target.Users()), 20)
				r.want("members", r.members("Staff"), r.ids("p1"))
				r.agrees()
			})
		})
	}
}

// TestStop: a cycle ends within a second of being switched off, and the next one
// goes on without making anybody twice.
func TestStop(t *testing.T) {
	onRig(t, func(r *rig) {
		r.have(400)
		r.target.Switch(func(w *hostile.Switches) { w.Slow = 50 * time.Millisecond; w.AcceptDuplicates = true })
		e := r.open()
		var off time.Time
		e.Changed = func(context.Context) (bool, error) {
			if off.IsZero() && len(r.target.Users()) > 3 {
				off = time.Now()
			}
			return !off.IsZero(), nil
		}
		r.save()
		c, err := e.Run(r.Context(), provision.Request{})
		if err != nil {
			r.Fatal(err)
		}
		took := time.Since(off)
		r.want("outcome", c.Outcome, provision.Stopped)
		if took > 1500*time.Millisecond {
			r.Errorf("it took %s to stop", took)
		}
		if n := len(r.target.Users()); n > 200 {
			r.Errorf("%d were made nevertheless", n)
		}
		r.target.Switch(func(w *hostile.Switches) { w.Slow = 0 })
		r.with("displayName: {from: displayName}", "displayName: {from: userPrincipalName}") // why it was stopped
		r.good(provision.Request{})
		r.want("users", len(r.target.Users()), 400)
		r.want("duplicates", r.target.Duplicates(), 0)
		for _, u := range r.target.Users() {
			if u["displayName"] != u["userName"] {
				r.Fatalf("%s has the name of the set-up before: %s", u["userName"], u["displayName"])
			}
		}
	})
}

// TestLease: one process at a time; whoever died is followed.
func TestLease(t *testing.T) {
	onRig(t, func(r *rig) {
		r.have(2).good(provision.Request{})
		if err := r.state().Lease(r.Context(), "somebody else", r.now.UnixMicro(), r.now.Add(10*time.Second).UnixMicro()); err != nil {
			r.Fatal(err)
		}
		if _, err := r.open().Run(r.Context(), provision.Request{}); !errors.Is(err, provision.ErrLeased) {
			r.Errorf("beside another process: %v", err)
		}
		r.now = r.now.Add(11 * time.Second)
		if _, err := r.open().Run(r.Context(), provision.Request{}); err != nil {
			r.Errorf("after its end: %v", err)
		}
	})
}

// TestBadAnswers: half an answer, a web page or an error in an answer of 200 make
// nobody twice, and everybody is there in the end.
func TestBadAnswers(t *testing.T) {
	onRig(t, func(r *rig) {
		r.have(30)
		r.target.Switch(func(w *hostile.Switches) { w.AcceptDuplicates = true })
		for i, kind := range []hostile.Kind{hostile.WebPage, hostile.Truncate, hostile.ErrorIn200, hostile.ForgetHeaders, hostile.OldDate} {
			r.target.Misbehave(hostile.Fault{Kind: kind, Method: "POST", Every: 5 + i, Times: 2})
			r.target.Misbehave(hostile.Fault{Kind: kind, Method: "PATCH", Every: 5 + i, Times: 2})
		}
		r.groups["Staff"] = []string{"k0", "k1"}
		r.cycle(provision.Request{})
		for i := range r.people {
			r.people[i].department = "Space"
		}
		r.cycle(provision.Request{})
		r.target.Behave()
		r.now = r.now.Add(time.Hour)
		r.good(provision.Request{})
		r.want("users", len(r.target.Users()), 30)
		r.agrees()
		r.quiet("better")
	})
}

// TestHiddenTaken: a name that somebody has whom nobody sees is a conflict, and
// says so.
func TestHiddenTaken(t *testing.T) {
	onRig(t, func(r *rig) {
		r.have(2)
		r.target.Switch(func(w *hostile.Switches) { w.Reject = map[string]int{"p1@contoso.test": 409} })
		r.ends(provision.Warning, provision.Request{})
		if o := r.object("k1"); !strings.Contains(o.Error, "EntryConflict") {
			r.Errorf("%s", o.Error)
		}
		r.want("users", len(r.target.Users()), 1)
	})
}

// TestNextRun: an application comes again at its schedule, earlier for somebody in
// escrow, and never at once and for ever.
func TestNextRun(t *testing.T) {
	onRig(t, func(r *rig) {
		next := func() time.Duration {
			st, err := r.state().State(r.Context())
			if err != nil {
				r.Fatal(err)
			}
			return time.UnixMicro(st.NextRun).Sub(r.now).Round(time.Second)
		}
		r.have(3).good(provision.Request{})
		r.want("schedule", next(), 40*time.Minute)
		r.target.Misbehave(hostile.Fault{Kind: hostile.Refuse, Status: 500, Method: "PATCH"})
		r.people[0].department = "Space"
		r.cycle(provision.Request{})
		if d := next(); d < 10*time.Second || d > 2*time.Minute {
			r.Errorf("escrow: %s", d)
		}
		r.write("users.csv", "broken \"")
		r.now = r.now.Add(time.Hour)
		if _, err := r.engine().Run(r.Context(), provision.Request{}); err != nil {
			r.Fatal(err)
		}
		r.want("a source that fails", next(), time.Minute)
		r.target.Token = "another"
		r.cycle(provision.Request{Full: true})
		r.want("quarantine", fmt.Sprint(next()), "15m0s")
		r.now = r.now.Add(20 * time.Minute)
		r.write("users.csv", "broken \"")
		if _, err := r.engine().Run(r.Context(), provision.Request{}); err != nil {
			r.Fatal(err)
		}
		r.want("a source that fails in quarantine", next(), time.Minute)
	})
}

// TestFailedMatch: whoever was found keeps his link though the first change of
// him fails, and stays in his groups meanwhile.
func TestFailedMatch(t *testing.T) {
	onRig(t, func(r *rig) {
		r.have(3)
		id := r.make(r.client(), "User", map[string]any{"userName": "p1@contoso.test", "title": "Kept"})
		r.target.Misbehave(hostile.Fault{Kind: hostile.Refuse, Status: 400, Method: "PATCH", Resource: "Users"})
		r.groups["Staff"] = []string{"k0", "k1"}
		r.ends(provision.Warning, provision.Request{})
		r.want("link", r.object("k1").Target, id)
		r.groups["Staff"] = []string{"k0", "k1", "k2"}
		r.now = r.now.Add(-30 * time.Second)
		r.cycle(provision.Request{})
		r.want("members", r.members("Staff"), r.ids("p0", "p1", "p2"))
		r.target.Behave()
		r.now = r.now.Add(time.Hour)
		r.good(provision.Request{})
		r.agrees()
		r.want("what is not mapped", r.user("p1")["title"], "Kept")
		r.quiet("later")
	})
}

// TestNewTokenEndsQuarantine: whoever gave the application another set-up does
// not wait for the next try.
func TestNewTokenEndsQuarantine(t *testing.T) {
	onRig(t, func(r *rig) {
		r.have(3)
		token := r.target.Token
		e := r.engine()
		r.target.Token = "another"
		r.ends(provision.Breaking, provision.Request{Actor: provision.BySchedule})
		if _, err := e.Run(r.Context(), provision.Request{Actor: provision.BySchedule}); !errors.Is(err, provision.ErrQuarantined) {
			t.Fatalf("in quarantine: %v", err)
		}
		r.target.Token = token
		e.Version++
		r.good(provision.Request{Actor: provision.BySchedule})
	})
}
