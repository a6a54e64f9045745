package year

import "strings"

// Names as payrolls hold them; addresses have their plain letters.
var (
	givenNames = strings.Fields(`Anna Mikko Zoë José Aino Liam Noor Søren Chloé Jürgen Mei Omar Sofía Pekka Ingrid Tomás
		Fatima Björn Élodie Kofi Hanna Luca Yuki Piotr Ximena Ahmed Nora Dmitri Leïla Sven Maija Raj Clara Otto Signe Bruno Tove Iván Marta Eino`)
	familyNames = strings.Fields(`Virtanen Müller García O'Neill Åberg Nowak Rossi Jensen Dubois Silva Korhonen Schmidt Ferrari Novák Larsson
		Okafor Tanaka Haddad Petrov Kowalski Fernández Lindqvist Weiß Moreau Andersen Salo Ivanov Costa Bianchi Nguyen Mäkinen Fischer Öztürk
		Hansen Romano Laine Dahl Keller Santos Wagner Holm Peeters Lehtonen Svensson Marino Bakker Jovanović Reyes Niemi Huber Vogel Berg Lund`)
	departments = strings.Fields(`Sales Finance Support Engineering Marketing Legal Logistics Research Design Purchasing Payroll Quality`)
	titles      = []string{"Analyst", "Clerk", "Engineer", "Manager", "Team Lead", "Specialist", "Director", "Assistant"}
	places      = []struct{ country, city string }{
		{"Finland", "Helsinki"}, {"Finland", "Turku"}, {"Sweden", "Göteborg"}, {"Germany", "Köln"}, {"Spain", "Málaga"}, {"Poland", "Łódź"}, {"France", "Lyon"},
	}
)

// plain has the letters that an address may have.
var plain = strings.NewReplacer("ä", "a", "å", "a", "ö", "o", "ü", "u", "ß", "ss", "é", "e", "ë", "e", "ï", "i", "í", "i", "á", "a", "ø", "o",
	"ć", "c", "ú", "u", "ó", "o", "ñ", "n", "'", "")

// address is the first letter of the given name and the family name.
func address(given, family, domain string) string {
	given, family = plain.Replace(strings.ToLower(given)), plain.Replace(strings.ToLower(family))
	return given[:1] + "." + family + "@" + domain
}
