package source

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/provision/expression"
)

// directorySource reads the application's own tenant. Its watermark is the
// number of the tenant's last change, so that reading on means reading the
// change log, and asking whether there is anything costs one small SELECT.
type directorySource struct {
	c      Config
	tenant *directory.Tenant
}

var _ interface {
	Source
	Watching
} = (*directorySource)(nil)

func openDirectory(c Config, env Environment) (Source, error) {
	if env.Directory == nil {
		return nil, errors.New("source: kind directory needs the tenant whose directory it is")
	}
	return &directorySource{c, env.Directory}, nil
}

const (
	entriesAtOnce = 500
	groupsAtOnce  = 20 // each with all its members
	changesAtOnce = 1000
)

// Read reads everything, or what the change log names after the watermark.
func (s *directorySource) Read(ctx context.Context, since string, each func(Record) error) (Reading, error) {
	row, err := s.tenant.Row(ctx)
	if err != nil {
		return Reading{}, err
	}
	next := Reading{Next: strconv.FormatInt(row.Seq, 10)}
	if after, err := strconv.ParseInt(since, 10, 64); err == nil && after <= row.Seq {
		whole, err := s.readOn(ctx, after, row.Seq, each)
		if err != nil || whole {
			return next, err
		}
	}
	next.Full = true
	return next, s.readAll(ctx, each)
}

// readAll begins after the watermark was read, so what changes meanwhile is read
// once more by the next.
func (s *directorySource) readAll(ctx context.Context, each func(Record) error) error {
	for _, typ := range []string{User, Group} {
		q := directory.EntryQuery{Type: typ, Limit: entriesAtOnce}
		if typ == Group {
			q.Limit = groupsAtOnce
		}
		for {
			page, err := s.tenant.Entries(ctx, q)
			if err != nil {
				return err
			}
			for _, e := range page {
				if q.After = e.ID; e.Gone {
					continue
				}
				if err := each(s.record(typ, e)); err != nil {
					return err
				}
			}
			if len(page) < q.Limit {
				break
			}
		}
	}
	return nil
}

// readOn reads what was touched by changes after one number up to another;
// whole is false where only reading all would do: the log does not go on where
// we ended, or a change in it concerns people whom it does not name, as the new
// name of a team does.
func (s *directorySource) readOn(ctx context.Context, after, last int64, each func(Record) error) (whole bool, err error) {
	for after < last {
		log, err := s.tenant.Changes(ctx, directory.ChangeQuery{After: after, Limit: changesAtOnce})
		if err != nil || len(log) == 0 || log[0].Seq != after+1 || slices.ContainsFunc(log, concernsMany) {
			return false, err
		}
		after = log[len(log)-1].Seq
		if err := s.readTouched(ctx, log, each); err != nil {
			return false, err
		}
	}
	return true, nil
}

func concernsMany(c directory.ChangeRow) bool {
	return (c.Type == "Group" || c.Type == "Team") && c.Kind != "create"
}

// readTouched reads whole, as they are now, those whom a stretch of the log
// names.
func (s *directorySource) readTouched(ctx context.Context, log []directory.ChangeRow, each func(Record) error) error {
	types := map[string]string{"User": User, "IdPGroup": Group}
	touched, seen := map[string][]string{}, map[string]bool{}
	for _, c := range log {
		if typ := types[c.Type]; typ != "" && !seen[c.Object] {
			seen[c.Object] = true
			touched[typ] = append(touched[typ], c.Object)
		}
	}
	for _, typ := range []string{User, Group} {
		for _, id := range touched[typ] {
			entries, err := s.tenant.Entries(ctx, directory.EntryQuery{Type: typ, IDs: []string{id}})
			if err != nil {
				return err
			}
			if err := each(s.record(typ, entries[0])); err != nil {
				return err
			}
		}
	}
	return nil
}

// Changed asks for the tenant's last number.
func (s *directorySource) Changed(ctx context.Context, since string) (bool, error) {
	row, err := s.tenant.Row(ctx)
	return strconv.FormatInt(row.Seq, 10) != since, err
}

// Sequence is the watermark's number.
func (s *directorySource) Sequence(watermark string) int64 {
	n, _ := strconv.ParseInt(watermark, 10, 64)
	return n
}

// record is an entry in Entra's words.
func (s *directorySource) record(typ string, e directory.Entry) Record {
	r := Record{Type: typ, Anchor: e.ID, Deleted: e.Gone}
	if e.Gone {
		return r
	}
	r.Attributes = make(map[string]expression.Value, 48)
	f := flat{attributes: r.Attributes}
	f.text("id", e.ID)
	f.text("externalId", e.ExternalID)
	f.resource(e.Resource)
	f.entra(typ)
	if typ == Group {
		r.Attributes["members"] = expression.List(e.Members...)
	} else {
		f.attributes["accountEnabled"] = expression.Bool(e.Active)
		f.attributes["active"] = f.attributes["accountEnabled"]
		f.text("group", e.Group)
		f.text("role", e.Role)
		if len(e.Teams) > 0 {
			r.Attributes["teams"] = expression.List(e.Teams...)
		}
	}
	s.c.named(&r)
	return r
}

// Find asks the indexes.
func (s *directorySource) Find(ctx context.Context, typ, name string) (found []Record, err error) {
	entries, err := s.tenant.Entries(ctx, directory.EntryQuery{Type: typ, Name: name})
	for _, e := range entries {
		found = append(found, s.record(typ, e))
	}
	return found, err
}

// Test tells how many people there are.
func (s *directorySource) Test(ctx context.Context) (string, error) {
	row, err := s.tenant.Row(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("the directory of %s: %d people, %d IdP groups, change %d", s.tenant.Name(), row.Users, row.IdPGroups, row.Seq), nil
}

func (s *directorySource) Close() error { return nil }
