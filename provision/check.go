package provision

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
)

var applicationName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$`)

// Check finds everything that is wrong with a complete application; the error
// is a Faults. It opens nothing. References to secrets are as good as what they
// stand for; after Expand that is checked too. No error holds a secret.
func (a *Application) Check() error {
	if faults := a.faults(); len(faults) > 0 {
		return faults
	}
	return nil
}

func (a *Application) faults() Faults {
	c := &checking{app: a}
	c.name()
	c.section("source", a.Source.Check())
	c.section("target", a.Target.Check())
	c.scope()
	c.settings()
	c.guards()
	c.mappings()
	copied := *a
	secrets := copied.Seclude()
	for i := range c.faults {
		c.faults[i].Text = Hide(c.faults[i].Text, secrets)
	}
	return c.faults
}

// checking collects what is wrong.
type checking struct {
	app    *Application
	faults Faults
}

func (c *checking) fault(path []string, format string, args ...any) {
	c.faults = append(c.faults, SetupFault{Path: path, Text: fmt.Sprintf(format, args...)})
}

func (c *checking) name() {
	switch name := c.app.Name; {
	case name == "":
		c.fault(nil, "name is missing: a short one by which commands know the application, such as acme")
	case !applicationName.MatchString(name):
		c.fault([]string{"name"}, "%q cannot be a name: use letters, digits, dots, hyphens and underscores, at most 63, with a letter or digit at both ends", name)
	}
}

// section takes over what the source or the target says of itself, each fault at
// the key that it begins with. What it says of a value that is still a
// reference does not count.
func (c *checking) section(name string, err error) {
	keys := keysOf(shapeOf(c.app))[name]
	referring := c.referring(name)
	for _, err := range separate(err) {
		text := strings.TrimPrefix(err.Error(), name+": ")
		key, _, _ := strings.Cut(text, " ")
		if key = strings.TrimRight(key, ":,"); keysOf(keys)[key] == nil {
			key = ""
		}
		switch {
		case key == "":
			c.fault([]string{name}, "%s", text)
		case !slices.Contains(referring, key):
			c.fault([]string{name, key}, "%s", strings.TrimLeft(strings.TrimPrefix(text, key), ": "))
		}
	}
}

// referring are the keys of the source or target that hold a reference.
func (c *checking) referring(name string) (keys []string) {
	copied := *c.app
	section := reflect.ValueOf(&copied.Source).Elem()
	if name == "target" {
		section = reflect.ValueOf(&copied.Target).Elem()
	}
	for field, value := range section.Fields() {
		key, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		rewrite(value, func(text string) string {
			if secretReference.MatchString(text) {
				keys = append(keys, key)
			}
			return text
		})
	}
	return keys
}

func separate(err error) (out []error) {
	var joined interface{ Unwrap() []error }
	if err == nil {
		return nil
	}
	if !errors.As(err, &joined) {
		return []error{err}
	}
	for _, e := range joined.Unwrap() {
		out = append(out, separate(e)...)
	}
	return out
}

// oneOf wants one of the values.
func (c *checking) oneOf(path []string, value string, values ...string) {
	if !slices.Contains(values, value) {
		c.fault(path, "%q is not known here; use %s", value, alternatives(values))
	}
}

func alternatives(values []string) string {
	last := len(values) - 1
	return strings.Join(values[:last], ", ") + " or " + values[last]
}

func (c *checking) settings() {
	a := c.app
	c.oneOf([]string{"status"}, a.Status, On, Off)
	c.oneOf([]string{"approval"}, a.Approval, AutoExceptRemoval, Auto, Always)
	c.oneOf([]string{"drift"}, a.Drift, DriftReport, DriftRepair)
	c.oneOf([]string{"leavers", "action"}, a.Leavers.Action, LeaveDisableDelete, LeaveDisable, LeaveDelete, LeaveIgnore)
	c.between([]string{"leavers", "after"}, a.Leavers.After, Duration(time.Hour), 3650*day)
	c.between([]string{"schedule", "every"}, a.Schedule.Every, Duration(10*time.Second), 31*day)
	c.between([]string{"schedule", "full"}, a.Schedule.Full, Duration(10*time.Minute), 365*day)
	c.between([]string{"log-retention"}, a.Retention, day, 3650*day)
	if a.Schedule.Full < a.Schedule.Every {
		c.fault([]string{"schedule", "full"}, "%s is shorter than a cycle comes by (%s); give a longer time", a.Schedule.Full, a.Schedule.Every)
	}
	for i, name := range a.Protected {
		if strings.TrimSpace(name) == "" {
			c.fault([]string{"protected", fmt.Sprint(i + 1)}, "is empty; name somebody by userPrincipalName, mail or anchor, or take it out")
		}
	}
}

func (c *checking) between(path []string, d, least, most Duration) {
	if d < least || d > most {
		c.fault(path, "%s is out of reach; give a time from %s to %s", d, least, most)
	}
}

func (c *checking) guards() {
	for name, g := range map[string]Guard{"deprovision": c.app.Guards.Deprovision, "clear": c.app.Guards.Clear, "members": c.app.Guards.Members, "shrink": c.app.Guards.Shrink} {
		if g.Count < 0 {
			c.fault([]string{"guards", name, "count"}, "%d cannot be; give a number from 1, or off: true", g.Count)
		}
		if g.Percent < 0 || g.Percent > 100 {
			c.fault([]string{"guards", name, "percent"}, "%d cannot be; give a number from 1 to 100, or off: true", g.Percent)
		}
	}
}

func (c *checking) scope() {
	s := c.app.Scope
	c.oneOf([]string{"scope", "sync"}, s.Sync, SyncAssigned, SyncAll)
	if s.Nested < Deep {
		c.fault([]string{"scope", "nested"}, "%s", errNested)
	}
	if s.Sync == SyncAll && len(s.Users)+len(s.Groups) > 0 {
		c.fault([]string{"scope", "sync"}, "all takes everybody, assigned or not; take users and groups out, or write sync: assigned")
	}
	for key, names := range map[string][]string{"users": s.Users, "groups": s.Groups} {
		for i, name := range names {
			if strings.TrimSpace(name) == "" {
				c.fault([]string{"scope", key, fmt.Sprint(i + 1)}, "is empty; give a name, or take it out")
			}
		}
	}
	_, faults := CompileScope(s)
	for _, f := range faults {
		c.fault(strings.Split(f.Where, "."), "%s", f.Why)
	}
}
