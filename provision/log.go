package provision

import (
	"encoding/json/v2"

	"github.com/rollcall-scim/rollcall/provision/target"
)

// Detail is what an operation's entry in the provisioning log says beside its
// columns.
type Detail struct {
	Steps []Step `json:"steps,omitempty"`
	// Matched says how the link of this operation was made.
	Matched   string            `json:"matched,omitempty"`
	Exchanges []target.Exchange `json:"exchanges,omitempty"` // requests and answers, secrets struck out
	Cure      string            `json:"cure,omitempty"`
	NextTry   int64             `json:"nextTry,omitempty"` // microseconds since 1970; 0: none
}

// Step is one of the steps of Entra's provisioning log.
type Step struct {
	Name        string            `json:"name"`
	Type        string            `json:"type"`   // import, scoping, matching, processing, referenceResolution, export
	Status      string            `json:"status"` // success, warning, failure, skipped
	Description string            `json:"description"`
	Details     map[string]string `json:"details,omitempty"`
}

// Details are the operation's; empty when it has none.
func (op *Op) Details() (d Detail) {
	if op.Detail != "" {
		_ = json.Unmarshal([]byte(op.Detail), &d) // written by us
	}
	for i := range d.Exchanges {
		if x := &d.Exchanges[i]; x.Request == asPlanned {
			x.Request = op.Body
		}
	}
	return d
}

// asPlanned stands in the log for a request's body that was the operation's own:
// most are, and each is long enough to be kept once.
const asPlanned = "(as planned)"

// detail is how Details is kept.
func (op *Op) detail(d Detail) string {
	for i := range d.Exchanges {
		if x := &d.Exchanges[i]; x.Request == op.Body && op.Body != "" {
			x.Request = asPlanned
		}
	}
	return encode(d)
}

// Differences are what the operation changes.
func (op *Op) Differences() (d []Difference) {
	if op.Diff != "" {
		_ = json.Unmarshal([]byte(op.Diff), &d) // written by us
	}
	return d
}
