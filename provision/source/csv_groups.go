package source

import (
	"context"
	"fmt"
	"strings"

	"github.com/rollcall-scim/rollcall/provision/expression"
)

// membersAtOnce is how many members are in memory while groups are put
// together; one group is always whole.
const membersAtOnce = 200_000

// giveGroups gives out the groups. Where members have a file of their own, it is
// read once for every membersAtOnce of them, in whatever order its lines are.
func (ts tables) giveGroups(ctx context.Context, each func(Record) error) error {
	if ts.groups == nil {
		return nil
	}
	if ts.members == nil {
		return ts.groups.records(ctx, each)
	}
	group, member, err := ts.members.membershipColumns()
	if err != nil {
		return err
	}
	sizes := map[string]int{}
	if err := ts.members.scan(ctx, func(_ int, cells []string) error {
		sizes[strings.TrimSpace(cells[group])]++
		return nil
	}); err != nil {
		return err
	}
	var batch []Record
	room := 0
	flush := func() error {
		if err := ts.members.fill(ctx, batch, group, member); err != nil {
			return err
		}
		for _, r := range batch {
			if err := each(r); err != nil {
				return err
			}
		}
		batch, room = nil, 0
		return nil
	}
	if err := ts.groups.records(ctx, func(r Record) error {
		if batch, room = append(batch, r), room+1+sizes[r.Anchor]; room > membersAtOnce {
			return flush()
		}
		return nil
	}); err != nil {
		return err
	}
	return flush()
}

// membershipColumns are those called group and member, else the first two.
func (t *table) membershipColumns() (group, member int, err error) {
	if len(t.header) < 2 {
		return 0, 0, fmt.Errorf("source: %s needs two columns: the key of the group and the key of the member", t.where)
	}
	group, member = t.find("group"), t.find("member")
	if group < 0 || member < 0 {
		return 0, 1, nil
	}
	return group, member, nil
}

// fill reads the members of the groups.
func (t *table) fill(ctx context.Context, groups []Record, group, member int) error {
	if len(groups) == 0 {
		return nil
	}
	members := make(map[string][]string, len(groups))
	for _, g := range groups {
		members[g.Anchor] = nil
	}
	err := t.scan(ctx, func(_ int, cells []string) error {
		key := strings.TrimSpace(cells[group])
		if list, ok := members[key]; ok {
			if ref := t.ref(cells[member]); ref != "" {
				members[key] = append(list, strings.Clone(ref))
			}
		}
		return nil
	})
	for i := range groups {
		groups[i].Attributes["members"] = expression.List(members[groups[i].Anchor]...)
	}
	return err
}
