package provision

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// secretReference is where a secret is put in.
var secretReference = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// References are the names of the secrets that the source and the target need,
// in alphabetical order.
func (a *Application) References() []string {
	found := map[string]bool{}
	a.eachText(func(text string) string {
		for _, m := range secretReference.FindAllStringSubmatch(text, -1) {
			found[m[1]] = true
		}
		return text
	})
	return slices.Sorted(maps.Keys(found))
}

// ReferencesIn are the names of the secrets that a document refers to, comments
// left out; also of one that cannot be read yet.
func ReferencesIn(document string) []string {
	found := map[string]bool{}
	for line := range strings.Lines(document) {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		text, _, _ := strings.Cut(line, " #")
		for _, m := range secretReference.FindAllStringSubmatch(text, -1) {
			found[m[1]] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// Expand puts the secrets in, by name. From then on the application is not to
// be shown, written or logged. The error names those that are missing, and
// nothing is changed.
func (a *Application) Expand(secrets map[string]string) error {
	var missing []string
	for _, name := range a.References() {
		if _, ok := secrets[name]; !ok {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("the application %q has no value for %s; set it in the environment and apply the file again", a.Name, strings.Join(missing, ", "))
	}
	a.eachText(func(text string) string {
		return secretReference.ReplaceAllStringFunc(text, func(m string) string { return secrets[m[2:len(m)-1]] })
	})
	return nil
}

// Seclude takes secrets that stand in the application in so many words out of
// it, leaves a reference in the place of each, and returns them by name.
func (a *Application) Seclude() map[string]string {
	secrets := map[string]string{}
	taken := a.References()
	take := func(text *string, key string) {
		if *text == "" || secretReference.MatchString(*text) {
			return
		}
		name := secretName(a.Name, key)
		for slices.Contains(taken, name) {
			name += "_2"
		}
		secrets[name], *text = *text, "${"+name+"}"
		taken = append(taken, name)
	}
	take(&a.Source.Token, "source_token")
	take(&a.Source.Password, "source_password")
	if hasPassword(a.Source.Database) {
		take(&a.Source.Database, "source_database")
	}
	take(&a.Target.Token, "token")
	take(&a.Target.Password, "password")
	take(&a.Target.OAuth.ClientSecret, "client_secret")
	a.Target.Header = maps.Clone(a.Target.Header)
	for _, name := range slices.Sorted(maps.Keys(a.Target.Header)) {
		if public := strings.EqualFold(name, "Host") || strings.EqualFold(name, "User-Agent"); !public {
			value := a.Target.Header[name]
			take(&value, "header_"+name)
			a.Target.Header[name] = value
		}
	}
	return secrets
}

// secretName is ACME_TOKEN for the token of acme.
func secretName(app, key string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToUpper(app+"_"+key))
	if name[0] >= '0' && name[0] <= '9' {
		name = "APP_" + name
	}
	return name
}

// hasPassword says that a database's URL holds one, or that it cannot be told.
func hasPassword(database string) bool {
	if database == "" || strings.HasPrefix(database, "sqlite:") {
		return false
	}
	u, err := url.Parse(database)
	if err != nil || u.Query().Has("password") {
		return true
	}
	_, set := u.User.Password()
	return set
}

// Hide puts the names of secrets in the place of their values, wherever the
// text holds one: for errors of others on their way to people.
func Hide(text string, secrets map[string]string) string {
	names := slices.SortedFunc(maps.Keys(secrets), func(a, b string) int { return len(secrets[b]) - len(secrets[a]) })
	for _, name := range names {
		if value := secrets[name]; len(value) >= 4 {
			text = strings.ReplaceAll(text, value, "${"+name+"}")
		}
	}
	return text
}

// HideError is Hide for an error; what it wraps is not kept.
func HideError(err error, secrets map[string]string) error {
	if err == nil {
		return nil
	}
	if text := err.Error(); Hide(text, secrets) != text {
		return errors.New(Hide(text, secrets))
	}
	return err
}

// eachText gives every text of the source and the target to fn and keeps what
// it returns. Lists and maps are copied first, since others may hold them.
func (a *Application) eachText(fn func(string) string) {
	rewrite(reflect.ValueOf(&a.Source).Elem(), fn)
	rewrite(reflect.ValueOf(&a.Target).Elem(), fn)
}

func rewrite(v reflect.Value, fn func(string) string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(fn(v.String()))
	case reflect.Struct:
		for _, f := range v.Fields() {
			rewrite(f, fn)
		}
	case reflect.Slice:
		if v.IsNil() {
			return
		}
		copied := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(copied, v)
		v.Set(copied)
		for i := range v.Len() {
			rewrite(v.Index(i), fn)
		}
	case reflect.Map:
		rewriteMap(v, fn)
	}
}

func rewriteMap(v reflect.Value, fn func(string) string) {
	if v.IsNil() {
		return
	}
	copied := reflect.MakeMap(v.Type())
	for _, k := range v.MapKeys() {
		value := reflect.New(v.Type().Elem()).Elem()
		value.Set(v.MapIndex(k))
		rewrite(value, fn)
		copied.SetMapIndex(k, value)
	}
	v.Set(copied)
}
