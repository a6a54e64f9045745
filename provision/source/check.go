package source

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"reflect"
	"slices"
	"strings"
)

// kind is a kind of source with the keys that it must and may have.
type kind struct {
	name      string
	must, may []string
}

var kinds = []kind{
	{"directory", nil, []string{"attributes"}},
	{"ldap", []string{"url", "base"}, []string{"attributes", "anchor", "start-tls", "ca-file", "plain-text", "bind-dn", "password",
		"user-filter", "group-filter", "page-size", "changes"}},
	{"csv", []string{"path"}, []string{"attributes", "delimiter", "encoding", "anchor", "reference", "trailer", "min-rows", "list-separator"}},
	{"scim", []string{"url"}, []string{"attributes", "token"}},
	{"sql", []string{"database", "users"}, []string{"attributes", "anchor", "reference", "groups", "members", "modified"}},
}

// Check finds all that is wrong with the configuration at once, each with its
// cure. It opens nothing.
func (c Config) Check() error {
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == c.Kind })
	if i < 0 {
		return c.errKind()
	}
	k, set := kinds[i], c.keys()
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	for _, key := range k.must {
		if !slices.Contains(set, key) {
			fault("source: kind %s needs %s", c.Kind, key)
		}
	}
	for _, key := range set {
		if key != "kind" && !slices.Contains(k.must, key) && !slices.Contains(k.may, key) {
			fault("source: kind %s has no %s; take it out%s", c.Kind, key, ownerOf(key))
		}
	}
	for _, entra := range slices.Sorted(maps.Keys(c.Attributes)) {
		if c.Attributes[entra] == "" {
			fault("source: attributes: %s has no name in the source; write %s: NAME, or take it out", entra, entra)
		}
	}
	switch c.Kind {
	case "csv":
		faults = append(faults, c.checkCSV()...)
	case "ldap":
		faults = append(faults, c.checkLDAP()...)
	case "scim":
		faults = append(faults, c.checkURL("https", "http"))
	case "sql":
		faults = append(faults, c.checkSQL()...)
	}
	return errors.Join(faults...)
}

func (c Config) errKind() error {
	var names []string
	for _, k := range kinds {
		names = append(names, k.name)
	}
	list := strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
	if c.Kind == "" {
		return fmt.Errorf("source: kind is missing: %s", list)
	}
	meant := nearest(c.Kind, names)
	if meant != "" {
		meant = "; did you mean " + meant + "?"
	}
	return fmt.Errorf("source: there is no kind %q: %s%s", c.Kind, list, meant)
}

// keys are those that are set, by their names in YAML.
func (c Config) keys() (set []string) {
	v := reflect.ValueOf(c)
	for i := range v.NumField() {
		if !v.Field(i).IsZero() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
			set = append(set, name)
		}
	}
	return set
}

// ownerOf says whose key it is, for people who mixed two kinds up.
func ownerOf(key string) string {
	var names []string
	for _, k := range kinds {
		if slices.Contains(k.must, key) || slices.Contains(k.may, key) {
			names = append(names, k.name)
		}
	}
	return " (it belongs to kind " + strings.Join(names, ", ") + ")"
}

func (c Config) checkCSV() (faults []error) {
	if c.Delimiter != "" && !slices.Contains(delimiters, delimiterOf(c.Delimiter)) {
		faults = append(faults, fmt.Errorf(`source: delimiter %q: use ",", ";", "|" or tab, or leave it out`, c.Delimiter))
	}
	if c.Encoding != "" && encodingOf(c.Encoding) == "" {
		faults = append(faults, fmt.Errorf("source: encoding %q: use utf-8, utf-16 or windows-1252, or leave it out", c.Encoding))
	}
	if c.MinRows < 0 {
		faults = append(faults, fmt.Errorf("source: min-rows %d: use the number of people that are always there at least", c.MinRows))
	}
	return faults
}

func (c Config) checkSQL() (faults []error) {
	scheme, _, _ := strings.Cut(c.Database, ":")
	if c.Database != "" && !isReference(c.Database) && !slices.Contains([]string{"postgres", "postgresql", "sqlite"}, scheme) {
		faults = append(faults, errors.New("source: database: use postgres://USER:PASSWORD@HOST/NAME or sqlite:PATH"))
	}
	if c.Members != "" && c.Groups == "" {
		faults = append(faults, errors.New("source: members needs groups: the SELECT of the groups whose members they are"))
	}
	return faults
}

func (c Config) checkLDAP() (faults []error) {
	faults = append(faults, c.checkURL("ldaps", "ldap"))
	if !slices.Contains([]string{"", "dirsync", "usn", "modify-timestamp", "none"}, c.Changes) {
		faults = append(faults, fmt.Errorf("source: changes %q: use dirsync, usn, modify-timestamp or none, or leave it out", c.Changes))
	}
	if c.PageSize < 0 {
		faults = append(faults, fmt.Errorf("source: page-size %d: use a number above 0, or leave it out for 500", c.PageSize))
	}
	if strings.HasPrefix(c.URL, "ldaps:") && (c.StartTLS || c.PlainText) {
		faults = append(faults, errors.New("source: ldaps:// is encrypted already; take start-tls and plain-text out, or use ldap://"))
	}
	if c.StartTLS && c.PlainText {
		faults = append(faults, errors.New("source: start-tls and plain-text contradict each other; keep start-tls"))
	}
	if c.Password != "" && c.BindDN == "" {
		faults = append(faults, errors.New("source: password needs bind-dn: whose password it is"))
	}
	return faults
}

// checkURL wants one of the schemes. A server elsewhere is asked in clear text
// only where somebody says so.
func (c Config) checkURL(safe, clear string) error {
	if c.URL == "" || isReference(c.URL) {
		return nil
	}
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.Scheme != safe && u.Scheme != clear {
		return fmt.Errorf("source: url: use %s://HOST", safe)
	}
	if u.User != nil {
		return errors.New("source: url: take the user name and the password out; they have keys of their own")
	}
	if u.Scheme == clear && clear == "http" && c.Token != "" && !isLocal(u.Hostname()) {
		return errors.New("source: url: the token would go over the network in clear text; use https://")
	}
	return nil
}

// isLocal says that the name means this machine.
func isLocal(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// isReference says that the value is still ${NAME}.
func isReference(value string) bool { return strings.HasPrefix(value, "${") }
