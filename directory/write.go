package directory

import (
	"context"
	"encoding/json/v2"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// write is one change of a tenant while it is being made: the one path for
// SCIM and for admins.
type write struct {
	t   *Tenant
	tx  Tx
	ctx context.Context
	now int64

	role        Role // of a user who is being created
	seal        bool
	first, last int64               // numbers of the changes made
	notes       []string            // for the activity log
	made        map[teamName]string // teams that this change made
	quoted      map[string]string   // their names as JSON, by id
	kind        string              // of the change to the person whom the request speaks of
	bystander   bool                // the person being saved is none whom the request speaks of
	owes        bool                // an IdP group's people still wait for their teams
	person      string              // userName and
	subject     string              // id of the user concerned
}

func (w *write) note(notes ...string) { w.notes = append(w.notes, notes...) }

// sealed says that this change touches what setups hold.
func (w *write) sealed() {
	w.seal = true
	w.tx.Seal()
}

// change appends to the change log.
func (w *write) change(typ, id, kind string, before, after map[string]any) error {
	c := &ChangeRow{
		Time: w.now, Request: w.t.via.Request, Actor: w.t.actor, Connection: w.t.connection,
		Type: typ, Object: id, Kind: kind, Before: changeJSON(before), After: changeJSON(after),
	}
	if err := w.tx.AppendChange(w.ctx, c); err != nil {
		return err
	}
	if w.first == 0 {
		w.first = c.Seq
	}
	w.last = c.Seq
	if w.seal {
		w.tx.Row().Setup = c.Seq
	}
	return nil
}

func changeJSON(m map[string]any) string {
	if len(m) == 0 {
		return ""
	}
	b, err := json.Marshal(m, json.Deterministic(true))
	if err != nil {
		panic(err) // only our own values come here
	}
	return string(b)
}

// chosen is trimmed for names that people choose. What an IdP sends is taken as it
// comes.
func chosen(name, what string) (string, error) {
	if strings.ContainsFunc(name, unicode.IsControl) {
		return "", fmt.Errorf("the name of a %s cannot hold line breaks or other control characters", what)
	}
	return trimmed(name, what)
}

// trimmed refuses a name that is empty or longer than people can read.
func trimmed(name, what string) (string, error) {
	name = strings.TrimSpace(name)
	if name == "" || utf8.RuneCountInString(name) > 500 {
		return "", fmt.Errorf("the name of a %s must have 1 to 500 characters", what)
	}
	return name, nil
}
