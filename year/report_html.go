package year

import (
	_ "embed"
	"html/template"
	"io"
)

//go:embed report.html
var pageText string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"when":  func(f Finding) string { return f.when() },
	"title": func(k Kind) string { return headings[k] },
	"idp":   func(name string) string { return idpNames[name] },
}).Parse(pageText))

// headings are the kinds as headings.
var headings = map[Kind]string{Ghost: "Ghosts", Double: "Doubles", LockOut: "Lock-outs", Stopped: "Stopped", Merged: "Merged people",
	Attribute: "Wrong attributes", IdPGroup: "Wrong groups", Team: "Wrong teams", Membership: "Manual memberships"}

// idpNames are the providers as they are called.
var idpNames = map[string]string{"entra": "Microsoft Entra ID", "okta": "Okta", "onelogin": "OneLogin",
	"rfc": "a provider without habits", "entra+okta": "Microsoft Entra ID and Okta"}

var kindClass = map[Kind]string{Ghost: "ghost", Double: "double", LockOut: "lockout"}

// WriteHTML writes the report as one page that needs nothing else.
func (r *Report) WriteHTML(w io.Writer) error {
	return page.Execute(w, map[string]any{"R": r, "Beside": r.beside(), "Told": r.told(), "Picture": r.picture(), "Kinds": r.byKind()})
}

// ofKind are the findings of a kind.
type ofKind struct {
	Kind     Kind
	Means    string
	Findings []Finding
}

// means says what a kind is, for people who have never heard of it.
var means = map[Kind]string{
	Ghost:      "Somebody left, or is out of the application's scope, and still has an account that lives.",
	Double:     "One person has two living accounts.",
	LockOut:    "Somebody should be in and is not.",
	Stopped:    "The server refuses the token: from here on whoever leaves stays in, and whoever comes stays out.",
	Merged:     "Two people share one account, and the server brought that about.",
	Attribute:  "An attribute is not what the identity provider has, although the server answered that it took it.",
	IdPGroup:   "A group has another name or other members than at the identity provider.",
	Team:       "Somebody is in another team than his attributes say.",
	Membership: "A membership that an admin made by hand is lost, or somebody else's.",
}

func (r *Report) byKind() (all []ofKind) {
	for _, kind := range Kinds {
		one := ofKind{Kind: kind, Means: means[kind]}
		for _, f := range r.Findings {
			if f.Kind == kind {
				one.Findings = append(one.Findings, f)
			}
		}
		if len(one.Findings) > 0 {
			all = append(all, one)
		}
	}
	return all
}
