package main

import (
	"net"
	"strings"
	"testing"
)

// A person's first day in a real browser: the company's address is found from
// the bare host, a link lets him in, he sets a password, makes a token, and
// comes back by the password.
func TestBrowserSignIn(t *testing.T) {
	c := openChrome(t)
	s := newShell(t).acme()
	address, _ := startServe(t)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	bare, acme := "http://localhost:"+port, "http://acme.localhost:"+port

	looked := c.looking()
	c.open(bare + "/settings")
	c.sees("Which company")
	looked("the company's name is asked")
	c.fill("company", "acmee")
	c.press("Go on")
	c.sees("No company has that name here")
	c.fill("company", "acme")
	c.press("Go on")
	c.sees("to Acme Oy") // on another host, which the policy lets a form lead to
	looked("sign-in")
	if at := value[string](c, "ask for the host", "location.host"); at != "acme.localhost:"+port {
		t.Errorf("at %s", at)
	}

	link := strings.TrimSpace(s.must("user", "sign-in-link", "admin@acme.test", "--tenant", "acme", "--public-url", "http://{tenant}.localhost:"+port))
	c.open(link)
	c.sees("Welcome, Admin")
	looked("a link")
	c.press("Sign in")
	c.sees("Set your password")
	looked("the first password")
	c.fill("password", "correct horse battery")
	c.fill("again", "correct horse battery")
	c.press("Set password")
	c.sees("Your password is set")
	c.open(link)
	c.sees("does not work any more")
	looked("a link that was used")

	c.open(acme + "/profile")
	c.sees("Where you are signed in", "Chrome on Linux", "this one")
	c.press("Access tokens")
	c.fill("name", "Entra ID")
	c.choose("expires", "90 days")
	c.press("Make a token")
	c.sees("shown this once", acme+"/api/scim/v2")
	looked("a new token")
	token := c.text("#secret")
	c.press("Copy")
	c.until("the button says that it copied", `[...document.querySelectorAll('button')].some(b => /Copied|Ctrl/.test(b.textContent))`)
	c.press("Revoke")
	c.sees("ends at once")
	c.press("Yes, go on")
	c.sees("is revoked")
	if listed := s.must("token", "list", "--tenant", "acme"); strings.Contains(listed, token) {
		t.Error("the list shows a whole token")
	}

	c.press("Sign out")
	c.sees("You are signed out")
	c.open(acme + "/profile/tokens")
	c.fill("user-name", "ADMIN@acme.test")
	c.fill("password", "a wrong password")
	c.press("Sign in")
	c.sees("Signing in did not work")
	looked("a wrong password")
	c.fill("password", "correct horse battery")
	c.press("Sign in")
	c.until("back on the page that was asked for", `location.pathname == '/profile/tokens'`)

	c.open(strings.TrimSpace(s.must("operator", "sign-in-link", "--public-url", bare)))
	c.press("Sign in")
	c.sees("Acme Oy", "answers")
	looked("operators")
	c.press("New tenant")
	c.sees("first company admin")
	looked("a new tenant")
	c.fill("name", "globex")
	c.fill("display", "Globex")
	c.fill("admin-email", "gina@globex.test")
	c.press("Make the tenant")
	c.sees("Globex is there", "http://globex.localhost:"+port+"/sign-in/link/rcl_")
	looked("a tenant was made")
}
