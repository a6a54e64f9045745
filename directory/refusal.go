package directory

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
)

// The last refused write of each person is kept for refusalTime (behaviour.md
// 8.2): until his next one works, and no longer. Causes count who waits for
// what, so that to tell it costs nothing that grows with people.
const refusalTime = 7 * 24 * time.Hour

// waits says whether somebody waits for a refused write to be mended. Who asked
// for what has changed meanwhile or is not there, or came too fast, asks again
// by himself.
func (f Failure) waits(method string) bool {
	switch {
	case !writes(method) || method == "DELETE":
		return false
	case f.Type != scim.UserType.Name && f.Type != scim.GroupType.Name || f.ID == "" && f.Person == "":
		return false
	}
	return f.Status >= 400 && f.Status <= 500 && f.Status != 401 && f.Status != 404 && f.Status != 412 && f.Status != 429
}

// writes says whether a method of SCIM changes something.
func writes(method string) bool {
	return method == "POST" || method == "PUT" || method == "PATCH" || method == "DELETE"
}

// refused is what is kept of it.
func (t *Tenant) refused(f Failure, row *ActivityRow) (*RefusalRow, *CauseRow) {
	if !f.waits(row.Operation) || t.connection == "" || t.via.Check {
		return nil, nil
	}
	c := &CauseRow{Connection: t.connection, Type: f.Type, Code: f.Code, Value: cut(plain(f.Value), 500),
		Detail: row.Detail, Client: row.Client, First: row.Time, Last: row.Time}
	c.ID = causeID(c)
	r := &RefusalRow{Subject: row.Subject, Cause: c.ID, Person: row.Person, Client: row.Client, Method: row.Operation, Path: plain(f.Path),
		Status: row.Status, Detail: row.Detail, Request: row.Request, Activity: row.ID, First: row.Time, Last: row.Time, Body: plain(f.Body)}
	return r, c
}

// causeID tells causes apart.
func causeID(c *CauseRow) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{c.Connection, c.Type, c.Code, c.Value}, "\x00")))
	return hex.EncodeToString(sum[:8])
}

// keepRefusal keeps it, in place of the one before, unless the person's next
// write has worked since.
func keepRefusal(tx Tx, r *RefusalRow, c *CauseRow) error {
	worked, err := workedSince(tx, r)
	if err != nil || worked {
		return err
	}
	was, err := tx.Refusal(noCancel, r.Subject)
	if err != nil {
		return err
	}
	switch {
	case was == nil:
		tx.Row().Waiting++
		c.Waiting = 1
	case was.Cause == r.Cause:
		r.First = was.First
	default:
		c.Waiting = 1
		if err := tx.AddToCause(noCancel, &CauseRow{ID: was.Cause, Waiting: -1}); err != nil {
			return err
		}
	}
	if err := tx.AddToCause(noCancel, c); err != nil {
		return err
	}
	return tx.PutRefusal(noCancel, r)
}

// workedSince looks at the person's last activity: rows of refusals are written
// behind the answers, and a later request may have overtaken this one's.
func workedSince(tx Tx, r *RefusalRow) (bool, error) {
	subjects := []string{r.Subject}
	users, _, err := tx.FindUsers(noCancel, ByUserName, r.Subject)
	if err != nil {
		return false, err
	}
	for _, u := range users {
		subjects = append(subjects, u.ID)
	}
	rows, err := tx.Activity(noCancel, ActivityQuery{Subjects: subjects, Limit: 1})
	return len(rows) > 0 && rows[0].Status < 400 && rows[0].ID > r.Activity, err
}

// endRefusals forgets what was refused of somebody: his write has worked, or he
// is gone.
func (w *write) endRefusals(subjects ...string) error {
	for _, subject := range subjects {
		if w.tx.Row().Waiting == 0 || subject == "" {
			continue
		}
		r, err := w.tx.Refusal(w.ctx, subject)
		if err != nil {
			return err
		}
		if r != nil {
			if err := endRefusal(w.ctx, w.tx, r); err != nil {
				return err
			}
		}
	}
	return nil
}

func endRefusal(ctx context.Context, tx Tx, r *RefusalRow) error {
	tx.Row().Waiting--
	if err := tx.AddToCause(ctx, &CauseRow{ID: r.Cause, Waiting: -1}); err != nil {
		return err
	}
	return tx.DeleteRefusal(ctx, r.Subject)
}

// purgeInbound forgets details after the retention time, refusals after a week,
// and hours after a month.
func (t *Tenant) purgeInbound(ctx context.Context) error {
	const atOnce = 1000
	now := t.d.Now()
	hour := hourOf(now.AddDate(0, 0, -trafficDays).UnixMicro())
	for more := true; more; {
		if err := t.update(ctx, func(w *write) error {
			old, err := w.tx.RefusalsBefore(w.ctx, now.Add(-refusalTime).UnixMicro(), atOnce)
			if err != nil {
				return err
			}
			for _, r := range old {
				if err := endRefusal(w.ctx, w.tx, &r); err != nil {
					return err
				}
			}
			n, err := w.tx.PurgeInbound(w.ctx, firstID(t.d.retained(t.s)), hour, atOnce)
			more = n == atOnce || len(old) == atOnce
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// firstID comes before every id that was made at that time (RFC 9562 section
// 5.7: a UUIDv7 begins with milliseconds).
func firstID(micro int64) string {
	var b [6]byte
	for i, milli := 5, micro/1000; i >= 0; i, milli = i-1, milli>>8 {
		b[i] = byte(milli)
	}
	text := hex.EncodeToString(b[:])
	return text[:8] + "-" + text[8:]
}
