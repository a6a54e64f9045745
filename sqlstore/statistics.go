package sqlstore

import (
	"context"
	"log/slog"
	"sync"
)

// statistics has PostgreSQL look at tables that grow faster than it does by
// itself, a minute late: without knowing how many tenants share a table it takes
// all indexes for equally good, and reads a tenant to find a row.
type statistics struct {
	mu      sync.Mutex
	rows    map[growing]*growth
	looking sync.WaitGroup
}

// growing is what grows: a tenant's users, or a table of an application.
type growing struct {
	tenant     int64
	app, table string
}

type growth struct{ rows, looked int64 }

// firstLook is at how many rows a table is looked at first; then at ten times as
// many each time.
const firstLook = 500

// grown notes how many rows there are, or, where nobody counts them, that there
// are so many more, and has the tables looked at in the background.
func (s *Store) grown(what growing, rows, more int64, tables string) {
	if s.dialect.name != postgres.name {
		return
	}
	s.statistics.mu.Lock()
	defer s.statistics.mu.Unlock()
	if s.statistics.rows == nil {
		s.statistics.rows = map[growing]*growth{}
	}
	g := s.statistics.rows[what]
	if g == nil {
		// What was there before this process has been looked at.
		g = &growth{looked: max(rows, firstLook/10)}
		s.statistics.rows[what] = g
	}
	if g.rows = max(rows, g.rows+more); g.rows < 10*g.looked {
		return
	}
	g.looked = g.rows
	s.statistics.looking.Go(func() {
		if _, err := s.write.ExecContext(context.Background(), "analyze "+tables); err != nil {
			slog.Warn("PostgreSQL could not look at its tables; until it does, lists may be slow", "tables", tables, "error", err)
		}
	})
}
