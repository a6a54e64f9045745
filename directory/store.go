package directory

import (
	"context"
	"errors"
)

// Errors of a Store. Anything else is the database's own trouble.
var (
	ErrNotFound    = errors.New("not found")
	ErrTaken       = errors.New("the name is taken")
	ErrUnavailable = errors.New("the database did not take the change")
)

// Store keeps tenants' rows and knows none of the rules. What is written
// through Update is durable when Update returns nil.
//
// CreateTenant and Tenants, TenantByName, TokenTenant and those of ClientStore,
// SignInStore and OperatorStore are the only calls not confined to one tenant.
type Store interface {
	// CreateTenant makes a tenant and runs fn in the same transaction. ErrTaken
	// when the name is in use.
	CreateTenant(ctx context.Context, t TenantRow, fn func(Tx) error) error
	Tenants(ctx context.Context) ([]TenantRow, error)
	TenantByName(ctx context.Context, name string) (TenantRow, error)
	// TokenTenant finds the tenant of an access token by its SHA-256, in hex.
	TokenTenant(ctx context.Context, hash string) (tenant int64, err error)
	// Secret returns the installation's secret of that name, which is fresh where
	// there was none.
	Secret(ctx context.Context, name, fresh string) (string, error)
	// TouchTokens notes when tokens were last used; the change log does not
	// hear of it.
	TouchTokens(ctx context.Context, used map[string]int64) error
	ClientStore
	SignInStore
	OperatorStore

	// Reader reads one tenant, each call by itself.
	Reader(tenant int64) Reader
	// View runs fn on one state of the tenant.
	View(ctx context.Context, tenant int64, fn func(Reader) error) error
	// Update runs fn with the tenant to itself, so what fn has read stays true
	// until it commits. Several tenants' or callers' changes may share one
	// transaction; each is done whole or, when fn fails or panics, not at all.
	// ctx is looked at before fn starts and not after. ErrUnavailable when the
	// commit failed.
	Update(ctx context.Context, tenant int64, fn func(Tx) error) error
	Close() error
}

// Reader reads one tenant and no other.
type Reader interface {
	Tenant(ctx context.Context) (TenantRow, error)
	// SetupSince returns what was changed after change number seq of all that
	// a tenant keeps beside its people.
	SetupSince(ctx context.Context, seq int64) (SetupRows, error)

	// User returns nil, and no error, for an id that is not there.
	User(ctx context.Context, id string) (*UserRow, Stamp, error)
	// FindUsers returns the users who have the value as that key, in the order
	// of their ids.
	FindUsers(ctx context.Context, k Key, value string) ([]*UserRow, Stamp, error)
	ListUsers(ctx context.Context, l List) ([]*UserRow, Stamp, error)
	CountUsers(ctx context.Context, l List) (int, error)

	Links(ctx context.Context, user string) ([]LinkRow, error)
	IdPGroupReader
	GuardReader
	ApplicationReader
	SignInReader
	InboundReader
	PeopleReader
	Changes(ctx context.Context, q ChangeQuery) ([]ChangeRow, error)
	Activity(ctx context.Context, q ActivityQuery) ([]ActivityRow, error)
}

// Tx changes one tenant and no other.
type Tx interface {
	Reader
	// Row is the tenant's own row as this transaction has it. What is changed
	// in it is written at commit.
	Row() *TenantRow
	// InsertUser and UpdateUser write the row and the indexes of its keys.
	// ErrTaken when a living user has the userName.
	InsertUser(ctx context.Context, u *UserRow) error
	// UpdateUser touches indexes only where the keys differ.
	UpdateUser(ctx context.Context, was, u *UserRow) error
	// PutLink keeps FirstSeen of a link that stands, and its Alias when l has none.
	PutLink(ctx context.Context, l LinkRow) error
	DeleteLink(ctx context.Context, connection, user string) error
	PutGroup(ctx context.Context, g *GroupRow) error // ErrTaken
	PutTeam(ctx context.Context, t *TeamRow) error   // ErrTaken
	PutConnection(ctx context.Context, c *ConnectionRow) error
	PutToken(ctx context.Context, t *TokenRow) error
	ClientTx
	IdPGroupTx
	GuardTx
	ApplicationTx
	SignInTx
	InboundTx
	PeopleTx
	// AppendChange gives c the tenant's next number and keeps it.
	AppendChange(ctx context.Context, c *ChangeRow) error
	AppendActivity(ctx context.Context, a *ActivityRow) error
	// Blank forgets everything personal about a user: names and values in his
	// row, his keys, his links, his changes, what tasks say of him and his
	// activity, and that of requests which were refused under one of the folded
	// names.
	Blank(ctx context.Context, u *UserRow, names []string) error
	// Seal asks that nobody else's change joins this transaction, so that no
	// other change ever sees groups, teams, tokens or settings that are not
	// committed.
	Seal()
}

// Stamp is what one SELECT says about the tenant beside its data.
type Stamp struct {
	Setup int64 // number of the last change to anything but people
	Users int64 // people in sight
	// IdPGroups is how many there are: where there is none nobody asks for
	// anybody's.
	IdPGroups int64
}

// TenantRow is a tenant.
type TenantRow struct {
	ID       int64
	Name     string // the label of its host, lower case
	Display  string
	Created  int64 // microseconds since 1970, as all times of rows
	Settings string
	Seq      int64 // number of the last change
	Setup    int64 // number of the last change to anything but people
	Users    int64 // people in sight: active and inactive
	Matched  int64 // those of them with a link
	// IdPGroups is how many there are.
	IdPGroups int64
	// Waiting is how many refused writes wait to be mended.
	Waiting int64
}

// State of a user.
type State int8

const (
	Active   State = 1
	Inactive State = 2 // policy deactivate: in sight, without access
	Removed  State = 3 // out of the tenant, restorable until Purged
	Purged   State = 4 // nothing personal is left
)

// Role of a user.
type Role int8

const (
	RoleUser         Role = 0
	RoleGroupAdmin   Role = 1
	RoleCompanyAdmin Role = 2
)

// UserRow is a person. Doc is the canonical JSON of what clients own; what is
// answered is written around it.
type UserRow struct {
	ID         string
	Doc        string
	Enterprise bool // Doc has the enterprise extension
	State      State
	Role       Role
	Group      string
	Teams      string // see Memberships
	Links      string // see ExternalID
	Owner      string // the connection that owns the attributes
	Created    int64
	Modified   int64
	Version    int64
	RemovedAt  int64
	RemovedBy  string // the connection that still finds a removed user
	Left       string // what he had when he left, as JSON; see departure

	Keys Keys // set by whoever writes; not read back

	// MayBeGrouped says that the tenant has IdP groups at all.
	MayBeGrouped bool

	groups []Above // the IdP groups he is in, where they were asked for

	alias   string   // the recycle bin's name for him, from this request
	linkRow *LinkRow // the link to write beside the row
}

// Keys are the folded values by which a user is found.
type Keys struct {
	UserName string
	Display  string
	Emails   []string
	Shown    string // the name that people see, shortened
	Words    string // by which people search; see searchWords
}

// Key names an index of users.
type Key int

const (
	ByUserName    Key = iota // the folded userName of a living user
	ByGoneName               // the folded userName of a removed one
	ByAlias                  // a name that an IdP gave him in its recycle bin
	ByEmail                  // a folded e-mail address, living or removed
	ByDisplayName            // the folded displayName, living or removed
	ByExternalID             // an externalId by any connection, living or removed
)

// List asks for users in the order of their ids.
type List struct {
	After   string // an id; "" from the start
	Offset  int
	Limit   int
	States  []State // empty: Active and Inactive
	Group   string
	Team    string
	Matched *bool
	Role    Role // at least
	// Connection finds those linked to it.
	Connection string
	// RemovedBefore finds those removed before that time, but for those whom the
	// removal guard holds.
	RemovedBefore int64
	// ByName orders the living by their folded userNames; After is one of those.
	ByName     bool
	Descending bool
}

// GroupRow is a workspace group.
type GroupRow struct {
	ID      string
	Name    string
	Also    []string // other names that profiling matches
	First   bool     // the default group
	Created int64
	Seq     int64
	Gone    bool
}

// TeamRow is a team of a group.
type TeamRow struct {
	ID      string
	Group   string
	Name    string
	Also    []string
	Created int64
	Seq     int64
	Gone    bool
}

// ConnectionRow is one IdP's way in.
type ConnectionRow struct {
	ID          string
	Name        string
	Deprovision string // "" as the tenant's setting says
	Created     int64
	Seq         int64
	Gone        bool
}

// TokenRow is an access token, without the token.
type TokenRow struct {
	ID         string
	Hash       string // SHA-256, hex
	Name       string
	Prefix     string // the first characters, for people to know it by
	Owner      string // user id of a personal token; "" for a connection's
	Connection string
	Created    int64
	Expires    int64
	LastUsed   int64
	Ended      int64 // 0 while it is valid
	EndedWhy   string
	Seq        int64
}

// SetupRows is what a tenant keeps beside its people.
type SetupRows struct {
	Tenant      TenantRow
	Groups      []GroupRow
	Teams       []TeamRow
	Connections []ConnectionRow
	Tokens      []TokenRow
	Clients     []ClientRow
}

// LinkRow ties a user to a connection (behaviour.md 5.2).
type LinkRow struct {
	Connection string
	User       string
	ExternalID string // for finding; UserRow.ExternalID tells it
	Alias      string // the name the IdP gave him in its recycle bin
	AliasKey   string
	FirstSeen  int64
	LastWord   int64
}

// ChangeRow is one entry of the tenant's change log: the truth, in order and
// without gaps.
type ChangeRow struct {
	Seq        int64
	Time       int64
	Request    string
	Actor      string
	Connection string
	Type       string // User, Group, Team, Token, Connection, Application, Tenant; Session, Password, SignInLink, Invitation
	Object     string // its id
	Kind       string // create, update, remove, restore, ...
	Before     string // JSON of what changed; "" for nothing
	After      string
}

// ChangeQuery asks for changes in order.
type ChangeQuery struct {
	After  int64
	Object string
	Limit  int
	// Newest asks for the newest first, and Before, if set, for older ones.
	Newest bool
	Before int64
}

// ActivityRow is one SCIM request that wrote or failed.
type ActivityRow struct {
	ID         string
	Time       int64
	Connection string
	Token      string
	Client     string
	Operation  string
	Subject    string // user id, or the folded userName where there is no such user
	Person     string // the userName as it was sent or stored
	Status     int
	ScimType   string
	Code       string
	Detail     string
	Notes      string // lines of what was skipped
	Duration   int64  // microseconds until the change was ready to commit
	Request    string
	First      int64 // the range of its changes; 0 for none
	Last       int64
}

// ActivityQuery asks for activity, newest first.
type ActivityQuery struct {
	Subjects []string
	Failed   bool
	Since    int64
	Before   string // an id; for paging
	Limit    int
}
