package source

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
	"github.com/rollcall-scim/rollcall/scimhttp"
)

// Environment is what a source has around it. Only Directory has no default.
type Environment struct {
	Directory *directory.Tenant // of the application's own tenant, as its admin; for kind directory
	Now       func() time.Time
	HTTP      *http.Client
	Logger    *slog.Logger
	Reach     *scimhttp.Reach // nil: every address
}

func (e Environment) complete() Environment {
	if e.Now == nil {
		e.Now = time.Now
	}
	if e.HTTP == nil {
		network := http.DefaultTransport.(*http.Transport).Clone()
		network.DialContext = e.Reach.Dial
		e.HTTP = &http.Client{Timeout: time.Minute, Transport: network}
	}
	if e.Logger == nil {
		e.Logger = slog.New(slog.DiscardHandler)
	}
	return e
}

// Open opens the source that c describes. Secrets in c are plain by now, not
// ${NAME}. What can be told without reading people is told here; whether the
// source answers, Test tells.
func Open(ctx context.Context, c Config, env Environment) (Source, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	env = env.complete()
	switch c.Kind {
	case "directory":
		return openDirectory(c, env)
	case "ldap":
		return openLDAP(ctx, c, env)
	case "csv":
		return openCSV(c, env)
	case "scim":
		return openSCIM(c, env)
	case "sql":
		return openSQL(c, env)
	}
	return nil, fmt.Errorf("source: there is no kind %q", c.Kind)
}
