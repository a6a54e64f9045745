package console_test

import (
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/provision/target/hostile"
	"github.com/rollcall-scim/rollcall/sqlstore/storetest"
)

// From nothing to a provisioned target: the connection is tested, a plan is looked
// at, a cycle runs, and the log says what was done.
func TestApplicationIsSetUpAndRuns(t *testing.T) {
	eachRig(t, 3, func(t *testing.T, r *rig) {
		r.get("/applications").ok().has("out", "Off", "none yet", "not by itself")
		r.post("/applications/out/test").ok().has("Both sides answer as they should", "Source", "Authentication", "Clock and ETag")
		r.run("plan", "yes").has("made a plan")
		if n := len(r.target.Users()); n != 0 {
			t.Errorf("a plan wrote %d people", n)
		}
		r.get("/applications/out/plan").ok().has("create: 4", "p1@acme.test", "Everybody is in scope", "Make a new plan")
		r.get("/applications/out/plan?action=update").ok().hasNot("p1@acme.test")
		r.get("/applications/out").ok().has("writes what the plan shows: 4 to create", "wait for you")
		r.run().has("4 created", "Ada") // the admin is one of the people, and it was him who asked
		if n := len(r.target.Users()); n != 4 {
			t.Errorf("%d people at the target", n)
		}
		r.get("/applications/out/plan").ok().has("out of date")
		p := r.get("/applications/out/logs").ok().has("p1@acme.test", "create", "done")
		entry := regexp.MustCompile(`/applications/out/logs/\d+/\d+`).FindString(p.html)
		r.get(entry).ok().has("Requests and answers", "POST", "201").hasNot(r.target.Token)
		r.get("/applications/out/logs?person=p2@acme.test").ok().has("p2@acme.test").hasNot("p1@acme.test")
		r.get("/applications/out/logs?failed=yes").ok().has("Nothing here")
		if p := r.get("/applications/out/logs/export?form=csv").ok(); !strings.HasPrefix(p.html, "time,cycle,action") || strings.Count(p.html, "\n") != 5 {
			t.Errorf("exported %s", p.html)
		}
		r.get("/applications/out/logs/export?form=entra").ok().has("provisioningSteps")
	})
}

// Switching says what it will do, and the server is to look at the application at
// once.
func TestApplicationIsSwitched(t *testing.T) {
	eachRig(t, 1, func(t *testing.T, r *rig) {
		r.get("/applications/out").ok().has("If you switch it on, the first cycle begins within five seconds", "Make a plan first")
		r.done(r.post("/applications/out/status", "status", "on")).has("out is on", "On", "If you switch it off, a cycle that is running ends within a second")
		r.get("/applications").ok().has("On").hasNot("not by itself")
		r.done(r.post("/applications/out/status", "status", "off")).has("out is off")
		r.done(r.post("/applications/out/set-up", "document", r.document("scope: {sync: assigned}"), "version", ""))
		r.done(r.post("/applications/out/status", "status", "on")).has("provisions nobody", "Nobody is assigned")
	})
}

// Who leaves waits for an admin; he approves what he saw and nothing else.
func TestLeaversWait(t *testing.T) {
	eachRig(t, 9, func(t *testing.T, r *rig) {
		r.run()
		leave := func(names ...string) {
			for _, name := range names {
				_, err := r.s.acme.RemoveUser(t.Context(), name+"@acme.test")
				r.s.must(err)
			}
		}
		r.get("/settings").ok().has("Applications Company")
		leave("p1", "p2", "p3")
		r.run().has("3 changes wait for you")
		r.get("/settings").ok().has("Applications 1 Company")
		p := r.get("/applications/out/plan").ok().has("3 changes wait for you", "3 people and groups lose access", "The source does not have it any more")
		ids := regexp.MustCompile(`name="id" value="([^"]+)"`).FindAllStringSubmatch(p.html, -1)
		all := html.UnescapeString(regexp.MustCompile(`name="all" value="([^"]+)"`).FindStringSubmatch(p.html)[1])
		if len(ids) != 3 {
			t.Fatalf("%d are shown", len(ids))
		}
		r.post("/applications/out/plan", "word", "approve").is(422).has("Nothing was chosen")

		leave("p4")
		r.run().has("4 changes wait")
		r.post("/applications/out/plan", "word", "approve", "all", all).is(422).has("changed since you looked")
		chosen := html.UnescapeString(ids[0][1])
		r.post("/applications/out/plan", "word", "approve", "id", chosen).ok().has("Carry out 1 change now?", "Access at the target ends for 1 person or group")
		r.post("/applications/out/plan", "word", "approve", "id", chosen, "sure", "yes").is(303)
		r.settled().has("3 changes wait", "1 disabled, 3 waiting")
		r.post("/applications/out/plan", "word", "approve", "id", chosen, "sure", "yes").is(422).has("does not wait any more")

		p = r.get("/applications/out/plan").ok()
		all = html.UnescapeString(regexp.MustCompile(`name="all" value="([^"]+)"`).FindStringSubmatch(p.html)[1])
		r.done(r.post("/applications/out/plan", "word", "reject", "all", all)).has("3 changes rejected", "3 people and groups stand rejected", "Applications Company")
		r.get("/applications/out/people?view=rejected").ok().has("p4@acme.test", "rejected")
		r.done(r.post("/applications/out/plan/take-back")).has("asks again about 3 people and groups")
	})
}

// "Why?" is answered for anybody; one is provisioned on demand, with a preview; a
// failure has its reason and its next try.
func TestApplicationPeople(t *testing.T) {
	eachRig(t, 3, func(t *testing.T, r *rig) {
		r.get("/applications/out/people").ok().has("No cycle has read the source yet")
		r.post("/applications/out/provision", "key", "p1@acme.test", "preview", "yes").ok().has("What provisioning would do now", "create", "p1@acme.test")
		if n := len(r.target.Users()); n != 0 {
			t.Errorf("a preview wrote %d people", n)
		}
		r.done(r.post("/applications/out/provision", "key", "p1@acme.test", "preview", "no")).has("is provisioned", "In scope", "Everybody is in scope")
		r.target.Switch(func(w *hostile.Switches) { w.Reject = map[string]int{"p2@acme.test": 400} })
		r.run().has("1 failed", "to be tried again")
		r.get("/applications/out/people?view=failed").ok().has("p2@acme.test", "1 failure", "next try").hasNot("p1@acme.test")
		r.get("/applications/out/people?view=linked").ok().has("p1@acme.test", "created").hasNot("p2@acme.test")
		p := r.get("/applications/out/people?q=P1@acme.test").ok().has("p1@acme.test").hasNot("p0@acme.test")
		to := html.UnescapeString(regexp.MustCompile(`/applications/out/person[^"]+`).FindString(p.html))
		key := regexp.MustCompile(`name="key" value="([^"]+)"`).FindStringSubmatch(r.get(to).ok().has("Id at the target", "What the mappings give", "userName").html)[1]
		r.done(r.post("/applications/out/link", "key", key, "unlink", "yes")).has("has no link any more", "None.")
		r.done(r.post("/applications/out/link", "key", key, "id", r.target.User("p1@acme.test")["id"].(string))).has("by hand")
		r.get("/applications/out/person?key=nobody").is(422).has(`No cycle has met "nobody"`).hasNot("rollcall app")
		r.post("/applications/out/provision", "key", "", "preview", "yes").is(422).has("Say who")
	})
}

// What is wrong with a set-up is told with its lines and nothing typed is lost;
// secrets are sealed and shown nowhere; versions can be compared and brought back.
func TestApplicationSetup(t *testing.T) {
	eachRig(t, 1, func(t *testing.T, r *rig) {
		r.get("/new-application").ok().has("LDAP or Active Directory", "This directory")
		r.get("/new-application?template=ldap").ok().has("LDAP_PASSWORD", "typed below").hasNot("rollcall app")
		wrong := strings.Replace(r.document("scope: {sync: everyone}"), "userName: {from", "userName: {form", 1)
		r.post("/applications/out/set-up", "document", wrong).is(422).has("2 things must be put right", "Line 4: scope: {sync: everyone}", "form", "use assigned or all")
		p := r.get("/applications/out/set-up").ok().has("OUT_TOKEN", "Version", "now").hasNot(r.target.Token)
		version := regexp.MustCompile(`name="version" value="(\d+)"`).FindStringSubmatch(p.html)[1]
		narrow := r.document("scope: {sync: assigned, users: [p0@acme.test]}")
		r.done(r.post("/applications/out/set-up", "document", narrow, "version", version)).has("Saved.", "p0@acme.test")
		r.post("/applications/out/set-up", "document", r.document("scope: {sync: all}"), "version", version).is(422).has("was changed since")
		r.get("/applications/out/set-up?diff=" + version).ok().has("What version " + version + " changed")
		r.done(r.post("/applications/out/set-up/roll-back", "to", version)).has("again as it was").hasNot("users: [p0@acme.test]")
		r.post("/applications/out/set-up", "document", strings.Replace(narrow, "name: out", "name: in", 1)).is(422).has("name cannot be changed")
		r.post("/applications/out/set-up", "document", strings.Replace(narrow, "${OUT_TOKEN}", "${OTHER}", 1)).is(422).has("OTHER, and no value is kept")
		r.post("/applications/out/set-up", "document", strings.Replace(narrow, "{kind: directory}", "{kind: csv, path: /etc/passwd}", 1)).is(422).has("/etc/passwd", "whoever runs the server")
		r.post("/new-application", "document", narrow, "secret-OUT_TOKEN", "x").is(422).has("There is an application")
		r.post("/applications/out/set-up", "document", strings.Replace(narrow, "${OUT_TOKEN}", "so-many-words", 1)).is(303)
		r.get("/applications/out/set-up").ok().hasNot("so-many-words")
	})
}

// A cycle that runs can be stopped, and another one cannot begin beside it.
func TestApplicationIsStopped(t *testing.T) {
	eachRig(t, 9, func(t *testing.T, r *rig) {
		r.target.Switch(func(w *hostile.Switches) { w.Slow = 3 * time.Second })
		r.done(r.post("/applications/out/run")).has("A cycle runs.", "Stop")
		r.post("/applications/out/run").is(422).has("A cycle of this application is running")
		r.done(r.post("/applications/out/stop")).has("ends within a second")
		r.settled().has("Stopped by "+admin, "Off")
		p := r.post("/applications/out/stop")
		for p.status == 303 { // the cycle's end is told a moment before its work is put away
			p = r.post("/applications/out/stop")
		}
		p.is(422).has("No cycle runs here")
	})
}

// A set-up that another version has written can be looked at, and mended.
func TestApplicationThatCannotBeRead(t *testing.T) {
	s := newSite(t, storetest.Open(t, storetest.SQLite(t)))
	_, err := s.acme.PutApplication(t.Context(), "odd", "name: odd\nfuture: true\n", nil, 0)
	s.must(err)
	b := s.signedIn(admin)
	for _, page := range []string{"", "/odd", "/odd/plan", "/odd/people", "/odd/logs"} {
		b.get("/applications"+page).ok().has("odd", "Not readable")
	}
	b.get("/applications/odd/set-up").ok().has("Line 2: future: true")
	b.post("/applications/odd/status", "status", "on").is(422).has("cannot be read")
	b.post("/applications/odd/run").is(422)
}

// What an application of Entra ID has is taken over.
func TestSchemaIsTakenOver(t *testing.T) {
	s := newSite(t, storetest.Open(t, storetest.SQLite(t)))
	b := s.signedIn(admin)
	schema := `{"synchronizationRules":[{"objectMappings":[{"enabled":true,"sourceObjectName":"User","targetObjectName":"User","attributeMappings":[{"matchingPriority":1,"source":{"expression":"[userPrincipalName]","type":"Attribute","name":"userPrincipalName"},"targetAttributeName":"userName"}]}]}]}`
	b.post("/new-application/schema", "name", "acme", "schema", schema).ok().has("userName: {from: userPrincipalName, match: 1}", "ACME_TOKEN")
	b.post("/new-application/schema", "name", "acme", "schema", "{").is(422).has("Or take an application over")
}

// An application ends with its name's confirmation, and others cannot see any.
func TestApplicationEnds(t *testing.T) {
	eachRig(t, 1, func(t *testing.T, r *rig) {
		for _, page := range []string{"", "/plan", "/people", "/logs", "/set-up"} {
			r.s.signedIn("p0@acme.test").get("/applications/out" + page).is(403)
		}
		r.get("/applications/other").is(422).has(`no application "other"`)
		r.run()
		r.post("/applications/out/restart").ok().has("Begin out again")
		r.done(r.post("/applications/out/restart", "sure", "yes")).has("begins again")
		r.post("/applications/out/delete").ok().has("Delete out", "2 people and groups")
		r.done(r.post("/applications/out/delete", "sure", "yes")).has("out is deleted", "No application yet")
		r.get("/applications/out").is(422)
		if n := len(r.target.Users()); n != 2 {
			t.Errorf("%d people at the target", n)
		}
	})
}
