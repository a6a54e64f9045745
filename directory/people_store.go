package directory

import "context"

// PeopleReader is the part of a Reader that finds people for people: by what
// they are called and where they are, in the order of their names.
type PeopleReader interface {
	// CountSet counts who is in the set, no further than atMost. Of words, a
	// person with two of them counts twice.
	CountSet(ctx context.Context, s Set, atMost int) (int, error)
	// WalkSet reads the set in its order, from after the mark on.
	WalkSet(ctx context.Context, s Set, after Mark, limit int) ([]*Found, error)
	// UsersByID returns those who are there, in the order of their ids.
	UsersByID(ctx context.Context, ids []string) ([]*UserRow, error)
	// NameUses tells on which days the other names of a group or team last
	// matched, in microseconds.
	NameUses(ctx context.Context, object string) (map[string]int64, error)
	TaskReader
}

// PeopleTx is the part of a Tx about what the console keeps of people.
type PeopleTx interface {
	// PutLeftAlone notes that a person is left as he is, or that he is not.
	PutLeftAlone(ctx context.Context, user, actor string, at int64, left bool) error
	PutNameUse(ctx context.Context, object, name string, day int64) error
	TaskTx
}

// SetKind names a set of people that an index enumerates.
type SetKind int

const (
	SetShown      SetKind = iota // everybody in sight, by the folded names that are shown
	SetUserName                  // everybody in sight, by folded userName
	SetWord                      // those with a word that begins so, by word and shown name
	SetGroup                     // by id, as all that follow
	SetTeam                      //
	SetRole                      // those with any role
	SetUnmatched                 // in sight
	SetConnection                // linked to it, in sight
	SetByHand                    // in sight, owned by no connection
	SetInactive                  //
	SetLeftAlone                 //
	SetRemoved                   // the last removed first
)

// Set is one set of people.
type Set struct {
	Kind      SetKind
	Value     string // the word, or an id
	Backwards bool   // of SetShown and SetUserName
}

// Mark is a place in the order of a set; the zero Mark is before all.
type Mark struct {
	Key   string `json:"k,omitzero"` // a word, or a folded name
	Shown string `json:"s,omitzero"` // beside a word
	At    int64  `json:"t,omitzero"` // when he was removed
	ID    string `json:"i,omitzero"`
}

// Found is a person as a set enumerates him: his row without the document.
type Found struct {
	UserRow
	Words     string
	Shown     string
	Name      string // folded userName
	LeftAlone bool
	Mark      Mark
}
