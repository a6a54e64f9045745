package scimhttp

import (
	"bytes"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/scim"
)

// serverAnswer is what a server said.
type serverAnswer struct {
	status int
	header http.Header
	body   []byte
	from   string // host and path, for error texts
}

// notSCIM is the code of an answer that no SCIM server gives.
const notSCIM = "502.1"

// tolerant reads what a server sends as long as it can be understood.
var tolerant = json.JoinOptions(json.MatchCaseInsensitiveNames(true), jsontext.AllowInvalidUTF8(true))

// readResource takes the body as it is. The ETag counts when the body does not
// say its version (RFC 7644 section 3.14 only recommends meta.version).
func readResource(a serverAnswer) (*scim.Resource, error) {
	if !isObject(a.body) {
		return nil, a.nonsense()
	}
	etag := a.header.Get("ETag")
	if etag == "" || bytes.Contains(a.body, []byte(`"version"`)) {
		return scim.ResourceFromJSON(a.body), nil
	}
	body, err := withVersion(a.body, etag)
	if err != nil {
		return nil, a.nonsense()
	}
	return scim.ResourceFromJSON(body), nil
}

func isObject(body []byte) bool {
	v := jsontext.Value(body)
	return v.Kind() == '{' && v.IsValid()
}

func withVersion(body []byte, etag string) ([]byte, error) {
	var resource, meta map[string]jsontext.Value
	if err := json.Unmarshal(body, &resource); err != nil {
		return nil, err
	}
	if m, found := resource["meta"]; found {
		if err := json.Unmarshal(m, &meta); err != nil {
			return nil, err
		}
	}
	if meta == nil {
		meta = map[string]jsontext.Value{}
	}
	meta["version"] = quote(nil, etag)
	m, err := json.Marshal(meta)
	if err != nil {
		return nil, err
	}
	resource["meta"] = m
	return json.Marshal(resource)
}

// readPage reads a ListResponse (RFC 7644 section 3.4.2).
func readPage(a serverAnswer) (*scim.Page, error) {
	var list struct {
		TotalResults *int             `json:"totalResults"`
		StartIndex   int              `json:"startIndex"`
		NextCursor   string           `json:"nextCursor"`
		Resources    []jsontext.Value `json:"Resources"`
	}
	if err := json.Unmarshal(a.body, &list, tolerant); err != nil || list.TotalResults == nil {
		return nil, a.nonsense()
	}
	page := &scim.Page{Total: *list.TotalResults, StartIndex: max(list.StartIndex, 1), NextCursor: list.NextCursor}
	for _, r := range list.Resources {
		if !isObject(r) {
			return nil, a.nonsense()
		}
		page.Resources = append(page.Resources, scim.ResourceFromJSON(r))
	}
	return page, nil
}

// fault is the Error that an answer of 300 and above stands for.
func (a serverAnswer) fault() *scim.Error {
	var said struct {
		ScimType string `json:"scimType"`
		Detail   string `json:"detail"`
	}
	err := json.Unmarshal(a.body, &said, tolerant)
	fault := scim.Errorf(a.status, said.ScimType, "", "%s", said.Detail)
	fault.RetryAfter = retryAfter(a.header.Get("Retry-After"))
	switch {
	case err == nil && said.Detail != "":
	case a.status < 400:
		fault.Detail = a.from + " sends us elsewhere (" + strconv.Itoa(a.status) + "), and redirects are not followed. Set the base URL to the address of the SCIM server itself."
	default:
		fault.Detail = a.from + " answered " + strconv.Itoa(a.status) + " " + http.StatusText(a.status) + ". " + a.words()
	}
	return fault
}

// nonsense is the Error of an answer below 300 that cannot be read.
func (a serverAnswer) nonsense() *scim.Error {
	return scim.Errorf(http.StatusBadGateway, "", notSCIM,
		"The answer is not SCIM (502.1): %s answered %d. %s", a.from, a.status, a.words())
}

// words quotes a short plain answer, and describes any other.
func (a serverAnswer) words() string {
	text := strings.TrimSpace(string(a.body))
	switch {
	case text == "":
		return "It said nothing more."
	case strings.HasPrefix(text, "<"):
		return "It sent a web page. Check that the base URL leads to the SCIM server and not to its website or sign-in page."
	}
	if len(text) > 200 {
		text = text[:200] + "..."
	}
	return "It said: " + strings.ToValidUTF8(text, "?")
}

// retryAfter reads both forms of RFC 9110 section 10.2.3, in seconds.
func retryAfter(header string) int {
	if seconds, err := strconv.Atoi(header); err == nil {
		return max(seconds, 0)
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(int(time.Until(at).Seconds())+1, 0)
	}
	return 0
}
