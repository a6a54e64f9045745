package directory

import (
	"context"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
)

// told writes what a SCIM write that worked leaves beside its change: the row of
// activity, what was sent and answered, and counts. Nobody waits any longer.
func (w *write) told(status int, answer string) error {
	t := w.t
	if t.lettingIn {
		w.note("let in by an admin, with what the identity provider had sent when it was refused")
	}
	row := &ActivityRow{
		ID: newID(), Time: w.now, Connection: t.connection, Token: t.token.ID,
		Client: t.via.Client, Operation: t.via.Operation, Subject: w.subject, Person: w.person,
		Status: status, Notes: strings.Join(w.notes, "\n"), Request: t.via.Request,
		Duration: t.d.Now().Sub(t.via.Started).Microseconds(), First: w.first, Last: w.last,
	}
	if err := w.tx.AppendActivity(w.ctx, row); err != nil {
		return err
	}
	if d := t.sent.detail(row.ID, answer); d != nil {
		if err := w.tx.AppendDetail(w.ctx, d); err != nil {
			return err
		}
	}
	if name := outcome[w.kind]; name != "" {
		w.tally(name, hourOf(w.now))
	}
	return w.endRefusals(w.subject, scim.Fold(w.person))
}

// Failure is a request that was answered 4xx or 5xx.
type Failure struct {
	Type     string // of the resource, User or Group, if any
	ID       string // of the resource in the path, if any
	Person   string // userName as it was sent, if any
	Status   int
	ScimType string
	Code     string
	Detail   string
	Value    string // see scim.Error
	Path     string // below the base; see Sent
	Body     string
	Duration time.Duration
}

// Failed notes a refused request in the activity log, soon but not before the
// answer: such a row may be lost in a crash. A 404 by id is no news.
func (t *Tenant) Failed(f Failure) {
	if f.Status == 404 && f.ID != "" && t.via.Operation == "GET" {
		return
	}
	subject := f.ID
	if subject == "" {
		subject = scim.Fold(f.Person)
	}
	row := &ActivityRow{
		ID: newID(), Time: t.d.Now().UnixMicro(), Connection: t.connection, Token: t.token.ID,
		Client: plain(t.via.Client), Operation: t.via.Operation, Subject: plain(subject), Person: plain(f.Person),
		Status: f.Status, ScimType: f.ScimType, Code: f.Code, Detail: plain(f.Detail),
		Duration: f.Duration.Microseconds(), Request: t.via.Request,
	}
	w := waiting{tenant: t.s.tenant, row: row, counts: writes(row.Operation) && t.connection != "" && !t.via.Check, detail: sent{plain(f.Path), plain(f.Body)}.detail(row.ID, "")}
	w.refusal, w.cause = t.refused(f, row)
	t.d.log.add(w)
}

// plain takes out of what a client wrote what a database may not hold.
func plain(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// activityLog writes the rows of failed requests behind the answers.
type activityLog struct {
	rows    chan waiting
	flushes chan chan struct{}
	ended   chan struct{} // asks run to end
	done    chan struct{} // run has ended
}

// waiting is a row that is not written yet, with what stands beside it.
type waiting struct {
	tenant  int64
	row     *ActivityRow
	detail  *DetailRow  // nil: none
	counts  bool        // among what was refused
	refusal *RefusalRow // nil: nobody waits for it to be mended
	cause   *CauseRow
}

func newActivityLog(d *Directory) *activityLog {
	l := &activityLog{rows: make(chan waiting, 10_000), flushes: make(chan chan struct{}), ended: make(chan struct{}), done: make(chan struct{})}
	go l.run(d)
	return l
}

// add drops the row when ten thousand already wait: failures must not slow what
// works.
func (l *activityLog) add(w waiting) {
	select {
	case l.rows <- w:
	default:
	}
}

func (l *activityLog) run(d *Directory) {
	defer close(l.done)
	for {
		select {
		case w := <-l.rows:
			l.write(d, append(l.take(), w))
		case flushed := <-l.flushes:
			l.writeAll(d)
			close(flushed)
		case <-l.ended:
			l.writeAll(d)
			return
		}
	}
}

func (l *activityLog) writeAll(d *Directory) {
	for rows := l.take(); len(rows) > 0; rows = l.take() {
		l.write(d, rows)
	}
}

// take empties the queue, as far as one transaction should hold: a cycle that
// fails for everybody fails faster than rows can be committed one by one.
func (l *activityLog) take() (rows []waiting) {
	for n := min(len(l.rows), 500); n > 0; n-- {
		rows = append(rows, <-l.rows)
	}
	return rows
}

func (l *activityLog) write(d *Directory, rows []waiting) {
	tenants := map[int64][]waiting{}
	for _, w := range rows {
		tenants[w.tenant] = append(tenants[w.tenant], w)
	}
	for tenant, rows := range tenants {
		err := d.Store.Update(noCancel, tenant, func(tx Tx) error {
			for _, w := range rows {
				if err := w.write(tx); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			d.Logger.Error("activity rows not written", "rows", len(rows), "request", rows[0].row.Request, "error", err)
		}
	}
}

func (w waiting) write(tx Tx) error {
	if err := appendFailed(tx, w.row); err != nil {
		return err
	}
	if w.detail != nil {
		if err := tx.AppendDetail(noCancel, w.detail); err != nil {
			return err
		}
	}
	if row := w.row; w.counts {
		tx.Tally(TallyRow{Hour: hourOf(row.Time), Connection: row.Connection, Name: tallyRefused, N: 1, First: row.Time, Last: row.Time})
	}
	if w.refusal == nil {
		return nil
	}
	w.refusal.Person = w.row.Person
	return keepRefusal(tx, w.refusal, w.cause)
}

func appendFailed(tx Tx, row *ActivityRow) error {
	if row.Person == "" {
		// Asked for by id: people know him by his name.
		if u, _, err := tx.User(noCancel, row.Subject); err == nil && u != nil {
			row.Person, _ = scim.ResourceFromJSON([]byte(u.Doc)).Object()["userName"].(string)
		} else if g, _, err := tx.IdPGroup(noCancel, row.Subject); err == nil && g != nil {
			row.Person = Above{Doc: g.Doc}.name()
		}
	}
	return tx.AppendActivity(noCancel, row)
}

// close writes what waits. Rows that come later, of requests that were cut off,
// are lost.
func (l *activityLog) close() {
	close(l.ended)
	<-l.done
}

// Flush waits until the activity of requests already answered is written.
func (d *Directory) Flush() {
	flushed := make(chan struct{})
	d.log.flushes <- flushed
	<-flushed
}

// Changes reads the change log in order, from after the given number.
func (t *Tenant) Changes(ctx context.Context, q ChangeQuery) ([]ChangeRow, error) {
	if err := t.may(everything); err != nil {
		return nil, err
	}
	return t.r.Changes(ctx, q)
}
