package directory

import (
	"context"
	"encoding/json/v2"
	"fmt"
	"slices"
)

// TaskKind is what is done with people.
type TaskKind string

// What can be done with many people. Each goes the path of one (CONTRIBUTING.md,
// rule 8).
const (
	TaskMove        TaskKind = "move"         // into the group
	TaskJoinTeam    TaskKind = "join team"    // by hand
	TaskLeaveTeam   TaskKind = "leave team"   // for whatever reason they are in it
	TaskRemove      TaskKind = "remove"       //
	TaskRestore     TaskKind = "restore"      //
	TaskLeaveAlone  TaskKind = "leave alone"  // unmatched people who stay as they are
	TaskLookAgain   TaskKind = "look again"   // who would move, if profiled again
	TaskProfile     TaskKind = "profile"      // those whom the task of the argument found
	TaskUndoProfile TaskKind = "undo profile" // those whom the task of the argument moved
)

// Bulk asks for one thing to be done with many people.
type Bulk struct {
	Kind     TaskKind
	Argument string   // the group or team, by name or id; else ""
	People   []string // ids
}

// Done is what came of it.
type Done struct {
	Task     string // the id of the task that goes on; "" where all is done
	People   int
	Problems []TaskPerson
}

// Do does one thing with many people: few at once, more as a task. Who is
// refused is told, and holds up nobody.
func (t *Tenant) Do(ctx context.Context, b Bulk) (Done, error) {
	if err := t.mayRead(ctx); err != nil {
		return Done{}, err
	}
	if (b.Kind == TaskMove || b.Kind == TaskRestore) && t.reach != everything {
		return Done{}, errReach
	}
	b.People = slices.DeleteFunc(slices.Clone(b.People), func(id string) bool { return plain(id) != id }) // nobody's
	slices.Sort(b.People)
	b.People = slices.Compact(b.People)
	if len(b.People) == 0 {
		return Done{}, fmt.Errorf("nobody is chosen; mark the people whom it is about, then choose what to do")
	}
	argument, title, err := t.describe(b)
	if err != nil {
		return Done{}, err
	}
	if len(b.People) > taskAtOnce {
		row := &TaskRow{ID: newID(), Kind: string(b.Kind), Argument: argument, Title: title, Total: int64(len(b.People))}
		return Done{Task: row.ID, People: len(b.People)}, t.startTask(ctx, row, b.People)
	}
	var done Done
	for _, id := range b.People {
		err := t.within(ownGroup).update(ctx, func(w *write) error {
			_, err := b.Kind.do(w, argument, id)
			return err
		})
		if ctx.Err() != nil {
			return done, ctx.Err()
		}
		if err != nil {
			name := ""
			if u, err := t.User(ctx, id); err == nil {
				name = u.DisplayName
			}
			done.Problems = append(done.Problems, TaskPerson{id, name, err.Error()})
			continue
		}
		done.People++
	}
	return done, nil
}

// describe finds the group or team and says in words what will be done.
func (t *Tenant) describe(b Bulk) (argument, title string, err error) {
	w, n := &write{t: t}, people(len(b.People))
	switch b.Kind {
	case TaskMove:
		g, err := w.group(b.Argument)
		if err != nil {
			return "", "", err
		}
		return g.ID, fmt.Sprintf("Move %s to %s", n, g.Name), nil
	case TaskJoinTeam, TaskLeaveTeam:
		team, err := w.team(TeamRef{Name: b.Argument})
		if err != nil {
			return "", "", err
		}
		if b.Kind == TaskLeaveTeam {
			return team.ID, fmt.Sprintf("Take %s out of the team %s", n, team.Name), nil
		}
		return team.ID, fmt.Sprintf("Add %s to the team %s", n, team.Name), nil
	case TaskRemove:
		return "", "Remove " + n, nil
	case TaskRestore:
		return "", "Restore " + n, nil
	case TaskLeaveAlone:
		return "", "Leave " + n + " as they are", nil
	}
	return "", "", fmt.Errorf("%q cannot be done with many people", b.Kind)
}

// do does it with one.
func (k TaskKind) do(w *write, argument, user string) (p TaskPersonRow, err error) {
	p.Outcome = TaskDid
	switch k {
	case TaskMove:
		_, err = w.moveUser(user, argument)
	case TaskJoinTeam:
		_, err = w.addToTeam(user, TeamRef{Name: argument})
	case TaskLeaveTeam:
		_, err = w.removeFromTeam(user, TeamRef{Name: argument})
	case TaskRemove:
		_, err = w.removeUser(user)
	case TaskRestore:
		_, err = w.restoreUser(user)
	case TaskLeaveAlone:
		err = w.leaveAlone(user, true)
	case TaskLookAgain:
		return w.lookAgain(user)
	case TaskProfile:
		return w.profileAgain(user)
	case TaskUndoProfile:
		return w.undoProfile(user, argument)
	default:
		err = fmt.Errorf("%q cannot be done with people; a newer version of Rollcall began this task", k)
	}
	return p, err
}

// LeaveAlone notes that an unmatched person is known to be one, or takes the
// note back.
func (t *Tenant) LeaveAlone(ctx context.Context, ref string, leave bool) error {
	return t.within(ownGroup).update(ctx, func(w *write) error { return w.leaveAlone(ref, leave) })
}

func (w *write) leaveAlone(ref string, leave bool) error {
	u, err := w.living(ref)
	if err != nil {
		return err
	}
	if leave && u.Matched() {
		return fmt.Errorf("an identity provider knows him: he is no longer unmatched")
	}
	return w.tx.PutLeftAlone(w.ctx, u.ID, w.t.actor, w.now, leave)
}

func moveText(m *Move) string {
	b, _ := json.Marshal(m)
	return string(b)
}
