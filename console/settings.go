package console

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/rollcall-scim/rollcall/directory"
)

// settingField is one setting as the page shows it.
type settingField struct {
	directory.Setting
	Label   string
	Hint    string
	Kind    string // switch, days, choice, attributes
	Choices []choice
}

type choice struct {
	Value, Label string
	On           bool
}

// settingsSection is some settings that belong together.
type settingsSection struct {
	Title  string
	Fields []settingField
}

type settingsPage struct {
	Display  string
	Sections []settingsSection
}

// settingTexts are the sections of the page, with each setting in words for an
// admin.
var settingTexts = []struct {
	title  string
	fields []settingField
}{
	{"Groups and teams", []settingField{
		{Setting: directory.Setting{Name: "groups"}, Label: "Groups", Kind: "switch", Hint: "Country decides the group of each person. Off: everybody is in the default group, and country is ignored."},
		{Setting: directory.Setting{Name: "team-attributes"}, Label: "Attributes that name teams", Kind: "attributes", Hint: "Each of these attributes that a person has puts him into a team of that name in his group."},
	}},
	{"Provisioning", []settingField{
		{Setting: directory.Setting{Name: "scim"}, Label: "SCIM", Kind: "switch", Hint: "Off: every request of an identity provider is refused (403)."},
		{Setting: directory.Setting{Name: "access-tokens"}, Label: "Access tokens", Kind: "switch", Hint: "Off: every access token and OAuth client is refused (401), and Profile has no Access tokens."},
		{Setting: directory.Setting{Name: "idp-groups"}, Label: "IdP groups", Kind: "switch", Hint: "Whether the identity provider may push groups of its own. They are kept beside, and can name teams."},
		{Setting: directory.Setting{Name: "teams-from-idp-groups"}, Label: "Teams from IdP groups", Kind: "switch", Hint: "Each IdP group of a person also puts him into a team of that name."},
		{Setting: directory.Setting{Name: "email-user-names"}, Label: "userName must be an e-mail address", Kind: "switch", Hint: "On: a userName in another form is refused. Off: it is accepted, with a note in Activity."},
	}},
	{"Leavers", []settingField{
		{Setting: directory.Setting{Name: "deprovision"}, Label: "When the identity provider says that somebody is inactive", Kind: "choice", Hint: "A connection may have a policy of its own.",
			Choices: []choice{{Value: "remove", Label: "Remove: he is out of the company's space, and can be restored for some time"}, {Value: "deactivate", Label: "Deactivate: he cannot sign in, but stays in sight with his group and teams"}}},
		{Setting: directory.Setting{Name: "retention-days"}, Label: "Days until a removed person is forgotten", Kind: "days", Hint: "From 1 to 3650. Entra ID keeps deleted people for 30 days: with more than that here, whoever is restored there finds everything again."},
	}},
	{"Sign-in", []settingField{
		{Setting: directory.Setting{Name: "password-sign-in"}, Label: "Sign-in with a password", Kind: "switch", Hint: "Off: only one-time links sign in, until single sign-on is set up."},
	}},
}

func settingsOf(display string, s directory.Settings) settingsPage {
	values := map[string]directory.Setting{}
	for _, setting := range s.All() {
		values[setting.Name] = setting
	}
	page := settingsPage{Display: display}
	for _, text := range settingTexts {
		section := settingsSection{Title: text.title}
		for _, f := range text.fields {
			f.Setting = values[f.Name]
			f.Choices = choicesOf(f)
			section.Fields = append(section.Fields, f)
		}
		page.Sections = append(page.Sections, section)
	}
	return page
}

func choicesOf(f settingField) []choice {
	var out []choice
	switch f.Kind {
	case "attributes":
		for _, name := range directory.TeamAttributes {
			out = append(out, choice{name, name, strings.Contains(","+f.Value+",", ","+name+",")})
		}
	case "choice":
		for _, c := range f.Choices {
			c.On = c.Value == f.Value
			out = append(out, c)
		}
	}
	return out
}

func (c *Console) showSettings(v *visit) error {
	settings, err := v.t.Settings(v.r.Context())
	if err != nil {
		return err
	}
	return v.show("settings.html", "Settings", settingsOf(v.t.Display(), settings))
}

// settingChange is one change that an admin asks for, and what it will do.
type settingChange struct{ Name, Label, From, To, Effect string }

// saveSettings says what each change will do before it is done.
func (c *Console) saveSettings(v *visit) error {
	settings, err := v.t.Settings(v.r.Context())
	if err != nil {
		return err
	}
	if err := v.r.ParseForm(); err != nil {
		return err
	}
	row, err := v.t.Row(v.r.Context())
	if err != nil {
		return err
	}
	changes, err := askedChanges(settings, v.t.Display(), v.r.PostForm, row)
	if err != nil {
		return v.showAgain("settings.html", "Settings", settingsOf(v.t.Display(), settings), err)
	}
	if len(changes) == 0 {
		return v.done("/settings", "Nothing was changed.")
	}
	if v.r.PostForm.Get("sure") != "yes" {
		return v.show("settings_review.html", "Review your changes", struct {
			Changes []settingChange
			Form    url.Values
		}{changes, v.r.PostForm})
	}
	for _, change := range changes {
		if err := v.set(change); err != nil {
			return v.showAgain("settings.html", "Settings", settingsOf(v.t.Display(), settings), err)
		}
	}
	return v.done("/settings", "Saved.")
}

func (v *visit) set(c settingChange) error {
	if c.Name == "display" {
		return v.t.SetDisplay(v.r.Context(), c.To)
	}
	return v.t.Set(v.r.Context(), c.Name, c.To)
}

// askedChanges compares the form with what stands. Settings that the form does
// not have stay.
func askedChanges(settings directory.Settings, display string, form url.Values, row directory.TenantRow) (changes []settingChange, err error) {
	if to := strings.TrimSpace(form.Get("display")); form.Has("display") && to != display {
		if to == "" {
			return nil, said("The company needs a name: 1 to 500 characters.")
		}
		changes = append(changes, settingChange{"display", "Company name", display, to, "The new name is shown everywhere at once. The address stays as it is."})
	}
	for _, section := range settingsOf(display, settings).Sections {
		for _, f := range section.Fields {
			if !form.Has("has-" + f.Name) {
				continue
			}
			to := strings.Join(form[f.Name], ",")
			if f.Kind == "switch" && to == "" {
				to = "false"
			}
			next, err := settings.With(f.Name, to)
			if err != nil {
				return nil, err
			}
			if to = next.Value(f.Name); to == f.Value {
				continue
			}
			changes = append(changes, settingChange{f.Name, f.Label, shown(f, f.Value), to, effectOf(f.Name, to, row)})
		}
	}
	return changes, nil
}

func shown(f settingField, value string) string {
	if value == "" {
		return "none"
	}
	return value
}

// effectOf says what a change of a setting will do, before it is done.
func effectOf(name, to string, row directory.TenantRow) string {
	everybody := count(row.Users, "person", "people")
	on := to == "true"
	texts := map[string][2]string{ // off, on
		"groups": {
			"From now on country is ignored. " + everybody + " keep their groups until they are changed; new people come into the default group.",
			"From now on a changed country moves a person into the group of that name; without such a group the request is refused. Nobody is moved now: of " + everybody + ", those with a country can be moved with Profile again, which shows first who would move.",
		},
		"scim": {
			"From the next request on every identity provider is refused (403). Nobody is changed, and leavers keep their access until you turn SCIM on again.",
			"Identity providers with a valid token are let in again.",
		},
		"access-tokens": {
			"From the next request on every access token and OAuth client is refused (401), so provisioning stops. Nobody is changed.",
			"Tokens that have neither expired nor been revoked work again.",
		},
		"idp-groups": {
			"Identity providers no longer see or write IdP groups. Those here stay, and teams made from them too.",
			"Identity providers may push IdP groups.",
		},
		"teams-from-idp-groups": {
			"IdP groups no longer name teams. People stay in the teams that they have until Profile again.",
			"From now on whoever comes into an IdP group comes into a team of its name. Who is in one already moves with Profile again.",
		},
		"email-user-names": {
			"A userName in any form is accepted.",
			"A new userName that is no e-mail address is refused. Those that stand are left alone.",
		},
		"password-sign-in": {
			"Passwords no longer sign in, yours neither; whoever is signed in stays so until his session ends. One-time links keep working.",
			"Whoever has a password may sign in with it.",
		},
	}
	if text, ok := texts[name]; ok {
		if on {
			return text[1]
		}
		return text[0]
	}
	switch {
	case name == "team-attributes":
		return "A change of one of these attributes names a team from now on. Nobody is moved now, and memberships of attributes that are not chosen any more stay as they are."
	case name == "retention-days":
		return fmt.Sprintf("Who was removed more than %s days ago is forgotten within the hour, and cannot be restored then. Look under Users > Removed first.", to)
	case to == "deactivate":
		return "From now on leavers stay in sight without access. Who was removed before stays removed."
	}
	return "From now on leavers are removed, and can be restored for the retention time. Who is inactive now stays so."
}

// setTheme keeps the reader's choice of light or dark.
func (c *Console) setTheme(w http.ResponseWriter, r *http.Request) {
	c.setCookie(w, r, themeCookie, r.FormValue("theme"), themeLasts)
	back := r.FormValue("back")
	if !isLocal(back) {
		back = "/"
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
}
