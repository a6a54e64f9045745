package console

import "github.com/rollcall-scim/rollcall/directory"

// invitationsPage is where an admin lets somebody of the company's IT, who is no
// user here, into Set up.
type invitationsPage struct {
	Invitations []directory.Invitation
	Name        string // as it was typed
	Link        string // of a new one, shown this once
}

func (v *visit) invitationsPage() (p invitationsPage, err error) {
	p.Invitations, err = v.t.Invitations(v.r.Context())
	return p, err
}

func (c *Console) showInvitations(v *visit) error {
	page, err := v.invitationsPage()
	if err != nil {
		return err
	}
	return v.show("invitations.html", "Invitations", page)
}

func (c *Console) invite(v *visit) error {
	name := v.r.PostFormValue("name")
	_, secret, err := v.t.Invite(v.r.Context(), name)
	page, listed := v.invitationsPage()
	if listed != nil {
		return listed
	}
	page.Name = name
	if err != nil {
		return v.showAgain("invitations.html", "Invitations", page, err)
	}
	page.Link = v.linkAddress(secret)
	return v.show("invitations.html", "Invitations", page)
}

func (c *Console) revokeInvitation(v *visit) error {
	if err := v.t.RevokeInvitation(v.r.Context(), v.r.PostFormValue("id")); err != nil {
		return err
	}
	return v.done("/set-up/invitations", "The invitation is revoked; whoever came by it is signed out.")
}
