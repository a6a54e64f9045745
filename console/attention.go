package console

import (
	"fmt"
	"net/http"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
)

// attentionItem is an entry with the first few people who wait.
type attentionItem struct {
	directory.AttentionEntry
	Some []directory.Waiting
	Rest int // how many more
}

const (
	fewPeople  = 5
	peopleShow = 50
)

func (c *Console) showAttention(v *visit) error {
	items, err := v.attentionItems()
	if err != nil {
		return err
	}
	return v.show("attention.html", "Needs attention", items)
}

// liveAttention lets entries come and go by themselves.
func (c *Console) liveAttention(v *visit) error {
	return v.live(5*time.Second, func() (string, any, error) {
		items, err := v.attentionItems()
		return "_attention.html", items, err
	})
}

func (v *visit) attentionItems() (items []attentionItem, err error) {
	entries, err := v.t.Attention(v.r.Context())
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		item := attentionItem{AttentionEntry: e}
		if e.Kind == directory.AttentionRefused {
			if item.Some, _, err = v.t.WaitingFor(v.r.Context(), e.ID, "", fewPeople); err != nil {
				return nil, err
			}
			item.Rest = max(0, e.People-len(item.Some))
		}
		items = append(items, item)
	}
	return items, nil
}

// Listed says whether the people of the entry can be listed.
func (i attentionItem) Listed() bool {
	return i.Kind == directory.AttentionRefused || i.Kind == directory.AttentionStrays
}

// Tone is how grave it is.
func (i attentionItem) Tone() string {
	switch i.Kind {
	case directory.AttentionRefused, directory.AttentionHeld:
		return "bad"
	case directory.AttentionTeams, directory.AttentionStrays, directory.AttentionReused:
		return "soft"
	}
	return "warn"
}

// waitingPage lists the people who wait for one cause.
type waitingPage struct {
	Entry  attentionItem
	People []directory.Waiting
	Next   string
}

func (c *Console) showWaiting(v *visit) error {
	entry, err := v.attentionEntry(v.r.PathValue("entry"))
	if err != nil {
		return err
	}
	people, next, err := v.t.WaitingFor(v.r.Context(), entry.ID, v.r.URL.Query().Get("after"), peopleShow)
	if err != nil {
		return err
	}
	return v.show("attention_waiting.html", entry.Title, waitingPage{attentionItem{AttentionEntry: entry}, people, next})
}

func (v *visit) attentionEntry(id string) (directory.AttentionEntry, error) {
	entries, err := v.t.Attention(v.r.Context())
	for _, e := range entries {
		if e.ID == id {
			return e, nil
		}
	}
	if err == nil {
		err = said("This has been settled meanwhile: nobody waits for it any more.")
	}
	return directory.AttentionEntry{}, err
}

// mend carries out a cure and says what came of it.
func (c *Console) mend(v *visit) error {
	if err := v.r.ParseForm(); err != nil {
		return err
	}
	entry, err := v.attentionEntry(v.r.PathValue("entry"))
	if err != nil {
		return err
	}
	cure, choice := v.r.PostForm.Get("cure"), v.r.PostForm.Get("choice")
	if what := sureOf(entry, cure); what != "" {
		if ok, err := v.confirm(what, entry.People); !ok {
			return err
		}
	}
	m, err := v.t.Mend(v.r.Context(), entry.ID, cure, choice)
	if err != nil {
		return err
	}
	if m.Secret == "" && len(m.In)+len(m.Out)+m.Left == 0 {
		return v.done("/attention", m.Done)
	}
	return v.answer(http.StatusOK, "attention_done.html", entry.Title, mendedPage{entry, m}, nil)
}

type mendedPage struct {
	Entry directory.AttentionEntry
	directory.Mended
}

// sureOf is what a cure that takes something away will do; "" for one that need
// not be confirmed.
func sureOf(e directory.AttentionEntry, cure string) string {
	for _, c := range e.Cures {
		if c.Name != cure || !c.Sure {
			continue
		}
		switch cure {
		case directory.CureStopTeams:
			return fmt.Sprintf("The attribute %s will make no more teams, and those that it made are deleted, with the memberships in them. Teams that somebody is in for another reason stay.", e.Subject)
		case directory.CureConfirmHeld:
			return "They have left: their personal data is deleted when the retention time is over. Until then they can be restored under Users > Removed."
		}
		return c.Label + ". They get their access, group and teams again, and are kept until the identity provider removes them anew."
	}
	return ""
}
