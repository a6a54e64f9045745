package main

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// An admin's Tuesday afternoon, in a real browser on the served program: she
// connects the identity provider, sees a person refused, mends the cause, finds,
// moves and restores people, and ends the token.
func TestAnAdminsAfternoon(t *testing.T) {
	n := newTown(t, 20)
	c := n.enter()

	// Her first way in was a link; now she has a password.
	c.open(n.url("/profile/password"))
	c.fill("password", "correct horse battery")
	c.fill("again", "correct horse battery")
	c.press("Set password")
	c.sees("Your password is set")
	c.press("Sign out")
	c.fill("user-name", townAdmin)
	c.fill("password", "wrong horse battery")
	c.press("Sign in")
	c.sees("Signing in did not work")
	c.fill("password", "correct horse battery")
	c.press("Sign in")
	c.sees("Needs attention")

	// Set up turns green by itself when the identity provider asks.
	c.open(n.url("/set-up"))
	c.press("Microsoft Entra ID")
	c.sees("http://acme.localhost", "/api/scim/v2")
	c.press("Make the token")
	n.token = c.text("#secret")
	c.sees("Waiting for Microsoft Entra ID")
	if status := n.ask(`/Users?filter=userName+eq+%22nobody%22`); status != 200 {
		t.Fatalf("the token that was copied: %d", status)
	}
	c.sees("has come in")

	// Activity shows a refusal as it comes, Needs attention has the cure.
	c.open(n.url("/activity"))
	aino := invent("Aino", "Virtanen", missingGroup, "Tampere", "Engineering")
	if status, body := create(t, n.address, n.token, aino); status != 400 {
		t.Fatalf("%d %s", status, body)
	}
	c.sees(aino.address, "Group does not exist")
	c.open(n.url("/attention"))
	c.sees(`Group "Finland" does not exist: 1 person waits`)
	c.press("Create the group and let this person in now")
	c.sees("1 person is in")

	// She finds her by the beginnings of words, as she types, and moves her.
	c.open(n.url("/users"))
	c.fill("q", "ai vir")
	c.until("only Aino is found", `document.querySelectorAll('#results tbody tr').length === 1`)
	if got := c.path(); !strings.Contains(got, "q=ai+vir") {
		t.Errorf("the address does not keep the search: %s", got)
	}
	c.press("Aino Virtanen")
	c.sees("Tampere", "owns the attributes")
	c.choose("to", "Sweden")
	c.press("Move …")
	c.press("Yes, go on")
	c.sees("Sweden")

	// Who was removed comes back.
	c.open(n.url("/users/removed"))
	gone := n.somebody(2)
	c.sees(gone.address)
	c.press("Choose " + gone.name())
	c.press("Restore")
	c.sees("Restored: 1 person")
	c.open(n.url("/users?q=" + gone.family))
	c.sees(gone.address)

	// A token that is revoked opens nothing any more.
	c.open(n.url("/connections/default"))
	c.press("Revoke")
	c.press("Yes, go on")
	c.sees("The token has ended")
	if status := n.ask("/Users"); status != 401 {
		t.Errorf("the revoked token: %d", status)
	}
}

// ask sends what an identity provider asks, with the token that is in use.
func (n *town) ask(path string) int {
	n.t.Helper()
	r, err := http.NewRequestWithContext(n.t.Context(), "GET", "http://"+n.address+"/api/scim/v2"+path, nil)
	n.must(err)
	r.Host = "acme.localhost"
	r.Header.Set("Authorization", "Bearer "+n.token)
	r.Header.Set("User-Agent", "Entra-ID-test/1.0")
	resp, err := http.DefaultClient.Do(r)
	n.must(err)
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	n.must(err)
	return resp.StatusCode
}
