package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/directory"
)

// indexWords writes the rows of words that differ. They are in the order of the
// shown name, so another name moves them all.
func (x *tx) indexWords(ctx context.Context, user string, was, now directory.Keys) error {
	if was.Words == now.Words && was.Shown == now.Shown {
		return nil
	}
	before, after := strings.Fields(was.Words), strings.Fields(now.Words)
	gone, come := before, after
	if was.Shown == now.Shown {
		gone, come = without(before, after), without(after, before)
	}
	for _, word := range gone {
		if _, err := x.exec(ctx, `delete from words where tenant=$1 and word=$2 and shown=$3 and user_id=$4`, x.id, word, was.Shown, user); err != nil {
			return err
		}
	}
	return insertWords(ctx, x.session, x.id, user, now.Shown, come)
}

func without(words, others []string) []string {
	return slices.DeleteFunc(slices.Clone(words), func(w string) bool { return slices.Contains(others, w) })
}

// insertWords writes them in one statement: a person has few, and each
// statement costs more than a row.
func insertWords(ctx context.Context, s session, tenant int64, user, shown string, words []string) error {
	if len(words) == 0 {
		return nil
	}
	args := []any{tenant, shown, user}
	var values []string
	for _, word := range words {
		args = append(args, word)
		values = append(values, fmt.Sprintf("($1,$%d,$2,$3)", len(args)))
	}
	_, err := s.exec(ctx, `insert into words (tenant, word, shown, user_id) values `+strings.Join(values, ",")+` on conflict do nothing`, args...)
	return err
}
