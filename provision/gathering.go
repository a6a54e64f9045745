package provision

import (
	"maps"
	"slices"
)

// Gather makes an application ready to be kept. It takes secrets out of it that
// stand there in so many words, and asks given for those that it refers to; kept
// are the names of those that are kept already, which open opens if one of them is
// needed: giving all of them again is the cure for a lost key. The application is
// checked with all of them, and full is it with them. secrets are those to be set,
// with no value those to be forgotten. No error holds a secret.
func (a *Application) Gather(given func(name string) string, kept []string, open func() (map[string]string, error)) (full *Application, secrets map[string]string, err error) {
	secrets = a.Seclude()
	references := a.References()
	for _, name := range references {
		if value := given(name); value != "" && secrets[name] == "" {
			secrets[name] = value
		}
	}
	all, needed := map[string]string{}, false
	for _, name := range kept {
		all[name] = ""
		needed = needed || slices.Contains(references, name) && secrets[name] == ""
	}
	if needed {
		if all, err = open(); err != nil {
			return nil, nil, err
		}
	}
	maps.Copy(all, secrets)
	copied := *a
	if err := copied.Expand(all); err != nil {
		return nil, nil, err
	}
	if err := copied.Check(); err != nil {
		return nil, nil, HideError(err, all)
	}
	for name := range all {
		if !slices.Contains(references, name) {
			secrets[name] = "" // the document has no place for it any more
		}
	}
	return &copied, secrets, nil
}
