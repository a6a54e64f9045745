package main

import (
	"fmt"
	"net"
	"strings"
	"testing"
)

// An admin's day with people, in a real browser: searching as one types,
// choosing many, a task that he watches, a person's page, and back again.
func TestBrowserPeople(t *testing.T) {
	c := openChrome(t)
	s := newShell(t).acme()
	s.must("group", "create", "Sweden")
	for i := range 25 {
		s.must("user", "create", fmt.Sprintf("temp%d@acme.test", i), "name.givenName=Temp", fmt.Sprintf("name.familyName=Number%d", i), "country=Finland", "department=Sales", "--tenant", "acme")
	}
	s.must("user", "create", "anna@acme.test", "name.givenName=Anna", "name.familyName=Aalto", "country=Sweden", "--tenant", "acme")
	address, _ := startServe(t)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	acme := "http://acme.localhost:" + port
	looked := c.looking()
	c.open(strings.TrimSpace(s.must("user", "sign-in-link", "admin@acme.test", "--tenant", "acme", "--public-url", "http://{tenant}.localhost:"+port)))
	c.press("Sign in")
	c.sees("Set your password")

	c.open(acme + "/users")
	c.sees("27 people", "Anna Aalto")
	looked("users")
	c.fill("q", "aal")
	c.until("the list follows the letters", `!document.body.innerText.includes('Temp Number3') && document.body.innerText.includes('1 person')`)
	if at := c.path(); at != "/users?q=aal" {
		t.Errorf("the address is %s", at)
	}
	c.open(acme + "/users")
	c.fill("q", "temp")
	c.sees("25 people")
	c.until("nobody is chosen, and there is no bar", `document.querySelector('.bar').hidden`)
	c.press("Choose everybody on this page")
	c.sees("25 chosen")
	looked("chosen people")
	c.press("Move")
	c.sees("leave all their teams")
	looked("where to")
	c.choose("to", "Sweden")
	c.press("Move to another group")
	c.sees("This touches 25 people")
	looked("the number is asked")
	c.fill("number", "25")
	c.press("Yes, go on")
	c.sees("25 of 25", "done")
	looked("a task")
	c.open(acme + "/tasks")
	c.sees("Move 25 people to Sweden")
	looked("tasks")

	c.open(acme + "/users?q=anna")
	c.press("Anna Aalto")
	c.sees("Everything that happened", "In the group Sweden")
	looked("a person")
	c.press("Edit")
	looked("a person's form")
	c.fill("title", "Chief")
	c.press("Save")
	c.sees("Title: Chief")
	c.press("Remove")
	c.press("Yes, go on")
	c.sees("Anna Aalto is removed")
	c.press("Removed")
	c.sees("in 44 days")
	looked("removed people")
	c.press("Anna Aalto")
	c.press("Restore")
	c.sees("Anna Aalto is back")

	for path, says := range map[string]string{"/users/unmatched": "To be decided", "/users/profile-again": "Show who would move", "/users/new": "Add a person",
		"/groups": "Sweden", "/teams": "Create a team", "/idp-groups": "No IdP groups"} {
		c.open(acme + path)
		c.until(path, fmt.Sprintf("document.body.textContent.includes(%q)", says))
		looked(path)
	}
	c.open(acme + "/teams")
	c.press("Sales")
	c.sees("Other names")
	looked("a team")
	c.open(acme + "/groups")
	c.press("Sweden")
	c.sees("Your identity provider must send the new name")
	looked("a group")
	c.open(acme + "/users/profile-again")
	c.press("Show who would move")
	c.sees("would move")
	looked("who would move")
}
