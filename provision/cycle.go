package provision

// Kinds of cycles.
const (
	Initial     = "initial"     // everything is read on both sides and looked at
	Full        = "full"        // the same, again
	Incremental = "incremental" // only what changed at the source
	OnDemand    = "on demand"   // one object, because somebody asked
)

// Phases of a cycle, in the words of Entra's provisioning log.
const (
	PhaseImport   = "import"     // the source is read
	PhaseScoping  = "scoping"    // who is assigned
	PhaseMatching = "matching"   // the target is read
	PhasePlanning = "processing" // the plan is made
	PhaseExport   = "export"     // the plan is carried out
	PhaseEnded    = "ended"
)

// Outcomes of a cycle.
const (
	Success  = "success"
	Warning  = "warning"    // some objects failed, or wait for an admin
	Failure  = "failure"    // it did not come to its end
	Stopped  = "stopped"    // by an admin, or because the set-up was changed
	Breaking = "quarantine" // so much failed that the target is left alone for a while
)

// States of an operation.
const (
	Planned    = "planned"
	Staged     = "staged"   // waits for an admin
	Rejected   = "rejected" // by an admin
	Done       = "done"
	Failed     = "failed"
	Superseded = "superseded" // a later plan has its place
)

// Actions of operations, in Entra's words.
const (
	ActionCreate  = "create"
	ActionUpdate  = "update"
	ActionDisable = "disable"
	ActionDelete  = "delete"
	ActionOther   = "other" // a link made or ended, and nothing sent
)

// What operations take away; each has its guard.
const (
	LosesAccess     = "deprovision" // somebody is disabled or deleted
	LosesAttributes = "clear"
	LosesMembers    = "members"
)

// Phases of export, in their order (invariant I8): users before groups before
// memberships before references; what is taken away comes last, memberships
// before objects. A phase begins when the one before has ended.
const (
	exportUsers = iota + 1
	exportGroups
	exportMembers
	exportReferences
	exportDisables
	exportDeletedGroups
	exportDeletedUsers
)

// phaseStep leaves each phase room for its operations: the number of an
// operation is its phase times this, and a count.
const phaseStep = 1_000_000_000

// Stats counts what a cycle did, for people.
type Stats struct {
	Read       int      `json:"read"`    // records that the source gave
	Changed    int      `json:"changed"` // of them new or different
	Deleted    int      `json:"deleted"`
	AtTarget   int      `json:"atTarget"` // objects that the target listed
	Drifted    int      `json:"drifted"`  // changed at the target by somebody else
	Vanished   int      `json:"vanished"` // linked, and not at the target any more
	Planned    int      `json:"planned"`
	Staged     int      `json:"staged"`
	Created    int      `json:"created"`
	Updated    int      `json:"updated"`
	Matched    int      `json:"matched"` // linked to somebody who was there
	Disabled   int      `json:"disabled"`
	Removed    int      `json:"removed"` // deleted at the target
	Failed     int      `json:"failed"`
	Requests   int64    `json:"requests"`
	Throttled  int64    `json:"throttledMs"` // time spent waiting because the target asked for it
	Notes      []string `json:"notes,omitempty"`
	Duplicates []string `json:"duplicates,omitempty"`
}

// Progress tells where a running cycle is.
type Progress struct {
	Phase       string
	Done, Total int64 // objects; Total 0 while it is not known
}
