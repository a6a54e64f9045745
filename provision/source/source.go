// Package source reads people and groups from where they are kept: this tenant's
// own directory, LDAP and Active Directory, CSV files, another SCIM server, or an
// SQL database. It decides nothing: what is in scope and what becomes of it is
// provision's.
package source

import (
	"context"
	"strings"

	"github.com/rollcall-scim/rollcall/provision/expression"
)

// Types of records.
const (
	User  = "User"
	Group = "Group"
)

// Record is one person or group as the source has it, whole: also when the
// source only told what changed (invariant I3).
type Record struct {
	Type string // User or Group
	// Anchor never changes while the object lives: objectGUID, entryUUID, a key
	// column, a SCIM id.
	Anchor string
	// Ref is what other records call it in manager and members, such as a
	// folded DN; empty where that is the anchor.
	Ref string
	// Attributes have Entra's names where Entra has one for it (see Names), and the source's own
	// beside. manager holds a Ref, members (of a Group) a list of them.
	Attributes map[string]expression.Value
	// Deleted says that the source knows it to be gone for good; nothing but
	// Type and Anchor needs to be set then.
	Deleted bool
}

// Get is the attribute of that name; an exact match is preferred to one in
// another case.
func (r *Record) Get(name string) expression.Value {
	if v, ok := r.Attributes[name]; ok {
		return v
	}
	for k, v := range r.Attributes {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return expression.Null
}

// Name is what people know it by: userPrincipalName or mail of a person,
// displayName of a group, else the anchor.
func (r *Record) Name() string {
	names := []string{"userPrincipalName", "mail", "displayName"}
	if r.Type == Group {
		names = []string{"displayName", "mail"}
	}
	for _, n := range names {
		if v := r.Get(n); !v.IsEmpty() {
			return v.String()
		}
	}
	return r.Anchor
}

// Source is one place where people and groups are kept. Its errors say what to
// do. A Source is used by one goroutine at a time.
type Source interface {
	// Read calls each for every object, or, where the source can tell, only for
	// those that changed after the watermark since, which an earlier Reading
	// returned. An error from each ends it. Memory does not grow with the
	// number of objects.
	//
	// Absence is deletion only after a complete, verified read (invariant I1):
	// Read returns an error rather than a Reading when it did not reach the end,
	// counts do not agree, or a file is still being written.
	Read(ctx context.Context, since string, each func(Record) error) (Reading, error)
	// Find returns the records whose anchor, ref or one of whose names
	// (userPrincipalName, mail, displayName, uid, ...) is that text in any case.
	Find(ctx context.Context, typ, name string) ([]Record, error)
	// Test reads as little as shows that everything that Read needs is there,
	// and says in one line what it found.
	Test(ctx context.Context) (string, error)
	Close() error
}

// Reading is how a Read that came to its end went.
type Reading struct {
	// Full says that every object was read: one that was not met is not there.
	Full bool
	// Next is the watermark to read on from; empty where the source cannot
	// tell what changed, so that every Read is full.
	Next string
	// Faulty are objects that are there and cannot be read, such as two with one
	// key: each never came and is not taken for deleted either.
	Faulty []Fault
	// Notes are for the cycle's page: rows that were left out and why, that the
	// domain controller is another one, ...
	Notes []string
}

// Fault is an object that is there and could not be read.
type Fault struct {
	Type, Anchor string
	Why          string // a sentence for people, with its cure
}

// Watching is a Source that can say cheaply whether there is anything after the
// watermark.
type Watching interface {
	Changed(ctx context.Context, since string) (bool, error)
}

// Sequenced is a Source whose watermarks are numbers of the tenant's own change
// log, so that a change can be seen without opening the source.
type Sequenced interface {
	Sequence(watermark string) int64
}

// twins says that several objects have one anchor: none of them is provisioned,
// and each is a Fault.
func twins(anchor string, where []string) string {
	return "two objects have the key " + anchor + ": " + strings.Join(where, ", ")
}
