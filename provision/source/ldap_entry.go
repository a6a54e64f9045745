package source

import (
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-ldap/ldap/v3"

	"github.com/rollcall-scim/rollcall/provision/expression"
	"github.com/rollcall-scim/rollcall/scim"
)

// ownAnchor is the attribute that the server itself keeps unique and unchanged,
// through renames and moves (RFC 4530).
func (l *ldapSource) ownAnchor() string {
	if l.server.ad {
		return "objectGUID"
	}
	return "entryUUID"
}

func (l *ldapSource) anchor() string {
	if l.c.Anchor != "" {
		return l.c.Anchor
	}
	return l.ownAnchor()
}

func (l *ldapSource) anchorOf(e *ldap.Entry) string {
	for _, a := range e.Attributes {
		if strings.EqualFold(a.Name, l.anchor()) {
			if texts := readable(a); len(texts) > 0 {
				return texts[0]
			}
		}
	}
	return ""
}

// ldapNames are where Entra's attributes come from in LDAP: the first attribute
// that the entry has.
var ldapNames = []struct {
	entra string
	from  []string
}{
	{"userPrincipalName", []string{"mail", "uid"}},
	{"mailNickname", []string{"uid", "sAMAccountName"}},
	{"displayName", []string{"cn"}},
	{"surname", []string{"sn"}},
	{"jobTitle", []string{"title"}},
	{"department", []string{"departmentNumber", "ou"}},
	{"companyName", []string{"company", "o"}},
	{"employeeId", []string{"employeeNumber"}},
	{"streetAddress", []string{"street", "postalAddress"}},
	{"city", []string{"l"}},
	{"state", []string{"st"}},
	{"country", []string{"co", "c"}},
	{"onPremisesSamAccountName", []string{"sAMAccountName"}},
	{"onPremisesSecurityIdentifier", []string{"objectSid"}},
}

// secret attributes are passwords and keys; they never leave the server's
// answer.
var secret = []string{"userpassword", "unicodepwd", "ntpwdhistory", "lmpwdhistory", "dbcspwd", "supplementalcredentials", "sambantpassword",
	"sambalmpassword", "sambapasswordhistory", "krbprincipalkey", "ms-mcs-admpwd", "mslaps-password", "pwdhistory"}

// restless attributes change without anybody's doing, at every logon or
// replication; a person would be looked at again for nothing. The set-up's
// attributes may name one all the same.
var restless = []string{"usnchanged", "usncreated", "whenchanged", "modifytimestamp", "dscorepropagationdata", "lastlogon", "lastlogoff", "logoncount",
	"badpwdcount", "badpasswordtime"}

// leftOut says that the attribute does not become part of records.
func (l *ldapSource) leftOut(name string) bool {
	if strings.Contains(name, ";") || slices.Contains(secret, name) {
		return true
	}
	return slices.Contains(restless, name) && !slices.ContainsFunc(slices.Collect(maps.Values(l.c.Attributes)), func(own string) bool { return strings.EqualFold(own, name) })
}

// record makes a record of an entry, whose attributes are complete.
func (l *ldapSource) record(typ string, e *ldap.Entry) Record {
	dn := plainDN(e.DN)
	r := Record{Type: typ, Anchor: l.anchorOf(e), Attributes: map[string]expression.Value{}}
	if !l.server.guidRefs || l.c.Anchor != "" {
		r.Ref = l.refOf(e)
	}
	var members []string
	for _, a := range e.Attributes {
		switch name := strings.ToLower(a.Name); {
		case len(a.Values) == 0 || l.leftOut(name):
		case typ == Group && (name == "member" || name == "uniquemember"):
			members = append(members, refs(a.Values)...)
		case name == "manager":
			r.Attributes["manager"] = expression.Text(refs(a.Values)[0])
		default:
			r.put(a.Name, readable(a))
		}
	}
	if typ == Group {
		r.Attributes["members"] = distinct(members)
	} else {
		r.Attributes["accountEnabled"] = expression.Bool(enabled(e))
	}
	r.Attributes["onPremisesDistinguishedName"] = expression.Text(dn)
	r.Attributes["objectId"] = expression.Text(r.Anchor)
	l.name(&r)
	return r
}

// name gives Entra's names to what LDAP calls otherwise, the set-up's wish
// before ours.
func (l *ldapSource) name(r *Record) {
	own := map[string]expression.Value{}
	for name, v := range r.Attributes {
		own[strings.ToLower(name)] = v
	}
	for _, n := range ldapNames {
		if r.Type == Group && n.entra == "userPrincipalName" {
			continue
		}
		if v := r.Get(n.entra); !v.IsEmpty() {
			continue
		}
		for _, from := range n.from {
			if v := own[strings.ToLower(from)]; !v.IsEmpty() {
				r.Attributes[n.entra] = expression.Text(lines(from, v.String()))
				break
			}
		}
	}
	l.c.named(r)
}

// lines of a postalAddress end with a dollar sign (RFC 4517 section 3.3.28).
func lines(attribute, text string) string {
	if attribute != "postalAddress" {
		return text
	}
	return strings.ReplaceAll(text, "$", "\n")
}

// put stores the texts under the name, in Entra's spelling where it is one of
// Entra's. Entra's attributes are single but for a few; of LDAP's others, those
// with several values are lists.
func (r *Record) put(name string, texts []string) {
	entra, ours := spelled[strings.ToLower(name)]
	switch {
	case len(texts) == 0:
	case ours && isList(entra):
		r.Attributes[entra] = expression.List(texts...)
	case ours:
		r.Attributes[entra] = expression.Text(texts[0])
	case len(texts) > 1 || strings.EqualFold(name, "objectClass"):
		r.Attributes[name] = expression.List(texts...)
	default:
		r.Attributes[name] = expression.Text(texts[0])
	}
}

// readable are the attribute's values as texts; binary ones that have no usual
// form as text are left out.
func readable(a *ldap.EntryAttribute) (texts []string) {
	for i, value := range a.ByteValues {
		switch name := strings.ToLower(a.Name); {
		case name == "objectguid":
			texts = append(texts, guidText(value))
		case name == "objectsid" || name == "sidhistory":
			texts = append(texts, sidText(value))
		case utf8.Valid(value) && !slices.Contains(value, 0):
			texts = append(texts, plainDN(a.Values[i]))
		}
	}
	return texts
}

// enabled says whether the person may sign in. A lock that ends by itself, after
// wrong passwords, is not meant.
func enabled(e *ldap.Entry) bool {
	if control := e.GetEqualFoldAttributeValue("userAccountControl"); control != "" {
		const disabled = 2 // ADS_UF_ACCOUNTDISABLE
		bits, err := strconv.ParseInt(control, 10, 64)
		return err != nil || bits&disabled == 0
	}
	// "000001010000Z" is a lock by an administrator (draft-behera-ldap-password-policy).
	return e.GetEqualFoldAttributeValue("pwdAccountLockedTime") != "000001010000Z" &&
		!strings.EqualFold(e.GetEqualFoldAttributeValue("nsAccountLock"), "true")
}

// refOf is what members and manager of other entries will call this one.
func (l *ldapSource) refOf(e *ldap.Entry) string {
	if !l.server.guidRefs {
		return dnRef(e.DN)
	}
	return refs([]string{e.DN})[0]
}

// refs are references to entries: the objectGUID where Active Directory put it
// before the name, which a rename does not change, and else the distinguished name.
func refs(values []string) []string {
	out := make([]string, len(values))
	for i, value := range values {
		if rest, ok := strings.CutPrefix(value, "<GUID="); ok {
			guid, _, _ := strings.Cut(rest, ">")
			out[i] = strings.ToLower(guid)
			continue
		}
		out[i] = dnRef(value)
	}
	return out
}

// plainDN takes away what the extended form puts before a distinguished name:
// <GUID=...>;<SID=...>;CN=...
func plainDN(dn string) string {
	for strings.HasPrefix(dn, "<GUID=") || strings.HasPrefix(dn, "<SID=") {
		_, after, ok := strings.Cut(dn, ">;")
		if !ok {
			return dn
		}
		dn = after
	}
	return dn
}

// optionalUID is what uniqueMember may have behind the name (RFC 4517 section
// 3.3.21).
var optionalUID = regexp.MustCompile(`#'[01]*'B$`)

// dnRef is a distinguished name in the one form in which equal names are equal
// texts: without needless spaces and in one case (RFC 4518).
func dnRef(dn string) string {
	dn = optionalUID.ReplaceAllString(plainDN(dn), "")
	parsed, err := ldap.ParseDN(dn)
	if err != nil {
		return scim.Fold(dn)
	}
	for _, rdn := range parsed.RDNs {
		for _, a := range rdn.Attributes {
			a.Value = scim.Fold(strings.Join(strings.Fields(a.Value), " "))
		}
	}
	return parsed.String()
}

func distinct(texts []string) expression.Value {
	met := make(map[string]bool, len(texts))
	return expression.List(slices.DeleteFunc(texts, func(t string) bool {
		before := met[t]
		met[t] = true
		return before
	})...)
}

// guidText is Windows' text form of a GUID: its first three parts are stored
// with the lowest byte first.
func guidText(b []byte) string {
	if len(b) != 16 {
		return hex.EncodeToString(b)
	}
	return fmt.Sprintf("%02x%02x%02x%02x-%02x%02x-%02x%02x-%x-%x", b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6], b[8:10], b[10:])
}

// guidBytes is the other way; ok is false when the text is no GUID.
func guidBytes(text string) (b []byte, ok bool) {
	if len(text) != 36 || strings.Count(text, "-") != 4 {
		return nil, false
	}
	b, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(b) != 16 {
		return nil, false
	}
	slices.Reverse(b[:4])
	slices.Reverse(b[4:6])
	slices.Reverse(b[6:8])
	return b, true
}

// sidText is S-1-... of a binary security identifier ([MS-DTYP] section 2.4.2).
func sidText(b []byte) string {
	if len(b) < 8 || len(b) != 8+4*int(b[1]) {
		return hex.EncodeToString(b)
	}
	authority := uint64(0)
	for _, x := range b[2:8] {
		authority = authority<<8 | uint64(x)
	}
	text := fmt.Sprintf("S-%d-%d", b[0], authority)
	for p := b[8:]; len(p) > 0; p = p[4:] {
		text += fmt.Sprintf("-%d", uint32(p[0])|uint32(p[1])<<8|uint32(p[2])<<16|uint32(p[3])<<24)
	}
	return text
}
