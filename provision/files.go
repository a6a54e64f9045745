package provision

import "strings"

// Files are the files of the machine that runs a cycle which an application
// names: that of a CSV source, a SQLite database, and certificates. Whoever may
// only change applications has no business with others than are there already.
func (a *Application) Files() (paths []string) {
	if a.Source.Kind == "csv" && a.Source.Path != "" {
		paths = append(paths, a.Source.Path)
	}
	if path, ok := strings.CutPrefix(a.Source.Database, "sqlite:"); ok {
		paths = append(paths, path)
	}
	for _, file := range []string{a.Source.CAFile, a.Target.CAFile} {
		if file != "" {
			paths = append(paths, file)
		}
	}
	return paths
}
