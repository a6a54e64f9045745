package directory

import (
	"context"
	"errors"
	"time"
)

// SignInState is how a person can come in, for admins.
type SignInState struct {
	Password time.Time // when it was set; zero: there is none
	Sessions int       // that last
	LastSeen time.Time // in one of those, to some minutes
	Link     time.Time // until when a sign-in link waits; zero: none does
}

// SignInState says how a person whom the caller has in sight can come in. Where
// he is signed in is his own affair.
func (t *Tenant) SignInState(ctx context.Context, ref string) (s SignInState, err error) {
	if err := t.may(ownGroup); err != nil {
		return s, err
	}
	u, err := t.lookUpPerson(ctx, t.r, ref)
	if err != nil {
		return s, err
	}
	r := t.d.Store.Reader(t.s.tenant)
	p, err := r.Password(ctx, u.ID)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return s, unavailable(err)
	}
	s.Password = moment(p.Changed)
	sessions, err := r.Sessions(ctx, u.ID)
	if err != nil {
		return s, unavailable(err)
	}
	for _, one := range sessions {
		if t.d.lasts(one) {
			s.Sessions++
			if seen := moment(one.LastSeen); seen.After(s.LastSeen) {
				s.LastSeen = seen
			}
		}
	}
	l, err := r.SignInLink(ctx, u.ID)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return s, unavailable(err)
	}
	if l.Expires > t.d.Now().UnixMicro() {
		s.Link = moment(l.Expires)
	}
	return s, nil
}
