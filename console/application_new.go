package console

import (
	"fmt"
	"strings"

	"github.com/rollcall-scim/rollcall/provision"
)

type templateView struct{ Key, Name, Text string }

// appTemplates are those of the commands, in words for people.
var appTemplates = []templateView{
	{"directory", "This directory", "The people of this tenant. A change is at the target within two seconds."},
	{"ldap", "LDAP or Active Directory", "A server that is asked for what changed."},
	{"scim", "Another SCIM server", "A service that speaks SCIM 2.0."},
	{"sql", "A database", "PostgreSQL, by queries of your own."},
	{"csv", "CSV files", "A file on the server, of which whoever runs it has to approve."},
	{"seed", "This directory into Rollcall", "With country, locality, region, organization, division and department, of which groups and teams are made."},
}

// showNewApplication begins with a template.
func (c *Console) showNewApplication(v *visit) error {
	p := appSetupPage{Templates: appTemplates}
	if name := v.r.FormValue("template"); name != "" {
		text, err := provision.Template(name)
		if err != nil {
			return said(err.Error())
		}
		p.Document = inEditor(text)
		p.Secrets = secretsOf(p.Document, nil)
	}
	return v.show("application_new.html", "New application", p)
}

// importSchema begins with the mappings and scoping filters of an application of
// Entra ID.
func (c *Console) importSchema(v *visit) error {
	text, notes, err := provision.ImportSchema([]byte(v.r.PostFormValue("schema")), strings.TrimSpace(v.r.PostFormValue("name")))
	if err != nil {
		return v.showAgain("application_new.html", "New application", appSetupPage{Templates: appTemplates, Schema: v.r.PostFormValue("schema")}, said(err.Error()))
	}
	p := appSetupPage{Document: string(text), LeftOut: notes}
	p.Secrets = secretsOf(p.Document, nil)
	return v.show("application_new.html", "New application", p)
}

// inEditor is a template as this page has it: secrets come from its fields, and
// not from an environment.
func inEditor(template string) string {
	return strings.NewReplacer(
		"# Keep it with: rollcall app apply -f FILE\n", "",
		"from the environment of: rollcall app apply", "typed below, and kept sealed",
		", from the environment", "; typed below, and kept sealed",
		"how commands name it", "a short name",
	).Replace(template)
}

// createApplication makes an application of what was typed.
func (c *Console) createApplication(v *visit) error {
	p := appSetupPage{Document: v.r.PostFormValue("document")}
	next, err := p.parse(nil)
	if err != nil {
		return v.showAgain("application_new.html", "New application", p, faultsSaid(err))
	}
	if _, err := v.t.Application(v.r.Context(), next.Name); err == nil {
		return v.showAgain("application_new.html", "New application", p, said(fmt.Sprintf("There is an application %q already. Choose another name, or change that one under its Set-up.", next.Name)))
	}
	secrets, err := v.gather(next, nil)
	if err != nil {
		p.faulty(err)
		return v.showAgain("application_new.html", "New application", p, faultsSaid(err))
	}
	made, err := v.t.PutApplication(v.r.Context(), next.Name, string(next.YAML()), secrets, 0)
	if err != nil {
		return v.showAgain("application_new.html", "New application", p, provision.HideError(err, secrets))
	}
	row, err := v.t.Row(v.r.Context())
	if err != nil {
		return err
	}
	if err := provision.Rouse(v.r.Context(), c.Applications.Stores.Application(row.ID, made.ID), next, c.Directory.Now().UnixMicro()); err != nil {
		return err
	}
	return v.done("/applications/"+made.Name, made.Name+" is made. Test the connection, then make a plan: nothing is written before it is on.")
}
