package interop

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Check examines one server with the cases of one profile.
type Check struct {
	Server  Target // with a mark in Run
	Profile string // compat if nothing is said
	Client  string // only what this client sends: entra, okta, ...
	Keep    bool   // leave behind what was made
	// Progress, if set, is told how far the check has come.
	Progress func(done, of int)
}

// Client is the family of a case: the first word of its file's name.
func (c *Case) Client() string {
	name, _, _ := strings.Cut(strings.TrimSuffix(path.Base(c.File), ".yaml"), "-")
	return name
}

// Clients lists the families of the cases that a check can run.
func Clients(cases []Case) []string {
	clients := map[string]bool{}
	for _, c := range cases {
		clients[c.Client()] = c.Profile != Rollcall || clients[c.Client()]
	}
	maps.DeleteFunc(clients, func(_ string, ok bool) bool { return !ok })
	return slices.Sorted(maps.Keys(clients))
}

// Run runs the cases. The error is ErrCannotRun where the server cannot be
// examined at all; all else is in the report.
func (k Check) Run(ctx context.Context) (*Report, error) {
	all, err := Load()
	if err != nil {
		return nil, err
	}
	cases, err := k.choose(all)
	if err != nil {
		return nil, err
	}
	offer, err := k.Server.Offer(ctx)
	if err != nil {
		return nil, err
	}
	report := &Report{Server: k.Server.BaseURL, Profile: k.Profile, Client: k.Client, People: offer.Total}
	for i, c := range cases {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%w: interrupted", ErrCannotRun)
		}
		if k.Progress != nil {
			k.Progress(i, len(cases))
		}
		report.add(k.one(ctx, offer, c, i), k.Server.Token)
	}
	if k.Progress != nil {
		k.Progress(len(cases), len(cases))
	}
	if !k.Keep {
		k.sweep(ctx)
	}
	return report, nil
}

// sweep deletes what a server made and did not own up to, such as an operation
// of a bulk request that it reported as failed: whatever bears the mark of this
// run.
func (k Check) sweep(ctx context.Context) {
	state := OverSCIM{Server: k.Server}
	for _, kind := range []struct{ path, name string }{{"/Groups", "displayName"}, {"/Users", "userName"}} {
		listed, _ := at(k.Server.object(ctx, fmt.Sprintf("%s?filter=%s%%20co%%20%%22%s%%22", kind.path, kind.name, k.Server.Run)), "Resources").([]any)
		for _, r := range listed {
			name, _ := at(r, kind.name).(string)
			if id, ok := at(r, "id").(string); ok && strings.Contains(name, k.Server.Run) {
				state.made = append(state.made, kind.path+"/"+id)
			}
		}
	}
	slices.Reverse(state.made) // Close begins at the end
	_ = state.Close(ctx, nil)  // what cannot be deleted now could not be before
}

// one runs a case under a mark of its own, so that what one leaves behind
// against its will disturbs no other.
func (k Check) one(ctx context.Context, offer *Offer, c Case, number int) Result {
	if c.NotOurs != "" {
		return Result{Case: c, Skipped: c.NotOurs}
	}
	if why := offer.Lacks(&c); why != "" {
		return Result{Case: c, Skipped: why}
	}
	k.Server.Run += strconv.FormatInt(int64(number), 36)
	return runCase(ctx, c, func() (State, error) { return &OverSCIM{Server: k.Server, Keep: k.Keep}, nil })
}

// choose picks the cases of the profile, or of the client under every profile
// if only that is named.
func (k *Check) choose(all []Case) ([]Case, error) {
	if k.Client != "" && !slices.Contains(Clients(all), k.Client) {
		return nil, fmt.Errorf("there is no client %q; there are %s", k.Client, strings.Join(Clients(all), ", "))
	}
	whole := k.Profile == "" && k.Client != ""
	if k.Profile = cmp.Or(k.Profile, Compat); whole {
		k.Profile = "all"
	}
	var cases []Case
	for _, c := range all {
		if (k.Client == "" || c.Client() == k.Client) && (c.Profile == k.Profile || whole && c.Profile != Rollcall) {
			cases = append(cases, c)
		}
	}
	if len(cases) == 0 {
		return nil, fmt.Errorf("the profile %s has no cases of %s", k.Profile, k.Client)
	}
	return cases, nil
}
