package target

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Exchange is one request as it went over the wire and what came back, for the
// provisioning log. It may hold what people are called; secrets are struck out.
type Exchange struct {
	Method   string            `json:"method"`
	Path     string            `json:"path"` // of the URL, with the query
	IfMatch  string            `json:"ifMatch,omitempty"`
	Request  string            `json:"request,omitempty"`
	Status   int               `json:"status,omitempty"` // 0: no answer came
	Header   map[string]string `json:"header,omitempty"` // of the answer, those that explain it
	Response string            `json:"response,omitempty"`
	Error    string            `json:"error,omitempty"` // why no answer came
	Started  time.Time         `json:"started"`
	Duration int64             `json:"duration"`        // microseconds, without Waited
	Waited   int64             `json:"waited,omitzero"` // microseconds for the limiter, before it was sent
	Attempt  int               `json:"attempt"`         // from 1
}

// Record collects exchanges. It may be used by several goroutines.
type Record struct {
	mu        sync.Mutex
	exchanges []Exchange
}

// Exchanges are those made until now, in the order of their answers.
func (r *Record) Exchanges() []Exchange {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.exchanges)
}

func (r *Record) add(x Exchange) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.exchanges = append(r.exchanges, x)
}

type recordKey struct{}

// Recording has every request that is made under the context it returns appended
// to the Record.
func Recording(ctx context.Context) (context.Context, *Record) {
	r := &Record{}
	return context.WithValue(ctx, recordKey{}, r), r
}

func recordOf(ctx context.Context) *Record {
	r, _ := ctx.Value(recordKey{}).(*Record)
	return r
}

// maxRecorded bounds what is kept of a body, in bytes.
const maxRecorded = 16 << 10

// bodyText is a body as it may be shown: without secrets and not too long. What
// is cut away is cut after the secrets are gone, so that none is left half.
func (s *secrets) bodyText(body []byte) string {
	text := s.strike(string(withoutPasswords(body)))
	if len(text) <= maxRecorded {
		return text
	}
	return strings.ToValidUTF8(text[:maxRecorded], "") + " ... [cut]"
}

// telling are the headers of an answer that are worth keeping; the names of
// rate limits begin in several ways.
var (
	telling = []string{"Content-Type", "Etag", "Location", "Retry-After", "Date", "Www-Authenticate", "X-Request-Id", "Server"}
	limits  = []string{"Ratelimit", "X-Ratelimit", "X-Rate-Limit"}
)

func (s *secrets) headerText(h http.Header) map[string]string {
	kept := map[string]string{}
	for name, values := range h {
		if slices.Contains(telling, name) || slices.ContainsFunc(limits, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
			kept[name] = s.strike(strings.Join(values, ", "))
		}
	}
	return kept
}
