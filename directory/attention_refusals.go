package directory

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
)

// refusals are the causes for which people wait.
func (f attentionFacts) refusals() (out []AttentionEntry) {
	for _, c := range f.causes {
		e := AttentionEntry{ID: "refused-" + c.ID, Kind: AttentionRefused, Code: c.Code, Value: c.Value, Connection: f.connection(c.Connection), Client: c.Client,
			People: int(c.Waiting), First: moment(c.First), Last: moment(c.Last), Detail: c.Detail, Again: nextTry(c, f.now)}
		if !slices.ContainsFunc(f.connections, func(known Connection) bool { return known.ID == c.Connection }) {
			e.Again = "The connection was deleted, so nobody tries again."
		}
		who, let := number(e.People, "person waits", "people wait"), "let "+them(e.People)+" in now"
		if c.Type == "Group" {
			who = number(e.People, "IdP group waits", "IdP groups wait")
		}
		e.Title = refusalTitle(c) + ": " + who
		switch {
		case c.Type == "Group":
		case c.Code == "400.76" && !f.groupNamed(c.Value) && f.settings.Groups():
			e.Detail = "Group names are case-sensitive, and SCIM never makes a group. Make it, or give a group that you have this name as another name."
			e.Cures = append(e.Cures, Cure{Name: CureCreateGroup, Label: "Create the group and " + let, Primary: true},
				Cure{Name: CureOtherName, Label: fmt.Sprintf("Add %q as another name of", c.Value), Among: likeliest(f.groups, c.Value), After: "and let " + them(e.People) + " in"})
		case c.Code == "400.76":
			e.Title, e.Detail = fmt.Sprintf("Group %q can be used now: %s", c.Value, who), "What kept them out is mended. The identity provider has not tried again yet."
			e.Cures = append(e.Cures, Cure{Name: CureLetIn, Label: upperFirst(let), Primary: true})
		default:
			e.Cures = append(e.Cures, Cure{Name: CureLetIn, Label: "Try " + them(e.People) + " again now"})
		}
		e.Cures = append(e.Cures, Cure{Name: CureDismiss, Label: "Dismiss"})
		out = append(out, e)
	}
	return out
}

// refusalTitle is the cause in one line.
func refusalTitle(c CauseRow) string {
	if c.Code == "400.76" {
		return fmt.Sprintf("Group %q does not exist", c.Value)
	}
	title, _, found := strings.Cut(c.Detail, " ("+c.Code+")")
	if !found {
		title = "Refused with " + c.Code
	}
	if c.Value != "" {
		title += fmt.Sprintf(" (%q)", c.Value)
	}
	return title
}

// nextTry says when the IdP will try again by itself.
func nextTry(c CauseRow, now time.Time) string {
	switch c.Client {
	case "Entra ID":
		if now.Sub(moment(c.First)) < 2*time.Hour {
			return "Entra ID tries again by itself with its next cycle, about 40 minutes after the last; later after 6, 12 and 24 hours, then daily, for 28 days. To try one person at once: Provision on demand."
		}
		return "Entra ID backs off: it tries again by itself 6, 12 and 24 hours after the first failure, then daily, for 28 days. To try one person at once: Provision on demand."
	case "Okta":
		return "Okta does not try again by itself: somebody has to, under Dashboard > Tasks > Retry selected."
	case "", "unknown":
		return "When this identity provider tries again is not known."
	}
	return c.Client + " does not say when it tries again; most identity providers do with their next run."
}

// likeliest puts first what was probably meant: the name in another case, then
// one that begins or ends like it.
func likeliest(names []string, sent string) []string {
	key := scim.Fold(sent)
	rank := func(name string) int {
		switch name = scim.Fold(name); {
		case name == key:
			return 0
		case strings.HasPrefix(name, key), strings.HasPrefix(key, name):
			return 1
		case strings.HasSuffix(name, key), strings.HasSuffix(key, name):
			return 2
		}
		return 3
	}
	return slices.SortedStableFunc(slices.Values(names), func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
}
