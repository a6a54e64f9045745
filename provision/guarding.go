package provision

import (
	"cmp"
	"context"
	"fmt"
	"time"
)

// guard holds back what takes too much away at once: more than max(10, 5 %) of
// what is linked within 24 hours, unless the set-up says otherwise. The others go
// on.
func (c *run) guard(ctx context.Context, counts Counts) error {
	ops, err := c.Store.CountOps(ctx, c.cycle.Number)
	if err != nil {
		return err
	}
	since := c.Now().Add(-24 * time.Hour).UnixMicro()
	for _, g := range []struct {
		losing, what string
		guard        Guard
	}{
		{LosesAccess, "people and groups disabled or deleted", c.App.Guards.Deprovision},
		{LosesAttributes, "people and groups who lose an attribute", c.App.Guards.Clear},
		{LosesMembers, "members removed from groups", c.App.Guards.Members},
	} {
		planned := 0
		for _, n := range ops {
			if n.Losing == g.losing && n.State == Planned {
				planned += n.Loss
			}
		}
		if planned == 0 || g.guard.Off {
			continue
		}
		before, err := c.Store.Losses(ctx, g.losing, since)
		if err != nil {
			return err
		}
		most := max(cmp.Or(g.guard.Count, 10), counts.Linked*cmp.Or(g.guard.Percent, 5)/100)
		if before+planned <= most {
			continue
		}
		why := fmt.Sprintf("guard: %d %s within 24 hours, and more than %d need an admin", before+planned, g.what, most)
		n, err := c.Store.StageOps(ctx, c.cycle.Number, g.losing, why)
		if err != nil {
			return err
		}
		c.stats.Planned -= n
		c.stats.Staged += n
	}
	if c.stats.Staged > 0 {
		c.warn(fmt.Sprintf("What waits for an admin: %d. Look at it with: rollcall app plan %s; carry it out with: rollcall app run %s --approve", c.stats.Staged, c.App.Name, c.App.Name))
	}
	return nil
}
