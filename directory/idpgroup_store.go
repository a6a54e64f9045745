package directory

import "context"

// IdPGroupReader is the part of a Reader about IdP groups.
type IdPGroupReader interface {
	// IdPGroup returns nil, and no error, for an id that is not there.
	IdPGroup(ctx context.Context, id string) (*IdPGroupRow, Stamp, error)
	// FindIdPGroups returns those that have the value as that key, in the order
	// of their ids.
	FindIdPGroups(ctx context.Context, k IdPGroupKey, value string) ([]*IdPGroupRow, Stamp, error)
	// ListIdPGroups lists in the order of ids; limit 0 means all.
	ListIdPGroups(ctx context.Context, after string, offset, limit int) ([]*IdPGroupRow, Stamp, error)

	// Members lists the members in sight in the order of their ids, with their
	// documents where names are wanted.
	Members(ctx context.Context, q MemberQuery) ([]MemberRow, error)
	// IsMember says whether the member is one in sight.
	IsMember(ctx context.Context, group, member string) (bool, error)
	// Candidates tells of ids what they are; what is neither a user nor an IdP
	// group is left out.
	Candidates(ctx context.Context, ids []string) (map[string]Candidate, error)
	// GroupsAbove tells of each member the IdP groups that he is in, directly or
	// through other groups, in the order of their ids. Circles end.
	GroupsAbove(ctx context.Context, members []string) (map[string][]Above, error)
	// PeopleBelow lists, in the order of their ids, who is in the IdP group or in
	// a group of it, and who has a team because of it.
	PeopleBelow(ctx context.Context, group, after string, limit int) ([]string, error)
	// Profilings lists the IdP groups whose people still wait for their teams.
	Profilings(ctx context.Context) ([]ProfilingRow, error)
}

// IdPGroupTx is the part of a Tx about IdP groups.
type IdPGroupTx interface {
	// InsertIdPGroup and UpdateIdPGroup write the row, its links and the index of
	// its name; ErrTaken when another one has the name. Members are not touched.
	InsertIdPGroup(ctx context.Context, g *IdPGroupRow) error
	UpdateIdPGroup(ctx context.Context, was, g *IdPGroupRow) error
	// DeleteIdPGroup deletes the row and what hangs on it, member rows too.
	DeleteIdPGroup(ctx context.Context, g *IdPGroupRow) error

	// AddMembers returns the ids of those who were no members before.
	AddMembers(ctx context.Context, group string, ms []MemberRow) (added []string, err error)
	// RemoveMembers returns the rows of those who were.
	RemoveMembers(ctx context.Context, group string, ids []string) (removed []MemberRow, err error)
	// ShowMember brings a person's member rows into sight or out of it and
	// returns the groups of those that were not so before.
	ShowMember(ctx context.Context, user string, shown bool) (groups []string, err error)

	PutProfiling(ctx context.Context, p ProfilingRow) error
	DeleteProfiling(ctx context.Context, group string) error
}

// IdPGroupRow is an IdP group without its members. Doc is as a UserRow's.
type IdPGroupRow struct {
	ID       string
	Key      string // folded displayName
	Doc      string
	Owner    string // the connection it came from; "" when made here
	Links    string // as a UserRow's
	Members  int64  // in sight
	Created  int64
	Modified int64
	Version  int64
}

// IdPGroupKey names an index of IdP groups.
type IdPGroupKey int

const (
	ByGroupName       IdPGroupKey = iota // the folded displayName
	ByGroupExternalID                    // an externalId by any connection
	ByMember                             // the id of a direct member in sight
)

// MemberKind is what a member is.
type MemberKind int8

const (
	MemberUser  MemberKind = 1
	MemberGroup MemberKind = 2
)

// MemberRow is one member of an IdP group.
type MemberRow struct {
	ID    string
	Kind  MemberKind
	Shown bool // false: removed from the tenant, and not forgotten yet
	Doc   string
}

// MemberQuery asks for the members of an IdP group.
type MemberQuery struct {
	Group string
	After string
	Limit int
	Docs  bool
	All   bool // those out of sight too
}

// Candidate is what could become a member.
type Candidate struct {
	Kind      MemberKind
	State     State // of a user
	RemovedBy string
	RemovedAt int64
}

// Above is an IdP group that somebody is in.
type Above struct {
	ID     string
	Doc    string
	Direct bool
}

// ProfilingRow is the work that a change of an IdP group left behind: the teams
// of its people (behaviour.md 6.7), done in steps that each commit.
type ProfilingRow struct {
	Group   string
	Renamed bool
	Walked  string // the last person it has reached
}
