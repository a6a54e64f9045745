package rollcall_test

import (
	"go/build"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/rollcall-scim/rollcall"

// architecture is the import table: every package of the module, and which
// others its non-test files may import. ARCHITECTURE.md shows the same table.
// A new package is a decision: it begins with a page in docs/decisions.
var architecture = map[string][]string{
	"scim":                       {},
	"scimhttp":                   {"scim"},
	"directory":                  {"scim"},
	"provision/expression":       {},
	"provision/source":           {"directory", "provision/expression", "scim", "scimhttp"},
	"provision/source/slapdtest": {},
	"provision/target":           {"scim", "scimhttp"},
	"provision/target/hostile":   {"scim", "scimhttp"},
	"provision":                  {"provision/expression", "provision/source", "provision/target", "scim"},
	"interop":                    {"scim", "scimhttp"},
	"year":                       {},
	"docs":                       {},
	"console":                    {"directory", "docs", "provision", "provision/source", "provision/target", "scim", "scimhttp"},
	"sqlstore":                   {"directory", "provision", "provision/source", "scim"},
	"sqlstore/storetest":         {"directory", "sqlstore"},
	"cmd/rollcall":               {"console", "directory", "interop", "provision", "provision/expression", "provision/source", "provision/target", "scim", "scimhttp", "sqlstore", "year"},
	"cmd/bench":                  {"directory", "provision", "provision/source", "provision/target", "scim", "scimhttp", "sqlstore", "sqlstore/storetest"},
}

// pure packages decide and touch nothing: neither network nor files nor
// databases. These are refused, with all that is below them.
var (
	pure   = []string{"scim", "provision/expression"}
	impure = []string{"net", "os", "database", "syscall", "testing"}
)

func TestArchitecture(t *testing.T) {
	seen := map[string]bool{}
	for _, folder := range packageFolders(t) {
		seen[folder] = true
		allowed, listed := architecture[folder]
		if !listed {
			t.Errorf("package %s is not in the architecture table: a new package is a decision, with a page in docs/decisions", folder)
			continue
		}
		for _, imported := range importsOf(t, folder) {
			if inside, ours := strings.CutPrefix(imported, module+"/"); ours && !slices.Contains(allowed, inside) {
				t.Errorf("%s imports %s, which it may not", folder, inside)
			}
			if slices.Contains(pure, folder) && isImpure(imported) {
				t.Errorf("%s is pure and imports %s", folder, imported)
			}
		}
	}
	for folder := range architecture {
		if !seen[folder] {
			t.Errorf("the architecture table lists %s, and there is no such package", folder)
		}
	}
}

func isImpure(imported string) bool {
	return slices.ContainsFunc(impure, func(root string) bool {
		return imported == root || strings.HasPrefix(imported, root+"/")
	})
}

// packageFolders lists every folder of the module that holds Go files which are
// not tests.
func packageFolders(t *testing.T) []string {
	t.Helper()
	var folders []string
	for _, file := range goFiles(t) {
		folder := path.Dir(file)
		if !strings.HasSuffix(file, "_test.go") && !slices.Contains(folders, folder) {
			folders = append(folders, folder)
		}
	}
	return folders
}

func importsOf(t *testing.T, folder string) []string {
	t.Helper()
	found, err := build.ImportDir(filepath.FromSlash(folder), 0)
	if err != nil {
		t.Fatalf("%s: %v", folder, err)
	}
	return found.Imports
}

// goFiles lists the module's Go files, tests too, by their slashed paths.
func goFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if base := entry.Name(); entry.IsDir() && name != "." && (strings.HasPrefix(base, ".") || base == "testdata" || base == "bin") {
			return fs.SkipDir
		}
		if strings.HasSuffix(name, ".go") {
			files = append(files, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
