package year

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// judge reads the server at the end of every day as a stranger would, by its
// lists, and compares with what is true.
type judge struct {
	*Year
	strangers map[string]bool   // ids that were there before us
	shows     map[string]bool   // attributes that the server has ever shown
	joined    map[string]joined // by person
	found     map[string]*Finding
	order     []string
	noGroups  bool
	toTheEnd  bool // lists are walked until a page is empty
	index     index
}

// joined is a team that an admin gave somebody by hand, and the account that he
// had then.
type joined struct {
	team    string
	account *account
	id      string
}

func newJudge(y *Year) *judge {
	return &judge{Year: y, strangers: map[string]bool{}, shows: map[string]bool{}, joined: map[string]joined{}, found: map[string]*Finding{}}
}

// arrive looks at who is there already. One person may be: whoever asks needs a
// token, and a token often needs an owner.
func (j *judge) arrive(ctx context.Context) error {
	users, err := j.list(ctx, "/Users")
	if err != nil {
		return err
	}
	ours := map[string]bool{}
	for _, p := range j.Story.everybody() {
		ours[strings.ToLower(p.UserName)] = true
	}
	clash := 0
	for _, u := range users {
		name := strings.ToLower(text(u, "userName"))
		if name == strings.ToLower(j.Server.Owner) {
			continue
		}
		j.strangers[text(u, "id")] = true
		if ours[name] {
			clash++
		}
	}
	if clash > 0 || len(users) > 1 && !j.Server.Anyway {
		return &Peopled{People: len(users), Ours: clash}
	}
	groups, err := j.list(ctx, "/Groups")
	j.noGroups = err != nil
	for _, g := range groups {
		j.strangers[text(g, "id")] = true
	}
	return nil
}

// Peopled is a server that holds people.
type Peopled struct{ People, Ours int }

func (e *Peopled) Error() string {
	if e.Ours > 0 {
		return fmt.Sprintf("%d people of this very story are there already, perhaps of a year that was cut off: remove them, or play another seed", e.Ours)
	}
	return fmt.Sprintf("%d people are there already, and a year wants a server or tenant of its own", e.People)
}

// day judges one day.
func (j *judge) day(ctx context.Context, day int) error {
	users, err := j.list(ctx, "/Users")
	if err != nil {
		return j.cannotRead(day, err)
	}
	j.index = j.company.index()
	v := &view{judge: j, day: day, living: map[string][]map[string]any{}, byID: map[string]map[string]any{}, orderOf: map[string]int{}}
	if users, err = v.confirmed(ctx, users); err != nil {
		return j.cannotRead(day, err)
	}
	v.sort(users)
	for _, person := range j.people() {
		v.judgePerson(person)
	}
	v.judgeMerges()
	if !j.noGroups {
		if err := v.judgeGroups(ctx); err != nil {
			return err
		}
	}
	j.report.day(day, v, j.company)
	return nil
}

// people are all who were ever with the company, in order.
func (j *judge) people() (all []string) {
	seen := map[string]bool{}
	for _, a := range j.company.accounts {
		if !seen[a.person] {
			seen[a.person] = true
			all = append(all, a.person)
		}
	}
	return all
}

// view is the server as it looked at the end of a day.
type view struct {
	*judge
	day     int
	living  map[string][]map[string]any // by person; "" is nobody's
	byID    map[string]map[string]any   // the living
	orderOf map[string]int              // of the living, the same in every run
	in      int
	counts  map[Kind]int
}

// sort finds out whose each account is that lives.
func (v *view) sort(users []map[string]any) {
	v.counts = map[Kind]int{}
	slices.SortFunc(users, func(a, b map[string]any) int {
		return strings.Compare(text(a, "userName")+text(a, "externalId"), text(b, "userName")+text(b, "externalId"))
	})
	for _, u := range users {
		id := text(u, "id")
		if v.strangers[id] || !v.made(u) && v.whose(u) == "" {
			continue
		}
		v.learn(u)
		if !isActive(u) {
			continue
		}
		v.in++
		v.byID[id], v.orderOf[id] = u, v.in
		person := v.whose(u)
		v.living[person] = append(v.living[person], u)
		if person == "" {
			name := text(u, "userName")
			v.find(Ghost, name, name, name+" is an account that lives and is nobody's", "")
		}
	}
}

// excused says that the network, or a habit of the provider, is why the server
// cannot know yet; problem is what the server refused.
func (v *view) excused(person string) (yes bool, problem string) {
	for _, a := range v.company.of[person] {
		owing, excused := v.idps[a.idp].owes(a)
		if owing && excused {
			return true, ""
		}
		if owing && problem == "" {
			problem = v.idps[a.idp].problem(a)
		}
	}
	return false, problem
}

func (v *view) judgePerson(person string) {
	excused, problem := v.excused(person)
	if excused {
		return
	}
	name, living := v.company.name(person), v.living[person]
	belongs := v.company.belongs(person)
	switch {
	case belongs && len(living) == 0:
		v.find(LockOut, person, name, name+" should be in and is not", problem)
	case !belongs && len(living) > 0:
		v.find(Ghost, person, name, name+" is out and still has an account that lives: "+text(living[0], "userName"), problem)
	}
	if len(living) > 1 {
		v.find(Double, person, name, fmt.Sprintf("%s has %d living accounts: %s", name, len(living), strings.Join(userNames(living), ", ")), problem)
	}
	if belongs && len(living) == 1 {
		v.judgeAttributes(person, living[0], problem)
		v.judgeTeams(person, living[0])
	}
}

func userNames(users []map[string]any) (names []string) {
	for _, u := range users {
		names = append(names, text(u, "userName"))
	}
	slices.Sort(names)
	return names
}

// judgeMerges tells of ids that became somebody else's.
func (v *view) judgeMerges() {
	for _, m := range v.company.merged {
		if m.at.Day() != v.day {
			continue
		}
		how := "a look-up showed the one's account for the other, which the server had been told is renamed or gone"
		if m.madeByPOST {
			how = "a POST for the one was answered with the account of the other"
		}
		v.find(Merged, m.is, v.company.name(m.is), v.company.name(m.was)+" and "+v.company.name(m.is)+" are two people and share an account: "+how, "")
	}
}

// find notes a finding, or that it stands for another day.
func (v *view) find(kind Kind, key, who, what, problem string) {
	v.counts[kind]++
	if problem != "" {
		what += ". What went wrong last: " + v.wires[0].names.prose(problem)
	}
	id := string(kind) + " " + key
	f := v.found[id]
	if f == nil {
		f = &Finding{Kind: kind, Key: key, Who: who, Day: v.day, What: what, Clause: clauseOf(kind, v.Story.IdP)}
		v.found[id] = f
		v.order = append(v.order, id)
	}
	f.Until = v.day
	f.Days++
}

// cannotRead is the end of judging: the server lets nobody read any more. A token
// that worked until now and is refused is a finding; the year ends with it.
func (j *judge) cannotRead(day int, err error) error {
	var refused *Refused
	if !errors.As(err, &refused) || refused.Status != http.StatusUnauthorized {
		return fmt.Errorf("day %d: the server cannot be read: %w", day, err)
	}
	v := &view{judge: j, day: day, counts: map[Kind]int{}}
	v.find(Stopped, "p1", "the token", fmt.Sprintf("on day %d the server began to refuse the token, and nothing is provisioned any more: %s", day, refused.Detail), "")
	return errStopped
}

// errStopped ends a year early, with a report.
var errStopped = errors.New("the token is refused")

// finish puts the findings into the report, each with its story.
func (j *judge) finish(r *Report) {
	for _, id := range j.order {
		f := j.found[id]
		f.Story = j.tell(f)
		r.add(*f)
	}
	for _, m := range j.company.mixed {
		r.Notes = append(r.Notes, fmt.Sprintf("%s: the identity provider itself took the account of %s for %s's, by the address that both had. No server can refuse that.",
			m.at, j.company.name(m.was), j.company.name(m.is)))
	}
	if j.noGroups {
		r.Notes = append(r.Notes, "The server offers no Groups: nothing was judged of them.")
	}
}

// joinByHand is an admin's own doing, where there is a way to do it.
func (j *judge) joinByHand(ctx context.Context, e Event) {
	if j.Server.Join == nil {
		return
	}
	for _, key := range e.Who {
		a := j.company.account(key, 0)
		if a == nil || !a.live() {
			continue
		}
		owing, _ := j.idps[0].owes(a)
		if id := j.idps[0].id(a); id != "" && !owing && j.Server.Join(ctx, id, e.Group) == nil {
			j.joined[key] = joined{e.Group, a, id}
		}
	}
}
