package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/provision/source/slapdtest"
)

// guideLDIF is the directory of docs/provisioning.md: ten people, two teams, and
// Staff, which holds the teams.
func guideLDIF() string {
	var b strings.Builder
	b.WriteString("dn: ou=people,dc=contoso,dc=test\nobjectClass: organizationalUnit\nou: people\n\n")
	dn := func(name string) string { return "uid=" + name + ",ou=people,dc=contoso,dc=test" }
	names := strings.Fields("anna.aalto bertil.berg carla.costa david.dahl eva.ek felix.frank greta.gran hugo.holm ines.ito jan.jung")
	for i, name := range names {
		given, family, _ := strings.Cut(name, ".")
		b.WriteString("dn: " + dn(name) + "\nobjectClass: inetOrgPerson\nuid: " + name + "\ncn: " + given + " " + family + "\nsn: " + family + "\ngivenName: " + given + "\nmail: " + name + "@contoso.test\n")
		if i > 0 {
			b.WriteString("manager: " + dn(names[0]) + "\n")
		}
		b.WriteString("\n")
	}
	group := func(name string, members ...string) {
		b.WriteString("dn: cn=" + name + ",dc=contoso,dc=test\nobjectClass: groupOfNames\ncn: " + name + "\nmember: " + strings.Join(members, "\nmember: ") + "\n\n")
	}
	group("Sales team", dn(names[0]), dn(names[1]), dn(names[2]))
	group("Support team", dn(names[3]), dn(names[4]))
	group("Staff", "cn=Sales team,dc=contoso,dc=test", "cn=Support team,dc=contoso,dc=test", dn(names[5]))
	return b.String()
}

// TestTheGuide does what docs/provisioning.md tells an admin to do, with the
// set-up that stands there, from an LDAP server into a tenant of Rollcall.
func TestTheGuide(t *testing.T) {
	ldap := slapdtest.Start(t, strings.NewReader(guideLDIF()))
	c := newCompany(t)
	page, err := os.ReadFile("../../docs/provisioning.md")
	if err != nil {
		t.Fatal(err)
	}
	setUp := regexp.MustCompile("(?s)```yaml\n(name: .*?)```").FindStringSubmatch(string(page))
	file := written(t, "acme.yaml", strings.NewReplacer("ldap://ldap.contoso.test\n", ldap.URL+"\n  ca-file: "+ldap.CAFile+"\n", "cn=rollcall,dc=contoso,dc=test", ldap.AdminDN,
		"https://acme.example.com/api/scim/v2", c.url).Replace(setUp[1]))
	t.Setenv("ROLLCALL_TENANT", "contoso")
	t.Setenv("LDAP_PASSWORD", ldap.Password)
	c.contains(c.must("app", "apply", "-f", file), "rollcall app test acme")
	c.contains(c.must("app", "test", "acme"), "ok    Source ", "people: 10, groups: 3", "ok    Authentication", "ok    PATCH")
	code, out, _ := c.run("app", "plan", "acme")
	if code != 2 {
		t.Errorf("the plan's exit code is %d", code)
	}
	c.contains(out, "+ create   anna.aalto@contoso.test", "assigned via Staff > Sales team", "17 changes (initial plan, kept as cycle 1): 9 to create, 8 to update")
	c.contains(c.must("app", "provision", "acme", "anna.aalto@contoso.test", "--preview"), "This would be written:")
	c.contains(c.must("app", "provision", "acme", "anna.aalto@contoso.test"), "This was written:")
	c.must("app", "start", "acme")
	c.becomes("anna.aalto@contoso.test", "bertil.berg@contoso.test", "carla.costa@contoso.test", "david.dahl@contoso.test", "eva.ek@contoso.test", "felix.frank@contoso.test")
	c.must("app", "stop", "acme")
	c.must("app", "run", "acme")
	c.contains(c.must("idp-group", "list", "--tenant", "acme"), "Staff", "Sales team", "Support team")
	c.contains(c.must("app", "why", "acme", "eva.ek@contoso.test"), "in scope: assigned via Staff > Support team", "created on")
	c.contains(c.must("app", "why", "acme", "jan.jung@contoso.test"), "out of scope: not assigned")

	// The scope without Support takes two people's access, which waits.
	narrow := strings.Replace(string(must(os.ReadFile(file))), "groups: [Staff]", "groups: [Sales team]\n  users: [felix.frank@contoso.test]", 1)
	c.must("app", "apply", "-f", written(t, "narrow.yaml", narrow))
	_, out, _ = c.run("app", "plan", "acme")
	c.contains(out, "! disable  eva.ek@contoso.test  [waits: what takes access away waits for an admin]", "not assigned, neither directly nor by a group")
	if people := c.acme(); len(people) != 6 {
		t.Errorf("a plan took access away: %v are left", people)
	}
	c.must("app", "run", "acme", "--approve")
	c.becomes("anna.aalto@contoso.test", "bertil.berg@contoso.test", "carla.costa@contoso.test", "felix.frank@contoso.test")
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestCommandsOfThePages: every command line that a page shows has a command and
// flags that there are.
func TestCommandsOfThePages(t *testing.T) {
	pages := []string{"../../README.md", "../../CONTRIBUTING.md"}
	for _, entry := range must(os.ReadDir("../../docs")) {
		if strings.HasSuffix(entry.Name(), ".md") {
			pages = append(pages, "../../docs/"+entry.Name())
		}
	}
	line := regexp.MustCompile("(?m)(?:^|[\\s`$(])(?:bin/)?rollcall ((?:[a-z][a-z-]*)(?: [^\n`)#]*)?)")
	flag := regexp.MustCompile(`(?:^| )(--?[a-z][a-z-]*)`)
	found := 0
	for _, page := range pages {
		for _, block := range codeOf(string(must(os.ReadFile(page)))) {
			for _, m := range line.FindAllStringSubmatch(block, -1) {
				command, rest, err := newRoot().Find(strings.Fields(m[1]))
				if err != nil || command.Parent() == nil || command.HasSubCommands() && len(rest) > 0 && !strings.HasPrefix(rest[0], "-") {
					t.Errorf("%s: there is no command: rollcall %s", page, m[1])
					continue
				}
				found++
				for _, f := range flag.FindAllStringSubmatch(strings.Join(rest, " "), -1) {
					if !hasFlag(command, f[1]) {
						t.Errorf("%s: rollcall %s has no flag %s: %s", page, command.CommandPath(), f[1], m[1])
					}
				}
			}
		}
	}
	if found < 100 {
		t.Errorf("only %d commands were found in the pages", found)
	}
}

// codeOf are a page's blocks of code, and what stands between backticks.
func codeOf(text string) []string {
	return regexp.MustCompile("(?s)```[a-z]*\n.*?```|`[^`\n]+`").FindAllString(text, -1)
}

func hasFlag(c *cobra.Command, name string) bool {
	c.InitDefaultHelpFlag()
	if short, ok := strings.CutPrefix(name, "-"); ok && len(short) == 1 {
		return c.Flags().ShorthandLookup(short) != nil
	}
	return c.Flags().Lookup(strings.TrimPrefix(name, "--")) != nil || c.InheritedFlags().Lookup(strings.TrimPrefix(name, "--")) != nil
}
