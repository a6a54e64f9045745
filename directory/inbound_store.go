package directory

import "context"

// DetailRow is what was sent and what was answered, beside a row of activity.
type DetailRow struct {
	ID       string // of the activity
	Path     string // below the base
	Exchange []byte // see pack
}

// RefusalRow is the last refused write of a person, or of an IdP group.
type RefusalRow struct {
	Subject  string // as in ActivityRow
	Cause    string // id of a CauseRow
	Person   string // userName, as it was sent or stored
	Client   string
	Method   string
	Path     string
	Status   int
	Detail   string
	Request  string
	Activity string // id of its row
	First    int64  // when this cause began to hold him
	Last     int64
	Body     string // as it was sent, secrets struck out
}

// CauseRow is why some wait, and how many.
type CauseRow struct {
	ID         string
	Connection string
	Type       string // User or Group, as in SCIM
	Code       string
	Value      string // see scim.Error
	Detail     string // of the last refusal
	Client     string // likewise
	Waiting    int64
	First      int64
	Last       int64
}

// TallyRow is a count: of one hour, or since ever.
type TallyRow struct {
	Hour       int64 // since 1970; 0: since ever
	Connection string
	Name       string
	N          int64
	First      int64
	Last       int64
}

// MarkRow is a question that an admin is asked about a person.
type MarkRow struct {
	Kind       string
	User       string
	Connection string
	At         int64
	Note       string
}

// MadeTeamRow says which attribute of which connection has made a team.
type MadeTeamRow struct {
	Connection string
	Attribute  string
}

// InboundReader is the part of a Reader about what came in over SCIM.
type InboundReader interface {
	// ActivityByID returns nil, and no error, for an id that is not there; so do
	// Detail and Refusal.
	ActivityByID(ctx context.Context, id string) (*ActivityRow, error)
	Detail(ctx context.Context, id string) (*DetailRow, error)
	Refusal(ctx context.Context, subject string) (*RefusalRow, error)
	// Refusals lists those of a cause in the order of their subjects.
	Refusals(ctx context.Context, cause, after string, limit int) ([]RefusalRow, error)
	// Causes lists those for which the most wait, and CountCauses counts all.
	Causes(ctx context.Context, limit int) ([]CauseRow, error)
	Cause(ctx context.Context, id string) (*CauseRow, error)
	// Tallies lists the hours from the given one, and what is counted since ever.
	Tallies(ctx context.Context, hour int64) ([]TallyRow, error)
	Marks(ctx context.Context, kind, after string, limit int) ([]MarkRow, error)
	// CountMarks and CountHeld count no further than atMost.
	CountMarks(ctx context.Context, kind string, atMost int) (int, error)
	CountHeld(ctx context.Context, connection string, atMost int) (int, error)
	TeamsMade(ctx context.Context, connection, attribute string) ([]string, error)
	// TeamHasOther says whether anybody is in the team for another reason than the
	// origin.
	TeamHasOther(ctx context.Context, team, origin string) (bool, error)
	// Tokens and Clients list all of them, with when they were last used.
	Tokens(ctx context.Context) ([]TokenRow, error)
	Clients(ctx context.Context) ([]ClientRow, error)
	// AttentionSeen tells when an admin last decided about each entry.
	AttentionSeen(ctx context.Context) (map[string]int64, error)
}

// InboundTx is the part of a Tx about it.
type InboundTx interface {
	AppendDetail(ctx context.Context, d *DetailRow) error
	// PurgeInbound deletes up to limit details before that activity id, hours
	// before that one, and returns how many details it deleted.
	PurgeInbound(ctx context.Context, beforeID string, beforeHour int64, limit int) (int, error)
	// PutRefusal replaces the one of the subject. Counting is the caller's.
	PutRefusal(ctx context.Context, r *RefusalRow) error
	DeleteRefusal(ctx context.Context, subject string) error
	// RefusalsBefore lists some that were last seen before that time.
	RefusalsBefore(ctx context.Context, last int64, limit int) ([]RefusalRow, error)
	// AddToCause makes the cause, or adds c.Waiting to it; one for which nobody
	// waits goes.
	AddToCause(ctx context.Context, c *CauseRow) error
	// Tally adds to a count when the change commits, once for all that share the
	// transaction.
	Tally(t TallyRow)
	PutMark(ctx context.Context, m MarkRow) error
	EndMark(ctx context.Context, kind, user string) error
	PutMadeTeam(ctx context.Context, connection, attribute, team string, at int64) error
	// EndMadeTeam forgets it, and tells what it was.
	EndMadeTeam(ctx context.Context, team string) ([]MadeTeamRow, error)
	SeeAttention(ctx context.Context, entry, actor string, at int64) error
}
