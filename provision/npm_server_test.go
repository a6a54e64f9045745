package provision_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json/v2"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// npmServer is a SCIM server of somebody else, from testdata/npm.
type npmServer struct {
	URL     string `json:"url"`
	Token   string `json:"token"`
	Members string `json:"members"` // tells who is in a group, where SCIM does not; may be empty
	Skip    string `json:"skip"`    // why it cannot run here
}

// startNPM runs one of testdata/npm. It ends with the test, or with this
// process, however that ends: its standard input closes then.
func startNPM(t *testing.T, script string) npmServer {
	t.Helper()
	modules, err := npmModules()
	switch {
	case errors.Is(err, errNoNode) && os.Getenv("ROLLCALL_CI") == "1":
		t.Fatalf("no servers from npm to test with: %v", err)
	case err != nil: // a registry that does not answer is no fault of ours, not even there
		t.Skipf("SKIPPED, NO SERVERS FROM NPM: %v", err)
	}
	var said bytes.Buffer
	node := exec.Command("node", filepath.Join("testdata", "npm", script))
	node.Env = append(os.Environ(), "NODE_PATH="+modules, "TOKEN=a-token-of-the-test")
	node.Stderr = &said
	stdin, err1 := node.StdinPipe()
	stdout, err2 := node.StdoutPipe()
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	var s npmServer
	line, _ := bufio.NewReader(stdout).ReadBytes('\n')
	problem := json.Unmarshal(line, &s)
	t.Cleanup(func() {
		stdin.Close()
		if err := node.Wait(); err != nil || t.Failed() && said.Len() > 0 {
			t.Logf("%s ended: %v\n%s", script, err, said.String())
		}
	})
	if s.Skip != "" {
		t.Skipf("SKIPPED, %s CANNOT RUN: %s", script, s.Skip)
	}
	if problem != nil {
		t.Fatalf("%s did not tell its address: %q", script, line)
	}
	return s
}

var errNoNode = errors.New("node or npm is not installed (install the packages nodejs and npm)")

// npmModules installs what package-lock.json names, once for each lock: it is
// kept among the user's cached files. Scripts of the packages are not run.
var npmModules = sync.OnceValues(func() (string, error) {
	_, err1 := exec.LookPath("node")
	_, err2 := exec.LookPath("npm")
	if err1 != nil || err2 != nil {
		return "", errNoNode
	}
	lock, err := os.ReadFile(filepath.Join("testdata", "npm", "package-lock.json"))
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(lock)
	home := filepath.Join(cache, "rollcall", "npm-"+hex.EncodeToString(sum[:8]))
	modules := filepath.Join(home, "node_modules")
	if _, err := os.Stat(modules); err == nil {
		return modules, nil
	}
	return modules, installNPM(home)
})

// installNPM installs beside home and renames at the end, so that home is whole
// when it is there.
func installNPM(home string) error {
	if err := os.MkdirAll(filepath.Dir(home), 0o755); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(filepath.Dir(home), "npm-new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for _, name := range []string{"package.json", "package-lock.json"} {
		text, err := os.ReadFile(filepath.Join("testdata", "npm", name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	npm := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
	npm.Dir = dir
	if out, err := npm.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci: %w: %s", err, out)
	}
	if err := os.Rename(dir, home); err != nil {
		if _, there := os.Stat(home); there == nil {
			return nil // another process was faster
		}
		return err
	}
	return nil
}
