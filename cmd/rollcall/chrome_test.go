package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	logging "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// chrome is a real browser with one tab.
type chrome struct {
	t   *testing.T
	ctx context.Context

	mu sync.Mutex
	// said is what pages wrote to the console: a script or a style that the policy
	// refuses, an error. None may.
	said []string
}

// patient is how long a page may take to become as a test wants it, with the race
// detector and other tests beside it.
const patient = 2 * time.Minute

// openChrome starts Debian's Chromium, or Chrome under another name. Where there
// is none the test is skipped, loudly, and under ROLLCALL_CI=1 fails.
func openChrome(t *testing.T) *chrome {
	t.Helper()
	path := findChrome()
	if path == "" {
		if os.Getenv("ROLLCALL_CI") == "1" {
			t.Fatal("no Chromium to test the console with (install the package chromium)")
		}
		t.Skip("SKIPPED, NO CHROMIUM: install the package chromium to test the console")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-quic", true), chromedp.NoFirstRun,
		chromedp.WSURLReadTimeout(time.Minute), chromedp.WindowSize(1280, 900))
	allocated, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocated)
	t.Cleanup(cancel)
	c := &chrome{t: t, ctx: ctx}
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("%s does not start: %v", path, err)
	}
	if err := chromedp.Listen(ctx, c.listen); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, line := range c.said {
			t.Errorf("the browser said: %s", line)
		}
	})
	return c
}

func findChrome() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func (c *chrome) listen(event any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		c.said = append(c.said, e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" {
			c.said = append(c.said, fmt.Sprint(e.Args))
		}
	case *logging.EventEntryAdded:
		// A page that was refused is seen by the test that asked for it.
		if e.Entry.Level == "error" && e.Entry.Source != "network" {
			c.said = append(c.said, e.Entry.Text)
		}
	}
}

// do runs actions, and shows the page when one of them does not come about.
func (c *chrome) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.ctx, patient)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		c.give(what, err)
	}
}

// evaluate runs an expression on the page that is true when it worked.
func (c *chrome) evaluate(what, expression string) {
	c.t.Helper()
	if !value[bool](c, what, expression) {
		c.give(what, errors.New("it did not work"))
	}
}

// promised is the text that an expression promises.
func (c *chrome) promised(what, expression string) string {
	c.t.Helper()
	return value[string](c, what, expression, chromedp.EvalAwaitPromise)
}

func value[T any](c *chrome, what, expression string, options ...chromedp.EvaluateOption) T {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.ctx, patient)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, options...))
	if err != nil {
		c.give(what, err)
	}
	return v
}

// until waits until an expression is true on whatever page is there by then.
func (c *chrome) until(what, expression string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.ctx, patient)
	defer cancel()
	ticks := time.NewTicker(50 * time.Millisecond)
	defer ticks.Stop()
	for {
		// An error is a page that is just being left.
		if is, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression)); err == nil && is {
			return
		}
		select {
		case <-ticks.C:
		case <-ctx.Done():
			c.give(what, ctx.Err())
		}
	}
}

// give ends the test, and shows the page.
func (c *chrome) give(what string, err error) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.ctx, 5*time.Second)
	defer cancel()
	at, err1 := chromedp.Run(ctx, chromedp.Location())
	text, err2 := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText"))
	picture, err3 := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err3 == nil {
		path := filepath.Join(os.TempDir(), "rollcall-browser-failure.png")
		err3 = os.WriteFile(path, picture, 0o644)
		c.t.Log("a picture of the page: " + path)
	}
	c.t.Fatalf("%s: %v %v\nat %s the page says:\n%s", what, err, errors.Join(err1, err2, err3), at, text)
}

// open goes to an address.
func (c *chrome) open(url string) {
	c.t.Helper()
	c.do("open "+url, chromedp.Navigate(url))
}

// sees waits until the page says something.
func (c *chrome) sees(texts ...string) {
	c.t.Helper()
	for _, text := range texts {
		c.until(fmt.Sprintf("waiting for %q", text), fmt.Sprintf("document.body.innerText.includes(%q)", text))
	}
}

// press clicks what says a text, or whose label does, or else what begins so.
func (c *chrome) press(text string) {
	c.t.Helper()
	const press = `(text => {
		const seen = [...document.querySelectorAll('button, a, summary, label, input[type="checkbox"], input[type="radio"]')].filter(e => e.checkVisibility() && !e.disabled);
		const said = e => (e.innerText.trim() || e.getAttribute('aria-label') || '').replace(/\s+/g, ' ');
		const one = seen.find(e => said(e) === text) || seen.find(e => said(e).startsWith(text));
		one?.click();
		return Boolean(one);
	})(%q)`
	c.until(fmt.Sprintf("press %q", text), fmt.Sprintf(press, text))
}

// fill types into the field of that name.
func (c *chrome) fill(name, text string) {
	c.t.Helper()
	field := chromedp.CSS(fmt.Sprintf("main [name=%q]:not([type=hidden])", name))
	c.do("fill "+name, chromedp.WaitVisible(field), chromedp.Clear(field), chromedp.SendKeys(field, text))
}

// choose takes an option of a list by its text.
func (c *chrome) choose(name, text string) {
	c.t.Helper()
	const choose = `((name, text) => {
		const list = document.querySelector('main select[name="' + name + '"]');
		const option = list && [...list.options].find(o => o.text.trim() === text);
		if (!option) return false;
		list.value = option.value;
		list.dispatchEvent(new Event('change', {bubbles: true}));
		return true;
	})(%q, %q)`
	c.until(fmt.Sprintf("choose %s of %s", text, name), fmt.Sprintf(choose, name, text))
}

// text is the text of the first element that matches.
func (c *chrome) text(selector string) string {
	c.t.Helper()
	c.until("waiting for "+selector, fmt.Sprintf("Boolean(document.querySelector(%q))", selector))
	return strings.TrimSpace(value[string](c, "read "+selector, fmt.Sprintf("document.querySelector(%q).innerText", selector)))
}

// path is where the tab is, without the host.
func (c *chrome) path() string {
	c.t.Helper()
	return value[string](c, "ask where it is", "location.pathname + location.search")
}

// look says how the reader looks at pages.
type look struct {
	name   string
	width  int64
	height int64
	dark   bool
}

var looks = []look{{"wide-light", 1280, 900, false}, {"wide-dark", 1280, 900, true}, {"phone-light", 390, 844, false}, {"phone-dark", 390, 844, true}}

// as sets the size of the window and light or dark.
func (c *chrome) as(l look) {
	c.t.Helper()
	scheme := "light"
	if l.dark {
		scheme = "dark"
	}
	c.do("look "+l.name, chromedp.EmulateViewport(l.width, l.height))
	_, err := chromedp.Call(c.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	if err != nil {
		c.t.Fatal(err)
	}
}

// picture writes a picture of the whole page.
func (c *chrome) picture(path string) {
	c.t.Helper()
	picture, err := chromedp.Run(c.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, picture, 0o644))
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// looking answers with a demand: the page that is open can be used by everybody,
// also on a phone.
func (c *chrome) looking() (looked func(what string)) {
	c.t.Helper()
	script, err := axeText()
	if err != nil {
		c.t.Logf("NO ACCESSIBILITY CHECKER, the rest is tested: %v", err)
	}
	return func(what string) {
		c.t.Helper()
		for _, l := range []look{looks[3], looks[0]} {
			c.as(l)
			if script != "" {
				c.accessible(script, what+", "+l.name)
			}
			if wide := value[int64](c, "measure", "document.documentElement.scrollWidth"); wide > l.width {
				c.t.Errorf("%s, %s: %d pixels wide: %s", what, l.name, wide, value[string](c, "look for what is too wide", tooWide))
			}
		}
	}
}
