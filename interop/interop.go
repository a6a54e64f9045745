// Package interop keeps what real SCIM clients send, as data, and runs it
// against any SCIM 2.0 server. A case is a piece of conversation: the state it
// needs before, the requests byte for byte as an identity provider writes them,
// and what a reader of the server must find afterwards. The cases lie in
// cases/*.yaml; README.md says how to read and add one.
//
// The runner speaks HTTP to a base URL and knows nothing of our own server.
// State that SCIM cannot make is asked of a State.
package interop

import (
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"
)

// Case is one conversation and its judgement. Exactly one of Steps and NotOurs
// is set.
type Case struct {
	ID     string   // of the entry in the wire catalogue, or our own
	Own    bool     // the id is ours, not the catalogue's
	Covers []string // further ids of the catalogue that this case judges
	Title  string
	Rule   string // what must be true, and why
	Given  *Given
	Steps  []Step

	Profile string   // compat, rfc, strict, or rollcall for what is our own decision; the file's, if the case says none
	Clause  string   // of the standard, and the items of docs/conformance.md in it
	Level   string   // must (if nothing is said) or should
	Hurts   string   // who meets the fault when the case fails; the file's, if the case says none
	Needs   []string // what a server must offer besides what the steps show: see Offer
	Alone   bool     // only a server without other people can pass

	NotOurs string `yaml:"notOurs"` // why we do not offer this

	File string `yaml:"-"`
	Line int    `yaml:"-"`

	client map[string]*string
}

// Given is the state before a case, in words of data.
type Given struct {
	Settings map[string]string         // of the tenant, by the names of its settings; those not named have their defaults
	Groups   []string                  // workspace groups besides the default one
	Users    map[string]map[string]any // people whom this client provisioned earlier: SCIM attributes by a name for the case
	ByHand   map[string]map[string]any `yaml:"byHand"` // people whom the directory has and SCIM never saw

	OAuth     bool                      `yaml:"oauth"` // an OAuth client: {tokenEndpoint}, {clientId}, {clientSecret}, and {clientBasic} for HTTP Basic
	Crowd     int                       // so many people more, called crowd1, crowd2, ...
	IdPGroups map[string]map[string]any `yaml:"idpGroups"` // SCIM Groups by a name for the case; members are names too, and crowd is all of the crowd
}

// The profiles of a case.
const (
	Compat   = "compat"   // what the identity providers of today need
	RFC      = "rfc"      // RFC 7643, 7644 and 9865 as they are written
	Strict   = "strict"   // the interoperability profile and IPSIE's
	Rollcall = "rollcall" // what Rollcall alone promises
)

// The levels of a case, after RFC 2119.
const (
	Must   = "must"
	Should = "should"
)

// Step is one request and what its answer must be. Exactly one of Send and
// Read is set; Read is a GET that judges the state.
type Step struct {
	Send    string // method and path below the base URL, as the client writes them
	Read    string
	Headers map[string]*string // over those of the file's client; null takes one away
	Body    string

	Times  int           // sent so many times; once if not said
	Within time.Duration // all of them answered in this time

	Status        Statuses // of every answer; a read needs none and means 200
	Answer        any
	AnswerHeaders map[string]string `yaml:"answerHeaders"`
	Save          map[string]string // a name for later steps: where in the answer its value is

	Line int `yaml:"-"`
}

// Statuses are the answers of HTTP that a step takes for right.
type Statuses []int

// UnmarshalYAML reads one number or a list of them.
func (s *Statuses) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		var one int
		if err := n.Decode(&one); err != nil {
			return fmt.Errorf("line %d: status must be a number or a list of numbers", n.Line)
		}
		*s = Statuses{one}
		return nil
	}
	var many []int
	if err := n.Decode(&many); err != nil {
		return fmt.Errorf("line %d: status must be a number or a list of numbers", n.Line)
	}
	*s = many
	return nil
}

func (s Statuses) has(status int) bool {
	for _, one := range s {
		if one == status {
			return true
		}
	}
	return false
}

func (s Statuses) String() string {
	text := ""
	for i, one := range s {
		if i > 0 {
			text += " or "
		}
		text += fmt.Sprint(one)
	}
	return text
}
