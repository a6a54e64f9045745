package main

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/rollcall-scim/rollcall/directory"
)

// person is one invented employee, as a tenant knows him or her.
type person struct {
	given, family string
	address       string
	country       string
	city          string
	department    string
}

func (p person) name() string { return p.given + " " + p.family }

func (p person) attributes() map[string]string {
	return map[string]string{
		"name.givenName": p.given, "name.familyName": p.family,
		directory.Country: p.country, directory.Locality: p.city, directory.Department: p.department,
	}
}

var givenNames = strings.Fields(`Anna Jonas Camille Elena Oskar Marta Lukas Ines Hugo Freya Pablo Nora Emil Chloé
	Felix Alma Louis Greta Diego Sofia Anton Manon Karl Lucía Mateo Elsa Jules Ida Theo Clara Nils`)

var familyNames = strings.Fields(`Lindqvist Moreau Schneider García Novak Bergman Lefèvre Hoffmann Navarro Ekström
	Rousseau Krüger Ortega Sandberg Girard Wagner Castillo Nyström Fournier Vogel Romero Holm Lambert Brandt Vidal
	Sjöberg Mercier Keller Serrano`)

// places are the groups that Acme has, and where its people sit.
var places = []struct {
	country string
	cities  []string
}{
	{"Germany", []string{"Berlin", "Hamburg"}},
	{"France", []string{"Paris", "Lyon"}},
	{"Sweden", []string{"Stockholm", "Malmö"}},
	{"Spain", []string{"Madrid", "Valencia"}},
}

var departments = []string{"Sales", "Engineering", "Finance", "Support", "Marketing"}

// missingGroup is the country for which Acme has no group yet.
const missingGroup = "Finland"

// invented is the i-th person, always the same. The two lists have lengths
// without a common divisor, so that no name comes twice among the first 899.
func invented(i int) person {
	place := places[i*5%7%len(places)]
	return invent(givenNames[i%len(givenNames)], familyNames[i%len(familyNames)],
		place.country, place.cities[i/len(places)%len(place.cities)], departments[i*3%11%len(departments)])
}

func invent(given, family, country, city, department string) person {
	return person{given, family, ascii(given) + "." + ascii(family) + "@contoso.test", country, city, department}
}

// ascii is a name as it stands in an address.
func ascii(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(name))
}

const (
	peopleBefore  = 200 // at Acme, its admin among them
	peopleMatched = 90  // of those, assigned at Contoso
	peopleNew     = 10  // assigned, and unknown to Acme
	peopleContoso = 500 // its admin among them
	byName        = 4   // of the assigned, those whom no group assigns
)

// employees are those whom Acme has before SCIM, without its admin.
func employees() []person { return inventedFrom(0, peopleBefore-1) }

func inventedFrom(first, n int) (out []person) {
	for i := range n {
		out = append(out, invented(first+i))
	}
	return out
}

// assigned are the people whom Contoso provisions. Some of those whom Acme has
// are known there in another department, or in other letters.
func assigned() []person {
	out := employees()[:peopleMatched]
	for i := range out {
		switch i % 10 {
		case 3:
			out[i].department = "Research"
		case 6:
			out[i].department = strings.ToUpper(out[i].department)
		}
	}
	out = append(out, inventedFrom(peopleBefore, peopleNew-1)...)
	return append(out, invent("Aino", "Virtanen", missingGroup, "Tampere", "Engineering"))
}

// others work at Contoso and have nothing to do with Acme.
func others() []person {
	return inventedFrom(peopleBefore+peopleNew, peopleContoso-1-len(assigned()))
}

// contosoGroups are IdP groups, each a member of the one before: whoever is in
// the last is assigned through all of them.
var contosoGroups = []string{"Acme staff", "Acme projects", "Acme pilots"}

// membersOf are the people who stand in the i-th of those groups.
func membersOf(i int) (addresses []string) {
	for j, p := range assigned()[byName:] {
		if j%len(contosoGroups) == i {
			addresses = append(addresses, p.address)
		}
	}
	return addresses
}

// demoApplication is the set-up that connects the two. Its token is a secret,
// which apply takes out and seals.
func demoApplication(url, token string) string {
	var names []string
	for _, p := range assigned()[:byName] {
		names = append(names, p.address)
	}
	return fmt.Sprintf(`name: acme
source: {kind: directory}
target: {url: "%s", token: "%s"}
scope:
  sync: assigned
  groups: [%s]
  users: [%s]
users:
  mappings:
    userName: {from: userPrincipalName, match: 1}
    active: {expression: 'Switch([IsSoftDeleted], , "False", "True", "True", "False")'}
    externalId: {from: objectId}
    displayName: {expression: 'Join(" ", [givenName], [surname])'}
    name.givenName: {from: givenName}
    name.familyName: {from: surname}
    addresses[type eq "work"].country: {from: country}
    addresses[type eq "work"].locality: {from: city}
    urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department: {from: department}
groups: {enabled: false}
`, url, token, contosoGroups[0], strings.Join(names, ", "))
}
