package sqlstore

import (
	"strings"
)

// dialect is all in which SQLite and PostgreSQL differ for us. Statements are
// written once, for PostgreSQL, with $n placeholders.
type dialect struct {
	name string
	// words of the migrations
	key, slim, bytes string
	// lock ends the SELECT of a tenant's row in a transaction that writes.
	// SQLite has one writer anyway.
	lock string
	// placeholder comes before the number. In SQLite $1 would be a name, bound
	// in the order of appearance; ?1 is bound by number.
	placeholder string
}

var (
	sqlite   = dialect{name: "sqlite", key: "text", slim: "without rowid", bytes: "blob", lock: "", placeholder: "?"}
	postgres = dialect{name: "postgres", key: `text collate "C"`, slim: "", bytes: "bytea", lock: " for update", placeholder: "$"}
)

func (d dialect) rebind(query string) string {
	if d.placeholder == "$" {
		return query
	}
	return strings.ReplaceAll(query, "$", d.placeholder)
}

// by names the index that answers, where SQLite, asked for the newest first,
// would walk the log backwards instead.
func (d dialect) by(index string) string {
	if d.name != sqlite.name || index == "" {
		return ""
	}
	return " indexed by " + index
}

// migration puts the dialect's words into a migration's text.
func (d dialect) migration(text string) string {
	return strings.NewReplacer(" KEY", " "+d.key, ") SLIM;", ") "+d.slim+";", " BYTES ", " "+d.bytes+" ").Replace(text)
}
