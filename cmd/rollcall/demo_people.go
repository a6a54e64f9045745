package main

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// person is one invented employee, as the identity provider knows him or her.
type person struct {
	given, family string
	address       string
	country       string
	city          string
	department    string
}

func (p person) name() string { return p.given + " " + p.family }

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
// without a common divisor, so that no name comes twice.
func invented(i int) person {
	place := places[i*5%7%len(places)]
	return invent(givenNames[i%len(givenNames)], familyNames[i%len(familyNames)],
		place.country, place.cities[i/len(places)%len(place.cities)], departments[i*3%11%len(departments)])
}

func invent(given, family, country, city, department string) person {
	return person{given, family, ascii(given) + "." + ascii(family) + "@acme.test", country, city, department}
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
	peopleBefore  = 200 // the admin among them
	peopleMatched = 90  // of those, assigned at the identity provider
	peopleNew     = 10  // assigned, and unknown to Acme
)

// employees are those whom Acme has before SCIM, without the admin.
func employees() []person {
	var out []person
	for i := range peopleBefore - 1 {
		out = append(out, invented(i))
	}
	return out
}

// assigned are the people whom the identity provider provisions. Some of those
// whom Acme has are known there in another department, or in other letters.
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
	for i := range peopleNew - 1 {
		out = append(out, invented(peopleBefore+i))
	}
	return append(out, invent("Aino", "Virtanen", missingGroup, "Tampere", "Engineering"))
}
