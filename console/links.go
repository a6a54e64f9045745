package console

import (
	"fmt"
	"strings"

	"github.com/rollcall-scim/rollcall/directory"
)

// mostLinks is for how many people links are made at once.
const mostLinks = 500

// madeLink is a sign-in link for a person, or why there is none.
type madeLink struct {
	User    directory.User
	Ref     string // as the form named him
	Link    string
	Problem string
}

// makeSignInLinks makes one-time sign-in links for the people whose ids a form
// has chosen, and shows them this once (behaviour.md 9.4).
func (c *Console) makeSignInLinks(v *visit) error {
	if err := v.r.ParseForm(); err != nil {
		return err
	}
	ids := v.r.PostForm["id"]
	switch {
	case len(ids) == 0:
		return said("Nobody is chosen. Choose the people who are to get a sign-in link.")
	case len(ids) > mostLinks:
		return said(fmt.Sprintf("That is %d people, and %d are the most at once. Choose fewer.", len(ids), mostLinks))
	}
	links, err := v.signInLinks(ids)
	if err != nil {
		return err
	}
	back := v.r.PostForm.Get("back")
	if !isLocal(back) {
		back = "/users"
	}
	data := struct {
		Links []madeLink
		Made  int
		Text  string // all of them, to paste into a table
		Back  string
	}{Links: links, Back: back}
	var text strings.Builder
	for _, l := range links {
		if l.Link != "" {
			data.Made++
			fmt.Fprintf(&text, "%s\t%s\t%s\n", l.User.UserName, l.User.DisplayName, l.Link)
		}
	}
	data.Text = text.String()
	return v.show("sign_in_links.html", "Sign-in links", data)
}

// signOutPerson ends the sessions and links of a person whom an admin has in
// sight.
func (c *Console) signOutPerson(v *visit) error {
	id := v.r.PathValue("id")
	u, err := v.t.User(v.r.Context(), id)
	if err != nil {
		return err
	}
	n, err := v.t.SignOutPerson(v.r.Context(), u.ID)
	if err != nil {
		return err
	}
	return v.done("/users/"+u.ID, fmt.Sprintf("%s is signed out of %s.", u.DisplayName, count(n, "session", "sessions")))
}

// signInLinks makes links for people. Who can have none is told beside the
// others.
func (v *visit) signInLinks(refs []string) (out []madeLink, err error) {
	for _, ref := range refs {
		l := madeLink{Ref: ref}
		u, err := v.t.User(v.r.Context(), ref)
		secret := ""
		if err == nil {
			l.User = u
			secret, err = v.t.SignInLink(v.r.Context(), u.ID)
		}
		if err != nil {
			p, expected := v.c.problemOf(err)
			if !expected {
				return nil, err
			}
			l.Problem = p.Text
		} else {
			l.Link = v.linkAddress(secret)
		}
		out = append(out, l)
	}
	return out, nil
}

// linkAddress is what somebody opens to use a sign-in link.
func (v *visit) linkAddress(secret string) string {
	return v.c.site(v.r, v.t.Name()) + "/sign-in/link/" + secret
}
