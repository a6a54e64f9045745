package directory

import (
	"context"
	"slices"
)

// WalkSet goes on until it has as many of those who are reached as were asked
// for: whoever walks takes fewer for the end.
func (n narrowed) WalkSet(ctx context.Context, s Set, after Mark, limit int) (out []*Found, err error) {
	for {
		found, err := n.all.WalkSet(ctx, s, after, limit)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			if after = f.Mark; n.t.reaches(&f.UserRow) && len(out) < limit {
				out = append(out, f)
			}
		}
		if len(found) < limit || len(out) == limit {
			return out, nil
		}
	}
}

// CountSet is for comparing sets, and told to nobody but of the own group.
func (n narrowed) CountSet(ctx context.Context, s Set, atMost int) (int, error) {
	return n.all.CountSet(ctx, s, atMost)
}

func (n narrowed) UsersByID(ctx context.Context, ids []string) ([]*UserRow, error) {
	users, err := n.all.UsersByID(ctx, ids)
	return slices.DeleteFunc(users, func(u *UserRow) bool { return !n.t.reaches(u) }), err
}

// NameUses is asked for groups and teams that are reached.
func (n narrowed) NameUses(ctx context.Context, object string) (map[string]int64, error) {
	return n.all.NameUses(ctx, object)
}

// Tasks are those that he began himself.
func (n narrowed) Tasks(ctx context.Context, since int64) ([]TaskRow, error) {
	rows, err := n.all.Tasks(ctx, since)
	return slices.DeleteFunc(rows, func(row TaskRow) bool { return row.Actor != n.t.actor }), err
}

func (n narrowed) Task(ctx context.Context, id string) (*TaskRow, error) {
	row, err := n.all.Task(ctx, id)
	if row != nil && row.Actor != n.t.actor {
		row = nil
	}
	return row, err
}

func (n narrowed) TaskPeople(ctx context.Context, q TaskPeopleQuery) ([]TaskPersonRow, error) {
	if row, err := n.Task(ctx, q.Task); row == nil {
		return nil, err
	}
	return n.all.TaskPeople(ctx, q)
}

func (n narrowed) CountTaskPeople(ctx context.Context, task string, outcome TaskOutcome) (int, error) {
	if row, err := n.Task(ctx, task); row == nil {
		return 0, err
	}
	return n.all.CountTaskPeople(ctx, task, outcome)
}

func (x narrowedTx) Task(ctx context.Context, id string) (*TaskRow, error) { return x.n.Task(ctx, id) }
