package source

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
)

// oddServer speaks just enough LDAP to answer in ways that a healthy server does
// not, or only with more data than a test should have.
type oddServer struct {
	bind   int    // the result code of a bind
	reason string // with this diagnostic message
	// search answers the n-th search below a base.
	search func(n int, base, filter string, attributes []string) oddAnswer
}

type oddAnswer struct {
	entries  []oddEntry
	code     int
	cookie   string // of the paged results control; none is sent when unpaged
	unpaged  bool
	referral string
}

type oddEntry struct {
	dn         string
	attributes map[string][]string
}

func (s oddServer) start(t *testing.T) Config {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(conn)
		}
	}()
	return Config{URL: "ldap://" + l.Addr().String(), Base: []string{"DC=contoso,DC=test"}, BindDN: "reader", Password: "secret"}
}

func (s oddServer) serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for n := 0; ; {
		message, err := readBER(in)
		if err != nil {
			return
		}
		id, op := message.children()[0].encoded(), message.children()[1]
		send := func(tag byte, control []byte, parts ...[]byte) {
			conn.Write(ber(0x30, id, ber(tag, parts...), control))
		}
		switch op.tag {
		case 0x60:
			send(0x61, nil, ber(0x0a, []byte{byte(s.bind)}), octets(""), octets(s.reason))
		case 0x63:
			parts := op.children()
			base := string(parts[0].content)
			var wanted []string
			for _, a := range parts[7].children() {
				wanted = append(wanted, string(a.content))
			}
			answer := s.search(n, base, string(parts[6].content), wanted)
			if strings.HasSuffix(base, "DC=contoso,DC=test") && base[0] == 'D' {
				n++
			}
			for _, e := range answer.entries {
				var attributes []byte
				for name, values := range e.attributes {
					var all []byte
					for _, v := range values {
						all = append(all, octets(v)...)
					}
					attributes = append(attributes, ber(0x30, octets(name), ber(0x31, all))...)
				}
				send(0x64, nil, octets(e.dn), ber(0x30, attributes))
			}
			if answer.referral != "" {
				send(0x73, nil, octets(answer.referral))
			}
			var control []byte
			if !answer.unpaged {
				value := ber(0x30, ber(0x02, []byte{0}), octets(answer.cookie))
				control = ber(0xa0, ber(0x30, octets("1.2.840.113556.1.4.319"), octets(string(value))))
			}
			send(0x65, control, ber(0x0a, []byte{byte(answer.code)}), octets(""), octets(""))
		default:
			return
		}
	}
}

// element is one of BER (X.690), as far as LDAP needs it.
type element struct {
	tag     byte
	content []byte
}

func readBER(r *bufio.Reader) (element, error) {
	tag, err := r.ReadByte()
	if err != nil {
		return element{}, err
	}
	first, err := r.ReadByte()
	length := int(first)
	if first >= 0x80 {
		length = 0
		for range first & 0x7f {
			var b byte
			b, err = r.ReadByte()
			length = length<<8 | int(b)
		}
	}
	if err != nil {
		return element{}, err
	}
	content := make([]byte, length)
	_, err = io.ReadFull(r, content)
	return element{tag, content}, err
}

func (e element) children() (all []element) {
	r := bufio.NewReader(strings.NewReader(string(e.content)))
	for {
		child, err := readBER(r)
		if err != nil {
			return all
		}
		all = append(all, child)
	}
}

func (e element) encoded() []byte { return ber(e.tag, e.content) }

func ber(tag byte, parts ...[]byte) []byte {
	content := slices.Concat(parts...)
	n := len(content)
	return append([]byte{tag, 0x83, byte(n >> 16), byte(n >> 8), byte(n)}, content...)
}

func octets(s string) []byte { return ber(0x04, []byte(s)) }

var oddRoot = oddAnswer{unpaged: true, entries: []oddEntry{{"", map[string][]string{"namingContexts": {"DC=contoso,DC=test"}, "vendorName": {"Odd"}}}}}

func oddPerson(uid string) oddEntry {
	return oddEntry{"uid=" + uid + ",DC=contoso,DC=test", map[string][]string{"uid": {uid}, "modifyTimestamp": {"20200101000000.123Z"},
		"entryUUID": {fmt.Sprintf("00000000-0000-0000-0000-%012x", uid)}}}
}

// A server that ends a read in any other way than by saying that this was all
// gets an error with its cure, and never a Reading (invariant I1).
func TestLDAPIncomplete(t *testing.T) {
	tests := []struct {
		name string
		last oddAnswer // after a first page
		cure string
	}{
		{"time limit", oddAnswer{code: 3}, "time limit"},
		{"size limit", oddAnswer{code: 4, entries: []oddEntry{oddPerson("b")}}, "size.prtotal"},
		{"referral", oddAnswer{code: 10}, "put that one into url"},
		{"admin limit", oddAnswer{code: 11}, "limit of the server"},
		{"rights", oddAnswer{code: 50}, "right to read"},
		{"busy", oddAnswer{code: 51}, "tries again"},
		{"unavailable", oddAnswer{code: 52}, "tries again"},
		{"unwilling", oddAnswer{code: 53}, "refuses"},
		{"other", oddAnswer{code: 80}, "server's log"},
		{"paging forgotten", oddAnswer{unpaged: true, entries: []oddEntry{oddPerson("b")}}, "stopped paging"},
		{"for ever", oddAnswer{cookie: "more"}, "again and again"},
		{"no entryUUID", oddAnswer{entries: []oddEntry{{"uid=x,DC=contoso,DC=test", map[string][]string{"uid": {"x"}}}}}, "set anchor"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := oddServer{search: func(n int, base, _ string, _ []string) oddAnswer {
				switch {
				case base == "":
					return oddRoot
				case n == 0:
					return oddAnswer{entries: []oddEntry{oddPerson("a")}, cookie: "more"}
				}
				return test.last
			}}.start(t)
			reading, err := openTestLDAP(t, c).Read(t.Context(), "", func(Record) error { return nil })
			if err == nil || reading.Full || reading.Next != "" || !strings.Contains(err.Error(), test.cure) {
				t.Errorf("%+v, and the error is %v and should tell %q", reading, err, test.cure)
			}
		})
	}
}

func TestLDAPReferralsAreTold(t *testing.T) {
	c := oddServer{search: func(n int, base, _ string, _ []string) oddAnswer {
		switch {
		case base == "":
			return oddRoot
		case n == 0:
			return oddAnswer{entries: []oddEntry{oddPerson("a")}, referral: "ldap://other.test/OU=Far,DC=elsewhere,DC=test"}
		}
		return oddAnswer{referral: "ldap://other.test/OU=Near,DC=contoso,DC=test"}
	}}.start(t)
	all := readLDAP(t, openTestLDAP(t, c), "")
	if !all.Full || len(all.records) != 1 || len(all.Notes) != 1 || !strings.Contains(all.Notes[0], "OU=Far") || strings.Contains(all.Notes[0], "OU=Near") {
		t.Errorf("%+v", all.Reading)
	}
}

func TestADBindErrors(t *testing.T) {
	for data, cure := range map[string]string{
		"525": "no account", "52e": "password is wrong", "530": "logon hours", "531": "workstations", "532": "expired", "533": "disabled",
		"701": "later end", "773": "must change", "775": "unlock", "fff": "correct bind-dn or password",
	} {
		c := oddServer{bind: 49, reason: "80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data " + data + ", v2580\x00"}.start(t)
		_, err := openTestLDAP(t, c).Test(t.Context())
		if err == nil || !strings.Contains(err.Error(), cure) || strings.Contains(err.Error(), c.Password) {
			t.Errorf("data %s: the error is %v and should tell %q", data, err, cure)
		}
	}
}

// oddAD is a domain controller with one person and one group of so many members,
// which it sends by threes. It refuses DirSync.
func oddAD(members int) oddServer {
	member := func(i int) string { return fmt.Sprintf("CN=m%d,DC=contoso,DC=test", i) }
	span := func(from int) (string, []string) {
		to := min(from+3, members)
		var values []string
		for i := from; i < to; i++ {
			values = append(values, member(i))
		}
		if to == members {
			return fmt.Sprintf("member;range=%d-*", from), values
		}
		return fmt.Sprintf("member;range=%d-%d", from, to-1), values
	}
	guid := func(s string) []string { return []string{(s + "................")[:16]} }
	return oddServer{search: func(_ int, base, filter string, attributes []string) oddAnswer {
		one := func(dn string, of map[string][]string) oddAnswer {
			return oddAnswer{entries: []oddEntry{{dn, of}}}
		}
		switch {
		case base == "":
			return one("", map[string][]string{"namingContexts": {"DC=contoso,DC=test"}, "supportedCapabilities": {oidActiveDirectory}, "dsServiceName": {"CN=DC1"}, "highestCommittedUSN": {"77"}})
		case base == "CN=DC1":
			return one(base, map[string][]string{"invocationId": guid("first")})
		case strings.HasPrefix(base, "CN=Deleted Objects"):
			return oddAnswer{code: 32}
		case strings.HasPrefix(base, "<GUID="):
			var from int
			fmt.Sscanf(attributes[0], "member;range=%d-*", &from)
			name, values := span(from)
			return one("CN=Large,DC=contoso,DC=test", map[string][]string{name: values})
		case strings.Contains(filter, "person"):
			return one("CN=m1,DC=contoso,DC=test", map[string][]string{"objectGUID": guid("m1"), "cn": {"m1"}})
		case strings.Contains(filter, "group"):
			name, values := span(0)
			return one("CN=Large,DC=contoso,DC=test", map[string][]string{"objectGUID": guid("Large"), "cn": {"Large"}, "member": {}, name: values})
		}
		return oddAnswer{code: 50}
	}}
}

func TestADRanges(t *testing.T) {
	for _, members := range []int{1, 3, 4, 3000} {
		s := openTestLDAP(t, oddAD(members).start(t))
		all := readLDAP(t, s, "")
		got := all.names["Large"].Attributes["members"].Texts()
		if len(got) != members || got[members-1] != fmt.Sprintf("cn=m%d,dc=contoso,dc=test", members-1) {
			t.Errorf("%d of %d members came", len(got), members)
		}
		if !strings.Contains(all.Next, `"usn":77`) || !strings.Contains(all.Next, `"kind":"usn"`) {
			t.Errorf("the watermark is %s", all.Next)
		}
		if notes := strings.Join(all.Notes, " "); !strings.Contains(notes, "DirSync") || !strings.Contains(notes, "deleted objects") {
			t.Errorf("the notes are %q", all.Notes)
		}
	}
}
