package console

import (
	"encoding/csv"
	"fmt"
	"net/url"
	"strings"

	"github.com/rollcall-scim/rollcall/directory"
)

// exportForm is one form in which people leave: its header and a row of each.
type exportForm struct {
	name   string
	header []string
	row    func(directory.User) []string
}

// peopleForm is for people who read. What a spreadsheet would take for a formula
// is made text.
var peopleForm = exportForm{"people",
	[]string{"userName", "first name", "surname", "display name", "e-mail", "title", "country", "locality", "region", "organization", "division", "department", "group", "teams", "matched", "state", "role", "last change"},
	func(u directory.User) []string {
		row := []string{u.UserName, u.GivenName, u.FamilyName, u.DisplayName, directory.ShownValue(u, `emails[type eq "work"].value`), directory.ShownValue(u, "title")}
		for _, name := range append([]string{directory.Country}, directory.TeamAttributes...) {
			row = append(row, u.Values[name])
		}
		row = append(row, u.Group, strings.Join(u.Teams, "; "), fmt.Sprint(u.Matched), u.State, u.Role, u.Modified.UTC().Format("2006-01-02T15:04:05Z"))
		for i, cell := range row {
			row[i] = harmless(cell)
		}
		return row
	}}

// entraForm is Microsoft Entra's bulk import of group members. Its template of
// today begins with the header; those of other operations have a line of the
// version before it.
var entraForm = exportForm{"entra-group-members",
	[]string{"Member object ID or user principal name [memberObjectIdOrUpn] Required"},
	func(u directory.User) []string { return []string{u.UserName} }}

// oktaForm is Okta's import of people from CSV. It demands the first four, and
// wants no column of attributes that a profile has not.
var oktaForm = exportForm{"okta-people",
	[]string{"login", "firstName", "lastName", "email", "title", "displayName", "city", "state", "organization", "division", "department", "employeeNumber"},
	func(u directory.User) []string {
		email := directory.ShownValue(u, `emails[type eq "work"].value`)
		if email == "" {
			email = u.UserName
		}
		return []string{u.UserName, u.GivenName, u.FamilyName, email, directory.ShownValue(u, "title"), directory.ShownValue(u, "displayName"),
			u.Values[directory.Locality], u.Values[directory.Region], u.Values[directory.Organization], u.Values[directory.Division], u.Values[directory.Department],
			directory.ShownValue(u, directory.EmployeeNumber)}
	}}

// exportPeople streams those whom a list has found.
func (c *Console) exportPeople(v *visit) error {
	values, err := url.ParseQuery(v.r.URL.Query().Get("query"))
	if err != nil {
		return said("The list is no longer known. Load it again, and export it then.")
	}
	return v.export(peopleForm, peopleQuery(values), nil)
}

// exportUnmatched gives those who are chosen, or all, the form of an identity
// provider's import.
func (c *Console) exportUnmatched(v *visit) error {
	if err := v.r.ParseForm(); err != nil {
		return err
	}
	form := oktaForm
	if v.r.PostForm.Get("do") == "entra" {
		form = entraForm
	}
	chosen := v.r.PostForm["id"]
	if v.r.PostForm.Get("all") != "1" && len(chosen) == 0 {
		return said("Nobody is chosen. Mark the people whom the file is to hold, or all that are found.")
	}
	values, err := url.ParseQuery(v.r.PostForm.Get("query"))
	if err != nil {
		return said("The list is no longer known. Load it again, and choose anew.")
	}
	if v.r.PostForm.Get("all") == "1" {
		chosen = nil
	}
	return v.export(form, peopleQuery(values), chosen)
}

// export writes as it reads. Before the first person is written an error is
// shown on a page.
func (v *visit) export(form exportForm, q directory.PeopleQuery, ids []string) error {
	var out *csv.Writer
	begin := func() error {
		out = csv.NewWriter(v.download(v.t.Name()+"-"+form.name+".csv", "text/csv; charset=utf-8"))
		out.UseCRLF = true
		return out.Write(form.header)
	}
	write := func(u directory.User) error {
		if out == nil {
			if err := begin(); err != nil {
				return err
			}
		}
		return out.Write(form.row(u))
	}
	err := v.each(q, ids, write)
	if out == nil {
		if err != nil {
			return err // nothing is sent yet: a page can say it
		}
		err = begin()
	}
	out.Flush()
	if err == nil {
		err = out.Error()
	}
	if err != nil {
		v.breakOff(err)
	}
	return nil
}

func (v *visit) each(q directory.PeopleQuery, ids []string, fn func(directory.User) error) error {
	if ids == nil {
		return v.t.EachPerson(v.r.Context(), q, fn)
	}
	for _, id := range ids {
		u, err := v.t.User(v.r.Context(), id)
		if err != nil {
			return err
		}
		if err := fn(u); err != nil {
			return err
		}
	}
	return nil
}
