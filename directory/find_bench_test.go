package directory_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/sqlstore/storetest"
)

// What an admin types, letter by letter, among a hundred thousand people: an
// answer is a page of fifty with its count.
func BenchmarkFind(b *testing.B) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		b.Run(name, func(b *testing.B) {
			admin := benchPeople(b, url(b), 100_000)
			for _, text := range []string{"", "a", "an", "anna", "anna v", "anna virtanen", "sales", "sales anna", "anna.virtanen7", "nobody"} {
				b.Run(fmt.Sprintf("%q", text), func(b *testing.B) {
					for b.Loop() {
						if _, err := admin.Find(b.Context(), directory.PeopleQuery{Text: text}); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		})
	}
}

var (
	benchGiven  = []string{"Anna", "Bo", "Carl", "David", "Elin", "Fredrik", "Greta", "Hanna", "Ida", "Johan", "Karin", "Lars", "Maria", "Nina", "Olav", "Petra", "Robert", "Sofia", "Timo", "Zoe"}
	benchFamily = []string{"Aalto", "Berg", "Carlsson", "Dahl", "Ek", "Forsberg", "Hansen", "Ivanov", "Jansson", "Korhonen", "Lind", "Nieminen", "Olsen", "Persson", "Salonen", "Virtanen"}
	benchTeams  = []string{"Sales", "Support", "Engineering", "Finance", "Legal", "Marketing"}
)

// benchPeople makes a tenant of so many people, as many at once as one
// transaction takes.
func benchPeople(b *testing.B, url string, n int) *directory.Tenant {
	b.Helper()
	d := directory.New(storetest.Open(b, url))
	b.Cleanup(func() { d.Close(context.Background()) })
	admin, err := d.CreateTenant(b.Context(), directory.NewTenant{Name: "acme", AdminEmail: "admin@acme.test"}, directory.Via{})
	if err != nil {
		b.Fatal(err)
	}
	numbers := make(chan int)
	var wait sync.WaitGroup
	for range 64 {
		wait.Go(func() {
			for i := range numbers {
				r := rand.New(rand.NewPCG(uint64(i), 7))
				given, family := benchGiven[r.IntN(len(benchGiven))], benchFamily[r.IntN(len(benchFamily))]
				_, err := admin.CreateUser(b.Context(), fmt.Sprintf("%s.%s%d@acme.test", given, family, i), map[string]string{
					"name.givenName": given, "name.familyName": family, "department": benchTeams[r.IntN(len(benchTeams))]})
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	for i := range n {
		numbers <- i
	}
	close(numbers)
	wait.Wait()
	return admin
}
