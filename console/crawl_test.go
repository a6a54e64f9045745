package console_test

import (
	"html"
	"regexp"
	"strings"
	"testing"
)

var hrefs = regexp.MustCompile(`<a [^>]*href="(/[^"#]*)`)

// Whatever a page offers to its reader opens for him.
func TestEveryLinkLeadsSomewhere(t *testing.T) {
	each(t, func(s *site) {
		kinds := s.oneOfEach()
		s.lived()
		for kind, b := range kinds {
			from := map[string]string{"/": "", "/profile": "", "/set-up": ""}
			waiting := []string{"/"}
			if kind == "user" {
				waiting = []string{"/profile"}
			}
			for len(waiting) > 0 {
				path := waiting[0]
				waiting = waiting[1:]
				p := b.get(path)
				for p.status == 303 {
					p = b.get(p.to)
				}
				if p.status != 200 {
					t.Errorf("%s is led from %s to %s: status %d", kind, from[path], path, p.status)
					continue
				}
				for _, m := range hrefs.FindAllStringSubmatch(p.html, -1) {
					to := html.UnescapeString(m[1])
					if _, known := from[to]; known || strings.Contains(to, "/export") || strings.HasPrefix(to, "/static/") {
						continue
					}
					from[to] = path
					waiting = append(waiting, to)
				}
			}
			if len(from) < 4 {
				t.Errorf("%s found only %d pages", kind, len(from))
			}
		}
	})
}

// lived leaves something of everything: people whom an identity provider made,
// who wait and who were removed, IdP groups, a token.
func (s *site) lived() {
	s.t.Helper()
	idp := s.provisions()
	idp.person("matched@acme.test", "")
	idp.person("waits@acme.test", "Atlantis")
	idp.send("POST", "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Engineers"}`)
	_, err := s.acme.CreateUser(s.t.Context(), "gone@acme.test", map[string]string{"department": "Sales"})
	s.must(err)
	_, err = s.acme.RemoveUser(s.t.Context(), "gone@acme.test")
	s.must(err)
	s.dir.Flush()
}
