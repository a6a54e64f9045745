package console

import (
	"fmt"
	"slices"

	"github.com/rollcall-scim/rollcall/directory"
)

// profilePage is what somebody sees of himself.
type profilePage struct {
	User        directory.User
	Emails      []string
	Role        string
	HasPassword bool
	Passwords   bool // they open this tenant
	Sessions    []directory.Session
	Others      int // sessions but this one
}

func (c *Console) showProfile(v *visit) error {
	page, err := v.profile()
	if err != nil {
		return err
	}
	return v.show("profile.html", "Profile", page)
}

func (v *visit) profile() (p profilePage, err error) {
	ctx := v.r.Context()
	if p.User, err = v.t.User(ctx, v.me.ID); err != nil {
		return p, err
	}
	p.Role, p.Emails = p.User.Role, addresses(p.User)
	settings, err := v.t.Settings(ctx)
	if err != nil {
		return p, err
	}
	p.Passwords = settings.Passwords()
	if p.HasPassword, err = v.t.HasPassword(ctx); err != nil {
		return p, err
	}
	p.Sessions, err = v.t.Sessions(ctx)
	p.Others = len(p.Sessions) - 1
	slices.SortStableFunc(p.Sessions, func(a, b directory.Session) int {
		if a.Current != b.Current {
			return map[bool]int{true: -1, false: 1}[a.Current]
		}
		return b.LastSeen.Compare(a.LastSeen)
	})
	return p, err
}

// addresses are a person's e-mail addresses as they are stored.
func addresses(u directory.User) (out []string) {
	list, _ := u.Resource["emails"].([]any)
	for _, e := range list {
		if e, ok := e.(map[string]any); ok {
			if value, _ := e["value"].(string); value != "" {
				out = append(out, value)
			}
		}
	}
	return out
}

// passwordPage is the page on which a password is set.
type passwordPage struct {
	UserName string // for password managers
	Old      bool   // the old one is asked for
}

// showPassword is where a sign-in link leads, and what the profile links to.
func (c *Console) showPassword(v *visit) error {
	return v.show("password.html", "Set your password", v.passwordPage())
}

func (v *visit) passwordPage() passwordPage {
	return passwordPage{UserName: v.me.UserName, Old: !v.me.NoOldPassword}
}

func (c *Console) setPassword(v *visit) error {
	password := v.r.PostFormValue("password")
	err := error(said("The two new passwords differ. Type the same one twice."))
	if password == v.r.PostFormValue("again") {
		err = v.t.SetPassword(v.r.Context(), v.r.PostFormValue("old"), password)
	}
	if err != nil {
		return v.showAgain("password.html", "Set your password", v.passwordPage(), err)
	}
	return v.done(v.home(), "Your password is set. Wherever else you were signed in, you are signed out.")
}

// endSessions ends one of the person's sessions, or all but this one.
func (c *Console) endSessions(v *visit) error {
	if v.r.PostFormValue("others") != "" {
		n, err := v.t.EndOtherSessions(v.r.Context())
		if err != nil {
			return err
		}
		return v.done("/profile", fmt.Sprintf("Signed out of %s.", count(n, "other session", "other sessions")))
	}
	id := v.r.PostFormValue("id")
	if err := v.t.EndSession(v.r.Context(), id); err != nil {
		return err
	}
	if id == v.me.Session {
		v.c.setCookie(v.w, v.r, sessionCookie, "", 0)
		return v.done("/sign-in", "You are signed out.")
	}
	return v.done("/profile", "That session has ended.")
}
