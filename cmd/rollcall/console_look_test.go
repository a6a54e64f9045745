package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var secretOfLink = regexp.MustCompile(`/sign-in/link/(\S+)`)

// everyPage are the pages of a company admin, for those who look at all of them.
var everyPage = []string{"/", "/settings"}

// TestScreenshots takes a picture of every page, light and dark, wide and on a
// phone, into the folder that ROLLCALL_SCREENSHOTS names (make screenshots).
func TestScreenshots(t *testing.T) {
	folder := os.Getenv("ROLLCALL_SCREENSHOTS")
	if folder == "" {
		t.Skip("pictures are taken by make screenshots")
	}
	base := os.Getenv("ROLLCALL_SCREENSHOTS_OF") // a served tenant, http://acme.localhost:8080
	link := os.Getenv("ROLLCALL_SCREENSHOTS_LINK")
	c := openChrome(t)
	c.open(base + link)
	c.press("Sign in")
	for _, l := range looks {
		c.as(l)
		for _, page := range everyPage {
			c.open(base + page)
			name := strings.Trim(strings.NewReplacer("/", "-", "?", "-", "=", "-").Replace(page), "-")
			if name == "" {
				name = "home"
			}
			c.picture(filepath.Join(folder, name+"-"+l.name+".png"))
		}
	}
}
