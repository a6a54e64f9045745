package rollcall_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/provision"
	"github.com/rollcall-scim/rollcall/provision/expression"
	"github.com/rollcall-scim/rollcall/provision/target"
)

// TestFunctionsAreListed: the page of expressions has a row for each function,
// as the language describes itself.
func TestFunctionsAreListed(t *testing.T) {
	var want []string
	for _, f := range expression.Functions() {
		want = append(want, fmt.Sprintf("| `%s` | %s |", f, f.Summary))
	}
	got := rowsOf(t, "docs/expressions.md", "## Functions")
	if !slices.Equal(got, want) {
		t.Errorf("docs/expressions.md must list\n%s", strings.Join(want, "\n"))
	}
}

func TestOperatorsAndProfilesAreListed(t *testing.T) {
	for _, c := range []struct {
		page, section string
		want          []string
	}{
		{"docs/provisioning.md", "### Filters", provision.Operators()},
		{"docs/provisioning-sources.md", "### Profiles", target.Profiles()},
	} {
		var got []string
		for _, row := range rowsOf(t, c.page, c.section) {
			got = append(got, strings.Trim(strings.Split(row, "|")[1], " `"))
		}
		if slices.Sort(c.want); !slices.Equal(slices.Sorted(slices.Values(got)), c.want) {
			t.Errorf("%s, %s has %q, want %q", c.page, c.section, got, c.want)
		}
	}
}

// rowsOf are the rows of a section's table whose first cell is code.
func rowsOf(t *testing.T, page, section string) []string {
	t.Helper()
	_, text, found := strings.Cut(read(t, page), "\n"+section+"\n")
	if !found {
		t.Fatalf("%s has no section %q", page, section)
	}
	if end := strings.Index(text, "\n#"); end >= 0 {
		text = text[:end]
	}
	return regexp.MustCompile("(?m)^\\| `.*$").FindAllString(text, -1)
}

// TestSetUpsOfThePagesAreRead: what stands on a page as a whole application can be
// applied.
func TestSetUpsOfThePagesAreRead(t *testing.T) {
	n := 0
	for _, page := range []string{"README.md", "docs/provisioning.md", "docs/provisioning-sources.md", "docs/expressions.md"} {
		for _, block := range regexp.MustCompile("(?s)```yaml\n(name: .*?)```").FindAllStringSubmatch(read(t, page), -1) {
			n++
			if _, err := provision.Parse([]byte(block[1])); err != nil {
				t.Errorf("%s: %v\n%s", page, err, block[1])
			}
		}
	}
	if n == 0 {
		t.Error("no page shows an application")
	}
}
