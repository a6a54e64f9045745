package source

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
)

const sambaPassword = "The-Admins-Passw0rd"

// startSamba provisions and runs an Active Directory domain contoso.test, on an
// address of this machine that nobody else has: Samba listens on port 389 only,
// which takes root. It is not among the tools that make tools installs; where it is
// missing its tests are skipped.
func startSamba(t *testing.T) (c Config, config string) {
	t.Helper()
	if _, err := exec.LookPath("samba-tool"); err != nil || os.Getuid() != 0 {
		t.Skip("SKIPPED, NO SAMBA: it takes root and the packages samba, samba-ad-dc and samba-ad-provision")
	}
	dir, host := t.TempDir(), fmt.Sprintf("127.%d.%d.%d", 64+os.Getpid()>>16&63, os.Getpid()>>8&255, os.Getpid()&255)
	provision := exec.Command("samba-tool", "domain", "provision", "--targetdir="+dir, "--realm=CONTOSO.TEST", "--domain=CONTOSO", "--adminpass="+sambaPassword,
		"--server-role=dc", "--dns-backend=NONE", "--host-name=dc1", "--host-ip="+host, "--option=posix:eadb="+filepath.Join(dir, "eadb.tdb"))
	if out, err := provision.CombinedOutput(); err != nil {
		t.Skipf("SKIPPED, NO SAMBA: it cannot make a domain here: %v: %s", err, out)
	}
	// Of all that a domain controller does only LDAP is wanted.
	text := fmt.Sprintf(`[global]
realm = CONTOSO.TEST
workgroup = CONTOSO
netbios name = DC1
server role = active directory domain controller
server services = ldap
dcerpc endpoint servers = -winreg -srvsvc
interfaces = %[1]s/8
bind interfaces only = yes
ldap server require strong auth = no
tls enabled = no
private dir = %[2]s/private
state directory = %[2]s/state
cache directory = %[2]s/cache
lock directory = %[2]s
pid directory = %[2]s
ncalrpc dir = %[2]s/ncalrpc
posix:eadb = %[2]s/eadb.tdb
`, host, dir)
	config = filepath.Join(dir, "etc", "ldap-only.conf")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	samba := exec.Command("samba", "-i", "-s", config, "--model=single", "--debug-stdout") // it ends when its standard input does
	stdin, err := samba.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var told strings.Builder
	samba.Stdout, samba.Stderr = &told, &told
	if err := samba.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close(); samba.Process.Kill(); samba.Wait() })
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); ; <-tick.C {
		if conn, err := net.Dial("tcp", host+":389"); err == nil {
			conn.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("Samba does not listen")
		}
	}
	return Config{URL: "ldap://" + host, BindDN: "administrator@contoso.test", Password: sambaPassword, Base: []string{"OU=Staff,DC=contoso,DC=test"}}, config
}

// domain is a connection of an administrator who changes people.
type domain struct {
	*ldap.Conn
	t *testing.T
}

const staff = ",OU=Staff,DC=contoso,DC=test"

func (d domain) add(rdn, class string, attributes ...string) {
	d.t.Helper()
	add := ldap.NewAddRequest(rdn+staff, nil)
	add.Attribute("objectClass", []string{class})
	for i := 0; i < len(attributes); i += 2 {
		add.Attribute(attributes[i], []string{attributes[i+1]})
	}
	d.must(d.Add(add))
}

func (d domain) set(rdn, attribute string, values ...string) {
	d.t.Helper()
	modify := ldap.NewModifyRequest(rdn+staff, nil)
	modify.Replace(attribute, values)
	d.must(d.Modify(modify))
}

func (d domain) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d domain) person(name string) {
	d.add("CN="+name, "user", "sAMAccountName", name, "userPrincipalName", name+"@contoso.test", "displayName", strings.ToUpper(name), "userAccountControl", "544")
}

// fill makes the domain's people and groups.
func fill(t *testing.T, c Config) domain {
	conn, err := ldap.DialURL(c.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	d := domain{conn, t}
	d.must(conn.Bind(c.BindDN, c.Password))
	ou := ldap.NewAddRequest(strings.TrimPrefix(staff, ","), nil)
	ou.Attribute("objectClass", []string{"organizationalUnit"})
	d.must(conn.Add(ou))
	for _, name := range []string{"anna", "bert", "carl", "dora"} {
		d.person(name)
	}
	d.set("CN=bert", "userAccountControl", "546") // disabled
	d.set("CN=bert", "manager", "CN=anna"+staff)
	d.add("CN=pc7", "computer", "sAMAccountName", "pc7$")
	d.add("CN=Writers", "group", "sAMAccountName", "Writers", "member", "CN=anna"+staff)
	d.add("CN=Everybody", "group", "sAMAccountName", "Everybody", "member", "CN=Writers"+staff)
	return d
}

func TestActiveDirectory(t *testing.T) {
	c, config := startSamba(t)
	d := fill(t, c)
	// Without TLS a password cannot be set over LDAP.
	if out, err := exec.Command("samba-tool", "user", "setpassword", "dora", "--newpassword="+sambaPassword, "-s", config).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Run("records", func(t *testing.T) { testADRecords(t, c) })
	t.Run("refused", func(t *testing.T) { testADRefused(t, c, d) })
	t.Run("usn", func(t *testing.T) { testADChanges(t, c, d, "usn") })
	t.Run("dirsync", func(t *testing.T) { testADChanges(t, c, d, "dirsync") })
	t.Run("elsewhere", func(t *testing.T) { testADElsewhere(t, c, d) })
}

func testADRecords(t *testing.T, c Config) {
	c.PageSize = 3
	s := openTestLDAP(t, c)
	told, err := s.Test(t.Context())
	if err != nil || !strings.Contains(told, "Active Directory") || !strings.Contains(told, "DirSync") || !strings.Contains(told, "people: 3 and more, groups: 2") {
		t.Errorf("Test says %q, %v", told, err)
	}
	all := readLDAP(t, s, "")
	if len(all.records) != 6 || !all.Full || len(all.Notes) != 0 {
		t.Errorf("%d records, full %v, notes %q", len(all.records), all.Full, all.Notes)
	}
	anna, bert := all.names["anna@contoso.test"], all.names["bert@contoso.test"]
	if len(anna.Anchor) != 36 || anna.Ref != "" || anna.Get("accountEnabled").String() != "True" || anna.Get("displayName").String() != "ANNA" || anna.Get("mailNickname").String() != "anna" {
		t.Errorf("anna is %+v", anna)
	}
	if bert.Get("accountEnabled").String() != "False" || bert.Get("manager").String() != anna.Anchor {
		t.Errorf("bert is %+v", bert)
	}
	if !strings.HasPrefix(bert.Get("objectSid").String(), "S-1-5-21-") || bert.Get("objectGUID").String() != bert.Anchor || bert.Get("distinguishedName").String() != "CN=bert"+staff {
		t.Errorf("bert's identifiers are %+v", bert)
	}
	writers, everybody := all.names["Writers"], all.names["Everybody"]
	if writers.Get("members").String() != anna.Anchor || everybody.Get("members").String() != writers.Anchor {
		t.Errorf("the groups are %+v and %+v", writers, everybody)
	}
	for _, name := range []string{anna.Anchor, "ANNA", "anna@CONTOSO.test", "cn=anna" + staff} {
		if found, err := s.Find(t.Context(), User, name); err != nil || len(found) != 1 || found[0].Anchor != anna.Anchor {
			t.Errorf("%q finds %v, %v", name, found, err)
		}
	}
}

func testADRefused(t *testing.T, c Config, d domain) {
	for name, change := range map[string]func(*Config){
		"correct password": func(c *Config) { c.Password = "wr0ng" },
		"set bind-dn":      func(c *Config) { c.BindDN, c.Password = "", "" },
		"does not filter":  func(c *Config) { c.Changes = "modify-timestamp" },
	} {
		c := c
		change(&c)
		if _, err := openTestLDAP(t, c).Test(t.Context()); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("the error is %v and should tell %q", err, name)
		}
	}
	// An account without rights reads people, and falls back.
	c.BindDN, c.Password = "dora@contoso.test", sambaPassword
	told, err := openTestLDAP(t, c).Test(t.Context())
	if err != nil || !strings.Contains(told, "uSNChanged") {
		t.Errorf("Test says %q, %v", told, err)
	}
	c.Changes = "dirsync"
	if _, err := openTestLDAP(t, c).Test(t.Context()); err == nil {
		t.Error("DirSync without the right to it succeeds")
	}
}

func testADChanges(t *testing.T, c Config, d domain, kind string) {
	c.Changes = kind
	s := openTestLDAP(t, c)
	all := readLDAP(t, s, "")
	d.person("eva" + kind)
	d.person("leaver" + kind)
	d.person("mover" + kind)
	d.add("CN=Gone"+kind, "group", "sAMAccountName", "Gone"+kind)
	first := readLDAP(t, s, all.Next)
	if first.Full || len(first.records) != 4 || len(first.Notes) != 0 {
		t.Fatalf("after three people and a group were made: %v, full %v, notes %q", first.names, first.Full, first.Notes)
	}
	leaver, mover, gone := first.names["leaver"+kind+"@contoso.test"], first.names["mover"+kind+"@contoso.test"], first.names["Gone"+kind]

	d.set("CN=anna", "title", "Boss"+kind)
	d.set("CN=Writers", "member", "CN=anna"+staff, "CN=eva"+kind+staff)
	d.must(d.Del(ldap.NewDelRequest("CN=leaver"+kind+staff, nil)))
	d.must(d.Del(ldap.NewDelRequest("CN=Gone"+kind+staff, nil)))
	d.must(d.ModifyDN(ldap.NewModifyDNRequest("CN=mover"+kind+staff, "CN=mover"+kind, true, "CN=Users,DC=contoso,DC=test")))
	d.must(d.ModifyDN(ldap.NewModifyDNRequest("CN=eva"+kind+staff, "CN=renamed"+kind, true, "")))
	if changed, err := s.(Watching).Changed(t.Context(), first.Next); !changed || err != nil {
		t.Errorf("changed: %v, %v", changed, err)
	}
	then := readLDAP(t, s, first.Next)
	if then.names["anna@contoso.test"].Attributes["jobTitle"].String() != "Boss"+kind {
		t.Errorf("the changes are %v", then.names)
	}
	if writers := then.names["Writers"]; len(writers.Get("members").Texts()) != 2 {
		t.Errorf("the group is %+v", writers)
	}
	eva := then.names["eva"+kind+"@contoso.test"]
	if eva.Get("onPremisesDistinguishedName").String() != "CN=renamed"+kind+staff {
		t.Errorf("who was renamed is %+v", eva)
	}
	for typ, r := range map[string]Record{"User": leaver, "Group": gone} {
		if got := then.records[r.Anchor]; !got.Deleted || got.Type != typ {
			t.Errorf("who was deleted is %+v", got)
		}
	}
	if got := then.records[mover.Anchor]; !got.Deleted {
		t.Errorf("who was moved out of the base is %+v", got)
	}
	if changed, err := s.(Watching).Changed(t.Context(), then.Next); changed || err != nil {
		t.Errorf("changed although nothing was: %v, %v", changed, err)
	}
	if quiet := readLDAP(t, s, then.Next); len(quiet.records) != 0 || quiet.Full {
		t.Errorf("a quiet read: %v", quiet.names)
	}
	// What the changes left behind is what a full read sees.
	full := readLDAP(t, s, "")
	for anchor := range full.records {
		if _, ok := all.records[anchor]; !ok && then.records[anchor].Anchor == "" && first.records[anchor].Anchor == "" {
			t.Errorf("%s was never told as a change", anchor)
		}
	}
	writers := full.names["Writers"]
	for _, ref := range writers.Get("members").Texts() {
		if full.records[ref].Anchor == "" {
			t.Errorf("member %s of Writers is nobody, after a rename", ref)
		}
	}
}

// Another domain controller may not know everybody yet: everything is read, and
// only what is known to be deleted is.
func testADElsewhere(t *testing.T, c Config, d domain) {
	s := openTestLDAP(t, c)
	d.person("fritz")
	all := readLDAP(t, s, "")
	fritz := all.names["fritz@contoso.test"]
	d.must(d.Del(ldap.NewDelRequest("CN=fritz"+staff, nil)))
	l := s.(*ldapSource)
	mark, missed := l.resume(all.Next)
	if missed.why != "" {
		t.Fatal(missed)
	}
	for name, change := range map[string]func(*ldapMark){
		"another domain controller": func(m *ldapMark) { m.Controller = "CN=NTDS Settings,CN=DC2" },
		"restored":                  func(m *ldapMark) { m.Invocation = "another" },
		"restored without a trace":  func(m *ldapMark) { m.USN += 1_000_000 },
	} {
		m := mark
		m.Made = m.Made.Add(-2 * time.Hour) // the tests' clock is an hour ahead
		change(&m)
		then := readLDAP(t, s, m.String())
		if then.Full || len(then.Notes) == 0 || then.names["anna@contoso.test"].Anchor == "" || !then.records[fritz.Anchor].Deleted {
			t.Errorf("%s: full %v, notes %q, %d records, fritz %v", name, then.Full, then.Notes, len(then.records), then.records[fritz.Anchor])
		}
	}
	m := mark
	m.Made = m.Made.Add(-100 * 24 * time.Hour)
	if then := readLDAP(t, s, m.String()); !then.Full || len(then.Notes) == 0 {
		t.Errorf("long ago: full %v, notes %q", then.Full, then.Notes)
	}
	if m.Kind == byDirSync {
		m = mark
		m.Cookie = []byte("not a cookie")
		if then := readLDAP(t, s, m.String()); !then.Full || len(then.Notes) == 0 {
			t.Errorf("a cookie that is none: full %v, notes %q", then.Full, then.Notes)
		}
	}
}
