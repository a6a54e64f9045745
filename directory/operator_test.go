package directory_test

import (
	"errors"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
)

func TestOperator(t *testing.T) {
	each(t, func(w *world) {
		ctx := t.Context()
		link, err := w.d.OperatorLink(ctx)
		w.must(err)
		w.must(w.d.OperatorLinkStands(ctx, link))
		if _, err := w.d.RedeemLink(ctx, link, "acme", browser); !errors.Is(err, directory.ErrLink) {
			t.Errorf("an operator's link opened a tenant: %v", err)
		}
		theirs, err := w.admin.SignInLink(ctx, "admin@acme.test")
		w.must(err)
		if _, err := w.d.RedeemOperatorLink(ctx, theirs, browser); !errors.Is(err, directory.ErrLink) {
			t.Errorf("a person's link opened the installation: %v", err)
		}
		session, err := w.d.RedeemOperatorLink(ctx, link, browser)
		w.must(err)
		if _, err := w.d.RedeemOperatorLink(ctx, link, browser); !errors.Is(err, directory.ErrLink) {
			t.Errorf("twice: %v", err)
		}
		w.signedOut(session) // of any tenant
		if _, err := w.d.OpenOperator(ctx, w.enter("admin@acme.test"), browser); !errors.Is(err, directory.ErrSignedOut) {
			t.Errorf("a person's session opened the installation: %v", err)
		}

		o, err := w.d.OpenOperator(ctx, session, browser)
		w.must(err)
		globex, link, err := o.CreateTenant(ctx, directory.NewTenant{Name: "globex", AdminEmail: "gina@globex.test"})
		w.must(err)
		s, err := w.d.RedeemLink(ctx, link, "globex", browser)
		w.must(err)
		gina, err := w.d.OpenSession(ctx, s, "globex", browser)
		w.must(err)
		if gina.Self().Role != directory.RoleCompanyAdmin {
			t.Errorf("self %+v", gina.Self())
		}
		changes, err := globex.Changes(ctx, directory.ChangeQuery{Limit: 1})
		w.must(err)
		if changes[0].Actor != "operator" {
			t.Errorf("actor %s", changes[0].Actor)
		}
		w.post(`{"userName":"anna@acme.test"}`)
		all, err := o.Tenants(ctx, "", 10)
		w.must(err)
		if len(all) != 2 || all[0].Name != "acme" || all[0].Users != 2 || all[0].Matched != 1 || all[0].Came == 0 || all[1].Came != 0 || all[1].Changed == 0 {
			t.Errorf("tenants %+v", all)
		}
		if next, err := o.Tenants(ctx, "acme", 1); len(next) != 1 || next[0].Name != "globex" {
			t.Errorf("next %+v, %v", next, err)
		}
		h, err := o.Health(ctx)
		w.must(err)
		if h.Database == "" || h.Schema < 6 || h.Size == 0 {
			t.Errorf("health %+v", h)
		}
		w.must(o.SignOut(ctx))
		if _, err := w.d.OpenOperator(ctx, session, browser); !errors.Is(err, directory.ErrSignedOut) {
			t.Errorf("after signing out: %v", err)
		}
		late, err := w.d.OperatorLink(ctx)
		w.must(err)
		w.now = w.now.Add(time.Hour + time.Second)
		if err := w.d.OperatorLinkStands(ctx, late); !errors.Is(err, directory.ErrLink) {
			t.Errorf("late: %v", err)
		}
	})
}
