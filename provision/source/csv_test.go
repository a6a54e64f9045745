package source

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"pgregory.net/rapid"
)

// csvFolder writes files that are an hour old, so that nobody waits for them.
func csvFolder(t interface {
	Helper()
	Fatal(...any)
	TempDir() string
}, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		old := time.Now().Add(-time.Hour)
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func openTest(t *testing.T, c Config) Source {
	t.Helper()
	s, err := Open(t.Context(), c, Environment{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func readTest(t *testing.T, s Source, since string) (map[string]Record, Reading) {
	t.Helper()
	got := map[string]Record{}
	reading, err := s.Read(t.Context(), since, func(r Record) error {
		if _, again := got[r.Type+" "+r.Anchor]; again {
			t.Errorf("%s %s came twice", r.Type, r.Anchor)
		}
		got[r.Type+" "+r.Anchor] = r
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got, reading
}

const peopleCSV = "employeeId,UserPrincipalName,First name,sn,Manager,enabled,skills\r\n" +
	"1,anna@contoso.test,Anna,Aalto,,yes,Go|SQL\r\n" +
	"2,bert@contoso.test,\"Bert\r\nthe \"\"Bear\"\"\",Berg,1,no,Go\r\n"

func TestCSVPeople(t *testing.T) {
	dir := csvFolder(t, map[string]string{"people.csv": peopleCSV})
	s := openTest(t, Config{Kind: "csv", Path: dir + "/people.csv"})
	got, reading := readTest(t, s, "")
	if len(got) != 2 || !reading.Full || reading.Next == "" {
		t.Fatalf("%d records, %+v", len(got), reading)
	}
	bert := got["User 2"]
	for name, want := range map[string]string{
		"userPrincipalName": "bert@contoso.test", "givenName": "Bert\nthe \"Bear\"", "surname": "Berg", "sn": "Berg", "First name": "Bert\nthe \"Bear\"",
		"manager": "1", "accountEnabled": "False", "objectId": "2", "employeeId": "2",
	} {
		if v := bert.Get(name); v.String() != want {
			t.Errorf("%s = %q, want %q", name, v, want)
		}
	}
	if anna := got["User 1"]; !anna.Get("skills").Many() || len(anna.Get("skills").Texts()) != 2 || !anna.Get("manager").IsNull() {
		t.Errorf("anna: %v", anna.Attributes)
	}
	found, err := s.Find(t.Context(), User, "ANNA@contoso.test")
	if err != nil || len(found) != 1 || found[0].Anchor != "1" {
		t.Errorf("Find: %v %v", found, err)
	}
}

// utf16Bytes writes text as UTF-16.
func utf16Bytes(text string, order binary.ByteOrder, bom bool) string {
	var b []byte
	if bom {
		text = "\ufeff" + text
	}
	for _, u := range utf16.Encode([]rune(text)) {
		b = order.(binary.AppendByteOrder).AppendUint16(b, u)
	}
	return string(b)
}

// Whatever way a spreadsheet writes a file, the same people are read from it.
func TestCSVForms(t *testing.T) {
	const plainText = "id,displayName,mail\n1,Åsa Öberg,a@x.test\n2,\"Bo, Bi; Ba\",b@x.test\n"
	with := func(d string) string {
		return "id" + d + "displayName" + d + "mail\n1" + d + "Åsa Öberg" + d + "a@x.test\n2" + d + "\"Bo, Bi; Ba\"" + d + "b@x.test\n"
	}
	latin := strings.NewReplacer("Å", "\xc5", "Ö", "\xd6").Replace(plainText)
	for name, text := range map[string]string{
		"utf-8": plainText, "bom": "\ufeff" + plainText, "utf-16 le": utf16Bytes(plainText, binary.LittleEndian, true),
		"utf-16 be": utf16Bytes(plainText, binary.BigEndian, true), "utf-16 without a mark": utf16Bytes(plainText, binary.LittleEndian, false),
		"windows-1252": latin, "semicolon": with(";"), "tab": with("\t"), "pipe": with("|"), "excel": "sep=;\r\n" + with(";"),
	} {
		t.Run(name, func(t *testing.T) {
			dir := csvFolder(t, map[string]string{"users.csv": text})
			got, reading := readTest(t, openTest(t, Config{Kind: "csv", Path: dir}), "")
			a, b := got["User 1"], got["User 2"]
			if a.Get("displayName").String() != "Åsa Öberg" || b.Get("displayName").String() != "Bo, Bi; Ba" || b.Get("mail").String() != "b@x.test" {
				t.Errorf("%v %v %v", a.Attributes, b.Attributes, reading.Notes)
			}
		})
	}
}

// A file that is not whole gives nobody out.
func TestCSVIncomplete(t *testing.T) {
	for _, c := range []struct {
		name, text, want string
		config           Config
	}{
		{"no last line break", "id,mail\n1,a@x.test\n2,b@x", "line 3 is the last", Config{}},
		{"half a row", "id,mail\n1,a@x.test\n2\n", "line 3 has 1 fields and the header 2", Config{}},
		{"open quote", "id,mail\n1,\"a@x.test\n", "quotes", Config{}},
		{"only a header", "id,mail\n", "no rows", Config{}},
		{"nothing", "", "is empty", Config{}},
		{"fewer than ever", "id,mail\n1,a@x.test\n", "min-rows is 2", Config{MinRows: 2}},
		{"no trailer", "id,mail\n1,a@x.test\n", "not complete", Config{Trailer: "#rows"}},
		{"another number", "id,mail\n1,a@x.test\n#rows,2\n", "last line says 2", Config{Trailer: "#rows"}},
		{"after the trailer", "id,mail\n1,a@x.test\n#rows,1\n2,b@x.test\n", "after the trailer", Config{Trailer: "#rows"}},
		{"wrong encoding", "id,name\n1,\xc5sa\n", "line 2: name is not UTF-8", Config{Encoding: "utf-8"}},
		{"two columns of a name", "id,mail,Mail\n1,a,b\n", "both called mail", Config{}},
		{"no key", "colour,mail\n1,a\n", "set anchor", Config{}},
		{"another key", "badge,mail\n1,a\n", "did you mean badge", Config{Anchor: "bagde"}},
		{"another attribute", "id,mial\n1,a\n", "no column mail", Config{Attributes: map[string]string{"userPrincipalName": "mail"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.config.Kind, c.config.Path = "csv", csvFolder(t, map[string]string{"users.csv": c.text})
			_, err := openTest(t, c.config).Read(t.Context(), "", func(r Record) error {
				t.Errorf("gave out %s", r.Anchor)
				return nil
			})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
	dir := csvFolder(t, map[string]string{"users.csv": "id,mail\n1,a@x.test\n#rows,1"})
	if got, _ := readTest(t, openTest(t, Config{Kind: "csv", Path: dir, Trailer: "#rows"}), ""); len(got) != 1 {
		t.Error("a file that ends with a right trailer is complete without a line break")
	}
}

func TestCSVDuplicates(t *testing.T) {
	dir := csvFolder(t, map[string]string{"users.csv": "id,mail\n1,a@x.test\n2,b@x.test\n1,c@x.test\n,d@x.test\n 1 ,e@x.test\n"})
	got, reading := readTest(t, openTest(t, Config{Kind: "csv", Path: dir}), "")
	if len(got) != 1 || got["User 2"].Anchor != "2" {
		t.Errorf("gave out %v", got)
	}
	if reading.Full {
		t.Error("full, with a row that could be anybody's")
	}
	if len(reading.Faulty) != 1 || reading.Faulty[0].Anchor != "1" || !strings.Contains(reading.Faulty[0].Why, "users.csv line 2, users.csv line 4, users.csv line 6") {
		t.Errorf("faulty: %+v", reading.Faulty)
	}
	if notes := strings.Join(reading.Notes, "\n"); !strings.Contains(notes, "no id in line 5") {
		t.Errorf("notes: %s", notes)
	}
}

func TestCSVGroups(t *testing.T) {
	dir := csvFolder(t, map[string]string{
		"users.csv":   "id,mail,manager\n1,Anna@x.test,\n2,bert@x.test,ANNA@x.test\n",
		"groups.csv":  "id,name\ng1,Staff\ng2,Empty\n",
		"members.csv": "group,member\ng1,bert@x.test\ng9,anna@x.test\ng1,ANNA@X.test\n",
	})
	s := openTest(t, Config{Kind: "csv", Path: dir, Reference: "mail"})
	got, reading := readTest(t, s, "")
	anna, bert, staff := got["User 1"], got["User 2"], got["Group g1"]
	if anna.Ref != "anna@x.test" || bert.Get("manager").String() != anna.Ref {
		t.Errorf("ref %q, manager %q", anna.Ref, bert.Get("manager"))
	}
	if !slices.Equal(staff.Get("members").Texts(), []string{bert.Ref, anna.Ref}) || staff.Get("displayName").String() != "Staff" {
		t.Errorf("staff: %v", staff.Attributes)
	}
	if members := got["Group g2"].Attributes["members"]; !members.Many() || len(members.Texts()) != 0 {
		t.Errorf("empty group: %v", members)
	}
	if err := os.Remove(dir + "/members.csv"); err != nil {
		t.Fatal(err)
	}
	if changed, err := s.(Watching).Changed(t.Context(), reading.Next); err != nil || !changed {
		t.Errorf("changed %v %v", changed, err)
	}
	_, err := s.Read(t.Context(), reading.Next, func(Record) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "members.csv was there and is gone") {
		t.Errorf("a file that vanished: %v", err)
	}
}

// A file that grows while it is looked at, or is written during the reading, is
// refused.
func TestCSVStillWritten(t *testing.T) {
	dir := csvFolder(t, map[string]string{"users.csv": "id\n1\n"})
	path := dir + "/users.csv"
	grow := func() {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(f, "2")
		f.Close()
	}
	info, _ := os.Stat(path)
	waited := 0
	s := &csvSource{c: Config{Path: path}, now: func() time.Time { return info.ModTime().Add(time.Second) },
		wait: func(context.Context, time.Duration) error { waited++; grow(); return nil }}
	if _, err := s.Read(t.Context(), "", func(Record) error { t.Error("gave somebody out"); return nil }); err == nil || waited != 1 {
		t.Errorf("grew while we waited: %v", err)
	}
	s.now = func() time.Time { return time.Now().Add(time.Hour) }
	_, err := s.Read(t.Context(), "", func(r Record) error {
		if r.Anchor == "1" {
			grow()
		}
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "still being written") {
		t.Errorf("written during the reading: %v", err)
	}
	stop := errors.New("stop")
	if _, err := s.Read(t.Context(), "", func(Record) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("each's error: %v", err)
	}
}

// A prefix of a file with a trailer is never taken for the whole file.
func TestCSVPrefixes(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 20).Draw(t, "rows")
		text := "id,mail,skills\n"
		for i := range n {
			text += fmt.Sprintf("%d,p%d@x.test,%q\n", i, i, rapid.StringMatching(`[a-z ,\n]{0,8}`).Draw(t, "skills"))
		}
		text = strings.ReplaceAll(text, `\n`, "\n") + fmt.Sprintf("#rows,%d\n", n)
		cut := rapid.IntRange(0, len(text)).Draw(t, "cut")
		path := filepath.Join(dir, "users.csv")
		if err := os.WriteFile(path, []byte(text[:cut]), 0o600); err != nil {
			t.Fatal(err)
		}
		s := &csvSource{c: Config{Path: path, Trailer: "#rows"}, now: func() time.Time { return time.Now().Add(time.Hour) }, wait: pause}
		got := 0
		_, err := s.Read(context.Background(), "", func(Record) error { got++; return nil })
		// The trailer without its line break is still a trailer, and 1 may be
		// what is left of 12.
		if whole := cut >= len(text)-1; whole != (err == nil) || err != nil && got > 0 {
			t.Fatalf("%d of %d bytes: %d given out, %v", cut, len(text), got, err)
		}
	})
}
