package rollcall_test

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/interop"
)

// items is how many things docs/conformance.md lists.
const items = 187

// TestConformanceTable holds docs/conformance.md to its word: every item has a
// test that carries its number, or a reason why not. With -v it prints the
// table, which is what make conformance does.
func TestConformanceTable(t *testing.T) {
	tests := itemTests(t)
	functions := testFunctions(t)
	rows := regexp.MustCompile(`(?m)^\| (\d+) \| ([^|]+) \| (must|should|may|open) \| ([^|]+) \|([^|]*)\|$`).FindAllStringSubmatch(read(t, "docs/conformance.md"), -1)
	if len(rows) != items {
		t.Errorf("docs/conformance.md lists %d items, want %d", len(rows), items)
	}
	tested := 0
	for i, row := range rows {
		number, reason := row[1], strings.TrimSpace(row[5])
		found := tests[i+1]
		switch {
		case number != fmt.Sprint(i+1):
			t.Fatalf("item %s stands where %d should", number, i+1)
		case len(found) == 0 && reason == "":
			t.Errorf("item %s (%s) has neither a test with its number nor a reason", number, row[4])
		case len(found) > 0 && reason != "":
			t.Errorf("item %s has a reason for having no test, and has %s", number, found[0])
		}
		for _, named := range regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(reason, -1) {
			if !slices.Contains(functions, named[1]) {
				t.Errorf("item %s names %s, and there is no such test", number, named[1])
			}
		}
		if len(found) > 0 {
			tested++
			reason = strings.Join(found, ", ")
		}
		if testing.Verbose() {
			fmt.Printf("%3s  %-14s %-6s %-44s %s\n", number, row[2], row[3], row[4], reason)
		}
	}
	if testing.Verbose() {
		fmt.Printf("\n%d items: %d with a test of their number, %d with a reason\n", len(rows), tested, len(rows)-tested)
	}
}

// itemTests lists the tests of every item: Go tests by their names, cases by
// their clauses.
func itemTests(t *testing.T) map[int][]string {
	t.Helper()
	found := map[int]map[string]bool{}
	note := func(item int, test string) {
		if found[item] == nil {
			found[item] = map[string]bool{}
		}
		found[item][test] = true
	}
	for _, file := range goFiles(t) {
		if !strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, test := range regexp.MustCompile(`func (TestItem\d\w*)`).FindAllStringSubmatch(read(t, file), -1) {
			for _, item := range numbersIn(strings.TrimPrefix(test[1], "TestItem")) {
				note(item, test[1])
			}
		}
	}
	cases, err := interop.LoadFS(os.DirFS("interop"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if _, listed, ok := strings.Cut(c.Clause, ", item"); ok && len(c.Steps) > 0 {
			for _, item := range numbersIn(listed) {
				note(item, c.ID)
			}
		}
	}
	tests := map[int][]string{}
	for item, names := range found {
		tests[item] = slices.Sorted(maps.Keys(names))
	}
	return tests
}

// numbersIn reads 34And36ResourceTypes and 174To178 as well as "s 34 and 36".
// A number after a letter of the test's own words is none of an item.
func numbersIn(s string) []int {
	parts := regexp.MustCompile(`(?:^|And|To|[ s]|, )(\d+)`).FindAllStringSubmatchIndex(s, -1)
	var numbers []int
	for _, p := range parts {
		n, err := strconv.Atoi(s[p[2]:p[3]])
		if err != nil {
			continue
		}
		if len(numbers) > 0 && strings.HasPrefix(s[p[0]:], "To") {
			for between := numbers[len(numbers)-1] + 1; between < n; between++ {
				numbers = append(numbers, between)
			}
		}
		numbers = append(numbers, n)
	}
	return numbers
}
