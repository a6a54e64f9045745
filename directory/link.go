package directory

import (
	"encoding/json/jsontext"
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/scim"
)

// The links column of a user has a line for each connection: its id and, as
// JSON, the externalId that it gave him ("" for none). So answering splices the
// text in and parses nothing.

// linkLine finds the JSON of the externalId on the connection's line.
func linkLine(links, connection string) (quoted string, ok bool) {
	for rest := links; rest != ""; {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		if id, q, _ := strings.Cut(line, " "); id == connection {
			return q, true
		}
	}
	return "", false
}

// externalID is the one on the connection's line.
func externalID(links, connection string) string {
	q, ok := linkLine(links, connection)
	if !ok {
		return ""
	}
	b, err := jsontext.AppendUnquote(nil, q)
	if err != nil {
		return ""
	}
	return string(b)
}

// withoutLink is the column without the connection's line.
func withoutLink(links, connection string) string {
	var lines []string
	for line := range strings.SplitSeq(links, "\n") {
		if line != "" && !strings.HasPrefix(line, connection+" ") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// withLink is the column with that externalId on the connection's line.
func withLink(links, connection, externalID string) string {
	line := connection + " " + quote(externalID)
	if links = withoutLink(links, connection); links == "" {
		return line
	}
	return links + "\n" + line
}

func (u *UserRow) linkLine(connection string) (quoted string, ok bool) {
	return linkLine(u.Links, connection)
}

// ExternalID is the one that the connection gave the user.
func (u *UserRow) ExternalID(connection string) string { return externalID(u.Links, connection) }

// Matched says whether any connection knows the user.
func (u *UserRow) Matched() bool { return u.Links != "" }

func (u *UserRow) setLink(connection, externalID string) {
	u.Links = withLink(u.Links, connection, externalID)
}

// link ties the user to the connection that writes, and says whether that is
// news. By hand there is no connection.
func (w *write) link(was, u *UserRow, next scim.Object) (bool, error) {
	c := w.t.connection
	if c == "" || w.bystander {
		return false, nil
	}
	if u.Owner == "" {
		u.Owner = c
	}
	ext, _ := next["externalId"].(string)
	quoted, linked := u.linkLine(c)
	same := linked && quoted == quote(ext)
	u.linkRow = &LinkRow{Connection: c, User: u.ID, ExternalID: ext, FirstSeen: w.now, LastWord: w.now}
	if !same {
		u.setLink(c, ext)
	}
	renamed, err := w.renamed(u)
	return !linked || renamed, err
}

// renamed enters the recycle bin's name on the link, and says whether it is
// news.
func (w *write) renamed(u *UserRow) (bool, error) {
	if u.alias == "" {
		return false, nil
	}
	u.linkRow.Alias, u.linkRow.AliasKey = u.alias, scim.Fold(u.alias)
	links, err := w.tx.Links(w.ctx, u.ID)
	return !slices.ContainsFunc(links, func(l LinkRow) bool {
		return l.Connection == u.linkRow.Connection && l.Alias == u.alias
	}), err
}

// meet makes the link of a first exact look-up (behaviour.md 5.2). It is no
// part of the resource: version and lastModified stay.
func (t *Tenant) meet(u *UserRow) (*UserRow, error) {
	if t.connection == "" || t.via.Check {
		return u, nil
	}
	if _, linked := u.linkLine(t.connection); linked {
		return u, nil
	}
	met := u
	err := t.update(noCancel, func(w *write) error {
		was, _, err := w.tx.User(w.ctx, u.ID)
		if err != nil || was == nil || !t.sees(was) {
			return err // he went while we looked
		}
		met = was
		if _, linked := was.linkLine(t.connection); linked {
			return nil
		}
		now := *was
		now.setLink(t.connection, "")
		now.linkRow = &LinkRow{Connection: t.connection, User: u.ID, FirstSeen: w.now, LastWord: w.now}
		met = &now
		return w.saveLinkOnly(was, &now)
	})
	return met, err
}
