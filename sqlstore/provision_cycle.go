package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json/v2"
	"fmt"
	"math"

	"github.com/rollcall-scim/rollcall/provision"
)

// PutCycle implements provision.CycleStore.
func (a *application) PutCycle(ctx context.Context, c *provision.Cycle) error {
	doc, err := json.Marshal(c)
	if err != nil {
		return err
	}
	_, err = a.alterExec(ctx, `insert into app_cycles (tenant, app, number, ended, doc) values ($1,$2,$3,$4,$5)
		on conflict (tenant, app, number) do update set ended=excluded.ended, doc=excluded.doc`, c.Number, c.Ended, string(doc))
	return err
}

// DeleteCycle implements provision.CycleStore.
func (a *application) DeleteCycle(ctx context.Context, number int64) error {
	_, err := a.alterExec(ctx, `delete from app_cycles where tenant=$1 and app=$2 and number=$3`, number)
	return err
}

// Cycle implements provision.CycleStore.
func (a *application) Cycle(ctx context.Context, number int64) (*provision.Cycle, error) {
	found, err := a.cycles(ctx, `number=$3`, number)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

// Cycles implements provision.CycleStore, newest first; before 0 is from the
// newest on.
func (a *application) Cycles(ctx context.Context, before int64, limit int) ([]*provision.Cycle, error) {
	if before == 0 {
		before = math.MaxInt64
	}
	return a.cycles(ctx, `number<$3 order by number desc limit $4`, before, limit)
}

func (a *application) cycles(ctx context.Context, rest string, args ...any) (out []*provision.Cycle, err error) {
	err = a.each(ctx, func(rows *sql.Rows) error {
		c := &provision.Cycle{}
		var doc string
		if err := rows.Scan(&doc); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(doc), c); err != nil {
			return fmt.Errorf("a cycle's row is damaged: %w", err)
		}
		out = append(out, c)
		return nil
	}, `select doc from app_cycles where tenant=$1 and app=$2 and `+rest, args...)
	return out, err
}
