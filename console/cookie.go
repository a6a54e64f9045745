package console

import (
	"encoding/base64"
	"net/http"
	"strings"
	"time"
)

// Cookies: the session's secret, a message for the next page, and the chosen
// theme. Over https they carry the prefix that binds them to this very host.
const (
	sessionCookie = "rollcall_session"
	flashCookie   = "rollcall_flash"
	themeCookie   = "rollcall_theme"
	hostPrefix    = "__Host-"

	themeLasts = 365 * 24 * time.Hour
)

// sessionSecret is what the browser shows for being signed in.
func (c *Console) sessionSecret(r *http.Request) string { return c.cookie(r, sessionCookie) }

// cookieName is the bound form over https; there the plain one counts for
// nothing, because a neighbouring host could have set it.
func (c *Console) cookieName(r *http.Request, name string) (full string, secure bool) {
	if strings.HasPrefix(c.Hosts.BaseURL(r), "https:") {
		return hostPrefix + name, true
	}
	return name, false
}

func (c *Console) cookie(r *http.Request, name string) string {
	name, _ = c.cookieName(r, name)
	if k, err := r.Cookie(name); err == nil {
		return k.Value
	}
	return ""
}

func (c *Console) setCookie(w http.ResponseWriter, r *http.Request, name, value string, lasts time.Duration) {
	name, secure := c.cookieName(r, name)
	k := &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode, MaxAge: int(lasts.Seconds())}
	if lasts <= 0 {
		k.MaxAge = -1
	}
	http.SetCookie(w, k)
}

// setFlash keeps a message for the next page that is shown.
func (c *Console) setFlash(w http.ResponseWriter, r *http.Request, message string) {
	c.setCookie(w, r, flashCookie, base64.RawURLEncoding.EncodeToString([]byte(message)), time.Minute)
}

func (c *Console) takeFlash(w http.ResponseWriter, r *http.Request) string {
	text := c.cookie(r, flashCookie)
	if text == "" {
		return ""
	}
	c.setCookie(w, r, flashCookie, "", 0)
	message, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return ""
	}
	return string(message)
}

// theme is light, dark, or "" for what the reader's system says.
func (c *Console) theme(r *http.Request) string {
	if t := c.cookie(r, themeCookie); t == "light" || t == "dark" {
		return t
	}
	return ""
}
