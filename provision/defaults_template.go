package provision

import (
	"fmt"
	"slices"
	"strings"
)

// templates are set-ups to begin with: each has its source, and says which
// mapping it shows.
var templates = []struct {
	name, source string
	users        func() Mappings
}{
	{"directory", directorySource, DefaultUserMappings},
	{"ldap", `# An LDAP server or Active Directory. The account needs to read only.
source:
  kind: ldap
  url: ldaps://dc1.example.com
  bind-dn: CN=reader,OU=Service,DC=example,DC=com
  password: ${LDAP_PASSWORD}      # from the environment of: rollcall app apply
  base: ["DC=example,DC=com"]
  # user-filter: (&(objectCategory=person)(objectClass=user))
  # ca-file: /etc/ssl/example.pem
`, DefaultUserMappings},
	{"csv", `# A file with a line for each person and the names of the columns first, or a folder
# with users.csv and groups.csv. Columns are known by Entra's names and the usual ones.
source:
  kind: csv
  path: /var/lib/hr/people.csv
  anchor: employeeId              # the column that never changes
  # attributes: {userPrincipalName: Login, department: Dept}
  # min-rows: 100                 # a shorter file is not believed
`, DefaultUserMappings},
	{"scim", `# Another SCIM 2.0 server.
source:
  kind: scim
  url: https://people.example.com/scim/v2
  token: ${SOURCE_TOKEN}          # from the environment of: rollcall app apply
`, DefaultUserMappings},
	{"sql", `# A database, PostgreSQL or SQLite. The columns of the queries are the attributes.
source:
  kind: sql
  database: ${HR_DATABASE}        # postgres://reader:...@db.example.com/hr, from the environment
  anchor: id
  users: select id, login as "userPrincipalName", mail, given_name as "givenName", surname, department, active as "accountEnabled" from people
  # groups: select id, name as "displayName" from teams
  # members: select team_id, person_id from team_members
  # modified: changed_at          # a column of users that grows with every change
`, DefaultUserMappings},
	{"entra", directorySource, DefaultUserMappings},
	{"seed", directorySource, TeamMappings},
}

const directorySource = `# The people of this tenant. A change reaches the target within seconds.
source:
  kind: directory
`

// Templates are the names that Template knows.
func Templates() []string {
	names := make([]string, len(templates))
	for i, t := range templates {
		names[i] = t.name
	}
	return names
}

// Template is a set-up to begin with, with comments on what is to be filled in:
// named by its source, or entra for the mapping that Entra has by itself, or
// seed for the one that puts people into groups and teams.
func Template(name string) (string, error) {
	i := slices.Index(Templates(), name)
	if i < 0 {
		return "", fmt.Errorf("there is no template %q; there are: %s", name, strings.Join(Templates(), ", "))
	}
	t := templates[i]
	return templateHead + "\n" + t.source + "\n" + templateRest + mappingsText("users", t.users()) + "\n" + mappingsText("groups", DefaultGroupMappings()), nil
}

const templateHead = `# An application: where people come from, where they go, who, and as what.
# Keep it with: rollcall app apply -f FILE
name: acme                        # how commands name it
`

const templateRest = `# The SCIM 2.0 server that people are provisioned into.
target:
  url: https://acme.example.com/api/scim/v2
  token: ${ACME_TOKEN}            # from the environment of: rollcall app apply
  # profile: rfc                  # or the name of a server whose habits are known

# Who is provisioned: those who are assigned, themselves or by a group, or all.
scope:
  sync: assigned
  # users: [anna@example.com]
  # groups: [Staff]
  # filters:                      # one must hold; one holds if all its clauses do
  #   - [{attribute: department, operator: EQUALS, value: Sales}]

status: off                       # on: cycles run by themselves
# approval: auto-except-removal   # or auto, or always: what waits for you to approve it
# schedule: {every: 40m}
# leavers: {action: disable-then-delete, after: 30d}
# protected: [admin@example.com]  # never touched

# Attributes of the target, and what they are filled from: from, constant or expression.
`

// mappingsText is a part of an application as YAML writes it.
func mappingsText(part string, m Mappings) string {
	a := &Application{Users: ObjectMapping{Enabled: true}, Groups: ObjectMapping{Enabled: true}}
	if part == "users" {
		a.Users.Mappings = m
	} else {
		a.Groups.Mappings = m
	}
	_, text, _ := strings.Cut(string(marshal(a)), "\n"+part+":\n")
	return part + ":\n" + text
}
