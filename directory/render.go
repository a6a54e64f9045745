package directory

import (
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
)

const (
	schemasCore   = `{"schemas":["` + scim.UserSchema + `"`
	schemasGroup  = `{"schemas":["` + scim.GroupSchema + `"],"id":"`
	enterpriseURN = `,"` + scim.EnterpriseSchema + `"`
	rollcallURN   = `,"` + scim.RollcallSchema + `"`
)

// answer is the user as this caller sees him: what is stored, with what the
// service provider owns written around it.
func (t *Tenant) answer(u *UserRow) *scim.Resource {
	t.s.mu.RLock()
	defer t.s.mu.RUnlock()
	return scim.Answered(t.render(make([]byte, 0, len(u.Doc)+1024), u), u.ID, etag(u.Version))
}

// render appends the JSON. The setup is locked for reading.
func (t *Tenant) render(b []byte, u *UserRow) []byte {
	b = append(b, schemasCore...)
	if u.Enterprise {
		b = append(b, enterpriseURN...)
	}
	if u.Group != "" {
		b = append(b, rollcallURN...)
	}
	b = append(b, `],"id":"`...)
	b = append(b, u.ID...)
	b = append(b, '"')
	if quoted, ok := u.linkLine(t.connection); ok && quoted != `""` {
		b = append(b, `,"externalId":`...)
		b = append(b, quoted...)
	}
	if inner := strings.TrimSuffix(strings.TrimPrefix(u.Doc, "{"), "}"); inner != "" {
		b = append(b, ',')
		b = append(b, inner...)
	}
	b = t.renderGroupsOf(b, u)
	if u.Group != "" {
		b = t.s.renderPlace(b, u, t.fresher)
	}
	return t.renderMeta(b, scim.UserType, u.ID, u.Created, u.Modified, u.Version)
}

// renderPlace writes our own extension: the outcome of profiling. Whoever is
// removed has no group, and no extension.
func (s *setup) renderPlace(b []byte, u *UserRow, fresher map[string]string) []byte {
	b = append(b, `,"`+scim.RollcallSchema+`":{`...)
	if g := s.groups[u.Group]; g != nil {
		b = append(b, `"group":{"value":"`...)
		b = append(b, u.Group...)
		b = append(b, `","display":`...)
		b = append(b, g.quoted...)
		b = append(b, '}')
	}
	open := false
	for rest := u.Teams; rest != ""; {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		id, origins, _ := strings.Cut(line, " ")
		name := fresher[id]
		if tm := s.teams[id]; tm != nil {
			name = tm.quoted
		}
		if name == "" {
			continue
		}
		if !open {
			if b[len(b)-1] == '}' {
				b = append(b, ',')
			}
			b = append(b, `"teams":[`...)
			open = true
		} else {
			b = append(b, ',')
		}
		b = append(b, `{"value":"`...)
		b = append(b, id...)
		b = append(b, `","display":`...)
		b = append(b, name...)
		b = append(b, `,"origins":["`...)
		b = append(b, strings.ReplaceAll(origins, ",", `","`)...)
		b = append(b, `"]}`...)
	}
	if open {
		b = append(b, ']')
	}
	return append(b, '}')
}

func (t *Tenant) renderMeta(b []byte, typ *scim.ResourceType, id string, created, modified, version int64) []byte {
	b = append(b, `,"meta":{"resourceType":"`...)
	b = append(b, typ.Name...)
	b = append(b, `","created":"`...)
	b = appendTime(b, created)
	b = append(b, `","lastModified":"`...)
	b = appendTime(b, modified)
	b = append(b, `","location":"`...)
	b = append(b, t.via.BaseURL...)
	b = append(b, typ.Endpoint...)
	b = append(b, '/')
	b = append(b, id...)
	b = append(b, `","version":"W/\"`...)
	b = strconv.AppendInt(b, version, 10)
	return append(b, `\""}}`...)
}

// appendTime writes RFC 7643 section 2.3.5 dateTime: UTC, milliseconds. By hand,
// because a page of a hundred users has two hundred of them.
func appendTime(b []byte, micro int64) []byte {
	t := time.UnixMicro(micro).UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	if year < 0 || year > 9999 {
		return t.AppendFormat(b, "2006-01-02T15:04:05.000Z")
	}
	b = append(b, byte('0'+year/1000), byte('0'+year/100%10), byte('0'+year/10%10), byte('0'+year%10), '-')
	b = append(twoDigits(b, int(month)), '-')
	b = append(twoDigits(b, day), 'T')
	b = append(twoDigits(b, hour), ':')
	b = append(twoDigits(b, minute), ':')
	b = append(twoDigits(b, second), '.')
	milli := t.Nanosecond() / 1e6
	return append(b, byte('0'+milli/100), byte('0'+milli/10%10), byte('0'+milli%10), 'Z')
}

func twoDigits(b []byte, n int) []byte { return append(b, byte('0'+n/10), byte('0'+n%10)) }
