package provision_test

import (
	"github.com/rollcall-scim/rollcall/scim"
	"github.com/rollcall-scim/rollcall/scimhttp"
)

// client is somebody else who writes to the target.
func (r *rig) client() *scimhttp.Client {
	return &scimhttp.Client{BaseURL: r.target.URL, Token: r.target.Token}
}

// make makes somebody at the target who is not ours, and answers the id.
func (r *rig) make(c *scimhttp.Client, typ string, o scim.Object) string {
	r.Helper()
	t := scim.UserType
	if typ == "Group" {
		t = scim.GroupType
	}
	made, err := c.Create(r.Context(), typ, t.NewResource(o))
	if err != nil {
		r.Fatal(err)
	}
	return made.ID()
}

// edit changes somebody at the target by hand.
func (r *rig) edit(typ, id, path string, value any) {
	r.Helper()
	p := &scim.Patch{Operations: []scim.Operation{{Op: "replace", Path: path, Value: value}}}
	if _, err := r.client().Patch(r.Context(), typ, id, p, ""); err != nil {
		r.Fatal(err)
	}
}
