package directory_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
)

const passphrase = "correct horse battery"

var browser = directory.Via{Client: "Firefox on Linux", Address: "192.0.2.7"}

// enter opens a session by a fresh link.
func (w *world) enter(ref string) (secret string) {
	w.t.Helper()
	link, err := w.admin.SignInLink(w.t.Context(), ref)
	w.must(err)
	secret, err = w.d.RedeemLink(w.t.Context(), link, "acme", browser)
	w.must(err)
	return secret
}

func (w *world) session(secret string) *directory.Tenant {
	w.t.Helper()
	tenant, err := w.d.OpenSession(w.t.Context(), secret, "acme", browser)
	w.must(err)
	return tenant
}

func (w *world) signedOut(secret string) {
	w.t.Helper()
	if _, err := w.d.OpenSession(w.t.Context(), secret, "acme", browser); !errors.Is(err, directory.ErrSignedOut) {
		w.t.Errorf("the session still opens: %v", err)
	}
}

// with gives somebody a password.
func (w *world) with(ref string) {
	w.t.Helper()
	s := w.enter(ref)
	w.must(w.session(s).SetPassword(w.t.Context(), "", passphrase))
	w.must(w.session(s).SignOut(w.t.Context()))
}

func (w *world) signIn(name, password string) (string, error) {
	return w.d.SignIn(w.t.Context(), "acme", name, password, browser)
}

func TestSignIn(t *testing.T) {
	each(t, func(w *world) {
		w.with("admin@acme.test")
		for _, name := range []string{"admin@acme.test", " Admin@ACME.test "} {
			s, err := w.signIn(name, passphrase)
			w.must(err)
			me := w.session(s).Self()
			if me.UserName != "admin@acme.test" || me.Role != directory.RoleCompanyAdmin || me.NoOldPassword || me.GroupName != "Default" || me.Session == "" {
				t.Errorf("self %+v", me)
			}
		}
		_, wrong := w.signIn("admin@acme.test", "correct horse batterie")
		w.fails(wrong, 401, "401.4")
		_, unknown := w.signIn("nobody@acme.test", passphrase)
		w.fails(unknown, 401, "401.4")
		if wrong.Error() != unknown.Error() {
			t.Errorf("they differ: %v, %v", wrong, unknown)
		}
		_, err := w.d.SignIn(t.Context(), "globex", "admin@acme.test", passphrase, browser)
		w.fails(err, 401, "401.4")
		w.set("password-sign-in", "false")
		_, err = w.signIn("admin@acme.test", passphrase)
		w.fails(err, 403, "403.4")
		w.enter("admin@acme.test") // links stay
	})
}

// behaviour.md 4.4: who has a userName that is no address signs in by his
// primary e-mail; who has one that is does not.
func TestSignInByEmail(t *testing.T) {
	each(t, func(w *world) {
		w.post(`{"userName":"jdoe","emails":[{"value":"j@home.test","type":"home"},{"value":"John@acme.test","type":"work","primary":true}]}`)
		w.post(`{"userName":"anna@acme.test","emails":[{"value":"anna.aalto@acme.test","primary":true}]}`)
		w.with("jdoe")
		w.with("anna@acme.test")
		for name, want := range map[string]bool{"jdoe": true, "john@acme.test": true, "j@home.test": false, "anna@acme.test": true, "anna.aalto@acme.test": false} {
			if _, err := w.signIn(name, passphrase); (err == nil) != want {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestPasswords(t *testing.T) {
	each(t, func(w *world) {
		_, err := w.admin.CreateUser(t.Context(), "anna.aalto@acme.test", map[string]string{"name.givenName": "Anna", "name.familyName": "Wirtanen"})
		w.must(err)
		anna := w.session(w.enter("anna.aalto@acme.test"))
		for password, want := range map[string]string{
			"short":                          "needs 10",
			"ninechars":                      "needs 10",
			strings.Repeat("long", 60):       "the most",
			"my name is WIRTANEN":            `"Wirtanen"`,
			"annas little lamb":              `"Anna"`,
			"anna.aalto 1234":                `"anna`,
			"Acme is great 1":                `"acme"`,
			"eeeeeeeeeeee":                   "again and again",
			"not text \xff\xfe, but so long": "no text",
		} {
			if err := anna.SetPassword(t.Context(), "", password); err == nil || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(want)) {
				t.Errorf("%q: %v, want %s", password, err, want)
			}
		}
		w.must(anna.SetPassword(t.Context(), "", passphrase))
		first, err := w.signIn("anna.aalto@acme.test", passphrase)
		w.must(err)
		second, err := w.signIn("anna.aalto@acme.test", passphrase)
		w.must(err)
		link, err := w.admin.SignInLink(t.Context(), "anna.aalto@acme.test")
		w.must(err)
		if err := w.session(first).SetPassword(t.Context(), "wrong horse battery", "another horse battery"); err == nil || !strings.Contains(err.Error(), "old password") {
			t.Errorf("without the old one: %v", err)
		}
		w.must(w.session(first).SetPassword(t.Context(), passphrase, "another horse battery"))
		w.session(first)
		w.signedOut(second)
		if _, err := w.d.LinkInfo(t.Context(), link, "acme"); !errors.Is(err, directory.ErrLink) {
			t.Errorf("an old link is still good: %v", err)
		}
		_, err = w.signIn("anna.aalto@acme.test", passphrase)
		w.fails(err, 401, "401.4")
		// The old one is needed once the link was long ago.
		w.now = w.now.Add(2 * time.Hour)
		late := w.enter("anna.aalto@acme.test")
		w.now = w.now.Add(61 * time.Minute)
		if err := w.session(late).SetPassword(t.Context(), "", passphrase); err == nil {
			t.Error("set without the old one")
		}
		if err := w.admin.SetPassword(t.Context(), "", passphrase); err == nil {
			t.Error("the command line has set its password")
		}
	})
}

func TestSignInLinks(t *testing.T) {
	each(t, func(w *world) {
		ctx := t.Context()
		link, err := w.admin.SignInLink(ctx, "admin@acme.test")
		w.must(err)
		for range 3 { // a mail scanner
			info, err := w.d.LinkInfo(ctx, link, "acme")
			w.must(err)
			if info.Name != "Admin" || info.UserName != "admin@acme.test" || info.Invitation || info.Display != "Acme Oy" {
				t.Errorf("info %+v", info)
			}
		}
		for _, bad := range []string{"", "rcl_", link[:len(link)-1], "rc_" + link[4:]} {
			if _, err := w.d.RedeemLink(ctx, bad, "acme", browser); !errors.Is(err, directory.ErrLink) {
				t.Errorf("%q: %v", bad, err)
			}
		}
		if _, err := w.d.RedeemLink(ctx, link, "globex", browser); !errors.Is(err, directory.ErrLink) {
			t.Errorf("at another tenant: %v", err)
		}
		// Of many at once, one.
		var wg sync.WaitGroup
		opened := make(chan string, 8)
		for range 8 {
			wg.Go(func() {
				s, err := w.d.RedeemLink(ctx, link, "acme", browser)
				if err == nil {
					opened <- s
				} else if !errors.Is(err, directory.ErrLink) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if close(opened); len(opened) != 1 {
			t.Fatalf("%d sessions of one link", len(opened))
		}
		if me := w.session(<-opened).Self(); !me.NoOldPassword {
			t.Errorf("self %+v", me)
		}
		old, err := w.admin.SignInLink(ctx, "admin@acme.test")
		w.must(err)
		newer, err := w.admin.SignInLink(ctx, "admin@acme.test")
		w.must(err)
		if _, err := w.d.RedeemLink(ctx, old, "acme", browser); !errors.Is(err, directory.ErrLink) {
			t.Errorf("a link that was replaced: %v", err)
		}
		w.now = w.now.Add(7*24*time.Hour + time.Second)
		if _, err := w.d.RedeemLink(ctx, newer, "acme", browser); !errors.Is(err, directory.ErrLink) {
			t.Errorf("after its time: %v", err)
		}
	})
}

// behaviour.md 7.1: whoever leaves is out at once, in every process.
func TestLeaversAreSignedOut(t *testing.T) {
	for name, end := range map[string]func(w *world, id string) error{
		"removed over SCIM": func(w *world, id string) error { return w.tryPatch(id, leave) },
		"deleted over SCIM": func(w *world, id string) error { return w.idp.Delete(w.t.Context(), "User", id, "") },
		"deactivated": func(w *world, id string) error {
			w.set("deprovision", "deactivate")
			return w.tryPatch(id, leave)
		},
		"removed by hand": func(w *world, id string) error {
			_, err := w.admin.RemoveUser(w.t.Context(), id)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(w *world) {
				id := w.post(`{"userName":"anna@acme.test"}`)
				w.with(id)
				s, err := w.signIn("anna@acme.test", passphrase)
				w.must(err)
				handle := w.session(s)
				link, err := w.admin.SignInLink(t.Context(), id)
				w.must(err)
				other := directory.New(w.store) // another process
				other.Now = w.d.Now
				defer other.Close(t.Context())
				_, err = other.OpenSession(t.Context(), s, "acme", browser)
				w.must(err)

				w.must(end(w, id))
				w.signedOut(s)
				if _, err := other.OpenSession(t.Context(), s, "acme", browser); !errors.Is(err, directory.ErrSignedOut) {
					t.Errorf("another process: %v", err)
				}
				if _, err := other.RedeemLink(t.Context(), link, "acme", browser); !errors.Is(err, directory.ErrLink) {
					t.Errorf("the link: %v", err)
				}
				if err := handle.Verify(t.Context()); !errors.Is(err, directory.ErrSignedOut) {
					t.Errorf("a request under way is still admitted: %v", err)
				}
				if err := handle.SetPassword(t.Context(), passphrase, "another horse battery"); err == nil {
					t.Error("a request under way has changed the password")
				}
				_, err = w.signIn("anna@acme.test", passphrase)
				w.fails(err, 401, "401.4")
			})
		})
	}
}

// Who comes back under another externalId may be another person (7.5).
func TestPasswordOfAnotherPerson(t *testing.T) {
	each(t, func(w *world) {
		id := w.post(`{"userName":"anna@acme.test","externalId":"a"}`)
		w.with(id)
		w.patch(id, leave)
		w.patch(id, back)
		_, err := w.signIn("anna@acme.test", passphrase)
		w.must(err)
		w.patch(id, leave)
		w.patch(id, back)
		s, err := w.signIn("anna@acme.test", passphrase)
		w.must(err)
		w.patch(id, `{"op":"replace","path":"externalId","value":"b"}`) // as Okta says it
		w.signedOut(s)
		_, err = w.signIn("anna@acme.test", passphrase)
		w.fails(err, 401, "401.4")
	})
}

func TestRoleOfASessionIsTheNewest(t *testing.T) {
	each(t, func(w *world) {
		_, err := w.admin.CreateUser(t.Context(), "bo@acme.test", nil)
		w.must(err)
		s := w.enter("bo@acme.test")
		if r := w.session(s).Self().Role; r != directory.RoleUser {
			t.Errorf("role %d", r)
		}
		_, err = w.admin.SetRole(t.Context(), "bo@acme.test", "company-admin")
		w.must(err)
		before := w.session(s)
		if r := before.Self().Role; r != directory.RoleCompanyAdmin {
			t.Errorf("role %d", r)
		}
		_, err = w.admin.SetRole(t.Context(), "bo@acme.test", "user")
		w.must(err)
		if _, err := before.CreateGroup(t.Context(), "Sweden"); err == nil || !strings.Contains(err.Error(), "a moment ago") {
			t.Errorf("a request that began as an admin: %v", err)
		}
		changes, err := w.admin.Changes(t.Context(), directory.ChangeQuery{})
		w.must(err)
		if last := changes[len(changes)-1]; last.Actor != "command line" {
			t.Errorf("actor %s", last.Actor)
		}
	})
}

func TestSessions(t *testing.T) {
	each(t, func(w *world) {
		ctx := t.Context()
		w.with("admin@acme.test")
		var secrets []string
		for range 4 {
			s, err := w.signIn("admin@acme.test", passphrase)
			w.must(err)
			secrets = append(secrets, s)
		}
		me := w.session(secrets[0])
		list, err := me.Sessions(ctx)
		w.must(err)
		if len(list) != 4 || list[0].Client != browser.Client || list[0].Address != browser.Address {
			t.Fatalf("sessions %+v", list)
		}
		w.must(me.EndSession(ctx, w.session(secrets[1]).Self().Session))
		w.signedOut(secrets[1])
		if n, err := me.EndOtherSessions(ctx); n != 2 || err != nil {
			t.Errorf("ended %d, %v", n, err)
		}
		w.signedOut(secrets[2])
		w.must(w.session(secrets[0]).SignOut(ctx))
		w.signedOut(secrets[0])
		one, two := w.enter("admin@acme.test"), w.enter("admin@acme.test")
		_, err = w.admin.SignInLink(ctx, "admin@acme.test")
		w.must(err)
		state, err := w.admin.SignInState(ctx, "admin@acme.test")
		w.must(err)
		if state.Sessions != 2 || !state.LastSeen.Equal(w.now) || !state.Password.Equal(w.now) || !state.Link.Equal(w.now.Add(7*24*time.Hour)) {
			t.Errorf("state %+v", state)
		}
		if n, err := w.admin.SignOutPerson(ctx, "admin@acme.test"); n != 2 || err != nil {
			t.Errorf("signed out of %d, %v", n, err)
		}
		w.signedOut(one)
		w.signedOut(two)
		if state, err := w.admin.SignInState(ctx, "admin@acme.test"); state != (directory.SignInState{Password: state.Password}) {
			t.Errorf("state %+v, %v", state, err)
		}
		if _, err := w.d.OpenSession(ctx, secrets[0], "globex", browser); !errors.Is(err, directory.ErrSignedOut) {
			t.Error(err)
		}
	})
}

// Used every few hours a session lasts for a week; left alone, half a day.
func TestSessionsExpire(t *testing.T) {
	each(t, func(w *world) {
		used, idle := w.enter("admin@acme.test"), w.enter("admin@acme.test")
		if _, err := w.d.OpenSession(t.Context(), used, "other", browser); err == nil {
			t.Error("opens another tenant")
		}
		for range 15 {
			w.now = w.now.Add(11 * time.Hour)
			w.session(used)
			w.must(w.d.FlushTokens(t.Context()))
		}
		w.signedOut(idle)
		w.now = w.now.Add(3 * time.Hour)
		w.signedOut(used)
	})
}

func TestWrongPasswordsAreSlowedDown(t *testing.T) {
	each(t, func(w *world) {
		w.with("admin@acme.test")
		for range 10 {
			_, err := w.signIn("admin@acme.test", "wrong horse battery")
			w.fails(err, 401, "401.4")
		}
		_, err := w.signIn("admin@acme.test", passphrase)
		w.fails(err, 429, "429.3")
		if !strings.Contains(err.Error(), "try again in 60 seconds") {
			t.Error(err)
		}
		elsewhere := browser
		elsewhere.Address = "192.0.2.8"
		_, err = w.d.SignIn(t.Context(), "acme", "admin@acme.test", passphrase, elsewhere)
		w.must(err) // nobody is locked out from elsewhere
		w.now = w.now.Add(time.Minute)
		_, err = w.signIn("admin@acme.test", passphrase)
		w.must(err)
	})
}

func TestInvitations(t *testing.T) {
	each(t, func(w *world) {
		ctx := t.Context()
		admin := w.session(w.enter("admin@acme.test"))
		id, link, err := admin.Invite(ctx, "Ida from IT")
		w.must(err)
		info, err := w.d.LinkInfo(ctx, link, "acme")
		w.must(err)
		if !info.Invitation || info.Name != "Ida from IT" {
			t.Errorf("info %+v", info)
		}
		s, err := w.d.RedeemLink(ctx, link, "acme", browser)
		w.must(err)
		if me := w.session(s).Self(); me.Invitation != id || me.ID != "" || me.Role != directory.RoleUser {
			t.Errorf("self %+v", me)
		}
		if _, err := w.d.RedeemLink(ctx, link, "acme", browser); !errors.Is(err, directory.ErrLink) {
			t.Errorf("twice: %v", err)
		}
		list, err := admin.Invitations(ctx)
		w.must(err)
		if len(list) != 1 || list[0].State != "open" || list[0].MadeBy != "Admin" {
			t.Errorf("invitations %+v", list)
		}
		w.must(admin.RevokeInvitation(ctx, id))
		w.signedOut(s)
		_, link, err = admin.Invite(ctx, "Ida again")
		w.must(err)
		s, err = w.d.RedeemLink(ctx, link, "acme", browser)
		w.must(err)
		w.must(w.session(s).SignOut(ctx))
		w.signedOut(s)

		w.now = w.now.AddDate(0, 0, 60)
		_, err = w.d.Purge(ctx)
		w.must(err)
		if list, err := w.admin.Invitations(ctx); len(list) > 0 || err != nil {
			t.Errorf("still known: %+v, %v", list, err)
		}
	})
}

// behaviour.md 2.3: the IdP's word stands even for the last company admin; the
// command line opens the tenant again.
func TestBreakGlass(t *testing.T) {
	each(t, func(w *world) {
		ctx := t.Context()
		_, err := w.admin.CreateUser(ctx, "anna@acme.test", nil)
		w.must(err)
		if _, made, err := w.admin.BreakGlass(ctx, "anna@acme.test"); made || err != nil {
			t.Errorf("made an admin beside another: %v, %v", made, err)
		}
		id := w.user("admin@acme.test").ID
		w.patch(id, leave)
		if _, _, err := w.admin.BreakGlass(ctx, "admin@acme.test"); err == nil || !strings.Contains(err.Error(), "user restore") {
			t.Errorf("a link for somebody who is removed: %v", err)
		}
		link, made, err := w.admin.BreakGlass(ctx, "anna@acme.test")
		w.must(err)
		s, err := w.d.RedeemLink(ctx, link, "acme", browser)
		w.must(err)
		if me := w.session(s).Self(); !made || me.Role != directory.RoleCompanyAdmin {
			t.Errorf("made %v, %+v", made, me)
		}
		if _, made, err := w.admin.BreakGlass(ctx, "anna@acme.test"); made || err != nil {
			t.Errorf("again: %v, %v", made, err)
		}
	})
}
