package provision_test

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/provision"
	"github.com/rollcall-scim/rollcall/provision/target/hostile"
	"github.com/rollcall-scim/rollcall/sqlstore"
	"github.com/rollcall-scim/rollcall/sqlstore/storetest"
)

// TestI5CrashSafety kills the process that exports, again and again, while the
// target stays up and loses answers. In the end everybody is there, once.
func TestI5CrashSafety(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		random := rand.New(rand.NewPCG(seed, 0))
		r := newRig(t, storetest.Open(t, url))
		r.have(40)
		for i := range r.people {
			r.people[i].manager = r.people[random.IntN(40)].key
		}
		r.groups["Staff"], r.groups["Sales"] = r.some(random), r.some(random)
		r.target.Switch(func(w *hostile.Switches) { w.Slow = time.Millisecond; w.AcceptDuplicates = true })
		r.target.Misbehave(hostile.Fault{Kind: hostile.LoseAnswer, Method: "POST", Every: 7})
		r.target.Misbehave(hostile.Fault{Kind: hostile.Fail, Method: "PATCH", Every: 9})
		killed := 0
		for range more(4) {
			if r.killed(url, 1+random.IntN(50)) {
				killed++
			}
		}
		if killed == 0 {
			t.Error("no process was killed: this test has tested nothing")
		}
		r.target.Behave()
		r.target.Switch(func(w *hostile.Switches) { w.AcceptDuplicates = true })
		for range 3 { // whoever failed is tried again
			r.now = r.now.Add(time.Hour)
			r.cycle(provision.Request{})
		}
		r.agrees()
		r.want("users", len(r.target.Users()), 40)
		r.want("groups", len(r.target.Groups()), 2)
		r.quiet("after all")
	})
}

// killed runs a cycle in a process of its own, and kills it when the target has
// been sent so many requests that change something.
func (r *rig) killed(url string, writes int) bool {
	r.save()
	r.now = r.now.Add(time.Hour)
	r.target.ForgetRequests()
	cmd := exec.Command(os.Args[0], "-test.run=^TestProcess$")
	cmd.Env = append(os.Environ(), "ROLLCALL_TEST_URL="+url, "ROLLCALL_TEST_APP="+r.yaml, "ROLLCALL_TEST_NOW="+strconv.FormatInt(r.now.Unix(), 10))
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		r.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for {
		select {
		case err := <-ended:
			if err != nil {
				r.Errorf("the process ended by itself: %v\n%s", err, said.String())
			}
			return false
		case <-look.C:
			if len(r.target.Writes()) >= writes {
				_ = cmd.Process.Kill()
				<-ended
				return true
			}
		}
	}
}

// TestProcess is the process of killed.
func TestProcess(t *testing.T) {
	yaml, url := os.Getenv("ROLLCALL_TEST_APP"), os.Getenv("ROLLCALL_TEST_URL")
	if yaml == "" {
		t.Skip("only TestI5CrashSafety starts it")
	}
	now, _ := strconv.ParseInt(os.Getenv("ROLLCALL_TEST_NOW"), 10, 64)
	store, err := sqlstore.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	r := &rig{T: t, id: "app", store: store, yaml: yaml, now: time.Unix(now, 0)}
	if _, err := r.open().Run(t.Context(), provision.Request{}); err != nil {
		t.Fatal(err)
	}
}

// TestLostAnswers: a POST that was carried out and not answered is not sent again
// before the target was asked, however it failed.
func TestLostAnswers(t *testing.T) {
	randomly(t, 2, func(r *rig, random *rand.Rand) {
		r.have(30)
		r.groups["Staff"] = r.some(random)
		r.target.Switch(func(w *hostile.Switches) { w.AcceptDuplicates = true })
		for i, kind := range []hostile.Kind{hostile.LoseAnswer, hostile.Fail, hostile.Truncate, hostile.ForgetHeaders} {
			r.target.Misbehave(hostile.Fault{Kind: kind, Method: "POST", Every: 3 + i, Times: 4})
		}
		r.cycle(provision.Request{})
		r.target.Behave()
		r.now = r.now.Add(time.Hour)
		r.cycle(provision.Request{})
		r.want("users", len(r.target.Users()), 30)
		r.want("groups", len(r.target.Groups()), 1)
		r.agrees()
		r.quiet("later")
	})
}
