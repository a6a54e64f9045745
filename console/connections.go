package console

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/directory"
)

// connectionRow is a connection and how it fares.
type connectionRow struct {
	directory.Connection
	Health directory.ConnectionHealth
	Held   int
}

func (c *Console) showConnections(v *visit) error {
	rows, err := v.connectionRows()
	if err != nil {
		return err
	}
	return v.show("connections.html", "Connections", rows)
}

func (v *visit) connectionRows() (rows []connectionRow, err error) {
	connections, err := v.t.Connections(v.r.Context())
	if err != nil {
		return nil, err
	}
	health, err := v.t.ConnectionHealth(v.r.Context())
	if err != nil {
		return nil, err
	}
	removals, err := v.t.Removals(v.r.Context())
	if err != nil {
		return nil, err
	}
	for _, c := range connections {
		row := connectionRow{Connection: c}
		if i := slices.IndexFunc(health, func(h directory.ConnectionHealth) bool { return h.Connection == c.Name }); i >= 0 {
			row.Health = health[i]
		}
		for _, r := range removals {
			if r.Connection == c.Name && !r.Kept {
				row.Held++
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (c *Console) makeConnection(v *visit) error {
	name := strings.TrimSpace(v.r.FormValue("name"))
	if err := v.t.CreateConnection(v.r.Context(), name); err != nil {
		rows, failed := v.connectionRows()
		if failed != nil {
			return failed
		}
		return v.showAgain("connections.html", "Connections", rows, err)
	}
	return v.done(connectionURL(name), "The connection "+name+" was made. Make a token, and give it to the identity provider.")
}

// connectionPage is one connection with all that belongs to it.
type connectionPage struct {
	connectionRow
	Default  bool
	Tenant   string // its policy where the connection has none of its own
	Tokens   []directory.Token
	Clients  []directory.Client
	Removals []directory.Removal // held
	Kept     []directory.Removal
	Others   []string // names of the other connections
	TokenURL string
	Secret   string // just made; shown once
	ClientID string // of the client that was just made
}

func (c *Console) showConnection(v *visit) error {
	p, err := v.connectionPage()
	if err != nil {
		return err
	}
	return v.show("connection.html", "Connection "+p.Name, p)
}

func (v *visit) connectionPage() (p connectionPage, err error) {
	ctx, name := v.r.Context(), v.r.PathValue("name")
	rows, err := v.connectionRows()
	if err != nil {
		return p, err
	}
	for _, row := range rows {
		if row.Name == name {
			p.connectionRow = row
		} else {
			p.Others = append(p.Others, row.Name)
		}
	}
	if p.Name == "" {
		return p, directory.ErrNotFound
	}
	p.Default, p.TokenURL = p.Name == directory.DefaultConnection, tokenURL(v.c.Hosts.BaseURL(v.r))
	settings, err := v.t.Settings(ctx)
	if err != nil {
		return p, err
	}
	p.Tenant = settings.Value("deprovision")
	tokens, err := v.t.Tokens(ctx)
	if err != nil {
		return p, err
	}
	p.Tokens = slices.DeleteFunc(tokens, func(t directory.Token) bool { return t.Connection != p.ID })
	clients, err := v.t.Clients(ctx)
	if err != nil {
		return p, err
	}
	p.Clients = slices.DeleteFunc(clients, func(c directory.Client) bool { return c.Connection != p.Name })
	removals, err := v.t.Removals(ctx)
	for _, r := range removals {
		switch {
		case r.Connection != p.Name:
		case r.Kept:
			p.Kept = append(p.Kept, r)
		default:
			p.Removals = append(p.Removals, r)
		}
	}
	return p, err
}

func connectionURL(name string) string { return "/connections/" + url.PathEscape(name) }

// changeConnection is every form of the page; do says which.
func (c *Console) changeConnection(v *visit) error {
	if err := v.r.ParseForm(); err != nil {
		return err
	}
	p, err := v.connectionPage()
	if err != nil {
		return err
	}
	act := connectionActs[v.r.PostForm.Get("do")]
	if act == nil {
		return directory.ErrNotFound
	}
	if err := act(v, &p); err != nil {
		return v.showAgain("connection.html", "Connection "+p.Name, p, err)
	}
	return nil
}

// connectionActs are what the forms of the page do. Each answers by itself
// unless it fails.
var connectionActs = map[string]func(*visit, *connectionPage) error{
	"policy":     setConnectionPolicy,
	"rename":     renameConnection,
	"token":      makeConnectionToken,
	"rotate":     rotateToken,
	"revoke":     revokeToken,
	"client":     makeClient,
	"end-client": endClient,
	"hand-over":  handOver,
	"unlink":     unlink,
	"delete":     deleteConnection,
	"confirm":    confirmRemovals,
	"bring-back": bringBack,
}

func setConnectionPolicy(v *visit, p *connectionPage) error {
	if err := v.t.SetConnection(v.r.Context(), p.Name, "deprovision", v.r.PostForm.Get("policy")); err != nil {
		return err
	}
	return v.done(connectionURL(p.Name), "Saved.")
}

func renameConnection(v *visit, p *connectionPage) error {
	name := strings.TrimSpace(v.r.PostForm.Get("name"))
	if err := v.t.SetConnection(v.r.Context(), p.Name, "name", name); err != nil {
		return err
	}
	return v.done(connectionURL(name), "Renamed.")
}

// expiry reads the day of a form; none means the default.
func (v *visit) expiry() (time.Time, error) {
	text := v.r.PostForm.Get("expires")
	if text == "" {
		return time.Time{}, nil
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return day, said("The day of expiry is no date: write it like 2027-11-30.")
	}
	return day, nil
}

// showMade shows the page with a secret that was just made.
func (v *visit) showMade(p *connectionPage, clientID, secret string) error {
	fresh, err := v.connectionPage()
	if err != nil {
		return err
	}
	fresh.Secret, fresh.ClientID = secret, clientID
	*p = fresh
	return v.show("connection.html", "Connection "+p.Name, fresh)
}

func makeConnectionToken(v *visit, p *connectionPage) error {
	expires, err := v.expiry()
	if err != nil {
		return err
	}
	secret, err := v.t.CreateConnectionToken(v.r.Context(), p.Name, v.r.PostForm.Get("name"), expires)
	if err != nil {
		return err
	}
	return v.showMade(p, "", secret)
}

func rotateToken(v *visit, p *connectionPage) error {
	secret, err := v.t.RotateToken(v.r.Context(), v.r.PostForm.Get("token"))
	if err != nil {
		return err
	}
	return v.showMade(p, "", secret)
}

func revokeToken(v *visit, p *connectionPage) error {
	if ok, err := v.confirm("The token ends at once. An identity provider that still uses it is refused until it has another.", 0); !ok {
		return err
	}
	if err := v.t.RevokeToken(v.r.Context(), v.r.PostForm.Get("token")); err != nil {
		return err
	}
	return v.done(connectionURL(p.Name), "The token has ended.")
}

func makeClient(v *visit, p *connectionPage) error {
	expires, err := v.expiry()
	if err != nil {
		return err
	}
	n := directory.NewClient{Name: v.r.PostForm.Get("name"), Connection: p.Name, Keys: []byte(strings.TrimSpace(v.r.PostForm.Get("keys"))), Expires: expires}
	id, secret, err := v.t.CreateClient(v.r.Context(), n)
	if err != nil {
		return err
	}
	return v.showMade(p, id, secret)
}

func endClient(v *visit, p *connectionPage) error {
	if ok, err := v.confirm("The OAuth client ends at once, with all access tokens that it has got.", 0); !ok {
		return err
	}
	if err := v.t.RevokeClient(v.r.Context(), v.r.PostForm.Get("client")); err != nil {
		return err
	}
	return v.done(connectionURL(p.Name), "The client has ended.")
}
