package main

import (
	"bytes"
	"fmt"
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
	t.Setenv("ROLLCALL_PUBLIC_URL", "https://rollcall.example")
	t.Setenv("ROLLCALL_BASE_DOMAIN", "rollcall.example")
	if out := s.must("user", "sign-in-link", "anna@globex.test", "--tenant", "globex"); !strings.HasPrefix(out, "https://globex.rollcall.example/sign-in/link/rcl_") {
		t.Errorf("with one public URL for all tenants the link is %s", out)
	}
	t.Setenv("ROLLCALL_BASE_DOMAIN", "")
	t.Setenv("ROLLCALL_PUBLIC_URL", "")
	if out := s.must("operator", "sign-in-link"); !strings.HasPrefix(out, "http://localhost:8080/operator/sign-in/rcl_") {
		t.Errorf("the operator's link is %s", out)
	}
}

// opens demands that the link signs the person in.
func (s shell) opens(tenant, secret, userName string) {
	s.t.Helper()
	s.inDirectory(func(d *directory.Directory) error {
		session, err := d.RedeemLink(s.t.Context(), secret, tenant, directory.Via{})
		if err != nil {
			return err
		}
		handle, err := d.OpenSession(s.t.Context(), session, tenant, directory.Via{})
		if err != nil {
			return err
		}
		if got := handle.Self().UserName; got != userName {
			return fmt.Errorf("%s is signed in, want %s", got, userName)
		}
		return nil
	})
}

// inDirectory opens the shell's database beside the commands.
func (s shell) inDirectory(fn func(*directory.Directory) error) {
	s.t.Helper()
	store, err := sqlstore.Open(s.t.Context(), os.Getenv("ROLLCALL_DATABASE"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer store.Close()
	d := directory.New(store)
	defer d.Close(s.t.Context())
	if err := fn(d); err != nil {
		s.t.Error(err)
	}
}

func TestSetPassword(t *testing.T) {
	s := newShell(t).acme()
	set := func(input string) (int, string) {
		var out, errs bytes.Buffer
		code := run(t.Context(), []string{"user", "set-password", "admin@acme.test", "--tenant", "acme"}, strings.NewReader(input), &out, &errs)
		return code, out.String() + errs.String()
	}
	if code, said := set("short\n"); code != exitFailure || !strings.Contains(said, "needs 10") {
		t.Errorf("exit code %d: %s", code, said)
	}
	if code, said := set("correct horse battery\r\n"); code != exitOK || !strings.Contains(said, "new password") {
		t.Errorf("exit code %d: %s", code, said)
	}
	s.inDirectory(func(d *directory.Directory) error {
		_, err := d.SignIn(t.Context(), "acme", "admin@acme.test", "correct horse battery", directory.Via{})
		return err
	})
}
