package directory

import (
	"context"
	"encoding/json/v2"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// PutApplication makes an application, or gives the one of that name a new
// document. Secrets are set by name and, with an empty value, forgotten; others
// stay. With a version other than 0 it must be the one that is changed. Where
// nothing is different nothing is written, and the version stays.
func (t *Tenant) PutApplication(ctx context.Context, name, document string, secrets map[string]string, version int64) (out Application, err error) {
	if name, err = chosen(name, "application"); err != nil {
		return out, err
	}
	err = t.update(ctx, func(w *write) error {
		was, err := w.tx.ApplicationNamed(w.ctx, applicationKey(name))
		if err != nil {
			return err
		}
		if version != 0 && (was == nil || was.Seq != version) {
			return fmt.Errorf("the application %q was changed since version %d was read; look at it again and repeat what you meant", name, version)
		}
		row, kind := &ApplicationRow{ID: newID(), Created: w.now}, "create"
		if was != nil {
			copied := *was
			row, kind = &copied, "set"
		}
		row.Name, row.Document = name, document
		touched, err := t.sealSecrets(row, secrets)
		if err == nil && (was == nil || *row != *was) {
			err = w.putApplication(was, row, kind, touched)
		}
		out = readableApplication(row)
		return err
	})
	return out, err
}

// putApplication writes what differs. The log holds names of secrets, and
// nothing that they are.
func (w *write) putApplication(was, row *ApplicationRow, kind string, secrets []string) error {
	before, after := map[string]any{}, map[string]any{}
	if was == nil {
		was = &ApplicationRow{}
	}
	compare := func(name, old, new string) {
		if old == new {
			return
		}
		after[name] = new
		if old != "" {
			before[name] = old
		}
	}
	compare("name", was.Name, row.Name)
	compare("document", was.Document, row.Document)
	if len(secrets) > 0 {
		after["secrets"] = secrets
	}
	return w.logApplication(row, kind, before, after)
}

func (w *write) logApplication(row *ApplicationRow, kind string, before, after map[string]any) error {
	w.sealed()
	if err := w.change("Application", row.ID, kind, before, after); err != nil {
		return err
	}
	row.Seq, row.Changed = w.last, w.now
	err := w.tx.PutApplication(w.ctx, row)
	if errors.Is(err, ErrTaken) {
		return fmt.Errorf("there is an application %q already; choose another name", row.Name)
	}
	return err
}

// DeleteApplication deletes an application and its secrets. Who was provisioned
// stays at the target as he is. What the service knows of the application is
// kept elsewhere, under the id that is returned.
func (t *Tenant) DeleteApplication(ctx context.Context, name string) (id string, err error) {
	err = t.update(ctx, func(w *write) error {
		row, err := applicationNamed(w.ctx, w.tx, name)
		if err != nil {
			return err
		}
		before := map[string]any{"name": row.Name, "document": row.Document}
		id, row.Gone, row.Secrets, row.Document = row.ID, true, "", ""
		return w.logApplication(row, "delete", before, nil)
	})
	return id, err
}

// ApplicationVersions tells every version of an application from the change
// log, the oldest first.
func (t *Tenant) ApplicationVersions(ctx context.Context, name string) (out []ApplicationVersion, err error) {
	if err := t.may(everything); err != nil {
		return nil, err
	}
	row, err := applicationNamed(ctx, t.r, name)
	if err != nil {
		return nil, err
	}
	q := ChangeQuery{Object: row.ID, Limit: 100}
	document := ""
	for {
		changes, err := t.r.Changes(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, c := range changes {
			v := versionOf(c, document)
			document = v.Document
			out = append(out, v)
		}
		if len(changes) < q.Limit {
			return out, nil
		}
		q.After = changes[len(changes)-1].Seq
	}
}

// versionOf reads a change; a document that it did not touch is as it was.
func versionOf(c ChangeRow, document string) ApplicationVersion {
	after := struct {
		Document *string  `json:"document"`
		Secrets  []string `json:"secrets"`
	}{Document: &document}
	_ = json.Unmarshal([]byte(c.After), &after) // our own text, or none
	return ApplicationVersion{Number: c.Seq, Time: time.UnixMicro(c.Time), Actor: c.Actor, Kind: c.Kind, Document: *after.Document, Secrets: after.Secrets}
}

// sealSecrets puts the secrets into the row, and says which it touched. One that
// has that value already is left as it is, so that applying a file twice makes
// one version.
func (t *Tenant) sealSecrets(row *ApplicationRow, secrets map[string]string) (touched []string, err error) {
	kept := sealedSecrets(row.Secrets)
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		value := secrets[name]
		if sealed, ok := kept[name]; ok && value != "" {
			if text, err := t.unsealSecret(row.ID, name, sealed); err == nil && text == value {
				continue
			}
		} else if !ok && value == "" {
			continue
		}
		if touched = append(touched, name); value == "" {
			delete(kept, name)
			continue
		}
		if kept[name], err = t.sealSecret(row.ID, name, value); err != nil {
			return nil, err
		}
	}
	if len(touched) > 0 {
		row.Secrets = secretsText(kept)
	}
	return touched, nil
}
