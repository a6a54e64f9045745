package provision

import (
	"cmp"
	"context"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/rollcall-scim/rollcall/provision/target"
	"github.com/rollcall-scim/rollcall/scim"
)

// sent is what came back of an operation.
type sent struct {
	resource *scim.Resource // nil: nothing came back
	// adopted says that the object was there already: it may be another one than
	// the one that was to be created, and is compared by the next plan.
	adopted string
	// partly says that somebody it refers to has no id yet.
	partly bool
	hide   func(string) string // takes out what is shown nowhere
}

// send asks the target.
func (x *exporter) send(ctx context.Context, op *Op, b *batch) (answer sent, err error) {
	body, missing := resolved(op.Body, b.ids)
	answer.partly = len(missing) > 0
	op.resolve(b.ids)
	if body, answer.hide, err = x.unmasked(op, b.object, body); err != nil {
		return answer, err
	}
	id := b.object.Target
	if id == "" && !b.object.failedIn(x.cycle.Number) {
		id = op.Target // a match, whose link is made by this operation
	}
	switch {
	case op.Method == "" || len(body) == 0 && op.Method != "DELETE":
		return answer, nil // a link, or nobody to refer to yet
	case op.Phase == exportReferences && op.idle():
		return answer, nil
	case op.Method == "POST":
		return answer, x.create(ctx, op, b.object, body, &answer)
	case id == "":
		return answer, errNotCreated
	case op.Method == "PUT":
		answer.resource, err = x.sp.Replace(ctx, op.Type, id, scim.ResourceFromJSON(body), x.version(b.object))
		return answer, cmp.Or(err, refusal(answer.resource))
	case op.Method == "DELETE":
		if err := x.sp.Delete(ctx, op.Type, id, ""); err != nil && !isNotFound(err) {
			return answer, err
		}
		return answer, nil
	}
	patch, err := patchOf(body)
	if err != nil {
		return answer, err
	}
	answer.resource, err = x.sp.Patch(ctx, op.Type, id, patch, "")
	return answer, cmp.Or(err, refusal(answer.resource))
}

// refusal is the error that some servers answer with a status of 200.
func refusal(r *scim.Resource) error {
	if r == nil {
		return nil
	}
	doc := decode(string(r.JSON()))
	if schemas, _ := doc["schemas"].([]any); !slices.Contains(schemas, any(scim.ErrorURN)) {
		return nil
	}
	detail, _ := doc["detail"].(string)
	return scim.Errorf(http.StatusInternalServerError, "", "", "an error in an answer of 200: %s", detail)
}

// resolved is JSON with ids in the place of virtual ones.
func resolved(text string, ids map[Key]string) (out []byte, missing []Key) {
	return Resolve([]byte(text), func(k Key) (string, bool) { return ids[k], ids[k] != "" })
}

// resolve puts real ids into what the log shows and what is kept as written.
func (op *Op) resolve(ids map[Key]string) {
	if diff, missing := resolved(op.Diff, ids); len(missing) == 0 {
		op.Diff = string(diff)
	}
	after, _ := resolved(op.After, ids)
	op.After = string(after)
}

// idle says that the target turned out to refer to the right object already: the
// two were matched in the same plan, which did not know it.
func (op *Op) idle() bool {
	var diffs []Difference
	if err := json.Unmarshal([]byte(op.Diff), &diffs); err != nil {
		return false
	}
	return !slices.ContainsFunc(diffs, func(d Difference) bool { return d.Redacted || !sameValue(d.New, d.Old) })
}

// errNotCreated is an operation about an object whose creation failed before.
var errNotCreated = errors.New("it was not created, so nothing else could be written to it")

// version is sent with a PUT, which would undo what others changed meanwhile.
func (x *exporter) version(o *Object) scim.Version {
	if x.profile.NoETag || !x.features.ETag {
		return ""
	}
	return scim.Version(o.Version)
}

// createTries is how often a POST is sent of which the target does not say what
// came, and which it turns out not to have done.
const createTries = 2

// create sends a POST. When it cannot be known whether it was done, or somebody
// has the name, the target is asked who has it before it is sent again (I5).
func (x *exporter) create(ctx context.Context, op *Op, o *Object, body []byte, answer *sent) (err error) {
	for range createTries {
		answer.resource, err = x.sp.Create(ctx, op.Type, scim.ResourceFromJSON(body))
		if err == nil {
			err = refusal(answer.resource)
		}
		if err == nil && answer.resource.ID() == "" {
			err = errNoID // where it is must be found out
		} else if err == nil {
			return nil
		}
		f := target.Classify(err)
		taken := f.Class == target.Conflict
		if !f.Ambiguous && !taken && !errors.Is(err, errNoID) {
			return err
		}
		found, how, lookErr := x.holder(ctx, op, body)
		switch {
		case lookErr != nil:
			return errors.Join(err, lookErr)
		case found != nil:
			answer.resource, answer.adopted = found, how
			if !taken {
				answer.adopted = "created"
			}
			return nil
		case taken:
			return err
		}
	}
	return err
}

var errNoID = errors.New("the target answered without an id")

// takenError is somebody at the target whom another object of the source is
// linked to.
type takenError struct{ holder, terms string }

func (e *takenError) Error() string {
	return fmt.Sprintf("The target has one with %s, and %s is linked to it. Two people cannot have one account: correct one of them at the source, or end that link.", e.terms, e.holder)
}

// holder is the one at the target who has the matching attributes of what was to
// be created, unless he is linked to somebody else.
func (x *exporter) holder(ctx context.Context, op *Op, body []byte) (found *scim.Resource, how string, err error) {
	for _, terms := range x.rules(op.Type).MatchIn(decode(string(body))) {
		list, err := x.search(ctx, op.Type, terms)
		if err != nil {
			return nil, "", err
		}
		if len(list) != 1 {
			continue
		}
		held, err := x.Store.ObjectsByTarget(ctx, op.Type, []string{list[0].ID})
		if err != nil {
			return nil, "", err
		}
		if len(held) > 0 {
			return nil, "", &takenError{held[0].Name, describe(terms)}
		}
		return scim.ResourceFromJSON([]byte(list[0].Doc)), matchedBy(terms), nil
	}
	return nil, "", nil
}

// patchOf reads a PATCH message that PatchBody or MembersPatch wrote, without
// asking what its attributes are: the target may have its own.
func patchOf(body []byte) (*scim.Patch, error) {
	var message struct {
		Operations []struct {
			Op    string         `json:"op"`
			Path  string         `json:"path"`
			Value jsontext.Value `json:"value"`
		}
	}
	if err := json.Unmarshal(body, &message); err != nil {
		return nil, err
	}
	p := &scim.Patch{}
	for _, o := range message.Operations {
		operation := scim.Operation{Op: o.Op, Path: o.Path}
		if o.Value != nil {
			operation.Value = o.Value
		}
		p.Operations = append(p.Operations, operation)
	}
	return p, nil
}
