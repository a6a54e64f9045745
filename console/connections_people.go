package console

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/rollcall-scim/rollcall/directory"
)

// namedPeople reads the userNames of a form, one a line, and says how many they
// are; nil means everybody whom the connection knows.
func (v *visit) namedPeople(p *connectionPage) (refs []string, n int, err error) {
	if v.r.PostForm.Get("whom") == "all" {
		return nil, p.Linked, nil
	}
	refs = strings.FieldsFunc(v.r.PostForm.Get("people"), func(r rune) bool { return r == '\n' || r == '\r' || r == ',' || r == ';' })
	out := []string{}
	for _, ref := range refs {
		if ref = strings.TrimSpace(ref); ref != "" {
			out = append(out, ref)
		}
	}
	if len(out) == 0 {
		return nil, 0, said("Name the people by their userNames, one a line, or choose everybody.")
	}
	return out, len(out), nil
}

func handOver(v *visit, p *connectionPage) error {
	refs, n, err := v.namedPeople(p)
	if err != nil {
		return err
	}
	if ok, err := v.confirm(fmt.Sprintf("From now on the word of the connection %s counts for these people, and that of others touches only their own links.", p.Name), n); !ok {
		return err
	}
	if n, err = v.t.HandOver(v.r.Context(), p.Name, refs); err != nil {
		return err
	}
	return v.done(connectionURL(p.Name), count(n, "person was", "people were")+" handed over to "+p.Name+".")
}

func unlink(v *visit, p *connectionPage) error {
	refs, n, err := v.namedPeople(p)
	if err != nil {
		return err
	}
	if ok, err := v.confirm(fmt.Sprintf("The connection %s forgets these people: their externalIds, and that they belong to it. They stay here, and are matched again when it looks for them.", p.Name), n); !ok {
		return err
	}
	if n, err = v.t.Unlink(v.r.Context(), p.Name, refs); err != nil {
		return err
	}
	return v.done(connectionURL(p.Name), count(n, "person was", "people were")+" unlinked.")
}

func deleteConnection(v *visit, p *connectionPage) error {
	if ok, err := v.confirm(fmt.Sprintf("The connection %s is deleted: its tokens and clients end at once. Its people stay, and are unmatched where no other connection knows them.", p.Name), p.Linked); !ok {
		return err
	}
	n, err := v.t.DeleteConnection(v.r.Context(), p.Name)
	if err != nil {
		return err
	}
	return v.done("/connections", "The connection "+p.Name+" is deleted; "+count(n, "person was", "people were")+" unlinked.")
}

func confirmRemovals(v *visit, p *connectionPage) error {
	if ok, err := v.confirm("They have left: their personal data is deleted when the retention time is over. Until then they can be restored under Users > Removed.", len(p.Removals)); !ok {
		return err
	}
	n, err := v.t.ConfirmRemovals(v.r.Context(), p.Name)
	if err != nil {
		return err
	}
	return v.done(connectionURL(p.Name), count(n, "removal was", "removals were")+" confirmed.")
}

// bringBack restores those chosen, or all.
func bringBack(v *visit, p *connectionPage) error {
	refs := v.r.PostForm["id"]
	if v.r.PostForm.Get("whom") == "all" {
		refs = nil
		for _, r := range p.Removals {
			refs = append(refs, r.User.ID)
		}
	}
	if len(refs) == 0 {
		return said("Choose somebody first.")
	}
	if ok, err := v.confirm("They get their access, group and teams again, and are kept until the identity provider removes them anew.", len(refs)); !ok {
		return err
	}
	back, problems, err := v.t.BringBack(v.r.Context(), refs)
	if err != nil {
		return err
	}
	done := count(back, "person was", "people were") + " brought back."
	if len(problems) == 0 {
		return v.done(connectionURL(p.Name), done)
	}
	m := directory.Mended{Done: done}
	for _, problem := range problems {
		m.Out = append(m.Out, directory.LetIn{Why: problem})
	}
	return v.answer(http.StatusOK, "attention_done.html", done, mendedPage{Mended: m}, nil)
}
