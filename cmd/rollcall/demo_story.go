package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/provision"
)

// figures are what the story ends with; the demo checks its own.
type figures struct {
	matched, created, failed int
	people, unmatched        int64
}

// play is the worked example of the set-up guide: 200 people, 100 assigned, 90
// of them the same.
func (s *stage) play(ctx context.Context) error {
	s.say("%s\n", s.bold("Rollcall demo: a company provisions its people into a service"))
	s.say("Acme, the service, has %d people in %d groups, all made by hand.", peopleBefore, len(places)+1)
	s.say("Contoso, the company, has %d people; %d are assigned to Acme, %d of whom Acme knows.\n", peopleContoso, len(assigned()), peopleMatched)
	for _, scene := range []func(context.Context) error{s.setUp, s.plan, s.initialCycle, s.cure, s.sum, s.change, s.leave} {
		if err := scene(ctx); err != nil {
			return err
		}
	}
	return nil
}

// setUp applies the application and tests its connection.
func (s *stage) setUp(ctx context.Context) error {
	s.say("%s", s.bold("1  Contoso's application: who, as what, and where to"))
	text := demoApplication(s.acmeURL(), s.token)
	s.excerpt(strings.Replace(text, s.token, "${ACME_TOKEN}", 1), excerpt{first: 11})
	if err := s.commandWith(ctx, text, everything, "app", "apply", "-f", "-", "--tenant", "contoso"); err != nil {
		return err
	}
	row, err := s.contoso.Row(ctx)
	if err != nil {
		return err
	}
	app, err := s.contoso.Application(ctx, "acme")
	if err != nil {
		return err
	}
	s.state = s.store.Provision().Application(row.ID, app.ID)
	return s.app(ctx, everything, "test", "acme")
}

// app runs a command on Contoso's application.
func (s *stage) app(ctx context.Context, show excerpt, args ...string) error {
	return s.command(ctx, show, append(append([]string{"app"}, args...), "--tenant", "contoso")...)
}

// plan shows what would be written, and checks that nothing was.
func (s *stage) plan(ctx context.Context) error {
	s.say("\n%s", s.bold("2  The plan, before anything is written"))
	if err := s.app(ctx, excerpt{8, 2}, "plan", "acme"); err != nil {
		return err
	}
	row, err := s.acme.Row(ctx)
	if err == nil && (row.Users != peopleBefore || row.Matched != 0) {
		err = fmt.Errorf("the demo is wrong: after a plan Acme should have %d people of its own, it has %d, and %d from Contoso", peopleBefore, row.Users, row.Matched)
	}
	return err
}

// initialCycle switches on and watches.
func (s *stage) initialCycle(ctx context.Context) error {
	s.say("\n%s", s.bold("3  On: the initial cycle starts by itself"))
	before, err := s.lastCycle(ctx)
	if err != nil {
		return err
	}
	if err := s.app(ctx, nothing, "start", "acme"); err != nil {
		return err
	}
	switched := time.Now()
	c, err := s.watch(ctx, before.Number)
	if err != nil {
		return err
	}
	n := c.Counted()
	took := time.Duration(c.Ended-c.Started) * time.Microsecond
	s.say("   %s", s.quiet(fmt.Sprintf("began %.1f s after the switch; %d requests in %.2f s, every write safe on disk",
		time.UnixMicro(c.Started).Sub(switched).Seconds(), n.Requests, took.Seconds())))
	if err := s.check(ctx, "after the initial cycle", n, figures{peopleMatched, peopleNew - 1, 1, peopleBefore + peopleNew - 1, peopleBefore - peopleMatched}); err != nil {
		return err
	}
	s.say("   %d matched, %d created, %s. Acme has %d people.", n.Matched, n.Created, s.bad("1 refused"), peopleBefore+peopleNew-1)
	return s.showEscrow(ctx)
}

// watch draws the bar until the cycle that begins by itself has ended.
func (s *stage) watch(ctx context.Context, before int64) (c *provision.Cycle, err error) {
	bar := newProgress(s.w, " provisioning")
	defer bar.end()
	_, err = until(ctx, "the initial cycle should have ended", func() (bool, error) {
		if c, err = s.lastCycle(ctx); err != nil {
			return false, err
		}
		row, err := s.acme.Row(ctx)
		bar.set(int(row.Matched), len(assigned()))
		return c.Number > before && c.Ended > 0, err
	})
	return c, err
}

func (s *stage) lastCycle(ctx context.Context) (*provision.Cycle, error) {
	cycles, err := s.state.Cycles(ctx, 0, 1)
	if err == nil && len(cycles) == 0 {
		err = errors.New("the demo is wrong: there should be a cycle")
	}
	if err != nil {
		return nil, err
	}
	return cycles[0], nil
}

func (s *stage) check(ctx context.Context, when string, n provision.Stats, want figures) error {
	row, err := s.acme.Row(ctx)
	if err != nil {
		return err
	}
	got := figures{n.Matched, n.Created, n.Failed, row.Users, row.Users - row.Matched}
	if got != want {
		return fmt.Errorf("the demo is wrong: %s there should be %+v, there is %+v", when, want, got)
	}
	return nil
}

// showEscrow shows who was refused, why, and when that is tried again.
func (s *stage) showEscrow(ctx context.Context) error {
	waiting, err := s.state.Objects(ctx, provision.ObjectQuery{Escrow: true, Limit: 10})
	if err != nil {
		return err
	}
	failed, err := s.state.Ops(ctx, provision.OpQuery{Log: true, Failed: true, Limit: 10})
	if err != nil {
		return err
	}
	if len(waiting) != 1 || len(failed) != 1 || waiting[0].Name != s.refused().address {
		return fmt.Errorf("the demo is wrong: %s alone should have been refused, %d wait and %d failed", s.refused().name(), len(waiting), len(failed))
	}
	s.say("   %s was refused, and is tried again by itself in %s:", s.refused().name(), time.Until(time.UnixMicro(waiting[0].Retry)).Round(time.Second))
	s.say("   %s", s.bad(failed[0].Message))
	return nil
}

// refused is the one whose country has no group at first.
func (s *stage) refused() person {
	all := assigned()
	return all[len(all)-1]
}

// cure makes the missing group and does not wait for the next try.
func (s *stage) cure(ctx context.Context) error {
	s.say("\n%s", s.bold("4  The cure: create the group, provision her at once"))
	if err := s.command(ctx, everything, "group", "create", missingGroup, "--tenant", "acme"); err != nil {
		return err
	}
	return s.app(ctx, everything, "provision", "acme", s.refused().address)
}

// sum checks what came of it and shows it.
func (s *stage) sum(ctx context.Context) error {
	counts, err := s.state.CountObjects(ctx)
	if err != nil {
		return err
	}
	links, err := s.state.Objects(ctx, provision.ObjectQuery{Linked: true, Limit: 1000})
	if err != nil {
		return err
	}
	n := provision.Stats{Failed: counts.Escrow}
	for _, o := range links {
		if o.Matched == "created" {
			n.Created++
		} else {
			n.Matched++
		}
	}
	want := figures{peopleMatched, peopleNew, 0, peopleBefore + peopleNew, peopleBefore - peopleMatched}
	if err := s.check(ctx, "in the end", n, want); err != nil {
		return err
	}
	if counts.InScope != len(assigned()) {
		return fmt.Errorf("the demo is wrong: %d people should be in scope, there are %d", len(assigned()), counts.InScope)
	}
	s.say("\n%s", s.bold("5  What came of it"))
	sum := newTable("", "PEOPLE").numbers("PEOPLE")
	for _, line := range []struct {
		what string
		n    int
	}{
		{"   assigned at Contoso", counts.InScope}, {"     matched with people Acme had", n.Matched}, {"     created", n.Created},
		{"   in Acme now", int(want.people)}, {"     unmatched: Contoso has no idea about them", int(want.unmatched)},
	} {
		sum.add(line.what, strconv.Itoa(line.n))
	}
	sum.write(s.w)
	s.say("")
	return s.showGroups(ctx)
}

// showGroups also checks that everybody is in exactly one group.
func (s *stage) showGroups(ctx context.Context) error {
	groups, err := s.acme.Groups(ctx)
	if err != nil {
		return err
	}
	table := newTable("   GROUP", "PEOPLE", "TEAMS").numbers("PEOPLE")
	sum := 0
	for _, g := range groups {
		sum += g.Users
		teams, err := s.acme.Teams(ctx, g.Name)
		if err != nil {
			return err
		}
		var names []string
		for _, team := range teams {
			names = append(names, fmt.Sprintf("%s %d", team.Name, team.Users))
		}
		table.add("   "+g.Name, strconv.Itoa(g.Users), strings.Join(names, ", "))
		if g.Name == missingGroup && g.Users != 1 {
			return fmt.Errorf("the demo is wrong: the group %s should have 1 person, it has %d", g.Name, g.Users)
		}
	}
	if sum != peopleBefore+peopleNew {
		return errors.New("the demo is wrong: not everybody is in exactly one group")
	}
	table.write(s.w)
	return nil
}

// soon is how long a change of a directory may take to its target.
const soon = 2 * time.Second

// change moves somebody at Contoso and waits for him at Acme.
func (s *stage) change(ctx context.Context) error {
	const team = "Astronautics"
	p := assigned()[byName+2] // one of the innermost group
	s.say("\n%s", s.bold("6  A change at Contoso"))
	if err := s.command(ctx, nothing, "user", "set", p.address, "department="+team, "--tenant", "contoso"); err != nil {
		return err
	}
	took, err := until(ctx, p.name()+" should be in another team of Acme", func() (bool, error) {
		u, err := s.acme.User(ctx, p.address)
		return strings.Contains(strings.Join(u.Teams, ", "), team), err
	})
	if err == nil && took > soon {
		err = fmt.Errorf("the demo is wrong: a change should take at most %s, it took %s", soon, took)
	}
	if err != nil {
		return err
	}
	s.say("   %s is in Acme's new team %s %s.", p.name(), team, s.good(fmt.Sprintf("after %.1f s", took.Seconds())))
	return s.app(ctx, excerpt{first: 3}, "why", "acme", p.address)
}

// leave takes somebody out of Contoso; his access waits for an admin.
func (s *stage) leave(ctx context.Context) error {
	p := assigned()[byName+1]
	s.say("\n%s", s.bold("7  Somebody leaves: what takes access away waits for an admin"))
	if err := s.command(ctx, nothing, "user", "remove", p.address, "--tenant", "contoso"); err != nil {
		return err
	}
	if _, err := until(ctx, "taking "+p.name()+"'s access should wait for an admin", func() (bool, error) {
		c, err := s.lastCycle(ctx)
		return err == nil && c.Ended > 0 && c.Counted().Staged == 1, err
	}); err != nil {
		return err
	}
	if err := s.expect(ctx, p, "active", peopleBefore+peopleNew); err != nil {
		return err
	}
	if err := s.app(ctx, excerpt{first: 4, last: 1}, "plan", "acme"); err != nil {
		return err
	}
	if err := s.app(ctx, everything, "run", "acme", "--approve"); err != nil {
		return err
	}
	if err := s.expect(ctx, p, "removed", peopleBefore+peopleNew-1); err != nil {
		return err
	}
	s.say("   %s is %s from Acme, which has %d people now.", p.name(), s.good("gone"), peopleBefore+peopleNew-1)
	return nil
}

// expect checks how somebody stands at Acme, and how many there are.
func (s *stage) expect(ctx context.Context, p person, state string, people int64) error {
	u, err := s.acme.User(ctx, p.address)
	if err != nil {
		return err
	}
	row, err := s.acme.Row(ctx)
	if err == nil && (u.State != state || row.Users != people) {
		err = fmt.Errorf("the demo is wrong: %s should be %s and Acme have %d people; it is %s, and %d", p.name(), state, people, u.State, row.Users)
	}
	return err
}

// invite prints lines that work as they stand.
func (s *stage) invite(ctx context.Context) error {
	base, p := s.acmeURL(), assigned()[0]
	auth := "Authorization: Bearer " + s.token
	s.say("\n%s (it stays up until Ctrl-C)\n", s.bold("Try it yourself"))
	for _, t := range []struct {
		tenant *directory.Tenant
		admin  string
		what   string
	}{
		{s.acme, demoAdmin, "Acme's console: who came in, what needs attention, users, groups and teams"},
		{s.contoso, contosoAdmin, "Contoso's console: the application that provisions into Acme, its plans, people and log"},
	} {
		link, err := s.signInLink(ctx, t.tenant, t.admin)
		if err != nil {
			return err
		}
		s.say("  %s", s.quiet("# "+t.what))
		s.say("  %s\n", link)
	}
	s.say("  %s", s.quiet("# another change at Contoso, and what became of it at Acme"))
	s.say("  %s user set %s department=Research --tenant contoso --database %s", os.Args[0], p.address, s.database)
	s.say("  %s app why acme %s --tenant contoso --database %s\n", os.Args[0], p.address, s.database)
	s.say("  %s", s.quiet("# look somebody up at Acme"))
	s.say("  curl -s -H '%s' -G '%s/Users' --data-urlencode 'filter=userName eq \"%s\"'\n", auth, base, p.address)
	s.say("  %s", s.quiet("# a country without a group is refused, with the cure; the console lets them in"))
	s.say("  curl -s -H '%s' -H 'Content-Type: application/scim+json' '%s/Users' -d '{\"userName\":\"lost@acme.test\",\"%s\":\"Atlantis\"}'", auth, base, directory.Country)
	return nil
}

// signInLink is the address that signs an admin in, once.
func (s *stage) signInLink(ctx context.Context, t *directory.Tenant, admin string) (string, error) {
	secret, err := t.SignInLink(ctx, admin)
	_, port, _ := net.SplitHostPort(s.listener.Addr().String())
	return "http://" + t.Name() + ".localhost:" + port + "/sign-in/link/" + secret, err
}
