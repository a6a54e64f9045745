package rollcall_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestStatements holds docs/behaviour.md to its word: every statement that is
// not for later has a test with its number, every test that is named exists,
// and the numbers have no gap.
func TestStatements(t *testing.T) {
	tests := testFunctions(t)
	lines := regexp.MustCompile(`(?m)^- \*\*S(\d+)\*\* .*$`).FindAllStringSubmatch(read(t, "docs/behaviour.md"), -1)
	if len(lines) == 0 {
		t.Fatal("docs/behaviour.md has no statements")
	}
	for i, line := range lines {
		statement, number := line[0], line[1]
		if number != fmt.Sprint(i+1) {
			t.Errorf("S%s stands where S%d should", number, i+1)
		}
		named := regexp.MustCompile(`\(test: (\w+)\)`).FindStringSubmatch(statement)
		switch later := strings.Contains(statement, "(later: "); {
		case named == nil && !later:
			t.Errorf("S%s names neither a test nor what brings it later", number)
		case named != nil && !slices.Contains(tests, named[1]):
			t.Errorf("S%s names %s, and there is no such test", number, named[1])
		case named != nil && !strings.HasPrefix(named[1], fmt.Sprintf("TestS%02s_", number)):
			t.Errorf("S%s is tested by %s, which does not carry its number", number, named[1])
		}
	}
}

func TestS30_EveryErrorCodeHasAnEntry(t *testing.T) {
	headings := regexp.MustCompile(`(?m)^## (\d{3}\.\d+) \S`).FindAllStringSubmatch(read(t, "docs/faq.md"), -1)
	entries := map[string]int{}
	for _, heading := range headings {
		entries[heading[1]]++
	}
	codes := errorCodes(t)
	if len(codes) < 30 {
		t.Errorf("only %d codes were found in the source: has the way errors are made changed?", len(codes))
	}
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		if entries[code] != 1 {
			t.Errorf("docs/faq.md has %d entries for %s, which is answered in %s", entries[code], code, codes[code])
		}
	}
	for _, code := range slices.Sorted(maps.Keys(entries)) {
		if codes[code] == "" {
			t.Errorf("docs/faq.md explains %s, which is answered nowhere", code)
		}
	}
}

func TestArchitecturePageShowsTheTable(t *testing.T) {
	rows := regexp.MustCompile("(?m)^\\| `([a-z/]+)` \\| ([^|]*) \\|").FindAllStringSubmatch(read(t, "ARCHITECTURE.md"), -1)
	shown := map[string]string{}
	for _, row := range rows {
		shown[row[1]] = strings.TrimSpace(row[2])
	}
	want := map[string]string{}
	for folder, imports := range architecture {
		want[folder] = strings.Join(imports, ", ")
		if len(imports) == 0 {
			want[folder] = "nothing"
		}
	}
	if !maps.Equal(shown, want) {
		t.Errorf("ARCHITECTURE.md shows\n%v\narch_test.go has\n%v", shown, want)
	}
}

// TestDependenciesAreExplained wants a reason for every direct dependency.
func TestDependenciesAreExplained(t *testing.T) {
	page := read(t, "docs/decisions/0007-direct-dependencies.md")
	for line := range strings.Lines(read(t, "go.mod")) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "require ")
		name, version, found := strings.Cut(line, " ")
		if !found || !strings.HasPrefix(version, "v") || strings.Contains(line, "// indirect") {
			continue
		}
		if !strings.Contains(page, "`"+name+"`") {
			t.Errorf("go.mod requires %s, and docs/decisions/0007 does not say why", name)
		}
	}
}

// TestLinksLeadSomewhere follows the links between our pages.
func TestLinksLeadSomewhere(t *testing.T) {
	pages := []string{"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"}
	for _, folder := range []string{"docs", "docs/decisions"} {
		found, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range found {
			if strings.HasSuffix(entry.Name(), ".md") {
				pages = append(pages, folder+"/"+entry.Name())
			}
		}
	}
	for _, page := range pages {
		folder := page[:strings.LastIndex(page, "/")+1]
		for _, link := range regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`).FindAllStringSubmatch(read(t, page), -1) {
			if _, err := os.Stat(folder + link[1]); err != nil {
				t.Errorf("%s links to %s, which is not there", page, link[1])
			}
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// testFunctions names every test of the module.
func testFunctions(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, file := range goFiles(t) {
		if !strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, declared := range regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`).FindAllStringSubmatch(read(t, file), -1) {
			names = append(names, declared[1])
		}
	}
	return names
}

// errorCodes maps each code that the source answers to a file that does: a
// string that is a code and nothing else.
func errorCodes(t *testing.T) map[string]string {
	t.Helper()
	code := regexp.MustCompile(`^"(\d{3}\.\d{1,2})"$`)
	codes := map[string]string{}
	for _, file := range goFiles(t) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				if m := code.FindStringSubmatch(literal.Value); m != nil {
					codes[m[1]] = file
				}
			}
			return true
		})
	}
	return codes
}
