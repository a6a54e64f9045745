package provision

import (
	"time"

	"github.com/rollcall-scim/rollcall/provision/source"
	"github.com/rollcall-scim/rollcall/provision/target"
)

// Application is one outbound provisioning set-up of a tenant (Entra: enterprise
// application): where people come from, where they go, who, and as what. Its
// YAML is what people write, keep and compare; Parse reads it, and fills in
// what is not said. Secrets stand in Source and Target as ${NAME} until Expand.
type Application struct {
	Name      string        `yaml:"name"`
	Source    source.Config `yaml:"source"`
	Target    target.Config `yaml:"target"`
	Scope     Scope         `yaml:"scope"`
	Schedule  Schedule      `yaml:"schedule,omitempty"`
	Status    string        `yaml:"status"`             // On or Off
	Approval  string        `yaml:"approval,omitempty"` // Auto, AutoExceptRemoval or Always
	Leavers   Leavers       `yaml:"leavers,omitempty"`
	Guards    Guards        `yaml:"guards,omitempty"`
	Protected []string      `yaml:"protected,omitempty"`     // names or anchors that are never touched
	Drift     string        `yaml:"drift,omitempty"`         // DriftReport or DriftRepair
	Retention Duration      `yaml:"log-retention,omitempty"` // of the provisioning log; 90d when 0
	// DefaultDomain is what the expression DefaultDomain() gives.
	DefaultDomain string        `yaml:"default-domain,omitempty"`
	Users         ObjectMapping `yaml:"users,omitempty"`
	Groups        ObjectMapping `yaml:"groups,omitempty"`
}

// Values of Status, Approval and Drift. The first of each is the default, but
// for Status.
const (
	On  = "on"
	Off = "off" // default

	AutoExceptRemoval = "auto-except-removal" // what takes access away waits for an admin
	Auto              = "auto"
	Always            = "always"

	DriftReport = "report" // what was changed at the target by hand is told
	DriftRepair = "repair" // and put back
)

// Scope says who is provisioned.
type Scope struct {
	Sync   string   `yaml:"sync"`             // SyncAssigned (default) or SyncAll
	Users  []string `yaml:"users,omitempty"`  // assigned: userPrincipalName, mail or anchor
	Groups []string `yaml:"groups,omitempty"` // assigned: displayName or anchor; their members with them
	// Nested is how deep members of members count: Deep (default, "on") to any
	// depth, 0 ("off") direct ones only.
	Nested Nested `yaml:"nested,omitempty"`
	// Filters: one filter must hold; a filter holds if all of its clauses do.
	Filters      [][]Clause `yaml:"filters,omitempty"`
	GroupFilters [][]Clause `yaml:"group-filters,omitempty"`
}

// Values of Scope.Sync.
const (
	SyncAssigned = "assigned"
	SyncAll      = "all"
)

// Clause is one condition of a scoping filter, by one of Entra's operators.
type Clause struct {
	Attribute  string `yaml:"attribute"`
	Operator   string `yaml:"operator"`
	Value      string `yaml:"value,omitempty"`
	IgnoreCase bool   `yaml:"ignore-case,omitempty"`
}

// Schedule says when cycles run by themselves.
type Schedule struct {
	Every Duration `yaml:"every,omitempty"` // between the starts of two cycles; 40m when 0
	Full  Duration `yaml:"full,omitempty"`  // at the latest after this the target is read whole again; 24h when 0
}

// Leavers says what becomes of people who leave the scope or the source.
type Leavers struct {
	Action string   `yaml:"action,omitempty"` // one of the Leave constants
	After  Duration `yaml:"after,omitempty"`  // with LeaveDisableDelete: 30d when 0
}

// Values of Leavers.Action.
const (
	LeaveDisableDelete = "disable-then-delete" // default
	LeaveDisable       = "disable"
	LeaveDelete        = "delete"
	LeaveIgnore        = "ignore"
)

// Guards hold back what would do much harm at once, until an admin has looked.
type Guards struct {
	Deprovision Guard `yaml:"deprovision,omitempty"` // disabled or deleted
	Clear       Guard `yaml:"clear,omitempty"`       // attributes emptied
	Members     Guard `yaml:"members,omitempty"`     // members removed from groups
	Shrink      Guard `yaml:"shrink,omitempty"`      // the source lost so many at once: nothing is taken for deleted; 20 %
}

// Guard is crossed by more than max(Count, Percent of what is linked) in 24
// hours.
type Guard struct {
	Off     bool `yaml:"off,omitempty"`
	Count   int  `yaml:"count,omitempty"`   // 10 when 0
	Percent int  `yaml:"percent,omitempty"` // 5 when 0
}

// ObjectMapping says how users, or groups, are written.
type ObjectMapping struct {
	Enabled bool `yaml:"enabled,omitempty"` // in YAML: unless it says false
	// Actions are those of create, update and delete that are done; empty: all.
	Actions  []string `yaml:"actions,omitempty"`
	Mappings Mappings `yaml:"mappings,omitempty"` // the default mapping when empty
}

// Mappings are in the order in which they are written; in YAML they are one
// mapping with the target's attribute as key.
type Mappings []Mapping

// Mapping fills one attribute of the target. Exactly one of From, Constant and
// Expression is set, or None.
type Mapping struct {
	Target     string  `yaml:"-"` // a path: userName, name.givenName, emails[type eq "work"].value, urn:...:User:department
	From       string  `yaml:"from,omitempty"`
	Constant   *string `yaml:"constant,omitempty"`
	Expression string  `yaml:"expression,omitempty"`
	None       bool    `yaml:"none,omitempty"` // left alone; Default fills it where it is empty
	// Match is the precedence in which the attribute finds people who are there
	// already, from 1; mappings of the same precedence must all agree. 0: not.
	Match   int     `yaml:"match,omitempty"`
	Apply   string  `yaml:"apply,omitempty"` // one of the Apply constants; always when empty
	Default *string `yaml:"default,omitempty"`
	Null    string  `yaml:"null,omitempty"` // one of the Null constants; keep when empty
	Type    string  `yaml:"type,omitempty"` // of the target's attribute where its schema does not tell: string, boolean, integer, decimal, reference
}

// Values of Mapping.Apply; always is the default.
const (
	ApplyAlways  = "always"
	ApplyCreate  = "create"   // only when the object is created
	ApplyAdd     = "add-only" // values are added to a multi-valued attribute and never taken away
	ApplyIfEmpty = "if-empty" // only where the target has none
)

// Values of Mapping.Null; keep is the default, as with Entra.
const (
	NullKeep    = "keep"    // no value leaves the target's as it is
	NullClear   = "clear"   // no value removes the target's
	NullDefault = "default" // no value writes Default, on updates too
)

// Duration is a time.Duration that people write as 10m, 36h or 30d.
type Duration time.Duration

// Nested is a depth that people write as on, off or a number.
type Nested int

// Deep is a Nested without end.
const Deep Nested = -1
