package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/scimhttp"
)

// teller writes the story, in colours where they are seen.
type teller struct {
	w       io.Writer
	colours bool
}

func (t teller) say(format string, args ...any) { fmt.Fprintf(t.w, format+"\n", args...) }

func (t teller) colour(code, s string) string {
	if !t.colours {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (t teller) bold(s string) string  { return t.colour("1", s) }
func (t teller) good(s string) string  { return t.colour("32", s) }
func (t teller) bad(s string) string   { return t.colour("31", s) }
func (t teller) quiet(s string) string { return t.colour("2", s) }

// figures are what the story ends with; the demo checks its own.
type figures struct {
	assigned, matched, created int
	people, unmatched          int64
}

// play is the worked example of the set-up guide: 200 people, 100 assigned, 90
// of them the same.
func (s *stage) play(ctx context.Context, t teller) error {
	people := assigned()
	t.say("%s\n", t.bold("Rollcall demo: a company meets its identity provider"))
	t.say("Acme has %d people in %d groups, all made by hand.", peopleBefore, len(places)+1)
	t.say("Its identity provider has %d people assigned, %d of whom Acme knows.\n", len(people), peopleMatched)
	if err := s.idp.testConnection(ctx); err != nil {
		return fmt.Errorf("test connection: %w", err)
	}
	t.say("%s  http://%s%s  %s\n", t.bold("1  Test connection"), s.host(), scimhttp.Base, t.good("works"))

	t.say("%s", t.bold("2  Initial cycle"))
	results, err := s.runCycle(ctx, t, people)
	if err != nil {
		return err
	}
	refused, err := s.checkFirst(ctx, t, results)
	if err != nil {
		return err
	}

	t.say("%s", t.bold("3  The cure: create the group, let SCIM sync again"))
	if _, err := s.tenant.CreateGroup(ctx, missingGroup); err != nil {
		return err
	}
	again, err := s.idp.provision(ctx, refused.person)
	if err != nil {
		return err
	}
	if !again.created {
		return fmt.Errorf("the demo is wrong: %s should be created at the second try, but: %s", refused.person.name(), again.refused)
	}
	t.say("   Group %s created; %s %s.\n", missingGroup, refused.person.name(), t.good("came with the next sync"))
	return s.finish(ctx, t, append(results, again))
}

// runCycle shows how fast it goes.
func (s *stage) runCycle(ctx context.Context, t teller, people []person) ([]result, error) {
	before, began := s.idp.requests.Load(), time.Now()
	bar := newProgress(t.w, " provisioning")
	results, err := s.idp.cycle(ctx, people, bar.set)
	bar.end()
	if err != nil {
		return nil, err
	}
	took, requests := time.Since(began), s.idp.requests.Load()-before
	t.say("   %s", t.quiet(fmt.Sprintf("%d requests in %.2f s: %.0f a second, every write safe on disk", requests, took.Seconds(), float64(requests)/took.Seconds())))
	return results, nil
}

// checkFirst shows how the first cycle ended: one is refused, and says why.
func (s *stage) checkFirst(ctx context.Context, t teller, results []result) (result, error) {
	got, failed, err := s.count(ctx, results)
	if err != nil {
		return result{}, err
	}
	want := figures{assigned: len(results), matched: peopleMatched, created: peopleNew - 1,
		people: peopleBefore + peopleNew - 1, unmatched: peopleBefore - peopleMatched}
	if got != want || len(failed) != 1 {
		return result{}, fmt.Errorf("the demo is wrong: after the first cycle there should be %+v and 1 failure, there are %+v and %d failures%s", want, got, len(failed), reasons(failed))
	}
	t.say("   %d matched, %d created, %s. Acme has %d people.\n", got.matched, got.created, t.bad("1 refused"), got.people)
	t.say("   %s (%s) was refused, and the identity provider is told why:", failed[0].person.name(), failed[0].person.address)
	t.say("   %s\n", t.bad(failed[0].refused))
	return failed[0], nil
}

func reasons(failed []result) string {
	var b strings.Builder
	for _, f := range failed {
		b.WriteString("\n  - " + f.person.address + ": " + f.refused)
	}
	return b.String()
}

// count takes who came from the client, and who is there from the directory.
func (s *stage) count(ctx context.Context, results []result) (f figures, failed []result, err error) {
	row, err := s.tenant.Row(ctx)
	if err != nil {
		return f, nil, err
	}
	f.people, f.unmatched = row.Users, row.Users-row.Matched
	for _, r := range results {
		switch {
		case r.matched:
			f.matched++
		case r.created:
			f.created++
		default:
			failed = append(failed, r)
		}
	}
	f.assigned = f.matched + f.created + len(failed)
	return f, failed, nil
}

// finish checks the sum and shows it.
func (s *stage) finish(ctx context.Context, t teller, results []result) error {
	got, failed, err := s.count(ctx, results)
	if err != nil {
		return err
	}
	got.assigned -= len(failed) // who was refused first came at last
	want := figures{assigned: peopleMatched + peopleNew, matched: peopleMatched, created: peopleNew,
		people: peopleBefore + peopleNew, unmatched: peopleBefore - peopleMatched}
	if got != want {
		return fmt.Errorf("the demo is wrong: it should end with %+v, it ends with %+v", want, got)
	}
	t.say("%s", t.bold("4  What came of it"))
	sum := newTable("", "PEOPLE").numbers("PEOPLE")
	for _, line := range []struct {
		what string
		n    int
	}{
		{"   assigned at the identity provider", got.assigned}, {"     matched with people Acme had", got.matched}, {"     created", got.created},
		{"   in Acme now", int(got.people)}, {"     unmatched: SCIM has no idea about them", int(got.unmatched)},
	} {
		sum.add(line.what, strconv.Itoa(line.n))
	}
	sum.write(t.w)
	t.say("")
	return s.showGroups(ctx, t)
}

// showGroups also checks that everybody is in exactly one group.
func (s *stage) showGroups(ctx context.Context, t teller) error {
	groups, err := s.tenant.Groups(ctx)
	if err != nil {
		return err
	}
	table := newTable("   GROUP", "PEOPLE", "TEAMS").numbers("PEOPLE")
	sum := 0
	for _, g := range groups {
		sum += g.Users
		teams, err := s.tenant.Teams(ctx, g.Name)
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
	table.write(t.w)
	return nil
}

// invite prints lines that work as they stand.
func (s *stage) invite(t teller) {
	base, p := "http://"+s.host()+scimhttp.Base, assigned()[0]
	auth := "Authorization: Bearer " + s.token
	t.say("\n%s (it stays up until Ctrl-C)\n", t.bold("Try it yourself"))
	t.say("  %s", t.quiet("# look somebody up"))
	t.say("  curl -s -H '%s' -G '%s/Users' --data-urlencode 'filter=userName eq \"%s\"'\n", auth, base, p.address)
	t.say("  %s", t.quiet("# a new department makes a new team"))
	t.say("  curl -s -H '%s' -H 'Content-Type: application/scim+json' '%s/Users' -d '{\"userName\":\"new@acme.test\",\"name\":{\"givenName\":\"Nea\",\"familyName\":\"New\"},\"country\":\"%s\",\"department\":\"Space Travel\"}'\n", auth, base, missingGroup)
	t.say("  %s", t.quiet("# a country without a group is refused, with the cure"))
	t.say("  curl -s -H '%s' -H 'Content-Type: application/scim+json' '%s/Users' -d '{\"userName\":\"lost@acme.test\",\"country\":\"Atlantis\"}'\n", auth, base)
	t.say("  %s", t.quiet("# the admin's side, while the server runs"))
	t.say("  %s user list --unmatched --database %s", os.Args[0], s.database)
	t.say("  %s activity --failed --database %s", os.Args[0], s.database)
}
