package console

import (
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/provision"
)

// called is whoever made a change, by the name that people know; names keeps those
// that were found before.
func (v *visit) called(actor string, names map[string]string) string {
	id, person := strings.CutPrefix(actor, "user ")
	if !person {
		return actor
	}
	if names[id] == "" {
		names[id] = "a person who is gone"
		if u, err := v.t.User(v.r.Context(), id); err == nil {
			names[id] = u.UserName
		}
	}
	return names[id]
}

// diff shows what a version changed.
func (v *appVisit) diff(p *appSetupPage, number string) error {
	versions, err := v.t.ApplicationVersions(v.r.Context(), v.app.Name)
	if err != nil {
		return err
	}
	n, _ := strconv.ParseInt(number, 10, 64)
	i := slices.IndexFunc(versions, func(one directory.ApplicationVersion) bool { return one.Number == n })
	if i < 0 {
		return directory.ErrNotFound
	}
	before := ""
	if i > 0 {
		before = versions[i-1].Document
	}
	p.DiffOf = number
	for line := range strings.Lines(provision.Diff([]byte(before), []byte(versions[i].Document))) {
		kind := ""
		switch line[0] {
		case '+':
			kind = "good"
		case '-':
			kind = "bad"
		}
		p.Diff = append(p.Diff, diffLine{kind, strings.TrimRight(line, "\n")})
	}
	return nil
}

// rollBack gives the application the set-up of an earlier version, as a new one.
// It stays on or off as it is.
func (c *Console) rollBack(v *appVisit) error {
	versions, err := v.t.ApplicationVersions(v.r.Context(), v.app.Name)
	if err != nil {
		return err
	}
	n, _ := strconv.ParseInt(v.r.PostFormValue("to"), 10, 64)
	i := slices.IndexFunc(versions, func(one directory.ApplicationVersion) bool { return one.Number == n })
	if i < 0 {
		return directory.ErrNotFound
	}
	next, err := provision.Parse([]byte(versions[i].Document))
	if err != nil {
		return faultsSaid(err)
	}
	next.Name, next.Status = v.app.Name, provision.Off
	if v.setup != nil {
		next.Status = v.setup.Status
	}
	secrets, err := v.gather(next, &v.app)
	if err != nil {
		return faultsSaid(err)
	}
	if err := v.put(next, secrets, v.app.Version); err != nil {
		return err
	}
	return v.done(v.at("/set-up"), "The set-up is again as it was. Make a plan to see whom it concerns.")
}
