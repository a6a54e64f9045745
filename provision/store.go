package provision

import (
	"context"
	"errors"
)

// ErrLeased says that another process, or another cycle of this one, works on
// the application.
var ErrLeased = errors.New("another cycle of this application is running")

// Stores opens the state of one application of one tenant: what it knows of
// people on both sides. The set-up itself is the directory's.
type Stores interface {
	// Application opens the state of an application by its id.
	Application(tenant int64, app string) Store
	// Due lists applications whose next run has come, whose tenant changed since
	// what they have seen, or that were leased by a process that has not been
	// heard of since.
	Due(ctx context.Context, now int64) ([]Due, error)
}

// Due is an application whose time has come.
type Due struct {
	Tenant int64
	App    string
}

// Store is what one application knows, and reaches no other. Each method that
// writes is one transaction, durable when it returns. Times are microseconds
// since 1970.
type Store interface {
	// State is zero before the first cycle.
	State(ctx context.Context) (State, error)
	PutState(ctx context.Context, s State) error
	// Lease takes the application for owner until that time, or prolongs it;
	// ErrLeased when somebody else has it and now is before the end of his time.
	Lease(ctx context.Context, owner string, now, until int64) error
	Release(ctx context.Context, owner string) error
	// Schedule sets only State.NextRun; whoever holds no lease may. watched is
	// the number of the tenant's last change that the application has seen, so that a
	// later one makes it due at once; 0: the tenant's changes do not concern it.
	Schedule(ctx context.Context, at, watched int64) error
	// Forget deletes everything that is kept for the application.
	Forget(ctx context.Context) error
	// Restart deletes what a new initial cycle finds out again: the watermark, escrow,
	// quarantine, what was read of the target. Links stay, and everything is
	// to be looked at.
	Restart(ctx context.Context) error

	ObjectStore
	TargetStore
	CycleStore
	OpStore
}

// State is where an application stands.
type State struct {
	NextRun    int64 // 0: not by itself; written by Schedule
	Watermark  string
	Setup      int64  // number of the change of the set-up that objects were last evaluated under
	Cycle      int64  // number of the last cycle
	LastFull   int64  // when the target was last read whole
	LastGood   int64  // when a cycle last ended well
	Quarantine string // JSON of Quarantine; empty: none
	Escrowed   int64  // the earliest next try of an object in escrow; 0: none
}

// Key names an object of the source.
type Key struct{ Type, Anchor string }

// Object is what an application knows of one object of the source: how it was
// last read, whether it is in scope, and its link. Its row is written by
// several statements, each of which touches its own part.
type Object struct {
	Key
	// the source's part
	Ref        string // what other objects call it; the anchor where the source has no other
	Name       string // for people
	NameKey    string // the name, folded: people search by it
	Attributes string // JSON object
	Seen       int64  // the cycle that last met it
	Gone       bool   // the source has it no more
	Faulty     string // why the source could not read it

	// scoping's part
	Assigned int64  // the cycle that last found it assigned; 0: it is not
	Via      string // how: "direct", or the groups on the way, "Staff > Sales"
	InScope  bool
	Why      string // the reason for being in or out, for people

	// the link
	Target  string // the target's id; empty: no link
	Matched string // how the link came: "created", `matched by userName`, "by hand"
	Linked  int64
	Written string // JSON object: what the target holds by mapped path, as far as is known
	Version string // the target's ETag
	Met     int64  // the full cycle that last met it at the target
	Left    int64  // when its access was taken; 0 while it has it

	// what is to be done
	Dirty    bool   // to be looked at by the next plan
	Failures int    // in a row
	Retry    int64  // escrow: not before this time; 0: none
	Error    string // JSON of the last failure
	Held     string // what an admin rejected, so that it is not asked again until the source changes
}

// ObjectQuery chooses objects, in the order of type and anchor.
type ObjectQuery struct {
	Type   string // empty: both
	After  Key
	Limit  int
	Dirty  bool  // to be looked at, escrow whose time has not come left out
	Now    int64 // with Dirty
	Unseen int64 // not met by this cycle, and not gone before
	// Unassigned: was assigned, but not by this cycle.
	Unassigned int64
	Unmet      int64 // linked, and not met at the target by this cycle
	Linked     bool
	Escrow     bool
	Rejected   bool   // for whom an admin refused something, and that still stands
	LeftBefore int64  // whose access was taken before that time, who are out of scope and still have a link
	Search     string // a folded name, anchor, or target id
}

// ObjectStore keeps Objects.
type ObjectStore interface {
	Objects(ctx context.Context, q ObjectQuery) ([]*Object, error)
	// ObjectsByKey, ByRef and ByTarget find those that are there, in no order.
	ObjectsByKey(ctx context.Context, keys []Key) ([]*Object, error)
	ObjectsByRef(ctx context.Context, refs []string) ([]*Object, error)
	ObjectsByTarget(ctx context.Context, typ string, ids []string) ([]*Object, error)
	CountObjects(ctx context.Context) (Counts, error)

	// PutSource inserts objects or writes their source's part, Dirty and Retry.
	PutSource(ctx context.Context, objects []*Object) error
	// MarkSeen notes that objects were met and are as they were.
	MarkSeen(ctx context.Context, cycle int64, keys []Key) error
	// PutScope writes scoping's part, Dirty and Retry.
	PutScope(ctx context.Context, objects []*Object) error
	// MarkMet notes that links were met at the target, and are as they should be.
	MarkMet(ctx context.Context, cycle int64, keys []Key) error
	// MarkDirty has objects looked at by the next plan: those named, or all when keys
	// is nil; it ends their escrow.
	MarkDirty(ctx context.Context, keys []Key) error
	// PutLinks writes scoping's part, the link, and what is to be done.
	PutLinks(ctx context.Context, objects []*Object) error

	// DeleteObjects forgets objects that the source and the target have no more.
	DeleteObjects(ctx context.Context, keys []Key) error

	// Await notes which references of objects could not be resolved yet, in the
	// place of what was noted for them before. Waiting lists who waits for one of
	// the refs.
	Await(ctx context.Context, waits map[Key][]string) error
	Waiting(ctx context.Context, refs []string) ([]Key, error)
}

// Counts of an application's objects.
type Counts struct {
	Source, InScope, Linked, Dirty, Escrow, Left int
	Rejected                                     int // people and groups of whom an admin refused something
	LinkedUsers, LinkedGroups                    int
	// NextRetry is the earliest time of an object in escrow.
	NextRetry int64
}

// TargetObject is one at the target that no object is linked to: somebody to be
// matched, or an orphan.
type TargetObject struct {
	Type, ID string
	Name     string
	Doc      string     // the resource's JSON
	Keys     []MatchKey // by which it is matched
	Seen     int64      // the full cycle that met it
}

// MatchKey is the folded value of a matching attribute.
type MatchKey struct{ Path, Value string }

// TargetStore keeps what was read of the target.
type TargetStore interface {
	PutTargets(ctx context.Context, objects []TargetObject) error
	// MatchTargets finds by a key, among those that cycle met, in the order of ids; at most limit.
	MatchTargets(ctx context.Context, cycle int64, typ string, key MatchKey, limit int) ([]TargetObject, error)
	Targets(ctx context.Context, typ, after string, limit int) ([]TargetObject, error)
	DeleteTargets(ctx context.Context, typ string, ids []string) error
	// DeleteTargetsBefore forgets those that an earlier cycle met.
	DeleteTargetsBefore(ctx context.Context, cycle int64) error
}

// Cycle is one run, and the plan that it made.
type Cycle struct {
	Number   int64
	Kind     string // Initial, Incremental, ... (see cycle.go)
	Phase    string // import, scoping, matching, processing, waiting, export, ended
	Setup    int64  // the set-up's change number
	Started  int64
	Ended    int64
	Actor    string // who asked, or "schedule"
	Outcome  string // success, warning, failure, stopped, quarantine; empty while it runs
	Message  string
	Complete bool   // the source was read whole
	Next     string // the watermark that the source gave
	Begun    int64  // ops up to this number may have been begun: what is planned among them is looked up first (I5)
	Done     int64
	Total    int64
	Stats    string // JSON of Stats
}

// CycleStore keeps cycles.
type CycleStore interface {
	PutCycle(ctx context.Context, c *Cycle) error
	// DeleteCycle forgets one that had nothing to do.
	DeleteCycle(ctx context.Context, number int64) error
	Cycle(ctx context.Context, number int64) (*Cycle, error) // nil: none such
	Cycles(ctx context.Context, before int64, limit int) ([]*Cycle, error)
}

// Op is one operation of a plan, and its entry in the provisioning log when it
// was done.
type Op struct {
	Cycle  int64
	Number int64 // from 1, in the order of export
	Phase  int   // see Phase constants: users before groups before memberships (I8)
	Key
	Name    string
	NameKey string
	Target  string // the target's id; empty for a create
	Action  string // Entra's words: create, update, disable, delete, other
	State   string // planned, staged, rejected, done, failed, skipped, superseded
	Guard   string // why it is staged
	Why     string // the reason, a sentence
	Loss    int    // objects, attributes or members that it takes away, for the guards
	Losing  string // of which guard: deprovision, clear, members; empty: none
	Last    bool   // done, nothing is left to do for its object in this plan
	Method  string // POST, PATCH, PUT, DELETE; empty: nothing is sent
	Body    string // JSON; references to objects that have no id yet are written as Reference writes them
	Diff    string // JSON of []Difference
	After   string // Object.Written after it

	// the log's part
	Time     int64 // when it was done; 0: not yet
	Duration int64
	Status   string // success, failure, skipped, warning
	Code     string // Entra's error code
	Message  string
	Detail   string // JSON of Detail: steps, exchanges, the next try

	matched bool // Detail says how the link was made; once it was carried out
}

// OpQuery chooses operations.
type OpQuery struct {
	Cycle  int64 // 0: of all
	States []string
	After  int64 // a number, within a cycle; ascending
	Limit  int
	// Log chooses those with a Time, newest first, of any cycle.
	Log    bool
	Before int64 // a Time
	Since  int64
	Person string // a folded name, anchor, or target id
	Failed bool
}

// OpStore keeps operations.
type OpStore interface {
	InsertOps(ctx context.Context, ops []*Op) error
	Ops(ctx context.Context, q OpQuery) ([]*Op, error)
	// CountOps counts a cycle's by action and state.
	CountOps(ctx context.Context, cycle int64) ([]OpCount, error)
	// StageOps has those planned operations of a cycle wait that lose what the guard
	// watches and whose Guard is empty, and writes why into it.
	StageOps(ctx context.Context, cycle int64, losing, guard string) (int, error)
	// SupersedeBefore has the planned and staged operations of earlier cycles superseded. What
	// waited in a cycle that was not only planned is forgotten: the new plan has it again.
	SupersedeBefore(ctx context.Context, cycle int64) error
	// SetOpState moves operations from one state to another; numbers nil: all in that state.
	SetOpState(ctx context.Context, cycle int64, from, to string, numbers []int64) (int, error)
	// Finish writes in one transaction what came of operations, and the objects
	// they were about: the link is there when the log says so.
	Finish(ctx context.Context, ops []*Op, objects []*Object) error
	// Losses sums Loss of what was done since a time, for a guard.
	Losses(ctx context.Context, losing string, since int64) (int, error)
	// Prune deletes the log before a time.
	Prune(ctx context.Context, before int64) (int, error)
}

// OpCount is how many operations of a cycle have that action and state.
type OpCount struct {
	Action, State, Losing string
	N, Loss               int
}
