package main

import (
	"encoding/json/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// written is a file with that text.
func written(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const acmeApp = `name: crm
source: {kind: directory}
target: {url: "https://crm.example.com/scim/v2", token: "${CRM_SECRET}"}
`

func (s shell) contains(out string, wants ...string) {
	s.t.Helper()
	for _, want := range wants {
		if !strings.Contains(out, want) {
			s.t.Errorf("lacks %q:\n%s", want, out)
		}
	}
}

func TestAppApply(t *testing.T) {
	s := newShell(t).acme()
	file := written(t, "app.yaml", acmeApp)
	s.contains(s.fails(exitFailure, "app", "apply", "-f", file), "CRM_SECRET", "environment")
	t.Setenv("CRM_SECRET", "t0psecret")
	s.contains(s.must("app", "apply", "-f", file, "--dry-run"), "+ name: crm", "CRM_SECRET would be set")
	if out := s.must("app", "list", "--json"); strings.TrimSpace(out) != "[]" {
		t.Fatalf("a dry run made %s", out)
	}
	s.contains(s.must("app", "apply", "-f", file), `"crm" created`, "rollcall app test crm --tenant acme")
	t.Setenv("CRM_SECRET", "") // it is kept from now on
	s.contains(s.must("app", "apply", "-f", file), "is so already")
	more := written(t, "more.yaml", acmeApp+"scope: {groups: [Staff]}\n")
	s.contains(s.must("app", "apply", "-f", more), "+   groups: [Staff]", "rollcall app plan crm --tenant acme")
	s.contains(s.must("app", "apply", "-f", written(t, "on.yaml", acmeApp+"scope: {groups: [Staff]}\nstatus: on\n")), "- status: off", "+ status: on")
	s.contains(s.must("app", "apply", "-f", more), "was on and is off now", "rollcall app start crm --tenant acme")
	if out := s.must("app", "apply", "-f", written(t, "off.yaml", acmeApp)); strings.Contains(out, "is off now") {
		t.Errorf("it was off before:\n%s", out)
	}
	s.must("app", "apply", "-f", written(t, "on.yaml", acmeApp+"scope: {groups: [Staff]}\nstatus: on\n"))
	s.contains(s.must("app", "list"), "crm", "on", "directory", "https://crm.example.com/scim/v2", "assigned", "40m")
	s.contains(s.must("app", "show", "CRM"), "secrets      CRM_SECRET", "groups: [Staff]")
	s.contains(s.fails(exitFailure, "app", "show", "cmr"), "there are: crm")
}

// An export is read as what it was: applied again, nothing changes.
func TestAppExport(t *testing.T) {
	s := newShell(t).acme()
	t.Setenv("CRM_SECRET", "t0psecret")
	s.must("app", "apply", "-f", written(t, "app.yaml", acmeApp+"groups: {enabled: false}\n"))
	out := s.must("app", "export", "crm")
	t.Setenv("CRM_SECRET", "")
	s.contains(s.must("app", "apply", "-f", written(t, "again.yaml", out)), "is so already")
	s.must("app", "delete", "crm", "--yes")
	s.fails(exitFailure, "app", "apply", "-f", written(t, "again.yaml", out)) // its secret is gone with it
	t.Setenv("CRM_SECRET", "t0psecret")
	s.must("app", "apply", "-f", written(t, "again.yaml", out))
	if again := s.must("app", "export", "crm"); again != out {
		t.Errorf("exported\n%s\nand then\n%s", out, again)
	}
}

// A secret is in no file but the one that seals it, and in no output.
func TestAppSecrets(t *testing.T) {
	s := newShell(t).acme()
	const secret = "v3ryPrivate"
	literal := strings.Replace(acmeApp, "${CRM_SECRET}", secret, 1)
	file := written(t, "app.yaml", literal)
	var all strings.Builder
	for _, args := range [][]string{
		{"app", "apply", "-f", file, "--dry-run"}, {"app", "apply", "-f", file}, {"app", "apply", "-f", file}, {"app", "show", "crm", "--json"}, {"app", "export", "crm"},
		{"app", "history", "crm", "--json"}, {"app", "list", "--json"}, {"changes", "--json"}, {"activity", "--json"},
		{"app", "apply", "-f", written(t, "wrong.yaml", strings.Replace(literal, "kind: directory", "kind: cvs", 1))},
		{"app", "apply", "-f", written(t, "wrong.yaml", strings.Replace(literal, "https:", "http:", 1))},
	} {
		_, out, errs := s.run(args...)
		all.WriteString(out + errs)
	}
	if strings.Contains(all.String(), secret) {
		t.Errorf("shown in\n%s", all.String())
	}
	s.contains(s.must("app", "export", "crm"), "token: ${CRM_TOKEN}")
	database := strings.TrimPrefix(os.Getenv("ROLLCALL_DATABASE"), "sqlite:")
	for _, path := range []string{database, database + "-wal"} {
		if content, err := os.ReadFile(path); err == nil && strings.Contains(string(content), secret) {
			t.Errorf("%s holds the secret", path)
		}
	}
	info, err := os.Stat(database + ".key")
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the key file: %v, %v", info, err)
	}
	// Without the key nothing opens; giving the secret again is the cure.
	if err := os.Remove(database + ".key"); err != nil {
		t.Fatal(err)
	}
	kept := written(t, "kept.yaml", s.must("app", "export", "crm"))
	s.contains(s.fails(exitFailure, "app", "apply", "-f", kept), "there is no key file", "--key-file")
	s.contains(s.must("app", "apply", "-f", file), "changed")
	s.must("app", "apply", "-f", kept)
}

func TestAppKeyFile(t *testing.T) {
	good := written(t, "key", strings.Repeat("QUJD", 10)+"QUI=\n")
	for name, c := range map[string]struct{ database, path, want string }{
		"given":                       {"postgres://h/d", good, ""},
		"not given":                   {"postgres://h/d", "", "head -c 32 /dev/urandom"},
		"not there":                   {"postgres://h/d", good + "x", "there is no key file"},
		"no base64":                   {"sqlite:x.db", written(t, "key", "hello"), "does not hold 32 bytes"},
		"given and lost, with SQLite": {"sqlite:x.db", good + "x", "there is no key file"},
	} {
		key, err := keyFile(c.database, c.path)(true)
		if c.want == "" && (err != nil || len(key) != 32) || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %d bytes, %v", name, len(key), err)
		}
	}
	database := "sqlite:" + filepath.Join(t.TempDir(), "x.db")
	if _, err := keyFile(database, "")(false); err == nil {
		t.Error("a key was made to open something")
	}
	made, err := keyFile(database, "")(true)
	again, err2 := keyFile(database, "")(false)
	if err != nil || err2 != nil || string(made) != string(again) {
		t.Errorf("made %x, %v, read %x, %v", made, err, again, err2)
	}
}

func TestAppHistory(t *testing.T) {
	s := newShell(t).acme()
	t.Setenv("CRM_SECRET", "t0psecret")
	s.must("app", "apply", "-f", written(t, "1.yaml", acmeApp+"status: on\n"))
	s.must("app", "apply", "-f", written(t, "2.yaml", acmeApp+"scope: {groups: [Staff]}\nstatus: on\n"))
	s.must("app", "apply", "-f", written(t, "3.yaml", acmeApp+"scope: {groups: [Sales]}\n"))
	var versions []struct {
		Version      int64
		LinesAdded   int
		LinesRemoved int
		Secrets      []string
	}
	out := s.must("app", "history", "crm", "--json")
	if err := json.Unmarshal([]byte(out), &versions, json.MatchCaseInsensitiveNames(true)); err != nil || len(versions) != 3 {
		t.Fatalf("%v: %s", err, out)
	}
	if v := versions[1]; v.LinesAdded != 1 || v.LinesRemoved != 0 || len(versions[0].Secrets) != 1 {
		t.Errorf("history %+v", versions)
	}
	number := func(i int) string { b, _ := json.Marshal(versions[i].Version); return string(b) }
	s.contains(s.must("app", "history", "crm"), "created; secrets: CRM_SECRET", "1 lines added, 0 removed")
	s.contains(s.must("app", "diff", "crm"), "-   groups: [Staff]", "+   groups: [Sales]")
	s.contains(s.must("app", "diff", "crm", number(0)), "+   groups: [Sales]")
	s.contains(s.must("app", "diff", "crm", number(1), number(0)), "-   groups: [Staff]")
	s.contains(s.fails(exitFailure, "app", "diff", "crm", "999999"), "there are: "+number(0))
	s.contains(s.fails(exitUsage, "app", "diff", "crm", "first"), "no number")

	s.contains(s.must("app", "rollback", "crm", number(1), "--dry-run"), "+   groups: [Staff]")
	s.contains(s.must("app", "rollback", "crm", number(1)), "changed: version", "app plan crm")
	// It was on then, and is off now: it stays off.
	s.contains(s.must("app", "export", "crm"), "groups: [Staff]", "status: off")
	if out := s.must("app", "history", "crm"); strings.Count(out, "\n") != 5 {
		t.Errorf("a rollback is a version of its own:\n%s", out)
	}
}

func TestAppDelete(t *testing.T) {
	s := newShell(t).acme()
	t.Setenv("CRM_SECRET", "t0psecret")
	s.must("app", "apply", "-f", written(t, "app.yaml", acmeApp))
	s.contains(s.fails(exitFailure, "app", "delete", "crm"), "nothing was deleted", "--yes")
	s.contains(s.must("app", "delete", "crm", "--yes"), "The target keeps the people")
	s.contains(s.fails(exitFailure, "app", "delete", "crm", "--yes"), "none at all")
}

func TestAppFaultsAreToldAtOnce(t *testing.T) {
	s := newShell(t).acme()
	said := s.fails(exitFailure, "app", "apply", "-f", written(t, "app.yaml", "name: a b\nsource: {kind: cvs}\ntarget: {url: x}\nstatsu: on\n"))
	s.contains(said, "4 things must be put right", "line 1: name", "line 2: source", "line 3: target", "line 4: statsu", "did you mean status?")
	s.contains(s.fails(exitFailure, "app", "apply", "-f", "nowhere.yaml"), "cannot read the application")
	s.contains(s.fails(exitFailure, "app", "template", "x"), "there are: directory")
}

func TestAppEvaluate(t *testing.T) {
	s := newShell(t).acme()
	file := written(t, "app.yaml", `name: crm
source: {kind: directory}
target: {url: "https://crm.example.com/scim/v2"}
scope: {filters: [[{attribute: department, operator: EQUALS, value: Sales}]]}
users:
  mappings:
    userName: {from: mail, match: 1}
    active: {expression: 'Switch([IsSoftDeleted], , "False", "True", "True", "False")'}
    title: {expression: 'Redact([jobTitle])'}
    nickName: {from: nothing}
`)
	record := written(t, "anna.json", `{"mail":"anna@contoso.test","department":"Sales","jobTitle":"Spy","accountEnabled":true,"employeeId":7}`)
	out := s.must("app", "evaluate", "-f", file, "--record", record)
	s.contains(out, "User anna@contoso.test passes the scoping filters", "[Redact]", "no value: the target's stays")
	if strings.Contains(out, "Spy") {
		t.Errorf("shown:\n%s", out)
	}
	var result evaluatedPerson
	out = s.must("app", "evaluate", "-f", file, "--record", written(t, "bo.json", `{"mail":"bo@contoso.test","department":"HR"}`), "--json")
	if err := json.Unmarshal([]byte(out), &result); err != nil || result.InScope || result.Values[0].Value != "bo@contoso.test" || result.Values[1].Value != false {
		t.Errorf("%v: %s", err, out)
	}
	s.must("user", "create", "cia@acme.test", "displayName=Cia", "department=Sales")
	s.must("app", "apply", "-f", file)
	s.contains(s.must("app", "evaluate", "crm", "--person", "cia@acme.test"), "passes the scoping filters", "true")
	s.contains(s.fails(exitFailure, "app", "evaluate", "crm", "--person", "dan@acme.test"), `no user "dan@acme.test"`)
	s.fails(exitUsage, "app", "evaluate", "crm")
	s.fails(exitUsage, "app", "evaluate", "--record", record)
}

func TestAppImportSchema(t *testing.T) {
	s := newShell(t)
	file := written(t, "schema.json", `{"synchronizationRules":[{"sourceDirectoryName":"Azure Active Directory","objectMappings":[{"sourceObjectName":"User","attributeMappings":[
		{"targetAttributeName":"userName","matchingPriority":1,"source":{"name":"userPrincipalName","type":"Attribute"}},
		{"targetAttributeName":"id","source":{"name":"objectId","type":"Attribute"}}]}]}]}`)
	code, out, errs := s.run("app", "import-schema", file, "--name", "crm")
	if code != exitOK || !strings.Contains(errs, `left out: the mapping of "id"`) {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	s.contains(out, "userName: {from: userPrincipalName, match: 1}", `# Left out: the mapping of "id"`)
	s = s.acme()
	t.Setenv("CRM_TOKEN", "t0psecret")
	s.must("app", "apply", "-f", written(t, "app.yaml", out))
}
