package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/rollcall-scim/rollcall/provision/expression"
	"github.com/rollcall-scim/rollcall/provision/source/slapdtest"
)

// anHourLater is a clock by which the entries of a test are long past.
func anHourLater() time.Time { return time.Now().Add(time.Hour) }

func openTestLDAP(t *testing.T, c Config) Source {
	t.Helper()
	c.Kind = "ldap"
	s, err := Open(t.Context(), c, Environment{Now: anHourLater})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// admins is a set-up that reads all of the test server.
func admins(s *slapdtest.Server) Config {
	return Config{URL: s.URL, BindDN: s.AdminDN, Password: s.Password, Base: []string{s.BaseDN}}
}

type readResult struct {
	Reading
	records map[string]Record // by anchor
	names   map[string]Record // by Name
}

func readLDAP(t *testing.T, s Source, since string) readResult {
	t.Helper()
	out := readResult{records: map[string]Record{}, names: map[string]Record{}}
	var err error
	out.Reading, err = s.Read(t.Context(), since, func(r Record) error {
		if before, ok := out.records[r.Anchor]; ok && !r.Deleted {
			t.Errorf("%s came twice, as %s and %s", r.Anchor, before.Name(), r.Name())
		}
		out.records[r.Anchor], out.names[r.Name()] = r, r
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const people = `dn: ou=People,dc=contoso,dc=test
objectClass: organizationalUnit
ou: People

dn: ou=Groups,dc=contoso,dc=test
objectClass: organizationalUnit
ou: Groups

`

// manyLDIF writes people p0 to p(n-1), a group All of them all, a group Few,
// and a group Nested that holds Few.
func manyLDIF(n int) *bytes.Buffer {
	b := bytes.NewBufferString(people)
	for i := range n {
		fmt.Fprintf(b, "dn: uid=p%d,ou=People,dc=contoso,dc=test\nobjectClass: inetOrgPerson\nuid: p%[1]d\ncn: Person %[1]d\nsn: Nr. %[1]d\nmail: p%[1]d@contoso.test\n"+
			"title: Tester\ndepartmentNumber: Sales\nmodifyTimestamp: 20200101000000Z\nuserPassword: hidden\ndescription: %s\n\n", i, strings.Repeat("x", 200))
	}
	b.WriteString(`dn: cn=unix,ou=Groups,dc=contoso,dc=test
objectClass: posixGroup
cn: unix
gidNumber: 7
memberUid: p1
memberUid: nobody-of-that-name
modifyTimestamp: 20200101000000Z

`) // first, so that looking its members up must not disturb the page that follows
	b.WriteString("dn: cn=All,ou=Groups,dc=contoso,dc=test\nobjectClass: groupOfNames\ncn: All\nmodifyTimestamp: 20200101000000Z\n")
	for i := range n {
		fmt.Fprintf(b, "member: uid=p%d,ou=People,dc=contoso,dc=test\n", i)
	}
	b.WriteString(`
dn: cn=Few,ou=Groups,dc=contoso,dc=test
objectClass: groupOfUniqueNames
cn: Few
uniqueMember: UID=P0, ou=people, DC=contoso,dc=test
modifyTimestamp: 20200101000000Z

dn: cn=Nested,ou=Groups,dc=contoso,dc=test
objectClass: groupOfNames
cn: Nested
member: cn=Few,ou=Groups,dc=contoso,dc=test
modifyTimestamp: 20200101000000Z
`)
	return b
}

func TestLDAPReads20000(t *testing.T) {
	server := slapdtest.Start(t, manyLDIF(20_000))
	s := openTestLDAP(t, admins(server))
	told, err := s.Test(t.Context())
	if err != nil || !strings.Contains(told, "OpenLDAP") || !strings.Contains(told, "people: 500 and more, groups: 4") || !strings.Contains(told, "modifyTimestamp") {
		t.Errorf("Test says %q, %v", told, err)
	}

	var people, groups, most int
	var members []string
	byRef := map[string]string{}
	before := heap()
	reading, err := s.Read(t.Context(), "", func(r Record) error {
		if r.Type == User {
			if people++; people%5000 == 0 {
				most = max(most, heap()-before)
			}
			return nil
		}
		groups++
		byRef[r.Ref] = r.Name()
		if r.Name() == "All" {
			members = r.Get("members").Texts()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !reading.Full || people != 20_000 || groups != 4 || len(members) != 20_000 {
		t.Errorf("full %v, %d people, %d groups, %d members of All", reading.Full, people, groups, len(members))
	}
	// 20,000 entries of half a kilobyte each are about 40 MB in memory.
	if most > 10<<20 {
		t.Errorf("the heap grew by %d kB while 20,000 people were read", most>>10)
	}
}

func heap() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

func TestLDAPRecords(t *testing.T) {
	server := slapdtest.Start(t, manyLDIF(30))
	c := admins(server)
	c.PageSize = 3
	// The second and third lie below the first, and must not be read again.
	c.Base = []string{"ou=People,dc=contoso,dc=test", server.BaseDN, "OU=people, DC=contoso, DC=test"}
	c.Attributes = map[string]string{"department": "description", "companyName": "title"}
	all := readLDAP(t, openTestLDAP(t, c), "")
	if len(all.records) != 34 {
		t.Fatalf("%d records instead of 30 people and 4 groups", len(all.records))
	}
	p := all.names["p1@contoso.test"]
	for name, want := range map[string]string{
		"userPrincipalName": "p1@contoso.test", "mail": "p1@contoso.test", "mailNickname": "p1", "uid": "p1", "displayName": "Person 1", "surname": "Nr. 1",
		"jobTitle": "Tester", "title": "Tester", "department": strings.Repeat("x", 200), "companyName": "Tester", "accountEnabled": "True", "objectId": p.Anchor,
		"onPremisesDistinguishedName": "uid=p1,ou=People,dc=contoso,dc=test",
	} {
		if got := p.Get(name); !got.Equal(expression.Text(want)) {
			t.Errorf("%s is %q instead of %q", name, got.Texts(), want)
		}
	}
	for _, name := range []string{"userPassword", "modifyTimestamp"} {
		if !p.Get(name).IsNull() {
			t.Errorf("%s was read", name)
		}
	}
	if len(p.Anchor) != 36 || p.Ref != "uid=p1,ou=people,dc=contoso,dc=test" {
		t.Errorf("anchor %q, ref %q", p.Anchor, p.Ref)
	}
	for group, want := range map[string][]string{
		"Few":    {"uid=p0,ou=people,dc=contoso,dc=test"},
		"Nested": {"cn=few,ou=groups,dc=contoso,dc=test"},
		"unix":   {"uid=p1,ou=people,dc=contoso,dc=test"},
	} {
		r := all.names[group]
		if got := r.Get("members"); !got.Equal(expression.List(want...)) {
			t.Errorf("members of %s are %q instead of %q", group, got.Texts(), want)
		}
	}
}

func TestLDAPEncrypts(t *testing.T) {
	server := slapdtest.Start(t, manyLDIF(1))
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(server.URL, "ldap://"))
	tests := []struct {
		name   string
		change func(*Config)
		fails  string // with this in its error
	}{
		{"StartTLS", func(c *Config) { c.StartTLS, c.CAFile = true, server.CAFile }, ""},
		{"StartTLS by name", func(c *Config) { c.URL, c.StartTLS, c.CAFile = "ldap://localhost:"+port, true, server.CAFile }, ""},
		{"ldaps", func(c *Config) { c.URL, c.CAFile = server.TLSURL, server.CAFile }, ""},
		{"StartTLS with an unknown authority", func(c *Config) { c.StartTLS = true }, "ca-file"},
		{"ldaps with an unknown authority", func(c *Config) { c.URL = server.TLSURL }, "ca-file"},
		{"anonymous", func(c *Config) { c.BindDN, c.Password = "", "" }, ""},
		{"wrong password", func(c *Config) { c.Password = "wr0ng" }, "correct bind-dn or password"},
		{"nobody there", func(c *Config) { c.URL = "ldap://127.0.0.1:1" }, "no connection to 127.0.0.1:1"},
		{"no such base", func(c *Config) { c.Base = []string{"ou=Nowhere,dc=contoso,dc=test"} }, "correct base"},
		{"nobody below the base", func(c *Config) { c.Base = []string{"ou=Groups,dc=contoso,dc=test"} }, "nobody is below"},
		{"a way of changes that the server has not", func(c *Config) { c.Changes = "dirsync" }, "is Active Directory's"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := admins(server)
			test.change(&c)
			_, err := openTestLDAP(t, c).Test(t.Context())
			switch {
			case test.fails == "" && err != nil:
				t.Error(err)
			case test.fails != "" && (err == nil || !strings.Contains(err.Error(), test.fails)):
				t.Errorf("the error is %v and should tell %q", err, test.fails)
			case err != nil && strings.Contains(err.Error(), "wr0ng"):
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
}

func TestLDAPRefusesPlainText(t *testing.T) {
	tests := []struct {
		name  string
		c     Config
		fails string
	}{
		{"far away", Config{URL: "ldap://ldap.example.com"}, "start-tls"},
		{"allowed", Config{URL: "ldap://ldap.example.com", PlainText: true}, ""},
		{"StartTLS", Config{URL: "ldap://ldap.example.com", StartTLS: true}, ""},
		{"this machine", Config{URL: "ldap://localhost"}, ""},
		{"no password", Config{URL: "ldaps://ldap.example.com", BindDN: "cn=reader"}, "password"},
		{"web address", Config{URL: "https://ldap.example.com"}, "ldaps://"},
		{"filter", Config{URL: "ldaps://ldap.example.com", UserFilter: "(uid=*"}, "user-filter"},
		{"base", Config{URL: "ldaps://ldap.example.com", Base: []string{"people"}}, "base"},
		{"no file", Config{URL: "ldaps://ldap.example.com", CAFile: "/nowhere.pem"}, "ca-file"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.c.Kind = "ldap"; test.c.Base == nil {
				test.c.Base = []string{"dc=example,dc=com"}
			}
			_, err := Open(t.Context(), test.c, Environment{})
			if test.fails == "" && err != nil || test.fails != "" && (err == nil || !strings.Contains(err.Error(), test.fails)) {
				t.Errorf("the error is %v and should tell %q", err, test.fails)
			}
		})
	}
}

// proxy passes bytes on to the server and hangs up after so many of its answer.
func proxy(t *testing.T, server string, after int64) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			back, err := net.Dial("tcp", strings.TrimPrefix(server, "ldap://"))
			if err != nil {
				client.Close()
				return
			}
			go io.Copy(back, client)
			go func() {
				io.CopyN(client, back, after)
				client.Close()
				back.Close()
			}()
		}
	}()
	return "ldap://" + l.Addr().String()
}

// A read that the server did not bring to its end is no reading (invariant I1).
func TestLDAPCutOffIsNoReading(t *testing.T) {
	server := slapdtest.Start(t, manyLDIF(2000))
	c := admins(server)
	c.PageSize = 100
	for _, after := range []int64{10_000, 50_000, 250_000, 555_555} {
		c.URL = proxy(t, server.URL, after)
		count := 0
		reading, err := openTestLDAP(t, c).Read(t.Context(), "", func(Record) error { count++; return nil })
		if err == nil || reading.Full || reading.Next != "" || !strings.Contains(err.Error(), "broke off") {
			t.Errorf("cut off after %d bytes and %d records: %+v, %v", after, count, reading, err)
		}
		if count >= 2004 {
			t.Errorf("the proxy cut nothing off; this test shows nothing")
		}
	}
}

func TestLDAPStops(t *testing.T) {
	server := slapdtest.Start(t, manyLDIF(600))
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	s := openTestLDAP(t, admins(server))
	_, err := s.Read(ctx, "", func(Record) error { cancel(enough); return nil })
	if !errors.Is(err, enough) {
		t.Errorf("the read ended with %v", err)
	}
	if again := readLDAP(t, s, ""); len(again.records) != 604 {
		t.Errorf("%d records after the connection was cut and made again", len(again.records))
	}
	_, err = s.Read(t.Context(), "", func(Record) error { return enough })
	if !errors.Is(err, enough) {
		t.Errorf("an error from each ends the read with %v", err)
	}
}

// Whoever is not AdminDN reads 500 entries at most, pages or not.
func TestLDAPSizeLimit(t *testing.T) {
	server := slapdtest.Start(t, manyLDIF(600))
	c := Config{URL: server.URL, Base: []string{server.BaseDN}, PageSize: 100}
	_, err := openTestLDAP(t, c).Read(t.Context(), "", func(Record) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "size.prtotal") {
		t.Errorf("the error is %v and should tell how to raise the limit", err)
	}
}

func TestLDAPChanges(t *testing.T) {
	server := slapdtest.Start(t, manyLDIF(50))
	s := openTestLDAP(t, admins(server))
	all := readLDAP(t, s, "")
	p3 := all.names["p3@contoso.test"]
	if changed, err := s.(Watching).Changed(t.Context(), all.Next); changed || err != nil {
		t.Errorf("changed before anything was: %v, %v", changed, err)
	}
	if quiet := readLDAP(t, s, all.Next); quiet.Full || quiet.Next != all.Next {
		t.Errorf("a quiet read: %+v", quiet.Reading)
	}

	admin := dialAdmin(t, server)
	modify := ldap.NewModifyRequest("uid=p1,ou=People,dc=contoso,dc=test", nil)
	modify.Replace("title", []string{"Boss"})
	rename := ldap.NewModifyDNRequest("uid=p3,ou=People,dc=contoso,dc=test", "uid=renamed", true, "")
	add := ldap.NewAddRequest("uid=new,ou=People,dc=contoso,dc=test", nil)
	for name, value := range map[string]string{"objectClass": "inetOrgPerson", "cn": "New", "sn": "New", "mail": "new@contoso.test"} {
		add.Attribute(name, []string{value})
	}
	if err := errors.Join(admin.Modify(modify), admin.ModifyDN(rename), admin.Add(add), admin.Del(ldap.NewDelRequest("uid=p4,ou=People,dc=contoso,dc=test", nil))); err != nil {
		t.Fatal(err)
	}

	if changed, err := s.(Watching).Changed(t.Context(), all.Next); !changed || err != nil {
		t.Errorf("changed: %v, %v", changed, err)
	}
	some := readLDAP(t, s, all.Next)
	if some.Full || some.names["p1@contoso.test"].Attributes["jobTitle"].String() != "Boss" || some.names["new@contoso.test"].Anchor == "" {
		t.Errorf("the changes are %v, full %v", some.names, some.Full)
	}
	if moved := some.records[p3.Anchor]; moved.Ref != "uid=renamed,ou=people,dc=contoso,dc=test" {
		t.Errorf("who was renamed is %+v", moved)
	}
	again := readLDAP(t, s, "")
	if _, there := again.names["p4@contoso.test"]; there || !again.Full || len(again.records) != 54 {
		t.Errorf("a full read after one was deleted and one made: %d records, full %v", len(again.records), again.Full)
	}
	if other := readLDAP(t, s, "not a watermark"); !other.Full || len(other.Notes) == 0 {
		t.Errorf("a read from a strange watermark: %+v", other.Reading)
	}
}

func dialAdmin(t *testing.T, s *slapdtest.Server) *ldap.Conn {
	t.Helper()
	conn, err := ldap.DialURL(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.Bind(s.AdminDN, s.Password); err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestLDAPFinds(t *testing.T) {
	server := slapdtest.Start(t, manyLDIF(5))
	s := openTestLDAP(t, admins(server))
	anchor := readLDAP(t, s, "").names["p1@contoso.test"].Anchor
	for _, name := range []string{anchor, strings.ToUpper(anchor), "P1", "p1@CONTOSO.test", "person 1", "UID=p1, OU=People,dc=contoso,dc=test"} {
		found, err := s.Find(t.Context(), User, name)
		if err != nil || len(found) != 1 || found[0].Anchor != anchor {
			t.Errorf("%q finds %v, %v", name, found, err)
		}
	}
	for _, name := range []string{"p*", "*", "p1)(uid=*", "nobody", "uid=nobody,dc=contoso,dc=test", "uid=p1,ou=People,dc=elsewhere,dc=test", `\`, ""} {
		if found, err := s.Find(t.Context(), User, name); err != nil || len(found) != 0 {
			t.Errorf("%q finds %v, %v", name, found, err)
		}
	}
	if found, err := s.Find(t.Context(), Group, "all"); err != nil || len(found) != 1 || len(found[0].Get("members").Texts()) != 5 {
		t.Errorf("the group is %v, %v", found, err)
	}
	if found, err := s.Find(t.Context(), Group, "p1"); err != nil || len(found) != 0 {
		t.Errorf("a person is found among groups: %v, %v", found, err)
	}
}

func TestLDAPAnchorOfOnesChoice(t *testing.T) {
	ldif := bytes.NewBufferString(people)
	for name, number := range map[string]string{"anna": "1", "bert": "2", "berta": "2", "carl": ""} {
		fmt.Fprintf(ldif, "dn: uid=%s,ou=People,dc=contoso,dc=test\nobjectClass: inetOrgPerson\nuid: %[1]s\ncn: %[1]s\nsn: %[1]s\n", name)
		if number != "" {
			fmt.Fprintf(ldif, "employeeNumber: %s\n", number)
		}
		ldif.WriteString("\n")
	}
	c := admins(slapdtest.Start(t, ldif))
	c.Anchor = "employeeNumber"
	all := readLDAP(t, openTestLDAP(t, c), "")
	if len(all.records) != 1 || all.names["anna"].Anchor != "1" {
		t.Errorf("the records are %v", all.records)
	}
	if len(all.Faulty) != 1 || all.Faulty[0].Anchor != "2" || !strings.Contains(all.Faulty[0].Why, "uid=berta,") || !strings.Contains(all.Faulty[0].Why, "uid=bert,") {
		t.Errorf("the faults are %+v", all.Faulty)
	}
	if !slices.ContainsFunc(all.Notes, func(n string) bool { return strings.Contains(n, "uid=carl,") }) {
		t.Errorf("the notes are %q", all.Notes)
	}
}

// Somebody who is moved while everything is read, from a base that is still to
// come to one that is done with, is met all the same.
func TestLDAPMovedMeanwhile(t *testing.T) {
	server := slapdtest.Start(t, manyLDIF(10))
	admin := dialAdmin(t, server)
	c := admins(server)
	c.Kind, c.Base = "ldap", []string{"ou=Groups,dc=contoso,dc=test", "ou=People,dc=contoso,dc=test"}
	s, err := Open(t.Context(), c, Environment{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	boss := ldap.NewAddRequest("uid=boss,ou=Groups,dc=contoso,dc=test", nil)
	for name, value := range map[string]string{"objectClass": "inetOrgPerson", "cn": "Boss", "sn": "Boss"} {
		boss.Attribute(name, []string{value})
	}
	if err := admin.Add(boss); err != nil {
		t.Fatal(err)
	}
	met := map[string]bool{}
	reading, err := s.Read(t.Context(), "", func(r Record) error {
		if r.Name() == "boss" && len(met) == 0 { // the first base was answered, the second not asked
			if err := admin.ModifyDN(ldap.NewModifyDNRequest("uid=p7,ou=People,dc=contoso,dc=test", "uid=p7", true, "ou=Groups,dc=contoso,dc=test")); err != nil {
				return err
			}
		}
		met[r.Name()] = true
		return nil
	})
	if err != nil || !reading.Full || !met["p7@contoso.test"] || !met["boss"] || len(met) != 15 {
		t.Errorf("%+v, %v; met were %v", reading, err, met)
	}
}
