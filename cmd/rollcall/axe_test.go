package main

import (
	"encoding/json/v2"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// axe is the text of axe-core, which tells what a reader with a screen reader, a
// keyboard or weak eyes would stumble over.
func axe(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil && os.Getenv("ROLLCALL_CI") == "1" {
		t.Fatal("no npm to fetch the accessibility checker with (install the package npm)")
	}
	text, err := axeText()
	if err != nil { // a registry that does not answer is no fault of ours
		t.Skipf("SKIPPED, NO ACCESSIBILITY CHECKER: %v", err)
	}
	return text
}

var axeText = sync.OnceValues(func() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	lock, err := os.ReadFile(filepath.Join("testdata", "axe", "package.json"))
	if err != nil {
		return "", err
	}
	var named struct {
		Dependencies map[string]string `json:"dependencies"`
	}
	if err := json.Unmarshal(lock, &named); err != nil {
		return "", err
	}
	home := filepath.Join(cache, "rollcall", "axe-"+named.Dependencies["axe-core"])
	script := filepath.Join(home, "node_modules", "axe-core", "axe.min.js")
	if text, err := os.ReadFile(script); err == nil {
		return string(text), nil
	}
	if err := os.MkdirAll(home, 0o755); err != nil {
		return "", err
	}
	for _, name := range []string{"package.json", "package-lock.json"} {
		text, err := os.ReadFile(filepath.Join("testdata", "axe", name))
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(home, name), text, 0o644); err != nil {
			return "", err
		}
	}
	npm := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
	npm.Dir = home
	if out, err := npm.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm ci: %w: %s", err, out)
	}
	text, err := os.ReadFile(script)
	return string(text), err
})

// finding is one thing that is wrong with a page.
type finding struct {
	ID     string   `json:"id"`
	Impact string   `json:"impact"`
	Help   string   `json:"help"`
	Nodes  []string `json:"nodes"`
}

// accessible demands that axe has nothing serious to say of the page that is
// open.
func (c *chrome) accessible(script, page string) {
	c.t.Helper()
	c.evaluate("put axe into the page", script+"; true")
	const run = `axe.run(document, {resultTypes: ['violations']}).then(r => JSON.stringify(r.violations.map(v => ({
		id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.slice(0, 3).map(n => n.html.slice(0, 200) + ' ' + (n.failureSummary || '').slice(0, 300))}))))`
	var found []finding
	if err := json.Unmarshal([]byte(c.promised("run axe on "+page, run)), &found); err != nil {
		c.t.Fatal(err)
	}
	for _, f := range found {
		if f.Impact == "serious" || f.Impact == "critical" {
			c.t.Errorf("%s: %s (%s, %s)\n  %s", page, f.Help, f.ID, f.Impact, strings.Join(f.Nodes, "\n  "))
		}
	}
}
