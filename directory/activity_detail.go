package directory

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/rollcall-scim/rollcall/scim"
)

// ActivityDetail is one request with what was sent and what was answered, secrets
// struck out. After the retention time only the request's line is left.
type ActivityDetail struct {
	Activity
	Path    string // below the SCIM base URL; "" where it was not kept
	Sent    string
	Answer  string
	Changed []Difference
	Effects []string // what it came to beside attributes, in words
}

// Difference is an attribute before and after.
type Difference struct {
	Name, Before, After string
}

// effectsShown is how many changes of one request are told; an IdP group with all
// its members makes more.
const effectsShown = 200

// ActivityByID finds one request. ErrNotFound when there is none.
func (t *Tenant) ActivityByID(ctx context.Context, id string) (ActivityDetail, error) {
	if err := t.mayWatch(ctx); err != nil {
		return ActivityDetail{}, err
	}
	row, err := t.r.ActivityByID(ctx, id)
	if err != nil {
		return ActivityDetail{}, err
	}
	if row == nil {
		return ActivityDetail{}, ErrNotFound
	}
	d := ActivityDetail{Activity: t.readActivity(*row)}
	if err := t.tellChanges(ctx, &d); err != nil {
		return d, err
	}
	kept, err := t.r.Detail(ctx, row.ID)
	if err != nil || kept == nil {
		return d, err
	}
	d.Path = kept.Path
	if d.Sent, d.Answer, err = unpack(kept.Exchange); d.Refused() {
		d.Answer = errorText(*row)
	}
	return d, err
}

// errorText is the body of a refusal, which the row tells whole.
func errorText(r ActivityRow) string {
	e := scim.Object{"schemas": []any{scim.ErrorURN}, "status": strconv.Itoa(r.Status), "detail": r.Detail}
	if r.ScimType != "" {
		e["scimType"] = r.ScimType
	}
	return changeJSON(e)
}

// tellChanges reads the request's range of the change log.
func (t *Tenant) tellChanges(ctx context.Context, d *ActivityDetail) error {
	if d.First == 0 {
		return nil
	}
	most := min(d.Last-d.First+1, effectsShown)
	changes, err := t.r.Changes(ctx, ChangeQuery{After: d.First - 1, Limit: int(most)})
	if err != nil {
		return err
	}
	n := t.namer()
	for _, c := range changes {
		if err := n.tell(ctx, d, c); err != nil {
			return err
		}
	}
	if more := d.Last - d.First + 1 - most; more > 0 {
		d.Effects = append(d.Effects, fmt.Sprintf("and %d changes more", more))
	}
	return nil
}

// tell adds one change to what the request came to.
func (n *namer) tell(ctx context.Context, d *ActivityDetail, c ChangeRow) error {
	if c.Type != "User" {
		d.Effects = append(d.Effects, n.effectBeside(ctx, c))
		return nil
	}
	var before, after changeSide
	if err := decodeSide(c.Before, &before); err != nil {
		return err
	}
	if err := decodeSide(c.After, &after); err != nil {
		return err
	}
	whose := ""
	if c.Object != d.Subject {
		whose = n.person(ctx, c.Object) + ": "
	} else {
		d.Changed = append(d.Changed, changedOf(before.Attributes, after.Attributes)...)
	}
	for _, effect := range n.effects(ctx, c, before, after) {
		d.Effects = append(d.Effects, whose+effect)
	}
	return nil
}

func changedOf(before, after map[string]any) (out []Difference) {
	was, now := flat(before), flat(after)
	all := maps.Clone(was)
	maps.Copy(all, now)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if was[name] != now[name] {
			out = append(out, Difference{name, was[name], now[name]})
		}
	}
	return out
}

// effectBeside tells of a change to something other than a person.
func (n *namer) effectBeside(ctx context.Context, c ChangeRow) string {
	switch {
	case c.Type == "Team" && c.Kind == "create":
		return "The team " + n.team(ctx, c.Object) + " was made"
	case c.Type == "Token":
		return "An access token ended"
	case c.Type == "IdPGroup" && c.Kind == "members":
		return "IdP group: " + membersCame(c)
	case c.Type == "IdPGroup":
		return "IdP group: " + c.Kind
	}
	return c.Type + ": " + c.Kind
}

func membersCame(c ChangeRow) string {
	var left, came struct {
		Members []string `json:"members"`
	}
	_, _ = decodeSide(c.Before, &left), decodeSide(c.After, &came) // our own text
	return fmt.Sprintf("%d came, %d left", len(came.Members), len(left.Members))
}
