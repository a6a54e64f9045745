package provision

import (
	"bytes"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/scim"
)

// masked begins what stands in a plan for a value that is shown nowhere: a
// password, or what Redact gave. A plan is kept, so it holds none; the value is
// computed again when it is sent (I9).
const masked = "rollcall:redacted:"

func mask(key string) string { return masked + url.QueryEscape(key) }

// maskedDesired is d without what is shown nowhere; nil where all may be shown.
func maskedDesired(d Desired) *Desired {
	if !slices.ContainsFunc(d.Values, hides) {
		return nil
	}
	values := slices.Clone(d.Values)
	for i, v := range values {
		if hides(v) {
			values[i].Value = mask(v.Key)
		}
	}
	return &Desired{values}
}

func hides(v DesiredValue) bool { return v.Redacted && scim.Present(v.Value) }

func maskedDifferences(diffs []Difference) []Difference {
	diffs = slices.Clone(diffs)
	for i, d := range diffs {
		if d.Redacted && d.New != nil {
			diffs[i].New = mask(d.Path)
		}
	}
	return diffs
}

// maskedResource is a resource, for a PUT, without them.
func maskedResource(doc map[string]any, d Desired) map[string]any {
	for _, v := range d.Values {
		if hides(v) && v.Path.Get(doc) != nil {
			doc = scim.CloneObject(doc)
			v.Path.Set(doc, mask(v.Key))
		}
	}
	return doc
}

// unmasked puts the values in. hide takes them out of whatever is kept of the
// exchange.
func (x *exporter) unmasked(op *Op, o *Object, body []byte) (full []byte, hide func(string) string, err error) {
	if !bytes.Contains(body, []byte(masked)) {
		return body, nil, nil
	}
	r, err := o.record()
	if err != nil {
		return nil, nil, err
	}
	d, _ := x.rules(op.Type).Evaluate(r, Input{Now: x.Now(), Random: x.Random, DefaultDomain: x.App.DefaultDomain, SoftDeleted: op.Action == ActionDisable, Linked: op.Method != "POST"})
	var hidden []string
	for _, v := range d.Values {
		if hides(v) {
			body = bytes.ReplaceAll(body, []byte(encode(mask(v.Key))), []byte(encode(v.Value)))
			if text := textOf(v.Value); len(text) > 2 { // shorter ones are in half of all texts
				hidden = append(hidden, text, redaction, escaped(text), redaction, escaped(escaped(text)), redaction)
			}
		}
	}
	if bytes.Contains(body, []byte(masked)) {
		return nil, nil, errUnknown
	}
	return body, strings.NewReplacer(hidden...).Replace, nil
}

// errUnknown is an object whose plan is older than what its source gives now.
var errUnknown = errors.New("a value that is not kept cannot be computed any more; it is planned anew")
