package directory

import (
	"encoding/json/v2"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-scim/rollcall/scim"
)

// Settings are what a tenant decides (behaviour.md 2.5). The JSON holds only
// what is not at its default, under the names that `rollcall tenant set` takes.
type Settings struct {
	values map[string]string
}

// setting is one switch: its default and what it takes.
type setting struct {
	name, fallback, what string
	check                func(string) (string, error)
}

var settings = []setting{
	{"groups", "false", "the group feature: country decides the group", checkBool},
	{"scim", "true", "whether SCIM is on", checkBool},
	{"access-tokens", "true", "whether access tokens work", checkBool},
	{"idp-groups", "true", "whether the IdP may push groups of its own", checkBool},
	{"teams-from-idp-groups", "false", "whether IdP groups name teams", checkBool},
	{"team-attributes", strings.Join(TeamAttributes, ","), "which attributes name teams", checkTeamAttributes},
	{"deprovision", "remove", "what happens to a leaver: remove or deactivate", checkDeprovision},
	{"email-user-names", "false", "whether userName must be an e-mail address", checkBool},
	{"password-sign-in", "true", "whether passwords may be used to sign in", checkBool},
	{"sso", "false", "whether single sign-on is on", checkBool},
	{"retention-days", "45", "days until a removed person is forgotten", checkDays},
}

// Setting is one setting for people to read.
type Setting struct {
	Name, Value, Default, What string
}

// All returns every setting in the order of the documentation.
func (s Settings) All() []Setting {
	var out []Setting
	for _, d := range settings {
		out = append(out, Setting{Name: d.name, Value: s.get(d.name), Default: d.fallback, What: d.what})
	}
	return out
}

// With returns the settings with one changed; the error says what is allowed.
func (s Settings) With(name, value string) (Settings, error) {
	i := slices.IndexFunc(settings, func(d setting) bool { return d.name == name })
	if i < 0 {
		var names []string
		for _, d := range settings {
			names = append(names, d.name)
		}
		return s, fmt.Errorf("there is no setting %q. The settings are: %s", name, strings.Join(names, ", "))
	}
	value, err := settings[i].check(strings.TrimSpace(value))
	if err != nil {
		return s, fmt.Errorf("%s: %w", name, err)
	}
	next := map[string]string{}
	for k, v := range s.values {
		next[k] = v
	}
	if next[name] = value; value == settings[i].fallback {
		delete(next, name)
	}
	return Settings{next}, nil
}

func (s Settings) get(name string) string {
	if v, ok := s.values[name]; ok {
		return v
	}
	for _, d := range settings {
		if d.name == name {
			return d.fallback
		}
	}
	return ""
}

// Value is a setting's text, the default where nothing was decided; "" for what
// is no setting.
func (s Settings) Value(name string) string { return s.get(name) }

// On says whether a switch is on.
func (s Settings) On(name string) bool { return s.on(name) }

func (s Settings) on(name string) bool { return s.get(name) == "true" }

// Groups says whether the group feature is on.
func (s Settings) Groups() bool { return s.on("groups") }

// AccessTokens says whether access tokens work.
func (s Settings) AccessTokens() bool { return s.on("access-tokens") }

// Passwords says whether people may sign in with one.
func (s Settings) Passwords() bool { return s.on("password-sign-in") }

func (s Settings) teamAttributes() []string {
	v := s.get("team-attributes")
	if v == "" {
		return nil
	}
	return strings.Split(v, ",")
}

// RetentionDays is how long a removed person can be restored.
func (s Settings) RetentionDays() int {
	n, _ := strconv.Atoi(s.get("retention-days"))
	return n
}

func (s Settings) encode() string {
	b, _ := json.Marshal(s.values, json.Deterministic(true))
	return string(b)
}

func decodeSettings(text string) (Settings, error) {
	var s Settings
	if text == "" {
		return s, nil
	}
	err := json.Unmarshal([]byte(text), &s.values)
	return s, err
}

func checkBool(v string) (string, error) {
	switch strings.ToLower(v) {
	case "true", "on", "yes":
		return "true", nil
	case "false", "off", "no":
		return "false", nil
	}
	return "", fmt.Errorf("%q is neither true nor false", v)
}

func checkTeamAttributes(v string) (string, error) {
	var out []string
	for name := range strings.SplitSeq(v, ",") {
		name = strings.ToLower(strings.TrimSpace(name))
		if name == "" || name == "none" {
			continue
		}
		if !slices.Contains(TeamAttributes, name) {
			return "", fmt.Errorf("%q cannot name teams. Choose among %s, separated by commas, or none", name, strings.Join(TeamAttributes, ", "))
		}
		out = append(out, name)
	}
	// One order, so that the same choice is the same value.
	slices.SortFunc(out, func(a, b string) int { return slices.Index(TeamAttributes, a) - slices.Index(TeamAttributes, b) })
	return strings.Join(slices.Compact(out), ","), nil
}

func checkDeprovision(v string) (string, error) {
	if v != "remove" && v != "deactivate" {
		return "", fmt.Errorf("%q is no policy. Choose remove or deactivate", v)
	}
	return v, nil
}

func checkDays(v string) (string, error) {
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > 3650 {
		return "", fmt.Errorf("%q is no number of days from 1 to 3650", v)
	}
	return strconv.Itoa(n), nil
}

// displayName is the name people see (behaviour.md 4.11).
func displayName(o scim.Object) string {
	name, _ := o["name"].(scim.Object)
	given, _ := name["givenName"].(string)
	family, _ := name["familyName"].(string)
	if full := strings.TrimSpace(given + " " + family); full != "" {
		return full
	}
	for _, s := range []any{o["displayName"], name["formatted"], o["userName"]} {
		if s, _ := s.(string); s != "" {
			return s
		}
	}
	return ""
}
