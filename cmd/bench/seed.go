package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scim"
	"github.com/rollcall-scim/rollcall/sqlstore"
)

// seed is a tenant with people, made by the same creates as an IdP's.
type seed struct {
	url    string
	tenant string
	token  string
	ids    []string // of the people, by number

	// made by the measures of create, for those of DELETE to take
	mu   sync.Mutex
	made []string
	next atomic.Int64 // number of the next newcomer
}

var countries = []string{"Finland", "Sweden", "Norway", "Denmark"}

// newSeed makes the tenant: the group feature on, and a group for each country.
func newSeed(ctx context.Context, url, tenant string) (*seed, error) {
	s := &seed{url: url, tenant: tenant}
	s.next.Store(10_000_000)
	return s, s.open(ctx, func(d *directory.Directory) (err error) {
		s.token, err = newTenant(ctx, d, tenant)
		return err
	})
}

func newTenant(ctx context.Context, d *directory.Directory, name string) (token string, err error) {
	admin := "admin@" + name + ".test"
	tenant, err := d.CreateTenant(ctx, directory.NewTenant{Name: name, AdminEmail: admin}, directory.Via{Client: "bench"})
	if err != nil {
		return "", err
	}
	if err := tenant.Set(ctx, "groups", "true"); err != nil {
		return "", err
	}
	for _, name := range countries {
		if _, err := tenant.CreateGroup(ctx, name); err != nil {
			return "", err
		}
	}
	return tenant.CreateToken(ctx, admin, "SCIM", time.Time{})
}

func (s *seed) open(ctx context.Context, fn func(*directory.Directory) error) error {
	store, err := sqlstore.Open(ctx, s.url)
	if err != nil {
		return err
	}
	defer store.Close()
	d := directory.New(store)
	defer d.Close(ctx)
	return fn(d)
}

func (s *seed) size() int { return len(s.ids) }

// grow creates people until there are that many. Sixty-four at once share
// their commits.
func (s *seed) grow(ctx context.Context, size int) error {
	progress("growing to %d users", size)
	from := s.size()
	s.ids = append(s.ids, make([]string, size-from)...)
	return s.open(ctx, func(d *directory.Directory) error {
		tenant, err := d.OpenToken(ctx, s.token, "", directory.Via{Client: "bench", Operation: "POST", BaseURL: "http://bench.test"})
		if err != nil {
			return err
		}
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		var number atomic.Int64
		number.Store(int64(from))
		var creating sync.WaitGroup
		for range 64 {
			creating.Go(func() {
				for ctx.Err() == nil {
					n := int(number.Add(1)) - 1
					if n >= size {
						return
					}
					id, err := create(ctx, tenant, n)
					if err != nil {
						cancel(err)
					}
					s.ids[n] = id
				}
			})
		}
		creating.Wait()
		return context.Cause(ctx)
	})
}

func create(ctx context.Context, t *directory.Tenant, n int) (id string, err error) {
	r, err := scim.UserType.Parse([]byte(person(n, "Engineer")))
	if err != nil {
		return "", err
	}
	if r, err = t.Create(ctx, scim.UserType.Name, r); err != nil {
		return "", err
	}
	return r.ID(), nil
}

// people says who is n: what the measures send must fit what was seeded.
func userName(n int) string { return fmt.Sprintf("person.%07d@bench.test", n) }

func person(n int, title string) string {
	return fmt.Sprintf(`{"schemas":["%s","%s"],"externalId":"4d6f-%07d","userName":"%s","active":true,`+
		`"name":{"givenName":"Given%d","familyName":"Family%d","formatted":"Given%d Family%d"},"displayName":"Given%d Family%d","title":"%s",`+
		`"emails":[{"value":"%s","type":"work","primary":true}],"phoneNumbers":[{"value":"+358 40 %07d","type":"work"}],`+
		`"addresses":[{"type":"work","country":"%s","locality":"Town %d","streetAddress":"%d Main Street","postalCode":"%05d"}],`+
		`"preferredLanguage":"en","%s":{"employeeNumber":"%d","department":"Department %d"}}`,
		scim.UserSchema, scim.EnterpriseSchema, n, userName(n), n, n, n, n, n, n, title, userName(n), n,
		countries[n%len(countries)], n/4%10, n, n%100_000, scim.EnterpriseSchema, n, n/4%20)
}

// pick is anybody.
func (s *seed) pick(random *rand.Rand) int { return random.IntN(len(s.ids)) }

// took gives somebody whom a measure of create has made; false when they are
// all gone.
func (s *seed) took() (id string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.made) == 0 {
		return "", false
	}
	id = s.made[len(s.made)-1]
	s.made = s.made[:len(s.made)-1]
	return id, true
}

func (s *seed) has(id string) {
	s.mu.Lock()
	s.made = append(s.made, id)
	s.mu.Unlock()
}
