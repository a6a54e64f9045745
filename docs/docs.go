// Package docs carries our pages for admins into the program, which shows them
// under Help. It owns the files and their order, and not how they look.
package docs

import "embed"

//go:embed *.md
var files embed.FS

// Page is one page, in Markdown.
type Page struct {
	Name string // without .md
	For  string // what it answers, in a line
}

// Pages are those for admins of a tenant, in the order in which one reads.
var Pages = []Page{
	{"console", "What is where in this console"},
	{"people", "Finding people, doing something with many, unmatched and removed people, files for Entra ID and Okta"},
	{"attention", "What came in, what waits for you, and how to let people in at once"},
	{"profiling", "How people come into groups and teams"},
	{"sign-in", "Links, passwords, roles, sessions, invitations, and when nobody can get in"},
	{"access-tokens", "What opens a tenant to an identity provider, and how to take care of it"},
	{"faq", "What every error code means, and what to do"},
	{"connections", "A second identity provider, who decides about a person, the removal guard"},
	{"idp-groups", "Groups that an identity provider pushes"},
	{"oauth", "Client id, client secret and token endpoint instead of a token"},
	{"provisioning", "Carrying people from a source into other applications"},
	{"provisioning-sources", "Where applications read, and where they write"},
	{"provisioning-targets", "What others' servers are like"},
	{"expressions", "The language of attribute mappings"},
}

// Text is the Markdown of a page; ok is false for a name that is none of Pages.
func Text(name string) (text []byte, ok bool) {
	for _, p := range Pages {
		if p.Name == name {
			text, err := files.ReadFile(name + ".md")
			return text, err == nil
		}
	}
	return nil, false
}
