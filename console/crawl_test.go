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
		for kind, b := range s.oneOfEach() {
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
