package sqlstore

import (
	"context"
	"database/sql"
	"strings"
)

// DecodeFacts lets the consistency checker read rows as the store does.
var DecodeFacts = decodeFacts

// SetProvisionStep makes steps small enough for tests to need several, until
// the function that it returns is called.
func SetProvisionStep(n int) func() {
	was := stepSize
	stepSize = n
	return func() { stepSize = was }
}

// Looked waits for what PostgreSQL looks at in the background.
func (s *Store) Looked() { s.statistics.looking.Wait() }

// Explain is PostgreSQL's plan of a statement that was prepared for reading and
// ends so.
func (s *Store) Explain(ctx context.Context, end string, args ...any) (plan string, err error) {
	s.read.stmts.Range(func(query, _ any) bool {
		if !strings.HasSuffix(query.(string), end) {
			return true
		}
		err = session{s.dialect, s.read}.each(ctx, func(rows *sql.Rows) error {
			var line string
			err := rows.Scan(&line)
			plan += line + "\n"
			return err
		}, "explain "+query.(string), args...)
		return false
	})
	return plan, err
}

// SetFillStep makes filling in need several steps, and returns what it was.
func SetFillStep(n int) int {
	was := fillStep
	fillStep = n
	return was
}
