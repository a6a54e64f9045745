package sqlstore_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
	"github.com/rollcall-scim/rollcall/sqlstore/storetest"
)

// behaviour.md 7.1: whoever signs in in the moment in which his access is taken
// away is in or is refused, and in either case out when it is taken: in every
// process, also after he came back.
func TestRacingLeaver(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		ctx := t.Context()
		here, endHere := inProcess(t, url)
		defer endHere()
		there, endThere := inProcess(t, url)
		defer endThere()
		admin, token := newTenant(t, here, "acme", "Finland")
		const password = "correct horse battery"
		idp, err := here.OpenToken(ctx, token, "acme", directory.Via{})
		if err != nil {
			t.Fatal(err)
		}
		r, err := scim.UserType.Parse([]byte(`{"userName":"anna@globex.test","externalId":"a"}`))
		if err != nil {
			t.Fatal(err)
		}
		if r, err = idp.Create(ctx, "User", r); err != nil {
			t.Fatal(err)
		}
		if err := admin.GivePassword(ctx, r.ID(), password); err != nil {
			t.Fatal(err)
		}
		say := func(active string) {
			t.Helper()
			p, err := scim.ParsePatch([]byte(`{"schemas":["` + scim.PatchOpURN + `"],"Operations":[{"op":"replace","path":"active","value":` + active + `}]}`))
			if err == nil {
				_, err = idp.Patch(ctx, "User", r.ID(), p, "")
			}
			if err != nil {
				t.Error(err)
			}
		}
		in := 0
		for round := range 15 {
			link, err := admin.SignInLink(ctx, r.ID())
			if err != nil {
				t.Fatal(err)
			}
			var mu sync.Mutex
			var secrets []string
			var racing sync.WaitGroup
			tried := make(chan struct{}, 4)
			enter := func(open func() (string, error)) {
				racing.Go(func() {
					secret, err := open()
					defer func() { tried <- struct{}{} }()
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						secrets = append(secrets, secret)
					}
				})
			}
			for _, d := range []*directory.Directory{here, there} {
				enter(func() (string, error) { return d.SignIn(ctx, "acme", "anna@globex.test", password, directory.Via{}) })
				enter(func() (string, error) { return d.RedeemLink(ctx, link, "acme", directory.Via{}) })
			}
			racing.Go(func() {
				if round%2 == 0 {
					<-tried // on a busy machine he would always be the first
				}
				say("false")
			})
			racing.Wait()
			in += len(secrets)
			out := func(when string) {
				for _, secret := range secrets {
					for _, d := range []*directory.Directory{here, there} {
						if _, err := d.OpenSession(ctx, secret, "acme", directory.Via{}); !errors.Is(err, directory.ErrSignedOut) {
							t.Errorf("%s a session opens: %v", when, err)
						}
					}
				}
			}
			out("after he left")
			say("true")
			out("after he came back")
		}
		if in == 0 {
			t.Error("nobody ever came in, so nothing was tried")
		}
		checkWhole(t, url)
	})
}

// checkSignIn: nobody without access has a session or a link, and nobody who is
// forgotten a password.
func (d *dump) checkSignIn() {
	d.t.Helper()
	for _, table := range []string{"sessions", "sign_in_links"} {
		for _, row := range d.rows(`select s.tenant, s.user_id, coalesce(u.state, 0) from ` + table + ` s left join users u on u.tenant=s.tenant and u.id=s.user_id
			where s.user_id<>'' and coalesce(u.state, 0)<>1`) {
			d.t.Errorf("%s has a row of the person %s of tenant %s, who is in state %s", table, row[1], row[0], row[2])
		}
		for _, row := range d.rows(`select s.invitation from ` + table + ` s left join invitations i on i.tenant=s.tenant and i.id=s.invitation
			where s.invitation<>'' and coalesce(i.ended, 1)<>0`) {
			d.t.Errorf("%s has a row of the invitation %s, which is over", table, row[0])
		}
	}
	for _, row := range d.rows(`select p.user_id from passwords p join users u on u.tenant=p.tenant and u.id=p.user_id where u.state=4`) {
		d.t.Errorf("the person %s is forgotten and has a password", row[0])
	}
}
