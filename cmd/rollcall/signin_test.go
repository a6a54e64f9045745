package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/sqlstore"
)

// The links that commands print are those of the console, and open it.
func TestSignInLinks(t *testing.T) {
	s := newShell(t)
	out := s.must("tenant", "create", "globex", "--admin-email", "gina@globex.test")
	link := regexp.MustCompile(`http://globex\.localhost:8080/sign-in/link/(rcl_\w+)`).FindStringSubmatch(out)
	if link == nil {
		t.Fatalf("no link in %s", out)
	}
	s.opens("globex", link[1], "gina@globex.test")

	s.must("user", "create", "anna@globex.test", "--tenant", "globex")
	out = s.must("user", "sign-in-link", "anna@globex.test", "--tenant", "globex", "--public-url", "https://{tenant}.rollcall.example/")
	secret, ok := strings.CutPrefix(strings.TrimSpace(out), "https://globex.rollcall.example/sign-in/link/")
	if !ok {
		t.Fatalf("the link is %s", out)
	}
	s.opens("globex", secret, "anna@globex.test")

	t.Setenv("ROLLCALL_PUBLIC_URL", "https://{tenant}.rollcall.example")
	if out := s.must("operator", "sign-in-link"); !strings.HasPrefix(out, "https://rollcall.example/operator/sign-in/rcl_") {
		t.Errorf("the operator's link is %s", out)
	}
	t.Setenv("ROLLCALL_PUBLIC_URL", "")
	if out := s.must("operator", "sign-in-link"); !strings.HasPrefix(out, "http://localhost:8080/operator/sign-in/rcl_") {
		t.Errorf("the operator's link is %s", out)
	}
}

// opens demands that the link signs the person in.
func (s shell) opens(tenant, secret, userName string) {
	s.t.Helper()
	store, err := sqlstore.Open(s.t.Context(), os.Getenv("ROLLCALL_DATABASE"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer store.Close()
	d := directory.New(store)
	defer d.Close(s.t.Context())
	session, err := d.RedeemLink(s.t.Context(), secret, tenant, directory.Via{})
	if err != nil {
		s.t.Fatal(err)
	}
	handle, err := d.OpenSession(s.t.Context(), session, tenant, directory.Via{})
	if err != nil {
		s.t.Fatal(err)
	}
	if got := handle.Self().UserName; got != userName {
		s.t.Errorf("%s is signed in, want %s", got, userName)
	}
}
